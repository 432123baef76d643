//! Consumer groups: settings, live clients, subscriptions, queue locks.

/// Settings of the consumer groups.
#[derive(Debug, Default)]
pub struct Groups {}

/// Live producers and consumers.
#[derive(Debug, Default)]
pub struct Members {}

/// Queue locks of orderly consumers.
#[derive(Debug, Default)]
pub struct QueueLocks {}
