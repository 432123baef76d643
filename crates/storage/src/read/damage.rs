//! Messages that cannot be served because their bytes are damaged: told once each, and remembered.

use std::collections::BTreeMap;

use ferromq_base::QueueOffset;
use parking_lot::Mutex;

use crate::error::ReadError;
use crate::queue::Queue;

/// Messages that are told one by one.
const COUNT_MAX: usize = 1024;

/// The damaged messages met so far.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    /// What was told, by serial number of the queue and offset.
    told: Mutex<BTreeMap<(u64, u64), String>>,
}

impl Damage {
    /// The message at `offset` of `queue` is passed over because of `error`, which names file and position.
    pub(crate) fn report(&self, queue: &Queue, offset: QueueOffset, error: &ReadError) {
        let place = (queue.serial(), offset.0);
        let mut told = self.told.lock();
        if COUNT_MAX <= told.len() || told.contains_key(&place) {
            return;
        }
        let text = format!("message {offset} of {queue:?} is passed over: {error}");
        tracing::error!("{text}; a replica or a backup may have it");
        told.insert(place, text);
        if told.len() == COUNT_MAX {
            tracing::error!("further damaged messages are passed over without a word");
        }
    }

    /// What was told.
    pub(crate) fn told(&self) -> Vec<String> {
        self.told.lock().values().cloned().collect()
    }
}
