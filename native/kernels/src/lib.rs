//! Fast CPU arithmetic on plain slices for ExBurn.Interop. Knows no Burn and no tensors.
//!
//! Rules of this crate, which every kernel follows:
//! - Data are contiguous row-major slices of `f32` or `f64` ([`Element`]); a shape struct says how to read them.
//! - A wrong shape or slice length is a [`KernelError`]. Nothing panics on bad input.
//! - **Deterministic**: the work is cut into pieces that depend on the shape only, never on the number of threads, and
//!   partial sums are added in a fixed order. The same input gives the same bits on the same processor, whatever the
//!   schedule and however many threads.
//! - Work is spread over the current rayon pool. Scratch memory belongs to the thread and is reused.
//! - `*_to_vec` functions allocate the result without filling it first; the others write into the caller's slice.
//!
//! To add a kernel: one module (a folder when it needs several files) with a shape struct whose `check` gives a
//! [`KernelError`], functions generic over [`Element`], and tests against a naive double precision loop and against
//! central differences. Vector code goes through `simd`, which picks the instruction set at run time.
//!
//! # Example
//! ```
//! use exburn_kernels::conv2d::{self, Conv2dShape};
//! let shape = Conv2dShape::new([1, 1, 3, 3], [1, 1, 2, 2]);
//! let x: Vec<f32> = (1..=9).map(|v| v as f32).collect();
//! let y = conv2d::forward_to_vec(&shape, &x, &[1.0, 0.0, 0.0, 1.0], Some(&[0.5])).unwrap();
//! assert_eq!(y, [6.5, 8.5, 12.5, 14.5]);
//! ```

pub mod activation;
pub mod axis_map;
pub mod conv2d;
mod curves;
mod element;
mod error;
pub mod max_pool2d;
pub mod optim;
mod output;
mod parallel;
pub mod recurrent;
mod simd;
pub mod special;

pub use element::Element;
pub use error::KernelError;
