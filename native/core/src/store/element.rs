//! Element types of files, and their conversion to and from those of host arrays.

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

use crate::{Error, ErrorKind, HostData, Result};

/// The element type of a stored tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredType {
    F64,
    F32,
    F16,
    BF16,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,
    /// A type that this library lists but does not read: its name in the file and the bits of an element.
    Other(&'static str, usize),
}

impl StoredType {
    /// The name in a safetensors header.
    pub fn name(self) -> &'static str {
        match self {
            Self::F64 => "F64",
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::BF16 => "BF16",
            Self::I64 => "I64",
            Self::I32 => "I32",
            Self::I16 => "I16",
            Self::I8 => "I8",
            Self::U8 => "U8",
            Self::Bool => "BOOL",
            Self::Other(name, _) => name,
        }
    }

    /// Bits of an element.
    pub fn bits(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 64,
            Self::F32 | Self::I32 => 32,
            Self::F16 | Self::BF16 | Self::I16 => 16,
            Self::I8 | Self::U8 | Self::Bool => 8,
            Self::Other(_, bits) => bits,
        }
    }

    /// From the name in a safetensors header.
    pub fn parse(name: &str) -> Result<Self> {
        const READ: [StoredType; 10] = [
            StoredType::F64,
            StoredType::F32,
            StoredType::F16,
            StoredType::BF16,
            StoredType::I64,
            StoredType::I32,
            StoredType::I16,
            StoredType::I8,
            StoredType::U8,
            StoredType::Bool,
        ];
        const OTHER: [(&str, usize); 14] = [
            ("F4", 4),
            ("F6_E2M3", 6),
            ("F6_E3M2", 6),
            ("F8_E4M3", 8),
            ("F8_E5M2", 8),
            ("F8_E8M0", 8),
            ("F8_E4M3FNUZ", 8),
            ("F8_E5M2FNUZ", 8),
            ("U16", 16),
            ("U32", 32),
            ("U64", 64),
            ("C32", 32),
            ("C64", 64),
            ("C128", 128),
        ];
        let other = || OTHER.iter().find(|(known, _)| *known == name).map(|&(name, bits)| Self::Other(name, bits));
        READ.into_iter()
            .find(|known| known.name() == name)
            .or_else(other)
            .ok_or_else(|| Error::new(ErrorKind::Format, format!("unknown element type '{name}'")))
    }

    pub fn is_float(self) -> bool {
        matches!(self, Self::F64 | Self::F32 | Self::F16 | Self::BF16)
    }

    /// An empty host array of the type that holds all values of this one: half precision becomes f32, narrow integers i32,
    /// bools u8.
    pub(crate) fn host(self) -> Result<HostData> {
        Ok(match self {
            Self::F64 => HostData::F64(Vec::new()),
            Self::F32 | Self::F16 | Self::BF16 => HostData::F32(Vec::new()),
            Self::I64 => HostData::I64(Vec::new()),
            Self::I32 | Self::I16 | Self::I8 => HostData::I32(Vec::new()),
            Self::U8 | Self::Bool => HostData::U8(Vec::new()),
            Self::Other(name, _) => return Err(Error::unsupported(format!("element type {name} is not read"))),
        })
    }
}

