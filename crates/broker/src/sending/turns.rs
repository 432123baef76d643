//! The turns of one network thread: one that collects records, those that wait to be acknowledgeable, and their replies.
//!
//! A held turn *is* the wait of its requests: no future, channel or lock per message. Turns are used again with all
//! their buffers, so that a thread allocates nothing once it has met its load.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ferromq_base::{LogOffset, Millis};
use ferromq_net::{Complaints, ThreadContext};
use ferromq_storage::{AppendError, IndexKeys, PushError, Queue, Store, Turn};
use ferromq_wire::code::ResponseCode;
use ferromq_wire::message::RecordDraft;

use super::pending::{Pending, Rendering};
use super::unsafe_topics::Withheld;
use super::{Stamp, Stamps};
use crate::delivery::{Announcements, Listener};
use crate::error::Refusal;
use crate::topics::Topics;

/// Bytes after which a turn is stored without waiting for the end of the loop turn.
const TURN_BYTES_MAX: usize = 1 << 20;
/// Turns kept for another use.
const SPARE_MAX: usize = 8;

/// Turns and replies of one thread.
#[derive(Debug)]
pub(crate) struct Turns {
    store: Arc<Store>,
    topics: Arc<Topics>,
    announcements: Arc<Announcements>,
    listener: Listener,
    stamps: Rc<Stamps>,
    thread: ThreadContext,
    ack_timeout: Duration,
    /// Whether the marks of what is acknowledgeable, and of what is tried to save, shall wake this thread.
    waits: Arc<AtomicBool>,
    /// A full disk refuses every turn: that is not worth a line each.
    refusals: Complaints,
    state: RefCell<State>,
}

#[derive(Debug)]
struct State {
    filling: Batch,
    /// Oldest first; ends ascend.
    held: VecDeque<Batch>,
    spare: Vec<Batch>,
    withheld: Withheld,
}

/// A turn with the replies that wait for it.
#[derive(Debug)]
struct Batch {
    turn: Turn,
    replies: Vec<Pending>,
    /// Unique keys of the messages, for the replies.
    text: Vec<u8>,
    /// Ids of the reply that is being written.
    offsets: Vec<LogOffset>,
    end: LogOffset,
    deadline: Millis,
    has_delayed: bool,
}

/// What the turns of a thread work with.
#[derive(Debug)]
pub(crate) struct TurnParts {
    /// Where turns are stored.
    pub store: Arc<Store>,
    /// Which topics are safe.
    pub topics: Arc<Topics>,
    /// Tells those who wait for messages.
    pub announcements: Arc<Announcements>,
    /// The service of this thread.
    pub listener: Listener,
    /// What goes into replies.
    pub stamps: Rc<Stamps>,
    /// Longest wait for a stored turn to become acknowledgeable (`syncFlushTimeout`).
    pub ack_timeout: Duration,
}

impl Turns {
    /// Empty turns for `thread`.
    pub(crate) fn new(parts: TurnParts, thread: ThreadContext) -> Self {
        let state = State {
            filling: Batch::new(parts.store.turn()),
            held: VecDeque::new(),
            spare: Vec::new(),
            withheld: Withheld::default(),
        };
        let waits = Arc::new(AtomicBool::new(false));
        for mark in [parts.store.ackable(), parts.topics.tried()] {
            let (waiting, handle) = (Arc::clone(&waits), thread.handle());
            mark.follow(Arc::new(move || {
                if waiting.swap(false, Ordering::AcqRel) {
                    handle.wake();
                }
            }));
        }
        Self {
            waits,
            refusals: Complaints::default(),
            store: parts.store,
            topics: parts.topics,
            announcements: parts.announcements,
            listener: parts.listener,
            stamps: parts.stamps,
            thread,
            ack_timeout: parts.ack_timeout,
            state: RefCell::new(state),
        }
    }

    /// Number of records in the present turn.
    pub(crate) fn len(&self) -> usize {
        self.state.borrow().filling.turn.len()
    }

    /// Takes back the records from place `len` on: those of a request that failed half-way.
    pub(crate) fn truncate(&self, len: usize) {
        self.state.borrow_mut().filling.turn.truncate(len);
    }

    /// Puts a record into the present turn; returns its place there. The caller must follow up with
    /// [`Turns::request_done`] in the same request.
    pub(crate) fn push(
        &self,
        queue: &Arc<Queue>,
        draft: &RecordDraft<'_>,
        keys: IndexKeys<'_>,
    ) -> Result<usize, PushError> {
        let place = self
            .state
            .borrow_mut()
            .filling
            .turn
            .push(queue, draft, keys)?;
        self.thread.kick();
        Ok(place)
    }

    /// The same for the second and later messages of a batch.
    pub(crate) fn push_with_previous(
        &self,
        queue: &Arc<Queue>,
        draft: &RecordDraft<'_>,
        keys: IndexKeys<'_>,
    ) -> Result<usize, PushError> {
        let turn = &mut self.state.borrow_mut().filling.turn;
        turn.push_with_previous(queue, draft, keys)
    }

    /// Notes that the turn has a message for a later time.
    pub(crate) fn note_delayed(&self) {
        self.state.borrow_mut().filling.has_delayed = true;
    }

    /// Keeps a unique key for the reply of the present request.
    pub(crate) fn keep_key(&self, write: impl FnOnce(&mut Vec<u8>)) -> std::ops::Range<usize> {
        let text = &mut self.state.borrow_mut().filling.text;
        let start = text.len();
        write(text);
        start..text.len()
    }

