//! The worker that writes queue and index entries and saves checkpoints. It only follows; nobody waits for it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ferromq_base::{LogOffset, Millis, QueueId};
use ferromq_disk::{DiskError, DiskErrorKind};

use super::entry_writer::EntryWriter;
use crate::checkpoint::{Checkpoint, JavaCheckpoint, QueueMark};
use crate::commit_log::Pending;
use crate::core::Core;
use crate::error::Fatal;
use crate::index::KeyIndex;
use crate::queue::Queue;
use crate::recover::Recovered;
use crate::retention;
use crate::worker::Next;

/// A checkpoint is saved when this much time has passed since the last, if there is anything new.
const CHECKPOINT_AFTER: Duration = Duration::from_secs(10);
/// Or when this much has been appended since.
const CHECKPOINT_BYTES: u64 = 256 << 20;
/// After a failed write the next attempt is made this much later.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Queues whose files are looked through between two looks for new messages.
const SETTLED_AT_ONCE: usize = 64;
/// A stop with more than so many queues to write, folders to sync and files to look through is announced: it takes seconds.
const TOLD_FROM: usize = 10_000;
/// A checkpoint that waits for the log to be synced is looked at so often.
const SYNC_LOOK: Duration = Duration::from_millis(250);
/// How long to wait at once for the log to be synced.
const SYNC_WAIT: Duration = Duration::from_millis(100);

/// Entries are collected for so many times as long as it took to write the last ones: with many queues each has few entries,
/// and what a file costs is shared by those that come meanwhile. So writing takes a tenth of a core at most.
const COLLECTED: u32 = 9;
/// But not for longer: after a crash all that was not written is read again.
const COLLECTED_MAX: Duration = Duration::from_secs(10);

/// Follows the log.
#[derive(Debug)]
pub(crate) struct Dispatcher {
    core: Arc<Core>,
    writer: EntryWriter,
    batch: Pending,
    /// Whether `batch` holds entries that are not written yet.
    begun: bool,
    /// For how long entries are collected.
    collect: Duration,
    /// The rest of that time, if it has begun.
    left: Option<Duration>,
    /// Entries of all records before this are in their files.
    position: u64,
    /// Store timestamp of the last of these.
    stored: Millis,
    /// Position and time of the last checkpoint.
    saved: (u64, Millis),
    /// A checkpoint that waits for the log to be synced up to its position.
    prepared: Option<Prepared>,
    /// After a failed attempt, when to save the next.
    save_after: Millis,
    /// Whether the last attempt to write entries failed.
    failed: bool,
    /// Whether `batch` is what recovery left to be written. Until it is, queues may stand further than `position` says, and
    /// names of files that are found may not be synced.
    recovering: bool,
    /// Queues whose files may hold entries of lost messages behind what is written.
    unsettled: Vec<Arc<Queue>>,
    /// Whether there may be files of queues that have lost all of their messages.
    strays: bool,
}

/// What both checkpoints say, but for how far the log is synced.
#[derive(Debug)]
struct Prepared {
    checkpoint: Checkpoint,
    java: JavaCheckpoint,
}

impl Dispatcher {
    /// Goes on from where recovery ended.
    pub(crate) fn new(core: Arc<Core>, writer: EntryWriter, recovered: Recovered) -> Self {
        let saved = recovered.checkpoint;
        // What recovery had to read again is to be noted soon: else a process that dies again and again soon after its
        // start has more to read each time.
        let last = if saved < recovered.end {
            Millis::default()
        } else {
            core.clock.now()
        };
        let batch = recovered.unwritten;
        core.log.unwritten.fetch_add(batch.count, Ordering::Relaxed);
        let recovering = !batch.is_empty();
        if !recovering {
            core.files.recovered();
        }
        Self {
            collect: core.config.dispatch_delay,
            core,
            writer,
            position: if recovering {
                recovered.from
            } else {
                recovered.end
            },
            stored: batch.stored,
            batch,
            begun: recovering,
            left: None,
            failed: false,
            recovering,
            unsettled: recovered.unsettled,
            strays: recovered.strays,
            saved: (saved, last),
            prepared: None,
            save_after: Millis(0),
        }
    }

    /// Writes what has come, some time after the first of it came, so that each file is written to once for many
    /// entries.
    pub(crate) fn turn(&mut self) -> Next {
        if self.core.health.fatal().is_some() {
            return Next::Wait(None);
        }
        if self.core.marks.appended.value() <= self.position {
            return self.idle();
        }
        // Under a steady load the log is hardly ever synced up to what was just written, but soon after.
        let is_prepared = self.prepared.is_some();
        if is_prepared && self.checkpoint_due() {
            self.try_checkpoint();
        }
        let left = *self.left.get_or_insert(self.collect);
        if !left.is_zero() {
            let now = if is_prepared {
                left.min(SYNC_LOOK)
            } else {
                left
            };
            self.left = Some(left - now);
            return Next::Pause(now);
        }
        if self.checkpoint_due() {
            self.try_checkpoint();
        }
        if let Err(error) = self.dispatch() {
            self.report(error);
            return Next::Pause(RETRY_AFTER);
        }
        self.left = None;
        if self.checkpoint_due() {
            self.try_checkpoint();
        }
        Next::Again
    }

