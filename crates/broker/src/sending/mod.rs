//! What sends share on one network thread: the turn that collects records, the replies that wait for it, and the
//! topics and queues the thread has met.

mod pending;
mod stamp;
mod target;
mod topic_cache;
mod traits;
mod turns;
mod unsafe_topics;

pub(crate) use pending::{Pending, Receipt, refuse_send};
pub(crate) use stamp::{Stamp, Stamps};
pub(crate) use target::{Target, Targets, broker_not_writable};
pub(crate) use topic_cache::{CachedTopic, TopicCache};
pub(crate) use traits::Traits;
pub(crate) use turns::{TurnParts, Turns};
