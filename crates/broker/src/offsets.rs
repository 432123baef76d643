//! Committed offsets of the consumer groups.

/// Committed offsets per topic, group and queue.
#[derive(Debug, Default)]
pub struct Offsets {}