    /// Writes everything that has come and may be seen. Does nothing if that would mean to wait for a failed store.
    pub(crate) fn dispatch(&mut self) -> Result<(), DiskError> {
        if !self.begun {
            self.core.log.take_pending(&mut self.batch);
            self.begun = true;
        }
        // Files never refer to messages that nobody may see yet: a power cut could take those back.
        while !self.core.marks.visible.wait(self.batch.end, SYNC_WAIT) {
            let stopped = self.core.log.dispatch_bell.is_stopped();
            if stopped || self.core.health.fatal().is_some() {
                return Ok(());
            }
        }
        let mut more = Vec::new();
        let begin = self.core.clock.now();
        let written = self.write(&mut more);
        let took = self.core.clock.now().since(begin);
        let least = self.core.config.dispatch_delay;
        self.collect = (took * COLLECTED).min(COLLECTED_MAX).max(least);
        self.core.log.return_pending(more.into_iter());
        if written.is_ok() && std::mem::take(&mut self.failed) {
            self.core.health.wrote_entries();
        }
        written?;
        let count = std::mem::take(&mut self.batch.count);
        self.core.log.unwritten.fetch_sub(count, Ordering::Relaxed);
        self.position = self.batch.end;
        self.stored = self.batch.stored;
        self.begun = false;
        if std::mem::take(&mut self.recovering) {
            self.core.files.recovered();
        }
        // Messages arrive: the free space shrinks.
        self.core.orders.bell.ring();
        Ok(())
    }

    /// Writes the batch. What recovery left may have the room that a full disk keeps back, as any start may.
    fn write(&mut self, more: &mut Vec<Arc<Queue>>) -> Result<(), DiskError> {
        loop {
            match self.writer.write(&mut self.batch, more) {
                Err(error)
                    if self.recovering
                        && error.kind() == DiskErrorKind::Full
                        && self.core.disk.make_room() => {}
                written => return written,
            }
        }
    }

    /// Makes queues and index survive a power cut, and notes that as soon as the log below does too.
    ///
    /// Under load the log is never synced up to what was dispatched last. So the note is made of what is true now, and kept
    /// until the flusher has come so far: what is written meanwhile lies behind what it says.
    pub(crate) fn checkpoint(&mut self) -> Result<(), DiskError> {
        if self.recovering || self.position <= self.saved.0 {
            return Ok(());
        }
        let mut prepared = match self.prepared.take() {
            Some(prepared) => prepared,
            None => self.prepare()?,
        };
        let core = &self.core;
        let flushed = core.marks.flushed.value();
        let position = prepared.checkpoint.position;
        if flushed < position {
            self.prepared = Some(prepared);
            return Ok(());
        }
        let Prepared { checkpoint, java } = &mut prepared;
        checkpoint.synced = flushed;
        checkpoint.save(&*core.disk, &core.config.root)?;
        let java = JavaCheckpoint {
            master_flushed: JavaCheckpoint::load(&*core.disk, &core.config.root)?.master_flushed,
            ..*java
        };
        java.save(&*core.disk, &core.config.root)?;
        self.saved = (position, core.clock.now());
        core.orders.set_checkpointed(position);
        tracing::debug!(position = %LogOffset(position), "checkpoint saved");
        Ok(())
    }

    /// Writes what is left at the end of a store, whose log is synced, and a checkpoint of everything.
    pub(crate) fn finish(&mut self) -> Result<(), DiskError> {
        // The rest of a batch that was begun, before what came after it.
        if self.begun {
            self.dispatch()?;
        }
        if !self.begun {
            self.core.log.take_pending(&mut self.batch);
            self.begun = true;
        }
        let (queues, folders) = (self.batch.queues.len(), self.core.files.unsynced_dirs());
        let unchecked = self.unsettled.len();
        if TOLD_FROM < queues + folders + unchecked {
            tracing::info!(
                queues,
                folders,
                unchecked,
                "saving many queues, the stop may take long"
            );
        }
        self.dispatch()?;
        self.settle(usize::MAX)?;
        self.prepared = None;
        let proofs = retention::with_proofs(&self.core)?;
        let completed = match self.writer.index() {
            Some(mut index) => index.complete()?,
            None => false,
        };
        if completed || !proofs.is_empty() {
            // Whatever the last one says: lowest offsets may have risen since.
            self.saved.0 = 0;
        }
        self.checkpoint()?;
        if self.saved.0 == self.position {
            for (queue, number) in proofs {
                self.core.files.remove_before(&queue, number)?;
            }
        }
        Ok(())
    }

