//! What the opcodes of a pickle do.

use super::stack::{Machine, pairs};
use super::{Id, Object, damaged};
use crate::store::source::Cursor;
use crate::{Error, ErrorKind, Result};

/// More objects than the checkpoint of any model; a state_dict takes about forty per tensor.
const MAX_OBJECTS: usize = 1 << 24;

impl Machine {
    /// Reads up to the end of the pickle and gives what is on top of the stack then.
    pub fn run(&mut self, c: &mut Cursor<'_, '_>) -> Result<Id> {
        loop {
            let at = c.position();
            let opcode = c.byte()?;
            if opcode == b'.' {
                return self.pop();
            }
            self.step(opcode, c).map_err(|e| match e.kind {
                ErrorKind::Format => {
                    Error::new(e.kind, format!("pickle opcode {opcode:#04x} at byte {at}: {}", e.message))
                }
                _ => e,
            })?;
            if self.objects.len() > MAX_OBJECTS {
                return Err(damaged(&format!("more than {MAX_OBJECTS} objects")));
            }
        }
    }

    fn step(&mut self, opcode: u8, c: &mut Cursor<'_, '_>) -> Result<()> {
        match opcode {
            0x80 => drop(c.byte()?),       // PROTO
            0x95 => drop(c.array::<8>()?), // FRAME: blocks of an unpickler's buffer, of no meaning
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.pop_mark()?),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
            }
            b'N' => self.push(Object::None),
            0x88 | 0x89 => self.push(Object::Bool(opcode == 0x88)),
            b'K' => {
                let value = c.byte()?;
                self.push(Object::Int(value.into()));
            }
            b'M' => {
                let value = u16::from_le_bytes(c.array()?);
                self.push(Object::Int(value.into()));
            }
            b'J' => {
                let value = i32::from_le_bytes(c.array()?);
                self.push(Object::Int(value.into()));
            }
            b'I' => match c.line()?.as_slice() {
                b"00" => self.push(Object::Bool(false)),
                b"01" => self.push(Object::Bool(true)),
                digits => self.push(Object::Int(number(digits)?)),
            },
            b'L' => {
                let line = c.line()?;
                self.push(Object::Int(number(line.strip_suffix(b"L").unwrap_or(&line))?));
            }
            0x8a => {
                let len = c.byte()?.into();
                self.long(c.take(len)?);
            }
            0x8b => {
                let len = u32::from_le_bytes(c.array()?);
                self.long(c.take(len.into())?);
            }
            b'F' => {
                let value = number(&c.line()?)?;
                self.push(Object::Float(value));
            }
            b'G' => {
                let value = f64::from_be_bytes(c.array()?);
                self.push(Object::Float(value));
            }
            b'X' | b'T' | b'B' => {
                let len = u32::from_le_bytes(c.array()?);
                self.string(opcode == b'B', c.take(len.into())?);
            }
            0x8c | b'U' | b'C' => {
                let len = c.byte()?.into();
                self.string(opcode == b'C', c.take(len)?);
            }
            0x8d | 0x8e | 0x96 => {
                let len = u64::from_le_bytes(c.array()?);
                self.string(opcode != 0x8d, c.take(len)?);
            }
            b'V' | b'S' => {
                let line = c.line()?;
                let quoted = |q: u8| line.len() >= 2 && line[0] == q && line[line.len() - 1] == q;
                let whole = opcode == b'V' || !(quoted(b'\'') || quoted(b'"'));
                let bytes = if whole { line } else { line[1..line.len() - 1].to_vec() };
                self.string(false, bytes);
            }
            b']' => self.push(Object::List(Vec::new())),
            b'l' => {
                let items = self.pop_mark()?;
                self.push(Object::List(items));
            }
            b')' => self.push(Object::Tuple(Vec::new())),
            b't' => {
                let items = self.pop_mark()?;
                self.push(Object::Tuple(items));
            }
            0x85..=0x87 => {
                let items = self.pop_many(usize::from(opcode - 0x84))?;
                self.push(Object::Tuple(items));
            }
            b'}' => self.push(Object::Dict { items: Vec::new(), state: None }),
            b'd' => {
                let items = pairs(&self.pop_mark()?)?;
                self.push(Object::Dict { items, state: None });
            }
            b's' => {
                let items = pairs(&self.pop_many(2)?)?;
                self.set_items(items)?;
            }
            b'u' => {
                let items = pairs(&self.pop_mark()?)?;
                self.set_items(items)?;
            }
            b'a' => {
                let items = self.pop_many(1)?;
                self.append(items)?;
            }
            b'e' => {
                let items = self.pop_mark()?;
                self.append(items)?;
            }
            0x8f => self.push(Object::Opaque), // EMPTY_SET
            0x90 => drop(self.pop_mark()?),    // ADDITEMS, to a set
            0x91 => {
                self.pop_mark()?; // FROZENSET
                self.push(Object::Opaque);
            }
            b'p' | b'q' | b'r' | 0x94 => {
                let index = match opcode {
                    b'p' => number(&c.line()?)?,
                    b'q' => c.byte()?.into(),
                    b'r' => u32::from_le_bytes(c.array()?).into(),
                    _ => self.memo.len() as u64,
                };
                let top = self.top()?;
                self.memo.insert(index, top);
            }
            b'g' | b'h' | b'j' => {
                let index = match opcode {
                    b'g' => number(&c.line()?)?,
                    b'h' => c.byte()?.into(),
                    _ => u32::from_le_bytes(c.array()?).into(),
                };
                let id = *self.memo.get(&index).ok_or_else(|| damaged("an object is used before it is there"))?;
                self.stack.push(id);
            }
            b'c' => {
                let (module, name) = (c.line()?, c.line()?);
                self.push(global(&module, &name));
            }
            0x93 => {
                let parts = self.pop_many(2)?;
                let [Object::Text(module), Object::Text(name)] = [&self.objects[parts[0]], &self.objects[parts[1]]]
                else {
                    return Err(damaged("a class without a name"));
                };
                let global = global(module.as_bytes(), name.as_bytes());
                self.push(global);
            }
            b'P' => {
                let line = c.line()?;
                self.string(false, line);
                let id = self.pop()?;
                self.push(Object::Persistent(id));
            }
            b'Q' => {
                let id = self.pop()?;
                self.push(Object::Persistent(id));
            }
            b'R' | 0x81 => {
                let parts = self.pop_many(2)?;
                self.call(parts[0], parts[1]);
            }
            0x92 => {
                let parts = self.pop_many(3)?; // NEWOBJ_EX: class, arguments, named arguments
                self.call(parts[0], parts[1]);
            }
            b'o' => {
                let mut items = self.pop_mark()?;
                if items.is_empty() {
                    return Err(damaged("an object without a class"));
                }
                let callee = items.remove(0);
                let args = self.add(Object::Tuple(items));
                self.call(callee, args);
            }
            b'i' => {
                let (module, name) = (c.line()?, c.line()?);
                let items = self.pop_mark()?;
                let callee = self.add(global(&module, &name));
                let args = self.add(Object::Tuple(items));
                self.call(callee, args);
            }
            b'b' => {
                let new = self.pop()?;
                let top = self.top()?;
                if let Object::Dict { state, .. } | Object::Call { state, .. } = &mut self.objects[top] {
                    *state = Some(new);
                }
            }
            0x82..=0x84 => {
                c.take([1, 2, 4][usize::from(opcode - 0x82)])?; // EXT: a class by a number that only the writer knows
                self.push(Object::Opaque);
            }
            _ => return Err(damaged("not an opcode of pickle")),
        }
        Ok(())
    }
}

fn number<T: std::str::FromStr>(digits: &[u8]) -> Result<T> {
    let text = std::str::from_utf8(digits).ok();
    text.and_then(|t| t.trim().parse().ok()).ok_or_else(|| damaged("a number cannot be read"))
}

fn global(module: &[u8], name: &[u8]) -> Object {
    Object::Global(format!("{}.{}", String::from_utf8_lossy(module), String::from_utf8_lossy(name)))
}
