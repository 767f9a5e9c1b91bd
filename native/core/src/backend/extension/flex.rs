//! Flex tensors as plain slices and back.

use burn::tensor::{Shape, TensorData};
use burn_flex::FlexTensor;

/// A number type that kernels and Flex tensors share.
pub(super) trait Number: exburn_kernels::Element {
    /// The elements of a contiguous tensor of this type.
    fn slice(tensor: &FlexTensor) -> &[Self];

    /// A tensor that owns `values`, without a copy.
    fn tensor(values: Vec<Self>, shape: impl Into<Shape>) -> FlexTensor;
}

macro_rules! number {
    ($t:ty) => {
        impl Number for $t {
            fn slice(tensor: &FlexTensor) -> &[Self] {
                tensor.as_slice::<$t>().expect("a contiguous tensor of this type")
            }

            fn tensor(values: Vec<Self>, shape: impl Into<Shape>) -> FlexTensor {
                FlexTensor::from_data(TensorData::new(values, shape))
            }
        }
    };
}

number!(f32);
number!(f64);
