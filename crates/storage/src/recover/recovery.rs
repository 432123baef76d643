//! Opening a store: decide where to begin, read the log from there, cut its torn end, and bring everything else to it.

use std::path::PathBuf;
use std::sync::Arc;

use ferromq_base::{LogOffset, Millis, QueueId};
use ferromq_disk::{Disk, DiskErrorKind};
use rustc_hash::FxHashMap;

use super::aside;
use super::replay::Replay;
use super::start::{Sources, Start};
use crate::checkpoint::{AbortMarker, Checkpoint, JavaCheckpoint, QueueMark};
use crate::commit_log::{Beyond, End, Pending, Scan, Segments};
use crate::config::StoreConfig;
use crate::dispatch::EntryWriter;
use crate::error::OpenError;
use crate::queue::{Queue, QueueFiles, Queues};
use crate::read::Entries;
use crate::turn::Rules;

/// Most bytes behind damage that are cut off and kept aside: more than any disk takes between two syncs. More than that
/// are no end of the log, and to cut them off would not be for us to decide.
const ASIDE_MAX: u64 = 1 << 30;

/// What is needed to recover.
pub(crate) struct Recovery<'a> {
    pub disk: &'a Arc<dyn Disk>,
    pub config: &'a StoreConfig,
    pub segments: &'a Segments,
    pub queues: &'a Queues,
    pub files: &'a Arc<QueueFiles>,
    pub rules: &'a Rules,
}

/// Where a store stands after recovery.
#[derive(Debug)]
pub(crate) struct Recovered {
    /// End of the log.
    pub end: u64,
    /// Up to here it is known to be synced.
    pub synced: u64,
    /// Position of the newest checkpoint; 0 if there is none.
    pub checkpoint: u64,
    /// From here on the log was read again.
    pub from: u64,
    /// Entries of what was read again that are not in their files yet, as if their messages had just come: with many queues
    /// it takes long to write them, and nobody needs to wait for that.
    pub unwritten: Pending,
    /// Queues whose files may hold entries of lost messages behind their end.
    pub unsettled: Vec<Arc<Queue>>,
    /// Whether there may be files of queues that have lost all of their messages, and that nobody knows of.
    pub strays: bool,
}

