//! Reads of what is in neither memory nor page cache: done by threads of the store that may wait for the disk, answered
//! by the thread of the connection.
//!
//! Each network thread has a few such reads under way; the others wait here as data, and connections take turns. A read
//! brings no more than one reply, and reads ahead a little: so every consumer gets its turn, however much another one asks for.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use ferromq_base::LogOffset;
use ferromq_net::{ConnId, Connection, ThreadHandle};
use ferromq_storage::{ReadError, ReadOutcome, Store};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use super::HeldPulls;
use super::fair_line::FairLine;
use super::read::{Nothing, Pull, PullRead, Read};

/// Reads of one network thread that are under way at the same time: bounds the memory of their replies.
const UNDER_WAY_MAX: usize = 8;
/// Reads of one network thread that wait.
const WAITING_MAX: usize = 100_000;

/// Makes a reply's frame; may wait for the disk.
pub(crate) type MakeReply = Box<dyn FnOnce() -> Vec<u8> + Send>;

/// What to do with a record, on the network thread; `None` if it cannot be read.
pub(crate) type WithRecord = Box<dyn FnOnce(Option<Vec<u8>>)>;

/// The cold reads of one network thread.
pub(crate) struct ColdReads {
    store: Arc<Store>,
    read: Rc<PullRead>,
    done: Arc<Done>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    next: u64,
    /// What waits, and what is under way, but for that of closed connections.
    tasks: FxHashMap<u64, Task>,
    waiting: FairLine,
    under_way: usize,
}

enum Task {
    /// A pull, and what to do if there is nothing for it.
    Pull(Pull, Nothing),
    /// A request whose reply is made elsewhere; `None` while it is being made.
    Reply(Rc<Connection>, Option<MakeReply>),
    /// A request for which the record at a place of the log is needed.
    Record(Rc<Connection>, LogOffset, WithRecord),
}

impl Task {
    /// The connection that waits for it.
    fn conn(&self) -> ConnId {
        match self {
            Self::Pull(pull, _) => pull.conn.id(),
            Self::Reply(conn, _) | Self::Record(conn, ..) => conn.id(),
        }
    }
}

/// Where the store's threads put what they have read.
struct Done {
    thread: ThreadHandle,
    list: Mutex<Vec<(u64, Brought)>>,
}

/// What a read brought.
enum Brought {
    Messages(Result<ReadOutcome, ReadError>, Vec<u8>),
    Frame(Vec<u8>),
    Record(Option<Vec<u8>>),
    /// The store does not read any more.
    Refused,
}

impl ColdReads {
    /// No read yet. `thread` is woken when one is done.
    pub(crate) fn new(store: Arc<Store>, read: Rc<PullRead>, thread: ThreadHandle) -> Self {
        Self {
            store,
            read,
            done: Arc::new(Done {
                thread,
                list: Mutex::default(),
            }),
            state: RefCell::default(),
        }
    }

    /// Has a pull read from the disk and answered, or held if `nothing` says so.
    pub(crate) fn pull(&self, mut pull: Pull, nothing: Nothing) {
        if WAITING_MAX <= self.state.borrow().waiting.len() {
            self.read.ask_again(&mut pull);
            return;
        }
        self.add(Task::Pull(pull, nothing));
    }

    /// Has the reply to a request of `conn` made by a thread that may wait for the disk; an empty one is not sent. False
    /// if there are too many.
    pub(crate) fn reply(&self, conn: &Rc<Connection>, make: MakeReply) -> bool {
        if WAITING_MAX <= self.state.borrow().waiting.len() {
            return false;
        }
        self.add(Task::Reply(Rc::clone(conn), Some(make)));
        true
    }

    /// Has the record at `at` read for a request of `conn`, and given to `with`. False if there are too many.
    pub(crate) fn record(&self, conn: &Rc<Connection>, at: LogOffset, with: WithRecord) -> bool {
        if WAITING_MAX <= self.state.borrow().waiting.len() {
            return false;
        }
        self.add(Task::Record(Rc::clone(conn), at, with));
        true
    }

