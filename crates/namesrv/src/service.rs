//! The name server on one network thread: reads headers, hands requests to their handlers, writes answers.

use std::rc::Rc;
use std::sync::Arc;

use ferromq_base::Millis;
use ferromq_net::{Connection, FrameRef, Service, ThreadContext};
use ferromq_wire::header::RequestHeader;

use crate::announced::Ends;
use crate::answer::Answer;
use crate::handlers::{self, Reply, Request};
use crate::name_server::Core;

/// The service of one thread.
pub(crate) struct NamesrvService {
    core: Arc<Core>,
    thread: ThreadContext,
}

impl NamesrvService {
    pub(crate) fn new(core: Arc<Core>, thread: ThreadContext) -> Self {
        Self { core, thread }
    }
}

impl Service for NamesrvService {
    fn frame(&self, conn: &Rc<Connection>, frame: FrameRef<'_>) {
        let header = match RequestHeader::parse(&frame) {
            Ok(header) => header,
            Err(error) => {
                tracing::warn!(peer = %conn.peer(), %error, "connection closed: unreadable header");
                conn.close();
                return;
            }
        };
        if header.is_response() {
            return;
        }
        let request = Request {
            header: &header,
            body: frame.body,
            ends: Ends::new(conn.local(), conn.peer()),
            conn,
            now: self.thread.now(),
        };
        match handlers::handle(&self.core, &request) {
            Reply::Now(_) if header.is_oneway() => {}
            Reply::Now(answer) => write(conn, &answer, header.opaque),
            Reply::Later => {}
        }
    }

    fn deadline(&self) -> Option<Millis> {
        self.core.deadline()
    }

    fn expired(&self, now: Millis) {
        self.core.expire(now);
    }

    fn closed(&self, conn: &Rc<Connection>) {
        self.core.forget(conn.id());
    }
}

fn write(conn: &Rc<Connection>, answer: &Answer, opaque: i32) {
    answer.write(&mut conn.out(), opaque);
}
