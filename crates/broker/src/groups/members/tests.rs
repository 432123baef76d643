//! Heartbeats, departures and notices over connections that only remember.

use std::net::{Ipv4Addr, SocketAddr};

use ferromq_base::clock::ManualClock;
use ferromq_wire::{Language, Version};
use parking_lot::Mutex;

use super::*;
use crate::subscription::{ExpressionType, Subscription};

const LIFE: Duration = Duration::from_secs(120);

#[derive(Debug)]
struct Wire {
    id: u64,
    frames: Mutex<usize>,
    closed: Mutex<bool>,
}

impl Link for Wire {
    fn id(&self) -> ConnId {
        ConnId(self.id)
    }

    fn peer(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, 1))
    }

    fn post(&self, frames: Vec<u8>) {
        assert!(!frames.is_empty());
        *self.frames.lock() += 1;
    }

    fn close(&self) {
        *self.closed.lock() = true;
    }
}

struct Bench {
    clock: Arc<ManualClock>,
    members: Members,
}

impl Bench {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Millis(1_000_000)));
        let members = Members::new(LIFE, Arc::clone(&clock) as Arc<dyn Clock>);
        Self { clock, members }
    }

    /// A heartbeat of a client for group `G`; topics are given with the version of their subscription.
    fn beat(&self, wire: &Arc<Wire>, id: &str, topics: &[(&str, i64)]) -> Joined {
        self.join(wire, id, Wants::All(subscriptions(topics), 0), clustering())
    }

    fn join(&self, wire: &Arc<Wire>, id: &str, wants: Wants, style: ConsumeStyle) -> Joined {
        let group = "G";
        self.members.join(
            &sender(wire, id),
            &Joining {
                group,
                style,
                wants,
            },
        )
    }

    fn ids(&self) -> Vec<String> {
        let group = self.members.consumer_group("G");
        let ids = group.map(|group| group.client_ids()).unwrap_or_default();
        ids.iter().map(ToString::to_string).collect()
    }

    fn expression(&self, topic: &str) -> Option<String> {
        let group = self.members.consumer_group("G")?;
        Some(group.subscription(topic)?.expression.to_string())
    }
}

fn clustering() -> ConsumeStyle {
    ConsumeStyle {
        consume_type: ConsumeType::Passively,
        message_model: MessageModel::Clustering,
        consume_from: ConsumeFromWhere::LastOffset,
        is_notified: true,
    }
}

fn wire(id: u64) -> Arc<Wire> {
    Arc::new(Wire {
        id,
        frames: Mutex::new(0),
        closed: Mutex::new(false),
    })
}

fn sender(wire: &Arc<Wire>, id: &str) -> Sender {
    Sender {
        id: Arc::from(id),
        link: Arc::clone(wire) as Arc<dyn Link>,
        language: Language::Java,
        version: Version::CURRENT,
    }
}

fn subscriptions(topics: &[(&str, i64)]) -> Vec<Subscription> {
    topics
        .iter()
        .map(|(topic, version)| {
            let expression = format!("tag{version}");
            Subscription::parse(topic, &expression, ExpressionType::Tag, *version).unwrap()
        })
        .collect()
}

#[test]
fn a_repeated_heartbeat_changes_nothing_and_tells_nobody() {
    let bench = Bench::new();
    let a = wire(1);
    assert!(bench.beat(&a, "a", &[("T", 1)]).is_changed);
    let generation = bench.members.generation();
    assert!(!bench.beat(&a, "a", &[("T", 1)]).is_changed);
    assert_eq!(bench.members.generation(), generation);
    assert_eq!(*a.frames.lock(), 1, "the newcomer is told too");
}

#[test]
fn a_newer_expression_replaces_an_older_one_without_a_notice() {
    let bench = Bench::new();
    let a = wire(1);
    bench.beat(&a, "a", &[("T", 5)]);
    assert!(!bench.beat(&a, "a", &[("T", 4)]).is_changed);
    assert_eq!(
        bench.expression("T").as_deref(),
        Some("tag5"),
        "older: kept"
    );
    assert!(!bench.beat(&a, "a", &[("T", 6)]).is_changed);
    assert_eq!(bench.expression("T").as_deref(), Some("tag6"));
}

#[test]
fn topics_come_and_go_with_full_heartbeats_only() {
    let bench = Bench::new();
    let a = wire(1);
    bench.beat(&a, "a", &[("T", 1)]);
    assert!(bench.beat(&a, "a", &[("T", 1), ("U", 1)]).is_changed);
    assert!(bench.beat(&a, "a", &[("U", 1)]).is_changed);
    assert_eq!(bench.expression("T"), None);
    bench.join(&a, "a", Wants::Unchanged(0), clustering());
    assert_eq!(bench.expression("U").as_deref(), Some("tag1"));
}

