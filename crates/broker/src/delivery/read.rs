//! One read for a pull, and its reply: stored bytes go straight into the connection's buffer.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use ferromq_base::limits::FRAME_BYTES_MAX;
use ferromq_base::{Millis, QueueOffset};
use ferromq_net::Connection;
use ferromq_storage::{Queue, Reach, ReadError, ReadLimits, ReadOutcome, ReadStatus, Store};
use ferromq_wire::code::ResponseCode;
use ferromq_wire::response::{PullResponse, write_response};

use crate::subscription::Subscription;

/// Room left in a frame for the header of a reply.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Bytes that a connection may have waiting to be sent when a held pull of it is answered with messages.
const OUT_BYTES_MAX: usize = 4 << 20;

/// A pull that passed the checks; everything needed to read for it now or later.
#[derive(Debug)]
pub(crate) struct Pull {
    /// Where the reply goes.
    pub conn: Rc<Connection>,
    /// Number of the request on its connection.
    pub opaque: i32,
    /// The queue.
    pub queue: Arc<Queue>,
    /// First offset wanted, as the client wrote it.
    pub asked: i64,
    /// Everything below was looked at and does not match.
    pub scanned: i64,
    /// Most messages wanted.
    pub count: u32,
    /// What the group wants of the topic.
    pub subscription: Arc<Subscription>,
    /// Until when it may be held.
    pub deadline: Millis,
    /// Told to the client.
    pub topic_sys_flag: i32,
    /// Told to the client.
    pub group_sys_flag: i32,
}

/// What to do if there is nothing for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nothing {
    /// Keep the pull, but tell the client if messages were passed over: its first read.
    Hold,
    /// Keep the pull, and remember what was passed over: a later read.
    KeepHolding,
    /// Answer that there is nothing.
    Answer,
}

/// How a read for a pull ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// The pull is answered.
    Answered,
    /// There was nothing, and nothing was to be answered.
    Nothing,
    /// The messages are on the disk only: [`super::ColdReads`] gets them.
    Cold,
}

/// Reads for the pulls of one thread.
#[derive(Debug)]
pub(crate) struct PullRead {
    store: Arc<Store>,
    /// A header that did not fit where it was written first.
    head: RefCell<Vec<u8>>,
}

impl PullRead {
    /// Reads from `store`.
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            head: RefCell::default(),
        }
    }

    /// Reads for `pull` and answers it, if what is in memory is enough for that.
    pub(crate) fn answer(&self, pull: &mut Pull, nothing: Nothing) -> Read {
        if pull.scanned < 0 {
            answer_negative(pull);
            return Read::Answered;
        }
        let from = pull.from();
        if nothing != Nothing::Answer && pull.queue.max() == from {
            return Read::Nothing;
        }
        let mut out = pull.conn.out();
        if nothing == Nothing::KeepHolding && OUT_BYTES_MAX < out.len() {
            // One message may wake thousands of pulls of one client. Told to ask again, it is served as it reads.
            drop(out);
            self.ask_again(pull);
            return Read::Answered;
        }
        let start = out.len();
        pull.guess(from).write_head(&mut out, 0);
        let body_at = out.len();
        let wants = |code| pull.subscription.wants(code);
        let (queue, limits) = (&pull.queue, pull.limits());
        let read = self
            .store
            .read_within(Reach::Memory, (queue, from), limits, &wants, &mut out);
        let outcome = match read {
            Ok(outcome) => outcome,
            Err(error) => {
                out.truncate(start);
                drop(out);
                if matches!(error, ReadError::Cold) {
                    return Read::Cold;
                }
                answer_error(pull, &error);
                return Read::Answered;
            }
        };
        if is_nothing(outcome.status, nothing) {
            out.truncate(start);
            drop(out);
            pull.pass_over(&outcome);
            return Read::Nothing;
        }
        let reply = pull.reply(&outcome);
        let mut head = self.head.borrow_mut();
        head.clear();
        reply.write_head(&mut head, out.len() - body_at);
        if head.len() == body_at - start {
            out[start..body_at].copy_from_slice(&head);
        } else {
            out.splice(start..body_at, head.iter().copied());
        }
        Read::Answered
    }

    /// Answers `pull` with what was read for it elsewhere; never says [`Read::Cold`].
    pub(crate) fn answer_with(
        &self,
        pull: &mut Pull,
        nothing: Nothing,
        read: Result<ReadOutcome, ReadError>,
        messages: &[u8],
    ) -> Read {
        match read {
            Ok(outcome) if is_nothing(outcome.status, nothing) => {
                pull.pass_over(&outcome);
                return Read::Nothing;
            }
            Ok(outcome) => pull.reply(&outcome).write(&mut pull.conn.out(), messages),
            Err(error) => answer_error(pull, &error),
        }
        Read::Answered
    }

    /// Tells the client to ask again, from where its pull has got to.
    pub(crate) fn ask_again(&self, pull: &mut Pull) {
        let outcome = pull.outcome(ReadStatus::NoMatchedMessage, pull.from());
        pull.reply(&outcome).write(&mut pull.conn.out(), &[]);
    }
}

