//! A role that answers by what the body says, and a blocking client.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ferromq_base::Millis;
use ferromq_net::{
    ConnHandle, Connection, FrameRef, Limits, Role, Server, Service, ThreadContext, ThreadHandle,
};
use parking_lot::Mutex;

/// What the services of a server have seen, for assertions.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) frames: AtomicUsize,
    pub(crate) turns: AtomicUsize,
    pub(crate) wakes: AtomicUsize,
    pub(crate) opened: AtomicUsize,
    pub(crate) closed: AtomicUsize,
    /// Set to let requests that wait for it be answered.
    pub(crate) gate: AtomicBool,
    pub(crate) handles: Mutex<Vec<ConnHandle>>,
    pub(crate) threads: Mutex<Vec<ThreadHandle>>,
}

/// Answers each frame with a frame of the same header; the body tells when and with what.
///
/// `now` at once, `turn` at the end of the turn, `late N` after N ms, `gate` once the gate is open, `big N` with N
/// bytes, `close` by closing, `tell` not at all; anything else is echoed at once.
#[derive(Clone, Default)]
pub(crate) struct EchoRole(pub(crate) Arc<Seen>);

impl Role for EchoRole {
    fn on_thread(&self, thread: ThreadContext) -> Rc<dyn Service> {
        self.0.threads.lock().push(thread.handle());
        Rc::new(Echo {
            seen: Arc::clone(&self.0),
            thread,
            at_turn_end: RefCell::default(),
            late: RefCell::default(),
            gated: RefCell::default(),
        })
    }
}

/// A reply, and to whom.
type Reply = (Rc<Connection>, Vec<u8>);

struct Echo {
    seen: Arc<Seen>,
    thread: ThreadContext,
    at_turn_end: RefCell<Vec<Reply>>,
    late: RefCell<Vec<(Millis, Reply)>>,
    gated: RefCell<Vec<Reply>>,
}

impl Echo {
    fn open_gate(&self) {
        if self.seen.gate.load(Ordering::SeqCst) {
            for (conn, reply) in self.gated.borrow_mut().drain(..) {
                conn.out().extend_from_slice(&reply);
            }
        }
    }
}

impl Service for Echo {
    fn frame(&self, conn: &Rc<Connection>, request: FrameRef<'_>) {
        self.seen.frames.fetch_add(1, Ordering::SeqCst);
        let reply = frame(request.header, request.body);
        let body = String::from_utf8_lossy(request.body).into_owned();
        let (verb, number) = body.split_once(' ').unwrap_or((&body, "0"));
        match verb {
            "turn" => {
                self.at_turn_end.borrow_mut().push((Rc::clone(conn), reply));
                self.thread.kick();
            }
            "late" => {
                let at = self
                    .thread
                    .now()
                    .after(Duration::from_millis(number.parse().unwrap()));
                self.late.borrow_mut().push((at, (Rc::clone(conn), reply)));
            }
            "gate" => self.gated.borrow_mut().push((Rc::clone(conn), reply)),
            "big" => {
                let body = vec![b'x'; number.parse().unwrap()];
                conn.out().extend_from_slice(&frame(request.header, &body));
            }
            "close" => {
                conn.out().extend_from_slice(&reply);
                conn.close();
            }
            "tell" => self.seen.handles.lock().push(conn.handle()),
            _ => conn.out().extend_from_slice(&reply),
        }
    }

    fn turn_end(&self) {
        self.seen.turns.fetch_add(1, Ordering::SeqCst);
        for (conn, reply) in self.at_turn_end.borrow_mut().drain(..) {
            conn.out().extend_from_slice(&reply);
        }
    }

    fn woken(&self) {
        self.seen.wakes.fetch_add(1, Ordering::SeqCst);
        self.open_gate();
    }

    fn deadline(&self) -> Option<Millis> {
        self.late.borrow().iter().map(|late| late.0).min()
    }

    fn expired(&self, now: Millis) {
        self.late.borrow_mut().retain(|(at, (conn, reply))| {
            if *at <= now {
                conn.out().extend_from_slice(reply);
            }
            *at > now
        });
    }

    fn opened(&self, _: &Rc<Connection>) {
        self.seen.opened.fetch_add(1, Ordering::SeqCst);
    }

    fn closed(&self, _: &Rc<Connection>) {
        self.seen.closed.fetch_add(1, Ordering::SeqCst);
    }

    fn drain(&self) {
        for (_, (conn, reply)) in self.late.borrow_mut().drain(..) {
            conn.out().extend_from_slice(&reply);
        }
        self.open_gate();
    }

    fn settled(&self) -> bool {
        self.gated.borrow().is_empty()
    }
}

/// A server of the echo role on a free port, and what it sees.
pub(crate) fn start(threads: usize, limits: Limits) -> (Server, SocketAddr, Arc<Seen>) {
    let role = EchoRole::default();
    let seen = Arc::clone(&role.0);
    let server = Server::builder()
        .threads(threads.try_into().unwrap())
        .limits(limits)
        .listen(([127, 0, 0, 1], 0).into(), Arc::new(role))
        .start()
        .unwrap();
    let address = server.addresses()[0];
    (server, address, seen)
}

/// A frame with a JSON serialize type.
pub(crate) fn frame(header: &[u8], body: &[u8]) -> Vec<u8> {
    let length = 4 + header.len() + body.len();
    let mut out = u32::try_from(length).unwrap().to_be_bytes().to_vec();
    out.extend_from_slice(&u32::try_from(header.len()).unwrap().to_be_bytes());
    out.extend_from_slice(header);
    out.extend_from_slice(body);
    out
}

/// A blocking connection.
pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Sends one frame with `body`.
pub(crate) fn send(stream: &mut TcpStream, body: &str) {
    stream.write_all(&frame(b"{}", body.as_bytes())).unwrap();
}

/// Reads one frame and returns its body.
pub(crate) fn receive(stream: &mut TcpStream) -> Vec<u8> {
    let mut prefix = [0; 8];
    stream.read_exact(&mut prefix).unwrap();
    let length = u32::from_be_bytes(prefix[..4].try_into().unwrap()) as usize;
    let header = u32::from_be_bytes(prefix[4..].try_into().unwrap()) as usize;
    let mut rest = vec![0; length - 4];
    stream.read_exact(&mut rest).unwrap();
    rest.split_off(header)
}

/// True if the other side closes the connection, sending no more bytes.
pub(crate) fn is_closed(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0]) {
        Ok(0) => true,
        Ok(_) => false,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

/// Waits until `fact` is true, at most 20 s.
pub(crate) fn wait_for(what: &str, mut fact: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(60);
    while !fact() {
        assert!(Instant::now() < limit, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
