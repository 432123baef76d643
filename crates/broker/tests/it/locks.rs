//! Queue locks of orderly consumers.

use std::time::Duration;

use ferromq_wire::body::{self, LockBatchRequestBody, LockBatchResponseBody, MessageQueue};
use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::command::RemotingCommand;

use crate::support::{Client, GROUP, TOPIC, TestBroker};

fn request(code: RequestCode, client: &str, queues: &[i32]) -> RemotingCommand {
    let queue = |number: &i32| MessageQueue::new(TOPIC, "broker-a", *number);
    let body = LockBatchRequestBody {
        client_id: client.to_owned(),
        consumer_group: GROUP.to_owned(),
        mq_set: queues.iter().map(queue).collect(),
        only_this_broker: false,
    };
    RemotingCommand::bare_request(code).with_body(body::encode(&body))
}

fn lock(conn: &mut Client, client: &str, queues: &[i32]) -> Vec<i32> {
    let reply = conn.call(request(RequestCode::LOCK_BATCH_MQ, client, queues));
    assert_eq!(reply.response_code(), ResponseCode::SUCCESS);
    let held: LockBatchResponseBody = body::decode(&reply.body).unwrap();
    held.lock_ok_mq_set
        .iter()
        .map(|queue| queue.queue_id)
        .collect()
}

fn unlock(conn: &mut Client, client: &str, queues: &[i32]) {
    let reply = conn.call(request(RequestCode::UNLOCK_BATCH_MQ, client, queues));
    assert_eq!(reply.response_code(), ResponseCode::SUCCESS);
    assert!(reply.body.is_empty());
}

const NONE: [i32; 0] = [];

#[test]
fn a_queue_is_locked_by_one_client_at_a_time() {
    let broker = TestBroker::start();
    let (mut a, mut b) = (broker.client(), broker.client());
    assert_eq!(lock(&mut a, "a", &[0, 1, 2]), [0, 1, 2]);
    assert_eq!(lock(&mut b, "b", &[1, 2, 3]), [3]);
    assert_eq!(lock(&mut a, "a", &[2]), [2], "renewed");
    unlock(&mut b, "b", &[2]);
    assert_eq!(lock(&mut b, "b", &[2]), NONE, "only the holder unlocks");
    unlock(&mut a, "a", &[2]);
    assert_eq!(lock(&mut b, "b", &[2]), [2]);
}

#[test]
fn a_closed_connection_keeps_its_locks_until_they_expire() {
    let broker = TestBroker::start_with(|config, _| {
        config.rebalance_lock_max_live_time = Duration::from_millis(500);
    });
    let (mut a, mut b) = (broker.client(), broker.client());
    assert_eq!(lock(&mut a, "a", &[0]), [0]);
    drop(a);
    assert_eq!(lock(&mut b, "b", &[0]), NONE);
    while lock(&mut b, "b", &[0]) == NONE {
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_body_that_names_no_queues_is_refused() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    for code in [RequestCode::LOCK_BATCH_MQ, RequestCode::UNLOCK_BATCH_MQ] {
        let reply = client.call(RemotingCommand::bare_request(code).with_body("]"));
        assert_eq!(reply.response_code(), ResponseCode::SYSTEM_ERROR);
    }
}
