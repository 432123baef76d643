//! Topic settings: what topics this broker has, how they come into being and where they are kept.
//!
//! The table is read on every send and pull. Readers take a shared lock for one look-up, or keep what they found
//! together with [`Topics::generation`] and look again only when that number has changed.

mod attributes;
mod changes;
mod config;
mod create;
mod file;
mod permission;
mod system;
mod table;

pub use attributes::{AttributeChanges, AttributeError, Attributes};
pub(crate) use changes::Changes;
pub use config::{TopicConfig, TopicFilter};
pub use create::{CreateError, CreateOnSend, RetryTopic};
pub use permission::Permission;
pub use system::own_topics;
pub use table::{TOPICS_MAX, TooManyTopics, Topics};

#[cfg(test)]
mod tests;
