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

/// A finite number of any sign.
pub(super) fn finite(config: &Config, key: &str, default: f64) -> Result<f64> {
    let value = config.float(key, default)?;
    if value.is_finite() {
        return Ok(value);
    }
    Err(Error::argument(format!("option '{key}': expected a number, found {value}")))
}

/// A list of `N` finite numbers for which `fits` holds; `what` describes them.
pub(super) fn list<const N: usize>(
    config: &Config,
    key: &str,
    default: [f64; N],
    what: &str,
    fits: impl Fn(&[f64; N]) -> bool,
) -> Result<[f64; N]> {
    let Some(found) = config.floats_or_none(key)? else { return Ok(default) };
    <[f64; N]>::try_from(found.as_slice())
        .ok()
        .filter(|list| list.iter().all(|x| x.is_finite()) && fits(list))
        .ok_or_else(|| Error::argument(format!("option '{key}': expected {what}, found {found:?}")))
}
