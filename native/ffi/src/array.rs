//! Host arrays of the caller's.

use crate::error::{Failure, Result, Status};
use crate::structs::{check_pointer, slice, struct_size};
use exburn_core::{ArrayView, DataView};
use std::ffi::c_void;
use std::fmt::{self, Display};

/// A row-major host array. `dtype`: 0 f32, 1 f64, 2 i32, 3 i64, 4 u8. `byte_len` must be the product of the dimensions times the element's size;
/// `data` is aligned to its elements and null only if there are none; `shape` is null only for rank 0 (a scalar).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ExbArray {
    pub struct_size: u32,
    pub dtype: i32,
    pub data: *const c_void,
    pub byte_len: usize,
    pub shape: *const i64,
    pub rank: usize,
}

/// No array of a network has more dimensions than this; it also bounds what a wrong `rank` can make us read.
const MAX_RANK: usize = 16;
/// More arrays than any model has inputs.
const MAX_COUNT: usize = 4096;

/// The name of an array, or of a part of it, in messages; made into text only when something is wrong.
#[derive(Clone, Copy)]
struct Label<'a> {
    name: &'a str,
    index: Option<usize>,
    part: &'static str,
}

impl Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        if let Some(index) = self.index {
            write!(f, "[{index}]")?;
        }
        f.write_str(self.part)
    }
}

/// Checks one array; it borrows the caller's memory for the call.
///
/// # Safety
/// `ptr` is null or points to a struct whose pointers and lengths are true for the call.
pub(crate) unsafe fn view<'a>(ptr: *const ExbArray, name: &str) -> Result<ArrayView<'a>> {
    // SAFETY: the rule of this function.
    unsafe { labelled(ptr, Label { name, index: None, part: "" }) }
}

unsafe fn labelled<'a>(ptr: *const ExbArray, name: Label<'_>) -> Result<ArrayView<'a>> {
    // SAFETY: the rule of this function; `struct_size` has checked the pointer and that the struct is whole.
    let array = unsafe {
        struct_size(ptr, size_of::<ExbArray>(), name)?;
        ptr.read()
    };
    if array.rank > MAX_RANK {
        return Err(invalid(name, format!("has rank {}, at most {MAX_RANK} is possible", array.rank)));
    }
    // SAFETY: the rule of this function.
    let dims = unsafe { slice(array.shape, array.rank, Label { part: ".shape", ..name })? };
    let mut shape = Vec::with_capacity(dims.len());
    for &dim in dims {
        match usize::try_from(dim) {
            Ok(dim) => shape.push(dim),
            Err(_) => return Err(invalid(name, format!("has a negative dimension in its shape {dims:?}"))),
        }
    }
    // SAFETY: the rule of this function; `elements` checks the pointer against the type.
    let data = unsafe {
        match array.dtype {
            0 => DataView::F32(elements(&array, dims, name)?),
            1 => DataView::F64(elements(&array, dims, name)?),
            2 => DataView::I32(elements(&array, dims, name)?),
            3 => DataView::I64(elements(&array, dims, name)?),
            4 => DataView::U8(elements(&array, dims, name)?),
            other => {
                let text = format!("'{name}' has an unknown dtype code {other}; 0 f32, 1 f64, 2 i32, 3 i64, 4 u8");
                return Err(Failure::argument(Status::DType, name, text));
            }
        }
    };
    Ok(ArrayView::new(shape, data)?)
}

/// Checks an array of structs. Their common `struct_size` is the stride, so that a later ABI may lengthen the struct.
///
/// # Safety
/// As [`view`], for `count` structs.
pub(crate) unsafe fn views<'a>(ptr: *const ExbArray, count: usize, name: &str) -> Result<Vec<ArrayView<'a>>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if count > MAX_COUNT {
        return Err(invalid(name, format!("counts {count} arrays, at most {MAX_COUNT} are possible")));
    }
    // SAFETY: the rule of this function.
    let stride = unsafe { struct_size(ptr, size_of::<ExbArray>(), name)? };
    if !stride.is_multiple_of(align_of::<ExbArray>()) {
        return Err(Failure::argument(
            Status::Abi,
            name,
            format!("'{name}': struct_size {stride} is not a possible stride"),
        ));
    }
    let mut result = Vec::with_capacity(count);
    for i in 0..count {
        let at = ptr.cast::<u8>().wrapping_add(i * stride).cast::<ExbArray>();
        let name = Label { name, index: Some(i), part: "" };
        // SAFETY: the rule of this function; the stride is the size of every element, checked here.
        let view = unsafe {
            if struct_size(at, size_of::<ExbArray>(), name)? != stride {
                return Err(Failure::argument(
                    Status::Abi,
                    name,
                    format!("'{name}': struct_size differs from the first"),
                ));
            }
            labelled(at, name)?
        };
        result.push(view);
    }
    Ok(result)
}

