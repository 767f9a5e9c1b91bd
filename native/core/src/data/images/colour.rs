//! Values: brightness, contrast, saturation, hue, blur, noise, as torchvision computes them on floats in [0, 1].

use super::Picture;
use crate::backend::rng::Rng;

impl Picture {
    pub fn brightness(&mut self, factor: f32) {
        self.data.iter_mut().for_each(|x| *x = (*x * factor).clamp(0.0, 1.0));
    }

    /// Away from the mean grey.
    pub fn contrast(&mut self, factor: f32) {
        let grey = self.grey();
        let mean = (grey.iter().map(|&x| f64::from(x)).sum::<f64>() / grey.len().max(1) as f64) as f32;
        self.data.iter_mut().for_each(|x| *x = (*x * factor + mean * (1.0 - factor)).clamp(0.0, 1.0));
    }

    /// Away from each pixel's grey. Grey images stay.
    pub fn saturation(&mut self, factor: f32) {
        if self.channels < 3 {
            return;
        }
        let (grey, area) = (self.grey(), self.area());
        for (i, x) in self.data.iter_mut().enumerate() {
            *x = (*x * factor + grey[i % area] * (1.0 - factor)).clamp(0.0, 1.0);
        }
    }

    /// Turns the colour circle by a share of it. Grey images stay.
    pub fn hue(&mut self, shift: f32) {
        if self.channels < 3 {
            return;
        }
        let area = self.area();
        for i in 0..area {
            let (h, s, v) = to_hsv([0, 1, 2].map(|c| self.data[c * area + i]));
            let rgb = from_hsv((h + shift).rem_euclid(1.0), s, v);
            (0..3).for_each(|c| self.data[c * area + i] = rgb[c]);
        }
    }

    pub fn to_grey(&mut self, channels: usize) {
        let grey = self.grey();
        self.data = grey.repeat(channels);
        self.channels = channels;
    }

    pub fn add_noise(&mut self, mean: f64, sigma: f64, clip: bool, rng: &mut Rng) {
        for x in &mut self.data {
            *x += (mean + sigma * rng.normal()) as f32;
            if clip {
                *x = x.clamp(0.0, 1.0);
            }
        }
    }

    /// Convolution with a Gaussian of an odd size; the edges are mirrored (without repeating the edge pixel).
    pub fn blur(&mut self, size: usize, sigma: f64) {
        let half = (size / 2) as isize;
        let raw: Vec<f64> = (-half..=half).map(|x| (-0.5 * (x as f64 / sigma).powi(2)).exp()).collect();
        let total: f64 = raw.iter().sum();
        let kernel: Vec<f32> = raw.iter().map(|w| (w / total) as f32).collect();
        let (height, width) = (self.height, self.width);
        let mut smooth = vec![0f32; self.data.len()];
        for (from, to) in self.data.chunks_exact(width).zip(smooth.chunks_exact_mut(width)) {
            for (x, to) in to.iter_mut().enumerate() {
                *to = (-half..=half).zip(&kernel).map(|(k, w)| w * from[mirror(x as isize + k, width)]).sum();
            }
        }
        for (from, to) in smooth.chunks_exact(height * width).zip(self.data.chunks_exact_mut(height * width)) {
            for y in 0..height {
                let row = &mut to[y * width..][..width];
                row.fill(0.0);
                for (k, w) in (-half..=half).zip(&kernel) {
                    let source = &from[mirror(y as isize + k, height) * width..][..width];
                    row.iter_mut().zip(source).for_each(|(t, v)| *t += w * v);
                }
            }
        }
    }

    /// (x - mean) / deviation by channel.
    pub fn normalize(&mut self, mean: &[f64], deviation: &[f64]) {
        let area = self.area();
        for (i, plane) in self.data.chunks_exact_mut(area).enumerate() {
            let (m, d) = (mean[i % mean.len()], deviation[i % deviation.len()]);
            plane.iter_mut().for_each(|x| *x = ((f64::from(*x) - m) / d) as f32);
        }
    }

    pub fn erase(&mut self, top: usize, left: usize, height: usize, width: usize, value: f32) {
        let area = self.area();
        for plane in self.data.chunks_exact_mut(area) {
            for y in top..top + height {
                plane[y * self.width + left..][..width].fill(value);
            }
        }
    }
}

/// Position `i` of a row of `n` that is mirrored at its ends.
fn mirror(i: isize, n: usize) -> usize {
    let last = n as isize - 1;
    if last == 0 {
        return 0;
    }
    let folded = i.rem_euclid(2 * last);
    (if folded > last { 2 * last - folded } else { folded }) as usize
}

fn to_hsv([r, g, b]: [f32; 3]) -> (f32, f32, f32) {
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    let range = most - least;
    if range == 0.0 {
        return (0.0, 0.0, most);
    }
    let sixth = if most == r {
        (g - b) / range
    } else if most == g {
        2.0 + (b - r) / range
    } else {
        4.0 + (r - g) / range
    };
    ((sixth / 6.0).rem_euclid(1.0), range / most, most)
}

fn from_hsv(h: f32, s: f32, v: f32) -> [f32; 3] {
    let sixth = (h * 6.0).floor();
    let f = h * 6.0 - sixth;
    let (p, q, t) = (v * (1.0 - s), v * (1.0 - s * f), v * (1.0 - s * (1.0 - f)));
    match sixth as i32 % 6 {
        0 => [v, t, p],
        1 => [q, v, p],
        2 => [p, v, t],
        3 => [p, q, v],
        4 => [t, p, v],
        _ => [v, p, q],
    }
}
