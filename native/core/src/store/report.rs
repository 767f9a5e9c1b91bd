//! What a load found.

use serde::Serialize;

use crate::{Error, ErrorKind};

/// A name whose shape in the file is not the model's.
#[derive(Debug, Clone, Serialize)]
pub struct Mismatch {
    pub name: String,
    pub expected: Vec<usize>,
    pub found: Vec<usize>,
}

/// What a load did, or would have to ignore.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LoadReport {
    pub loaded: Vec<String>,
    /// The model has them, the file does not.
    pub missing: Vec<String>,
    /// The file has them, the model does not.
    pub unexpected: Vec<String>,
    pub mismatched: Vec<Mismatch>,
}

impl LoadReport {
    pub(super) fn is_exact(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.mismatched.is_empty()
    }

    pub(super) fn error(&self) -> Error {
        let list = |names: &[String]| {
            let more = if names.len() > 8 { ", ..." } else { "" };
            names.iter().take(8).cloned().collect::<Vec<_>>().join(", ") + more
        };
        let mut parts = Vec::new();
        if !self.missing.is_empty() {
            parts.push(format!("{} missing ({})", self.missing.len(), list(&self.missing)));
        }
        if !self.unexpected.is_empty() {
            parts.push(format!("{} unexpected ({})", self.unexpected.len(), list(&self.unexpected)));
        }
        let wrong = |m: &Mismatch| format!("{}: expected {:?}, found {:?}", m.name, m.expected, m.found);
        if !self.mismatched.is_empty() {
            let shown: Vec<String> = self.mismatched.iter().take(8).map(wrong).collect();
            parts.push(format!("{} of another shape ({})", self.mismatched.len(), shown.join("; ")));
        }
        Error::new(
            ErrorKind::Format,
            format!("the state does not fit the model: {}; nothing was changed", parts.join(", ")),
        )
        .with_detail(serde_json::to_value(self).unwrap_or_default())
    }
}