    /// Ends the present request; it is answered once the turn is stored, or never if it is one-way.
    pub(crate) fn request_done(&self, pending: Option<Pending>) {
        let mut state = self.state.borrow_mut();
        state.filling.replies.extend(pending);
        let is_full = TURN_BYTES_MAX <= state.filling.turn.bytes();
        drop(state);
        if is_full {
            self.turn_end();
        }
    }

    /// Stores the present turn and answers everything that is acknowledgeable by now.
    pub(crate) fn turn_end(&self) {
        let mut state = self.state.borrow_mut();
        if state.filling.turn.is_empty() {
            return;
        }
        let fresh = || Batch::new(self.store.turn());
        let spare = state.spare.pop().unwrap_or_else(fresh);
        let mut batch = std::mem::replace(&mut state.filling, spare);
        match self.store.append(&mut batch.turn) {
            Ok(end) => {
                batch.end = end;
                if self.store.ackable().value() < end.0 {
                    batch.deadline = self.thread.now().after(self.ack_timeout);
                }
                state.held.push_back(batch);
            }
            Err(error) => {
                self.refuse(&batch, &error);
                state.reuse(batch);
            }
        }
        drop(state);
        self.release();
    }

    /// Answers what has become acknowledgeable, and tells consumers. Sees to it that this is called again for the rest.
    pub(crate) fn release(&self) {
        self.release_once();
        if self.state.borrow().is_waiting() {
            self.waits.store(true, Ordering::SeqCst);
            // The mark may have moved before it knew that somebody waits.
            self.release_once();
        }
    }

    fn release_once(&self) {
        let ackable = self.store.ackable().value();
        let mut state = self.state.borrow_mut();
        while state
            .held
            .front()
            .is_some_and(|batch| batch.end.0 <= ackable)
        {
            let Some(mut batch) = state.held.pop_front() else {
                break;
            };
            let (stamp, saved) = (self.stamps.now(), self.topics.saved());
            // What has waited for the same file comes first.
            state.withheld.release(&self.topics, &self.stamps);
            batch.reply(&stamp, ResponseCode::SUCCESS, saved, &mut state.withheld);
            let from = Some(self.listener);
            let Batch { turn, end, .. } = &batch;
            self.announcements
                .stored(turn, *end, batch.has_delayed, from);
            state.reuse(batch);
        }
        state.withheld.release(&self.topics, &self.stamps);
    }

    /// Before the thread ends: stores the present turn, and sees to it that nobody waits for the saving of topics.
    pub(crate) fn drain(&self) {
        self.turn_end();
        if !self.state.borrow().withheld.is_empty() {
            if let Err(error) = self.topics.save() {
                tracing::error!(%error, "topics could not be saved");
            }
            self.release();
        }
    }

    /// When the oldest held turn has waited long enough.
    pub(crate) fn deadline(&self) -> Option<Millis> {
        let state = self.state.borrow();
        let waiting = state.held.iter().find(|batch| !batch.replies.is_empty())?;
        Some(waiting.deadline)
    }

    /// Answers what has waited too long for the disk: it is stored, but not yet safe.
    pub(crate) fn expired(&self, now: Millis) {
        let mut state = self.state.borrow_mut();
        let State { held, withheld, .. } = &mut *state;
        for batch in held.iter_mut().filter(|batch| batch.deadline <= now) {
            if !batch.replies.is_empty() {
                let code = ResponseCode::FLUSH_DISK_TIMEOUT;
                batch.reply(&self.stamps.now(), code, u64::MAX, withheld);
            }
        }
    }

    /// True if no request waits.
    pub(crate) fn is_settled(&self) -> bool {
        let state = self.state.borrow();
        state.filling.replies.is_empty()
            && state.withheld.is_empty()
            && state.held.iter().all(|batch| batch.replies.is_empty())
    }

    fn refuse(&self, batch: &Batch, error: &AppendError) {
        let requests = batch.replies.len();
        if let Some(left_out) = self.refusals.due() {
            tracing::warn!(requests, %error, left_out, "messages were not stored");
        }
        let (stamp, refusal) = (self.stamps.now(), Refusal::from(error));
        for pending in &batch.replies {
            pending.refuse(&stamp, &refusal);
        }
    }
}

impl State {
    /// Whether something is to be answered once a mark has moved.
    fn is_waiting(&self) -> bool {
        !self.held.is_empty() || !self.withheld.is_empty()
    }

    fn reuse(&mut self, mut batch: Batch) {
        batch.turn.clear();
        batch.replies.clear();
        batch.text.clear();
        batch.has_delayed = false;
        if self.spare.len() < SPARE_MAX {
            self.spare.push(batch);
        }
    }
}

impl Batch {
    fn new(turn: Turn) -> Self {
        Self {
            turn,
            replies: Vec::new(),
            text: Vec::new(),
            offsets: Vec::new(),
            end: LogOffset(0),
            deadline: Millis(0),
            has_delayed: false,
        }
    }

    /// Answers all requests but those to topics that the topic file does not hold in generation `saved`.
    fn reply(&mut self, stamp: &Stamp, code: ResponseCode, saved: u64, withheld: &mut Withheld) {
        let mut with = Rendering {
            turn: &self.turn,
            text: &self.text,
            stamp,
            offsets: &mut self.offsets,
        };
        for pending in self.replies.drain(..) {
            if pending.topic_from <= saved {
                pending.reply(code, &mut with, &mut pending.conn.out());
            } else {
                withheld.keep(pending, code, &mut with);
            }
        }
    }
}