    /// Syncs queues and index; what a checkpoint says of them.
    fn prepare(&mut self) -> Result<Prepared, DiskError> {
        let core = &self.core;
        // Read before the lowest offsets, which may be rising now.
        let start = core.orders.corrected();
        self.writer.sync()?;
        let (index, slots_to, java) = match self.writer.index() {
            Some(index) => (index.headers(), index.slots_to(), self.java_times(&index)),
            None => (Vec::new(), 0, (self.stored, Millis(0))),
        };
        let mut queues = Vec::new();
        for queue in core.queues.all() {
            let next = queue.tail.lock().written();
            if next != 0 && !queue.is_destroyed() {
                queues.push(QueueMark {
                    topic: queue.topic().to_owned(),
                    id: queue.id().0,
                    min: queue.min().0,
                    next,
                });
            }
        }
        Ok(Prepared {
            checkpoint: Checkpoint {
                start,
                position: self.position,
                synced: self.position,
                stored: self.stored,
                index,
                slots_to,
                queues,
            },
            java: JavaCheckpoint {
                log_time: self.stored,
                queue_time: java.0,
                index_time: java.1,
                confirmed: self.position,
                master_flushed: 0,
            },
        })
    }

    /// Has the next turn save a checkpoint: the last one names queues that are gone.
    pub(crate) fn save_soon(&mut self) {
        self.saved = (0, Millis::default());
        self.prepared = None;
        self.core.log.dispatch_bell.ring();
    }

    /// From when RocketMQ must read the log again after a crash, and until when index files are full. It throws the
    /// file away that is not full and would not fill it again with what is older than the first of these times.
    fn java_times(&self, index: &KeyIndex) -> (Millis, Millis) {
        let since = index.filling_since().unwrap_or(self.stored);
        (since.min(self.stored), index.full_until())
    }

    /// Clears entries of lost messages in the files of at most `count` queues; at first, removes the files of queues of which
    /// nothing else is left.
    pub(crate) fn settle(&mut self, count: usize) -> Result<(), DiskError> {
        if self.strays {
            let (queues, files) = (&self.core.queues, &self.core.files);
            for (topic, id) in files.folders()? {
                match queues.find(&topic, QueueId(id)) {
                    None => {
                        tracing::info!(
                            topic,
                            queue = id,
                            "all messages of a queue were lost; its files go"
                        );
                        files.remove_folder(&topic, id)?;
                    }
                    Some(queue) if queue.tail.lock().written() == 0 => files.cut(&queue, 0)?,
                    Some(_) => {}
                }
            }
            self.strays = false;
        }
        for _ in 0..count.min(self.unsettled.len()) {
            let Some(queue) = self.unsettled.last() else {
                break;
            };
            let written = queue.tail.lock().written();
            if !queue.is_destroyed() {
                self.core.files.cut(queue, written)?;
            }
            self.unsettled.pop();
        }
        Ok(())
    }

    /// Nothing to write: a checkpoint may be due.
    fn idle(&mut self) -> Next {
        if self.strays || !self.unsettled.is_empty() {
            return match self.settle(SETTLED_AT_ONCE) {
                Ok(()) => Next::Again,
                Err(error) if self.writer.sync_failed() => {
                    self.report(error);
                    Next::Wait(None)
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot clear entries of lost messages");
                    Next::Wait(Some(RETRY_AFTER))
                }
            };
        }
        if self.position <= self.saved.0 {
            return Next::Wait(None);
        }
        if !self.checkpoint_due() {
            let now = self.core.clock.now();
            let regular = CHECKPOINT_AFTER.saturating_sub(now.since(self.saved.1));
            return Next::Wait(Some(regular.max(self.save_after.since(now))));
        }
        self.try_checkpoint();
        if self.position <= self.saved.0 {
            return Next::Wait(None);
        }
        Next::Wait(Some(RETRY_AFTER))
    }

    fn checkpoint_due(&self) -> bool {
        let (position, time) = self.saved;
        let (now, orders) = (self.core.clock.now(), &self.core.orders);
        !self.recovering
            && self.save_after <= now
            && (orders.is_checkpoint_wanted() && position < self.position
                || CHECKPOINT_BYTES <= self.position - position.min(self.position)
                || CHECKPOINT_AFTER <= now.since(time))
    }

    /// Without a checkpoint nothing is lost, only the next start takes longer.
    fn try_checkpoint(&mut self) {
        match self.checkpoint() {
            Ok(()) => {}
            Err(error) if self.writer.sync_failed() => self.report(error),
            Err(error) => {
                self.save_after = self.core.clock.now().after(RETRY_AFTER);
                tracing::warn!(%error, "cannot save a checkpoint");
            }
        }
    }

    fn report(&mut self, error: DiskError) {
        if self.writer.sync_failed() {
            self.core.health.fail(&Fatal::Sync(Arc::new(error)));
        } else {
            self.failed = true;
            self.core.health.refuse_entries(error);
        }
    }
}
