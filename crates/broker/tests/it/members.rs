//! Heartbeats, what members are told of each other, and what happens when they go.

use std::time::{Duration, Instant};

use ferromq_wire::body::{self, ConsumerConnection, ConsumerList, ProducerConnection};
use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::command::RemotingCommand;
use ferromq_wire::request::{
    GetConsumerConnectionListRequest, GetConsumerListByGroupRequest,
    GetProducerConnectionListRequest, UnregisterClientRequest,
};

use crate::support::{Client, GROUP, PATIENCE, TOPIC, TestBroker};

/// Time in which nothing may come.
const QUIET: Duration = Duration::from_millis(400);

/// A heartbeat as clients send it.
struct Beat<'a> {
    client: &'a str,
    group: &'a str,
    model: &'a str,
    topics: &'a [(&'a str, i64)],
    fingerprint: i32,
    is_light: bool,
}

impl Default for Beat<'_> {
    fn default() -> Self {
        Self {
            client: "a",
            group: GROUP,
            model: "CLUSTERING",
            topics: &[(TOPIC, 1)],
            fingerprint: 0,
            is_light: false,
        }
    }
}

impl Beat<'_> {
    fn request(&self) -> RemotingCommand {
        let topics = self.topics.iter().map(|(topic, version)| {
            format!(r#"{{"topic":"{topic}","subString":"A||B","subVersion":"{version}","codeSet":["1"]}}"#)
        });
        let topics: Vec<_> = topics.collect();
        let body = format!(
            r#"{{"clientID":"{}","heartbeatFingerprint":{},"withoutSub":{},"producerDataSet":[{{"groupName":"PG"}}],"consumerDataSet":[{{"groupName":"{}","consumeType":1,"messageModel":"{}","consumeFromWhere":"CONSUME_FROM_FIRST_OFFSET","subscriptionDataSet":[{}]}}]}}"#,
            self.client,
            self.fingerprint,
            self.is_light,
            self.group,
            self.model,
            topics.join(",")
        );
        RemotingCommand::bare_request(RequestCode::HEART_BEAT).with_body(body)
    }

    /// Sends it; notices that come before the answer are counted.
    fn send(&self, client: &mut Client) -> (RemotingCommand, usize) {
        let opaque = client.post(self.request());
        let mut notices = 0;
        loop {
            let frame = client.receive();
            if frame.is_response() {
                assert_eq!(
                    (frame.opaque, frame.response_code()),
                    (opaque, ResponseCode::SUCCESS)
                );
                return (frame, notices);
            }
            assert_notice(&frame);
            notices += 1;
        }
    }
}

fn assert_notice(frame: &RemotingCommand) {
    assert_eq!(frame.code, RequestCode::NOTIFY_CONSUMER_IDS_CHANGED.0);
    assert_eq!(frame.ext.get("consumerGroup"), Some(GROUP));
    assert!(frame.is_oneway());
}

fn expect_notice(client: &mut Client) {
    assert_notice(&client.receive());
}

fn expect_quiet(client: &mut Client) {
    assert!(client.receive_within(QUIET).is_none());
}

fn ids(client: &mut Client) -> Result<Vec<String>, String> {
    let request = GetConsumerListByGroupRequest {
        consumer_group: GROUP.to_owned(),
    };
    let request = RemotingCommand::request(RequestCode::GET_CONSUMER_LIST_BY_GROUP, &request);
    let reply = client.call(request);
    if reply.response_code() != ResponseCode::SUCCESS {
        return Err(format!(
            "{} {}",
            reply.code,
            reply.remark.unwrap_or_default()
        ));
    }
    Ok(body::decode::<ConsumerList>(&reply.body)
        .unwrap()
        .consumer_id_list)
}

