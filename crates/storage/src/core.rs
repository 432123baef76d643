//! The parts of a store that its workers and its users share.

use std::sync::Arc;

use ferromq_base::Clock;
use ferromq_disk::Disk;
use parking_lot::Mutex;

use crate::commit_log::CommitLog;
use crate::config::StoreConfig;
use crate::health::Health;
use crate::index::KeyIndex;
use crate::marks::Marks;
use crate::queue::{QueueFiles, Queues};
use crate::read::Damage;
use crate::repair::Wanted;
use crate::retention::Orders;

/// The parts.
#[derive(Debug)]
pub(crate) struct Core {
    pub disk: Arc<dyn Disk>,
    pub config: StoreConfig,
    pub clock: Arc<dyn Clock>,
    pub marks: Arc<Marks>,
    pub health: Arc<Health>,
    pub log: CommitLog,
    pub queues: Arc<Queues>,
    pub files: Arc<QueueFiles>,
    pub orders: Orders,
    pub index: Option<Arc<Mutex<KeyIndex>>>,
    pub damage: Damage,
    pub wanted: Wanted,
}
