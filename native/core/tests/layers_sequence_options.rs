//! Sequence layers: wrong options and shapes, shapes that are partly open, first values of parameters, use in a model.

use exburn_core::device::Device;
use exburn_core::layers::{Init, Type, create};
use exburn_core::model::Model;
use exburn_core::spec::{Config, ModelSpec};
use exburn_core::tensor::Kind;
use exburn_core::{ArrayView, DataView, Error, ErrorKind};
use serde_json::{Value as Json, json};

fn config(options: Json) -> Config {
    Config::from_value(options).unwrap()
}

fn infer(layer: &str, options: Json, inputs: &[Type]) -> Result<Vec<Type>, Error> {
    create(layer, &config(options)).unwrap().infer(inputs)
}

fn float(shape: &[i64]) -> Type {
    Type::from_spec(Some(shape), Kind::Float).unwrap()
}

fn int(shape: &[i64]) -> Type {
    Type::from_spec(Some(shape), Kind::Int).unwrap()
}

#[test]
fn wrong_options() {
    let sizes = |more: Json| {
        let mut options = json!({"input_size": 2, "hidden_size": 3, "embed_dim": 4, "num_heads": 2, "d_model": 4, "nhead": 2,
            "num_embeddings": 4, "embedding_dim": 2, "dim": 4, "max_len": 8, "num_layers": 2});
        options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        options
    };
    for (layer, options, message) in [
        ("LSTM", json!({"input_size": 3}), "option 'hidden_size' is missing"),
        ("LSTM", sizes(json!({"num_layers": 0})), "option 'num_layers': expected at least 1, found 0"),
        ("LSTM", sizes(json!({"dropout": 1.5})), "option 'dropout': expected a probability, 0 to 1, found 1.5"),
        ("LSTM", sizes(json!({"proj_size": 3})), "option 'proj_size': expected less than hidden_size (3), found 3"),
        ("GRU", json!({"input_size": 1, "hidden_size": 1, "proj_size": 1}), "unknown option 'proj_size'"),
        (
            "RNN",
            sizes(json!({"nonlinearity": "gelu"})),
            "option 'nonlinearity': expected one of tanh, relu, found 'gelu'",
        ),
        ("RNNCell", sizes(json!({"hidden_size": -1})), "option 'hidden_size': expected at least 1, found -1"),
        (
            "MultiheadAttention",
            sizes(json!({"num_heads": 3})),
            "option 'num_heads': expected a divisor of embed_dim (4), found 3",
        ),
        (
            "MultiheadAttention",
            sizes(json!({"self_attention": true, "kdim": 2})),
            "option 'self_attention': kdim and vdim",
        ),
        (
            "MultiheadAttention",
            sizes(json!({"masks": ["padding"]})),
            "option 'masks': expected some of key_padding, attention, found 'padding'",
        ),
        (
            "MultiheadAttention",
            sizes(json!({"masks": ["attention", "attention"]})),
            "option 'masks': 'attention' is there twice",
        ),
        ("MultiheadAttention", sizes(json!({"masks": 3})), "option 'masks': expected a list of names, found 3"),
        ("MultiheadAttention", sizes(json!({"attn_mask": [[1.0], [0.0, 2.0]]})), "option 'attn_mask': expected rows"),
        (
            "MultiheadAttention",
            sizes(json!({"attn_mask": [[true]], "masks": ["attention"]})),
            "option 'attn_mask': the mask is an input already",
        ),
        (
            "TransformerEncoderLayer",
            sizes(json!({"nhead": 3})),
            "option 'nhead': expected a divisor of d_model (4), found 3",
        ),
        ("TransformerEncoder", json!({"d_model": 4, "nhead": 2}), "option 'num_layers' is missing"),
        (
            "TransformerDecoderLayer",
            sizes(json!({"activation": "tanh"})),
            "option 'activation': expected one of relu, gelu",
        ),
        (
            "Transformer",
            sizes(json!({"num_decoder_layers": 0})),
            "option 'num_decoder_layers': expected at least 1, found 0",
        ),
        ("PositionalEncoding", sizes(json!({"max_len": 0})), "option 'max_len': expected at least 1, found 0"),
        ("RotaryEmbedding", json!({"dim": 3}), "option 'dim': expected an even number"),
        ("RotaryEmbedding", sizes(json!({"base": 0.0})), "option 'base': expected a number above 0, found 0"),
        ("RotaryEmbedding", sizes(json!({"offset": -1})), "option 'offset': expected at least 0, found -1"),
        ("EmbeddingBag", sizes(json!({"mode": "min"})), "option 'mode': expected one of sum, mean, max, found 'min'"),
        ("EmbeddingBag", sizes(json!({"per_sample_weights": true})), "option 'per_sample_weights': only mode sum"),
        (
            "EmbeddingBag",
            sizes(json!({"include_last_offset": true})),
            "option 'include_last_offset': there are no offsets",
        ),
        (
            "EmbeddingBag",
            sizes(json!({"mode": "max", "scale_grad_by_freq": true})),
            "option 'scale_grad_by_freq': mode max",
        ),
        ("Embedding", sizes(json!({"max_norm": 0.0})), "option 'max_norm': expected a number above 0, found 0"),
    ] {
        let error = create(layer, &config(options.clone())).err().unwrap_or_else(|| panic!("{layer} takes {options}"));
        assert_eq!(error.kind, ErrorKind::InvalidArgument);
        assert!(error.message.starts_with(message), "{layer}: {error}");
    }
}

