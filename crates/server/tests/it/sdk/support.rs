//! What the tests of the client share.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ferromq_client::{
    ConsumeFrom, ConsumeResult, Delivery, Message, MessageView, Producer, PullConsumer,
    PullConsumerBuilder, PushConsumer, PushConsumerBuilder,
};
use parking_lot::Mutex;
use tempfile::TempDir;

use crate::process::{Process, ferromq};

/// A running standalone with a data folder of its own; retries and delays take seconds at most.
pub(super) struct Standalone {
    process: Process,
    dir: TempDir,
    namesrv: SocketAddr,
    broker: SocketAddr,
}

/// A standalone of the test's own.
pub(super) async fn server() -> Standalone {
    let dir = tempfile::tempdir().unwrap();
    let levels = "messageDelayLevel=1s 1s 1s 1s 1s 1s 2s 2s 2s 2s 2s 2s 2s 2s 2s 2s 2s 2s\n";
    std::fs::write(dir.path().join("broker.conf"), levels).unwrap();
    let process = Standalone::run(&dir, 0, 0);
    Standalone {
        namesrv: process.address("name server"),
        broker: process.address("broker"),
        process,
        dir,
    }
}

impl Standalone {
    fn run(dir: &TempDir, namesrv: u16, broker: u16) -> Process {
        let (data, conf) = (dir.path().join("data"), dir.path().join("broker.conf"));
        let (namesrv, broker) = (namesrv.to_string(), broker.to_string());
        let arguments = [
            "standalone",
            "--listen",
            "127.0.0.1",
            "--namesrv-port",
            &namesrv,
            "--broker-port",
            &broker,
            "--data",
            data.to_str().unwrap(),
            "-c",
            conf.to_str().unwrap(),
        ];
        Process::start(ferromq(), &arguments, "ready")
    }

    pub(super) fn namesrv(&self) -> String {
        self.namesrv.to_string()
    }

    /// Stops cleanly.
    pub(super) fn stop(&mut self) {
        self.process.terminate();
        let (status, log) = self.process.end();
        assert!(status.success(), "{status} {log:#?}");
    }

    /// Kills without warning.
    pub(super) fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts again on the same ports and data.
    pub(super) fn start_again(&mut self) {
        self.process = Self::run(&self.dir, self.namesrv.port(), self.broker.port());
    }
}

/// Time for anything to happen; far more than it takes.
pub(super) const LONG: Duration = Duration::from_secs(40);

/// A name that no other test uses.
pub(super) fn fresh(what: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    format!("{what}-{}-{count}", since.as_millis())
}

pub(super) async fn producer(namesrv: &str) -> Producer {
    Producer::builder("tests")
        .name_servers(namesrv)
        .start()
        .await
        .unwrap()
}

/// A consumer of everything there is in the topic, from the beginning.
pub(super) fn push(namesrv: &str, group: &str, topic: &str) -> PushConsumerBuilder {
    PushConsumer::builder(group)
        .name_servers(namesrv)
        .subscribe(topic, "*")
        .from(ConsumeFrom::First)
}

pub(super) fn pull(namesrv: &str, group: &str) -> PullConsumerBuilder {
    PullConsumer::builder(group)
        .name_servers(namesrv)
        .from(ConsumeFrom::First)
}

/// Sends `count` messages with the bodies `0`, `1`, ...; returns when all are stored.
pub(super) async fn send(producer: &Producer, topic: &str, count: usize) {
    for number in 0..count {
        let message = Message::new(topic, number.to_string());
        producer.send(message).await.unwrap();
    }
}

/// Bodies received by a test's listeners, in the order of their arrival.
#[derive(Clone, Default)]
pub(super) struct Received {
    messages: Arc<Mutex<Vec<MessageView>>>,
    arrived: Arc<tokio::sync::Notify>,
}

impl Received {
    /// Takes all that comes.
    pub(super) fn listener(
        &self,
    ) -> impl Fn(Delivery) -> Ready<ConsumeResult> + Send + Sync + 'static {
        let into = self.clone();
        move |messages| {
            into.add(&messages);
            ready(ConsumeResult::Success)
        }
    }

    pub(super) fn add(&self, messages: &[MessageView]) {
        self.messages.lock().extend_from_slice(messages);
        self.arrived.notify_one();
    }

    pub(super) fn all(&self) -> Vec<MessageView> {
        self.messages.lock().clone()
    }

    pub(super) fn bodies(&self) -> Vec<String> {
        bodies(&self.all())
    }

    /// Waits until the messages that came satisfy `enough`.
    pub(super) async fn until(&self, what: &str, enough: impl Fn(&[MessageView]) -> bool) {
        let wait = async {
            while !enough(&self.messages.lock()) {
                self.arrived.notified().await;
            }
        };
        if tokio::time::timeout(LONG, wait).await.is_err() {
            panic!("{what}: only {:?} came", self.bodies());
        }
    }

    /// Waits until `count` different bodies came.
    pub(super) async fn until_count(&self, count: usize) {
        let what = format!("{count} messages expected");
        self.until(&what, |messages| distinct(messages).len() >= count)
            .await;
    }
}

pub(super) fn bodies(messages: &[MessageView]) -> Vec<String> {
    messages.iter().map(body).collect()
}

pub(super) fn body(message: &MessageView) -> String {
    String::from_utf8(message.body().to_vec()).unwrap()
}

/// How often each body came.
pub(super) fn distinct(messages: &[MessageView]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for message in messages {
        *counts.entry(body(message)).or_default() += 1;
    }
    counts
}

/// Asserts that the bodies `0` to `count - 1` came, each exactly once.
pub(super) fn assert_each_once(messages: &[MessageView], count: usize) {
    let expected: BTreeMap<String, usize> = (0..count).map(|i| (i.to_string(), 1)).collect();
    assert_eq!(distinct(messages), expected);
}

/// Waits until `fact` holds; asks again and again, because nothing tells of its change.
pub(super) async fn eventually<T: Debug>(
    what: &str,
    mut look: impl AsyncFnMut() -> T,
    fact: impl Fn(&T) -> bool,
) -> T {
    let deadline = tokio::time::Instant::now() + LONG;
    loop {
        let seen = look().await;
        if fact(&seen) {
            return seen;
        }
        assert!(tokio::time::Instant::now() < deadline, "{what}: {seen:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Polls until `count` messages came.
pub(super) async fn poll(consumer: &PullConsumer, count: usize) -> Vec<MessageView> {
    let deadline = tokio::time::Instant::now() + LONG;
    let mut all = Vec::new();
    while all.len() < count {
        all.extend(consumer.poll(Duration::from_secs(1)).await.unwrap());
        let left = tokio::time::Instant::now() < deadline;
        assert!(left, "{count} messages expected, {:?} came", bodies(&all));
    }
    all
}
