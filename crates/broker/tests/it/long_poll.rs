//! Long polling: pulls that wait for messages.

use std::time::{Duration, Instant};

use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::request::{PullRequest, SendRequest, pull_flag};

use crate::support::{
    Client, PATIENCE, Pulled, TOPIC, TestBroker, everything, properties, pull, request, to_topic,
};

/// Long enough that a test which waits for it has failed.
const LONG: i64 = 120_000;

fn waiting(queue_offset: i64, millis: i64) -> PullRequest<'static> {
    PullRequest {
        queue_offset,
        sys_flag: pull_flag::SUBSCRIPTION | pull_flag::SUSPEND,
        suspend_timeout_millis: millis,
        ..everything(TOPIC)
    }
}

/// Waits until everything the client has sent was handled: requests of a connection are handled in order.
fn settle(client: &mut Client) {
    let reply = client.call(request(
        RequestCode::GET_MAX_OFFSET,
        &[("topic", TOPIC), ("queueId", "0")],
    ));
    assert_eq!(reply.response_code(), ResponseCode::SUCCESS);
}

fn tagged(client: &mut Client, tag: &str) {
    let text = properties(&[("TAGS", tag)]);
    let message = SendRequest {
        properties: &text,
        ..to_topic(TOPIC)
    };
    client.send_ok(&message, tag.as_bytes());
}

#[test]
fn a_message_wakes_every_pull_that_waits_for_it_at_once() {
    let broker = TestBroker::start();
    let mut producer = broker.client();
    producer.send_ok(&to_topic(TOPIC), b"0");
    // More consumers than threads, so that some are on the producer's thread and some are not.
    let mut consumers: Vec<Client> = (0..8).map(|_| broker.client()).collect();
    for consumer in &mut consumers {
        consumer.post(pull(&waiting(1, LONG)));
        settle(consumer);
    }
    let begin = Instant::now();
    producer.send_ok(&to_topic(TOPIC), b"1");
    for consumer in &mut consumers {
        let pulled = Pulled::of(consumer.receive());
        assert_eq!(pulled.bodies(), ["1"]);
        assert_eq!(pulled.header().next_begin_offset, 2);
    }
    assert!(begin.elapsed() < PATIENCE / 2);
}

#[test]
fn a_pull_on_a_queue_without_messages_waits_too() {
    let broker = TestBroker::start();
    let mut producer = broker.client();
    let other = SendRequest {
        queue_id: 1,
        ..to_topic(TOPIC)
    };
    producer.send_ok(&other, b"makes the topic");
    let mut consumer = broker.client();
    consumer.post(pull(&waiting(0, LONG)));
    settle(&mut consumer);
    producer.send_ok(&to_topic(TOPIC), b"first");
    assert_eq!(Pulled::of(consumer.receive()).bodies(), ["first"]);
}

#[test]
fn a_pull_is_answered_when_its_time_is_over_and_not_before() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"0");
    let begin = Instant::now();
    let pulled = client.pull(&waiting(1, 300));
    let waited = begin.elapsed();
    assert_eq!(pulled.code, ResponseCode::PULL_NOT_FOUND);
    assert_eq!(pulled.header().next_begin_offset, 1);
    assert!(Duration::from_millis(299) <= waited, "{waited:?}");
    assert!(waited < PATIENCE / 2, "{waited:?}");
}

#[test]
fn other_tags_do_not_wake_but_are_not_looked_at_again() {
    let broker = TestBroker::start();
    let mut producer = broker.client();
    producer.send_ok(&to_topic(TOPIC), b"0");
    let mut consumer = broker.client();
    let wants_b = |millis| PullRequest {
        subscription: Some("B"),
        ..waiting(1, millis)
    };
    consumer.post(pull(&wants_b(LONG)));
    settle(&mut consumer);
    tagged(&mut producer, "A");
    assert!(
        consumer
            .receive_within(Duration::from_millis(100))
            .is_none()
    );
    tagged(&mut producer, "B");
    let pulled = Pulled::of(consumer.receive());
    assert_eq!(pulled.bodies(), ["B"]);
    assert_eq!(pulled.header().next_begin_offset, 3);

    let wants_c = PullRequest {
        subscription: Some("C"),
        ..waiting(3, 300)
    };
    consumer.post(pull(&wants_c));
    settle(&mut consumer);
    tagged(&mut producer, "A");
    let pulled = Pulled::of(consumer.receive());
    assert_eq!(pulled.code, ResponseCode::PULL_RETRY_IMMEDIATELY);
    assert_eq!(
        pulled.header().next_begin_offset,
        4,
        "the passed message is told"
    );
}