#[test]
fn wrong_shapes() {
    let lstm = || json!({"input_size": 3, "hidden_size": 4, "initial_state": true});
    let heads = || json!({"embed_dim": 4, "num_heads": 2, "masks": ["key_padding", "attention"]});
    let states = || [float(&[1, 2, 4]), float(&[1, 2, 4])];
    let [h, c] = states();
    let (q, k) = (float(&[5, 2, 4]), float(&[3, 2, 4]));
    let (padding, pairs) = (int(&[2, 3]), int(&[5, 3]));
    let block = || json!({"d_model": 4, "nhead": 2});
    for (layer, options, inputs, message) in [
        ("LSTM", lstm(), vec![float(&[5, 2, 3])], "takes 3 input(s), found 1"),
        (
            "LSTM",
            lstm(),
            vec![float(&[5, 2, 2]), h.clone(), c.clone()],
            "input: expected [L, N, 3] or [L, 3], found [5, 2, 2]",
        ),
        ("LSTM", lstm(), vec![float(&[3]), h.clone(), c.clone()], "input: expected [L, N, 3] or [L, 3], found [3]"),
        (
            "LSTM",
            lstm(),
            vec![float(&[0, 2, 3]), h.clone(), c.clone()],
            "input: expected at least one step, found [0, 2, 3]",
        ),
        (
            "LSTM",
            lstm(),
            vec![float(&[5, 2, 3]), float(&[1, 3, 4]), c.clone()],
            "h_0: expected [1, 2, 4], found [1, 3, 4]",
        ),
        ("LSTM", lstm(), vec![float(&[5, 2, 3]), h.clone(), float(&[2, 4])], "c_0: expected [1, 2, 4], found [2, 4]"),
        ("GRU", json!({"input_size": 3, "hidden_size": 4}), vec![int(&[5, 2, 3])], "input: expected float, found int"),
        (
            "GRUCell",
            json!({"input_size": 3, "hidden_size": 4}),
            vec![float(&[2, 3]), float(&[3, 4])],
            "h: expected [2, 4], found [3, 4]",
        ),
        (
            "GRUCell",
            json!({"input_size": 3, "hidden_size": 4}),
            vec![float(&[1, 2, 3]), float(&[2, 4])],
            "input: expected [N, 3] or [3]",
        ),
        (
            "MultiheadAttention",
            heads(),
            vec![q.clone(), float(&[3, 2, 5]), k.clone(), padding.clone(), pairs.clone()],
            "key: expected [L, N, 4] or [L, 4], found [3, 2, 5]",
        ),
        (
            "MultiheadAttention",
            heads(),
            vec![q.clone(), k.clone(), float(&[4, 2, 4]), padding.clone(), pairs.clone()],
            "steps of value: expected 3, found 4",
        ),
        (
            "MultiheadAttention",
            heads(),
            vec![q.clone(), float(&[3, 1, 4]), float(&[3, 1, 4]), padding.clone(), pairs.clone()],
            "batch of key: expected 2, found 1",
        ),
        (
            "MultiheadAttention",
            heads(),
            vec![q.clone(), k.clone(), k.clone(), int(&[3, 2]), pairs.clone()],
            "key padding mask: expected [2, 3], found [3, 2]",
        ),
        (
            "MultiheadAttention",
            heads(),
            vec![q.clone(), k.clone(), k.clone(), padding.clone(), int(&[3, 5])],
            "attention mask: expected [5, 3] or [4, 5, 3], found [3, 5]",
        ),
        (
            "TransformerEncoderLayer",
            block(),
            vec![float(&[2, 3, 5])],
            "input: expected [L, N, 4] or [L, 4], found [2, 3, 5]",
        ),
        ("TransformerDecoderLayer", block(), vec![q.clone(), float(&[3, 1, 4])], "batch: expected 2, found 1"),
        ("TransformerDecoderLayer", block(), vec![q.clone(), float(&[3, 4])], "inputs: expected all with a batch"),
        (
            "PositionalEncoding",
            json!({"d_model": 4, "max_len": 3}),
            vec![q.clone()],
            "input: expected at most 3 steps (max_len), found [5, 2, 4]",
        ),
        ("RotaryEmbedding", json!({"dim": 6}), vec![q.clone()], "input: expected [.., L, at least 6], found [5, 2, 4]"),
        (
            "RotaryEmbedding",
            json!({"dim": 4, "seq_dim": -1}),
            vec![q.clone()],
            "option 'seq_dim': -1 is the dimension of the features",
        ),
        (
            "EmbeddingBag",
            json!({"num_embeddings": 4, "embedding_dim": 2}),
            vec![int(&[3])],
            "input: expected [bags, length], found [3]",
        ),
    ] {
        let error = infer(layer, options, &inputs).err().unwrap_or_else(|| panic!("{layer} takes {inputs:?}"));
        assert!(error.message.starts_with(message), "{layer}: {error}");
    }
}

