//! Registration with name servers, as seen by name servers that only listen.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use ferromq_wire::body::{self, KvTable, RegisterBrokerBody};
use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::command::RemotingCommand;
use ferromq_wire::frame::{self, SerializeType};
use ferromq_wire::request::{CreateTopicRequest, RegisterBrokerRequest, UnregisterBrokerRequest};

use crate::support::{PATIENCE, TOPIC, TestBroker, to_topic};

/// What a name server was told, and over which of its connections.
struct Told {
    connection: usize,
    command: RemotingCommand,
}

/// A name server that accepts every registration and passes on what it hears.
struct FakeNameServer {
    address: String,
    told: Receiver<Told>,
    streams: &'static Mutex<Vec<TcpStream>>,
}

impl FakeNameServer {
    fn start() -> Self {
        Self::answering(Vec::new())
    }

    /// Answers registrations with this body.
    fn answering(body: Vec<u8>) -> Self {
        Self::slow(body, Duration::ZERO)
    }

    /// Takes its time to answer.
    fn slow(body: Vec<u8>, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, told) = channel();
        let streams: &'static Mutex<Vec<TcpStream>> = Box::leak(Box::default());
        thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                let Ok(stream) = stream else { return };
                streams.lock().unwrap().push(stream.try_clone().unwrap());
                let (sender, body) = (sender.clone(), body.clone());
                thread::spawn(move || serve(stream, connection, &sender, (&body, delay)));
            }
        });
        Self {
            address,
            told,
            streams,
        }
    }

    fn next(&self) -> Told {
        self.told
            .recv_timeout(PATIENCE)
            .expect("word of the broker in time")
    }

    /// The next registration: its header, its body, and the connection.
    fn registration(&self) -> (RegisterBrokerRequest, RegisterBrokerBody, usize) {
        let told = self.next();
        assert_eq!(told.command.code, RequestCode::REGISTER_BROKER.0);
        let body = RegisterBrokerBody::decode(&told.command.body, told.command.version, false);
        (
            told.command.header().unwrap(),
            body.unwrap(),
            told.connection,
        )
    }

    fn drop_connections(&self) {
        for stream in self.streams.lock().unwrap().drain(..) {
            stream.shutdown(std::net::Shutdown::Both).unwrap();
        }
    }
}

fn serve(
    mut stream: TcpStream,
    connection: usize,
    told: &Sender<Told>,
    (body, delay): (&[u8], Duration),
) {
    let mut buffer = Vec::new();
    let mut chunk = [0; 65_536];
    loop {
        while let Some(found) = frame::split(&buffer).unwrap() {
            let command = RemotingCommand::decode(&found).unwrap();
            let len = found.wire_len();
            buffer.drain(..len);
            let mut reply = RemotingCommand::response(command.opaque, ResponseCode::SUCCESS, None);
            if command.code == RequestCode::REGISTER_BROKER.0 {
                reply = reply.with_body(body.to_vec());
            }
            // The test may be over.
            let _ = told.send(Told {
                connection,
                command,
            });
            thread::sleep(delay);
            let mut bytes = Vec::new();
            reply.encode(SerializeType::Json, &mut bytes).unwrap();
            if stream.write_all(&bytes).is_err() {
                return;
            }
        }
        match stream.read(&mut chunk) {
            Ok(len) if 0 < len => buffer.extend_from_slice(&chunk[..len]),
            _ => return,
        }
    }
}

/// Name servers of the broker that is about to be started: a tweak cannot capture them.
static NAME_SERVERS: OnceLock<Mutex<String>> = OnceLock::new();
/// One broker is started at a time, because of them.
static STARTING: Mutex<()> = Mutex::new(());

fn broker_at(name_servers: &str) -> TestBroker {
    let _one = STARTING
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let list = NAME_SERVERS.get_or_init(Mutex::default);
    name_servers.clone_into(&mut list.lock().unwrap());
    let broker = TestBroker::start_with(|config, _| {
        let list = NAME_SERVERS.get_or_init(Mutex::default).lock().unwrap();
        config.namesrv_addr = Some(list.clone());
        config.broker_name = "broker-a".to_owned();
    });
    broker.broker().announce(broker.address());
    broker
}

