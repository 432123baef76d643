//! The table of topics and its file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ferromq_base::{Clock, Mark};
use ferromq_disk::DiskError;
use ferromq_wire::body::DataVersion;
use ferromq_wire::message::topic::is_retry;
use parking_lot::{Mutex, RwLock};
use rustc_hash::FxHashMap;

use super::changes::{Changes, Followers};
use super::{TopicConfig, file, system};
use crate::settings_file::{LoadError, SettingsFile, Unsaved, new_version};

/// Most topics of one broker.
pub const TOPICS_MAX: usize = 500_000;

/// The topic table of this broker.
#[derive(Debug)]
pub struct Topics {
    generation: AtomicU64,
    table: RwLock<Table>,
    /// Names of the topics that the broker made at start because of its own name or settings.
    system: Vec<Arc<str>>,
    followers: Followers,
    file: SettingsFile,
    /// Locked for the whole of a save.
    saving: Mutex<()>,
    /// Generation that the file holds.
    saved: Mark,
    /// Generation up to which saving was tried, with success or without.
    tried: Mark,
    unsaved: Unsaved,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Default)]
struct Table {
    version: DataVersion,
    topics: FxHashMap<Arc<str>, Arc<TopicConfig>>,
    /// Topics that the file does not know, and the generation with which it will.
    fresh: FxHashMap<Arc<str>, u64>,
}

/// The broker holds as many topics as it can.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("broker holds {TOPICS_MAX} topics already, delete some before creating {0}")]
pub struct TooManyTopics(pub String);

