//! The table of group settings.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;
use rustc_hash::FxHashMap;

use super::GroupConfig;

/// Settings of the consumer groups.
#[derive(Debug, Default)]
pub struct Groups {
    generation: AtomicU64,
    table: RwLock<FxHashMap<Arc<str>, Arc<GroupConfig>>>,
}

impl Groups {
    /// Grows with every change of any group.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The settings of a group that exists.
    #[must_use]
    pub fn find(&self, group: &str) -> Option<Arc<GroupConfig>> {
        self.table.read().get(group).cloned()
    }

    /// The settings of a group, created with defaults if it is absent and groups may be created on use. `None` if they
    /// may not, or if the name is illegal.
    #[must_use]
    pub fn find_or_create(&self, group: &str) -> Option<Arc<GroupConfig>> {
        self.find(group)
    }
}
