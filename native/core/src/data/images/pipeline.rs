//! A list of transforms: read from JSON, checked, applied.

use serde_json::Value;

use super::{Picture, random};
use crate::backend::rng::Rng;
use crate::spec::Config;
use crate::{Error, Result};

/// Sides that are asked for at most.
const LARGEST: usize = 1 << 14;

#[derive(Debug, Clone, PartialEq)]
enum Transform {
    Resize {
        size: [usize; 2],
    },
    ResizeShort {
        size: usize,
    },
    CenterCrop {
        size: [usize; 2],
        fill: f32,
    },
    RandomCrop {
        size: [usize; 2],
        padding: usize,
        fill: f32,
    },
    RandomResizedCrop {
        size: [usize; 2],
        scale: [f64; 2],
        ratio: [f64; 2],
    },
    HorizontalFlip {
        p: f64,
    },
    VerticalFlip {
        p: f64,
    },
    Rotation {
        degrees: [f64; 2],
        fill: f32,
    },
    /// Ranges of brightness, contrast, saturation, hue; none: not changed.
    Jitter {
        ranges: [Option<[f64; 2]>; 4],
    },
    Grayscale {
        channels: usize,
    },
    Blur {
        size: usize,
        sigma: [f64; 2],
        p: f64,
    },
    Noise {
        mean: f64,
        sigma: f64,
        clip: bool,
    },
    Erasing {
        p: f64,
        scale: [f64; 2],
        ratio: [f64; 2],
        value: f32,
    },
    Normalize {
        mean: Vec<f64>,
        deviation: Vec<f64>,
    },
}

/// What is done with an image after decoding, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    channels: usize,
    upright: bool,
    transforms: Vec<Transform>,
    shape: Option<[usize; 3]>,
}

impl Pipeline {
    /// `channels` are decoded: 1 (grey) or 3 (RGB). Each transform is `{"type": ..., "config": {...}}`.
    pub fn from_json(channels: usize, transforms: &[Value]) -> Result<Self> {
        if channels != 1 && channels != 3 {
            return Err(Error::argument(format!("channels: expected 1 (grey) or 3 (RGB), found {channels}")));
        }
        let transforms: Vec<Transform> = transforms
            .iter()
            .enumerate()
            .map(|(i, json)| transform(json).map_err(|e| e.at(format!("transform {i}"))))
            .collect::<Result<_>>()?;
        let mut found = (channels, None);
        for (i, transform) in transforms.iter().enumerate() {
            found = transform.shape(found).map_err(|e| e.at(format!("transform {i}")))?;
        }
        let shape = found.1.map(|[height, width]| [found.0, height, width]);
        Ok(Self { channels, upright: true, transforms, shape })
    }

    /// The same, with the orientation that a file's Exif data tells applied or left.
    pub fn with_orientation(self, applied: bool) -> Self {
        Self { upright: applied, ..self }
    }

    /// Whether images are turned as their Exif data tells.
    pub fn upright(&self) -> bool {
        self.upright
    }

    /// Channels to decode.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Channels, height and width of the result, where the transforms fix them.
    pub fn shape(&self) -> Option<[usize; 3]> {
        self.shape
    }

    /// Without random numbers, as in evaluation: crops are in the middle, all else that is random rests.
    pub fn apply(&self, mut picture: Picture, mut rng: Option<&mut Rng>) -> Result<Picture> {
        for transform in &self.transforms {
            picture = transform.apply(picture, rng.as_deref_mut());
        }
        Ok(picture)
    }
}

impl Transform {
    fn shape(&self, (channels, size): (usize, Option<[usize; 2]>)) -> Result<(usize, Option<[usize; 2]>)> {
        match self {
            Self::Resize { size }
            | Self::CenterCrop { size, .. }
            | Self::RandomCrop { size, .. }
            | Self::RandomResizedCrop { size, .. } => Ok((channels, Some(*size))),
            Self::ResizeShort { .. } => Ok((channels, None)),
            Self::Grayscale { channels } => Ok((*channels, size)),
            Self::Normalize { mean, deviation } => {
                if mean.len() != deviation.len() || (mean.len() != 1 && mean.len() != channels) {
                    let found = format!("{} means and {} deviations", mean.len(), deviation.len());
                    return Err(Error::shape("Normalize", format!("1 or {channels} of both"), found));
                }
                Ok((channels, size))
            }
            _ => Ok((channels, size)),
        }
    }

