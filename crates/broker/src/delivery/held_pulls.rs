//! Long polling: pulls that found nothing wait here for a message, for their time-out, or for the end of their
//! connection. Nobody polls: a queue with new messages is announced to the threads that hold pulls on it.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use ferromq_base::Millis;
use ferromq_net::ConnId;
use ferromq_storage::Queue;

use super::parked::{Parked, Place};
use super::read::{Nothing, Pull, PullRead, Read};
use super::{Arrivals, ColdReads, Listener};

/// The pulls that one thread holds.
#[derive(Debug)]
pub(crate) struct HeldPulls {
    read: Rc<PullRead>,
    cold: Rc<ColdReads>,
    arrivals: Arc<Arrivals>,
    listener: Listener,
    parked: RefCell<Parked<usize, ConnId, Pull>>,
    /// Memory used again for every wake-up.
    announced: RefCell<Vec<Arc<Queue>>>,
    places: RefCell<Vec<Place>>,
}

impl HeldPulls {
    /// Holds no pull yet.
    pub(crate) fn new(
        read: Rc<PullRead>,
        cold: Rc<ColdReads>,
        arrivals: Arc<Arrivals>,
        listener: Listener,
    ) -> Self {
        Self {
            read,
            cold,
            arrivals,
            listener,
            parked: RefCell::new(Parked::new()),
            announced: RefCell::default(),
            places: RefCell::default(),
        }
    }

    /// How many pulls are held.
    pub(crate) fn len(&self) -> usize {
        self.parked.borrow().len()
    }

    /// Holds a pull that found nothing until its deadline.
    pub(crate) fn hold(&self, pull: Pull) {
        let queue = Arc::clone(&pull.queue);
        let (conn, deadline) = (pull.conn.id(), pull.deadline);
        let mut parked = self.parked.borrow_mut();
        let place = parked.park(key(&queue), conn, deadline, pull);
        queue.set_waiting(self.listener.bit());
        // A message may have come between the read and the note.
        self.try_again(&mut parked, place);
    }

    /// Looks at the queues that were announced to this thread.
    pub(crate) fn arrived(&self) {
        let mut announced = self.announced.borrow_mut();
        self.arrivals.collect(self.listener, &mut announced);
        for queue in announced.drain(..) {
            self.look(&queue);
            if self.parked.borrow().is_queue_empty(key(&queue)) {
                continue;
            }
            queue.set_waiting(self.listener.bit());
            self.look(&queue);
        }
    }

    /// The earliest time-out.
    pub(crate) fn deadline(&self) -> Option<Millis> {
        self.parked.borrow().deadline()
    }

    /// Answers the pulls whose time is over, after one last look.
    pub(crate) fn expired(&self, now: Millis) {
        let mut parked = self.parked.borrow_mut();
        while let Some(mut pull) = parked.take_due(now) {
            if self.read.answer(&mut pull, Nothing::Answer) == Read::Cold {
                self.cold.pull(pull, Nothing::Answer);
            }
        }
    }

    /// Forgets the pulls of a closed connection.
    pub(crate) fn drop_connection(&self, conn: ConnId) {
        self.parked.borrow_mut().drop_connection(conn);
    }

    /// Answers all pulls, because the server stops.
    pub(crate) fn drain(&self) {
        let mut parked = self.parked.borrow_mut();
        while let Some(mut pull) = parked.take_any() {
            if self.read.answer(&mut pull, Nothing::Answer) == Read::Cold {
                self.read.ask_again(&mut pull);
            }
        }
    }

    /// Tries all pulls of a queue.
    fn look(&self, queue: &Arc<Queue>) {
        let mut places = self.places.borrow_mut();
        let mut parked = self.parked.borrow_mut();
        parked.of_queue(key(queue), &mut places);
        for place in places.drain(..) {
            self.try_again(&mut parked, place);
        }
    }

    fn try_again(&self, parked: &mut Parked<usize, ConnId, Pull>, place: Place) {
        let Some(pull) = parked.at(place) else {
            return;
        };
        match self.read.answer(pull, Nothing::KeepHolding) {
            Read::Nothing => {}
            Read::Answered => drop(parked.take(place)),
            Read::Cold => {
                if let Some(pull) = parked.take(place) {
                    self.cold.pull(pull, Nothing::KeepHolding);
                }
            }
        }
    }
}

/// A queue's handle is unique and kept by the pulls that wait for it, so that its address names it.
fn key(queue: &Arc<Queue>) -> usize {
    Arc::as_ptr(queue).addr()
}