impl Recovery<'_> {
    /// Recovers; afterwards files and queues agree.
    pub(crate) fn run(&self, writer: &mut EntryWriter) -> Result<Recovered, OpenError> {
        let root = &self.config.root;
        let clean = !AbortMarker::new(root).is_set(&**self.disk)?;
        let checkpoint = Checkpoint::load(&**self.disk, root)?;
        let (mut start, by_checkpoint) = self.start(checkpoint.as_ref(), clean)?;
        let kept = checkpoint.as_ref().filter(|_| by_checkpoint);
        self.start_index(writer, kept, clean, &mut start)?;
        let mut replay = Replay {
            queues: self.queues,
            writer,
            rules: self.rules,
            batch: Pending {
                end: start.position,
                stored: start.stored,
                ..Pending::default()
            },
            records: 0,
            bridged: FxHashMap::default(),
        };
        let mut scan = Scan::new(self.segments, start.position, self.config.check_crc);
        let end = scan.run(|record, at| Ok(replay.record(record, at)?))?;
        let Replay {
            batch: unwritten,
            records,
            ..
        } = replay;
        self.keep_next_offsets(checkpoint.as_ref().filter(|_| !by_checkpoint));
        self.check_end(&end, start.synced)?;
        let in_doubt = !clean || end.damage.is_some();
        if in_doubt {
            self.report_cut(&end)?;
        }
        self.segments.truncate(end.at, in_doubt)?;
        let unsettled = self.settle_queues(end.at, kept, clean)?;
        tracing::info!(
            clean,
            from = %LogOffset(start.position),
            end = %LogOffset(end.at),
            records,
            "commit log recovered"
        );
        Ok(Recovered {
            end: end.at,
            synced: start.synced.min(end.at),
            checkpoint: kept.map_or(0, |c| c.position),
            from: start.position,
            unwritten,
            unsettled,
            strays: !clean,
        })
    }

    /// Decides where to begin, and whether the checkpoint decided.
    fn start(
        &self,
        checkpoint: Option<&Checkpoint>,
        clean: bool,
    ) -> Result<(Start, bool), OpenError> {
        // With no file of the log left nothing else counts, as in RocketMQ: the store begins anew.
        let has_log = !self.segments.all().is_empty();
        if !has_log {
            if checkpoint.is_some() {
                self.forget(0, &[])?;
            }
            self.remove_queue_files()?;
        }
        let sources = Sources {
            disk: &**self.disk,
            segments: self.segments,
            queues: self.queues,
            files: self.files,
        };
        let Some(checkpoint) = checkpoint.filter(|_| has_log) else {
            let java = JavaCheckpoint::load(&**self.disk, &self.config.root)?;
            return Ok((sources.by_queue_files(java, clean)?, false));
        };
        self.check_length(checkpoint)?;
        if let Some(start) = sources.by_checkpoint(checkpoint)? {
            return Ok((start, true));
        }
        // Everything but the log can be made anew.
        self.forget(checkpoint.synced, &checkpoint.queues)?;
        for queue in self.queues.all() {
            queue.load(0, 0, 0);
        }
        self.remove_queue_files()?;
        let start = Start {
            position: self.segments.start(),
            synced: checkpoint.synced,
            stored: Millis(0),
        };
        Ok((start, false))
    }

    /// Brings the index to where the log is read from; if it cannot be used, the whole log is read.
    fn start_index(
        &self,
        writer: &EntryWriter,
        checkpoint: Option<&Checkpoint>,
        clean: bool,
        start: &mut Start,
    ) -> Result<(), OpenError> {
        if checkpoint.is_none() {
            // What the log is read for is made anew: after a power cut, files may hold parts of entries.
            for queue in self.queues.all() {
                self.drop_lost(&queue, start.position)?;
            }
        }
        let Some(mut index) = writer.index() else {
            return Ok(());
        };
        let usable = match checkpoint {
            Some(kept) => index.go_back(&kept.index, kept.slots_to, self.segments.start())?,
            None => index.load()?,
        };
        if !usable {
            tracing::warn!("a file of the key index is missing or damaged; building it anew");
            if let Some(checkpoint) = checkpoint {
                self.forget(start.synced, &checkpoint.queues)?;
            }
            index.clear()?;
            start.position = self.segments.start();
        } else if checkpoint.is_none() && !clean {
            let java = JavaCheckpoint::load(&**self.disk, &self.config.root)?;
            if let Some(from) = index.remove_newer(java.index_time)? {
                let from = from.max(self.segments.start());
                start.position = start.position.min(from);
            }
        }
        Ok(())
    }

    /// Notes on the disk that queues and index are made anew. Without that the checkpoint would vouch for the new files,
    /// which may have the names of the old ones, if this start is interrupted. What stays of the queues is their next offset:
    /// the log does not tell it of those whose messages are all deleted.
    fn forget(&self, synced: u64, queues: &[QueueMark]) -> Result<(), OpenError> {
        let start = self.segments.start();
        let emptied = queues.iter().map(|mark| QueueMark {
            min: mark.next,
            ..mark.clone()
        });
        let fresh = Checkpoint {
            start,
            position: start,
            synced,
            queues: emptied.collect(),
            ..Checkpoint::default()
        };
        // Twice, so that the older generation is forgotten too.
        fresh.save(&**self.disk, &self.config.root)?;
        fresh.save(&**self.disk, &self.config.root)?;
        Ok(())
    }

    /// No offset is given twice: queues of which the log has no message any more go on where they were.
    fn keep_next_offsets(&self, forgotten: Option<&Checkpoint>) {
        let has_log = !self.segments.all().is_empty();
        for mark in forgotten.filter(|_| has_log).iter().flat_map(|c| &c.queues) {
            let queue = self.queues.queue(&mark.topic, QueueId(mark.id));
            let next = queue.tail.lock().next();
            if next == 0 {
                queue.load(mark.next, mark.next, 0);
            }
        }
    }

    fn remove_queue_files(&self) -> Result<(), OpenError> {
        match self.disk.remove_dir_all(self.files.root()) {
            Err(e) if e.kind() != DiskErrorKind::NotFound => Err(e.into()),
            _ => Ok(()),
        }
    }

    /// The files of the log must reach as far as was synced.
    fn check_length(&self, checkpoint: &Checkpoint) -> Result<(), OpenError> {
        let end = self.segments.all().last().map_or(0, |s| s.end());
        let at_end = End {
            at: end,
            damage: None,
        };
        self.check_end(&at_end, checkpoint.synced)
    }

    /// A torn end is normal after a crash, but not before a position that was synced.
    fn check_end(&self, end: &End, synced: u64) -> Result<(), OpenError> {
        if synced <= end.at {
            return Ok(());
        }
        let (path, at) = self.place(end.at);
        Err(OpenError::Damaged {
            path,
            at,
            end: LogOffset(end.at),
            synced: LogOffset(synced),
        })
    }

    /// The file and the place in it of a log offset.
    fn place(&self, at: u64) -> (PathBuf, u64) {
        match self.segments.find(at) {
            Some(segment) => (segment.path().to_owned(), at - segment.base()),
            None => (self.segments.dir().to_owned(), 0),
        }
    }

    /// Says what is cut off behind the end. Whole records there are kept aside: they are more than the torn end of a
    /// write, and nobody knows from here what they are worth.
    fn report_cut(&self, end: &End) -> Result<(), OpenError> {
        let (path, at) = self.place(end.at);
        let file = path.display();
        let damage = end.damage.as_deref();
        let beyond = Beyond::find(self.segments, end.at, self.config.check_crc)?;
        let Some(Beyond { records, end: to }) = beyond else {
            if let Some(damage) = damage {
                tracing::warn!(%file, at, damage, "the commit log ends with a torn record, which is cut off");
            }
            return Ok(());
        };
        let bytes = to - end.at;
        if ASIDE_MAX < bytes {
            let end = LogOffset(end.at);
            return Err(OpenError::DamagedBefore {
                path,
                at,
                end,
                bytes,
                records,
            });
        }
        let kept = aside::keep(&**self.disk, self.config, self.segments, end.at, to)?;
        tracing::warn!(
            %file, at, damage = damage.unwrap_or("nothing was written here"), records, bytes, kept = %kept.display(),
            "the commit log is damaged: records behind the damage were not synced for sure; they are cut off and kept aside"
        );
        Ok(())
    }

    /// Removes entries of messages that were lost, and finds the lowest readable offsets.
    ///
    /// With a checkpoint, entries behind the end of a queue harm nobody until the queues are read without one. To look
    /// for them takes a read per queue, so that is put off: the queues to look at are returned.
    fn settle_queues(
        &self,
        end: u64,
        checkpoint: Option<&Checkpoint>,
        clean: bool,
    ) -> Result<Vec<Arc<Queue>>, OpenError> {
        let mut unsettled = Vec::new();
        let start = self.segments.start();
        let start_moved = checkpoint.is_none_or(|c| c.start != start);
        for queue in self.queues.all() {
            self.drop_lost(&queue, end)?;
            let next = queue.tail.lock().next();
            if checkpoint.is_none() {
                self.files.cut(&queue, next)?;
            } else if !clean && next != 0 {
                unsettled.push(Arc::clone(&queue));
            }
            if start_moved {
                self.correct_min(&queue, next, start)?;
            }
        }
        Ok(unsettled)
    }

    /// Ends a queue before the first entry whose record is not in the log any more.
    fn drop_lost(&self, queue: &Queue, end: u64) -> Result<(), OpenError> {
        let (next, log_end) = {
            let tail = queue.tail.lock();
            (tail.next(), tail.log_end())
        };
        if log_end <= end {
            return Ok(());
        }
        let min = queue.min().0;
        let next = self.entries(queue).first_at_or_after((min, next), end)?;
        queue.load(min, next, end);
        Ok(())
    }

    /// Raises the lowest offset of a queue to the first entry whose record is still in the log.
    fn correct_min(&self, queue: &Queue, next: u64, log_start: u64) -> Result<(), OpenError> {
        let range = (queue.min().0, next);
        let first = self.entries(queue).first_kept(range, log_start)?;
        queue.raise_min(first);
        Ok(())
    }

    fn entries<'b>(&'b self, queue: &'b Queue) -> Entries<'b> {
        Entries {
            queue,
            files: self.files,
        }
    }
}
