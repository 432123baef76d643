//! The worker that repairs files of queues. It sleeps until a reader has found a wrong entry.

use std::collections::BTreeMap;
use std::sync::Arc;

use ferromq_base::QueueOffset;
use ferromq_disk::DiskError;
use parking_lot::Mutex;

use super::finds::Finds;
use super::region::Region;
use crate::commit_log::Salvage;
use crate::core::Core;
use crate::dispatch::Dispatcher;
use crate::queue::{ENTRY_BYTES, Entry};
use crate::turn::Rules;
use crate::worker::Next;

/// Repairs one region after the other.
#[derive(Debug)]
pub(crate) struct Repairer {
    core: Arc<Core>,
    rules: Arc<Rules>,
    /// Locked while files are written to, so that none is removed, and no topic is made anew, meanwhile.
    dispatcher: Arc<Mutex<Dispatcher>>,
    job: Option<Job>,
}

/// A region whose part of the log is being read.
#[derive(Debug)]
struct Job {
    region: Region,
    walk: Salvage,
    finds: Finds,
}

/// What was changed.
#[derive(Debug, Default)]
struct Changes {
    first: Option<u64>,
    repaired: usize,
    lost: usize,
}

impl Repairer {
    pub(crate) fn new(
        core: Arc<Core>,
        rules: Arc<Rules>,
        dispatcher: Arc<Mutex<Dispatcher>>,
    ) -> Self {
        Self {
            core,
            rules,
            dispatcher,
            job: None,
        }
    }

    /// Begins a repair, or reads a part of the log for it. Half of the time is left to others who want to read.
    pub(crate) fn turn(&mut self) -> Next {
        if self.core.health.is_over() {
            return Next::Wait(None);
        }
        let began = self.core.clock.now();
        match self.step() {
            Ok(true) => Next::Pause(self.core.clock.now().since(began)),
            Ok(false) => Next::Wait(None),
            Err(error) => {
                // Whoever needs the entries asks again.
                self.job = None;
                tracing::warn!(%error, "a damaged consume queue cannot be repaired yet");
                Next::Again
            }
        }
    }

    /// Whether there may be more to do.
    fn step(&mut self) -> Result<bool, DiskError> {
        let core = &self.core;
        let Some(job) = &mut self.job else {
            let Some(((topic, id), offset)) = core.wanted.take() else {
                return Ok(false);
            };
            if let Some(queue) = core.queues.find(&topic, id) {
                let region = Region::around(core, queue, offset)?;
                self.job = region.map(|region| Job::new(core, region));
            }
            return Ok(true);
        };
        if job.read(core, &self.rules)? {
            return Ok(true);
        }
        let Some(job) = self.job.take() else {
            return Ok(true);
        };
        let dispatcher = self.dispatcher.lock();
        let changes = job.write(core)?;
        drop(dispatcher);
        job.tell(core, &changes);
        Ok(true)
    }
}

impl Job {
    fn new(core: &Core, region: Region) -> Self {
        let (from, to) = (region.log.start, region.log.end);
        Self {
            region,
            walk: Salvage::new(from, to, core.config.record_bytes_max),
            finds: Finds::default(),
        }
    }

    /// Reads a part of the log; whether there is more.
    fn read(&mut self, core: &Core, rules: &Rules) -> Result<bool, DiskError> {
        let Self {
            region,
            walk,
            finds,
        } = self;
        let more = walk.step(&core.log, |record, at| {
            finds.look_at(region, rules, &record, at);
        })?;
        Ok(more && finds.expects_more())
    }

    /// Writes the entries that were wrong. Those whose message the log does not have lead nowhere from now on, unless they may
    /// lead to what is left of it. With the dispatcher locked.
    fn write(&self, core: &Core) -> Result<Changes, DiskError> {
        let Region { queue, offsets, .. } = &self.region;
        let mut changes = Changes::default();
        if queue.is_destroyed() {
            return Ok(changes);
        }
        let present = self.present(core)?;
        let mut right = BTreeMap::new();
        let mut end = self.region.log.end;
        for offset in offsets.clone().rev() {
            let Some(&present) = present.get(&offset) else {
                continue;
            };
            let entry = match self.finds.choose(offset, end, present) {
                Some(entry) => entry,
                None => {
                    changes.lost += usize::from(!present.is_blank());
                    self.lose(core, offset, present, end)
                }
            };
            if !entry.is_blank() {
                end = entry.log_offset;
            }
            if entry != present {
                changes.first = Some(offset);
                changes.repaired += 1;
            }
            right.insert(offset, entry);
        }
        if changes.repaired != 0 {
            self.write_runs(core, &right)?;
        }
        Ok(changes)
    }

    /// The entries of the region that are in files.
    fn present(&self, core: &Core) -> Result<BTreeMap<u64, Entry>, DiskError> {
        let Region { queue, offsets, .. } = &self.region;
        let mut present = BTreeMap::new();
        let mut buf = [Entry::default(); 64];
        let mut at = offsets.start;
        while at < offsets.end {
            let room = usize::try_from(offsets.end - at).unwrap_or(buf.len());
            let room = room.min(buf.len());
            let count = core.files.read(queue, at, &mut buf[..room])?;
            present.extend((at..).zip(buf[..count].iter().copied()));
            // None: a file that is gone with old messages.
            at += count.max(1) as u64;
        }
        Ok(present)
    }

    /// The message at `offset` is not in the log: what its entry becomes.
    fn lose(&self, core: &Core, offset: u64, present: Entry, end: u64) -> Entry {
        let Region { queue, log, .. } = &self.region;
        if present.is_blank() {
            return present;
        }
        let (path, at) = core.files.place(queue, offset);
        let cause = format!(
            "{} is damaged at byte {at}, or its message is: the log does not have it between {} and {}",
            path.display(),
            log.start,
            log.end
        );
        core.damage.report(queue, QueueOffset(offset), &cause);
        core.damage.give_up(queue, offset..offset + 1);
        let may_be_right = log.start <= present.log_offset && present.end() <= end;
        if may_be_right {
            present
        } else {
            Entry::PRE_BLANK
        }
    }

    /// Writes entries, each run of neighbours at once: parts of a page that the device does not read cannot be written alone.
    fn write_runs(&self, core: &Core, right: &BTreeMap<u64, Entry>) -> Result<(), DiskError> {
        let mut run = Vec::new();
        let mut next = 0;
        for (&offset, entry) in right {
            if offset != next && !run.is_empty() {
                let first = next - (run.len() / ENTRY_BYTES) as u64;
                core.files.write(&self.region.queue, first, &run)?;
                run.clear();
            }
            run.extend_from_slice(&entry.to_bytes());
            next = offset + 1;
        }
        let first = next - (run.len() / ENTRY_BYTES) as u64;
        core.files.write(&self.region.queue, first, &run)
    }

    fn tell(&self, core: &Core, changes: &Changes) {
        let queue = &self.region.queue;
        let Some(first) = changes.first else {
            return;
        };
        let (file, at) = core.files.place(queue, first);
        tracing::warn!(
            file = %file.display(), at, first, entries = changes.repaired, lost = changes.lost,
            "{queue:?} was damaged and is repaired from the log"
        );
    }
}
