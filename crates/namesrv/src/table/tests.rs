//! The rules of the routing table, one by one.

use std::net::IpAddr;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::announced::{Announced, Ends};

const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const HERE: Ends = Ends {
    local: LOOPBACK,
    peer: LOOPBACK,
};
const NOW: Millis = Millis(1_000_000);

fn queues(perm: i32) -> Queues {
    Queues {
        read: 4,
        write: 4,
        perm,
        sys_flag: 0,
    }
}

fn version(counter: i64) -> DataVersion {
    DataVersion {
        counter,
        ..DataVersion::default()
    }
}

/// A registration of broker `name` with `id` at `addr`, topics `T` and `U`, over connection 1.
fn broker(name: &str, id: i64, addr: &str) -> Registration {
    Registration {
        cluster: "C".to_owned(),
        name: name.to_owned(),
        addr: addr.to_owned(),
        id,
        ha_addr: format!("ha-{addr}"),
        timeout: Duration::from_secs(120),
        acting_master: None,
        zone: None,
        filters: vec![],
        version: version(0),
        topics: vec![("T".to_owned(), queues(6)), ("U".to_owned(), queues(6))],
        mappings: BTreeMap::new(),
        conn: ConnId(1),
        announced: Announced::new(addr, None, None, HERE),
    }
}

fn with(mut registration: Registration, change: impl FnOnce(&mut Registration)) -> Registration {
    change(&mut registration);
    registration
}

/// A table in which the registrations were taken at `NOW`.
fn table(registrations: impl IntoIterator<Item = Registration>) -> Table {
    let mut table = Table::default();
    for registration in registrations {
        table.register(registration, false, NOW).unwrap();
    }
    table
}

fn perm(table: &Table, topic: &str, name: &str) -> Option<i32> {
    Some(table.topics.get(topic)?.get(name)?.perm)
}

fn addrs(table: &Table, name: &str) -> Vec<(i64, String)> {
    table.members(name, HERE).into_iter().collect()
}

fn pairs(list: &[(i64, &str)]) -> Vec<(i64, String)> {
    list.iter()
        .map(|(id, addr)| (*id, (*addr).to_owned()))
        .collect()
}

#[test]
fn a_registration_makes_cluster_broker_topics_and_route() {
    let table = table([broker("a", 0, "a0"), broker("b", 0, "b0")]);
    let route = table.route("T", false, HERE).unwrap();
    let names: Vec<&str> = route.queues.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(route.brokers[1].addrs, [(0, "b0".to_owned())].into());
    assert_eq!(route.brokers[1].cluster, "C");
    assert_eq!(table.route("X", false, HERE), None);
    let view = table.cluster_view(HERE);
    assert_eq!(view.clusters["C"], ["a".to_owned(), "b".to_owned()].into());
    assert_eq!(view.brokers.len(), 2);
}

#[test]
fn an_address_has_one_id_and_an_id_one_address() {
    let mut table = table([broker("a", 0, "a0"), broker("a", 1, "a1")]);
    table.register(broker("a", 2, "a1"), false, NOW).unwrap();
    assert_eq!(addrs(&table, "a"), pairs(&[(0, "a0"), (2, "a1")]));
    table.register(broker("a", 2, "a9"), false, NOW).unwrap();
    assert_eq!(addrs(&table, "a"), pairs(&[(0, "a0"), (2, "a9")]));
}

#[test]
fn a_broker_that_is_renamed_takes_its_address_along() {
    let mut table = table([broker("old", 0, "a0"), broker("old", 1, "a1")]);
    table.register(broker("new", 0, "a0"), false, NOW).unwrap();
    assert_eq!(addrs(&table, "old"), pairs(&[(1, "a1")]));
    assert_eq!(addrs(&table, "new"), pairs(&[(0, "a0")]));
    table.register(broker("new", 1, "a1"), false, NOW).unwrap();
    assert_eq!(addrs(&table, "old"), pairs(&[]));
}