unsafe fn elements<'a, T>(array: &ExbArray, dims: &[i64], name: Label<'_>) -> Result<&'a [T]> {
    let expected = dims
        .iter()
        .try_fold(size_of::<T>(), |bytes, &d| bytes.checked_mul(usize::try_from(d).ok()?))
        .filter(|&bytes| bytes <= isize::MAX as usize);
    let Some(expected) = expected else {
        return Err(invalid(name, format!("has an impossible size: shape {dims:?}")));
    };
    if array.byte_len != expected {
        let text = format!(
            "'{name}' has shape {dims:?}, which takes {} elements ({expected} bytes), but {} bytes were given",
            expected / size_of::<T>(),
            array.byte_len
        );
        let detail = serde_json::json!({
            "expected": format!("{expected} bytes"),
            "found": format!("{} bytes", array.byte_len),
        });
        let failure = Failure::argument(Status::Shape, name, text);
        return Err(Failure { detail: Some(detail.to_string()), ..failure });
    }
    let data = array.data.cast::<T>();
    if expected == 0 {
        return Ok(&[]);
    }
    check_pointer(data, Label { part: ".data", ..name })?;
    // SAFETY: `byte_len` bytes are readable by the rule of `view`, aligned as checked, and the product is right.
    Ok(unsafe { std::slice::from_raw_parts(data, expected / size_of::<T>()) })
}

fn invalid(name: impl Display, text: String) -> Failure {
    Failure::argument(Status::InvalidArgument, &name, format!("'{name}' {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(data: &[f32], shape: &[i64]) -> ExbArray {
        ExbArray {
            struct_size: size_of::<ExbArray>() as u32,
            dtype: 0,
            data: data.as_ptr().cast(),
            byte_len: size_of_val(data),
            shape: shape.as_ptr(),
            rank: shape.len(),
        }
    }

    fn status(array: &ExbArray) -> Status {
        // SAFETY: the arrays of these tests are true, or fail before anything wrong is read.
        unsafe { view(array, "a").unwrap_err().status }
    }

    #[test]
    fn a_right_array_is_read() {
        let (data, shape) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3]);
        // SAFETY: true pointers and lengths.
        let view = unsafe { view(&array(&data, &shape), "a").unwrap() };
        assert_eq!(view.shape, [2, 3]);
        assert!(matches!(view.data, DataView::F32(d) if d == data));
        let scalar = ExbArray { shape: std::ptr::null(), rank: 0, byte_len: 4, ..array(&data, &shape) };
        // SAFETY: as above.
        assert!(unsafe { super::view(&scalar, "a").unwrap() }.shape.is_empty());
        let empty = ExbArray { data: std::ptr::null(), ..array(&[], &[0, 3]) };
        // SAFETY: as above.
        assert_eq!(unsafe { super::view(&empty, "a").unwrap() }.shape, [0, 3]);
    }

    #[test]
    fn wrong_arrays_are_errors() {
        let (data, shape) = ([0.0; 6], [2i64, 3]);
        let good = array(&data, &shape);
        // SAFETY: null is never read.
        assert_eq!(unsafe { view(std::ptr::null(), "a").unwrap_err().status }, Status::NullArgument);
        assert_eq!(status(&ExbArray { struct_size: 8, ..good }), Status::Abi);
        assert_eq!(status(&ExbArray { dtype: 9, ..good }), Status::DType);
        assert_eq!(status(&ExbArray { dtype: 1, ..good }), Status::Shape);
        assert_eq!(status(&ExbArray { byte_len: 20, ..good }), Status::Shape);
        assert_eq!(status(&ExbArray { data: std::ptr::null(), ..good }), Status::NullArgument);
        assert_eq!(status(&ExbArray { shape: std::ptr::null(), ..good }), Status::NullArgument);
        assert_eq!(status(&ExbArray { rank: 17, ..good }), Status::InvalidArgument);
        assert_eq!(status(&ExbArray { data: good.data.wrapping_byte_add(1), ..good }), Status::InvalidArgument);
        assert_eq!(status(&array(&data, &[-2, -3])), Status::InvalidArgument);
        assert_eq!(status(&array(&data, &[i64::MAX, 16])), Status::InvalidArgument);
    }

    #[test]
    fn several_arrays_use_the_size_as_stride() {
        #[repr(C)]
        #[derive(Clone, Copy)]
        struct Longer(ExbArray, u64);
        let (data, shape) = ([0.0; 2], [2i64]);
        let base = ExbArray { struct_size: size_of::<Longer>() as u32, ..array(&data, &shape) };
        let many = [Longer(base, 1), Longer(base, 2)];
        // SAFETY: two true structs with their stride.
        assert_eq!(unsafe { views(many.as_ptr().cast(), 2, "a").unwrap() }.len(), 2);
        let uneven = [base, array(&data, &shape), array(&data, &shape)];
        // SAFETY: the second size is read inside the test's own memory.
        assert_eq!(unsafe { views(uneven.as_ptr(), 2, "a").err().unwrap().status }, Status::Abi);
    }
}
