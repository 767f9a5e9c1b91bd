//! Python's pickle format, protocols 0 to 5, read as plain data. Nothing of it is ever executed: a class or function is its name, a
//! call is a record of the name and the arguments. Every opcode adds at most a few objects, objects refer to each other
//! by number, and both their count and every length are bounded by the file, so that no file can exhaust memory or stack.

mod opcodes;
mod stack;

use self::stack::Machine;
use super::source::Cursor;
use crate::{Error, ErrorKind, Result};

/// Number of an object in its [`Pickle`].
pub(crate) type Id = usize;

/// One object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Object {
    None,
    Bool(bool),
    Int(i64),
    /// An integer of more than 64 bits: two's complement, little endian.
    Long(Vec<u8>),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    /// Also a `collections.OrderedDict`. `state` are its attributes.
    Dict {
        items: Vec<(Id, Id)>,
        state: Option<Id>,
    },
    /// A class or function: module, dot, name.
    Global(String),
    /// What the surrounding format keeps elsewhere.
    Persistent(Id),
    /// What a call of `callee` would give.
    Call {
        callee: Id,
        args: Id,
        state: Option<Id>,
    },
    /// A set, an extension: nothing that a state_dict needs.
    Opaque,
}

/// The objects of one pickle.
#[derive(Debug)]
pub(crate) struct Pickle {
    pub objects: Vec<Object>,
    pub root: Id,
}

impl Pickle {
    /// Reads one pickle; the cursor then stands behind it.
    pub fn read(cursor: &mut Cursor<'_, '_>) -> Result<Self> {
        let mut machine = Machine::default();
        let root = machine.run(cursor)?;
        Ok(Self { objects: machine.objects, root })
    }

    pub fn get(&self, id: Id) -> &Object {
        &self.objects[id]
    }

    pub fn text(&self, id: Id) -> Option<&str> {
        match self.get(id) {
            Object::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A list, a tuple, or a call whose only argument is one (`torch.Size`).
    pub fn sequence(&self, id: Id) -> Option<&[Id]> {
        match self.get(id) {
            Object::List(items) | Object::Tuple(items) => Some(items),
            Object::Call { args, .. } => match self.get(*args) {
                Object::Tuple(args) if args.len() == 1 => match self.get(args[0]) {
                    Object::List(items) | Object::Tuple(items) => Some(items),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// The value of a text key.
    pub fn lookup(&self, dict: Id, key: &str) -> Option<Id> {
        match self.get(dict) {
            Object::Dict { items, .. } => {
                items.iter().rev().find(|(k, _)| self.text(*k) == Some(key)).map(|(_, value)| *value)
            }
            _ => None,
        }
    }
}

fn damaged(what: &str) -> Error {
    Error::new(ErrorKind::Format, format!("the pickle is damaged: {what}"))
}
