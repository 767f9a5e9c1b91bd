//! Where in a checkpoint the tensors of a model are.

use std::collections::HashMap;

use super::tensor::{self, Described, wrong};
use crate::store::pickle::{Id, Object, Pickle};
use crate::{Error, Result};

/// Where checkpoints keep a state_dict, in the order of looking.
const USUAL: [&str; 11] = [
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "module",
    "net",
    "network",
    "weights",
    "params",
    "parameters",
    "ema",
];

/// Containers within containers; deeper ones are no model's.
const MAX_DEPTH: usize = 32;

/// The named tensors of a state_dict, in its order.
#[derive(Debug, Default)]
pub(super) struct State {
    pub tensors: Vec<(String, Described)>,
    /// PyTorch's version of each module's state, from the state_dict's `_metadata`.
    pub versions: HashMap<String, i64>,
}

/// The state of a checkpoint: under `key` (dots between nested keys; empty: everything, names joined by dots), else under one of the
/// usual keys, else the checkpoint itself, else the only part of it that holds tensors.
pub(super) fn find(pickle: &Pickle, key: Option<&str>) -> Result<State> {
    let mut finder = Finder { pickle, state: State::default(), steps: 0 };
    match key {
        None => {
            let place = finder.usual(pickle.root, 4)?;
            finder.collect("", place, 0, false)?;
        }
        Some("") => finder.collect("", pickle.root, 0, true)?,
        Some(key) => finder.under(key)?,
    }
    if finder.state.tensors.is_empty() {
        return Err(Error::not_found("the file holds no tensors where a state_dict is looked for"));
    }
    Ok(finder.state)
}

struct Finder<'p> {
    pickle: &'p Pickle,
    state: State,
    /// Containers looked into: one that stands in many places must not be walked without end.
    steps: usize,
}

