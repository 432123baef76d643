//! A network thread at work: hands frames over, ends turns, opens and shuts connections.

use std::cell::{Cell, RefCell, RefMut};
use std::net::TcpStream;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ferromq_base::Millis;
use rustc_hash::FxHashMap;

use super::{Letter, Local, Shared, ThreadContext, sweep};
use crate::connection::{self, Wrote};
use crate::{Complaints, ConnId, Connection, FrameRef, Role, Service};

/// Bytes of the read buffer that all connections of a thread share.
const READ_BUFFER_BYTES: usize = 256 * 1024;
/// How often a turn end that makes new work for itself is repeated before other tasks get their chance.
const TURN_ENDS_MAX: usize = 8;

/// A service and the ways it is called.
struct Seat {
    service: Rc<dyn Service>,
    kicked: Rc<Cell<bool>>,
    woken: Arc<AtomicBool>,
}

/// One network thread. Tasks hold it; connections and services hold only its [`Local`] part.
pub(crate) struct NetThread {
    local: Rc<Local>,
    seats: Vec<Seat>,
    connections: RefCell<FxHashMap<ConnId, Rc<Connection>>>,
    read_buffer: RefCell<Box<[u8]>>,
    /// Memory for the next unfinished frame.
    spare_input: Cell<Vec<u8>>,
    /// Memory for the list of connections written at the end of a turn.
    flushing: Cell<Vec<Rc<Connection>>>,
    sweeping: Cell<bool>,
}

impl NetThread {
    /// Makes the services of this thread.
    pub(super) fn new(shared: Arc<Shared>, roles: &[Arc<dyn Role>]) -> Rc<Self> {
        let local = Rc::new(Local::new(shared));
        let seats = roles.iter().map(|role| Seat::new(role.as_ref(), &local));
        Rc::new(Self {
            seats: seats.collect(),
            local,
            connections: RefCell::default(),
            read_buffer: RefCell::new(vec![0; READ_BUFFER_BYTES].into_boxed_slice()),
            spare_input: Cell::default(),
            flushing: Cell::default(),
            sweeping: Cell::default(),
        })
    }

    pub(super) fn local(&self) -> &Rc<Local> {
        &self.local
    }

    pub(crate) fn tick(&self) -> u32 {
        self.local.tick()
    }

    pub(crate) fn complaints(&self) -> &Complaints {
        self.local.complaints()
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.local.is_draining()
    }

    pub(crate) fn want_turn_end(&self) {
        self.local.want_turn_end();
    }

