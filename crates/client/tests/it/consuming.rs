//! What consumers do when brokers say unusual things.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ferromq_base::{LogOffset, Millis, QueueId};
use ferromq_client::{ConsumeResult, PushConsumer, QueueOffset};
use ferromq_wire::body::{self, ConsumerList};
use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::command::{RemotingCommand, ToFields};
use ferromq_wire::message::{RecordDraft, record};
use ferromq_wire::request::{OffsetResponse, PullResponseHeader};
use parking_lot::Mutex;

use super::fake::{Act, Fake, name_server, ok, ok_with, refusal, sent, stored};

/// A broker with one queue of topic `T` that holds one message, at offset 5.
struct Broker {
    members: Mutex<Vec<String>>,
    /// Answers an offset question with this.
    offset: i64,
    /// Refuses to take messages back.
    no_send_back: AtomicBool,
    /// Refuses pulls until a heartbeat came.
    forgetful: AtomicBool,
}

impl Broker {
    fn new(offset: i64) -> Arc<Self> {
        Arc::new(Self {
            members: Mutex::default(),
            offset,
            no_send_back: AtomicBool::new(false),
            forgetful: AtomicBool::new(false),
        })
    }

    async fn start(self: &Arc<Self>) -> Fake {
        let broker = Arc::clone(self);
        Fake::start(move |request| broker.act(request)).await
    }

    fn act(&self, request: &RemotingCommand) -> Option<Act> {
        match request.request_code() {
            RequestCode::HEART_BEAT => {
                self.forgetful.store(false, Ordering::SeqCst);
                None
            }
            RequestCode::GET_CONSUMER_LIST_BY_GROUP => {
                let list = ConsumerList {
                    consumer_id_list: self.members.lock().clone(),
                };
                Some(Act::Answer(ok(request).with_body(body::encode(&list))))
            }
            RequestCode::QUERY_CONSUMER_OFFSET => {
                let offset = OffsetResponse {
                    offset: self.offset,
                };
                Some(Act::Answer(ok_with(request, &offset)))
            }
            RequestCode::PULL_MESSAGE => Some(self.pull(request)),
            RequestCode::CONSUMER_SEND_MSG_BACK if self.no_send_back.load(Ordering::SeqCst) => {
                Some(Act::Answer(refusal(request, ResponseCode::SYSTEM_ERROR)))
            }
            RequestCode::SEND_MESSAGE_V2 => {
                Some(Act::Answer(stored(request, ResponseCode::SUCCESS)))
            }
            _ => None,
        }
    }

    fn pull(&self, request: &RemotingCommand) -> Act {
        if self.forgetful.load(Ordering::SeqCst) {
            return Act::Answer(refusal(request, ResponseCode::SUBSCRIPTION_NOT_EXIST));
        }
        let offset: i64 = request.ext.get("queueOffset").unwrap().parse().unwrap();
        if request.ext.get("topic") != Some("T") || offset == 6 {
            return Act::Silence;
        }
        let code = if offset == 5 {
            ResponseCode::SUCCESS
        } else {
            ResponseCode::PULL_OFFSET_MOVED
        };
        let header = PullResponseHeader {
            suggest_which_broker_id: 0,
            next_begin_offset: if offset == 5 { 6 } else { 5 },
            min_offset: 5,
            max_offset: 6,
            offset_delta: None,
            topic_sys_flag: None,
            group_sys_flag: None,
            forbidden_type: None,
        };
        let mut answer = refusal(request, code);
        header.to_fields(&mut answer.ext);
        Act::Answer(answer.with_body(if offset == 5 { message() } else { Vec::new() }))
    }
}

/// The only message, with the body `hi`.
fn message() -> Vec<u8> {
    let mut bytes = Vec::new();
    let draft = RecordDraft {
        topic: "T",
        queue_id: QueueId(0),
        flag: 3,
        sys_flag: 0,
        born_timestamp: Millis(1),
        born_host: "10.0.0.9:1".parse().unwrap(),
        store_host: "10.0.0.1:10911".parse().unwrap(),
        reconsume_times: 1,
        prepared_transaction_offset: 0,
        body: b"hi",
        properties: &[b"UNIQ_KEY\x01ID\x02TAGS\x01t\x02"],
    };
    draft.encode(&mut bytes).unwrap();
    record::place(&mut bytes, QueueOffset(5), LogOffset(4096), Millis(2));
    bytes
}

/// A consumer of `T` whose listener says this of every message.
async fn consumer(names: &Fake, broker: &Broker, result: ConsumeResult) -> PushConsumer {
    let consumer = PushConsumer::builder("g")
        .name_servers(&names.addr)
        .subscribe("T", "*")
        .concurrent(move |_| async move { result })
        .start()
        .await
        .unwrap();
    broker.members.lock().push(consumer.client_id().to_owned());
    consumer
}

/// Tells the members that their group has changed.
fn notify(server: &Fake) {
    let command = RemotingCommand::bare_request(RequestCode::NOTIFY_CONSUMER_IDS_CHANGED);
    server.push(&command.oneway());
}

async fn names(server: &Fake) -> Fake {
    name_server(&["T", "%RETRY%g"], &[("a", &server.addr)], 1).await
}

