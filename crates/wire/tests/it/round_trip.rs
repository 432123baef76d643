//! What is written is read back as it was.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use ferromq_base::{LogOffset, Millis, QueueId, QueueOffset};
use ferromq_wire::body::{Dialect, MessageQueue, QueueTable, decode, encode_as};
use ferromq_wire::frame::{self, SerializeType};
use ferromq_wire::message::batch::{self, BatchItem};
use ferromq_wire::message::record::place;
use ferromq_wire::message::{Properties, RecordDraft, RecordRef, properties};
use ferromq_wire::request::{PopMessageRequest, PullRequest, RegisterBrokerRequest, SendRequest};
use ferromq_wire::{
    FromFields, Language, RemotingCommand, RequestCode, RequestHeader, Scratch, ToFields, Version,
};
use proptest::prelude::*;

fn decoded(command: &RemotingCommand, serialize: SerializeType) -> RemotingCommand {
    let mut out = Vec::new();
    command.encode(serialize, &mut out).unwrap();
    RemotingCommand::decode(&frame::split(&out).unwrap().unwrap()).unwrap()
}

prop_compose! {
    fn command()(
        code in any::<i16>(), opaque in any::<i32>(), flag in 0..4, version in any::<i16>(),
        language in 0..14_i64,
        remark in proptest::option::of("\\PC{1,20}"),
        ext in proptest::collection::btree_map("\\PC{0,10}", "(?s).{1,20}", 0..30),
        body in proptest::collection::vec(any::<u8>(), 0..50),
    ) -> RemotingCommand {
        let mut command = RemotingCommand {
            code: i32::from(code),
            language: Language::from_code(language),
            version: Version(i32::from(version)),
            opaque, flag, remark,
            body: body.into(),
            ..RemotingCommand::default()
        };
        for (key, value) in ext {
            command.ext.push(key, value);
        }
        command
    }
}

prop_compose! {
    fn host()(v6 in any::<bool>(), ip in any::<u128>(), port in any::<u16>()) -> SocketAddr {
        if v6 {
            SocketAddr::new(std::net::Ipv6Addr::from(ip).into(), port)
        } else {
            SocketAddr::new(std::net::Ipv4Addr::from(ip as u32).into(), port)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn commands_in_both_codecs(command in command()) {
        for serialize in [SerializeType::Json, SerializeType::RocketMq] {
            prop_assert_eq!(&decoded(&command, serialize), &command);
        }
    }

    #[test]
    fn sends_with_both_kinds_of_names(
        texts in proptest::array::uniform4("(?s).{0,20}"),
        numbers in any::<[i32; 6]>(), born in any::<i64>(),
        flags in any::<[bool; 2]>(), limit in any::<Option<i32>>(),
    ) {
        let send = SendRequest {
            producer_group: &texts[0],
            topic: &texts[1],
            default_topic: &texts[2],
            default_topic_queue_nums: numbers[0],
            queue_id: numbers[1],
            sys_flag: numbers[2],
            born_timestamp: born,
            flag: numbers[3],
            properties: &texts[3],
            reconsume_times: numbers[4],
            unit_mode: flags[0],
            max_reconsume_times: limit,
            batch: flags[1],
            broker_name: Some("b"),
        };
        for code in [RequestCode::SEND_MESSAGE, RequestCode::SEND_MESSAGE_V2] {
            let mut command = RemotingCommand::bare_request(code);
            send.push_fields(code, &mut command.ext);
            let mut bytes = Vec::new();
            command.encode(SerializeType::Json, &mut bytes).unwrap();
            let header = RequestHeader::parse(&frame::split(&bytes).unwrap().unwrap()).unwrap();
            let mut scratch = Scratch::default();
            prop_assert_eq!(SendRequest::parse(code, &header.fields, &mut scratch), Ok(send));
        }
    }

    #[test]
    fn records(
        topic in "[a-zA-Z0-9%_-]{1,255}", body in proptest::collection::vec(any::<u8>(), 0..300),
        numbers in any::<[i32; 3]>(), queue in any::<u32>(), places in any::<[u64; 2]>(),
        times in any::<[i64; 3]>(), born in host(), store in host(),
        parts in proptest::collection::vec("[a-z]{1,9}\u{1}[a-z]{1,9}\u{2}?", 0..5),
    ) {
        let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
        let draft = RecordDraft {
            topic: &topic,
            queue_id: QueueId(queue),
            flag: numbers[0],
            sys_flag: numbers[1],
            born_timestamp: Millis(times[0]),
            born_host: born,
            store_host: store,
            reconsume_times: numbers[2],
            prepared_transaction_offset: times[1],
            body: &body,
            properties: &parts,
        };
        let mut bytes = b"before".to_vec();
        let size = draft.encode(&mut bytes).unwrap();
        let record = &mut bytes[6..];
        prop_assert_eq!((record.len(), draft.encoded_len()), (size, Ok(size)));
        place(record, QueueOffset(places[0]), LogOffset(places[1]), Millis(times[2]));
        let view = RecordRef::parse(record).unwrap();
        view.check_body().unwrap();
        prop_assert_eq!((view.topic(), view.body()), (&*topic, &*body));
        prop_assert_eq!((view.queue_id(), view.flag()), (draft.queue_id, draft.flag));
        prop_assert_eq!(view.sys_flag() & !0x30, draft.sys_flag & !0x30);
        prop_assert_eq!((view.born_host(), view.store_host()), (born, store));
        prop_assert_eq!(view.born_timestamp(), draft.born_timestamp);
        prop_assert_eq!(view.store_timestamp(), Millis(times[2]));
        prop_assert_eq!(view.queue_offset(), QueueOffset(places[0]));
        prop_assert_eq!(view.physical_offset(), LogOffset(places[1]));
        prop_assert_eq!(view.reconsume_times(), numbers[2]);
        prop_assert_eq!(view.prepared_transaction_offset(), times[1]);
        prop_assert_eq!(view.properties().iter().count(), parts.len());
    }

    #[test]
    fn batches(items in proptest::collection::vec(
        (any::<i32>(), proptest::collection::vec(any::<u8>(), 0..40), "[a-z\u{1}\u{2}]{0,20}"), 0..10,
    )) {
        let mut body = Vec::new();
        let items: Vec<_> = items.iter().map(|(flag, body, text)| BatchItem {
            flag: *flag,
            body,
            properties: text.as_bytes(),
        }).collect();
        for item in &items {
            item.encode(&mut body).unwrap();
        }
        let read: Vec<_> = batch::items(&body).map(Result::unwrap).collect();
        prop_assert_eq!(read, items);
    }

    #[test]
    fn property_strings(pairs in proptest::collection::vec(("[^\u{1}\u{2}]{1,8}", "[^\u{1}\u{2}]{1,8}"), 0..12)) {
        let mut raw = Vec::new();
        for (key, value) in &pairs {
            properties::push(&mut raw, key, value);
        }
        let view = Properties::new(&raw);
        let read: Vec<_> = view.iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        prop_assert_eq!(&read, &pairs);
        for (key, value) in pairs.into_iter().collect::<BTreeMap<_, _>>() {
            prop_assert_eq!(view.get(&key), Some(&*value));
            let mut rest = Vec::new();
            properties::push_without(&mut rest, view, &[&key]);
            prop_assert!(!Properties::new(&rest).has(&key));
        }
    }

    #[test]
    fn tables_in_both_dialects(
        entries in proptest::collection::btree_map(("\\PC{0,9}", "\\PC{0,9}", any::<i32>()), any::<i32>(), 0..6),
        numbers in proptest::collection::btree_map(any::<i64>(), "(?s).{0,12}", 0..6),
    ) {
        let table: QueueTable<i32> = entries.into_iter()
            .map(|((topic, broker, queue), value)| (MessageQueue::new(topic, broker, queue), value))
            .collect();
        for dialect in [Dialect::Legacy, Dialect::Standard] {
            prop_assert_eq!(&decode::<QueueTable<i32>>(&encode_as(&table, dialect)).unwrap(), &table);
            let text = encode_as(&numbers, dialect);
            prop_assert_eq!(&decode::<BTreeMap<i64, String>>(&text).unwrap(), &numbers);
        }
        let standard = encode_as(&numbers, Dialect::Standard);
        prop_assert!(standard.is_ascii());
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&standard).is_ok());
    }
}

