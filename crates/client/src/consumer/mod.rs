//! What both kinds of consumers share: subscriptions, offsets, dividing queues, pulling.

mod local_file;
mod member;
mod offsets;
mod process_queue;
mod puller;
pub(crate) mod rebalance;
mod start;
mod strategy;
mod subscriptions;
pub(crate) mod tags;

pub(crate) use self::local_file::LocalFile;
pub(crate) use self::member::{GroupMember, MemberSettings, Store, call_error};
pub(crate) use self::process_queue::{CacheLimits, ProcessQueue};
pub(crate) use self::puller::{PullSettings, Pulled, Puller};
pub use self::start::ConsumeFrom;
pub use self::strategy::Strategy;
pub(crate) use self::subscriptions::{Subscriptions, check_group, check_range};
pub use self::tags::{EmptyTagFilter, TagFilter};

/// Whether the members of a group share the messages or each get all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MessageModel {
    /// Every message goes to one member of the group; offsets are kept by the brokers.
    #[default]
    Clustering,
    /// Every message goes to every member; each keeps its offsets in a local file; what fails is not repeated.
    Broadcasting,
}
