//! Integers bit by bit.

use burn::backend::Dispatch;
use burn::backend::ops::IntTensorOps;

use super::{Kind, Value};
use crate::{Error, Result};

/// What is done with the bits of two integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bits {
    And,
    Or,
    Xor,
    /// Shifts to higher places, by 0 to 31.
    Left,
    /// Shifts to lower places, by 0 to 31; the sign stays.
    Right,
}

impl Value {
    /// Of two integer values, with broadcasting. A shift outside 0..32 is an error on the CPU.
    pub fn bitwise(self, other: &Self, how: Bits) -> Result<Self> {
        let (a, b) = Self::align("bits", self, other)?;
        a.expect_kind(Kind::Int, "bits")?;
        if matches!(how, Bits::Left | Bits::Right)
            && let Some(all) = b.clone().contiguous().host_slice::<i32>()
            && let Some(bad) = all.iter().find(|n| !(0..32).contains(*n))
        {
            return Err(Error::argument(format!("shift by {bad}: expected 0 to 31")));
        }
        let f = match how {
            Bits::And => Dispatch::bitwise_and,
            Bits::Or => Dispatch::bitwise_or,
            Bits::Xor => Dispatch::bitwise_xor,
            Bits::Left => Dispatch::bitwise_left_shift,
            Bits::Right => Dispatch::bitwise_right_shift,
        };
        Ok(Self::int(f(a.raw, b.raw)))
    }

    /// Every bit of integers turned round: -1 - x.
    pub fn bitwise_not(self) -> Result<Self> {
        self.expect_kind(Kind::Int, "bits")?;
        Ok(Self::int(Dispatch::bitwise_not(self.raw)))
    }
}