#[test]
fn every_member_is_told_when_one_comes_or_goes() {
    let bench = Bench::new();
    let (a, b) = (wire(1), wire(2));
    bench.beat(&a, "a", &[("T", 1)]);
    bench.clock.advance(Duration::from_secs(1));
    bench.beat(&b, "b", &[("T", 1)]);
    assert_eq!((*a.frames.lock(), *b.frames.lock()), (2, 1));
    assert_eq!(bench.ids(), ["a", "b"]);
    bench.clock.advance(Duration::from_secs(1));
    bench.members.closed(ConnId(2));
    assert_eq!((*a.frames.lock(), *b.frames.lock()), (3, 1));
    bench.clock.advance(Duration::from_secs(1));
    bench.members.leave(ConnId(1), "G");
    assert!(bench.members.consumer_group("G").is_none());
}

#[test]
fn broadcasting_and_silenced_groups_are_not_told() {
    let bench = Bench::new();
    let a = wire(1);
    let broadcasting = ConsumeStyle {
        message_model: MessageModel::Broadcasting,
        ..clustering()
    };
    bench.join(
        &a,
        "a",
        Wants::All(subscriptions(&[("T", 1)]), 0),
        broadcasting,
    );
    bench.clock.advance(Duration::from_secs(1));
    let silenced = ConsumeStyle {
        is_notified: false,
        ..clustering()
    };
    bench.join(&a, "a", Wants::All(subscriptions(&[("U", 1)]), 0), silenced);
    assert_eq!(*a.frames.lock(), 0);
}

#[test]
fn one_connection_is_one_member_and_one_client_is_listed_once() {
    let bench = Bench::new();
    bench.beat(&wire(1), "a", &[("T", 1)]);
    bench.beat(&wire(1), "renamed", &[("T", 1)]);
    assert_eq!(bench.ids(), ["renamed"]);
    bench.beat(&wire(2), "renamed", &[("T", 1)]);
    assert_eq!(
        bench.ids(),
        ["renamed"],
        "its old connection is not dead yet"
    );
    bench.members.closed(ConnId(1));
    assert_eq!(bench.ids(), ["renamed"]);
}

#[test]
fn light_heartbeats_ask_for_subscriptions_that_are_lacking() {
    let bench = Bench::new();
    let a = wire(1);
    let light = |fingerprint| {
        let joined = bench.join(&a, "a", Wants::Unchanged(fingerprint), clustering());
        joined.needs_subscriptions
    };
    assert!(light(7), "the broker knows nothing yet");
    let full = Wants::All(subscriptions(&[("T", 1)]), 7);
    assert!(!bench.join(&a, "a", full, clustering()).needs_subscriptions);
    assert!(!light(7));
    assert_eq!(bench.expression("T").as_deref(), Some("tag1"));
    assert!(light(8), "what the fingerprint stands for was never sent");
}

#[test]
fn producers_are_known_until_they_stop_or_their_connection_closes() {
    let bench = Bench::new();
    let (a, b) = (wire(1), wire(2));
    let ids = || {
        let producers = bench.members.producers("P");
        producers
            .iter()
            .map(|client| client.id().to_string())
            .collect::<Vec<_>>()
    };
    for wire in [&a, &b, &a] {
        bench.members.produce(&sender(wire, "x"), "P");
    }
    assert_eq!(ids().len(), 2);
    bench.members.stop_producing(ConnId(1), "P");
    assert_eq!(ids().len(), 1);
    bench.members.closed(ConnId(2));
    assert!(ids().is_empty());
}

#[test]
fn a_client_that_stays_silent_is_dropped_closed_and_the_group_told() {
    let bench = Bench::new();
    let (a, b) = (wire(1), wire(2));
    bench.beat(&a, "a", &[("T", 1)]);
    bench.clock.advance(Duration::from_secs(60));
    bench.beat(&b, "b", &[("T", 1)]);
    let told = *b.frames.lock();
    let next = bench.members.expire(bench.clock.now());
    assert_eq!(next, Some(Millis(1_000_000 + 120_001)));
    bench.clock.advance(Duration::from_secs(61));
    bench.members.expire(bench.clock.now());
    assert!(*a.closed.lock() && !*b.closed.lock());
    assert_eq!(bench.ids(), ["b"]);
    assert_eq!(*b.frames.lock(), told + 1);
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_joins_is_told_at_once_and_then_together() {
    let bench = Bench::new();
    let first = wire(0);
    bench.beat(&first, "0", &[("T", 1)]);
    assert_eq!(*first.frames.lock(), 1);
    for id in 1..100 {
        bench.beat(&wire(id), &id.to_string(), &[("T", 1)]);
    }
    assert_eq!(*first.frames.lock(), 1);
    bench.clock.advance(Duration::from_millis(200));
    let run = tokio::time::timeout(Duration::from_secs(1), bench.members.run());
    assert!(run.await.is_err(), "it runs for ever");
    assert_eq!(*first.frames.lock(), 2);
}
