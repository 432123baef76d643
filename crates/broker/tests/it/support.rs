//! A broker on a free port, and a client that speaks plain frames.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ferromq_base::SystemClock;
use ferromq_broker::{Broker, BrokerSetup};
use ferromq_config::BrokerConfig;
use ferromq_disk::{Disk, RealDisk};
use ferromq_net::Server;
use ferromq_storage::{IndexConfig, Retention, Store, StoreConfig};
use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::command::RemotingCommand;
use ferromq_wire::frame::{self, SerializeType};
use ferromq_wire::message::RecordRef;
use ferromq_wire::request::{PullRequest, PullResponseHeader, SendRequest, pull_flag};

/// Longest wait for anything that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// Group of the tests.
pub(crate) const GROUP: &str = "G";
/// Topic of the tests.
pub(crate) const TOPIC: &str = "T";

type Tweak = fn(&mut BrokerConfig, &mut StoreConfig);

/// What a test broker is made of besides its folder.
struct Setup {
    disk: Arc<dyn Disk>,
    ack_timeout: Duration,
    tweak: Tweak,
}

/// A running broker.
pub(crate) struct TestBroker {
    dir: tempfile::TempDir,
    setup: Setup,
    running: Option<(Arc<Broker>, Server)>,
}

impl TestBroker {
    pub(crate) fn start() -> Self {
        Self::start_with(|_, _| {})
    }

    pub(crate) fn start_with(tweak: Tweak) -> Self {
        Self::start_on(Arc::new(RealDisk), Duration::from_secs(5), tweak)
    }

    /// A broker whose producers wait at most `ack_timeout` for `disk`.
    pub(crate) fn start_on(disk: Arc<dyn Disk>, ack_timeout: Duration, tweak: Tweak) -> Self {
        let setup = Setup {
            disk,
            ack_timeout,
            tweak,
        };
        let dir = tempfile::tempdir().unwrap();
        setup.disk.create_dirs(&dir.path().join("config")).unwrap();
        let running = Some(run(dir.path(), &setup));
        Self {
            dir,
            setup,
            running,
        }
    }

    pub(crate) fn stop(&mut self) {
        let (broker, server) = self.running.take().unwrap();
        server.stop(PATIENCE);
        broker.close().unwrap();
    }

    pub(crate) fn restart(&mut self) {
        self.stop();
        self.running = Some(run(self.dir.path(), &self.setup));
    }

    /// Folder of the broker.
    pub(crate) fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.running.as_ref().unwrap().1.addresses()[0]
    }

    /// The broker, to be served elsewhere too.
    pub(crate) fn role(&self) -> Arc<Broker> {
        Arc::clone(&self.running.as_ref().unwrap().0)
    }

    pub(crate) fn broker(&self) -> &Broker {
        &self.running.as_ref().unwrap().0
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address())
    }
}

impl Drop for TestBroker {
    fn drop(&mut self) {
        if self.running.is_some() && !std::thread::panicking() {
            self.stop();
        }
    }
}

fn run(dir: &std::path::Path, setup: &Setup) -> (Arc<Broker>, Server) {
    let mut config = BrokerConfig::default();
    let mut store = StoreConfig::at(dir);
    store.segment_bytes = 32 << 20;
    // Whatever else is on the disk.
    store.retention = Retention::everything();
    store.index = Some(IndexConfig {
        slots: 1_000,
        entries: 4_000,
    });
    (setup.tweak)(&mut config, &mut store);
    store.delay_levels = config.message_delay_level.delays().to_vec();
    let disk = Arc::clone(&setup.disk);
    let clock = Arc::new(SystemClock);
    let broker = Broker::start(BrokerSetup {
        config,
        store: Store::open(disk.clone(), store, clock.clone()).unwrap(),
        disk,
        settings_dir: dir.join("config"),
        ack_timeout: setup.ack_timeout,
        clock,
    })
    .unwrap();
    let server = Server::builder()
        .threads(std::num::NonZero::new(2).unwrap())
        .listen("127.0.0.1:0".parse().unwrap(), broker.clone())
        .start()
        .unwrap();
    (broker, server)
}

