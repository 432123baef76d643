//! What each request slot of a connection does, over and over.

use std::time::Instant;

use crate::record::{self, Records, Stamp};
use crate::reply::Reply;
use crate::request::{self, PreparedSend, PullSpec};
use crate::targets::Targets;

/// Response code: done.
const SUCCESS: i64 = 0;
/// Response codes of a pull that found nothing at its offset.
const NOTHING_THERE: [i64; 3] = [19, 20, 21];
const NEXT_OFFSET: &[u8] = b"\"nextBeginOffset\":";

/// What all slots of a run share.
#[derive(Debug)]
pub struct Shared {
    /// Counts unique keys.
    pub keys: u64,
    /// Marks and recognises this run's messages.
    pub stamp: Stamp,
}

/// Whose figures a slot's work goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// The load itself: sends, or pulls of mode `pull`.
    Main,
    /// Deliveries to the groups.
    Groups,
    /// The cold reader.
    Cold,
}

/// One request that is repeated as soon as it may be.
#[derive(Debug)]
pub enum Slot {
    /// Sends a message or batch to one queue after the other.
    Send {
        /// The frame.
        prepared: PreparedSend,
        /// Queues to go through.
        targets: Targets,
        /// Number of the next one.
        next: u64,
        /// Messages in a request.
        messages: u64,
    },
    /// Reads queues.
    Read(Reader),
}

/// Reads a queue: from the first message to the last and then on with another one, or following its end.
#[derive(Debug)]
pub struct Reader {
    /// Consumer group.
    pub group: String,
    /// Whose figures.
    pub stream: Stream,
    /// Queues to go through.
    pub targets: Targets,
    /// Number of the queue being read.
    pub target: u64,
    /// Distance to the next queue; 0: stays, and asks the server to hold the pull at the end.
    pub stride: u64,
    /// Offset of the next message.
    pub offset: u64,
    /// Most messages per reply.
    pub count: u32,
}

/// What a reply meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Messages stored or delivered.
    pub messages: u64,
}

impl Slot {
    /// Whose figures the work goes to.
    #[must_use]
    pub fn stream(&self) -> Stream {
        match self {
            Self::Send { .. } => Stream::Main,
            Self::Read(reader) => reader.stream,
        }
    }

    /// Appends the next request to `out`; a message in it counts as sent at `since`.
    pub fn request(&mut self, out: &mut Vec<u8>, slot: u32, since: Instant, shared: &mut Shared) {
        match self {
            Self::Send {
                prepared,
                targets,
                next,
                ..
            } => {
                let target = targets.get(*next);
                prepared.render(out, target, &mut shared.keys, &shared.stamp, since);
                *next += 1;
            }
            Self::Read(reader) => {
                let spec = PullSpec {
                    group: &reader.group,
                    target: reader.targets.get(reader.target),
                    offset: reader.offset,
                    count: reader.count,
                    hold: reader.stride == 0,
                };
                request::pull(out, slot, &spec);
            }
        }
    }

    /// Messages in a send request; 0 for readers.
    #[must_use]
    pub fn messages(&self) -> u64 {
        match self {
            Self::Send { messages, .. } => *messages,
            Self::Read(_) => 0,
        }
    }

    /// Takes a reply and gets ready for the next request; `on_sent` gets the send times of this run's messages in it.
    ///
    /// # Errors
    /// The response code, when the server refused.
    pub fn answered(
        &mut self,
        reply: &Reply<'_>,
        stamp: &Stamp,
        on_sent: impl FnMut(Instant),
    ) -> Result<Moved, i64> {
        match self {
            Self::Send { messages, .. } if reply.code == SUCCESS => Ok(Moved {
                messages: *messages,
            }),
            Self::Send { .. } => Err(reply.code),
            Self::Read(reader) => reader.answered(reply, stamp, on_sent),
        }
    }
}

impl Reader {
    fn answered(
        &mut self,
        reply: &Reply<'_>,
        stamp: &Stamp,
        mut on_sent: impl FnMut(Instant),
    ) -> Result<Moved, i64> {
        let mut messages = 0;
        match reply.code {
            SUCCESS => {
                for record in Records::of(reply.body) {
                    messages += 1;
                    if self.stream == Stream::Groups
                        && let Some(sent) = stamp.sent(record::body(record))
                    {
                        on_sent(sent);
                    }
                }
            }
            code if NOTHING_THERE.contains(&code) => {}
            code => return Err(code),
        }
        let next = reply.number(NEXT_OFFSET);
        match next {
            Some(next) if messages > 0 || self.stride == 0 || self.offset < next => {
                self.offset = next;
            }
            _ => {
                self.target += self.stride;
                self.offset = 0;
            }
        }
        Ok(Moved { messages })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(stride: u64, offset: u64) -> Slot {
        Slot::Read(Reader {
            group: "G".into(),
            stream: Stream::Groups,
            targets: Targets::new(vec!["T".into()], 4),
            target: 1,
            stride,
            offset,
            count: 32,
        })
    }

    fn reply<'a>(code: i64, header: &'a [u8], body: &'a [u8]) -> Reply<'a> {
        Reply {
            frame_bytes: 0,
            slot: 0,
            code,
            header,
            body,
        }
    }

    fn place(slot: &Slot) -> (u64, u64) {
        match slot {
            Slot::Read(reader) => (reader.target, reader.offset),
            Slot::Send { .. } => unreachable!(),
        }
    }

    #[test]
    fn a_reader_goes_on_with_the_next_queue_at_the_end_of_one() {
        let stamp = Stamp::new(1, Instant::now());
        let mut slot = reader(2, 0);
        let moved = slot.answered(
            &reply(0, br#""nextBeginOffset":"3""#, &[0, 0, 0, 4, 0, 0, 0, 4]),
            &stamp,
            |_| {},
        );
        assert_eq!((moved, place(&slot)), (Ok(Moved { messages: 2 }), (1, 3)));
        slot.answered(&reply(19, br#""nextBeginOffset":"3""#, &[]), &stamp, |_| {})
            .unwrap();
        assert_eq!(place(&slot), (3, 0));
        // Old messages are gone: the server tells where the queue begins.
        slot.answered(
            &reply(21, br#""nextBeginOffset":"50""#, &[]),
            &stamp,
            |_| {},
        )
        .unwrap();
        assert_eq!(place(&slot), (3, 50));
    }

    #[test]
    fn a_follower_stays_and_a_refusal_moves_nothing() {
        let stamp = Stamp::new(1, Instant::now());
        let mut slot = reader(0, 9);
        slot.answered(&reply(19, br#""nextBeginOffset":"9""#, &[]), &stamp, |_| {})
            .unwrap();
        assert_eq!(place(&slot), (1, 9));
        assert_eq!(
            slot.answered(&reply(16, b"{}", &[]), &stamp, |_| {}),
            Err(16)
        );
        assert_eq!(place(&slot), (1, 9));
    }
}
