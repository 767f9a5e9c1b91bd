//! Options that several optimizers have.

use crate::spec::Config;
use crate::{Error, Result};

/// `lr`: finite, at least 0.
pub(super) fn rate(config: &Config, default: f64) -> Result<f64> {
    config.non_negative("lr", default)
}

/// `betas`: a list of `N` numbers, each at least 0 and less than 1.
pub(super) fn betas<const N: usize>(config: &Config, default: [f64; N]) -> Result<[f64; N]> {
    let Some(list) = config.floats_or_none("betas")? else { return Ok(default) };
    let fits = list.iter().all(|b| (0.0..1.0).contains(b));
    <[f64; N]>::try_from(list.as_slice()).ok().filter(|_| fits).ok_or_else(|| {
        Error::argument(format!("option 'betas': expected {N} numbers of at least 0 and less than 1, found {list:?}"))
    })
}