/// A connection.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    opaque: i32,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: Vec::new(),
            opaque: 100,
        }
    }

    /// Sends a request; returns its number.
    pub(crate) fn post(&mut self, mut request: RemotingCommand) -> i32 {
        self.opaque += 1;
        request.opaque = self.opaque;
        let mut bytes = Vec::new();
        request.encode(SerializeType::Json, &mut bytes).unwrap();
        self.stream.write_all(&bytes).unwrap();
        self.opaque
    }

    /// Answers a request of the broker.
    pub(crate) fn answer(&mut self, response: &RemotingCommand) {
        let mut bytes = Vec::new();
        response.encode(SerializeType::Json, &mut bytes).unwrap();
        self.write(&bytes);
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// The next frame; `None` if none came in time, or the connection was closed.
    pub(crate) fn receive_within(&mut self, time: Duration) -> Option<RemotingCommand> {
        let until = Instant::now() + time;
        loop {
            if let Some(frame) = frame::split(&self.buffer).unwrap() {
                let command = RemotingCommand::decode(&frame).unwrap();
                let len = frame.wire_len();
                self.buffer.drain(..len);
                return Some(command);
            }
            let left = until.checked_duration_since(Instant::now())?;
            let left = left.max(Duration::from_millis(1));
            self.stream.set_read_timeout(Some(left)).unwrap();
            let mut chunk = [0; 65_536];
            match self.stream.read(&mut chunk) {
                Ok(0) => return None,
                Ok(len) => self.buffer.extend_from_slice(&chunk[..len]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return None,
            }
        }
    }

    pub(crate) fn receive(&mut self) -> RemotingCommand {
        self.receive_within(PATIENCE).expect("a frame in time")
    }

    /// Whether the broker closes the connection.
    pub(crate) fn is_closed_by_peer(&mut self) -> bool {
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        matches!(self.stream.read(&mut [0; 16]), Ok(0))
    }

    pub(crate) fn call(&mut self, request: RemotingCommand) -> RemotingCommand {
        let opaque = self.post(request);
        loop {
            let reply = self.receive();
            // The broker has requests of its own, such as a notice that the group has changed.
            if reply.is_response() {
                assert_eq!(reply.opaque, opaque);
                return reply;
            }
        }
    }

    /// Sends a message that must be accepted; returns its queue offset.
    pub(crate) fn send_ok(&mut self, request: &SendRequest<'_>, body: &[u8]) -> i64 {
        let reply = self.call(send(request, body));
        assert_eq!(reply.response_code(), ResponseCode::SUCCESS, "{reply:?}");
        reply.ext.get("queueOffset").unwrap().parse().unwrap()
    }

    pub(crate) fn pull(&mut self, request: &PullRequest<'_>) -> Pulled {
        Pulled::of(self.call(pull(request)))
    }

    /// Pulls and waits until there is something.
    pub(crate) fn pull_one(&mut self, topic: &str, queue_offset: i64) -> Pulled {
        let wait = i64::try_from(PATIENCE.as_millis()).unwrap() / 2;
        self.pull(&PullRequest {
            topic,
            queue_offset,
            sys_flag: pull_flag::SUBSCRIPTION | pull_flag::SUSPEND,
            suspend_timeout_millis: wait,
            ..everything(topic)
        })
    }
}

/// A pull's reply.
#[derive(Debug)]
pub(crate) struct Pulled {
    pub(crate) code: ResponseCode,
    pub(crate) reply: RemotingCommand,
}

/// A pulled message.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) body: Vec<u8>,
    pub(crate) properties: Vec<(String, String)>,
    pub(crate) queue_offset: u64,
    pub(crate) log_offset: u64,
    pub(crate) reconsume_times: i32,
    pub(crate) topic: String,
}

impl Pulled {
    pub(crate) fn of(reply: RemotingCommand) -> Self {
        Self {
            code: reply.response_code(),
            reply,
        }
    }

