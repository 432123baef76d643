//! What is known of one registered broker address.

use std::time::Duration;

use ferromq_base::Millis;
use ferromq_net::ConnId;
use ferromq_wire::body::DataVersion;

use crate::announced::Announced;

/// One broker address that is taken to be alive.
#[derive(Clone, Debug)]
pub(super) struct Live {
    /// Name of its group of replicas.
    pub(super) name: String,
    /// When it was last heard of.
    pub(super) heard: Millis,
    /// How long it may be silent.
    pub(super) timeout: Duration,
    /// Version of the topic table it registered.
    pub(super) version: DataVersion,
    /// Address for replication.
    pub(super) ha_addr: String,
    /// The connection it registered over.
    pub(super) conn: ConnId,
    /// What it said about its address.
    pub(super) announced: Announced,
    /// Its filter servers; empty today.
    pub(super) filters: Vec<String>,
}

impl Live {
    /// From when on it counts as dead unless it is heard of before.
    pub(super) fn dead_at(&self) -> Millis {
        self.heard
            .after(self.timeout)
            .after(Duration::from_millis(1))
    }
}