/// Appends stored elements to a host array. `bytes` holds whole elements; `big` says that they are big endian.
/// Floats become f32 or f64, integers integers of at least their width; other pairs are refused.
pub(crate) fn decode(dtype: StoredType, big: bool, bytes: &[u8], out: &mut HostData) -> Result<()> {
    use StoredType as T;
    match (out, dtype) {
        (HostData::F32(out), T::F32) => extend(out, bytes, big, f32::from_le_bytes),
        (HostData::F32(out), T::F64) => extend(out, bytes, big, |b| f64::from_le_bytes(b) as f32),
        (HostData::F32(out), T::F16) => {
            let halves: Vec<f16> = collect(bytes, big, f16::from_le_bytes);
            halves.convert_to_f32_slice(more(out, halves.len()));
        }
        (HostData::F32(out), T::BF16) => extend(out, bytes, big, |b| bf16::from_le_bytes(b).to_f32()),
        (HostData::F64(out), T::F64) => extend(out, bytes, big, f64::from_le_bytes),
        (HostData::F64(out), T::F32) => extend(out, bytes, big, |b| f64::from(f32::from_le_bytes(b))),
        (HostData::F64(out), T::F16) => extend(out, bytes, big, |b| f16::from_le_bytes(b).to_f64()),
        (HostData::F64(out), T::BF16) => extend(out, bytes, big, |b| bf16::from_le_bytes(b).to_f64()),
        (HostData::I64(out), T::I64) => extend(out, bytes, big, i64::from_le_bytes),
        (HostData::I64(out), T::I32) => extend(out, bytes, big, |b| i64::from(i32::from_le_bytes(b))),
        (HostData::I64(out), T::I16) => extend(out, bytes, big, |b| i64::from(i16::from_le_bytes(b))),
        (HostData::I32(out), T::I32) => extend(out, bytes, big, i32::from_le_bytes),
        (HostData::I32(out), T::I16) => extend(out, bytes, big, |b| i32::from(i16::from_le_bytes(b))),
        (HostData::I32(out), T::I8) => extend(out, bytes, big, |b: [u8; 1]| i32::from(i8::from_le_bytes(b))),
        (HostData::U8(out), T::U8 | T::Bool) => out.extend_from_slice(bytes),
        (HostData::F32(_) | HostData::F64(_), other) => {
            return Err(Error::dtype("stored tensor", "F16, BF16, F32 or F64", other.name()));
        }
        (_, other) => return Err(Error::dtype("stored tensor", "integers", other.name())),
    }
    Ok(())
}

fn collect<const N: usize, T>(bytes: &[u8], big: bool, read: impl Fn([u8; N]) -> T) -> Vec<T> {
    let mut out = Vec::with_capacity(bytes.len() / N);
    extend(&mut out, bytes, big, read);
    out
}

fn extend<const N: usize, T>(out: &mut Vec<T>, bytes: &[u8], big: bool, read: impl Fn([u8; N]) -> T) {
    let (elements, _) = bytes.as_chunks::<N>();
    if big {
        let turned = |b: &[u8; N]| {
            let mut b = *b;
            b.reverse();
            read(b)
        };
        out.extend(elements.iter().map(turned));
    } else {
        out.extend(elements.iter().map(|b| read(*b)));
    }
}

/// `n` more elements at the end.
fn more(out: &mut Vec<f32>, n: usize) -> &mut [f32] {
    let start = out.len();
    out.resize(start + n, 0.0);
    &mut out[start..]
}

/// Floats as the little-endian bytes of `dtype`. A finite value that half precision cannot hold is an error.
pub(crate) fn encode(values: &HostData, dtype: StoredType) -> Result<Vec<u8>> {
    use StoredType as T;
    Ok(match (values, dtype) {
        (HostData::F32(v), T::F32) => flat(v, |x| x.to_le_bytes()),
        (HostData::F32(v), T::F64) => flat(v, |x| f64::from(x).to_le_bytes()),
        (HostData::F32(v), T::F16) => {
            let mut halves = vec![f16::ZERO; v.len()];
            halves.convert_from_f32_slice(v);
            check_range(&halves, |i| f64::from(v[i]))?;
            flat(&halves, f16::to_le_bytes)
        }
        (HostData::F32(v), T::BF16) => flat(v, |x| bf16::from_f32(x).to_le_bytes()),
        (HostData::F64(v), T::F64) => flat(v, |x| x.to_le_bytes()),
        (HostData::F64(v), T::F32) => flat(v, |x| (x as f32).to_le_bytes()),
        (HostData::F64(v), T::F16) => {
            let halves: Vec<f16> = v.iter().map(|&x| f16::from_f64(x)).collect();
            check_range(&halves, |i| v[i])?;
            flat(&halves, f16::to_le_bytes)
        }
        (HostData::F64(v), T::BF16) => flat(v, |x| bf16::from_f64(x).to_le_bytes()),
        (_, other) => return Err(Error::dtype("parameters to store", "F16, BF16, F32 or F64", other.name())),
    })
}

