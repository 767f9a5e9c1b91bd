//! An image while it is transformed.

use super::codec::Pixels;

/// Planes of floats, channels first, row by row; from a file in [0, 1].
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    pub data: Vec<f32>,
}

impl Picture {
    pub fn filled(channels: usize, height: usize, width: usize, value: f32) -> Self {
        Self { channels, height, width, data: vec![value; channels * height * width] }
    }

    /// Bytes divided by 255.
    pub fn from_pixels(pixels: &Pixels) -> Self {
        let area = pixels.width * pixels.height;
        let mut picture = Self::filled(pixels.channels, pixels.height, pixels.width, 0.0);
        for (i, pixel) in pixels.data.chunks_exact(pixels.channels).enumerate() {
            for (channel, &value) in pixel.iter().enumerate() {
                picture.data[channel * area + i] = f32::from(value) / 255.0;
            }
        }
        picture
    }

    pub fn area(&self) -> usize {
        self.height * self.width
    }

    pub fn plane(&self, channel: usize) -> &[f32] {
        &self.data[channel * self.area()..][..self.area()]
    }

    /// Brightness of each pixel, as torchvision weighs it.
    pub fn grey(&self) -> Vec<f32> {
        if self.channels < 3 {
            return self.plane(0).to_vec();
        }
        let [r, g, b] = [0, 1, 2].map(|c| self.plane(c));
        (0..self.area()).map(|i| 0.2989 * r[i] + 0.587 * g[i] + 0.114 * b[i]).collect()
    }
}
