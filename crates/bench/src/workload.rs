//! What each request slot of a connection does, over and over.

use crate::args::{BenchArgs, Mode};
use crate::frame::{self, Prepared, Reply, SendSpec};

/// Response code: done.
const SUCCESS: i64 = 0;
/// Response codes of a pull that found nothing: start over at the first message.
const NOTHING_MORE: [i64; 3] = [19, 20, 21];

/// One request that is repeated as soon as it may be.
#[derive(Debug)]
pub enum Slot {
    /// Sends the same message (or batch) with new unique keys.
    Send {
        /// The frame.
        request: Prepared,
        /// Messages in it.
        messages: u64,
    },
    /// Reads a queue from its first message to its last, then again.
    Pull {
        /// The frame for the next offset.
        request: Prepared,
        /// Topic name.
        topic: String,
        /// Queue.
        queue: u32,
        /// Most messages per reply.
        count: u32,
    },
}

impl Slot {
    /// The slot number `slot` of connection `connection`: topics and queues are dealt out in turn.
    #[must_use]
    pub fn new(args: &BenchArgs, connection: u32, slot: u32) -> Self {
        let number = connection.wrapping_mul(args.in_flight).wrapping_add(slot);
        let topic = args.topic_name(number % args.topics);
        let queue = number / args.topics % args.queues;
        match args.mode {
            Mode::Produce => {
                let spec = SendSpec {
                    topic: &topic,
                    queue,
                    queues: args.queues,
                    size: args.size,
                    batch: args.batch,
                };
                Self::Send {
                    request: Prepared::send(slot, &spec),
                    messages: args.messages_per_request(),
                }
            }
            Mode::Pull => Self::Pull {
                request: Prepared::pull(slot, &topic, queue, 0, args.batch),
                topic,
                queue,
                count: args.batch,
            },
        }
    }

    /// The bytes of the next request.
    pub fn request(&mut self, keys: &mut u64) -> &[u8] {
        match self {
            Self::Send { request, .. } | Self::Pull { request, .. } => request.stamped(keys),
        }
    }

    /// Takes a reply and gets ready for the next request. Returns the messages it moved.
    ///
    /// # Errors
    /// The response code, when the server refused.
    pub fn answered(&mut self, reply: &Reply<'_>) -> Result<u64, i64> {
        match self {
            Self::Send { messages, .. } if reply.code == SUCCESS => Ok(*messages),
            Self::Send { .. } => Err(reply.code),
            Self::Pull {
                request,
                topic,
                queue,
                count,
            } => {
                let moved = match reply.code {
                    SUCCESS => frame::records(reply.body),
                    code if NOTHING_MORE.contains(&code) => 0,
                    code => return Err(code),
                };
                let next = match frame::number(reply.header, b"\"nextBeginOffset\":") {
                    Some(next) if moved > 0 => u64::try_from(next).unwrap_or(0),
                    _ => 0,
                };
                *request = Prepared::pull(reply.slot, topic, *queue, next, *count);
                Ok(moved)
            }
        }
    }
}
