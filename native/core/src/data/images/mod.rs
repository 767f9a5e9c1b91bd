//! Images in files: decoded and transformed in parallel when a batch asks for them.

mod codec;
mod colour;
mod geometry;
mod orientation;
mod picture;
mod pipeline;
mod png;
mod random;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

pub use codec::{Pixels, decode};
pub use picture::Picture;
pub use pipeline::Pipeline;

use crate::backend::rng::{Purpose, Rng};
use crate::{Error, ErrorKind, HostArray, HostData, Result};

/// A file larger than this is no training image.
const LARGEST_FILE: u64 = 1 << 30;

/// When in training a batch is made; random transforms follow from it and the sample's number.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub seed: u64,
    pub epoch: u64,
}

/// Files of PNG and JPEG images and what is done with them. Gives floats `[channels, height, width]`.
#[derive(Debug, Clone)]
pub struct ImageSet {
    files: Arc<[PathBuf]>,
    pipeline: Arc<Pipeline>,
    shape: [usize; 3],
}

impl ImageSet {
    /// Where the transforms leave the size open, all images must have that of the first.
    pub fn new(files: Vec<PathBuf>, pipeline: Pipeline) -> Result<Self> {
        let shape = match (pipeline.shape(), files.first()) {
            (Some(shape), _) => shape,
            (None, Some(first)) => {
                let picture = pipeline
                    .apply(read(first, pipeline.channels(), pipeline.upright())?, None)
                    .map_err(|e| named(e, first))?;
                [picture.channels, picture.height, picture.width]
            }
            (None, None) => return Err(Error::argument("there is no image that would tell the size")),
        };
        Ok(Self { files: files.into(), pipeline: Arc::new(pipeline), shape })
    }

    pub fn len(&self) -> usize {
        self.files.len()
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Channels, height, width.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// The images at these positions, `[rows, channels, height, width]`; without a moment random transforms rest.
    pub fn load(&self, picks: &[u32], moment: Option<Moment>) -> Result<HostArray> {
        let size: usize = self.shape.iter().product();
        let shape = [&[picks.len()], &self.shape[..]].concat();
        let mut data = vec![0f32; crate::array::element_count(&shape)?];
        if size > 0 {
            data.par_chunks_mut(size).zip(picks).try_for_each(|(to, &pick)| {
                let file = &self.files[pick as usize];
                let picture = self.one(file, pick, moment).map_err(|e| named(e, file))?;
                to.copy_from_slice(&picture.data);
                Ok::<(), Error>(())
            })?;
        }
        Ok(HostArray { shape, data: HostData::F32(data) })
    }

    fn one(&self, file: &Path, pick: u32, moment: Option<Moment>) -> Result<Picture> {
        let mut rng = moment.map(|m| Rng::new(m.seed, Purpose::Augment, &[m.epoch, pick.into()]));
        let picture =
            self.pipeline.apply(read(file, self.pipeline.channels(), self.pipeline.upright())?, rng.as_mut())?;
        let found = [picture.channels, picture.height, picture.width];
        if found != self.shape {
            return Err(Error::shape(
                "image after its transforms (resize or crop images of different sizes)",
                format!("{:?}", self.shape),
                format!("{found:?}"),
            ));
        }
        Ok(picture)
    }

    /// Decodes every file; gives the numbers of those that fail, and why.
    pub fn failures(files: &[PathBuf]) -> Vec<(usize, String)> {
        let failed = |(i, file): (usize, &PathBuf)| read(file, 3, false).err().map(|e| (i, e.message));
        files.par_iter().enumerate().filter_map(failed).collect()
    }

    /// Joins picked files of several sets that transform alike.
    pub(super) fn concat(parts: &[(&ImageSet, &[u32])]) -> Result<(ImageSet, Vec<u32>)> {
        let first = parts[0].0;
        if parts.iter().any(|(set, _)| set.pipeline != first.pipeline || set.shape != first.shape) {
            return Err(Error::unsupported("images with different transforms cannot be joined"));
        }
        let mut files = Vec::new();
        for (set, picks) in parts {
            files.extend(picks.iter().map(|&p| set.files[p as usize].clone()));
        }
        let picks = (0..files.len() as u32).collect();
        let set = ImageSet { files: files.into(), pipeline: first.pipeline.clone(), shape: first.shape };
        Ok((set, picks))
    }
}

fn named(error: Error, file: &Path) -> Error {
    match &error.subject {
        Some(_) => error,
        None => error.at(file.display().to_string()),
    }
}

/// Reads a file into planes of floats in [0, 1]; `upright` applies the orientation of its Exif data.
fn read(file: &Path, channels: usize, upright: bool) -> Result<Picture> {
    let io = |e: std::io::Error| {
        let kind = if e.kind() == std::io::ErrorKind::NotFound { ErrorKind::NotFound } else { ErrorKind::Io };
        Error::new(kind, e.to_string()).at(file.display().to_string())
    };
    let wrong = |text: String| Error::new(ErrorKind::Format, text).at(file.display().to_string());
    let length = std::fs::metadata(file).map_err(io)?.len();
    if length > LARGEST_FILE {
        return Err(wrong(format!("{length} bytes are more than an image has")));
    }
    let bytes = std::fs::read(file).map_err(io)?;
    let pixels = decode(&bytes, channels, upright).map_err(|e| wrong(e.message))?;
    Ok(Picture::from_pixels(&pixels))
}