/// Answers that the messages cannot be read.
fn answer_error(pull: &Pull, error: &ReadError) {
    tracing::error!(queue = ?pull.queue, from = pull.scanned, %error, "cannot read for a pull");
    let remark = error.to_string();
    let code = ResponseCode::SYSTEM_ERROR;
    let mut out = pull.conn.out();
    write_response(&mut out, pull.opaque, code, Some(&remark), &[], &[]);
}

/// Whether a read means that the pull may be kept.
fn is_nothing(status: ReadStatus, nothing: Nothing) -> bool {
    match status {
        ReadStatus::OffsetOverflowOne => nothing != Nothing::Answer,
        ReadStatus::NoMatchedMessage => nothing == Nothing::KeepHolding,
        _ => false,
    }
}

/// No offset is below zero, so there is nothing to read.
fn answer_negative(pull: &Pull) {
    let status = if pull.queue.max() == QueueOffset(0) {
        ReadStatus::NoMessageInQueue
    } else {
        ReadStatus::OffsetTooSmall
    };
    let outcome = pull.outcome(status, pull.queue.min());
    pull.reply(&outcome).write(&mut pull.conn.out(), &[]);
}

impl Pull {
    /// Where to read.
    pub(super) fn from(&self) -> QueueOffset {
        QueueOffset(u64::try_from(self.scanned).unwrap_or(0))
    }

    /// How much to read.
    pub(super) fn limits(&self) -> ReadLimits {
        ReadLimits {
            count: self.count,
            bytes: FRAME_BYTES_MAX - HEAD_BYTES_MAX,
        }
    }

    /// Remembers what a read that found nothing has passed over.
    fn pass_over(&mut self, outcome: &ReadOutcome) {
        if outcome.status == ReadStatus::NoMatchedMessage {
            self.scanned = outcome.next_begin.to_wire();
        }
    }

    /// What is answered without a read.
    fn outcome(&self, status: ReadStatus, next_begin: QueueOffset) -> ReadOutcome {
        ReadOutcome {
            status,
            next_begin,
            min: self.queue.min(),
            max: self.queue.max(),
            count: 0,
            far_behind: false,
        }
    }

    /// The header a full reply will have: nearly always as long as the one it will really have, so that the body behind
    /// it can stay where it was read to.
    fn guess(&self, from: QueueOffset) -> PullResponse<'static> {
        let max = self.queue.max();
        let next = from.plus(u64::from(self.count)).min(max);
        PullResponse {
            opaque: self.opaque,
            code: ResponseCode::SUCCESS,
            remark: Some("FOUND"),
            suggest_which_broker_id: 0,
            next_begin_offset: next.to_wire(),
            min_offset: self.queue.min().to_wire(),
            max_offset: max.to_wire(),
            topic_sys_flag: Some(self.topic_sys_flag),
            group_sys_flag: Some(self.group_sys_flag),
            forbidden_type: None,
        }
    }

    fn reply(&self, outcome: &ReadOutcome) -> PullResponse<'static> {
        let (code, remark) = self.status(outcome.status);
        PullResponse {
            code,
            remark: Some(remark),
            next_begin_offset: outcome.next_begin.to_wire(),
            min_offset: outcome.min.to_wire(),
            max_offset: outcome.max.to_wire(),
            ..self.guess(QueueOffset(0))
        }
    }

    /// Code and remark of a read status. Messages that were passed over while the pull was held are told to the client
    /// even if nothing follows them.
    fn status(&self, status: ReadStatus) -> (ResponseCode, &'static str) {
        let moved = if self.asked == 0 {
            ResponseCode::PULL_NOT_FOUND
        } else {
            ResponseCode::PULL_OFFSET_MOVED
        };
        match status {
            ReadStatus::Found => (ResponseCode::SUCCESS, "FOUND"),
            ReadStatus::OffsetOverflowOne if self.asked < self.scanned => {
                (ResponseCode::PULL_RETRY_IMMEDIATELY, "NO_MATCHED_MESSAGE")
            }
            ReadStatus::NoMatchedMessage => {
                (ResponseCode::PULL_RETRY_IMMEDIATELY, "NO_MATCHED_MESSAGE")
            }
            ReadStatus::MessageWasRemoving => {
                (ResponseCode::PULL_RETRY_IMMEDIATELY, "MESSAGE_WAS_REMOVING")
            }
            ReadStatus::NoMessageInQueue => (moved, "NO_MESSAGE_IN_QUEUE"),
            ReadStatus::OffsetOverflowOne => (ResponseCode::PULL_NOT_FOUND, "OFFSET_OVERFLOW_ONE"),
            ReadStatus::OffsetFoundNull => (ResponseCode::PULL_NOT_FOUND, "OFFSET_FOUND_NULL"),
            ReadStatus::OffsetTooSmall => (ResponseCode::PULL_OFFSET_MOVED, "OFFSET_TOO_SMALL"),
            ReadStatus::OffsetOverflowBadly => {
                (ResponseCode::PULL_OFFSET_MOVED, "OFFSET_OVERFLOW_BADLY")
            }
        }
    }
}
