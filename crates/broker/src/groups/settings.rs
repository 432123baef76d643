//! The table of group settings and its file.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use ferromq_base::Clock;
use ferromq_disk::DiskError;
use ferromq_wire::body::{DataVersion, SubscriptionGroupTable};
use ferromq_wire::message::topic::{is_system_group, is_usable_group};
use parking_lot::{Mutex, RwLock};
use rustc_hash::FxHashMap;

use super::GroupConfig;
use super::file::{self, Forbidden};
use crate::settings_file::{LoadError, SettingsFile, Unsaved, new_version};

/// Most consumer groups of one broker.
pub const GROUPS_MAX: usize = 500_000;

/// Groups that every broker has.
const OWN_GROUPS: [&str; 8] = [
    "TOOLS_CONSUMER",
    "FILTERSRV_CONSUMER",
    "SELF_TEST_C_GROUP",
    "CID_ONS-HTTP-PROXY",
    "CID_ONSAPI_PULL",
    "CID_ONSAPI_PERMISSION",
    "CID_ONSAPI_OWNER",
    "CID_RMQ_SYS_TRANS",
];

/// Settings of the consumer groups.
#[derive(Debug)]
pub struct Groups {
    generation: AtomicU64,
    table: RwLock<Table>,
    auto_create: AtomicBool,
    file: SettingsFile,
    /// Generation that the file holds; locked for the whole of a save.
    saved: Mutex<u64>,
    unsaved: Unsaved,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct Table {
    version: DataVersion,
    groups: FxHashMap<Arc<str>, Arc<GroupConfig>>,
    forbidden: Forbidden,
}

impl Groups {
    /// Loads the groups that `file` (`subscriptionGroup.json`) holds over the groups every broker has.
    pub fn open(
        auto_create: bool,
        file: SettingsFile,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, LoadError> {
        let stored = file.load(file::parse)?;
        let own = OWN_GROUPS.iter().map(|name| GroupConfig::new(name));
        let groups = own
            .chain(stored.iter().flat_map(file::groups))
            .map(|group| (Arc::clone(&group.name), Arc::new(group)))
            .collect();
        let table = Table {
            version: stored
                .as_ref()
                .map_or_else(|| new_version(&*clock), |stored| stored.data_version),
            groups,
            forbidden: stored
                .map(|stored| stored.forbidden_table)
                .unwrap_or_default(),
        };
        Ok(Self {
            generation: AtomicU64::new(0),
            table: RwLock::new(table),
            auto_create: AtomicBool::new(auto_create),
            file,
            saved: Mutex::new(0),
            unsaved: Unsaved::default(),
            clock,
        })
    }

    /// Grows with every change of any group.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The settings of a group that exists.
    #[must_use]
    pub fn find(&self, group: &str) -> Option<Arc<GroupConfig>> {
        self.table.read().groups.get(group).cloned()
    }

    /// The settings of a group, created with defaults if it is absent and groups may be created on use. `None` if they
    /// may not, if the name is illegal, or if the broker holds as many groups as it can.
    #[must_use]
    pub fn find_or_create(&self, group: &str) -> Option<Arc<GroupConfig>> {
        if let Some(found) = self.find(group) {
            return Some(found);
        }
        let allowed = self.auto_create.load(Ordering::Relaxed) || is_system_group(group);
        if !allowed || !is_usable_group(group) {
            return None;
        }
        let mut table = self.table.write();
        if let Some(found) = table.groups.get(group) {
            return Some(Arc::clone(found));
        }
        if GROUPS_MAX <= table.groups.len() {
            tracing::warn!(
                group,
                limit = GROUPS_MAX,
                "group not created: the broker holds too many"
            );
            return None;
        }
        let made = Arc::new(GroupConfig::new(group));
        table
            .groups
            .insert(Arc::clone(&made.name), Arc::clone(&made));
        self.changed(&mut table);
        Some(made)
    }

    /// Switches the creation of groups on use.
    pub fn set_auto_create(&self, on: bool) {
        self.auto_create.store(on, Ordering::Relaxed);
    }

    /// Creates or replaces a group. What is stored already changes nothing. False if there are too many.
    pub fn put(&self, group: GroupConfig) -> bool {
        let mut table = self.table.write();
        let stored = table.groups.get(&group.name);
        if stored.is_some_and(|stored| **stored == group) {
            return true;
        }
        if stored.is_none() && GROUPS_MAX <= table.groups.len() {
            return false;
        }
        table
            .groups
            .insert(Arc::clone(&group.name), Arc::new(group));
        self.changed(&mut table);
        true
    }

    /// Removes a group's settings and what was forbidden to it. False if there was none.
    pub fn remove(&self, group: &str) -> bool {
        let mut table = self.table.write();
        let was_there = table.groups.remove(group).is_some();
        let was_forbidden = table.forbidden.remove(group).is_some();
        if was_there || was_forbidden {
            self.changed(&mut table);
        }
        was_there
    }

    /// The whole table as admin requests show it.
    pub(crate) fn table(&self) -> SubscriptionGroupTable {
        let table = self.table.read();
        let mut groups: Vec<_> = table.groups.values().cloned().collect();
        groups.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        file::table(table.version, table.forbidden.clone(), &groups)
    }

    /// Writes the file unless it holds all changes made so far.
    pub fn save(&self) -> Result<(), DiskError> {
        let wanted = self.generation();
        let mut saved = self.saved.lock();
        if wanted <= *saved {
            return Ok(());
        }
        // Taken before the table is read: what changes in between is at worst written twice.
        let holds = self.generation();
        self.unsaved.take();
        let result = self.file.replace(file::render(&self.table()).as_bytes());
        match result {
            Ok(()) => *saved = holds,
            Err(_) => self.unsaved.mark(),
        }
        result
    }

    /// Saves at most `pause` after a change that nobody saved by itself, for ever; sleeps while nothing changes.
    pub async fn keep_saved(&self, pause: Duration) -> ! {
        self.unsaved.keep_saved(pause, || self.save()).await
    }

    fn changed(&self, table: &mut Table) {
        table.version = table.version.next(self.clock.now());
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.unsaved.mark();
    }
}
