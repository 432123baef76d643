//! Requests by which operators look at a broker and change it.

pub(crate) mod config;
pub(crate) mod connections;
pub(crate) mod consume_stats;
pub(crate) mod group;
mod queue_times;
pub(crate) mod retention;
pub(crate) mod runtime;
pub(crate) mod topic;
pub(crate) mod topic_stats;