/// Writes and reads a typed header.
fn again<T: ToFields + FromFields>(header: &T) -> T {
    let command = RemotingCommand::request(RequestCode::HEART_BEAT, header);
    let read = decoded(&command, SerializeType::Json);
    assert_eq!(decoded(&command, SerializeType::RocketMq), read);
    read.header().unwrap()
}

#[test]
fn typed_headers() {
    let register = RegisterBrokerRequest {
        broker_name: "b".to_owned(),
        broker_addr: "10.0.0.1:10911".to_owned(),
        cluster_name: "c".to_owned(),
        ha_server_addr: "10.0.0.1:10912".to_owned(),
        broker_id: 0,
        heartbeat_timeout_millis: Some(120_000),
        enable_acting_master: None,
        compressed: true,
        body_crc32: 77,
        zone_name: None,
        ferro_listen: None,
        ferro_addrs: None,
    };
    assert_eq!(again(&register), register);
    let pop = PopMessageRequest {
        consumer_group: "g".to_owned(),
        topic: "t".to_owned(),
        queue_id: -1,
        max_msg_nums: 32,
        invisible_time: 60_000,
        poll_time: 15_000,
        born_time: 1,
        init_mode: 0,
        exp_type: Some("TAG".to_owned()),
        exp: Some("*".to_owned()),
        order: false,
        attempt_id: None,
    };
    assert_eq!(again(&pop), pop);
}

#[test]
fn pulls() {
    let pull = PullRequest {
        consumer_group: "g",
        topic: "t",
        queue_id: 3,
        queue_offset: 1 << 40,
        max_msg_nums: 32,
        sys_flag: 7,
        commit_offset: 9,
        suspend_timeout_millis: 15_000,
        subscription: Some("A || \"B\""),
        sub_version: 1_700_000_000_000,
        expression_type: Some("TAG"),
        max_msg_bytes: Some(262_144),
        request_source: 1,
        proxy_forward_client_id: Some("c"),
        broker_name: Some("b"),
    };
    for serialize in [SerializeType::Json, SerializeType::RocketMq] {
        let command = RemotingCommand::request(RequestCode::PULL_MESSAGE, &pull);
        let mut bytes = Vec::new();
        command.encode(serialize, &mut bytes).unwrap();
        let header = RequestHeader::parse(&frame::split(&bytes).unwrap().unwrap()).unwrap();
        let mut scratch = Scratch::default();
        assert_eq!(PullRequest::parse(&header.fields, &mut scratch), Ok(pull));
    }
}
