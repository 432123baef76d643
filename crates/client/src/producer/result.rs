//! What the sender learns of a stored message.

use ferromq_base::QueueOffset;
use ferromq_wire::code::ResponseCode;

use crate::queue::MessageQueue;

/// How safely a message is stored. In every case it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendStatus {
    /// As safely as the broker is configured to.
    SendOk,
    /// Not yet on disk within the time that the broker allows for it.
    FlushDiskTimeout,
    /// Not yet on the replica within the time that the broker allows for it.
    FlushSlaveTimeout,
    /// There is no replica at present.
    SlaveNotAvailable,
}

impl SendStatus {
    /// RocketMQ's name of the status.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SendOk => "SEND_OK",
            Self::FlushDiskTimeout => "FLUSH_DISK_TIMEOUT",
            Self::FlushSlaveTimeout => "FLUSH_SLAVE_TIMEOUT",
            Self::SlaveNotAvailable => "SLAVE_NOT_AVAILABLE",
        }
    }
}

impl From<ResponseCode> for SendStatus {
    fn from(code: ResponseCode) -> Self {
        match code {
            ResponseCode::FLUSH_DISK_TIMEOUT => Self::FlushDiskTimeout,
            ResponseCode::FLUSH_SLAVE_TIMEOUT => Self::FlushSlaveTimeout,
            ResponseCode::SLAVE_NOT_AVAILABLE => Self::SlaveNotAvailable,
            _ => Self::SendOk,
        }
    }
}

/// Where a message was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SendResult {
    /// How safely it is stored.
    pub status: SendStatus,
    /// The id made by this producer, which consumers see as well; of a batch, all ids joined with commas.
    pub message_id: String,
    /// The broker's id: its address and the place in its log; of a batch, all ids joined with commas.
    pub offset_message_id: String,
    /// Queue.
    pub queue: MessageQueue,
    /// Place in the queue; of a batch, of its first message. For a delayed message, its place among the waiting ones.
    pub queue_offset: QueueOffset,
    /// Unique key as the broker repeats it.
    pub transaction_id: Option<String>,
}