/// What is open stays open, what is known is passed on.
#[test]
fn open_shapes() {
    let lstm = |more: Json| {
        let mut options = json!({"input_size": 3, "hidden_size": 4, "bidirectional": true, "num_layers": 2});
        options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        options
    };
    let found = infer("LSTM", lstm(json!({"batch_first": true})), &[float(&[-1, 7, 3])]).unwrap();
    assert_eq!(found, [float(&[-1, 7, 8]), float(&[4, -1, 4]), float(&[4, -1, 4])]);
    let found = infer("LSTM", lstm(json!({"proj_size": 2})), &[float(&[-1, -1, -1])]).unwrap();
    assert_eq!(found, [float(&[-1, -1, 4]), float(&[4, -1, 2]), float(&[4, -1, 4])]);
    assert_eq!(
        infer("GRU", json!({"input_size": 3, "hidden_size": 4}), &[Type::unknown(Kind::Float)]).unwrap()[0],
        Type::ending(4)
    );
    let heads = json!({"embed_dim": 4, "num_heads": 2, "self_attention": true, "need_weights": true, "average_attn_weights": false});
    let found = infer("MultiheadAttention", heads, &[float(&[6, -1, 4])]).unwrap();
    assert_eq!(found, [float(&[6, -1, 4]), float(&[-1, 2, 6, 6])]);
    let bag = json!({"num_embeddings": 4, "embedding_dim": 2, "offsets": true, "include_last_offset": true});
    assert_eq!(infer("EmbeddingBag", bag, &[int(&[-1]), int(&[5])]).unwrap(), [float(&[4, 2])]);
}

