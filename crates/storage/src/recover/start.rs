//! From where to read the log, and what the queues know already: by our own checkpoint, or by RocketMQ's rules.

use std::sync::Arc;

use ferromq_base::{Millis, QueueId};
use ferromq_disk::{Disk, DiskError, DiskErrorKind};
use ferromq_wire::message::RecordRef;

use crate::checkpoint::{Checkpoint, JavaCheckpoint};
use crate::commit_log::{Scan, Segments};
use crate::error::OpenError;
use crate::queue::{Entry, Queue, QueueFiles, Queues, load_queue};
use crate::read::Entries;

/// Where to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    /// The log is read from here on.
    pub position: u64,
    /// The log was synced up to here at least.
    pub synced: u64,
    /// Store timestamp of the last record before `position`, if known.
    pub stored: Millis,
}

/// What a start is decided by.
pub(crate) struct Sources<'a> {
    pub disk: &'a dyn Disk,
    pub segments: &'a Segments,
    pub queues: &'a Queues,
    pub files: &'a QueueFiles,
}

impl Sources<'_> {
    /// By our own checkpoint, if there is one that fits the files; the queues stand where it says afterwards.
    pub(crate) fn by_checkpoint(
        &self,
        checkpoint: &Checkpoint,
    ) -> Result<Option<Start>, OpenError> {
        if checkpoint.position < self.segments.start() {
            tracing::warn!(
                position = checkpoint.position,
                "the checkpoint is older than the commit log"
            );
            return Ok(None);
        }
        for mark in &checkpoint.queues {
            let queue = self.queues.queue(&mark.topic, QueueId(mark.id));
            if let Some(missing) = self.missing_file(&queue, mark.min, mark.next)? {
                tracing::warn!(%missing, "a file of a consume queue is missing; building all of them anew");
                return Ok(None);
            }
            queue.load(mark.min, mark.next, checkpoint.position);
        }
        Ok(Some(Start {
            position: checkpoint.position,
            synced: checkpoint.synced,
            stored: checkpoint.stored,
        }))
    }

    /// By the queue files themselves and RocketMQ's checkpoint.
    pub(crate) fn by_queue_files(
        &self,
        java: JavaCheckpoint,
        clean: bool,
    ) -> Result<Start, OpenError> {
        let mut queues_end = self.segments.start();
        for queue in self.load_queues()? {
            queues_end = queues_end.max(queue.tail.lock().log_end());
        }
        let position = if clean && self.segments.find(queues_end).is_some() {
            queues_end
        } else {
            self.segment_before(java.safe_time())?
        };
        Ok(Start {
            position,
            synced: self.segments.start(),
            stored: Millis(0),
        })
    }

    /// Reads where every queue in the folder ends.
    fn load_queues(&self) -> Result<Vec<Arc<Queue>>, OpenError> {
        let mut queues = Vec::new();
        for topic in self.folders(self.files.root())? {
            for id in self.folders(&self.files.root().join(&topic))? {
                let Ok(number) = id.parse::<u32>() else {
                    continue;
                };
                let dir = self.files.dir(&topic, number);
                let names = self.disk.list(&dir)?.into_iter();
                let names: Vec<String> = names.filter(|e| !e.is_dir).map(|e| e.name).collect();
                let queue = self.queues.queue(&topic, QueueId(number));
                if let Some(found) = load_queue(self.files, &queue, &names)? {
                    queue.load(found.first, found.next, found.log_end);
                    self.drop_lost(&queue, found.first)?;
                    queues.push(queue);
                }
            }
        }
        Ok(queues)
    }

    /// Ends a queue before the first entry that leads to no message of it. The files of a queue that lost all its messages to a
    /// power cut, when no checkpoint knew it yet, hold their entries still, and later ones stand before these.
    fn drop_lost(&self, queue: &Queue, first: u64) -> Result<(), OpenError> {
        let next = queue.tail.lock().next();
        let (mut low, mut high) = (first, next);
        // Nearly always the last is good, and with it all.
        let mut at = next.saturating_sub(1);
        while low < high {
            if self.leads_to_message(queue, at)? {
                low = at + 1;
            } else {
                high = at;
            }
            at = low.midpoint(high);
        }
        if low < next {
            let entries = self.entries(queue);
            let last = low.checked_sub(1).filter(|last| first <= *last);
            let last = last.map_or(Ok(None), |last| entries.one(last))?;
            queue.load(first, low, last.map_or(0, |entry| entry.end()));
        }
        Ok(())
    }

    /// Whether the entry at `offset` leads to a message of `queue`, or to one that is deleted.
    fn leads_to_message(&self, queue: &Queue, offset: u64) -> Result<bool, OpenError> {
        let Some(entry) = self.entries(queue).one(offset)? else {
            return Ok(true);
        };
        if entry.log_offset < self.segments.start() {
            return Ok(true);
        }
        let segment = self.segments.find(entry.log_offset);
        let Some(segment) = segment.filter(|segment| entry.end() <= segment.end()) else {
            return Ok(false);
        };
        let mut bytes = vec![0; entry.size as usize];
        let file = segment.file()?;
        file.read_exact_at(&mut bytes, entry.log_offset - segment.base())?;
        Ok(RecordRef::parse(&bytes).is_ok_and(|record| {
            // Light queues lead to messages of other topics.
            let is_of_queue = queue.topic().starts_with("%LMQ%")
                || record.topic() == queue.topic()
                    && record.queue_id() == queue.id()
                    && record.queue_offset().0 == offset;
            record.physical_offset().0 == entry.log_offset && is_of_queue
        }))
    }

    fn entries<'b>(&'b self, queue: &'b Queue) -> Entries<'b> {
        Entries {
            queue,
            files: self.files,
        }
    }

    /// Names of the folders in `dir`; none if it is missing.
    fn folders(&self, dir: &std::path::Path) -> Result<Vec<String>, DiskError> {
        match self.disk.list(dir) {
            Ok(entries) => Ok(entries
                .into_iter()
                .filter(|e| e.is_dir)
                .map(|e| e.name)
                .collect()),
            Err(e) if e.kind() == DiskErrorKind::NotFound => Ok(Vec::new()),
            Err(e) => Err(e),
        }
    }

    /// Start of the newest file whose first record was stored at or before `time`; of the oldest if none was.
    fn segment_before(&self, time: Millis) -> Result<u64, OpenError> {
        for segment in self.segments.all().iter().rev() {
            let mut first = None;
            let mut scan = Scan::new(self.segments, segment.base(), true);
            scan.run_while(|record, _| {
                first = Some(record.store_timestamp());
                Ok(false)
            })?;
            if first.is_some_and(|first| Millis(0) < first && first <= time) {
                return Ok(segment.base());
            }
        }
        Ok(self.segments.start())
    }

    /// Path of a file that should hold entries of `min..next` and is not there. Files at the beginning may be gone with the
    /// messages they pointed at: then the entry after them points at or below the start of the log.
    fn missing_file(
        &self,
        queue: &Queue,
        min: u64,
        next: u64,
    ) -> Result<Option<String>, DiskError> {
        if next <= min {
            return Ok(None);
        }
        let per_file = self.files.entries_per_file();
        let (first, last) = (min / per_file, (next - 1) / per_file);
        let mut present = first;
        while present < last && !self.disk.exists(&self.files.path(queue, present))? {
            present += 1;
        }
        if first < present {
            let mut after = [Entry::INVALID];
            self.files.read(queue, present * per_file, &mut after)?;
            if self.segments.start() < after[0].log_offset {
                return Ok(Some(self.files.path(queue, first).display().to_string()));
            }
        }
        for number in present..=last {
            let path = self.files.path(queue, number);
            let len = match self.disk.file_len(&path) {
                Ok(len) => len,
                Err(e) if e.kind() == DiskErrorKind::NotFound => 0,
                Err(e) => return Err(e),
            };
            if len != self.files.file_bytes() {
                return Ok(Some(path.display().to_string()));
            }
        }
        Ok(None)
    }
}
