//! Committed offsets of the consumer groups.
//!
//! Readers and committers find the cells of a (group, topic) by two borrowed look-ups and without allocation; a network
//! thread may keep the [`QueueOffsets`] handle together with [`Offsets::generation`]. A commit is one atomic store and,
//! for the first one since the last save, a wake-up of the task that saves.

mod file;
mod queue_offsets;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ferromq_base::{Clock, QueueId, QueueOffset};
use ferromq_disk::DiskError;
use ferromq_wire::body::DataVersion;
use parking_lot::{Mutex, RwLock};
use rustc_hash::FxHashMap;

use crate::settings_file::{LoadError, SettingsFile, Unsaved};

pub use queue_offsets::QueueOffsets;

type ByTopic = FxHashMap<Arc<str>, Arc<QueueOffsets>>;

/// The cells of a group on a topic, with both names.
struct Cells {
    group: Arc<str>,
    topic: Arc<str>,
    cells: Arc<QueueOffsets>,
}

/// Committed offsets per group, topic and queue.
#[derive(Debug)]
pub struct Offsets {
    groups: RwLock<FxHashMap<Arc<str>, ByTopic>>,
    generation: AtomicU64,
    unsaved: Arc<Unsaved>,
    /// Version of the file's content; locked for the whole of a save, so that saves do not overtake each other.
    version: Mutex<DataVersion>,
    file: SettingsFile,
    clock: Arc<dyn Clock>,
}

impl Offsets {
    /// Loads the offsets that `file` (`consumerOffset.json`) holds; a missing file is an empty table.
    pub fn open(file: SettingsFile, clock: Arc<dyn Clock>) -> Result<Self, LoadError> {
        let loaded = file.load(file::parse)?.unwrap_or_default();
        let offsets = Self {
            groups: RwLock::default(),
            generation: AtomicU64::new(0),
            unsaved: Arc::default(),
            version: Mutex::new(loaded.version),
            file,
            clock,
        };
        for entry in loaded.entries {
            offsets
                .cells(&entry.group, &entry.topic)
                .commit(entry.queue, entry.offset);
        }
        offsets.unsaved.take();
        Ok(offsets)
    }

    /// Grows when cells are removed: handles kept from before must be looked up again.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The offset `group` committed for a queue of `topic`: the next message it wants.
    #[must_use]
    pub fn committed(&self, group: &str, topic: &str, queue: QueueId) -> Option<QueueOffset> {
        self.find(group, topic)?.committed(queue)
    }

    /// Commits `offset`, forwards or backwards. Does not check that group, topic or queue exist.
    pub fn commit(&self, group: &str, topic: &str, queue: QueueId, offset: QueueOffset) {
        self.cells(group, topic).commit(queue, offset);
    }

    /// The cells of a group on a topic, if it ever pulled or committed there.
    #[must_use]
    pub fn find(&self, group: &str, topic: &str) -> Option<Arc<QueueOffsets>> {
        self.groups.read().get(group)?.get(topic).cloned()
    }

    /// The cells of a group on a topic, made if they are missing.
    #[must_use]
    pub fn cells(&self, group: &str, topic: &str) -> Arc<QueueOffsets> {
        if let Some(found) = self.find(group, topic) {
            return found;
        }
        let mut groups = self.groups.write();
        let topics = match groups.get_mut(group) {
            Some(topics) => topics,
            None => groups.entry(Arc::from(group)).or_default(),
        };
        let made = topics
            .entry(Arc::from(topic))
            .or_insert_with(|| Arc::new(QueueOffsets::new(Arc::clone(&self.unsaved))));
        Arc::clone(made)
    }

    /// The topics on which a group has committed at least one offset, sorted.
    #[must_use]
    pub fn topics_of(&self, group: &str) -> Vec<Arc<str>> {
        let groups = self.groups.read();
        let mut topics: Vec<Arc<str>> = groups
            .get(group)
            .into_iter()
            .flatten()
            .filter(|(_, cells)| !cells.is_empty())
            .map(|(topic, _)| Arc::clone(topic))
            .collect();
        topics.sort_unstable();
        topics
    }

    /// Forgets what all groups committed on a topic.
    pub fn remove_topic(&self, topic: &str) {
        let mut groups = self.groups.write();
        groups.retain(|_, topics| {
            topics.remove(topic);
            !topics.is_empty()
        });
        self.removed();
    }

    /// Forgets what a group committed on all topics.
    pub fn remove_group(&self, group: &str) {
        self.groups.write().remove(group);
        self.removed();
    }

    /// Writes the file if anything has changed since it was written last.
    pub fn save(&self) -> Result<(), DiskError> {
        let mut version = self.version.lock();
        if !self.unsaved.take() {
            return Ok(());
        }
        let next = version.next(self.clock.now());
        let text = file::render(next, &self.snapshot());
        match self.file.replace(text.as_bytes()) {
            Ok(()) => {
                *version = next;
                Ok(())
            }
            Err(error) => {
                self.unsaved.mark();
                Err(error)
            }
        }
    }

    /// Saves at most `pause` after the first unsaved commit, for ever; sleeps while nobody commits.
    pub async fn keep_saved(&self, pause: Duration) -> ! {
        self.unsaved.keep_saved(pause, || self.save()).await
    }

    /// All cells; taken quickly, since no new cell can be made meanwhile.
    fn snapshot(&self) -> Vec<Cells> {
        let groups = self.groups.read();
        let all = groups.iter().flat_map(|(group, topics)| {
            topics.iter().map(|(topic, cells)| Cells {
                group: Arc::clone(group),
                topic: Arc::clone(topic),
                cells: Arc::clone(cells),
            })
        });
        all.collect()
    }

    fn removed(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.unsaved.mark();
    }
}

#[cfg(test)]
mod tests;