    pub(crate) fn header(&self) -> PullResponseHeader {
        self.reply.header().unwrap()
    }

    pub(crate) fn messages(&self) -> Vec<Message> {
        let mut rest = &self.reply.body[..];
        let mut all = Vec::new();
        while !rest.is_empty() {
            let record = RecordRef::parse(rest).unwrap();
            record.check_body().unwrap();
            all.push(Message::of(&record));
            rest = &rest[record.size()..];
        }
        all
    }

    pub(crate) fn bodies(&self) -> Vec<String> {
        let text = |message: Message| String::from_utf8(message.body).unwrap();
        self.messages().into_iter().map(text).collect()
    }
}

impl Message {
    pub(crate) fn of(record: &RecordRef<'_>) -> Self {
        Self {
            body: record.body().to_vec(),
            properties: record
                .properties()
                .iter()
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
            queue_offset: record.queue_offset().0,
            log_offset: record.physical_offset().0,
            reconsume_times: record.reconsume_times(),
            topic: record.topic().to_owned(),
        }
    }

    pub(crate) fn property(&self, name: &str) -> Option<&str> {
        let found = self.properties.iter().rev().find(|(key, _)| key == name)?;
        Some(&found.1)
    }
}

/// The heartbeat of a member of the test group that wants `tags` of the test topic.
pub(crate) fn heartbeat(model: &str, tags: &str, version: i64) -> RemotingCommand {
    let body = format!(
        "{{\"clientID\":\"c1\",\"producerDataSet\":[],\"consumerDataSet\":[{{\"groupName\":\"{GROUP}\",\
         \"consumeType\":\"CONSUME_PASSIVELY\",\"messageModel\":\"{model}\",\
         \"consumeFromWhere\":\"CONSUME_FROM_LAST_OFFSET\",\"unitMode\":false,\
         \"subscriptionDataSet\":[{{\"topic\":\"{TOPIC}\",\"subString\":\"{tags}\",\"subVersion\":{version},\
         \"expressionType\":\"TAG\",\"classFilterMode\":false,\"tagsSet\":[],\"codeSet\":[]}}]}}]}}"
    );
    RemotingCommand::bare_request(RequestCode::HEART_BEAT).with_body(body)
}

/// A send of the test topic, queue 0.
pub(crate) fn to_topic(topic: &str) -> SendRequest<'_> {
    SendRequest {
        producer_group: "PG",
        topic,
        default_topic: "TBW102",
        default_topic_queue_nums: 4,
        born_timestamp: 1_700_000_000_000,
        ..SendRequest::default()
    }
}

pub(crate) fn send(request: &SendRequest<'_>, body: &[u8]) -> RemotingCommand {
    RemotingCommand::request(RequestCode::SEND_MESSAGE_V2, request).with_body(body.to_vec())
}

/// A pull of everything in queue 0 from its begin, without waiting.
pub(crate) fn everything(topic: &str) -> PullRequest<'_> {
    PullRequest {
        consumer_group: GROUP,
        topic,
        max_msg_nums: 32,
        sys_flag: pull_flag::SUBSCRIPTION,
        subscription: Some("*"),
        suspend_timeout_millis: 0,
        request_source: -1,
        ..PullRequest::default()
    }
}

pub(crate) fn pull(request: &PullRequest<'_>) -> RemotingCommand {
    RemotingCommand::request(RequestCode::PULL_MESSAGE, request)
}

/// A property string.
pub(crate) fn properties(entries: &[(&str, &str)]) -> String {
    let entry = |(key, value): &(&str, &str)| format!("{key}\u{1}{value}\u{2}");
    entries.iter().map(entry).collect()
}

/// A request with fields as given.
pub(crate) fn request(code: RequestCode, fields: &[(&'static str, &str)]) -> RemotingCommand {
    let mut command = RemotingCommand::bare_request(code);
    for (name, value) in fields {
        command.ext.push(*name, *value);
    }
    command
}
