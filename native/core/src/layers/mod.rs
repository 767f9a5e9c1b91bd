//! Layers: pure functions of parameters and inputs, held as `Box<dyn Layer>`. PyTorch's names, options, formulas.
//!
//! To add one: write it in the file of its family (a struct, `new` from its options, `impl Layer`) and add a line to
//! that file's `LAYERS`; a product, or what wants single precision under autocast, also stands in a list of `precision.rs`.
//! Nothing else in the core knows a layer by name.

mod context;
mod cost;
mod declare;
mod infer;
mod initialise;

mod activation;
mod attention;
mod conv;
mod conv_transpose;
mod dropout;
mod embedding;
mod embedding_bag;
mod fold;
mod gate;
mod group_norm;
mod linear;
mod noise;
mod norm;
mod ops;
mod pad;
mod pair;
mod pool;
mod pool_adaptive;
mod position;
mod precision;
mod recurrent;
mod resize;
mod rms_norm;
mod sequence;
mod shape;
mod shuffle;
mod single;
mod softmax;
mod transformer;
mod window;

pub use context::{Bound, Context};
pub use declare::{Declaration, Init, Role};
pub use infer::{Dim, Type};
pub use initialise::{Initializer, fans};
pub use precision::Precision;
pub(crate) use precision::compute;
pub use single::{SingleRun, SingleSpec, run_single};

use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

/// A layer. It holds its options only; parameters and buffers live in the model's table and come with the [`Context`].
pub trait Layer: Send + Sync + std::fmt::Debug {
    /// The parameters and buffers it wants, in PyTorch's order and with PyTorch's names and shapes.
    fn declare(&self) -> Vec<Declaration> {
        Vec::new()
    }

    /// What the inputs must be and what comes out. Unknown dimensions and ranks pass where nothing contradicts them.
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>>;

    /// Computes the outputs. Shapes have been inferred on the same inputs before.
    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>>;

    /// What an input holds; embeddings take integers.
    fn input_kind(&self, _index: usize) -> Kind {
        Kind::Float
    }

    /// One more than the largest index an integer input may hold, where the layer looks rows up by it. The host values
    /// are checked against it before a device sees them.
    fn index_bound(&self, _input: usize) -> Option<usize> {
        None
    }

    /// Multiplications followed by an addition in a forward pass, biases and element-wise work aside; `None` where unknown
    /// sizes decide it. An unknown first dimension counts as one sample. By default every weight of at least two dimensions
    /// counts once per position of the output, which is right for linear, convolution and recurrent layers and for the
    /// projections of attention.
    fn multiply_adds(&self, inputs: &[Type], outputs: &[Type]) -> Option<u64> {
        cost::by_weights(&self.declare(), inputs, outputs)
    }

    /// Number of inputs it takes; options may decide it (`initial_state` of a recurrent layer).
    fn input_count(&self) -> usize {
        1
    }

    /// Number of outputs it gives. A graph calls the first by the layer's name, the others `name:1`, `name:2` ...
    fn output_count(&self) -> usize {
        1
    }

    /// The type an input has for certain, whatever the data: shapes can then be checked before any data is there.
    fn natural_input(&self, _index: usize) -> Type {
        Type::unknown(Kind::Float)
    }

    /// The type an input has as a rule; a summary shows shapes by it where nothing else is known yet.
    fn usual_input(&self, index: usize) -> Type {
        self.natural_input(index)
    }
}

/// Makes a layer from its options.
pub(crate) type Make = fn(&Config) -> Result<Box<dyn Layer>>;

/// The layers of each family, by name; a family's file is the only place that names its layers.
const FAMILIES: &[&[(&str, Make)]] = &[
    activation::LAYERS,
    attention::LAYERS,
    conv::LAYERS,
    conv_transpose::LAYERS,
    dropout::LAYERS,
    embedding::LAYERS,
    embedding_bag::LAYERS,
    gate::LAYERS,
    group_norm::LAYERS,
    fold::LAYERS,
    linear::LAYERS,
    noise::LAYERS,
    norm::LAYERS,
    pair::LAYERS,
    pool::LAYERS,
    position::LAYERS,
    recurrent::LAYERS,
    shape::LAYERS,
    transformer::LAYERS,
    rms_norm::LAYERS,
    softmax::LAYERS,
    pad::LAYERS,
    pool_adaptive::LAYERS,
    resize::LAYERS,
    shuffle::LAYERS,
];

fn known() -> impl Iterator<Item = &'static (&'static str, Make)> {
    FAMILIES.iter().chain(ops::LAYERS).flat_map(|family| family.iter())
}

/// Names of all layers.
pub fn names() -> Vec<&'static str> {
    known().map(|(name, _)| *name).collect()
}

/// Makes the layer of a name from its options; unknown names and unknown options are errors.
pub fn create(name: &str, config: &Config) -> Result<Box<dyn Layer>> {
    let Some((_, make)) = known().find(|(known, _)| *known == name) else {
        return Err(Error::unsupported(format!("there is no layer '{name}'; known: {}", names().join(", "))));
    };
    let layer = make(config)?;
    config.finish()?;
    Ok(layer)
}
