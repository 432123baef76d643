//! What follows in the queues when the log has lost its oldest file: their lowest offsets rise, and files go that hold only
//! entries of deleted messages.
//!
//! Most queues cost nothing: those without messages, those whose messages are all gone, and those whose oldest message is known
//! to be still there. Only the others are searched.

use std::sync::Arc;

use ferromq_disk::DiskError;

use crate::core::Core;
use crate::queue::Queue;
use crate::read::Entries;

/// Queues that are corrected at once.
const AT_ONCE: usize = 256;

/// A pass over all queues for a log that begins at `start`.
#[derive(Debug)]
pub(super) struct Sweep {
    start: u64,
    queues: Vec<Arc<Queue>>,
}

impl Sweep {
    pub(super) fn begin(core: &Core) -> Self {
        Self {
            start: core.log.segments.start(),
            queues: core.queues.all(),
        }
    }

    /// Start of the log that it is for.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// Corrects some queues; false if there are none left.
    pub(super) fn step(&mut self, core: &Core) -> bool {
        for _ in 0..AT_ONCE {
            let Some(queue) = self.queues.pop() else {
                return false;
            };
            if let Err(error) = correct(core, &queue, self.start) {
                // Reads skip what is gone, and the next pass tries again.
                tracing::warn!(topic = queue.topic(), queue = %queue.id(), %error, "cannot find the lowest offset");
            }
        }
        true
    }
}

/// Raises the lowest offset of a queue to the first message that is still in the log; to the next offset if none is.
fn correct(core: &Core, queue: &Queue, start: u64) -> Result<(), DiskError> {
    let (next, log_end) = {
        let tail = queue.tail.lock();
        (tail.next(), tail.log_end())
    };
    let min = queue.min().0;
    if next <= min || start <= queue.first_at() {
        return Ok(());
    }
    if log_end <= start {
        queue.raise_min(next);
        return Ok(());
    }
    let entries = Entries {
        queue,
        files: &core.files,
    };
    let first = entries.first_kept((min, next), start)?;
    queue.raise_min(first);
    if let Some(entry) = entries.one(first)? {
        queue.set_first_at(entry.log_offset);
    }
    Ok(())
}

/// Queues with files that hold only entries below the lowest offset.
pub(super) fn with_old_files(core: &Core) -> Vec<Arc<Queue>> {
    let mut queues = core.queues.all();
    queues.retain(|queue| queue.files_from() < kept_from(core, queue));
    queues
}

/// Removes the old files of a queue. Nobody may remove the queue at the same time.
pub(super) fn remove_old_files(core: &Core, queue: &Queue) -> Result<(), DiskError> {
    if queue.is_destroyed() {
        return Ok(());
    }
    let from = kept_from(core, queue);
    core.files.remove_before(queue, from)?;
    queue.set_files_from(from);
    Ok(())
}

/// The queues whose lowest offset begins a file while the file before that is still there, with the number of the file of the
/// lowest offset. As soon as a checkpoint says where they begin the other file proves nothing any more. RocketMQ looks for the
/// lowest offset in the first file only, and takes it for 0 for a minute if that holds nothing but entries of deleted messages.
pub(crate) fn with_proofs(core: &Core) -> Result<Vec<(Arc<Queue>, u64)>, DiskError> {
    let per_file = core.files.entries_per_file();
    let mut found = Vec::new();
    for queue in core.queues.all() {
        let min = queue.min().0;
        let begins_file = min != 0 && min.is_multiple_of(per_file);
        // Without messages the file before is the last, which stays.
        if !begins_file || queue.is_destroyed() || queue.tail.lock().written() <= min {
            continue;
        }
        let number = min / per_file;
        if core.disk.exists(&core.files.path(&queue, number - 1))? {
            found.push((queue, number));
        }
    }
    Ok(found)
}

/// Number of the first file that stays: the one with the entry before the lowest offset. Its first entry is below the start of
/// the log, by which a start without our newest checkpoint knows that the files before it are rightly gone; and a queue
/// without messages keeps its last file, and so its next offset, also under RocketMQ.
fn kept_from(core: &Core, queue: &Queue) -> u64 {
    queue.min().0.saturating_sub(1) / core.files.entries_per_file()
}