#[test]
fn every_name_server_is_told_of_all_topics_and_then_of_new_ones() {
    let servers = [FakeNameServer::start(), FakeNameServer::start()];
    let list = format!("{};{}", servers[0].address, servers[1].address);
    let broker = broker_at(&list);
    for server in &servers {
        let (header, body, _) = server.registration();
        assert_eq!(
            (header.broker_name.as_str(), header.broker_id),
            ("broker-a", 0)
        );
        assert_eq!(header.cluster_name, "DefaultCluster");
        assert_eq!(header.broker_addr, broker.address().to_string());
        assert_eq!(header.ferro_listen, Some(broker.address().to_string()));
        let topics = body.topics.topic_config_table;
        assert_eq!(
            (topics["TBW102"].perm, topics["TBW102"].write_queue_nums),
            (7, 8)
        );
        assert!(!topics.contains_key(TOPIC));
    }
    broker.client().send_ok(&to_topic(TOPIC), b"0");
    for server in &servers {
        let (_, body, _) = server.registration();
        let topics: Vec<_> = body.topics.topic_config_table.keys().collect();
        assert_eq!(topics, [TOPIC]);
        assert_eq!(
            body.topics.data_version,
            broker.broker().parts().topics.version()
        );
    }
}

#[test]
fn a_lost_connection_is_made_again_and_the_broker_registered_in_full() {
    let server = FakeNameServer::start();
    let _broker = broker_at(&server.address);
    let (_, first, connection) = server.registration();
    server.drop_connections();
    let (_, second, again) = server.registration();
    assert_ne!(connection, again);
    assert_eq!(first, second);
}

#[test]
fn a_name_server_that_is_away_disturbs_nobody() {
    let away = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let server = FakeNameServer::start();
    let broker = broker_at(&format!("{away};{}", server.address));
    server.registration();
    broker.client().send_ok(&to_topic(TOPIC), b"0");
    server.registration();
}

#[test]
fn the_broker_withdraws_before_it_stops() {
    let server = FakeNameServer::start();
    let mut broker = broker_at(&server.address);
    let (registered, ..) = server.registration();
    broker.broker().withdraw();
    let told = server.next();
    assert_eq!(told.command.code, RequestCode::UNREGISTER_BROKER.0);
    let header: UnregisterBrokerRequest = told.command.header().unwrap();
    assert_eq!(header.broker_addr, registered.broker_addr);
    assert_eq!(
        (header.broker_name.as_str(), header.broker_id),
        ("broker-a", 0)
    );
    broker.stop();
    assert!(
        server
            .told
            .recv_timeout(Duration::from_millis(200))
            .is_err()
    );
}

#[test]
fn the_order_configuration_of_a_name_server_is_taken_over() {
    let table = [(TOPIC.to_owned(), "broker-a:4".to_owned())];
    let order = KvTable {
        table: table.into(),
    };
    let server = FakeNameServer::answering(body::encode(&order));
    let broker = broker_at(&server.address);
    server.registration();
    broker.client().send_ok(&to_topic(TOPIC), b"0");
    server.registration();
    broker.client().send_ok(&to_topic("U"), b"0");
    server.registration();
    let topics = &broker.broker().parts().topics;
    let until = Instant::now() + PATIENCE;
    while !topics.find(TOPIC).unwrap().order {
        assert!(Instant::now() < until, "never marked");
        thread::yield_now();
    }
    assert!(!topics.find("U").unwrap().order);
}

#[test]
fn a_topic_is_known_to_the_name_server_when_its_creation_is_answered() {
    let delay = Duration::from_millis(100);
    let server = FakeNameServer::slow(Vec::new(), delay);
    let broker = broker_at(&server.address);
    assert!(broker.broker().wait_registered(PATIENCE));
    server.registration();
    let request = CreateTopicRequest {
        topic: TOPIC.to_owned(),
        default_topic: "TBW102".to_owned(),
        read_queue_nums: 1,
        write_queue_nums: 1,
        perm: 6,
        topic_filter_type: None,
        topic_sys_flag: 0,
        order: false,
        attributes: None,
    };
    let request = RemotingCommand::request(RequestCode::UPDATE_AND_CREATE_TOPIC, &request);
    let begin = Instant::now();
    assert_eq!(
        broker.client().call(request.clone()).response_code(),
        ResponseCode::SUCCESS
    );
    assert!(delay <= begin.elapsed());
    let told = server.told.try_recv().expect("told before the answer");
    assert_eq!(told.command.code, RequestCode::REGISTER_BROKER.0);
    assert_eq!(
        broker.client().call(request).response_code(),
        ResponseCode::SUCCESS
    );
    assert!(server.told.try_recv().is_err(), "nothing new");
}
