//! The least of a client: blocking, one connection, raw commands.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::command::RemotingCommand;
use ferromq_wire::frame::{self, SerializeType};
use ferromq_wire::request::{PullRequest, SendRequest};

/// One connection to a name server or broker.
pub(crate) struct Client {
    stream: TcpStream,
    read: Vec<u8>,
    opaque: i32,
}

/// Where a broker says a message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) queue: i32,
    pub(crate) offset: i64,
    pub(crate) id: String,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self {
            stream,
            read: Vec::new(),
            opaque: 0,
        })
    }

    /// Sends a request; returns its opaque.
    pub(crate) fn request(&mut self, mut command: RemotingCommand) -> io::Result<i32> {
        self.opaque += 1;
        command.opaque = self.opaque;
        let mut out = Vec::new();
        command.encode(SerializeType::Json, &mut out).unwrap();
        self.stream.write_all(&out)?;
        Ok(self.opaque)
    }

    /// The next response.
    pub(crate) fn response(&mut self) -> io::Result<RemotingCommand> {
        loop {
            if let Some(frame) = frame::split(&self.read).unwrap() {
                let command = RemotingCommand::decode(&frame).unwrap();
                let used = frame.wire_len();
                self.read.drain(..used);
                return Ok(command);
            }
            let mut piece = [0; 64 * 1024];
            match self.stream.read(&mut piece)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                bytes => self.read.extend_from_slice(&piece[..bytes]),
            }
        }
    }

    pub(crate) fn call(&mut self, command: RemotingCommand) -> io::Result<RemotingCommand> {
        let opaque = self.request(command)?;
        let response = self.response()?;
        assert_eq!(response.opaque, opaque);
        Ok(response)
    }

    /// Asks the name server for the route of `topic`.
    pub(crate) fn route(&mut self, topic: &str) -> io::Result<RemotingCommand> {
        let mut command = RemotingCommand::bare_request(RequestCode::GET_ROUTEINFO_BY_TOPIC);
        command.ext.push("topic", topic);
        self.call(command)
    }

    /// Sends one message and waits for its place; the error is the broker's code and remark.
    pub(crate) fn send(
        &mut self,
        topic: &str,
        queue: i32,
        body: &[u8],
    ) -> io::Result<Result<Placed, String>> {
        let response = self.call(send_command(topic, queue, body))?;
        Ok(placed(&response))
    }

    /// Messages of a queue from `offset` on, as stored, and the offset to go on from.
    pub(crate) fn pull(
        &mut self,
        topic: &str,
        queue: i32,
        offset: i64,
    ) -> io::Result<RemotingCommand> {
        let pull = PullRequest {
            consumer_group: "readers",
            topic,
            queue_id: queue,
            queue_offset: offset,
            max_msg_nums: 32,
            sys_flag: 4,
            subscription: Some("*"),
            expression_type: Some("TAG"),
            ..PullRequest::default()
        };
        self.call(RemotingCommand::request(RequestCode::PULL_MESSAGE, &pull))
    }
}

/// A send of one message by the producer group `senders`; topics are created with four queues.
pub(crate) fn send_command(topic: &str, queue: i32, body: &[u8]) -> RemotingCommand {
    send_command_of(topic, (queue, 4), body)
}

/// Like [`send_command`], for a topic that gets as many queues, if the broker makes it and allows so many.
pub(crate) fn send_command_of(
    topic: &str,
    (queue, queues): (i32, i32),
    body: &[u8],
) -> RemotingCommand {
    let send = SendRequest {
        producer_group: "senders",
        topic,
        default_topic: "TBW102",
        default_topic_queue_nums: queues,
        queue_id: queue,
        born_timestamp: 1_700_000_000_000,
        ..SendRequest::default()
    };
    let code = RequestCode::SEND_MESSAGE_V2;
    let mut command = RemotingCommand::bare_request(code);
    send.push_fields(code, &mut command.ext);
    command.with_body(body.to_vec())
}

/// What a send was answered with.
pub(crate) fn placed(response: &RemotingCommand) -> Result<Placed, String> {
    if response.response_code() != ResponseCode::SUCCESS {
        return Err(format!("{}: {:?}", response.code, response.remark));
    }
    let field = |name| response.ext.get(name).unwrap();
    Ok(Placed {
        queue: field("queueId").parse().unwrap(),
        offset: field("queueOffset").parse().unwrap(),
        id: field("msgId").to_owned(),
    })
}
