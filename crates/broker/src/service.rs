//! What one network thread owns: its turn, the replies it holds back, the pulls it holds.

use std::rc::Rc;
use std::sync::Arc;

use ferromq_base::Millis;
use ferromq_net::{Connection, FrameRef, Service, ThreadContext};
use ferromq_wire::code::ResponseCode;
use ferromq_wire::header::RequestHeader;

use crate::broker::Parts;
use crate::call::Call;
use crate::client_calls::ClientCalls;
use crate::delivery::{ColdReads, HeldPulls, PullRead};
use crate::groups::Members;
use crate::router::{Router, ThreadParts};
use crate::sending::{Stamps, Targets, TopicCache, TurnParts, Turns};

/// The broker on one network thread.
pub(crate) struct BrokerService {
    router: Router,
    turns: Rc<Turns>,
    held: Rc<HeldPulls>,
    cold: Rc<ColdReads>,
    members: Arc<Members>,
    calls: Arc<ClientCalls>,
}

impl BrokerService {
    /// The service of `thread`.
    pub(crate) fn new(parts: &Arc<Parts>, thread: ThreadContext) -> Self {
        let listener = parts
            .arrivals
            .listen(thread.handle())
            .expect("net starts no more threads than queues have bits for");
        let stamps = Rc::new(Stamps::new(Arc::clone(&parts.config)));
        let turns = TurnParts {
            store: Arc::clone(&parts.store),
            topics: Arc::clone(&parts.topics),
            announcements: Arc::clone(&parts.announcements),
            listener,
            stamps: Rc::clone(&stamps),
            ack_timeout: parts.ack_timeout,
        };
        let turns = Rc::new(Turns::new(turns, thread.clone()));
        let read = Rc::new(PullRead::new(Arc::clone(&parts.store)));
        let arrivals = Arc::clone(&parts.arrivals);
        let cold = ColdReads::new(Arc::clone(&parts.store), Rc::clone(&read), thread.handle());
        let cold = Rc::new(cold);
        let held = HeldPulls::new(Rc::clone(&read), Rc::clone(&cold), arrivals, listener);
        let held = Rc::new(held);
        let topics = Arc::clone(&parts.topics);
        let cache = Rc::new(TopicCache::new(
            Arc::clone(&topics),
            Arc::clone(&parts.store),
        ));
        let seed = parts.clock.now().0.unsigned_abs() ^ ((thread.index() as u64 + 1) << 40);
        let router = Router::new(
            Arc::clone(parts),
            ThreadParts {
                targets: Rc::new(Targets::new(Rc::clone(&cache), topics, seed)),
                cache,
                turns: Rc::clone(&turns),
                read,
                held: Rc::clone(&held),
                cold: Rc::clone(&cold),
                stamps,
                thread,
            },
        );
        Self {
            router,
            turns,
            held,
            cold,
            members: Arc::clone(&parts.members),
            calls: Arc::clone(&parts.calls),
        }
    }
}

impl Service for BrokerService {
    fn frame(&self, conn: &Rc<Connection>, frame: FrameRef<'_>) {
        let header = match RequestHeader::parse(&frame) {
            Ok(header) => header,
            Err(error) => {
                tracing::debug!(peer = %conn.peer(), %error, "connection closed");
                return conn.close();
            }
        };
        if header.is_response() {
            let code = ResponseCode(header.code);
            return self.calls.answered(conn.id(), header.opaque, code);
        }
        self.router.route(&Call {
            conn,
            header: &header,
            body: frame.body,
        });
    }

    fn turn_end(&self) {
        self.turns.turn_end();
        self.held.arrived();
    }

    fn woken(&self) {
        self.turns.release();
        self.cold.finish(&self.held);
        self.held.arrived();
    }

    fn deadline(&self) -> Option<Millis> {
        let turns = self.turns.deadline();
        let others = self
            .held
            .deadline()
            .into_iter()
            .chain(self.calls.deadline());
        turns.into_iter().chain(others).min()
    }

    fn expired(&self, now: Millis) {
        self.turns.expired(now);
        self.held.expired(now);
        self.calls.expired(now);
    }

    fn closed(&self, conn: &Rc<Connection>) {
        self.held.drop_connection(conn.id());
        self.cold.drop_connection(conn.id());
        self.members.closed(conn.id());
    }

    fn drain(&self) {
        self.turns.drain();
        self.held.drain();
    }

    fn settled(&self) -> bool {
        self.turns.is_settled() && self.cold.is_empty()
    }
}