#[test]
fn an_older_leadership_cannot_take_an_id() {
    let newer = with(broker("a", 0, "a0"), |r| r.version.state_version = 2);
    let mut table = table([newer]);
    let older = with(broker("a", 0, "a9"), |r| r.version.state_version = 1);
    assert_eq!(table.register(older, false, NOW), Ok(Registered::default()));
    assert_eq!(addrs(&table, "a"), pairs(&[(0, "a0")]));
    let equal = with(broker("a", 0, "a9"), |r| r.version.state_version = 2);
    table.register(equal, false, NOW).unwrap();
    assert_eq!(addrs(&table, "a"), pairs(&[(0, "a9")]));
}

#[test]
fn a_single_topic_does_not_make_a_broker() {
    let mut table = Table::default();
    let single = with(broker("a", 0, "a0"), |r| r.topics.truncate(1));
    assert_eq!(
        table.register(single.clone(), false, NOW),
        Err(RegisterError::Unknown)
    );
    assert_eq!(table.cluster_view(HERE), ClusterView::default(), "no trace");
    assert_eq!(table.deadline(), None);

    table.register(broker("a", 0, "a0"), false, NOW).unwrap();
    let added = with(single, |r| r.topics = vec![("V".to_owned(), queues(4))]);
    table.register(added, false, NOW).unwrap();
    assert_eq!(table.topics(TopicFilter::All), ["T", "U", "V"]);

    let none = with(broker("b", 0, "b0"), |r| r.topics.clear());
    table.register(none, false, NOW).unwrap();
    assert_eq!(
        addrs(&table, "b"),
        pairs(&[(0, "b0")]),
        "no topic at all is fine"
    );
}

#[test]
fn topics_change_with_the_version_or_when_they_are_new() {
    let mut table = table([broker("a", 0, "a0")]);
    let same_version = with(broker("a", 0, "a0"), |r| {
        r.topics[0].1 = queues(4);
        r.topics.push(("V".to_owned(), queues(2)));
    });
    table.register(same_version.clone(), false, NOW).unwrap();
    assert_eq!(perm(&table, "T", "a"), Some(6));
    assert_eq!(perm(&table, "V", "a"), Some(2));
    for (field, changed) in [
        ("counter", version(1)),
        (
            "timestamp",
            DataVersion {
                timestamp: 1,
                ..version(1)
            },
        ),
        (
            "state",
            DataVersion {
                state_version: 1,
                ..version(1)
            },
        ),
    ] {
        table.wipe_write("a");
        table.add_write("a");
        let changed = with(same_version.clone(), |r| r.version = changed);
        table.register(changed, false, NOW).unwrap();
        assert_eq!(perm(&table, "T", "a"), Some(4), "{field}");
    }
}

#[test]
fn only_a_master_or_its_stand_in_sets_topics() {
    for (why, acting, expected) in [
        ("an old slave", None, None),
        ("the smallest slave", Some(false), Some(6)),
        ("the smallest slave, standing in", Some(true), Some(4)),
    ] {
        let table = table([with(broker("a", 1, "a1"), |r| r.acting_master = acting)]);
        assert_eq!(perm(&table, "T", "a"), expected, "{why}");
    }
    let slave = with(broker("a", 1, "a1"), |r| {
        r.acting_master = Some(true);
        r.version = version(7);
    });
    let table = table([broker("a", 0, "a0"), slave]);
    assert_eq!(perm(&table, "T", "a"), Some(6), "not the smallest");
}

#[test]
fn topics_that_are_not_named_go_only_if_asked_and_only_with_a_whole_table() {
    for (delete_missing, named, left) in [
        (false, vec!["U", "V"], vec!["T", "U", "V"]),
        (true, vec!["U", "V"], vec!["U", "V"]),
        (true, vec!["V"], vec!["T", "U", "V"]),
        (true, vec![], vec![]),
    ] {
        let mut table = table([broker("a", 0, "a0")]);
        let topics: Vec<_> = named.iter().map(|t| ((*t).to_owned(), queues(6))).collect();
        let next = with(broker("a", 0, "a0"), |r| r.topics = topics);
        table.register(next, delete_missing, NOW).unwrap();
        assert_eq!(
            table.topics(TopicFilter::All),
            left,
            "{delete_missing} {named:?}"
        );
    }
}