impl Finder<'_> {
    /// The container that holds a model's tensors.
    fn usual(&self, id: Id, depth: usize) -> Result<Id> {
        let Object::Dict { items, .. } = self.pickle.get(id) else {
            return if self.holds_tensors(id) { Ok(id) } else { Err(wrong("the file holds no state_dict")) };
        };
        let usual = USUAL.iter().filter_map(|key| self.pickle.lookup(id, key));
        for value in usual {
            if self.holds_tensors(value) {
                return Ok(value);
            }
            if depth > 0
                && matches!(self.pickle.get(value), Object::Dict { .. })
                && let Ok(found) = self.usual(value, depth - 1)
            {
                return Ok(found);
            }
        }
        if self.holds_tensors(id) {
            return Ok(id);
        }
        let parts: Vec<(&str, Id)> = items
            .iter()
            .filter(|(_, value)| self.holds_tensors(*value))
            .filter_map(|(key, value)| Some((self.pickle.text(*key)?, *value)))
            .collect();
        match parts[..] {
            [(_, only)] => Ok(only),
            [] => Err(Error::not_found(format!("the file holds no state_dict; its keys are: {}", self.keys(id)))),
            _ => {
                let names: Vec<&str> = parts.iter().map(|(key, _)| *key).collect();
                let names = names.join(", ");
                Err(Error::argument(format!("the file holds several state_dicts ({names}): choose one by its key")))
            }
        }
    }

    /// Whether a container directly holds tensors, or is a whole module.
    fn holds_tensors(&self, id: Id) -> bool {
        match self.pickle.get(id) {
            Object::Dict { items, .. } => {
                items.iter().any(|(key, v)| self.pickle.text(*key).is_some() && tensor::of(self.pickle, *v).is_some())
            }
            Object::Call { .. } => self.attributes(id).is_some(),
            _ => false,
        }
    }

    /// The attributes of a pickled `nn.Module` or of a TorchScript module.
    fn attributes(&self, id: Id) -> Option<Id> {
        let Object::Call { callee, state: Some(state), .. } = self.pickle.get(id) else { return None };
        let Object::Global(class) = self.pickle.get(*callee) else { return None };
        let module = self.pickle.lookup(*state, "_parameters").is_some();
        let script = class.starts_with("__torch__.") && matches!(self.pickle.get(*state), Object::Dict { .. });
        (module || script).then_some(*state)
    }

    fn keys(&self, id: Id) -> String {
        match self.pickle.get(id) {
            Object::Dict { items, .. } => {
                let keys: Vec<&str> = items.iter().take(20).filter_map(|(key, _)| self.pickle.text(*key)).collect();
                keys.join(", ")
            }
            _ => "none".to_owned(),
        }
    }

    /// Walks down the key. What is left of it where the tensors are is a prefix of their names.
    fn under(&mut self, key: &str) -> Result<()> {
        let (mut id, mut rest) = (self.pickle.root, key);
        while !rest.is_empty() {
            // The longest key first: a key may have dots of its own.
            let ends = rest.match_indices('.').map(|(i, _)| i).chain([rest.len()]);
            let mut ends: Vec<usize> = ends.collect();
            ends.reverse();
            let into = |value: &Id| tensor::of(self.pickle, *value).is_none();
            let next = ends.iter().find_map(|&e| Some((self.pickle.lookup(id, &rest[..e]).filter(into)?, e)));
            let Some((value, end)) = next else { break };
            (id, rest) = (value, rest[end..].strip_prefix('.').unwrap_or_default());
        }
        if !rest.is_empty() {
            id = self.usual(id, 4).unwrap_or(id);
        }
        self.collect("", id, 0, false)?;
        if !rest.is_empty() {
            let under = |name: &str| name.strip_prefix(rest).and_then(|n| n.strip_prefix('.')).map(str::to_owned);
            self.state.tensors.retain_mut(|(name, _)| under(name).map(|short| *name = short).is_some());
            let versions = std::mem::take(&mut self.state.versions);
            self.state.versions = versions.into_iter().filter_map(|(m, v)| Some((under(&m)?, v))).collect();
        }
        if self.state.tensors.is_empty() {
            let keys = self.keys(self.pickle.root);
            return Err(Error::not_found(format!(
                "nothing in the file is under the key '{key}'; its keys are: {keys}"
            )));
        }
        Ok(())
    }

    /// Adds the tensors of a container, and those of the modules in it; with `nested` those of dictionaries in it too.
    fn collect(&mut self, prefix: &str, id: Id, depth: usize, nested: bool) -> Result<()> {
        self.steps += 1;
        if depth > MAX_DEPTH || self.steps > 1 << 20 {
            return Err(wrong("containers nested without end"));
        }
        if let Some(attributes) = self.attributes(id) {
            return self.module(prefix, attributes, depth);
        }
        let pickle = self.pickle;
        let Object::Dict { items, state } = pickle.get(id) else { return Ok(()) };
        if let Some(metadata) = state.and_then(|state| pickle.lookup(state, "_metadata")) {
            self.versions(prefix, metadata);
        }
        for &(key, value) in items {
            let key = match pickle.get(key) {
                Object::Text(key) => key.clone(),
                Object::Int(key) if nested => key.to_string(),
                _ => continue,
            };
            self.entry(format!("{prefix}{key}"), value, depth, nested)?;
        }
        Ok(())
    }

    fn entry(&mut self, name: String, value: Id, depth: usize, nested: bool) -> Result<()> {
        match tensor::of(self.pickle, value) {
            Some(described) => {
                let described = described.map_err(|e| e.at(&name))?;
                self.state.tensors.push((name, described));
                Ok(())
            }
            None if nested => self.collect(&format!("{name}."), value, depth + 1, nested),
            None => Ok(()),
        }
    }

    /// Parameters and buffers of a module and of those within it, named as its state_dict would name them.
    fn module(&mut self, prefix: &str, attributes: Id, depth: usize) -> Result<()> {
        let pickle = self.pickle;
        if pickle.lookup(attributes, "_parameters").is_none() {
            return self.script(prefix, attributes, depth); // TorchScript: all attributes side by side
        }
        for part in ["_parameters", "_buffers"] {
            if let Some(part) = pickle.lookup(attributes, part) {
                self.collect(prefix, part, depth + 1, false)?;
            }
        }
        let Some(Object::Dict { items, .. }) = pickle.lookup(attributes, "_modules").map(|id| pickle.get(id)) else {
            return Ok(());
        };
        for &(key, value) in items {
            if let Some(key) = pickle.text(key) {
                self.collect(&format!("{prefix}{key}."), value, depth + 1, false)?;
            }
        }
        Ok(())
    }

    fn script(&mut self, prefix: &str, attributes: Id, depth: usize) -> Result<()> {
        let pickle = self.pickle;
        let Object::Dict { items, .. } = pickle.get(attributes) else { return Ok(()) };
        for &(key, value) in items {
            let Some(key) = pickle.text(key) else { continue };
            if self.attributes(value).is_some() {
                self.collect(&format!("{prefix}{key}."), value, depth + 1, false)?;
            } else {
                self.entry(format!("{prefix}{key}"), value, depth, false)?;
            }
        }
        Ok(())
    }

    fn versions(&mut self, prefix: &str, metadata: Id) {
        let Object::Dict { items, .. } = self.pickle.get(metadata) else { return };
        for &(module, value) in items {
            let version = self.pickle.lookup(value, "version").map(|id| self.pickle.get(id));
            if let (Some(module), Some(Object::Int(version))) = (self.pickle.text(module), version) {
                self.state.versions.insert(format!("{prefix}{module}"), *version);
            }
        }
    }
}
