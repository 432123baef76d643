//! What a read is asked for and what it answers.

use ferromq_base::QueueOffset;

/// How much a read may return. The store's own limits hold besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// Messages.
    pub count: u32,
    /// Bytes of stored records; the first message is returned whatever its size.
    pub bytes: usize,
}

/// How far a read goes for what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To what is in memory, the system's page cache included: never waits. [`ReadError::Cold`](crate::ReadError::Cold)
    /// if that is not enough for the first message.
    Memory,
    /// To the disk, and waits for it. Not for network threads.
    Disk,
}

/// Result of a read, as RocketMQ's stores name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadStatus {
    /// At least one message.
    Found,
    /// Messages there are, but the filter passed none of those looked at.
    NoMatchedMessage,
    /// The messages asked for were deleted while being read.
    MessageWasRemoving,
    /// The queue never had a message.
    NoMessageInQueue,
    /// The offset is below the lowest.
    OffsetTooSmall,
    /// The offset is that of the next message.
    OffsetOverflowOne,
    /// The offset is beyond that of the next message.
    OffsetOverflowBadly,
    /// No entry can be found at the offset although it is in range.
    OffsetFoundNull,
}

/// Answer of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadOutcome {
    /// What happened.
    pub status: ReadStatus,
    /// Where to read next.
    pub next_begin: QueueOffset,
    /// Lowest readable offset of the queue.
    pub min: QueueOffset,
    /// Offset after the newest visible message.
    pub max: QueueOffset,
    /// Messages appended to the buffer.
    pub count: u32,
    /// Whether the reader is so far behind that its messages are unlikely to be in memory: RocketMQ then
    /// suggests to read from a replica.
    pub far_behind: bool,
}

/// Which message of a search by time is meant if none has exactly that time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Boundary {
    /// The first at or after the time.
    #[default]
    Lower,
    /// The last at or before the time.
    Upper,
}
