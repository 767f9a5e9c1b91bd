//! The batches of a run as they are needed: gathered at once from memory, decoded ahead by another thread from files.

use std::ops::Range;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{Builder, JoinHandle};

use super::images::Moment;
use super::{Batches, Dataset};
use crate::{Error, HostArray, Result};

/// Finished batches that wait; one more is in the making.
const AHEAD: usize = 2;

/// Arrays of one batch.
#[derive(Debug)]
pub(crate) struct Batch {
    pub inputs: Vec<HostArray>,
    pub targets: Vec<HostArray>,
    /// What each sample's loss counts `[rows]`, where the dataset says it.
    pub weights: Option<HostArray>,
    pub rows: usize,
}

/// Gives the batches of a run in order.
pub(crate) struct Feed<'a> {
    data: &'a Dataset,
    batches: &'a Batches,
    moment: Option<Moment>,
    ahead: Option<Ahead>,
}

impl<'a> Feed<'a> {
    /// `moment` is the epoch trained, none in evaluation; the batches `needed` will be asked for at most.
    pub fn new(data: &'a Dataset, batches: &'a Batches, moment: Option<Moment>, needed: Range<usize>) -> Result<Self> {
        let ahead = if data.inputs.iter().any(|c| c.is_lazy()) {
            Some(Ahead::start(data.clone(), batches.clone(), moment, needed)?)
        } else {
            None
        };
        Ok(Self { data, batches, moment, ahead })
    }

    /// Batch number `index`; each is asked for once, in order.
    pub fn next(&mut self, index: usize) -> Result<Batch> {
        match &self.ahead {
            Some(ahead) => ahead.next(),
            None => make(self.data, self.batches, self.moment, index),
        }
    }
}

fn make(data: &Dataset, batches: &Batches, moment: Option<Moment>, index: usize) -> Result<Batch> {
    let mut batch = data.gather(batches.batch(index), moment)?;
    if let (Some(mix), Some(moment)) = (&data.mix, moment) {
        mix.apply(&mut batch, moment, index as u64)?;
    }
    Ok(batch)
}

/// A thread that makes batches before they are asked for. Dropping it ends the thread and waits for that.
struct Ahead {
    ready: Option<Receiver<Result<Batch>>>,
    thread: Option<JoinHandle<()>>,
}

impl Ahead {
    fn start(data: Dataset, batches: Batches, moment: Option<Moment>, needed: Range<usize>) -> Result<Self> {
        let (sender, ready) = sync_channel(AHEAD - 1);
        let work = move || {
            for index in needed {
                let batch = make(&data, &batches, moment, index);
                let failed = batch.is_err();
                // The receiver is gone when the run has ended early.
                if sender.send(batch).is_err() || failed {
                    break;
                }
            }
        };
        let thread = Builder::new()
            .name("exburn-batches".into())
            .spawn(work)
            .map_err(|e| Error::internal(format!("no thread for batches: {e}")))?;
        Ok(Self { ready: Some(ready), thread: Some(thread) })
    }

    fn next(&self) -> Result<Batch> {
        let ended = || Error::internal("the thread that makes batches has ended");
        self.ready.as_ref().ok_or_else(ended)?.recv().map_err(|_| ended())?
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.ready = None;
        if let Some(thread) = self.thread.take() {
            // A panic in it has been told by `next`.
            let _ = thread.join();
        }
    }
}
