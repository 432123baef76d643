//! A name server on a free port and a blocking client that writes headers by hand.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ferromq_config::{Env, NamesrvSettings};
use ferromq_disk::RealDisk;
use ferromq_namesrv::NameServer;
use ferromq_net::Server;
use ferromq_wire::code::RequestCode;
use ferromq_wire::command::RemotingCommand;
use ferromq_wire::frame::SerializeType;
use serde_json::{Value, json};

/// A running name server with a data directory of its own.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) dir: tempfile::TempDir,
    _server: Server,
}

/// Starts a name server with these lines of configuration.
pub(crate) fn start(config: &str) -> Running {
    start_in(tempfile::tempdir().unwrap(), config)
}

/// Starts a name server over existing data.
pub(crate) fn start_in(dir: tempfile::TempDir, config: &str) -> Running {
    let (mut settings, _) = NamesrvSettings::read(config.as_bytes(), &Env::default()).unwrap();
    for (key, file) in [
        ("kvConfigPath", "kvConfig.json"),
        ("configStorePath", "namesrv.properties"),
    ] {
        settings.overrule(key, dir.path().join(file).to_str().unwrap());
    }
    let role = NameServer::open(Arc::new(RealDisk), settings).unwrap();
    let server = Server::builder()
        .threads(2.try_into().unwrap())
        .listen((Ipv4Addr::UNSPECIFIED, 0).into(), Arc::new(role))
        .start()
        .unwrap();
    Running {
        address: (Ipv4Addr::LOCALHOST, server.addresses()[0].port()).into(),
        dir,
        _server: server,
    }
}

impl Running {
    /// Stops it and gives its data back.
    pub(crate) fn stop(self) -> tempfile::TempDir {
        self.dir
    }

    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address)
    }
}

/// A response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) code: i64,
    pub(crate) remark: Option<String>,
    pub(crate) fields: Value,
    pub(crate) body: String,
}