#[test]
fn a_slave_is_told_its_live_master() {
    let mut table = table([broker("a", 0, "a0")]);
    let told = table.register(broker("a", 1, "a1"), false, NOW).unwrap();
    assert_eq!(told.master_addr.as_deref(), Some("a0"));
    assert_eq!(told.ha_addr.as_deref(), Some("ha-a0"));
    let told = table.register(broker("a", 0, "a0"), false, NOW).unwrap();
    assert_eq!(told, Registered::default());
    table.unregister("C", "a", "a0");
    let told = table.register(broker("a", 1, "a1"), false, NOW).unwrap();
    assert_eq!(told, Registered::default());
    table.unregister("C", "a", "a1");
    let told = table.register(broker("a", 1, "a1"), false, NOW).unwrap();
    assert!(told.is_new);
}

#[test]
fn unregistering_removes_what_is_left_without_a_broker() {
    let mut table = table([
        broker("a", 0, "a0"),
        broker("a", 1, "a1"),
        broker("b", 0, "b0"),
    ]);
    table.unregister("C", "a", "other");
    table.unregister("C", "x", "a0");
    assert_eq!(addrs(&table, "a").len(), 2);
    table.unregister("C", "a", "a0");
    assert_eq!(addrs(&table, "a"), pairs(&[(1, "a1")]));
    assert_eq!(
        perm(&table, "T", "a"),
        Some(6),
        "no stand-in, so nothing is stripped"
    );
    table.unregister("C", "a", "a1");
    assert_eq!(perm(&table, "T", "a"), None);
    table.unregister("C", "b", "b0");
    assert_eq!(table.topics(TopicFilter::All), Vec::<String>::new());
    assert_eq!(table.cluster_view(HERE), ClusterView::default());
}

#[test]
fn a_group_that_loses_its_master_shows_a_stand_in_without_writing() {
    let acting = |r: Registration| with(r, |r| r.acting_master = Some(true));
    let mut table = table([acting(broker("a", 0, "a0")), acting(broker("a", 2, "a2"))]);
    table.unregister("C", "a", "a0");
    assert_eq!(perm(&table, "T", "a"), Some(4));
    let shown = |stand_in| {
        table.route("T", stand_in, HERE).unwrap().brokers[0]
            .addrs
            .clone()
    };
    assert_eq!(shown(false), [(2, "a2".to_owned())].into());
    assert_eq!(shown(true), [(0, "a2".to_owned())].into());
}

#[test]
fn a_stand_in_is_not_shown_for_writable_or_synchronising_topics() {
    let slave = with(broker("a", 2, "a2"), |r| {
        r.acting_master = Some(true);
        r.topics
            .push((format!("{}x", "rmq_sys_SYNC_BROKER_MEMBER_"), queues(4)));
    });
    let mut table = table([slave]);
    let ids = |table: &Table, topic: &str| -> Vec<i64> {
        let route = table.route(topic, true, HERE).unwrap();
        route.brokers[0].addrs.keys().copied().collect()
    };
    assert_eq!(ids(&table, "T"), [0]);
    assert_eq!(ids(&table, "rmq_sys_SYNC_BROKER_MEMBER_x"), [2]);
    table.add_write("a");
    assert_eq!(ids(&table, "T"), [2]);
}

