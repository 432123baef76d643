//! Calls that wait for their answers, found by opaque number.

use std::sync::Arc;

use ferromq_wire::command::RemotingCommand;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::sync::oneshot;

/// Waiting calls of one connection. Once closed it stays closed and says why.
#[derive(Default)]
pub(super) struct Pending {
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    waiting: FxHashMap<i32, oneshot::Sender<RemotingCommand>>,
    next: i32,
    closed: Option<Arc<str>>,
}

/// A call's place in the table; leaving the scope (answer, time-out, cancellation) frees it.
pub(super) struct Place<'a> {
    pending: &'a Pending,
    pub(super) opaque: i32,
    pub(super) answer: oneshot::Receiver<RemotingCommand>,
}

impl Pending {
    /// Takes a free opaque number; the reason of the closing if the connection is closed.
    pub(super) fn enter(&self) -> Result<Place<'_>, Arc<str>> {
        let mut table = self.table.lock();
        if let Some(cause) = &table.closed {
            return Err(Arc::clone(cause));
        }
        let opaque = table.free_opaque();
        let (sender, answer) = oneshot::channel();
        table.waiting.insert(opaque, sender);
        Ok(Place {
            pending: self,
            opaque,
            answer,
        })
    }

    /// An opaque number for a request that expects no answer.
    pub(super) fn spare_opaque(&self) -> i32 {
        self.table.lock().free_opaque()
    }

    /// Hands an answer to its call; false if nobody waits for it any more.
    pub(super) fn answer(&self, response: RemotingCommand) -> bool {
        let waiting = self.table.lock().waiting.remove(&response.opaque);
        waiting.is_some_and(|sender| sender.send(response).is_ok())
    }

    /// Fails all waiting calls and all later ones. The first cause is kept.
    pub(super) fn close(&self, cause: &str) {
        let waiting = {
            let mut table = self.table.lock();
            table.closed.get_or_insert_with(|| Arc::from(cause));
            std::mem::take(&mut table.waiting)
        };
        drop(waiting);
    }

    /// Why the connection is closed, if it is.
    pub(super) fn closed(&self) -> Option<Arc<str>> {
        self.table.lock().closed.clone()
    }
}

impl Table {
    /// Numbers count upwards and wrap within the positive range, which every peer's JSON reader takes.
    fn free_opaque(&mut self) -> i32 {
        loop {
            self.next = self.next.wrapping_add(1) & i32::MAX;
            if !self.waiting.contains_key(&self.next) {
                return self.next;
            }
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.pending.table.lock().waiting.remove(&self.opaque);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_wrap_and_skip_those_in_use() {
        let pending = Pending::default();
        pending.table.lock().next = i32::MAX - 1;
        let last = pending.enter().unwrap();
        assert_eq!(last.opaque, i32::MAX);
        let first = pending.enter().unwrap();
        assert_eq!(first.opaque, 0);
        pending.table.lock().next = i32::MAX - 1;
        assert_eq!(pending.enter().unwrap().opaque, 1);
    }

    #[test]
    fn closing_fails_waiting_and_later_calls_with_the_first_cause() {
        let pending = Pending::default();
        let mut place = pending.enter().unwrap();
        pending.close("reset by peer");
        pending.close("something later");
        assert!(place.answer.try_recv().is_err());
        assert_eq!(&*pending.enter().err().unwrap(), "reset by peer");
    }

    #[test]
    fn a_place_is_freed_when_its_call_gives_up() {
        let pending = Pending::default();
        let opaque = pending.enter().unwrap().opaque;
        assert!(!pending.table.lock().waiting.contains_key(&opaque));
    }
}