#[test]
fn members_see_each_other_and_are_told_of_changes() {
    let broker = TestBroker::start();
    let (mut a, mut b, mut asker) = (broker.client(), broker.client(), broker.client());
    assert_eq!(
        ids(&mut asker),
        Err(format!("1 no consumer for this group, {GROUP}"))
    );
    let (reply, told) = Beat::default().send(&mut a);
    assert_eq!(reply.ext.get("IS_SUPPORT_HEART_BEAT_V2"), Some("true"));
    assert_eq!(reply.ext.get("IS_SUB_CHANGE"), Some("true"));
    if told == 0 {
        expect_notice(&mut a);
    }
    Beat {
        client: "b",
        ..Beat::default()
    }
    .send(&mut b);
    expect_notice(&mut a);
    assert_eq!(ids(&mut asker).unwrap(), ["a", "b"]);
    drop(b);
    expect_notice(&mut a);
    assert_eq!(ids(&mut asker).unwrap(), ["a"]);
    expect_quiet(&mut a);
    assert_eq!(Beat::default().send(&mut a).1, 0, "nothing new in it");
    expect_quiet(&mut a);
}

#[test]
fn a_member_that_unregisters_is_gone_and_may_come_back() {
    let broker = TestBroker::start();
    let (mut a, mut asker) = (broker.client(), broker.client());
    Beat::default().send(&mut a);
    let leave = UnregisterClientRequest {
        client_id: "a".to_owned(),
        producer_group: Some("PG".to_owned()),
        consumer_group: Some(GROUP.to_owned()),
    };
    let opaque = a.post(RemotingCommand::request(
        RequestCode::UNREGISTER_CLIENT,
        &leave,
    ));
    while a.receive().opaque != opaque {}
    assert!(ids(&mut asker).is_err());
    assert!(broker.broker().parts().members.producers("PG").is_empty());
    Beat::default().send(&mut a);
    assert_eq!(ids(&mut asker).unwrap(), ["a"]);
}

#[test]
fn broadcasting_members_are_not_told() {
    let broker = TestBroker::start();
    let (mut a, mut b) = (broker.client(), broker.client());
    let beat = Beat {
        model: "BROADCASTING",
        ..Beat::default()
    };
    beat.send(&mut a);
    Beat {
        client: "b",
        ..beat
    }
    .send(&mut b);
    expect_quiet(&mut a);
}

#[test]
fn a_silenced_group_is_not_told() {
    let broker =
        TestBroker::start_with(|config, _| config.notify_consumer_ids_changed_enable = false);
    let mut a = broker.client();
    Beat::default().send(&mut a);
    expect_quiet(&mut a);
}

#[test]
fn many_members_that_come_together_cause_few_notices() {
    let broker = TestBroker::start();
    let mut first = broker.client();
    Beat::default().send(&mut first);
    let mut others: Vec<_> = (0..30).map(|_| broker.client()).collect();
    let begin = Instant::now();
    for (number, client) in others.iter_mut().enumerate() {
        Beat {
            client: &number.to_string(),
            ..Beat::default()
        }
        .send(client);
    }
    expect_notice(&mut first);
    let mut notices = 1;
    while let Some(frame) = first.receive_within(QUIET) {
        assert_notice(&frame);
        notices += 1;
    }
    // One in 200 ms at most, however long the members take to come on a busy machine; and one at once.
    let most = 2 + begin.elapsed().as_millis() / 200;
    assert!(notices <= most, "{notices} notices, {most} at most");
    assert_eq!(ids(&mut first).unwrap().len(), 31);
}

#[test]
fn light_heartbeats_keep_subscriptions_and_ask_for_them_after_a_restart() {
    let mut broker = TestBroker::start();
    let mut client = broker.client();
    let full = Beat {
        fingerprint: 7,
        ..Beat::default()
    };
    let light = Beat {
        topics: &[],
        is_light: true,
        ..full
    };
    let wants = |reply: (RemotingCommand, usize)| reply.0.ext.get("IS_SUB_CHANGE") == Some("true");
    assert!(!wants(full.send(&mut client)));
    assert!(!wants(light.send(&mut client)));
    let members = broker.broker().parts().members.clone();
    assert!(
        members
            .consumer_group(GROUP)
            .unwrap()
            .subscription(TOPIC)
            .is_some()
    );
    broker.restart();
    let mut client = broker.client();
    assert!(
        wants(light.send(&mut client)),
        "the broker does not know them any more"
    );
    assert!(!wants(full.send(&mut client)));
}

