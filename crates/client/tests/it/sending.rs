//! What a producer does when brokers refuse, hang up or are silent.

use std::sync::Arc;
use std::time::Duration;

use ferromq_client::{
    ClientOptions, Message, MessageQueue, Producer, ProducerBuilder, SendError, SendStatus,
    SerializeType,
};
use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::command::RemotingCommand;
use ferromq_wire::message::Properties;

use parking_lot::Mutex;

use super::fake::{Act, Fake, name_server, ok, refusal, route, sent, stored};

const SEND: RequestCode = RequestCode::SEND_MESSAGE_V2;

/// A broker that handles every send like this.
async fn broker(act: impl Fn(&RemotingCommand) -> Act + Send + Sync + 'static) -> Fake {
    Fake::start(move |request| (request.request_code() == SEND).then(|| act(request))).await
}

async fn good() -> Fake {
    broker(|request| Act::Answer(stored(request, ResponseCode::SUCCESS))).await
}

async fn refusing(code: ResponseCode) -> Fake {
    broker(move |request| Act::Answer(refusal(request, code))).await
}

fn builder(names: &Fake) -> ProducerBuilder {
    Producer::builder("g").name_servers(&names.addr)
}

/// A producer to the brokers `a` and `b` with one queue of topic `T` each.
async fn over(a: &Fake, b: &Fake) -> (Fake, Producer) {
    let names = name_server(&["T"], &[("a", &a.addr), ("b", &b.addr)], 1).await;
    let producer = builder(&names).start().await.unwrap();
    (names, producer)
}

fn unique_key(request: &RemotingCommand) -> String {
    sent(request, |send| {
        let properties = Properties::new(send.properties.as_bytes());
        properties.get("UNIQ_KEY").unwrap().to_owned()
    })
}

#[tokio::test]
async fn another_broker_takes_what_one_refuses_for_the_moment() {
    for code in [
        ResponseCode::SYSTEM_ERROR,
        ResponseCode::SYSTEM_BUSY,
        ResponseCode::SERVICE_NOT_AVAILABLE,
        ResponseCode::NO_PERMISSION,
        ResponseCode::TOPIC_NOT_EXIST,
    ] {
        let (bad, good) = (refusing(code).await, good().await);
        let (_names, producer) = over(&bad, &good).await;
        for _ in 0..2 {
            let result = producer.send(Message::new("T", "x")).await.unwrap();
            assert_eq!(&*result.queue.broker, "b", "{code}");
        }
        // One of the two sends began with the bad broker; what it refused came to the good one under the same id.
        let refused = bad.requests(SEND);
        assert!(!refused.is_empty(), "{code}");
        let ids: Vec<String> = good.requests(SEND).iter().map(unique_key).collect();
        assert!(
            refused
                .iter()
                .all(|request| ids.contains(&unique_key(request)))
        );
    }
}

#[tokio::test]
async fn a_broker_that_failed_is_left_alone_for_a_while() {
    let (bad, good) = (
        refusing(ResponseCode::SERVICE_NOT_AVAILABLE).await,
        good().await,
    );
    let (_names, producer) = over(&bad, &good).await;
    for _ in 0..10 {
        producer.send(Message::new("T", "x")).await.unwrap();
    }
    assert_eq!(bad.requests(SEND).len(), 1);
    assert_eq!(good.requests(SEND).len(), 10);
}

#[tokio::test]
async fn what_is_wrong_with_the_message_is_not_tried_again() {
    for code in [
        ResponseCode::MESSAGE_ILLEGAL,
        ResponseCode::INVALID_PARAMETER,
    ] {
        let (a, b) = (refusing(code).await, refusing(code).await);
        let (_names, producer) = over(&a, &b).await;
        let error = producer.send(Message::new("T", "x")).await.unwrap_err();
        assert!(!error.may_be_stored());
        let SendError::Failed {
            attempts, cause, ..
        } = error
        else {
            unreachable!("{error}");
        };
        assert_eq!((attempts, cause.code()), (1, Some(code.0)));
    }
}

#[tokio::test]
async fn after_the_last_attempt_the_error_says_why() {
    let (a, b) = (
        refusing(ResponseCode::SERVICE_NOT_AVAILABLE).await,
        refusing(ResponseCode::SERVICE_NOT_AVAILABLE).await,
    );
    let (_names, producer) = over(&a, &b).await;
    let error = producer.send(Message::new("T", "x")).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("after 3 attempt(s)") && text.contains("scripted 14"),
        "{text}"
    );
    assert_eq!(a.requests(SEND).len() + b.requests(SEND).len(), 3);
}

#[tokio::test]
async fn a_chosen_queue_is_tried_once() {
    let (bad, good) = (refusing(ResponseCode::SYSTEM_ERROR).await, good().await);
    let (_names, producer) = over(&bad, &good).await;
    let queue = MessageQueue::new("T", "a", 0);
    let error = producer
        .send_to(Message::new("T", "x"), &queue)
        .await
        .unwrap_err();
    assert!(
        matches!(error, SendError::Failed { attempts: 1, .. }),
        "{error}"
    );
    assert!(good.requests(SEND).is_empty());
    let other = MessageQueue::new("U", "a", 0);
    let error = producer
        .send_to(Message::new("T", "x"), &other)
        .await
        .unwrap_err();
    assert!(matches!(error, SendError::BadMessage { .. }), "{error}");
}