#[test]
fn a_closed_connection_takes_all_its_brokers_along() {
    let other = with(broker("c", 0, "c0"), |r| r.conn = ConnId(2));
    let mut table = table([broker("a", 0, "a0"), broker("b", 0, "b0"), other]);
    assert!(table.knows_connection(ConnId(1)));
    let mut gone = table.connection_closed(ConnId(1));
    gone.sort();
    assert_eq!(gone, ["a0", "b0"]);
    assert!(!table.knows_connection(ConnId(1)));
    assert_eq!(table.cluster_view(HERE).brokers.len(), 1);

    table
        .register(
            with(broker("c", 0, "c0"), |r| r.conn = ConnId(3)),
            false,
            NOW,
        )
        .unwrap();
    assert!(
        table.connection_closed(ConnId(2)).is_empty(),
        "it has moved to a new connection"
    );
    assert_eq!(addrs(&table, "c"), pairs(&[(0, "c0")]));
}

#[test]
fn silence_ends_a_broker_and_every_sign_of_life_prolongs_it() {
    let second = Duration::from_secs(1);
    let quick = with(broker("a", 0, "a0"), |r| r.timeout = second);
    let mut table = table([quick, broker("b", 0, "b0")]);
    assert_eq!(table.deadline(), Some(Millis(NOW.0 + 1001)));
    let half = NOW.after(second / 2);
    table.heartbeat("C", "a0", half);
    assert!(table.expire(Millis(NOW.0 + 1001)).is_empty());
    assert_eq!(table.deadline(), Some(Millis(half.0 + 1001)));
    assert_eq!(
        table.compare_version("C", "a0", version(0), NOW.after(second)),
        (false, Some(version(0)))
    );
    assert!(table.expire(Millis(half.0 + 1001)).is_empty());
    assert_eq!(
        table.compare_version("C", "a0", version(9), NOW.after(second * 2)),
        (true, Some(version(0)))
    );
    let last = NOW.after(second * 2);
    assert!(
        table.expire(last).is_empty(),
        "exactly the time-out is not over"
    );
    let expired = table.expire(Millis(last.0 + 1));
    assert_eq!(expired.len(), 1);
    assert_eq!(
        (expired[0].addr.as_str(), expired[0].conn),
        ("a0", ConnId(1))
    );
    assert_eq!(table.cluster_view(HERE).brokers.len(), 1);
    assert_eq!(table.expire(NOW.after(Duration::from_secs(200))).len(), 1);
    assert_eq!(table.deadline(), None, "nothing to wait for");
    assert_eq!(
        table.compare_version("C", "a0", version(0), NOW),
        (true, None)
    );
}

#[test]
fn write_permission_is_wiped_and_given_back() {
    let read_only = with(broker("a", 0, "a0"), |r| r.topics[1].1 = queues(4));
    let mut table = table([read_only, broker("b", 0, "b0")]);
    assert_eq!(table.wipe_write("a"), 2);
    assert_eq!(
        (perm(&table, "T", "a"), perm(&table, "T", "b")),
        (Some(4), Some(6))
    );
    assert_eq!(table.add_write("a"), 2);
    assert_eq!(
        perm(&table, "U", "a"),
        Some(6),
        "exactly 6, whatever it was"
    );
    assert_eq!((table.wipe_write("x"), table.add_write("x")), (0, 0));
}

#[test]
fn topics_are_deleted_everywhere_or_in_a_cluster() {
    let other = with(broker("d", 0, "d0"), |r| r.cluster = "D".to_owned());
    let mut table = table([broker("a", 0, "a0"), other]);
    table.delete_topic("T", Some("unknown"));
    table.delete_topic("unknown", Some("C"));
    table.delete_topic("T", Some("C"));
    assert_eq!(
        (perm(&table, "T", "a"), perm(&table, "T", "d")),
        (None, Some(6))
    );
    table.delete_topic("T", Some("D"));
    table.delete_topic("U", None);
    assert_eq!(table.topics(TopicFilter::All), Vec::<String>::new());
}