#[test]
fn a_heartbeat_makes_the_group_and_its_retry_topic() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    Beat {
        topics: &[(TOPIC, 1), ("%RETRY%G", 1)],
        ..Beat::default()
    }
    .send(&mut client);
    let parts = broker.broker().parts();
    assert!(parts.groups.find(GROUP).is_some());
    let retry = parts.topics.find("%RETRY%G").unwrap();
    assert_eq!(
        (retry.read_queues, retry.write_queues, retry.perm.bits()),
        (1, 1, 6)
    );
}

#[test]
fn a_group_that_may_not_be_made_is_passed_over() {
    let broker = TestBroker::start_with(|config, _| config.auto_create_subscription_group = false);
    let mut client = broker.client();
    Beat::default().send(&mut client);
    assert!(broker.broker().parts().topics.find("%RETRY%G").is_none());
    assert!(ids(&mut client).is_err());
}

#[test]
fn silent_clients_are_dropped_and_closed() {
    let broker = TestBroker::start_with(|config, _| {
        config.channel_expired_timeout = Duration::from_millis(300);
    });
    let (mut silent, mut asker) = (broker.client(), broker.client());
    Beat::default().send(&mut silent);
    while silent.receive_within(PATIENCE).is_some() {}
    assert!(ids(&mut asker).is_err());
}

#[test]
fn operators_see_who_is_connected() {
    let broker = TestBroker::start();
    let (mut client, mut asker) = (broker.client(), broker.client());
    Beat::default().send(&mut client);
    let request = GetConsumerConnectionListRequest {
        consumer_group: GROUP.to_owned(),
    };
    let request = RemotingCommand::request(RequestCode::GET_CONSUMER_CONNECTION_LIST, &request);
    let consumers: ConsumerConnection = body::decode(&asker.call(request).body).unwrap();
    assert_eq!(consumers.connection_set.len(), 1);
    let connection = &consumers.connection_set[0];
    assert_eq!(
        (connection.client_id.as_str(), connection.language.as_str()),
        ("a", "JAVA")
    );
    assert_eq!(
        consumers.consume_from_where.name(),
        "CONSUME_FROM_FIRST_OFFSET"
    );
    let subscription = &consumers.subscription_table[TOPIC];
    assert_eq!(subscription.sub_string, "A||B");
    assert_eq!(
        subscription.code_set,
        [65, 66],
        "computed here, whatever the client sent"
    );
    let request = |group: &str| GetProducerConnectionListRequest {
        producer_group: group.to_owned(),
    };
    let code = RequestCode::GET_PRODUCER_CONNECTION_LIST;
    let reply = asker.call(RemotingCommand::request(code, &request("PG")));
    let producers: ProducerConnection = body::decode(&reply.body).unwrap();
    assert_eq!(producers.connection_set.len(), 1);
    let reply = asker.call(RemotingCommand::request(code, &request("nobody")));
    assert_eq!(
        reply.remark.as_deref(),
        Some("the producer group[nobody] not exist")
    );
}

#[test]
fn a_body_that_is_no_heartbeat_is_refused() {
    let broker = TestBroker::start();
    let mut client = broker.client();
    for body in ["", "[", "{\"clientID\":{}}"] {
        let request = RemotingCommand::bare_request(RequestCode::HEART_BEAT).with_body(body);
        assert_eq!(
            client.call(request).response_code(),
            ResponseCode::SYSTEM_ERROR,
            "{body}"
        );
    }
}
