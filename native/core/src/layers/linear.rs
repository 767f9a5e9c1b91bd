//! Linear: y = x W^T + b.

use super::{Context, Declaration, Init, Layer, Make, Type};
use crate::Result;
use crate::spec::Config;
use crate::tensor::{Kind, Value};

pub(super) const LAYERS: &[(&str, Make)] = &[("Linear", Linear::new)];

/// torch.nn.Linear: [.., in_features] -> [.., out_features].
#[derive(Debug)]
pub struct Linear {
    inputs: usize,
    outputs: usize,
    bias: bool,
}

impl Linear {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        Ok(Box::new(Self {
            inputs: config.size("in_features")?,
            outputs: config.size("out_features")?,
            bias: config.flag("bias", true)?,
        }))
    }
}

impl Layer for Linear {
    fn declare(&self) -> Vec<Declaration> {
        let init = Init::fan_in(self.inputs);
        let mut all = vec![Declaration::parameter("weight", &[self.outputs, self.inputs], init.clone())];
        if self.bias {
            all.push(Declaration::parameter("bias", &[self.outputs], init));
        }
        all
    }

    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        input.expect_last(self.inputs)?;
        Ok(vec![input.with_last(self.outputs)])
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        Ok(vec![inputs[0].clone().linear(&ctx.get("weight")?, ctx.optional("bias")?.as_ref())?])
    }

    fn usual_input(&self, _index: usize) -> Type {
        Type::float(vec![None, Some(self.inputs)])
    }
}