#[test]
fn a_topic_is_added_only_to_known_brokers() {
    let mut table = table([broker("a", 0, "a0"), broker("b", 0, "b0")]);
    let on = |names: &[&str]| names.iter().map(|n| ((*n).to_owned(), queues(2))).collect();
    table.add_topic("V", on(&["a", "x"]));
    table.add_topic("W", on(&[]));
    assert_eq!(table.topics(TopicFilter::All), ["T", "U"]);
    table.add_topic("V", on(&["a"]));
    table.add_topic("V", on(&["b"]));
    assert_eq!(table.route("V", false, HERE).unwrap().queues.len(), 2);
}

#[test]
fn topics_are_listed_by_cluster_and_flag() {
    let flagged = with(broker("d", 0, "d0"), |r| {
        r.cluster = "D".to_owned();
        r.topics = (0..4)
            .map(|flag| {
                (
                    format!("F{flag}"),
                    Queues {
                        sys_flag: flag,
                        ..queues(6)
                    },
                )
            })
            .collect();
    });
    let table = table([broker("a", 0, "a0"), flagged]);
    for (filter, expected) in [
        (TopicFilter::All, vec!["F0", "F1", "F2", "F3", "T", "U"]),
        (TopicFilter::Cluster("C"), vec!["T", "U"]),
        (TopicFilter::Cluster("X"), vec![]),
        (TopicFilter::Unit, vec!["F1", "F3"]),
        (TopicFilter::UnitSub, vec!["F2", "F3"]),
        (TopicFilter::UnitSubOnly, vec!["F2"]),
    ] {
        assert_eq!(table.topics(filter), expected, "{filter:?}");
    }
    let (system, addr) = table.system_topics(HERE);
    assert_eq!(system, ["C", "D", "a", "d"]);
    assert_eq!(addr.as_deref(), Some("a0"));
    assert_eq!(Table::default().system_topics(HERE), (vec![], None));
}

#[test]
fn the_parts_of_a_static_topic_come_and_go_with_their_broker() {
    let part = |bname: &str| TopicQueueMappingInfo {
        bname: bname.to_owned(),
        ..TopicQueueMappingInfo::default()
    };
    let holds = |r: Registration| {
        with(r, |r| {
            r.mappings = ["T", "unknown"]
                .map(|t| (t.to_owned(), part(&r.name)))
                .into();
        })
    };
    let mut table = table([holds(broker("a", 0, "a0")), holds(broker("b", 0, "b0"))]);
    let shown = |table: &Table| table.route("T", false, HERE).unwrap().mappings;
    assert_eq!(shown(&table).unwrap()["b"].bname, "b");
    assert_eq!(table.mappings.len(), 1, "only known topics");
    table.unregister("C", "b", "b0");
    assert_eq!(shown(&table).unwrap().len(), 1);
    table.delete_topic("T", None);
    assert!(table.mappings.is_empty());
    assert_eq!(table.route("U", false, HERE).unwrap().mappings, None);
}

#[test]
fn filter_servers_are_shown_until_the_broker_names_none() {
    let filtered = with(broker("a", 0, "a0"), |r| r.filters = vec!["f:1".to_owned()]);
    let mut table = table([filtered]);
    let shown = |table: &Table| table.route("T", false, HERE).unwrap().filters;
    assert_eq!(
        shown(&table),
        [("a0".to_owned(), vec!["f:1".to_owned()])].into()
    );
    table.register(broker("a", 0, "a0"), false, NOW).unwrap();
    assert!(shown(&table).is_empty());
}

#[test]
fn the_table_is_bounded() {
    let mut table = Table::default();
    for index in 0..BROKERS_MAX {
        let bare = broker(&format!("n{index}"), 0, &format!("a{index}"));
        let bare = with(bare, |r| r.topics.clear());
        table.register(bare, false, NOW).unwrap();
    }
    let more = table.register(broker("m", 0, "m"), false, NOW);
    assert_eq!(more, Err(RegisterError::TooManyBrokers));
    let known = with(broker("n0", 0, "a0"), |r| {
        let topics = 0..=TOPICS_MAX;
        r.topics = topics.map(|i| (i.to_string(), queues(6))).collect();
    });
    let more = table.register(known, false, NOW);
    assert_eq!(more, Err(RegisterError::TooManyTopics));
}

