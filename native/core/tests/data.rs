//! Datasets in parts, and epochs over a source of batches.

use std::sync::atomic::AtomicBool;

use exburn_core::data::{Dataset, Grouping, Role, Sampler, SplitMode};
use exburn_core::device::Device;
use exburn_core::model::Model;
use exburn_core::spec::{CompileSpec, ModelSpec};
use exburn_core::train::{BatchSource, SourceBatch, TrainOptions, evaluate_stream, train_epoch, train_stream};
use exburn_core::{ArrayView, DataView, ErrorKind, HostData, Result};
use serde_json::json;

fn view<'a>(shape: &[usize], data: DataView<'a>) -> ArrayView<'a> {
    ArrayView::new(shape.to_vec(), data).unwrap()
}

/// Row i is [i, 10 i] and has class i % 3.
fn numbered(rows: usize) -> Dataset {
    let x: Vec<f32> = (0..rows).flat_map(|i| [i as f32, 10.0 * i as f32]).collect();
    let y: Vec<i32> = (0..rows).map(|i| (i % 3) as i32).collect();
    let mut data = Dataset::new();
    data.add_input(view(&[rows, 2], DataView::F32(&x))).unwrap();
    data.add_target(view(&[rows], DataView::I32(&y))).unwrap();
    data
}

fn rows_of(data: &Dataset) -> Vec<usize> {
    match data.rows(Role::Input, 0, 0, data.len()).unwrap().data {
        HostData::F32(v) => v.chunks(2).map(|row| row[0] as usize).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn parts_hold_every_row_once() {
    let data = numbered(30);
    for mode in [SplitMode::InOrder, SplitMode::Random, SplitMode::Stratified { target: 0 }] {
        let parts = data.split(&[15, 9, 6], mode, 4).unwrap();
        let mut all: Vec<usize> = parts.iter().flat_map(rows_of).collect();
        assert_eq!(parts.iter().map(Dataset::len).collect::<Vec<_>>(), [15, 9, 6]);
        if mode == SplitMode::InOrder {
            assert_eq!(all, (0..30).collect::<Vec<_>>());
        }
        if matches!(mode, SplitMode::Stratified { .. }) {
            let counts: Vec<_> = parts.iter().map(|p| p.class_counts(0, 3).unwrap()).collect();
            assert_eq!(counts, [[5, 5, 5], [3, 3, 3], [2, 2, 2]]);
        }
        all.sort_unstable();
        assert_eq!(all, (0..30).collect::<Vec<_>>());
    }
    assert_eq!(data.split(&[15, 9], SplitMode::Random, 4).unwrap_err().kind, ErrorKind::InvalidArgument);
    assert!(data.split(&[u64::MAX, 31], SplitMode::Random, 4).is_err());
    assert_eq!(data.split(&[30], SplitMode::Stratified { target: 1 }, 4).unwrap_err().kind, ErrorKind::NotFound);
}

#[test]
fn ranges_and_positions_are_checked() {
    let data = numbered(5);
    assert!(data.slice(3, 3).is_err() && data.slice(usize::MAX, 2).is_err());
    assert_eq!(rows_of(&data.slice(5, 0).unwrap()), Vec::<usize>::new());
    assert!(data.select(&[5]).is_err());
    assert!(data.rows(Role::Input, 0, 4, 2).is_err());
    assert_eq!(data.rows(Role::Weight, 0, 0, 1).unwrap_err().kind, ErrorKind::NotFound);
    assert!(Dataset::concat(&[]).is_err());
    assert!(Dataset::new().statistics(Role::Input, 0, Grouping::All).is_err());
}

/// Of 8000 draws each row has its share, five standard deviations wide; the order follows from seed and epoch.
#[test]
fn weighted_draws() {
    let weights = vec![1.0, 0.0, 3.0, 4.0];
    let sampler = Sampler::Weighted { weights: weights.clone(), samples: 8000, replacement: true };
    let order = sampler.order(4, 1, 2).unwrap();
    assert_eq!(order, sampler.order(4, 1, 2).unwrap());
    assert_ne!(order, sampler.order(4, 1, 3).unwrap());
    for (row, weight) in weights.iter().enumerate() {
        let p = weight / 8.0;
        let found = order.iter().filter(|&&r| r as usize == row).count() as f64;
        assert!((found - 8000.0 * p).abs() <= 5.0 * (8000.0 * p * (1.0 - p)).sqrt(), "row {row}: {found}");
    }
    // Weights near the largest double do not overflow.
    let huge = Sampler::Weighted { weights: vec![1e308, 1e308, 1e308], samples: 300, replacement: true };
    assert!((0..3).all(|r| huge.order(3, 0, 0).unwrap().contains(&r)));
}

struct Parts<'a>(&'a Dataset, usize, usize);

impl BatchSource for Parts<'_> {
    fn next(&mut self, _step: u64) -> Result<Option<SourceBatch<'_>>> {
        let (data, size) = (self.0, self.1);
        let count = size.min(data.len() - self.2);
        if count == 0 {
            return Ok(None);
        }
        let leak = |role| Box::leak(Box::new(data.rows(role, 0, self.2, count).unwrap())).view();
        let (inputs, targets) = (vec![leak(Role::Input)], vec![leak(Role::Target)]);
        self.2 += count;
        Ok(Some(SourceBatch { inputs, targets, weights: None }))
    }

    fn pace(&mut self, _step: u64, rates: &mut [f64], _momenta: &mut [f64]) -> Result<()> {
        rates.fill(0.05);
        Ok(())
    }
}

fn model() -> Model {
    let layers = [("Linear", json!({"in_features": 2, "out_features": 3}))];
    let mut model = Model::build(&ModelSpec::sequential("f64", &layers).unwrap(), 1, &Device::cpu()).unwrap();
    let compile = r#"{"version":1,"loss":{"type":"CrossEntropy"},"metrics":[{"type":"Accuracy"}],
        "optimizer":{"type":"SGD","config":{"lr":0.1,"momentum":0.9}}}"#;
    model.compile(&CompileSpec::from_json(compile).unwrap()).unwrap();
    model
}

/// A stream of the dataset's batches is the epoch: with one batch per step to the last bit.
#[test]
fn a_stream_is_an_epoch() {
    let data = numbered(23);
    let never = AtomicBool::new(false);
    for (accumulate, max_steps) in [(1, None), (2, None), (1, Some(2))] {
        let options = TrainOptions { batch_size: 5, shuffle: false, accumulate, max_steps, ..TrainOptions::default() };
        let (mut a, mut b) = (model(), model());
        let epoch = train_epoch(&mut a, &data, &options, &[0.05], &never, None).unwrap();
        let stream = train_stream(&mut b, &mut Parts(&data, 5, 0), &options, 1, &never, None).unwrap();
        assert_eq!((epoch.samples, epoch.batches, epoch.steps), (stream.samples, stream.batches, stream.steps));
        assert_eq!(epoch.metrics, stream.metrics);
        if accumulate == 1 {
            assert_eq!(a.export_state().unwrap(), b.export_state().unwrap());
            assert_eq!(epoch.loss.to_bits(), stream.loss.to_bits());
        } else {
            assert!((epoch.loss - stream.loss).abs() <= 1e-12 * epoch.loss.abs());
        }
    }
    let found = evaluate_stream(&model(), &mut Parts(&data, 4, 0), &never, 0, None).unwrap();
    assert_eq!((found.samples, found.batches), (23, 6));
}
