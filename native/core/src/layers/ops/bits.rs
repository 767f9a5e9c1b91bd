//! Integers bit by bit, with broadcasting.

use super::{broadcast, op};
use crate::Result;
use crate::layers::{Layer, Make, Type};
use crate::tensor::{Bits, Kind, Value};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("BitwiseAnd", |_| binary("BitwiseAnd", Bits::And)),
    ("BitwiseOr", |_| binary("BitwiseOr", Bits::Or)),
    ("BitwiseXor", |_| binary("BitwiseXor", Bits::Xor)),
    ("LeftShift", |_| binary("LeftShift", Bits::Left)),
    ("RightShift", |_| binary("RightShift", Bits::Right)),
    ("BitwiseNot", |_| op("BitwiseNot", &[Kind::Int], |x| integers(&x[0]).cloned(), |x| x[0].clone().bitwise_not())),
];

fn integers(input: &Type) -> Result<&Type> {
    input.expect_kind(Kind::Int)?;
    Ok(input)
}

fn binary(name: &'static str, how: Bits) -> Result<Box<dyn Layer>> {
    let infer = |x: &[Type]| broadcast(integers(&x[0])?, integers(&x[1])?);
    op(name, &[Kind::Int, Kind::Int], infer, move |x: &[Value]| x[0].clone().bitwise(&x[1], how))
}