/// One change of the table, small enough that changes meet.
#[derive(Clone, Debug)]
enum Step {
    Register(u8, i64, u8, u8, Option<bool>, bool),
    Unregister(u8, u8, u8),
    Closed(u64),
    Expire(i64),
    Delete(u8, Option<u8>),
    Add(u8, u8),
    Wipe(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3_u8, 0..3_i64, 0..4_u8, 0..4_u8, any::<Option<bool>>(), any::<bool>())
            .prop_map(|(n, id, a, t, acting, del)| Step::Register(n, id, a, t, acting, del)),
        2 => (0..2_u8, 0..3_u8, 0..4_u8).prop_map(|(c, n, a)| Step::Unregister(c, n, a)),
        1 => (0..4_u64).prop_map(Step::Closed),
        1 => (0..400_000_i64).prop_map(Step::Expire),
        1 => (0..4_u8, any::<Option<bool>>())
            .prop_map(|(t, c)| Step::Delete(t, c.map(u8::from))),
        1 => (0..4_u8, 0..3_u8).prop_map(|(t, n)| Step::Add(t, n)),
        1 => (0..3_u8).prop_map(Step::Wipe),
    ]
}

fn apply(table: &mut Table, step: Step, now: &mut Millis) {
    let cluster = |c: u8| format!("c{c}");
    match step {
        Step::Register(name, id, addr, topics, acting, delete) => {
            let r = with(broker(&format!("n{name}"), id, &format!("a{addr}")), |r| {
                r.cluster = cluster(name % 2);
                r.topics = (0..topics).map(|t| (format!("t{t}"), queues(6))).collect();
                r.acting_master = acting;
                r.conn = ConnId(u64::from(addr));
                r.version = version(i64::from(topics));
            });
            let _ = table.register(r, delete, *now);
        }
        Step::Unregister(c, n, a) => {
            table.unregister(&cluster(c), &format!("n{n}"), &format!("a{a}"));
        }
        Step::Closed(conn) => {
            table.connection_closed(ConnId(conn));
        }
        Step::Expire(ms) => {
            *now = Millis(now.0 + ms);
            table.expire(*now);
        }
        Step::Delete(t, c) => table.delete_topic(&format!("t{t}"), c.map(cluster).as_deref()),
        Step::Add(t, n) => table.add_topic(&format!("t{t}"), vec![(format!("n{n}"), queues(6))]),
        Step::Wipe(n) => {
            table.wipe_write(&format!("n{n}"));
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_the_table_hangs_together(steps in prop::collection::vec(step(), 0..60)) {
        let mut table = Table::default();
        let mut now = NOW;
        for step in steps {
            apply(&mut table, step, &mut now);
            for (name, broker) in &table.brokers {
                prop_assert!(!broker.addrs.is_empty());
                let distinct: BTreeSet<&String> = broker.addrs.values().collect();
                prop_assert_eq!(distinct.len(), broker.addrs.len());
                prop_assert!(table.clusters[&broker.cluster].contains(name));
                for addr in broker.addrs.values() {
                    let live = table.live.get(&LiveKey::new(&broker.cluster, addr));
                    prop_assert!(live.is_some_and(|live| live.name == *name), "{} {}", name, addr);
                }
            }
            for names in table.clusters.values() {
                prop_assert!(!names.is_empty());
                prop_assert!(names.iter().all(|name| table.brokers.contains_key(name)));
            }
            for brokers in table.topics.values().map(BTreeMap::keys) {
                prop_assert!(0 < brokers.len());
                prop_assert!(brokers.into_iter().all(|name| table.brokers.contains_key(name)));
            }
            let first = table.live.values().map(Live::dead_at).min();
            prop_assert!(first.is_none_or(|first| table.deadline.is_some_and(|at| at <= first)));
        }
    }
}
