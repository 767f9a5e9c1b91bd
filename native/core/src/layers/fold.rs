//! Windows of images as columns, and back.

use super::window::{open, sizes};
use super::{Context, Dim, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{FoldOptions, Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[("Unfold", Unfold::new), ("Fold", Fold::new)];

fn options(config: &Config) -> Result<FoldOptions> {
    Ok(FoldOptions {
        kernel: sizes(config, "kernel_size", None, 1)?,
        stride: sizes(config, "stride", Some(1), 1)?,
        padding: sizes(config, "padding", Some(0), 0)?,
        dilation: sizes(config, "dilation", Some(1), 1)?,
    })
}

/// torch.nn.Unfold: [N, C, H, W] -> [N, C kernel height kernel width, windows].
#[derive(Debug)]
pub struct Unfold {
    options: FoldOptions,
    /// Taps of a window.
    taps: usize,
}

impl Unfold {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let options = options(config)?;
        Ok(Box::new(Self { taps: taps(&options)?, options }))
    }
}

fn taps(options: &FoldOptions) -> Result<usize> {
    let [height, width] = options.kernel;
    height
        .checked_mul(width)
        .ok_or_else(|| Error::argument(format!("option 'kernel_size': {height} * {width} is too large")))
}

impl Layer for Unfold {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        let Some(shape) = input.with_rank(&[4], "[N, C, H, W]")? else {
            return Ok(vec![Type::float(vec![None; 3])]);
        };
        let windows: Dim = match (shape[2], shape[3]) {
            (Some(height), Some(width)) => {
                let [rows, columns] = self.options.windows([height, width]).map_err(|_| {
                    let [height, width] = self.options.extents();
                    Error::shape(
                        "input",
                        format!("height and width that, padded, hold a window of {height} x {width}"),
                        input,
                    )
                })?;
                Some(rows * columns)
            }
            _ => None,
        };
        Ok(vec![Type::float(vec![shape[0], shape[1].and_then(|n| n.checked_mul(self.taps)), windows])])
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        Ok(vec![inputs[0].clone().unfold(&self.options)?])
    }

    fn natural_input(&self, _index: usize) -> Type {
        open::<2>(None)
    }
}

/// torch.nn.Fold: [N, C kernel height kernel width, windows] -> [N, C, output_size]; what overlaps is added.
#[derive(Debug)]
pub struct Fold {
    options: FoldOptions,
    taps: usize,
    image: [usize; 2],
    windows: usize,
}

impl Fold {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let (image, options) = (sizes(config, "output_size", None, 1)?, options(config)?);
        let [rows, columns] = options.windows(image).map_err(|_| {
            let [height, width] = options.extents();
            Error::argument(format!(
                "option 'output_size': expected sizes that, padded, hold a window of {height} x {width}, found {image:?}"
            ))
        })?;
        Ok(Box::new(Self { taps: taps(&options)?, options, image, windows: rows * columns }))
    }
}

impl Layer for Fold {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        let expected = format!("[N, C * {}, {}]", self.taps, self.windows);
        let [height, width] = self.image.map(Some);
        let Some(shape) = input.with_rank(&[3], &expected)? else {
            return Ok(vec![Type::float(vec![None, None, height, width])]);
        };
        input.expect_dim(2, self.windows, &expected)?;
        if shape[1].is_some_and(|n| !n.is_multiple_of(self.taps)) {
            return Err(Error::shape("input", expected, input));
        }
        Ok(vec![Type::float(vec![shape[0], shape[1].map(|n| n / self.taps), height, width])])
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        Ok(vec![inputs[0].clone().fold(self.image, &self.options)?])
    }

    fn natural_input(&self, _index: usize) -> Type {
        Type::float(vec![None, None, Some(self.windows)])
    }
}
