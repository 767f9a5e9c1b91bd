//! Pooling over 1 to 3 dimensions by windows: maxima, means, power means.

use super::window::{Windows, open, sizes};
use super::{Context, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{Kind, PoolOptions, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("MaxPool1d", MaxPool::<1>::new),
    ("MaxPool2d", MaxPool::<2>::new),
    ("MaxPool3d", MaxPool::<3>::new),
    ("AvgPool1d", AvgPool::<1>::new),
    ("AvgPool2d", AvgPool::<2>::new),
    ("AvgPool3d", AvgPool::<3>::new),
    ("LPPool1d", LPPool::<1>::new),
    ("LPPool2d", LPPool::<2>::new),
    ("LPPool3d", LPPool::<3>::new),
];

/// Kernel, and the stride, which is the kernel's size where it is not given.
fn windows<const D: usize>(config: &Config) -> Result<PoolOptions<D>> {
    let kernel = sizes(config, "kernel_size", None, 1)?;
    let stride = if config.raw("stride").is_some() { sizes(config, "stride", None, 1)? } else { kernel };
    let ceil = config.flag("ceil_mode", false)?;
    Ok(PoolOptions { kernel, stride, padding: [0; D], dilation: [1; D], ceil })
}

/// The same with padding, which is at most half of the kernel's size, whatever the dilation.
fn padded_windows<const D: usize>(config: &Config) -> Result<PoolOptions<D>> {
    let mut options = windows::<D>(config)?;
    options.padding = sizes(config, "padding", Some(0), 0)?;
    for (kernel, padding) in options.kernel.into_iter().zip(options.padding) {
        if padding > kernel / 2 {
            return Err(Error::argument(format!(
                "option 'padding': expected at most {} (half of the kernel's size {kernel}), found {padding}",
                kernel / 2,
            )));
        }
    }
    Ok(options)
}

fn infer<const D: usize>(options: &PoolOptions<D>, inputs: &[Type]) -> Result<Vec<Type>> {
    let PoolOptions { kernel, stride, padding, dilation, ceil } = *options;
    let windows = Windows { kernel, stride, padding: padding.map(|size| (size, size)), dilation, ceil };
    Ok(vec![windows.infer(Type::single(inputs, Kind::Float)?, None)?])
}

/// torch.nn.MaxPool1d, MaxPool2d, MaxPool3d: [N, C, ..] -> [N, C, ..].
#[derive(Debug)]
pub struct MaxPool<const D: usize> {
    options: PoolOptions<D>,
}

impl<const D: usize> MaxPool<D> {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let mut options = padded_windows(config)?;
        options.dilation = sizes(config, "dilation", Some(1), 1)?;
        Ok(Box::new(Self { options }))
    }
}

impl<const D: usize> Layer for MaxPool<D> {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        infer(&self.options, inputs)
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        Ok(vec![inputs[0].clone().max_pool(&self.options)?])
    }

    fn natural_input(&self, _index: usize) -> Type {
        open::<D>(None)
    }
}

/// torch.nn.AvgPool1d, AvgPool2d, AvgPool3d: [N, C, ..] -> [N, C, ..]. AvgPool1d has no `divisor_override`.
#[derive(Debug)]
pub struct AvgPool<const D: usize> {
    options: PoolOptions<D>,
    count_padding: bool,
    divisor: Option<usize>,
}

impl<const D: usize> AvgPool<D> {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let given = D > 1 && config.raw("divisor_override").is_some();
        Ok(Box::new(Self {
            options: padded_windows(config)?,
            count_padding: config.flag("count_include_pad", true)?,
            divisor: given.then(|| config.size("divisor_override")).transpose()?,
        }))
    }
}

impl<const D: usize> Layer for AvgPool<D> {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        infer(&self.options, inputs)
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        Ok(vec![inputs[0].clone().avg_pool(&self.options, self.count_padding, self.divisor)?])
    }

    fn natural_input(&self, _index: usize) -> Type {
        open::<D>(None)
    }
}

/// torch.nn.LPPool1d, LPPool2d, LPPool3d: [N, C, ..] -> [N, C, ..], the p-th root of a window's sum of p-th powers. As in
/// PyTorch the sum is the mean times the kernel's size, also for a last window that `ceil_mode` cuts off, the root of a
/// negative sum is NaN, and the gradient of a sum of zero is zero.
#[derive(Debug)]
pub struct LPPool<const D: usize> {
    options: PoolOptions<D>,
    p: f64,
}

impl<const D: usize> LPPool<D> {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let p = config.float_or_none("norm_type")?.ok_or_else(|| Error::argument("option 'norm_type' is missing"))?;
        if !(p > 0.0 && p.is_finite()) {
            return Err(Error::argument(format!("option 'norm_type': expected a finite number above 0, found {p}")));
        }
        Ok(Box::new(Self { options: windows(config)?, p }))
    }

    /// x^p. A negative number has powers with whole exponents only; elsewhere its power is NaN, as in PyTorch.
    fn power(&self, x: Value) -> Result<Value> {
        match self.p {
            1.0 => Ok(x),
            2.0 => x.clone().mul(&x),
            p if p % 2.0 == 0.0 => x.abs()?.pow_scalar(p),
            p if p % 2.0 == 1.0 => x.clone().abs()?.pow_scalar(p - 1.0)?.mul(&x),
            p => x.pow_scalar(p),
        }
    }

    fn root(&self, x: Value) -> Result<Value> {
        match self.p {
            1.0 => Ok(x),
            2.0 => x.sqrt(),
            p => x.pow_scalar(1.0 / p),
        }
    }
}

impl<const D: usize> Layer for LPPool<D> {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        infer(&self.options, inputs)
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let size: usize = self.options.kernel.iter().product();
        let sums = self.power(inputs[0].clone())?.avg_pool(&self.options, true, None)?.mul_scalar(size as f64)?;
        // The root has no derivative at zero: there it is not taken, and the gradient is zero.
        let zero = sums.clone().equal_scalar(0)?;
        Ok(vec![self.root(sums.fill_mask(&zero, 1.0)?)?.fill_mask(&zero, 0.0)?])
    }

    fn natural_input(&self, _index: usize) -> Type {
        open::<D>(None)
    }
}
