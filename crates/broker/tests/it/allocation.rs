//! The way of a send and of a pull through a network thread allocates nothing once its buffers have grown.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ferromq_base::Millis;
use ferromq_net::{Connection, FrameRef, Role, Server, Service, ThreadContext};
use ferromq_testkit::CountingAllocator;
use ferromq_wire::code::ResponseCode;
use ferromq_wire::request::{PullRequest, SendRequest};

use crate::support::{
    Client, PATIENCE, TOPIC, TestBroker, everything, properties, pull, send, to_topic,
};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// A broker whose services count what they allocate.
struct Counted {
    broker: Arc<dyn Role>,
    total: Arc<AtomicU64>,
}

struct CountedService {
    service: Rc<dyn Service>,
    total: Arc<AtomicU64>,
}

impl Role for Counted {
    fn on_thread(&self, thread: ThreadContext) -> Rc<dyn Service> {
        Rc::new(CountedService {
            service: self.broker.on_thread(thread),
            total: Arc::clone(&self.total),
        })
    }
}

impl CountedService {
    fn counted(&self, work: impl FnOnce()) {
        let before = CountingAllocator::count();
        work();
        let allocated = CountingAllocator::count() - before;
        self.total.fetch_add(allocated, Ordering::SeqCst);
    }
}

impl Service for CountedService {
    fn frame(&self, conn: &Rc<Connection>, frame: FrameRef<'_>) {
        self.counted(|| self.service.frame(conn, frame));
    }

    fn turn_end(&self) {
        self.counted(|| self.service.turn_end());
    }

    fn woken(&self) {
        self.counted(|| self.service.woken());
    }

    fn deadline(&self) -> Option<Millis> {
        self.service.deadline()
    }

    fn expired(&self, now: Millis) {
        self.service.expired(now);
    }

    fn closed(&self, conn: &Rc<Connection>) {
        self.service.closed(conn);
    }

    fn drain(&self) {
        self.service.drain();
    }

    fn settled(&self) -> bool {
        self.service.settled()
    }
}

/// Sends `count` messages a few at a time, then pulls as many.
fn work(client: &mut Client, count: usize) {
    let text = properties(&[
        ("UNIQ_KEY", "0123456789ABCDEF0123456789ABCDEF"),
        ("TAGS", "A"),
        ("KEYS", "k1 k2"),
    ]);
    let message = SendRequest {
        properties: &text,
        ..to_topic(TOPIC)
    };
    for _ in 0..count / 4 {
        for _ in 0..4 {
            client.post(send(&message, b"body"));
        }
        for _ in 0..4 {
            assert_eq!(client.receive().response_code(), ResponseCode::SUCCESS);
        }
    }
}

fn read(client: &mut Client, count: usize) {
    for i in 0..count / 32 {
        let request = PullRequest {
            queue_offset: i64::try_from(i * 32).unwrap(),
            ..everything(TOPIC)
        };
        client.post(pull(&request));
        assert_eq!(client.receive().response_code(), ResponseCode::SUCCESS);
    }
}

#[test]
fn a_message_costs_a_network_thread_no_allocation() {
    let broker = TestBroker::start();
    let total = Arc::new(AtomicU64::new(0));
    let counted = Counted {
        broker: broker.role(),
        total: Arc::clone(&total),
    };
    let server = Server::builder()
        .listen("127.0.0.1:0".parse().unwrap(), Arc::new(counted))
        .start()
        .unwrap();
    let mut client = Client::connect(server.addresses()[0]);
    work(&mut client, 4_096);
    read(&mut client, 4_096);
    let begin = total.load(Ordering::SeqCst);
    work(&mut client, 4_096);
    let sent = total.load(Ordering::SeqCst);
    read(&mut client, 4_096);
    let read = total.load(Ordering::SeqCst);
    let (per_send, per_pull) = ((sent - begin) / 4_096, (read - sent) / 128);
    assert_eq!(per_send, 0, "{} allocations in all", sent - begin);
    // Also with a subscription in the pull itself.
    assert_eq!(per_pull, 0, "{} allocations in all", read - sent);
    server.stop(PATIENCE);
}
