//! A server that plays name server and broker, and does what the test says.

use std::collections::BTreeMap;
use std::sync::Arc;

use ferromq_wire::body::{self, BrokerData, QueueData, TopicRouteData};
use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::command::{RemotingCommand, ToFields};
use ferromq_wire::frame::{self, SerializeType};
use ferromq_wire::header::{Fields, RequestHeader, Scratch};
use ferromq_wire::request::{SendRequest, SendResponseHeader};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};

/// What a fake does with a request.
pub(crate) enum Act {
    /// Answers.
    Answer(RemotingCommand),
    /// Never answers.
    Silence,
    /// Closes the connection.
    HangUp,
}

type Script = Arc<dyn Fn(&RemotingCommand) -> Option<Act> + Send + Sync>;

/// A server on a free port. What the script does not handle is answered with plain success.
pub(crate) struct Fake {
    pub(crate) addr: String,
    seen: Arc<Seen>,
    pushes: Arc<Mutex<Vec<mpsc::UnboundedSender<RemotingCommand>>>>,
}

#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<RemotingCommand>>,
    news: Notify,
}

impl Fake {
    pub(crate) async fn start(
        script: impl Fn(&RemotingCommand) -> Option<Act> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap().to_string();
        let (seen, pushes) = (Arc::<Seen>::default(), Arc::<Mutex<Vec<_>>>::default());
        let (script, seeing, pushing): (Script, _, _) =
            (Arc::new(script), Arc::clone(&seen), Arc::clone(&pushes));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (push, pushed) = mpsc::unbounded_channel();
                pushing.lock().push(push);
                let (script, seen) = (Arc::clone(&script), Arc::clone(&seeing));
                tokio::spawn(serve(stream, script, seen, pushed));
            }
        });
        Self { addr, seen, pushes }
    }

    /// All requests with this code so far.
    pub(crate) fn requests(&self, code: RequestCode) -> Vec<RemotingCommand> {
        let requests = self.seen.requests.lock();
        let wanted = requests
            .iter()
            .filter(|request| request.request_code() == code);
        wanted.cloned().collect()
    }

    /// Waits for a request that satisfies `wanted`.
    pub(crate) async fn until(
        &self,
        code: RequestCode,
        wanted: impl Fn(&RemotingCommand) -> bool,
    ) -> RemotingCommand {
        let wait = async {
            loop {
                let news = self.seen.news.notified();
                if let Some(found) = self.requests(code).into_iter().find(&wanted) {
                    return found;
                }
                news.await;
            }
        };
        let waited = tokio::time::timeout(std::time::Duration::from_secs(60), wait).await;
        waited
            .unwrap_or_else(|_| unreachable!("no such request {code} in {:?}", self.requests(code)))
    }

    /// Sends a request of the server's own on every connection.
    pub(crate) fn push(&self, command: &RemotingCommand) {
        for push in self.pushes.lock().iter() {
            // Connections that are gone do not matter.
            let _ = push.send(command.clone());
        }
    }
}

async fn serve(
    stream: TcpStream,
    script: Script,
    seen: Arc<Seen>,
    mut pushed: mpsc::UnboundedReceiver<RemotingCommand>,
) {
    let (mut input, mut output) = stream.into_split();
    let mut buffer = Vec::new();
    loop {
        while let Some(frame) = frame::split(&buffer).unwrap() {
            let length = frame.wire_len();
            let request = RemotingCommand::decode(&frame).unwrap();
            buffer.drain(..length);
            seen.requests.lock().push(request.clone());
            seen.news.notify_waiters();
            let success = || Act::Answer(ok(&request));
            match script(&request).unwrap_or_else(success) {
                Act::Answer(_) if request.is_oneway() => {}
                Act::Answer(answer) => write(&mut output, &answer).await,
                Act::Silence => {}
                Act::HangUp => return,
            }
        }
        tokio::select! {
            read = input.read_buf(&mut buffer) => {
                if read.unwrap_or(0) == 0 {
                    return;
                }
            }
            Some(push) = pushed.recv() => write(&mut output, &push).await,
        }
    }
}

async fn write(output: &mut OwnedWriteHalf, command: &RemotingCommand) {
    let mut bytes = Vec::new();
    command.encode(SerializeType::Json, &mut bytes).unwrap();
    // The client may have gone.
    let _ = output.write_all(&bytes).await;
}

/// Success without anything else.
pub(crate) fn ok(request: &RemotingCommand) -> RemotingCommand {
    refusal(request, ResponseCode::SUCCESS)
}

/// Success with fields.
pub(crate) fn ok_with(request: &RemotingCommand, header: &impl ToFields) -> RemotingCommand {
    let mut answer = ok(request);
    header.to_fields(&mut answer.ext);
    answer
}

pub(crate) fn refusal(request: &RemotingCommand, code: ResponseCode) -> RemotingCommand {
    let remark = Some(format!("scripted {}", code.0));
    RemotingCommand::response(request.opaque, code, remark)
}

/// Stored, with this code.
pub(crate) fn stored(request: &RemotingCommand, code: ResponseCode) -> RemotingCommand {
    let header = SendResponseHeader {
        msg_id: "7F00000100002A9F0000000000000000".to_owned(),
        queue_id: sent(request, |send| send.queue_id),
        queue_offset: 7,
        transaction_id: None,
        batch_uniq_id: None,
        recall_handle: None,
        msg_region: None,
        trace_on: None,
    };
    let mut answer = refusal(request, code);
    header.to_fields(&mut answer.ext);
    answer
}

/// Looks at the header of a send.
pub(crate) fn sent<T>(request: &RemotingCommand, look: impl Fn(&SendRequest<'_>) -> T) -> T {
    let mut bytes = Vec::new();
    request.encode(SerializeType::RocketMq, &mut bytes).unwrap();
    let frame = frame::split(&bytes).unwrap().unwrap();
    let header = RequestHeader::parse(&frame).unwrap();
    let fields: &Fields<'_> = &header.fields;
    let mut scratch = Scratch::default();
    let code = request.request_code();
    look(&SendRequest::parse(code, fields, &mut scratch).unwrap())
}

/// A route with `queues` queues on each of these brokers, given as name and address of the master.
pub(crate) fn route(brokers: &[(&str, &str)], queues: i32) -> Vec<u8> {
    let broker = |(name, addr): &(&str, &str)| BrokerData {
        broker_addrs: BTreeMap::from([(0, (*addr).to_owned())]),
        broker_name: (*name).to_owned(),
        cluster: "C".to_owned(),
        ..BrokerData::default()
    };
    let queue = |(name, _): &(&str, &str)| QueueData {
        broker_name: (*name).to_owned(),
        perm: 6,
        read_queue_nums: queues,
        write_queue_nums: queues,
        ..QueueData::default()
    };
    body::encode(&TopicRouteData {
        broker_datas: brokers.iter().map(broker).collect(),
        queue_datas: brokers.iter().map(queue).collect(),
        ..TopicRouteData::default()
    })
}

/// A name server that knows the topics `known` as on these brokers, and no others.
pub(crate) async fn name_server(known: &[&str], brokers: &[(&str, &str)], queues: i32) -> Fake {
    let known: Vec<String> = known.iter().map(|topic| (*topic).to_owned()).collect();
    let body = route(brokers, queues);
    Fake::start(move |request| {
        let topic = request.ext.get("topic").unwrap_or_default();
        Some(Act::Answer(if known.iter().any(|known| known == topic) {
            ok(request).with_body(body.clone())
        } else {
            refusal(request, ResponseCode::TOPIC_NOT_EXIST)
        }))
    })
    .await
}