#[tokio::test]
async fn a_lesser_safety_is_a_status_and_no_error() {
    for (code, status) in [
        (ResponseCode::SUCCESS, SendStatus::SendOk),
        (
            ResponseCode::FLUSH_DISK_TIMEOUT,
            SendStatus::FlushDiskTimeout,
        ),
        (
            ResponseCode::SLAVE_NOT_AVAILABLE,
            SendStatus::SlaveNotAvailable,
        ),
        (
            ResponseCode::FLUSH_SLAVE_TIMEOUT,
            SendStatus::FlushSlaveTimeout,
        ),
    ] {
        let broker = broker(move |request| Act::Answer(stored(request, code))).await;
        let names = name_server(&["T"], &[("a", &broker.addr)], 1).await;
        let producer = builder(&names).start().await.unwrap();
        let result = producer.send(Message::new("T", "x")).await.unwrap();
        assert_eq!((result.status, result.queue_offset.0), (status, 7));
        assert_eq!(broker.requests(SEND).len(), 1);
    }
}

#[tokio::test]
async fn a_message_is_perhaps_stored_when_the_answer_is_missing() {
    let (rude, silent) = (
        broker(|_| Act::HangUp).await,
        broker(|_| Act::Silence).await,
    );
    for broker in [rude, silent] {
        let names = name_server(&["T"], &[("a", &broker.addr)], 1).await;
        let producer = builder(&names)
            .retries(0)
            .send_timeout(Duration::from_secs(2))
            .start()
            .await
            .unwrap();
        let error = producer.send(Message::new("T", "x")).await.unwrap_err();
        assert!(error.may_be_stored(), "{error}");
        assert_eq!(broker.requests(SEND).len(), 1);
    }
}

#[tokio::test]
async fn a_topic_that_does_not_exist_is_sent_to_where_it_will_be_made() {
    let broker = good().await;
    let names = name_server(&["TBW102"], &[("a", &broker.addr)], 8).await;
    let producer = builder(&names).start().await.unwrap();
    let mut queues: Vec<u32> = Vec::new();
    for _ in 0..8 {
        let result = producer.send(Message::new("New", "x")).await.unwrap();
        queues.push(result.queue.id.0);
    }
    queues.sort_unstable();
    assert_eq!(
        queues,
        [0, 0, 1, 1, 2, 2, 3, 3],
        "no more queues than wanted"
    );
    let request = broker.requests(SEND).remove(0);
    sent(&request, |send| {
        assert_eq!((send.topic, send.default_topic), ("New", "TBW102"));
        assert_eq!(
            (send.default_topic_queue_nums, send.producer_group),
            (4, "g")
        );
    });
}

#[tokio::test]
async fn without_template_the_error_names_topic_and_name_server() {
    let names = name_server(&[], &[], 1).await;
    let producer = builder(&names).start().await.unwrap();
    let text = producer
        .send(Message::new("T", "x"))
        .await
        .unwrap_err()
        .to_string();
    assert!(text.contains("`T`") && text.contains(&names.addr), "{text}");
}

#[tokio::test]
async fn the_producer_tells_its_broker_that_it_lives_and_that_it_leaves() {
    let broker = good().await;
    let names = name_server(&["T"], &[("a", &broker.addr)], 1).await;
    let producer = builder(&names).instance_name("i").start().await.unwrap();
    producer.send(Message::new("T", "x")).await.unwrap();
    let heartbeat = broker.until(RequestCode::HEART_BEAT, |_| true).await;
    let text = String::from_utf8(heartbeat.body.to_vec()).unwrap();
    let client_id = producer.client_id().to_owned();
    assert!(
        client_id.ends_with("@i") && text.contains(&client_id),
        "{text}"
    );
    assert!(
        text.contains(r#""producerDataSet":[{"groupName":"g"}]"#),
        "{text}"
    );
    producer.shutdown().await;
    let left = broker.until(RequestCode::UNREGISTER_CLIENT, |_| true).await;
    assert_eq!(left.ext.get("clientID"), Some(&*client_id));
    assert_eq!(left.ext.get("producerGroup"), Some("g"));
}

#[tokio::test]
async fn the_binary_header_can_be_chosen() {
    let broker = good().await;
    let names = name_server(&["T"], &[("a", &broker.addr)], 1).await;
    let options = ClientOptions {
        name_servers: Some(names.addr.clone()),
        serialize: SerializeType::RocketMq,
        ..ClientOptions::default()
    };
    let producer = Producer::builder("g")
        .client_options(options)
        .start()
        .await
        .unwrap();
    producer
        .send(Message::new("T", "x").with_tag("é"))
        .await
        .unwrap();
    sent(&broker.requests(SEND)[0], |send| {
        assert!(send.properties.contains("é"))
    });
}

#[tokio::test]
async fn a_broker_that_moved_is_found_soon() {
    let broker = good().await;
    // Nobody listens on port 1.
    let place = Arc::new(Mutex::new("127.0.0.1:1".to_owned()));
    let known = Arc::clone(&place);
    let names = Fake::start(move |request| {
        let body = route(&[("a", &known.lock())], 1);
        Some(Act::Answer(ok(request).with_body(body)))
    })
    .await;
    let producer = builder(&names).retries(0).start().await.unwrap();
    let error = producer.send(Message::new("T", "x")).await.unwrap_err();
    assert!(!error.may_be_stored(), "{error}");
    place.lock().clone_from(&broker.addr);
    let begin = tokio::time::Instant::now();
    while producer.send(Message::new("T", "x")).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(
        begin.elapsed() < Duration::from_secs(25),
        "{:?}",
        begin.elapsed()
    );
}
