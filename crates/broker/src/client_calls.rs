//! Requests from the broker to clients that are answered: who waits for which answer.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI32, AtomicI64, Ordering};
use std::time::Duration;

use ferromq_base::Millis;
use ferromq_net::{ConnHandle, ConnId};
use ferromq_wire::code::ResponseCode;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

/// How long a client has for its answer.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// Most calls without an answer.
const CALLS_MAX: usize = 100_000;

/// A call by the connection it went to and its number there.
type CallId = (ConnId, i32);

/// Calls in flight, of all threads: a client's answer comes in on its own thread.
#[derive(Debug)]
pub(crate) struct ClientCalls {
    next: AtomicI32,
    /// The earliest deadline in milliseconds; the largest number if there is none.
    deadline: AtomicI64,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    waiting: FxHashMap<CallId, Asker>,
    /// In the order of their deadlines, since all calls have the same time; answered ones are still here.
    order: VecDeque<(Millis, CallId)>,
}

/// Who waits for the answer, and the frames to post.
#[derive(Debug)]
pub(crate) struct Asker {
    /// Its connection.
    pub conn: ConnHandle,
    /// Posted if the client says yes.
    pub success: Vec<u8>,
    /// Posted if it says anything else, or nothing in time.
    pub failure: Vec<u8>,
}

/// Too many calls wait for answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooManyCalls;

impl Default for ClientCalls {
    fn default() -> Self {
        Self {
            next: AtomicI32::new(1),
            deadline: AtomicI64::new(i64::MAX),
            table: Mutex::default(),
        }
    }
}

impl ClientCalls {
    /// A number for a call.
    pub(crate) fn number(&self) -> i32 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Remembers who waits for the answer to call `number` on `client`. Do this before the call is posted.
    pub(crate) fn begin(
        &self,
        (client, number): CallId,
        asker: Asker,
        now: Millis,
    ) -> Result<(), TooManyCalls> {
        let mut table = self.table.lock();
        if CALLS_MAX <= table.order.len() {
            return Err(TooManyCalls);
        }
        table.waiting.insert((client, number), asker);
        let deadline = now.after(CALL_TIMEOUT);
        table.order.push_back((deadline, (client, number)));
        self.deadline.fetch_min(deadline.0, Ordering::AcqRel);
        Ok(())
    }

    /// A client has answered. Answers nobody waits for are ignored.
    pub(crate) fn answered(&self, client: ConnId, number: i32, code: ResponseCode) {
        let asker = self.table.lock().waiting.remove(&(client, number));
        if let Some(asker) = asker {
            let frames = match code {
                ResponseCode::SUCCESS => asker.success,
                _ => asker.failure,
            };
            asker.conn.post(frames);
        }
    }

    /// When the next call has waited long enough.
    pub(crate) fn deadline(&self) -> Option<Millis> {
        let deadline = self.deadline.load(Ordering::Acquire);
        (deadline != i64::MAX).then_some(Millis(deadline))
    }

    /// Gives up calls whose time is over.
    pub(crate) fn expired(&self, now: Millis) {
        let mut table = self.table.lock();
        while table
            .order
            .front()
            .is_some_and(|(deadline, _)| *deadline <= now)
        {
            let asker = table
                .order
                .pop_front()
                .and_then(|(_, call)| table.waiting.remove(&call));
            if let Some(asker) = asker {
                asker.conn.post(asker.failure);
            }
        }
        let next = table
            .order
            .front()
            .map_or(i64::MAX, |(deadline, _)| deadline.0);
        self.deadline.store(next, Ordering::Release);
    }
}