fn flat<T: Copy, const N: usize>(values: &[T], bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    let mut out = vec![0; values.len() * N];
    for (place, &value) in out.as_chunks_mut::<N>().0.iter_mut().zip(values) {
        *place = bytes(value);
    }
    out
}

fn check_range(halves: &[f16], value: impl Fn(usize) -> f64) -> Result<()> {
    match halves.iter().enumerate().position(|(i, h)| h.is_infinite() && value(i).is_finite()) {
        None => Ok(()),
        Some(i) => Err(Error::new(
            ErrorKind::Numerical,
            format!("element {i} is {}, float16 ends at 65504: store as bfloat16 or float32", value(i)),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{StoredType, decode, encode};
    use crate::{ErrorKind, HostData};

    /// Bit patterns from IEEE 754 and the definition of bfloat16.
    #[test]
    fn half_precision_has_the_bits_of_its_formats() {
        let values = HostData::F32(vec![1.0, -2.0, 65504.0, 5.960_464_5e-8, 0.1, f32::INFINITY, 1.000_488_3]);
        let f16 = encode(&values, StoredType::F16).unwrap();
        let bits: Vec<u16> = f16.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).collect();
        assert_eq!(bits, [0x3C00, 0xC000, 0x7BFF, 0x0001, 0x2E66, 0x7C00, 0x3C00]); // a tie goes to the even neighbour
        let bf16 = encode(&values, StoredType::BF16).unwrap();
        let bits: Vec<u16> = bf16.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).collect();
        assert_eq!(bits[..5], [0x3F80, 0xC000, 0x4780, 0x3380, 0x3DCD]);
        let mut back = HostData::F32(Vec::new());
        decode(StoredType::F16, false, &f16, &mut back).unwrap();
        let HostData::F32(back) = back else { panic!() };
        assert_eq!(back[..4], [1.0, -2.0, 65504.0, 5.960_464_5e-8]);
        assert_eq!(back[4], 0.099_975_586);
    }

    #[test]
    fn big_endian_is_turned() {
        for (dtype, bytes, expected) in [
            (StoredType::F32, vec![0x3F, 0x80, 0, 0], HostData::F32(vec![1.0])),
            (StoredType::F64, vec![0xBF, 0xF0, 0, 0, 0, 0, 0, 0], HostData::F64(vec![-1.0])),
            (StoredType::F16, vec![0x3C, 0x00], HostData::F32(vec![1.0])),
            (StoredType::I16, vec![0xFF, 0xFE], HostData::I32(vec![-2])),
            (StoredType::I64, vec![0, 0, 0, 0, 0, 0, 1, 0], HostData::I64(vec![256])),
        ] {
            let mut out = dtype.host().unwrap();
            decode(dtype, true, &bytes, &mut out).unwrap();
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        for values in [HostData::F32(vec![1.0, 1e5]), HostData::F64(vec![1.0, -1e5])] {
            let error = encode(&values, StoredType::F16).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Numerical);
            assert!(error.message.contains("element 1"), "{error}");
        }
        assert_eq!(encode(&HostData::F32(vec![1.0]), StoredType::I8).unwrap_err().kind, ErrorKind::DType);
        let mut out = HostData::F32(Vec::new());
        assert_eq!(decode(StoredType::I64, false, &[0; 8], &mut out).unwrap_err().kind, ErrorKind::DType);
        assert_eq!(StoredType::parse("F8_E4M3").unwrap().host().unwrap_err().kind, ErrorKind::Unsupported);
        assert_eq!(StoredType::parse("F9").unwrap_err().kind, ErrorKind::Format);
    }
}
