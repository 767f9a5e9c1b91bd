//! Sizes of a pooling, checked once.

use crate::KernelError;

/// The sizes of one 2-D max pooling over `planes` planes (batch times channels).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxPool2dShape {
    /// Batch times channels. Zero is allowed.
    pub planes: usize,
    /// Height and width of the input.
    pub input: [usize; 2],
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// Step of the window, down and right.
    pub stride: [usize; 2],
    /// Padding on both sides, vertical and horizontal: at most half of the kernel.
    pub padding: [usize; 2],
    /// Distance between the window's taps.
    pub dilation: [usize; 2],
    /// Whether a last, incomplete window counts, if it begins inside the input or its left padding.
    pub ceil: bool,
}

impl MaxPool2dShape {
    /// Height and width of the output.
    ///
    /// # Errors
    /// [`KernelError::Shape`] if a size is zero or does not fit the others.
    pub fn output_size(&self) -> Result<[usize; 2], KernelError> {
        self.check().map(|s| s.out)
    }

    pub(super) fn check(&self) -> Result<Sizes, KernelError> {
        let bad = |message: String| Err(KernelError::Shape(format!("max_pool2d: {message}")));
        let mut out = [0; 2];
        for axis in 0..2 {
            let name = ["vertical", "horizontal"][axis];
            let (size, kernel, stride) = (self.input[axis], self.kernel[axis], self.stride[axis]);
            let (padding, dilation) = (self.padding[axis], self.dilation[axis]);
            if size == 0 || kernel == 0 || stride == 0 || dilation == 0 {
                return bad(format!("{name} input, kernel, stride or dilation is zero"));
            }
            if padding > kernel / 2 {
                return bad(format!("{name} padding {padding} is more than half of the kernel {kernel}"));
            }
            // Small enough for every sum below, and for positions in 32 bits.
            let window = (kernel - 1).checked_mul(dilation).filter(|&w| w < i32::MAX as usize).map(|w| w + 1);
            let (Some(window), true) = (window, size < i32::MAX as usize && stride < i32::MAX as usize) else {
                return bad("a size overflows".into());
            };
            let padded = size + 2 * padding;
            let rounding = if self.ceil { stride - 1 } else { 0 };
            if window > padded + rounding {
                return bad(format!("the {name} window spans {window}, the padded input has {padded}"));
            }
            out[axis] = (padded + rounding - window) / stride + 1;
            if self.ceil && (out[axis] - 1) * stride >= size + padding {
                out[axis] -= 1;
            }
        }
        let in_pixels = self.input[0].checked_mul(self.input[1]).filter(|&v| v <= i32::MAX as usize);
        let out_pixels = out[0].checked_mul(out[1]);
        let lens = in_pixels.zip(out_pixels).and_then(|(i, o)| {
            let limit = isize::MAX as usize / 64;
            let planes = |v: usize| v.checked_mul(self.planes).filter(|&v| v <= limit);
            Some((i, o, planes(i)?, planes(o)?))
        });
        let Some((in_pixels, out_pixels, x_len, y_len)) = lens else {
            return bad("a size overflows".into());
        };
        let sizes =
            Sizes { shape: *self, out, taps: self.kernel[0] * self.kernel[1], in_pixels, out_pixels, x_len, y_len };
        // With dilation, a window may fall between the input's ends; there would be nothing to take the maximum of.
        for (axis, &out) in out.iter().enumerate() {
            if (0..out).any(|o| !sizes.meets_input(axis, o)) {
                return bad("a window meets no element of the input".into());
            }
        }
        Ok(sizes)
    }
}

/// A checked [`MaxPool2dShape`] and what follows from it.
pub(super) struct Sizes {
    pub shape: MaxPool2dShape,
    /// Height and width of the output.
    pub out: [usize; 2],
    pub taps: usize,
    pub in_pixels: usize,
    pub out_pixels: usize,
    pub x_len: usize,
    pub y_len: usize,
}

impl Sizes {
    fn meets_input(&self, axis: usize, output: usize) -> bool {
        let s = &self.shape;
        (0..s.kernel[axis]).any(|k| {
            let at = output * s.stride[axis] + k * s.dilation[axis];
            at >= s.padding[axis] && at - s.padding[axis] < s.input[axis]
        })
    }

    /// For the horizontal tap `tap`, the outputs `lo..hi` whose column lies inside the input, and the column of `lo`.
    pub fn valid(&self, tap: usize) -> (usize, usize, usize) {
        let s = &self.shape;
        let (offset, before, stride) = (tap * s.dilation[1], s.padding[1], s.stride[1]);
        let lo = before.saturating_sub(offset).div_ceil(stride);
        let hi = (s.input[1] + before).saturating_sub(offset).div_ceil(stride).min(self.out[1]);
        if lo >= hi { (0, 0, 0) } else { (lo, hi, lo * stride + offset - before) }
    }
}
