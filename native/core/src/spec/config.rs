//! The options of a layer, loss, metric or optimizer: taken one by one, and nothing may be left over.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Error, Result};

/// A JSON object whose keys are read with defaults; [`Config::finish`] refuses keys that nothing read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Config {
    values: Map<String, Value>,
    #[serde(skip)]
    read: RefCell<BTreeSet<String>>,
}

impl Config {
    pub fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Object(values) => Ok(Self { values, read: RefCell::default() }),
            Value::Null => Ok(Self::default()),
            other => Err(Error::argument(format!("options must be a JSON object, found {other}"))),
        }
    }

    /// Whether all options are given alike.
    pub fn same_as(&self, other: &Self) -> bool {
        self.values == other.values
    }

    /// These options, and those of `base` that are not among them.
    pub fn over(&self, base: &Self) -> Self {
        let mut values = base.values.clone();
        values.extend(self.values.clone());
        Self { values, read: RefCell::default() }
    }

    /// The value of a key; null counts as absent.
    fn get(&self, key: &str) -> Option<&Value> {
        self.read.borrow_mut().insert(key.to_owned());
        self.values.get(key).filter(|v| !v.is_null())
    }

    /// Whether a key was given as null, for options where that differs from leaving it out.
    pub fn is_null(&self, key: &str) -> bool {
        self.read.borrow_mut().insert(key.to_owned());
        self.values.get(key).is_some_and(Value::is_null)
    }

    fn wrong(key: &str, expected: &str, found: &Value) -> Error {
        Error::argument(format!("option '{key}': expected {expected}, found {found}"))
    }

    fn required<T>(key: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| Error::argument(format!("option '{key}' is missing")))
    }

    pub fn float_or_none(&self, key: &str) -> Result<Option<f64>> {
        self.get(key).map(|v| v.as_f64().ok_or_else(|| Self::wrong(key, "a number", v))).transpose()
    }

    pub fn float(&self, key: &str, default: f64) -> Result<f64> {
        Ok(self.float_or_none(key)?.unwrap_or(default))
    }

    /// A finite number that is not negative.
    pub fn non_negative(&self, key: &str, default: f64) -> Result<f64> {
        let value = self.float(key, default)?;
        if value >= 0.0 && value.is_finite() {
            return Ok(value);
        }
        Err(Error::argument(format!("option '{key}': expected a number of at least 0, found {value}")))
    }

    /// A number in [0, 1).
    pub fn fraction(&self, key: &str, default: f64) -> Result<f64> {
        let value = self.float(key, default)?;
        if (0.0..1.0).contains(&value) {
            return Ok(value);
        }
        Err(Error::argument(format!("option '{key}': expected at least 0 and less than 1, found {value}")))
    }

    pub fn flag(&self, key: &str, default: bool) -> Result<bool> {
        let value = self.get(key).map(|v| v.as_bool().ok_or_else(|| Self::wrong(key, "true or false", v)));
        Ok(value.transpose()?.unwrap_or(default))
    }

    pub fn int_or_none(&self, key: &str) -> Result<Option<i64>> {
        self.get(key).map(|v| v.as_i64().ok_or_else(|| Self::wrong(key, "an integer", v))).transpose()
    }

    pub fn int(&self, key: &str, default: i64) -> Result<i64> {
        Ok(self.int_or_none(key)?.unwrap_or(default))
    }

    /// A required count of at least one.
    pub fn size(&self, key: &str) -> Result<usize> {
        let value = self.int_or_none(key)?;
        let value = Self::required(key, value)?;
        usize::try_from(value)
            .ok()
            .filter(|&n| n > 0)
            .ok_or_else(|| Error::argument(format!("option '{key}': expected at least 1, found {value}")))
    }

    pub fn text_or_none(&self, key: &str) -> Result<Option<&str>> {
        self.get(key).map(|v| v.as_str().ok_or_else(|| Self::wrong(key, "a text", v))).transpose()
    }

    /// One of a few words.
    pub fn word<'a>(&'a self, key: &str, allowed: &[&str], default: &'a str) -> Result<&'a str> {
        let value = self.text_or_none(key)?.unwrap_or(default);
        if allowed.contains(&value) {
            return Ok(value);
        }
        Err(Error::argument(format!("option '{key}': expected one of {}, found '{value}'", allowed.join(", "))))
    }

    pub fn floats_or_none(&self, key: &str) -> Result<Option<Vec<f64>>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let list: Option<Vec<f64>> = value.as_array().and_then(|a| a.iter().map(Value::as_f64).collect());
        list.map(Some).ok_or_else(|| Self::wrong(key, "a list of numbers", value))
    }

    /// A list of integers, or one integer as a list of one.
    pub fn ints_or_none(&self, key: &str) -> Result<Option<Vec<i64>>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        if let Some(one) = value.as_i64() {
            return Ok(Some(vec![one]));
        }
        let list: Option<Vec<i64>> = value.as_array().and_then(|a| a.iter().map(Value::as_i64).collect());
        list.map(Some).ok_or_else(|| Self::wrong(key, "an integer or a list of integers", value))
    }

    /// PyTorch's "int or tuple": one integer is repeated for every dimension; each is at least `least`.
    pub fn per_dim<const N: usize>(&self, key: &str, default: Option<usize>, least: usize) -> Result<[usize; N]> {
        let Some(list) = self.ints_or_none(key)? else {
            return Self::required(key, default).map(|d| [d; N]);
        };
        let list = if list.len() == 1 { vec![list[0]; N] } else { list };
        let sizes: Option<Vec<usize>> = list.iter().map(|&v| usize::try_from(v).ok().filter(|&n| n >= least)).collect();
        sizes.and_then(|s| <[usize; N]>::try_from(s).ok()).ok_or_else(|| {
            Error::argument(format!("option '{key}': expected one or {N} integers of at least {least}, found {list:?}"))
        })
    }

    /// The raw value of a key, for options with a form of their own.
    pub fn raw(&self, key: &str) -> Option<&Value> {
        self.get(key)
    }

    /// An error when a key was given that nothing read: a typing mistake must not pass silently.
    pub fn finish(&self) -> Result<()> {
        let read = self.read.borrow();
        let unknown: Vec<&str> = self.values.keys().map(String::as_str).filter(|k| !read.contains(*k)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let known: Vec<&str> = read.iter().map(String::as_str).collect();
        Err(Error::argument(format!("unknown option '{}'; known: {}", unknown.join("', '"), known.join(", "))))
    }
}
