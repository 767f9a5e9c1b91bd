//! Sizes and places: resize, crop, flip, rotate, as torchvision computes them on float tensors.

use super::Picture;

impl Picture {
    /// Bilinear with antialiasing: a triangle as wide as the pixels are shrunk (torch's `interpolate(antialias=True)`).
    pub fn resized(&self, height: usize, width: usize) -> Self {
        if (height, width) == (self.height, self.width) {
            return self.clone();
        }
        let across = Taps::new(self.width, width);
        let down = Taps::new(self.height, height);
        let mut narrow = Self::filled(self.channels, self.height, width, 0.0);
        for (from, to) in self.data.chunks_exact(self.width).zip(narrow.data.chunks_exact_mut(width)) {
            for (x, to) in to.iter_mut().enumerate() {
                let (first, weights) = across.at(x);
                *to = weights.iter().zip(&from[first..]).map(|(w, v)| w * v).sum();
            }
        }
        let mut result = Self::filled(self.channels, height, width, 0.0);
        for channel in 0..self.channels {
            let from = narrow.plane(channel);
            for y in 0..height {
                let (first, weights) = down.at(y);
                let to = &mut result.data[(channel * height + y) * width..][..width];
                for (k, w) in weights.iter().enumerate() {
                    let row = &from[(first + k) * width..][..width];
                    to.iter_mut().zip(row).for_each(|(t, v)| *t += w * v);
                }
            }
        }
        result
    }

    /// The shorter side becomes `size`; the longer keeps the ratio, rounded down.
    pub fn resized_short(&self, size: usize) -> Self {
        let scaled = |long: usize, short: usize| (size * long / short).max(1);
        match self.width <= self.height {
            true => self.resized(scaled(self.height, self.width), size),
            false => self.resized(size, scaled(self.width, self.height)),
        }
    }

    /// A part whose place may be partly outside; there it is `fill`.
    pub fn cropped(&self, top: isize, left: isize, height: usize, width: usize, fill: f32) -> Self {
        let mut result = Self::filled(self.channels, height, width, fill);
        let from = left.clamp(0, self.width as isize);
        let end = (left + width as isize).clamp(from, self.width as isize);
        let (count, shift) = ((end - from) as usize, (from - left) as usize);
        if count == 0 {
            return result;
        }
        for channel in 0..self.channels {
            for y in 0..height {
                let row = top + y as isize;
                if row < 0 || row >= self.height as isize {
                    continue;
                }
                let source = &self.plane(channel)[row as usize * self.width + from as usize..][..count];
                result.data[(channel * height + y) * width + shift..][..count].copy_from_slice(source);
            }
        }
        result
    }

    /// The middle; where the image is smaller it is padded evenly. Half pixels round to the even number, as in Python.
    pub fn centre(&self, height: usize, width: usize, fill: f32) -> Self {
        let place = |size: usize, wanted: usize| ((size as f64 - wanted as f64) / 2.0).round_ties_even() as isize;
        self.cropped(place(self.height, height), place(self.width, width), height, width, fill)
    }

    pub fn mirrored(&mut self) {
        let width = self.width;
        self.data.chunks_exact_mut(width).for_each(<[f32]>::reverse);
    }

    pub fn upside_down(&mut self) {
        let (height, width) = (self.height, self.width);
        for plane in self.data.chunks_exact_mut(height * width) {
            for y in 0..height / 2 {
                let (upper, lower) = plane.split_at_mut((height - 1 - y) * width);
                upper[y * width..][..width].swap_with_slice(&mut lower[..width]);
            }
        }
    }

    /// Turned counter-clockwise around the middle by degrees, bilinear, same size; what comes from outside is `fill`.
    pub fn rotated(&self, degrees: f64, fill: f32) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let (middle_x, middle_y) = (self.width as f64 / 2.0 - 0.5, self.height as f64 / 2.0 - 0.5);
        let mut result = Self::filled(self.channels, self.height, self.width, fill);
        let area = self.area();
        for y in 0..self.height {
            for x in 0..self.width {
                let (dx, dy) = (x as f64 - middle_x, y as f64 - middle_y);
                let (sx, sy) = (middle_x + cos * dx - sin * dy, middle_y + sin * dx + cos * dy);
                for channel in 0..self.channels {
                    result.data[channel * area + y * self.width + x] = self.sample(channel, sx, sy, fill);
                }
            }
        }
        result
    }

    /// The value between four pixels; those outside count as `fill`.
    fn sample(&self, channel: usize, x: f64, y: f64, fill: f32) -> f32 {
        let (left, top) = (x.floor(), y.floor());
        let (u, v) = ((x - left) as f32, (y - top) as f32);
        let plane = self.plane(channel);
        let pixel = |px: f64, py: f64| {
            let inside = px >= 0.0 && py >= 0.0 && px < self.width as f64 && py < self.height as f64;
            if inside { plane[py as usize * self.width + px as usize] } else { fill }
        };
        let upper = pixel(left, top) * (1.0 - u) + pixel(left + 1.0, top) * u;
        let lower = pixel(left, top + 1.0) * (1.0 - u) + pixel(left + 1.0, top + 1.0) * u;
        upper * (1.0 - v) + lower * v
    }
}

/// For each place of the result: the first source pixel and the weights from it on.
struct Taps {
    firsts: Vec<usize>,
    weights: Vec<f32>,
    starts: Vec<usize>,
}

impl Taps {
    fn new(from: usize, to: usize) -> Self {
        let scale = from as f64 / to as f64;
        let reach = scale.max(1.0);
        let mut taps = Self { firsts: Vec::with_capacity(to), weights: Vec::new(), starts: vec![0] };
        for i in 0..to {
            let centre = (i as f64 + 0.5) * scale;
            let first = (centre - reach + 0.5).max(0.0) as usize;
            let end = ((centre + reach + 0.5) as usize).min(from);
            let raw: Vec<f64> =
                (first..end).map(|x| (1.0 - ((x as f64 - centre + 0.5) / reach).abs()).max(0.0)).collect();
            let total: f64 = raw.iter().sum();
            taps.firsts.push(first);
            taps.weights.extend(raw.iter().map(|w| (w / total) as f32));
            taps.starts.push(taps.weights.len());
        }
        taps
    }

    fn at(&self, i: usize) -> (usize, &[f32]) {
        (self.firsts[i], &self.weights[self.starts[i]..self.starts[i + 1]])
    }
}