#[tokio::test]
async fn a_changed_group_is_noticed_at_once_and_progress_is_stored() {
    let broker = Broker::new(5);
    let server = broker.start().await;
    let names = names(&server).await;
    let consumer = consumer(&names, &broker, ConsumeResult::Success).await;
    notify(&server);
    // The next pull carries what is consumed; the last offset is stored by itself.
    let stored = server
        .until(RequestCode::UPDATE_CONSUMER_OFFSET, |request| {
            request.ext.get("topic") == Some("T") && request.ext.get("commitOffset") == Some("6")
        })
        .await;
    assert_eq!(stored.ext.get("consumerGroup"), Some("g"));
    broker.members.lock().clear();
    broker.members.lock().push("somebody else".to_owned());
    notify(&server);
    let waiting = async {
        while !consumer.assignment().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), waiting)
        .await
        .unwrap();
    consumer.shutdown().await;
}

#[tokio::test]
async fn an_offset_outside_of_the_queue_is_corrected_and_stored() {
    let broker = Broker::new(99);
    let server = broker.start().await;
    let names = names(&server).await;
    let consumer = consumer(&names, &broker, ConsumeResult::Success).await;
    notify(&server);
    let first = server
        .until(RequestCode::UPDATE_CONSUMER_OFFSET, |request| {
            request.ext.get("topic") == Some("T")
        })
        .await;
    assert_eq!(first.ext.get("commitOffset"), Some("5"));
    consumer.shutdown().await;
}

#[tokio::test]
async fn a_broker_that_has_forgotten_the_client_hears_of_it_at_once() {
    let broker = Broker::new(5);
    let server = broker.start().await;
    let names = names(&server).await;
    let consumer = consumer(&names, &broker, ConsumeResult::Success).await;
    broker.forgetful.store(true, Ordering::SeqCst);
    notify(&server);
    let is_next = |request: &RemotingCommand| request.ext.get("queueOffset") == Some("6");
    server.until(RequestCode::PULL_MESSAGE, is_next).await;
    consumer.shutdown().await;
}

#[tokio::test]
async fn a_failed_message_is_given_back_by_its_place_in_the_log() {
    for (result, level) in [
        (ConsumeResult::Later, "0"),
        (ConsumeResult::LaterAtLevel(4), "4"),
        (ConsumeResult::DeadLetter, "-1"),
    ] {
        let broker = Broker::new(5);
        let server = broker.start().await;
        let names = names(&server).await;
        let consumer = consumer(&names, &broker, result).await;
        notify(&server);
        let back = server
            .until(RequestCode::CONSUMER_SEND_MSG_BACK, |_| true)
            .await;
        let expected = [
            ("offset", "4096"),
            ("group", "g"),
            ("delayLevel", level),
            ("originTopic", "T"),
            ("maxReconsumeTimes", "16"),
        ];
        for (name, value) in expected {
            assert_eq!(back.ext.get(name), Some(value), "{name}");
        }
        consumer.shutdown().await;
    }
}

#[tokio::test]
async fn a_message_that_is_not_taken_back_is_sent_as_a_copy() {
    let broker = Broker::new(5);
    broker.no_send_back.store(true, Ordering::SeqCst);
    let server = broker.start().await;
    let names = names(&server).await;
    let consumer = consumer(&names, &broker, ConsumeResult::Later).await;
    notify(&server);
    let copy = server.until(RequestCode::SEND_MESSAGE_V2, |_| true).await;
    assert_eq!(&copy.body[..], b"hi");
    sent(&copy, |send| {
        assert_eq!(
            (send.topic, send.producer_group),
            ("%RETRY%g", "CLIENT_INNER_PRODUCER")
        );
        assert_eq!(
            (send.reconsume_times, send.max_reconsume_times),
            (2, Some(16))
        );
        assert_eq!(send.flag, 3);
        for part in [
            "RETRY_TOPIC\u{1}T",
            "UNIQ_KEY\u{1}ID",
            "TAGS\u{1}t",
            "DELAY\u{1}4",
        ] {
            assert!(
                send.properties.contains(part),
                "{part} in {:?}",
                send.properties
            );
        }
    });
    // The message counts as consumed here.
    server
        .until(RequestCode::UPDATE_CONSUMER_OFFSET, |request| {
            request.ext.get("commitOffset") == Some("6")
        })
        .await;
    consumer.shutdown().await;
}

#[tokio::test]
async fn members_leave_with_a_word() {
    let broker = Broker::new(5);
    let server = broker.start().await;
    let names = names(&server).await;
    let consumer = consumer(&names, &broker, ConsumeResult::Success).await;
    let heartbeat = server.requests(RequestCode::HEART_BEAT).remove(0);
    let text = String::from_utf8(heartbeat.body.to_vec()).unwrap();
    for part in [
        r#""groupName":"g""#,
        "CONSUME_PASSIVELY",
        "CLUSTERING",
        "%RETRY%g",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    consumer.shutdown().await;
    let left = server.until(RequestCode::UNREGISTER_CLIENT, |_| true).await;
    assert_eq!(left.ext.get("consumerGroup"), Some("g"));
    assert_eq!(left.ext.get("clientID"), Some(consumer.client_id()));
}