    pub(crate) fn read_buffer(&self) -> RefMut<'_, Box<[u8]>> {
        self.read_buffer.borrow_mut()
    }

    pub(crate) fn spare_input(&self) -> &Cell<Vec<u8>> {
        &self.spare_input
    }

    /// Gives a frame of `bytes` bytes to the connection's service, and ends the turn if that has filled it.
    pub(crate) fn hand_over(&self, conn: &Rc<Connection>, frame: FrameRef<'_>, bytes: usize) {
        let unsent = conn.unsent();
        self.seats[conn.seat()].service.frame(conn, frame);
        let grown = conn.unsent().saturating_sub(unsent);
        if self.local.fill_turn(bytes + grown) {
            self.end_turn();
        }
    }

    /// Ends the turn: calls the services that asked for it and writes every connection with replies once.
    pub(crate) fn end_turn(&self) {
        self.local.begin_turn_end();
        for seat in &self.seats {
            if seat.woken.load(Ordering::Relaxed) && seat.woken.swap(false, Ordering::AcqRel) {
                seat.service.woken();
            }
        }
        for _ in 0..TURN_ENDS_MAX {
            if !self.end_turn_of_services() && !self.local.has_dirty() {
                break;
            }
            self.flush_dirty();
        }
        self.local.finish_turn_end();
        if self.local.has_dirty() || self.seats.iter().any(|seat| seat.kicked.get()) {
            self.local.want_turn_end();
        }
    }

    /// True if a service had asked for the end of the turn.
    fn end_turn_of_services(&self) -> bool {
        let mut any = false;
        for seat in &self.seats {
            if seat.kicked.replace(false) {
                any = true;
                seat.service.turn_end();
            }
        }
        any
    }

    fn flush_dirty(&self) {
        let mut list = self.flushing.take();
        self.local.swap_dirty(&mut list);
        for conn in list.drain(..) {
            if conn.flush() == Wrote::Close {
                self.shut(&conn);
            }
        }
        self.flushing.set(list);
    }

    /// Handles what other threads sent. Returns the time limit if the thread is told to stop.
    pub(super) fn open_letters(self: &Rc<Self>) -> Option<std::time::Instant> {
        let mut stop = None;
        for letter in self.local.shared().letters() {
            match letter {
                Letter::Accepted(stream, seat) => self.open(stream, seat),
                Letter::Post(id, frames) => {
                    if let Some(conn) = self.connection(id) {
                        conn.out().extend_from_slice(&frames);
                    }
                }
                Letter::Close(id) => {
                    if let Some(conn) = self.connection(id) {
                        conn.close();
                    }
                }
                Letter::Stop(limit) => stop = Some(limit),
            }
        }
        stop
    }

    fn connection(&self, id: ConnId) -> Option<Rc<Connection>> {
        self.connections.borrow().get(&id).map(Rc::clone)
    }

    /// Begins to serve an accepted connection, which is counted already.
    fn open(self: &Rc<Self>, stream: TcpStream, seat: usize) {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        let id = ConnId(NEXT_ID.fetch_add(1, Ordering::Relaxed));
        let opened = tokio::net::TcpStream::from_std(stream)
            .and_then(|stream| Connection::new(id, stream, seat, &self.local));
        let conn = match opened {
            Ok(conn) => conn,
            Err(error) => {
                // Usually the client has gone again already.
                tracing::debug!(%error, "cannot serve an accepted connection");
                self.local.shared().count_out();
                return;
            }
        };
        self.connections.borrow_mut().insert(id, Rc::clone(&conn));
        if !self.sweeping.replace(true) {
            tokio::task::spawn_local(sweep::run(Rc::clone(self)));
        }
        tracing::debug!(peer = %conn.peer(), local = %conn.local(), "connection accepted");
        self.seats[seat].service.opened(&conn);
        tokio::task::spawn_local(connection::serve(Rc::clone(self), conn));
    }

    /// Closes a connection at once and tells its service.
    pub(crate) fn shut(&self, conn: &Rc<Connection>) {
        if self.connections.borrow_mut().remove(&conn.id()).is_none() {
            return;
        }
        conn.shut();
        self.local.shared().count_out();
        self.seats[conn.seat()].service.closed(conn);
        self.want_turn_end();
    }

    /// All connections of the thread, for sweeps and the end.
    pub(super) fn connections(&self) -> Vec<Rc<Connection>> {
        self.connections.borrow().values().map(Rc::clone).collect()
    }

    pub(super) fn stop_sweeping(&self) {
        self.sweeping.set(false);
    }

    /// The earliest deadline of the services.
    pub(super) fn deadline(&self) -> Option<Millis> {
        self.seats
            .iter()
            .filter_map(|seat| seat.service.deadline())
            .min()
    }

    /// Calls the services whose deadline has passed.
    pub(super) fn expire(&self) {
        let now = self.local.now();
        for seat in &self.seats {
            if seat
                .service
                .deadline()
                .is_some_and(|deadline| deadline <= now)
            {
                seat.service.expired(now);
            }
        }
    }

    /// Stops reading and lets the services give up what they hold.
    pub(super) fn begin_drain(&self) {
        self.local.set_draining();
        for seat in &self.seats {
            seat.service.drain();
            // What was collected before the stop is still to be appended and answered.
            seat.kicked.set(true);
        }
    }

    /// True once a draining thread owes nothing any more.
    pub(super) fn is_drained(&self) -> bool {
        let connections = self.connections.borrow();
        self.seats.iter().all(|seat| seat.service.settled())
            && connections.values().all(|conn| conn.unsent() == 0)
    }
}

impl Seat {
    fn new(role: &dyn Role, local: &Rc<Local>) -> Self {
        let kicked = Rc::new(Cell::new(false));
        let woken = Arc::new(AtomicBool::new(false));
        let context = ThreadContext::new(local, &kicked, &woken);
        Self {
            service: role.on_thread(context),
            kicked,
            woken,
        }
    }
}
