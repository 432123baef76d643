//! Replies to requests that are stored, in topics that the topic file does not know yet.
//!
//! A message that is acknowledged must have a topic after a crash. Whoever creates a topic does not wait for the file:
//! the replies do.

use ferromq_wire::code::ResponseCode;

use super::Stamps;
use super::pending::{Pending, Rendering};
use crate::error::Refusal;
use crate::topics::Topics;

/// The withheld replies of one network thread.
#[derive(Debug, Default)]
pub(super) struct Withheld(Vec<Reply>);

#[derive(Debug)]
struct Reply {
    pending: Pending,
    /// The frame to send once the topic is safe.
    frame: Vec<u8>,
}

impl Withheld {
    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps the reply to a request until its topic is safe.
    pub(super) fn keep(&mut self, pending: Pending, code: ResponseCode, with: &mut Rendering<'_>) {
        let mut frame = Vec::new();
        pending.reply(code, with, &mut frame);
        self.0.push(Reply { pending, frame });
    }

    /// Sends the replies whose topics are safe, and refuses those whose topics could not be saved. Has the topics of the
    /// others saved soon.
    pub(super) fn release(&mut self, topics: &Topics, stamps: &Stamps) {
        if self.0.is_empty() {
            return;
        }
        // In this order: what was tried with success counts as saved.
        let tried = topics.tried().value();
        let saved = topics.saved();
        self.0.retain(|Reply { pending, frame }| {
            if pending.topic_from <= saved {
                pending.conn.out().extend_from_slice(frame);
            } else if pending.topic_from <= tried {
                pending.refuse(&stamps.now(), &Refusal::topic_not_safe());
            }
            saved < pending.topic_from && tried < pending.topic_from
        });
        if !self.0.is_empty() {
            topics.hurry();
        }
    }
}