    /// Answers what has been read. Pulls for which there was nothing go to `held`.
    pub(crate) fn finish(&self, held: &HeldPulls) {
        let done = std::mem::take(&mut *self.done.list.lock());
        for (number, brought) in done {
            let mut state = self.state.borrow_mut();
            state.under_way -= 1;
            let task = state.tasks.remove(&number);
            if let Some(task) = &task {
                state.waiting.end(task.conn());
            }
            drop(state);
            if let Some(task) = task {
                self.answer(task, brought, held);
            }
        }
        self.begin_more();
    }

    /// Forgets the reads of a closed connection. Those under way end by themselves.
    pub(crate) fn drop_connection(&self, conn: ConnId) {
        let mut state = self.state.borrow_mut();
        state.tasks.retain(|_, task| task.conn() != conn);
        state.waiting.forget(conn);
    }

    /// Whether nothing waits and nothing is under way.
    pub(crate) fn is_empty(&self) -> bool {
        let state = self.state.borrow();
        state.tasks.is_empty() && state.under_way == 0
    }

    fn add(&self, task: Task) {
        let mut state = self.state.borrow_mut();
        let number = state.next;
        state.next += 1;
        state.waiting.push(task.conn(), number);
        state.tasks.insert(number, task);
        drop(state);
        self.begin_more();
    }

    fn begin_more(&self) {
        let mut state = self.state.borrow_mut();
        while state.under_way < UNDER_WAY_MAX {
            let Some(number) = state.waiting.begin() else {
                return;
            };
            let Some(task) = state.tasks.get_mut(&number) else {
                // Its connection is closed.
                continue;
            };
            let work = self.work(task);
            let done = Arc::clone(&self.done);
            let begun = self.store.defer(Box::new(move || done.put(number, work())));
            if !begun {
                self.done.put(number, Brought::Refused);
            }
            state.under_way += 1;
        }
    }

    fn work(&self, task: &mut Task) -> Box<dyn FnOnce() -> Brought + Send> {
        match task {
            Task::Pull(pull, _) => {
                let store = Arc::clone(&self.store);
                let queue = Arc::clone(&pull.queue);
                let subscription = Arc::clone(&pull.subscription);
                let (from, limits) = (pull.from(), pull.limits());
                Box::new(move || {
                    let mut bytes = Vec::new();
                    let wants = |code| subscription.wants(code);
                    let read = store.read(&queue, from, limits, &wants, &mut bytes);
                    Brought::Messages(read, bytes)
                })
            }
            Task::Record(_, at, _) => {
                let (store, at) = (Arc::clone(&self.store), *at);
                Box::new(move || {
                    let mut record = Vec::new();
                    let read = store.record_at(at, &mut record);
                    Brought::Record(read.is_ok().then_some(record))
                })
            }
            Task::Reply(_, make) => match make.take() {
                Some(make) => Box::new(move || Brought::Frame(make())),
                None => Box::new(|| Brought::Frame(Vec::new())),
            },
        }
    }

    fn answer(&self, task: Task, brought: Brought, held: &HeldPulls) {
        match (task, brought) {
            (Task::Pull(mut pull, nothing), Brought::Messages(read, bytes)) => {
                match self.read.answer_with(&mut pull, nothing, read, &bytes) {
                    Read::Nothing => held.hold(pull),
                    Read::Answered | Read::Cold => {}
                }
            }
            (Task::Reply(conn, _), Brought::Frame(frame)) => {
                if !frame.is_empty() {
                    conn.out().extend_from_slice(&frame);
                }
            }
            (Task::Record(_, _, with), Brought::Record(record)) => with(record),
            (Task::Pull(mut pull, _), _) => self.read.ask_again(&mut pull),
            // The store is closed, which happens after the connections are.
            (Task::Reply(conn, _) | Task::Record(conn, ..), _) => conn.close(),
        }
    }
}

impl Done {
    fn put(&self, number: u64, brought: Brought) {
        self.list.lock().push((number, brought));
        self.thread.wake();
    }
}

impl fmt::Debug for ColdReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.borrow();
        f.debug_struct("ColdReads")
            .field("waiting", &state.waiting.len())
            .field("under_way", &state.under_way)
            .finish_non_exhaustive()
    }
}
