//! The routing table: which brokers there are, and which topics each serves. Pure: no clock, no lock, no I/O.
//!
//! A *broker* is a name with one address per id (0 is the master), inside a cluster. A *live entry* belongs to one
//! address and says when it was last heard of and over which connection. Topics hold one set of queues per broker name.

mod live;
mod permission;
mod register;
mod remove;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use ferromq_base::Millis;
use ferromq_net::ConnId;
use ferromq_wire::body::{DataVersion, TopicQueueMappingInfo};
use rustc_hash::FxHashMap;

use live::Live;
pub use register::{RegisterError, Registered, Registration};
pub use remove::Expired;
pub use view::{BrokerView, ClusterView, Route, TopicFilter};

/// Broker id of a master.
pub const MASTER_ID: i64 = 0;
/// Most broker addresses that are kept.
pub const BROKERS_MAX: usize = 10_000;
/// Most topics that are kept.
pub const TOPICS_MAX: usize = 1_000_000;

/// Bit of a permission that allows writing.
pub const PERM_WRITE: i32 = 2;

/// The queues of one topic on one broker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queues {
    /// Number of queues to read from.
    pub read: i32,
    /// Number of queues to write to.
    pub write: i32,
    /// 4 read, 2 write.
    pub perm: i32,
    /// Bit 0 unit, bit 1 unit subscription.
    pub sys_flag: i32,
}

/// A group of replicas.
#[derive(Clone, Debug, Default)]
struct Broker {
    cluster: String,
    addrs: BTreeMap<i64, String>,
    zone: Option<String>,
    acting_master: bool,
}

/// Names one live entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct LiveKey {
    cluster: String,
    addr: String,
}

impl LiveKey {
    fn new(cluster: &str, addr: &str) -> Self {
        Self {
            cluster: cluster.to_owned(),
            addr: addr.to_owned(),
        }
    }
}

/// The routing table.
#[derive(Debug, Default)]
pub struct Table {
    clusters: BTreeMap<String, BTreeSet<String>>,
    brokers: BTreeMap<String, Broker>,
    topics: BTreeMap<String, BTreeMap<String, Queues>>,
    /// Static topics: which of their queues each broker holds.
    mappings: BTreeMap<String, BTreeMap<String, TopicQueueMappingInfo>>,
    live: FxHashMap<LiveKey, Live>,
    /// At or before the moment the first live entry ends.
    deadline: Option<Millis>,
}

impl Table {
    /// When [`Table::expire`] should be called next; none while there is no broker.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        self.deadline
    }

    /// Whether any broker registered over this connection.
    #[must_use]
    pub fn knows_connection(&self, conn: ConnId) -> bool {
        self.live.values().any(|live| live.conn == conn)
    }

    /// A broker was heard of.
    pub fn heartbeat(&mut self, cluster: &str, addr: &str, now: Millis) {
        if let Some(live) = self.live.get_mut(&LiveKey::new(cluster, addr)) {
            live.heard = now;
        }
    }

    /// The version of the topic table that a broker registered, and whether it differs from `version`. An equal version
    /// counts as a sign of life.
    pub fn compare_version(
        &mut self,
        cluster: &str,
        addr: &str,
        version: DataVersion,
        now: Millis,
    ) -> (bool, Option<DataVersion>) {
        match self.live.get_mut(&LiveKey::new(cluster, addr)) {
            Some(live) if live.version == version => {
                live.heard = now;
                (false, Some(version))
            }
            Some(live) => (true, Some(live.version)),
            None => (true, None),
        }
    }

    /// Moves the deadline forward to `at` if that is earlier.
    fn wake_by(&mut self, at: Millis) {
        self.deadline = Some(self.deadline.map_or(at, |deadline| deadline.min(at)));
    }
}

#[cfg(test)]
mod tests;