/// PyTorch's first values: U(-1/sqrt(hidden), ..) for recurrent layers, Xavier's for attention and whole transformers.
#[test]
fn first_values() {
    let inits = |layer: &str, options: Json| {
        let declared = create(layer, &config(options)).unwrap().declare();
        declared.into_iter().map(|d| (d.name, d.shape, d.init)).collect::<Vec<_>>()
    };
    for (_, _, init) in inits("GRU", json!({"input_size": 3, "hidden_size": 16})) {
        assert_eq!(init, Init::Uniform(0.25));
    }
    let heads = inits("MultiheadAttention", json!({"embed_dim": 4, "num_heads": 2, "add_bias_kv": true}));
    let expected = [
        ("in_proj_weight", vec![12, 4], Init::Uniform(0.375f64.sqrt())),
        ("in_proj_bias", vec![12], Init::Constant(0.0)),
        ("bias_k", vec![1, 1, 4], Init::Normal { std: 0.5, zero_row: None }),
        ("bias_v", vec![1, 1, 4], Init::Normal { std: 0.5, zero_row: None }),
        ("out_proj.weight", vec![4, 4], Init::Uniform(0.5)),
        ("out_proj.bias", vec![4], Init::Constant(0.0)),
    ];
    assert_eq!(heads, expected.map(|(name, shape, init)| (name.to_owned(), shape, init)));
    let whole = inits("Transformer", json!({"d_model": 4, "nhead": 2, "dim_feedforward": 8}));
    assert_eq!(whole.len(), 6 * 12 + 6 * 18 + 4);
    let of = |name: &str| whole.iter().find(|(n, ..)| n == name).unwrap_or_else(|| panic!("no {name}"));
    assert_eq!(of("encoder.layers.5.self_attn.out_proj.weight").2, Init::Uniform(0.75f64.sqrt()));
    assert_eq!(of("decoder.layers.0.linear1.weight").2, Init::Uniform(0.5f64.sqrt()));
    assert_eq!(of("decoder.norm.weight").2, Init::Constant(1.0));
    assert_eq!(inits("Transformer", json!({"num_encoder_layers": 1, "num_decoder_layers": 1}))[0].1, [1536, 512]);
}

/// Offsets that do not rise are an error with their values; indices of the table are checked, offsets are not indices.
#[test]
fn offsets_in_a_model() {
    let spec = |options: Json| {
        ModelSpec::from_json(
            &json!({"version": 1, "dtype": "f32", "inputs": [{"name": "i"}, {"name": "o"}],
                "nodes": [{"name": "bag", "type": "EmbeddingBag", "config": options, "inputs": ["i", "o"]}], "outputs": ["bag"]})
            .to_string(),
        )
        .unwrap()
    };
    let options = json!({"num_embeddings": 3, "embedding_dim": 2, "mode": "sum", "offsets": true});
    let model = Model::build(&spec(options), 1, &Device::cpu()).unwrap();
    let run = |indices: &[i64], offsets: &[i64]| {
        let view = |v| ArrayView::new(vec![<[i64]>::len(v)], DataView::I64(v)).unwrap();
        model.predict(&[view(indices), view(offsets)], 0)
    };
    let found = run(&[0, 1, 2, 2, 1], &[0, 4]).unwrap();
    assert_eq!(found[0].shape, [2, 2]);
    assert!(
        run(&[0, 1], &[0, 2, 1])
            .unwrap_err()
            .message
            .contains("offsets: expected 0 first, then rising up to 2, found [0, 2, 1]")
    );
    assert!(run(&[0, 1], &[1]).unwrap_err().message.contains("layer 'bag' (EmbeddingBag): offsets"));
    assert!(run(&[0, 3], &[0]).unwrap_err().message.contains("index 3"));
}