impl Reply {
    /// The value of a field.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields[name].as_str()
    }

    /// Code and remark.
    pub(crate) fn status(&self) -> (i64, &str) {
        (self.code, self.remark.as_deref().unwrap_or_default())
    }
}

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    opaque: i32,
    /// What it says its version is.
    pub(crate) version: i32,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        Self {
            stream,
            opaque: 0,
            version: 479,
        }
    }

    /// A request with its answer.
    pub(crate) fn call(&mut self, code: i32, fields: &[(&str, &str)]) -> Reply {
        self.call_with(code, fields, b"")
    }

    /// A request with body and its answer.
    pub(crate) fn call_with(&mut self, code: i32, fields: &[(&str, &str)], body: &[u8]) -> Reply {
        self.send(code, 0, fields, body);
        self.receive()
    }

    /// A request that is not answered.
    pub(crate) fn oneway(&mut self, code: i32, fields: &[(&str, &str)], body: &[u8]) {
        self.send(code, 2, fields, body);
    }

    fn send(&mut self, code: i32, flag: i32, fields: &[(&str, &str)], body: &[u8]) {
        self.opaque += 1;
        let ext: serde_json::Map<String, Value> = fields
            .iter()
            .map(|(k, v)| ((*k).to_owned(), json!(v)))
            .collect();
        let mut header = json!({
            "code": code, "flag": flag, "language": "JAVA", "opaque": self.opaque,
            "serializeTypeCurrentRPC": "JSON", "version": self.version,
        });
        if !fields.is_empty() {
            header["extFields"] = Value::Object(ext);
        }
        self.write(&frame(header.to_string().as_bytes(), body));
    }

    /// A request with a binary header and its answer.
    pub(crate) fn call_binary(&mut self, code: RequestCode, fields: &[(&str, &str)]) -> Reply {
        self.opaque += 1;
        let mut command = RemotingCommand::bare_request(code);
        command.opaque = self.opaque;
        for (name, value) in fields {
            command.ext.push((*name).to_owned(), *value);
        }
        let mut bytes = Vec::new();
        command.encode(SerializeType::RocketMq, &mut bytes).unwrap();
        self.write(&bytes);
        self.receive()
    }

    /// Writes raw bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// The next response, which must belong to the last request.
    pub(crate) fn receive(&mut self) -> Reply {
        let mut prefix = [0; 8];
        self.stream.read_exact(&mut prefix).unwrap();
        let length = u32::from_be_bytes(prefix[..4].try_into().unwrap()) as usize;
        let header_len = u32::from_be_bytes(prefix[4..].try_into().unwrap()) as usize;
        let mut rest = vec![0; length - 4];
        self.stream.read_exact(&mut rest).unwrap();
        let body = rest.split_off(header_len);
        let header: Value = serde_json::from_slice(&rest).unwrap();
        assert_eq!(header["opaque"], self.opaque);
        assert_eq!(header["flag"], 1);
        Reply {
            code: header["code"].as_i64().unwrap(),
            remark: header["remark"].as_str().map(str::to_owned),
            fields: header["extFields"].clone(),
            body: String::from_utf8(body).unwrap(),
        }
    }

    /// Whether the server closes the connection without another byte.
    pub(crate) fn is_closed(&mut self) -> bool {
        match self.stream.read(&mut [0]) {
            Ok(0) => true,
            Ok(_) => false,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

/// A frame with a JSON header.
pub(crate) fn frame(header: &[u8], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(4 + header.len() + body.len()).unwrap();
    let mut out = length.to_be_bytes().to_vec();
    out.extend_from_slice(&u32::try_from(header.len()).unwrap().to_be_bytes());
    out.extend_from_slice(header);
    out.extend_from_slice(body);
    out
}

/// A broker that can register.
#[derive(Clone)]
pub(crate) struct Broker {
    pub(crate) fields: Vec<(&'static str, String)>,
    pub(crate) counter: i64,
    pub(crate) topics: Vec<(&'static str, u32)>,
}

impl Broker {
    /// Broker `name` with this id and address; topics `T` and `U` with permission 6, `U` a static topic.
    pub(crate) fn new(name: &str, id: i64, addr: &str) -> Self {
        Self {
            fields: vec![
                ("brokerName", name.to_owned()),
                ("brokerAddr", addr.to_owned()),
                ("clusterName", "C".to_owned()),
                ("haServerAddr", "10.0.0.1:10912".to_owned()),
                ("brokerId", id.to_string()),
            ],
            counter: 0,
            topics: vec![("T", 6), ("U", 6)],
        }
    }

    /// With another field, or another value of a field.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.fields.retain(|(known, _)| *known != name);
        self.fields.push((name, value.to_owned()));
        self
    }

    /// The body of its registration, as Java writes it.
    pub(crate) fn body(&self) -> String {
        let topics: Vec<String> = self.topics.iter().map(|(topic, perm)| format!(
            r#""{topic}":{{"attributes":{{}},"order":false,"perm":{perm},"readQueueNums":4,"topicFilterType":"SINGLE_TAG","topicName":"{topic}","topicSysFlag":0,"writeQueueNums":4}}"#
        )).collect();
        let version = format!(
            r#"{{"counter":{},"stateVersion":0,"timestamp":1700000000000}}"#,
            self.counter
        );
        format!(
            r#"{{"filterServerList":[],"topicConfigSerializeWrapper":{{"dataVersion":{version},"mappingDataVersion":{version},"topicConfigTable":{{{}}},"topicQueueMappingDetailMap":{{}},"topicQueueMappingInfoMap":{{"U":{{"bname":"b","currIdMap":{{0:0,2:1}},"dirty":false,"epoch":1,"scope":"__global__","topic":"U","totalQueues":4}}}}}}}}"#,
            topics.join(",")
        )
    }

    /// Its fields as pairs.
    pub(crate) fn pairs(&self) -> Vec<(&str, &str)> {
        self.fields.iter().map(|(k, v)| (*k, v.as_str())).collect()
    }

    /// Registers; any answer.
    pub(crate) fn try_register(&self, client: &mut Client) -> Reply {
        client.call_with(103, &self.pairs(), self.body().as_bytes())
    }

    /// Registers with success.
    pub(crate) fn register(&self, client: &mut Client) -> Reply {
        let reply = self.try_register(client);
        assert_eq!(reply.status(), (0, ""));
        reply
    }
}

/// The route of a topic; none if the name server has none.
pub(crate) fn route(client: &mut Client, topic: &str) -> Option<Value> {
    let reply = client.call(105, &[("topic", topic)]);
    if reply.code == 17 {
        return None;
    }
    assert_eq!(reply.status(), (0, ""));
    Some(serde_json::from_str(&reply.body).unwrap())
}

/// Waits until `fact` is true, at most 20 s.
pub(crate) fn wait_for(what: &str, mut fact: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(60);
    while !fact() {
        assert!(Instant::now() < limit, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