#[test]
fn messages_that_do_not_match_are_told_at_once_if_they_were_there_before() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    tagged(&mut client, "A");
    let pulled = client.pull(&PullRequest {
        subscription: Some("B"),
        ..waiting(0, LONG)
    });
    assert_eq!(pulled.code, ResponseCode::PULL_RETRY_IMMEDIATELY);
    assert_eq!(pulled.header().next_begin_offset, 1);
}

#[test]
fn without_long_polling_a_pull_waits_the_short_time() {
    let broker = TestBroker::start_with(|config, _| {
        config.long_polling_enable = false;
        config.short_polling_time = Duration::from_millis(50);
    });
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"0");
    assert_eq!(
        client.pull(&waiting(1, LONG)).code,
        ResponseCode::PULL_NOT_FOUND
    );
}

#[test]
fn pulls_beyond_the_limit_are_answered_at_once() {
    let broker = TestBroker::start_with(|config, _| config.max_held_pulls = 2);
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"0");
    client.post(pull(&waiting(1, LONG)));
    let second = client.post(pull(&waiting(1, LONG)));
    let reply = client.receive();
    assert_eq!(reply.opaque, second);
    assert_eq!(reply.response_code(), ResponseCode::PULL_NOT_FOUND);
}

#[test]
fn a_stop_answers_what_is_held() {
    let mut broker = TestBroker::start();
    let mut client = broker.client();
    client.send_ok(&to_topic(TOPIC), b"0");
    client.post(pull(&waiting(1, LONG)));
    settle(&mut client);
    broker.stop();
    assert_eq!(
        client.receive().response_code(),
        ResponseCode::PULL_NOT_FOUND
    );
}

#[test]
fn one_message_does_not_flood_a_client_with_many_pulls() {
    const PULLS: usize = 100;
    let broker = TestBroker::start();
    let mut producer = broker.client();
    producer.send_ok(&to_topic(TOPIC), b"0");
    let mut consumer = broker.client();
    for _ in 0..PULLS {
        consumer.post(pull(&waiting(1, LONG)));
    }
    settle(&mut consumer);
    producer.send_ok(&to_topic(TOPIC), &vec![b'L'; 1 << 20]);
    let (mut served, mut told) = (0, 0);
    for _ in 0..PULLS {
        let pulled = Pulled::of(consumer.receive());
        match pulled.code {
            ResponseCode::SUCCESS => served += 1,
            ResponseCode::PULL_RETRY_IMMEDIATELY => {
                assert_eq!(pulled.header().next_begin_offset, 1);
                told += 1;
            }
            code => panic!("{code}"),
        }
    }
    assert!(
        0 < served && 0 < told,
        "{served} served, {told} told to ask again"
    );
    assert_eq!(consumer.pull_one(TOPIC, 1).messages().len(), 1);
}

#[test]
fn a_consumer_that_leaves_while_it_waits_harms_nobody() {
    let broker = TestBroker::start();
    let mut producer = broker.client();
    producer.send_ok(&to_topic(TOPIC), b"0");
    for _ in 0..10 {
        let mut consumer = broker.client();
        consumer.post(pull(&waiting(1, LONG)));
        settle(&mut consumer);
    }
    let mut stays = broker.client();
    stays.post(pull(&waiting(1, LONG)));
    settle(&mut stays);
    producer.send_ok(&to_topic(TOPIC), b"1");
    assert_eq!(Pulled::of(stays.receive()).bodies(), ["1"]);
}

#[test]
fn a_consumer_that_follows_a_producer_misses_nothing() {
    let broker = TestBroker::start();
    let mut producer = broker.client();
    let mut consumer = broker.client();
    producer.send_ok(&to_topic(TOPIC), b"0");
    let sender = std::thread::spawn(move || {
        for i in 1..300 {
            producer.send_ok(&to_topic(TOPIC), format!("{i}").as_bytes());
        }
    });
    let mut next = 0;
    while next < 300 {
        let pulled = consumer.pull(&waiting(next, 5_000));
        assert_eq!(pulled.code, ResponseCode::SUCCESS);
        for body in pulled.bodies() {
            assert_eq!(body, next.to_string());
            next += 1;
        }
    }
    sender.join().unwrap();
}
