//! The parts of a broker and how they come together; no business logic.

use std::sync::Arc;

use ferromq_base::Clock;

use crate::groups::{Groups, Members, QueueLocks};
use crate::offsets::Offsets;
use crate::topics::Topics;

/// Everything the handlers share. Handlers receive the single parts they use, never the whole.
#[derive(Debug)]
pub struct Parts {
    /// Topic settings of this broker.
    pub topics: Arc<Topics>,
    /// Settings of the consumer groups.
    pub groups: Arc<Groups>,
    /// Live clients: producers and consumers with their connections and subscriptions.
    pub members: Arc<Members>,
    /// Committed consumer offsets.
    pub offsets: Arc<Offsets>,
    /// Queue locks of orderly consumers.
    pub locks: Arc<QueueLocks>,
    /// The clock of the whole broker.
    pub clock: Arc<dyn Clock>,
}

/// A running broker.
#[derive(Debug)]
pub struct Broker {
    parts: Arc<Parts>,
}

impl Broker {
    /// The shared parts.
    #[must_use]
    pub fn parts(&self) -> &Arc<Parts> {
        &self.parts
    }
}
