//! Sizes of a convolution, checked once.

use crate::KernelError;

/// The sizes of one 2-D convolution (cross-correlation, as in PyTorch's `conv2d`), batch first:
/// input `[batch, in_channels, height, width]`, weight `[out_channels, in_channels / groups, kernel height, kernel
/// width]`, bias `[out_channels]`, output `[batch, out_channels, out height, out width]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv2dShape {
    /// Number of images. Zero is allowed.
    pub batch: usize,
    /// Channels of the input.
    pub in_channels: usize,
    /// Height and width of the input.
    pub input: [usize; 2],
    /// Channels of the output.
    pub out_channels: usize,
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Step of the kernel, down and right.
    pub stride: [usize; 2],
    /// Zeros around the input: (top, bottom), (left, right).
    pub padding: [(usize, usize); 2],
    /// Distance between the kernel's taps.
    pub dilation: [usize; 2],
    /// Number of channel groups that do not see each other.
    pub groups: usize,
}

impl Conv2dShape {
    /// From the sizes of input and weight; stride and dilation 1, no padding, one group. Set the public fields for others.
    pub fn new(input: [usize; 4], weight: [usize; 4]) -> Self {
        Conv2dShape {
            batch: input[0],
            in_channels: input[1],
            input: [input[2], input[3]],
            out_channels: weight[0],
            kernel: [weight[2], weight[3]],
            stride: [1, 1],
            padding: [(0, 0); 2],
            dilation: [1, 1],
            groups: 1,
        }
    }

    /// Height and width of the output: `(size + padding - dilation (kernel - 1) - 1) / stride + 1`, rounded down.
    ///
    /// # Errors
    /// [`KernelError::Shape`] if a size is zero or does not fit the others.
    pub fn output_size(&self) -> Result<[usize; 2], KernelError> {
        self.check().map(|s| s.out)
    }

    /// Checks everything once and computes what the kernels need.
    pub(crate) fn check(&self) -> Result<Sizes, KernelError> {
        let bad = |message: String| Err(KernelError::Shape(format!("conv2d: {message}")));
        let positive = [
            ("in_channels", self.in_channels),
            ("out_channels", self.out_channels),
            ("groups", self.groups),
            ("input height", self.input[0]),
            ("input width", self.input[1]),
            ("kernel height", self.kernel[0]),
            ("kernel width", self.kernel[1]),
            ("vertical stride", self.stride[0]),
            ("horizontal stride", self.stride[1]),
            ("vertical dilation", self.dilation[0]),
            ("horizontal dilation", self.dilation[1]),
        ];
        for (name, value) in positive {
            if value == 0 {
                return bad(format!("{name} is zero"));
            }
        }
        for (name, channels) in [("in_channels", self.in_channels), ("out_channels", self.out_channels)] {
            if !channels.is_multiple_of(self.groups) {
                return bad(format!("{name} {channels} is not a multiple of groups {}", self.groups));
            }
        }
        let mut out = [0; 2];
        for axis in 0..2 {
            let (before, after) = self.padding[axis];
            let padded = self.input[axis].checked_add(before).and_then(|v| v.checked_add(after));
            let window = (self.kernel[axis] - 1).checked_mul(self.dilation[axis]).and_then(|v| v.checked_add(1));
            let (Some(padded), Some(window)) = (padded, window) else {
                return bad("a size overflows".into());
            };
            if window > padded {
                return bad(format!(
                    "the kernel spans {window} {}, the padded input has {padded}",
                    ["rows", "columns"][axis]
                ));
            }
            out[axis] = (padded - window) / self.stride[axis] + 1;
        }
        let product = |factors: &[usize]| {
            factors
                .iter()
                .try_fold(1usize, |a, &b| a.checked_mul(b))
                // Offsets are used as isize; the factor leaves room for element sizes.
                .filter(|&v| v <= isize::MAX as usize / 64)
        };
        let in_group = self.in_channels / self.groups;
        let taps = [self.kernel[0], self.kernel[1]];
        let counts = (
            product(&[self.batch, self.in_channels, self.input[0], self.input[1]]),
            product(&[self.out_channels, in_group, taps[0], taps[1]]),
            product(&[self.batch.max(1), self.out_channels, out[0], out[1]]),
            product(&[in_group, taps[0], taps[1], self.batch.max(1), out[0], out[1]]),
        );
        let (Some(x_len), Some(w_len), Some(_), Some(_)) = counts else {
            return bad("a size overflows".into());
        };
        Ok(Sizes {
            shape: *self,
            out,
            in_group,
            out_group: self.out_channels / self.groups,
            taps: taps[0] * taps[1],
            depth: in_group * taps[0] * taps[1],
            in_pixels: self.input[0] * self.input[1],
            out_pixels: out[0] * out[1],
            x_len,
            w_len,
            y_len: self.batch * self.out_channels * out[0] * out[1],
        })
    }
}

/// A checked [`Conv2dShape`] and what follows from it.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    pub shape: Conv2dShape,
    /// Height and width of the output.
    pub out: [usize; 2],
    /// Input channels per group.
    pub in_group: usize,
    /// Output channels per group.
    pub out_group: usize,
    /// Taps of the kernel.
    pub taps: usize,
    /// Products summed for one output: `in_group * taps`.
    pub depth: usize,
    pub in_pixels: usize,
    pub out_pixels: usize,
    pub x_len: usize,
    pub w_len: usize,
    pub y_len: usize,
}

impl Sizes {
    /// Multiply-adds of the whole convolution, which each of the three directions has.
    pub fn work(&self) -> usize {
        self.y_len.saturating_mul(self.depth)
    }

    /// A matrix product on the input as it lies: 1x1 kernel, stride 1, no padding.
    pub fn is_pointwise(&self) -> bool {
        self.taps == 1 && self.shape.stride == [1, 1] && self.shape.padding == [(0, 0); 2]
    }

    /// Channels of a group and pixels of the input.
    pub fn read(&self) -> [usize; 2] {
        [self.in_group, self.in_pixels]
    }

    /// Channels of a group and pixels of the output.
    pub fn written(&self) -> [usize; 2] {
        [self.out_group, self.out_pixels]
    }

    /// Every input channel is its own group (a single channel is left to the general path).
    pub fn is_depthwise(&self) -> bool {
        self.shape.groups > 1 && self.in_group == 1
    }

    /// For tap `tap` along `axis`, the outputs `lo..hi` whose input position lies inside, and the input position of `lo`.
    pub fn valid(&self, axis: usize, tap: usize) -> (usize, usize, usize) {
        let s = &self.shape;
        let (offset, before) = (tap * s.dilation[axis], s.padding[axis].0);
        // Input position of output o: o * stride + offset - before.
        let lo = before.saturating_sub(offset).div_ceil(s.stride[axis]);
        let end = s.input[axis] + before;
        let hi = end.saturating_sub(offset).div_ceil(s.stride[axis]);
        let hi = hi.min(self.out[axis]);
        if lo >= hi {
            return (0, 0, 0);
        }
        (lo, hi, lo * s.stride[axis] + offset - before)
    }
}