    fn apply(&self, mut picture: Picture, rng: Option<&mut Rng>) -> Picture {
        match (self, rng) {
            (Self::Resize { size: [height, width] }, _) => picture.resized(*height, *width),
            (Self::ResizeShort { size }, _) => picture.resized_short(*size),
            (Self::CenterCrop { size: [height, width], fill }, _) => picture.centre(*height, *width, *fill),
            (Self::RandomCrop { size: [height, width], fill, .. }, None) => picture.centre(*height, *width, *fill),
            (Self::RandomCrop { size: [height, width], padding, fill }, Some(rng)) => {
                let (top, left) = random::crop(&picture, *height, *width, *padding, rng);
                picture.cropped(top, left, *height, *width, *fill)
            }
            (Self::RandomResizedCrop { size: [height, width], scale, ratio }, rng) => {
                let own = *width as f64 / *height as f64;
                let [top, left, h, w] = match rng {
                    Some(rng) => random::resized_crop(&picture, *scale, *ratio, rng),
                    None => random::central(&picture, [own, own]),
                };
                picture.cropped(top as isize, left as isize, h, w, 0.0).resized(*height, *width)
            }
            (Self::Grayscale { channels }, _) => {
                picture.to_grey(*channels);
                picture
            }
            (Self::Normalize { mean, deviation }, _) => {
                picture.normalize(mean, deviation);
                picture
            }
            (_, None) => picture,
            (Self::Rotation { degrees, fill }, Some(rng)) => picture.rotated(random::between(rng, *degrees), *fill),
            (random, Some(rng)) => {
                random.change(&mut picture, rng);
                picture
            }
        }
    }

    /// Random changes that keep the size.
    fn change(&self, picture: &mut Picture, rng: &mut Rng) {
        match self {
            Self::HorizontalFlip { p } if rng.uniform() < *p => picture.mirrored(),
            Self::VerticalFlip { p } if rng.uniform() < *p => picture.upside_down(),
            Self::Blur { size, sigma, p } if rng.uniform() < *p => picture.blur(*size, random::between(rng, *sigma)),
            Self::Noise { mean, sigma, clip } => picture.add_noise(*mean, *sigma, *clip, rng),
            Self::Erasing { p, scale, ratio, value } if rng.uniform() < *p => {
                if let Some([top, left, height, width]) = random::erasing(picture, *scale, *ratio, rng) {
                    picture.erase(top, left, height, width, *value);
                }
            }
            Self::Jitter { ranges } => {
                let mut order = [0, 1, 2, 3];
                for i in (1..4).rev() {
                    order.swap(i, rng.below(i as u64 + 1) as usize);
                }
                for which in order {
                    let Some(range) = ranges[which] else { continue };
                    let factor = random::between(rng, range) as f32;
                    match which {
                        0 => picture.brightness(factor),
                        1 => picture.contrast(factor),
                        2 => picture.saturation(factor),
                        _ => picture.hue(factor),
                    }
                }
            }
            _ => {}
        }
    }
}

