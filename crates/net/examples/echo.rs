//! The smallest role: answers every frame with itself at the end of the turn. For looking at system calls:
//! `strace -f -c target/perf/examples/echo 127.0.0.1:7000` and any client.

use std::cell::RefCell;
use std::error::Error;
use std::rc::Rc;
use std::sync::Arc;

use ferromq_net::{Connection, FrameRef, Role, Server, Service, ThreadContext};

struct EchoRole;

struct Echo {
    thread: ThreadContext,
    replies: RefCell<Vec<(Rc<Connection>, Vec<u8>)>>,
}

impl Role for EchoRole {
    fn on_thread(&self, thread: ThreadContext) -> Rc<dyn Service> {
        let replies = RefCell::default();
        Rc::new(Echo { thread, replies })
    }
}

impl Service for Echo {
    fn frame(&self, conn: &Rc<Connection>, frame: FrameRef<'_>) {
        let words = [frame.wire_len() as u32 - 4, frame.header.len() as u32];
        let mut reply = words.map(u32::to_be_bytes).concat();
        reply.extend_from_slice(frame.header);
        reply.extend_from_slice(frame.body);
        self.replies.borrow_mut().push((Rc::clone(conn), reply));
        self.thread.kick();
    }

    fn turn_end(&self) {
        for (conn, reply) in self.replies.borrow_mut().drain(..) {
            conn.out().extend_from_slice(&reply);
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args()
        .nth(1)
        .ok_or("usage: echo ADDRESS")?
        .parse()?;
    let _server = Server::builder()
        .listen(address, Arc::new(EchoRole))
        .start()?;
    loop {
        std::thread::park();
    }
}
