//! The queues of the delay levels.

use std::sync::Arc;
use std::time::Duration;

use ferromq_base::QueueId;
use ferromq_config::DelayLevels;
use ferromq_storage::{Queue, Store};
use ferromq_wire::message::topic::SCHEDULE_TOPIC;

/// The queues of the schedule topic by delay level; level 1 is queue 0.
#[derive(Debug)]
pub(crate) struct DelayQueues {
    levels: Vec<(Duration, Arc<Queue>)>,
}

impl DelayQueues {
    /// The queues of `levels`.
    pub(crate) fn open(levels: &DelayLevels, store: &Store) -> Self {
        let queue = |index| store.queue(SCHEDULE_TOPIC, QueueId(index));
        let levels = levels
            .delays()
            .iter()
            .zip(0..)
            .map(|(delay, index)| (*delay, queue(index)))
            .collect();
        Self { levels }
    }

    /// The queue of a wished level: none if the message is not delayed at all, the last one's if it is beyond the table.
    pub(crate) fn of_level(&self, level: i64) -> Option<&Arc<Queue>> {
        let index = usize::try_from(level.checked_sub(1)?).ok()?;
        let last = self.levels.len().checked_sub(1)?;
        Some(&self.levels[index.min(last)].1)
    }

    /// Delay and queue of every level, level 1 first.
    pub(crate) fn all(&self) -> &[(Duration, Arc<Queue>)] {
        &self.levels
    }
}