fn transform(json: &Value) -> Result<Transform> {
    let name = json.get("type").and_then(Value::as_str).ok_or_else(|| Error::argument("a transform has no type"))?;
    let config = Config::from_value(json.get("config").cloned().unwrap_or_default())?;
    let size = || -> Result<[usize; 2]> {
        let size = config.per_dim::<2>("size", None, 1)?;
        if size.iter().any(|&s| s > LARGEST) {
            return Err(Error::argument(format!("option 'size': expected at most {LARGEST}, found {size:?}")));
        }
        Ok(size)
    };
    let fill = || config.float("fill", 0.0).map(|f| f as f32);
    let probability = |default: f64| -> Result<f64> {
        let p = config.float("p", default)?;
        if (0.0..=1.0).contains(&p) {
            return Ok(p);
        }
        Err(Error::argument(format!("option 'p': expected 0 to 1, found {p}")))
    };
    let range = |key: &str, default: [f64; 2], least: f64| -> Result<[f64; 2]> {
        let Some(list) = config.floats_or_none(key)? else { return Ok(default) };
        match list[..] {
            [low, high] if low >= least && low <= high && high.is_finite() => Ok([low, high]),
            _ => Err(Error::argument(format!(
                "option '{key}': expected two rising numbers of at least {least}, found {list:?}"
            ))),
        }
    };
    let positive = f64::MIN_POSITIVE;
    let made = match name {
        "Resize" if config.flag("short", false)? => Transform::ResizeShort { size: size()?[0] },
        "Resize" => Transform::Resize { size: size()? },
        "CenterCrop" => Transform::CenterCrop { size: size()?, fill: fill()? },
        "RandomCrop" => {
            let padding = config.int("padding", 0)?;
            let padding = usize::try_from(padding).ok().filter(|&p| p <= LARGEST);
            let padding = padding.ok_or_else(|| Error::argument("option 'padding': expected at least 0"))?;
            Transform::RandomCrop { size: size()?, padding, fill: fill()? }
        }
        "RandomResizedCrop" => Transform::RandomResizedCrop {
            size: size()?,
            scale: range("scale", [0.08, 1.0], positive)?,
            ratio: range("ratio", [3.0 / 4.0, 4.0 / 3.0], positive)?,
        },
        "RandomHorizontalFlip" => Transform::HorizontalFlip { p: probability(0.5)? },
        "RandomVerticalFlip" => Transform::VerticalFlip { p: probability(0.5)? },
        "RandomRotation" => Transform::Rotation { degrees: range("degrees", [0.0, 0.0], f64::MIN)?, fill: fill()? },
        "ColorJitter" => {
            let one = |key: &str, least: f64| -> Result<Option<[f64; 2]>> {
                if config.raw(key).is_none() { Ok(None) } else { range(key, [1.0, 1.0], least).map(Some) }
            };
            let hue = one("hue", -0.5)?;
            if hue.is_some_and(|h| h[1] > 0.5) {
                return Err(Error::argument("option 'hue': expected -0.5 to 0.5"));
            }
            Transform::Jitter { ranges: [one("brightness", 0.0)?, one("contrast", 0.0)?, one("saturation", 0.0)?, hue] }
        }
        "Grayscale" => match config.int("channels", 1)? {
            channels @ (1 | 3) => Transform::Grayscale { channels: channels as usize },
            other => return Err(Error::argument(format!("option 'channels': expected 1 or 3, found {other}"))),
        },
        "GaussianBlur" => {
            let size = config.size("kernel_size")?;
            if size % 2 == 0 || size > 255 {
                return Err(Error::argument(format!(
                    "option 'kernel_size': expected an odd number up to 255, found {size}"
                )));
            }
            Transform::Blur { size, sigma: range("sigma", [0.1, 2.0], positive)?, p: probability(1.0)? }
        }
        "GaussianNoise" => Transform::Noise {
            mean: config.float("mean", 0.0)?,
            sigma: config.non_negative("sigma", 0.1)?,
            clip: config.flag("clip", true)?,
        },
        "RandomErasing" => Transform::Erasing {
            p: probability(0.5)?,
            scale: range("scale", [0.02, 0.33], positive)?,
            ratio: range("ratio", [0.3, 3.3], positive)?,
            value: config.float("value", 0.0)? as f32,
        },
        "Normalize" => {
            let list = |key: &str| {
                config.floats_or_none(key)?.ok_or_else(|| Error::argument(format!("option '{key}' is missing")))
            };
            let (mean, deviation) = (list("mean")?, list("std")?);
            if deviation.iter().any(|&d| d == 0.0 || !d.is_finite()) || mean.iter().any(|m| !m.is_finite()) {
                return Err(Error::argument("Normalize takes finite means and deviations other than 0"));
            }
            Transform::Normalize { mean, deviation }
        }
        other => return Err(Error::unsupported(format!("there is no image transform '{other}'"))),
    };
    config.finish()?;
    Ok(made)
}
