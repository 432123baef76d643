//! Where a consumer begins in a queue for which its group has stored no offset.

use ferromq_base::Millis;
use ferromq_wire::body::ConsumeFromWhere;

/// Where consumption of a queue begins if the group has no stored offset for it. A stored offset always counts more.
///
/// Like RocketMQ's own broker, a broker may answer "0" for a group without offset while the first message of the queue is
/// still in its memory; a new group then starts at the beginning of a young topic whatever is set here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConsumeFrom {
    /// At the end: only messages that are sent from now on. RocketMQ's default.
    #[default]
    Last,
    /// At the first message that there is.
    First,
    /// At the first message that was stored at this time or later.
    Time(Millis),
}

impl ConsumeFrom {
    /// The value in heartbeats.
    pub(crate) fn wire(self) -> ConsumeFromWhere {
        match self {
            Self::Last => ConsumeFromWhere::LastOffset,
            Self::First => ConsumeFromWhere::FirstOffset,
            Self::Time(_) => ConsumeFromWhere::Timestamp,
        }
    }
}