impl Topics {
    /// Loads the topics that `file` (`topics.json`) holds over the broker's own topics.
    pub fn open(
        own: Vec<TopicConfig>,
        file: SettingsFile,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, LoadError> {
        let loaded = file.load(file::parse)?;
        let (version, stored) = loaded.unwrap_or_else(|| (new_version(&*clock), Vec::new()));
        let system = own.iter().map(|topic| Arc::clone(&topic.name)).collect();
        let topics = own
            .into_iter()
            .chain(stored)
            .map(|topic| (Arc::clone(&topic.name), Arc::new(topic)))
            .collect();
        Ok(Self {
            generation: AtomicU64::new(0),
            table: RwLock::new(Table {
                version,
                topics,
                fresh: FxHashMap::default(),
            }),
            system,
            followers: Followers::default(),
            file,
            saving: Mutex::default(),
            saved: Mark::default(),
            tried: Mark::default(),
            unsaved: Unsaved::default(),
            clock,
        })
    }

    /// Grows with every change of any topic; what was looked up before is still true while it stays the same.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The settings of a topic.
    #[must_use]
    pub fn find(&self, topic: &str) -> Option<Arc<TopicConfig>> {
        self.table.read().topics.get(topic).cloned()
    }

    /// The generation with which the file knows the topic: nothing may be acknowledged to it before [`Topics::saved`]
    /// is at least that.
    pub(crate) fn safe_from(&self, topic: &str) -> u64 {
        self.table.read().fresh.get(topic).copied().unwrap_or(0)
    }

    /// Generation that the file holds.
    pub(crate) fn saved(&self) -> u64 {
        self.saved.value()
    }

    /// Generation up to which saving was tried. What is not [saved](Topics::saved) by then has failed, for now.
    pub(crate) fn tried(&self) -> &Mark {
        &self.tried
    }

    /// All topics sorted by name, and the version of the table that they are.
    #[must_use]
    pub fn all(&self) -> (DataVersion, Vec<Arc<TopicConfig>>) {
        let table = self.table.read();
        let mut topics: Vec<_> = table.topics.values().cloned().collect();
        let version = table.version;
        drop(table);
        topics.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        (version, topics)
    }

    /// Those of the named topics that exist, and the version of the table that they are of.
    pub(crate) fn some(&self, names: &BTreeSet<Arc<str>>) -> (DataVersion, Vec<Arc<TopicConfig>>) {
        let table = self.table.read();
        let found = names
            .iter()
            .filter_map(|name| table.topics.get(name).cloned());
        (table.version, found.collect())
    }

    /// Marks those topics as order topics that an order configuration names, and only those. The name servers are not
    /// told at once: two that disagree about the configuration would keep the broker busy.
    pub(crate) fn set_order(&self, ordered: &BTreeMap<String, String>) {
        let mut table = self.table.write();
        let wrong = |topic: &Arc<TopicConfig>| {
            // Retry topics follow the topics of their group.
            !is_retry(&topic.name) && topic.order != ordered.contains_key(&*topic.name)
        };
        let wrong: Vec<_> = table
            .topics
            .values()
            .filter(|topic| wrong(topic))
            .cloned()
            .collect();
        for topic in wrong {
            let mut right = TopicConfig::clone(&topic);
            right.order = !topic.order;
            table
                .topics
                .insert(Arc::clone(&topic.name), Arc::new(right));
            self.count(&mut table);
        }
    }

    /// Version of the table.
    #[must_use]
    pub fn version(&self) -> DataVersion {
        self.table.read().version
    }

    /// Whether a topic belongs to the system and must not be changed or deleted by operators.
    #[must_use]
    pub fn is_system(&self, topic: &str) -> bool {
        system::is_system(topic) || self.system.iter().any(|name| &**name == topic)
    }

    /// Names of the topics that the broker made for itself at start.
    pub(crate) fn own(&self) -> impl Iterator<Item = &Arc<str>> {
        self.system.iter()
    }

    /// Which topics change from now on, for one who tells a name server.
    pub(crate) fn follow(&self) -> Arc<Changes> {
        self.followers.follow()
    }

    /// Creates or replaces a topic. What is stored already changes nothing.
    pub fn put(&self, topic: TopicConfig) -> Result<Arc<TopicConfig>, TooManyTopics> {
        self.update(&Arc::clone(&topic.name), |_| Some(topic))
            .map(|stored| stored.expect("a topic was given"))
    }

    /// Decides about a topic under the lock of the table: `decide` sees the stored settings and returns the wanted
    /// ones, or `None` to leave everything as it is. Returns what is stored afterwards.
    pub(super) fn update(
        &self,
        name: &str,
        decide: impl FnOnce(&View<'_>) -> Option<TopicConfig>,
    ) -> Result<Option<Arc<TopicConfig>>, TooManyTopics> {
        let mut table = self.table.write();
        let stored = table.topics.get(name).cloned();
        let Some(wanted) = decide(&View(&table)) else {
            return Ok(stored);
        };
        if let Some(stored) = stored.filter(|stored| **stored == wanted) {
            return Ok(Some(stored));
        }
        if !table.topics.contains_key(name) && TOPICS_MAX <= table.topics.len() {
            return Err(TooManyTopics(name.to_owned()));
        }
        let wanted = Arc::new(wanted);
        let is_new = !table.topics.contains_key(name);
        table
            .topics
            .insert(Arc::clone(&wanted.name), Arc::clone(&wanted));
        self.changed(&mut table, &wanted.name);
        if is_new {
            let generation = self.generation();
            table.fresh.insert(Arc::clone(&wanted.name), generation);
        }
        Ok(Some(wanted))
    }

    /// Removes a topic's settings; its messages are the store's business. False if there was none.
    pub fn remove(&self, topic: &str) -> bool {
        let mut table = self.table.write();
        let Some((name, _)) = table.topics.remove_entry(topic) else {
            return false;
        };
        table.fresh.remove(&name);
        self.changed(&mut table, &name);
        true
    }

    /// Counts a change that is not one of the table but concerns the name servers, such as the broker's permission.
    pub fn touch(&self) {
        self.count(&mut self.table.write());
    }

    /// Writes the file unless it holds all changes made so far. Whoever calls it together with others may find that
    /// one of them wrote for all.
    pub fn save(&self) -> Result<(), DiskError> {
        let wanted = self.generation();
        let _saving = self.saving.lock();
        if wanted <= self.saved() {
            return Ok(());
        }
        // Taken before the table is read: what changes in between is at worst written twice.
        self.unsaved.take();
        let holds = self.generation();
        let (version, topics) = self.all();
        let result = self.file.replace(file::render(version, &topics).as_bytes());
        match result {
            Ok(()) => {
                self.saved.advance(holds);
                self.table.write().fresh.retain(|_, from| holds < *from);
            }
            Err(_) => self.unsaved.mark(),
        }
        self.tried.advance(holds);
        result
    }

    /// Has [`Topics::keep_saved`] save soon, because somebody waits for it.
    pub(crate) fn hurry(&self) {
        self.unsaved.hurry();
    }

    /// Saves at most `pause` after a change that nobody saved by itself, for ever; sleeps while nothing changes.
    pub async fn keep_saved(&self, pause: Duration) -> ! {
        self.unsaved.keep_saved(pause, || self.save()).await
    }

    fn changed(&self, table: &mut Table, name: &Arc<str>) {
        self.count(table);
        self.followers.tell(name, self.generation());
    }

    fn count(&self, table: &mut Table) {
        table.version = table.version.next(self.clock.now());
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.unsaved.mark();
    }
}

/// The table as a decision about one topic sees it.
pub(super) struct View<'a>(&'a Table);

impl View<'_> {
    /// The stored settings of a topic.
    pub(super) fn find(&self, topic: &str) -> Option<&Arc<TopicConfig>> {
        self.0.topics.get(topic)
    }
}
