//! The stack of a pickle, its memo, and the few objects that are more than a value.

use std::collections::HashMap;

use super::{Id, Object, damaged};
use crate::Result;

#[derive(Default)]
pub(super) struct Machine {
    pub objects: Vec<Object>,
    pub stack: Vec<Id>,
    /// Heights of the stack at the open marks.
    pub marks: Vec<usize>,
    pub memo: HashMap<u64, Id>,
}

impl Machine {
    pub fn add(&mut self, object: Object) -> Id {
        self.objects.push(object);
        self.objects.len() - 1
    }

    pub fn push(&mut self, object: Object) {
        let id = self.add(object);
        self.stack.push(id);
    }

    /// Height below which the objects belong to an open mark.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    pub fn top(&self) -> Result<Id> {
        match self.stack.last() {
            Some(&id) if self.stack.len() > self.floor() => Ok(id),
            _ => Err(damaged("the stack is empty")),
        }
    }

    pub fn pop(&mut self) -> Result<Id> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    pub fn pop_many(&mut self, count: usize) -> Result<Vec<Id>> {
        if self.stack.len() < self.floor() + count {
            return Err(damaged("the stack is empty"));
        }
        Ok(self.stack.split_off(self.stack.len() - count))
    }

    pub fn pop_mark(&mut self) -> Result<Vec<Id>> {
        let mark = self.marks.pop().ok_or_else(|| damaged("a mark is missing"))?;
        Ok(self.stack.split_off(mark))
    }

    pub fn long(&mut self, bytes: Vec<u8>) {
        self.push(match bytes.as_slice() {
            [] => Object::Int(0),
            [.., last] if bytes.len() <= 8 => {
                let mut wide = [if last & 0x80 == 0 { 0 } else { 0xFF }; 8];
                wide[..bytes.len()].copy_from_slice(&bytes);
                Object::Int(i64::from_le_bytes(wide))
            }
            _ => Object::Long(bytes),
        });
    }

    pub fn string(&mut self, binary: bool, bytes: Vec<u8>) {
        self.push(if binary { Object::Bytes(bytes) } else { Object::Text(into_text(bytes)) });
    }

    pub fn set_items(&mut self, new: Vec<(Id, Id)>) -> Result<()> {
        let top = self.top()?;
        if let Object::Dict { items, .. } = &mut self.objects[top] {
            items.extend(new);
        }
        Ok(())
    }

    pub fn append(&mut self, new: Vec<Id>) -> Result<()> {
        let top = self.top()?;
        if let Object::List(items) = &mut self.objects[top] {
            items.extend(new);
        }
        Ok(())
    }

    /// A call becomes a record of it. Only dictionaries are made, from nothing or from a list of pairs.
    pub fn call(&mut self, callee: Id, args: Id) {
        let dictionary = matches!(&self.objects[callee], Object::Global(name)
            if matches!(name.as_str(), "collections.OrderedDict" | "builtins.dict" | "__builtin__.dict"));
        self.push(match dictionary.then(|| self.given_pairs(args)).flatten() {
            Some(items) => Object::Dict { items, state: None },
            None => Object::Call { callee, args, state: None },
        });
    }

    fn given_pairs(&self, args: Id) -> Option<Vec<(Id, Id)>> {
        let Object::Tuple(args) = &self.objects[args] else { return None };
        let Some(&list) = args.first() else { return Some(Vec::new()) };
        let Object::List(list) = &self.objects[list] else { return None };
        let pair = |id: &Id| match &self.objects[*id] {
            Object::List(two) | Object::Tuple(two) if two.len() == 2 => Some((two[0], two[1])),
            _ => None,
        };
        list.iter().map(pair).collect()
    }
}

/// Keys and values one after the other.
pub(super) fn pairs(items: &[Id]) -> Result<Vec<(Id, Id)>> {
    let (pairs, rest) = items.as_chunks::<2>();
    if rest.is_empty() {
        Ok(pairs.iter().map(|p| (p[0], p[1])).collect())
    } else {
        Err(damaged("a key without a value"))
    }
}

fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
}
