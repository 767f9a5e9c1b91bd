//! Dynamic loss scaling (torch.cuda.amp.GradScaler): the loss is multiplied by a number so that small gradients do not
//! vanish in half precision; a step whose gradients overflow is left out, and the number becomes smaller.

use serde::{Deserialize, Serialize};

use crate::tensor::Value;
use crate::{Error, Result};

/// How the scale begins and moves. The defaults are PyTorch's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LossScaling {
    pub init: f64,
    /// Factor after `interval` steps in a row without overflow.
    pub growth: f64,
    /// Factor after an overflow.
    pub backoff: f64,
    pub interval: u64,
}

impl Default for LossScaling {
    fn default() -> Self {
        Self { init: 65536.0, growth: 2.0, backoff: 0.5, interval: 2000 }
    }
}

impl LossScaling {
    pub(super) fn check(&self) -> Result<()> {
        let positive = |x: f64| x > 0.0 && (x as f32).is_finite();
        let wrong = |name: &str, expected: &str, found: f64| {
            Err(Error::argument(format!("loss scaling: {name}: expected {expected}, found {found}")))
        };
        if !positive(self.init) {
            return wrong("init", "a positive number", self.init);
        }
        if !positive(self.growth) || self.growth <= 1.0 {
            return wrong("growth", "a number above 1", self.growth);
        }
        if !(self.backoff > 0.0 && self.backoff < 1.0) {
            return wrong("backoff", "a number above 0 and below 1", self.backoff);
        }
        if self.interval == 0 {
            return wrong("interval", "at least 1", 0.0);
        }
        Ok(())
    }
}

/// The scale of a model's training and how it came there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Scaler {
    pub options: LossScaling,
    pub scale: f64,
    /// Steps in a row without overflow since the scale last changed.
    pub good: u64,
}

impl Scaler {
    pub fn new(options: LossScaling) -> Self {
        Self { options, scale: options.init, good: 0 }
    }

    /// Goes on under the options of a run. Another first scale begins anew.
    pub fn under(self, options: LossScaling) -> Self {
        if self.options.init == options.init { Self { options, ..self } } else { Self::new(options) }
    }

    /// After a step, made or left out.
    pub fn update(&mut self, overflow: bool) {
        if overflow {
            self.scale = (self.scale * self.options.backoff).max(f64::from(f32::MIN_POSITIVE));
            self.good = 0;
            return;
        }
        self.good += 1;
        if self.good >= self.options.interval {
            // Kept where it would leave the range of single precision.
            let grown = self.scale * self.options.growth;
            if (grown as f32).is_finite() {
                self.scale = grown;
            }
            self.good = 0;
        }
    }
}

/// Divides gradients by the scale. Whether all of them are finite.
pub(super) fn unscale<'a>(gradients: impl Iterator<Item = &'a mut Option<Value>>, scale: f64) -> Result<bool> {
    let mut finite = Value::all_finite();
    for slot in gradients {
        if let Some(gradient) = slot.take() {
            finite.add(&gradient)?;
            *slot = Some(gradient.mul_scalar(1.0 / scale)?);
        }
    }
    finite.get()
}

#[cfg(test)]
mod tests {
    use super::{LossScaling, Scaler};

    /// torch 1.13: init 65536, growth_interval 3, overflow in the steps marked.
    #[test]
    fn the_scale_moves_as_in_pytorch() {
        let mut scaler = Scaler::new(LossScaling { interval: 3, ..LossScaling::default() });
        let pattern = [0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0];
        let found: Vec<f64> = pattern
            .iter()
            .map(|&overflow| {
                scaler.update(overflow == 1);
                scaler.scale
            })
            .collect();
        let expected = [65536., 65536., 131072., 65536., 65536., 65536., 32768., 16384., 16384., 16384., 32768.];
        assert_eq!(found, expected);
    }

    #[test]
    fn the_scale_stays_within_single_precision() {
        let mut scaler = Scaler::new(LossScaling { init: 2f64.powi(127), interval: 1, ..LossScaling::default() });
        scaler.update(false);
        assert_eq!((scaler.scale, scaler.good), (2f64.powi(127), 0));
    }

    #[test]
    fn options_are_checked() {
        let default = LossScaling::default();
        for wrong in [
            LossScaling { init: 0.0, ..default },
            LossScaling { init: f64::INFINITY, ..default },
            LossScaling { growth: 1.0, ..default },
            LossScaling { backoff: 1.0, ..default },
            LossScaling { backoff: f64::NAN, ..default },
            LossScaling { interval: 0, ..default },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
        default.check().unwrap();
    }
}
