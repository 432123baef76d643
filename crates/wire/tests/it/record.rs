//! Message records against the reference's bytes.

use ferromq_base::{LogOffset, Millis, QueueId, QueueOffset};
use ferromq_wire::message::record::{
    MAGIC_V1, MAGIC_V2, RecordError, Scanned, body_crc, place, push_blank, records,
};
use ferromq_wire::message::{RecordDraft, RecordRef};

use crate::hex;

fn draft<'a>() -> RecordDraft<'a> {
    RecordDraft {
        topic: "T",
        queue_id: QueueId(1),
        flag: 0,
        sys_flag: 0,
        born_timestamp: Millis(1_700_000_000_000),
        born_host: "10.0.0.9:52000".parse().unwrap(),
        store_host: "10.0.0.1:10911".parse().unwrap(),
        reconsume_times: 0,
        prepared_transaction_offset: 0,
        body: b"hi",
        properties: &[b"k\x01v\x02"],
    }
}

fn encoded(draft: &RecordDraft<'_>, queue: u64, log: u64, stored: i64) -> Vec<u8> {
    let mut out = Vec::new();
    let size = draft.encode(&mut out).unwrap();
    assert_eq!((size, size), (out.len(), draft.encoded_len().unwrap()));
    place(&mut out, QueueOffset(queue), LogOffset(log), Millis(stored));
    out
}

#[test]
fn an_ipv4_record_has_the_reference_bytes() {
    let expected = hex("00000062 daa320a7 58932aac 00000001 00000000
         0000000000000005 0000000000001000 00000000
         0000018bcfe56800 0a000009 0000cb20
         0000018bcfe5680a 0a000001 00002a9f
         00000000 0000000000000000
         00000002 6869  01 54  0004 6b017602");
    let record = encoded(&draft(), 5, 4096, 1_700_000_000_010);
    assert_eq!(record, expected);
    let view = RecordRef::parse(&record).unwrap();
    assert_eq!(view.size(), 98);
    assert_eq!(view.magic(), MAGIC_V1);
    assert_eq!((view.topic(), view.body()), ("T", &b"hi"[..]));
    assert_eq!(view.queue_id(), QueueId(1));
    assert_eq!(view.queue_offset(), QueueOffset(5));
    assert_eq!(view.physical_offset(), LogOffset(4096));
    assert_eq!(view.born_timestamp(), Millis(1_700_000_000_000));
    assert_eq!(view.store_timestamp(), Millis(1_700_000_000_010));
    assert_eq!(view.born_host(), draft().born_host);
    assert_eq!(view.store_host(), draft().store_host);
    assert_eq!(view.properties().get("k"), Some("v"));
    view.check_body().unwrap();
}

#[test]
fn an_ipv6_record_has_the_reference_bytes() {
    let expected = hex("00000076 daa320a7 58932aac 00000001 00000000
         0000000000000005 0000000000001000 00000030
         0000018bcfe56800 20010db8000000000000000000000009 0000cb20
         0000018bcfe56801 20010db8000000000000000000000001 00002a9f
         00000000 0000000000000000
         00000002 6869  01 54  0000");
    let draft = RecordDraft {
        born_host: "[2001:db8::9]:52000".parse().unwrap(),
        store_host: "[2001:db8::1]:10911".parse().unwrap(),
        properties: &[],
        ..draft()
    };
    let record = encoded(&draft, 5, 4096, 1_700_000_000_001);
    assert_eq!(record, expected);
    let view = RecordRef::parse(&record).unwrap();
    assert_eq!(view.born_host(), draft.born_host);
    assert_eq!(view.store_host(), draft.store_host);
    assert_eq!(view.store_timestamp(), Millis(1_700_000_000_001));
}

#[test]
fn the_worked_examples_of_the_log_are_met() {
    let first = hex("00 00 00 85 da a3 20 a7 36 10 a6 86 00 00 00 02
         00 00 00 00 00 00 00 00 00 00 00 05 00 00 00 00
         00 00 00 00 00 00 00 00 00 00 01 8b cf e5 68 00
         c0 a8 01 14 00 00 c3 cb 00 00 01 8b cf e5 68 05
         c0 a8 01 0a 00 00 2a 9f 00 00 00 00 00 00 00 00
         00 00 00 00 00 00 00 05 68 65 6c 6c 6f 09 54 6f
         70 69 63 54 65 73 74 00 1c 4b 45 59 53 01 6b 31
         02 54 41 47 53 01 54 61 67 41 02 57 41 49 54 01
         74 72 75 65 02");
    let base = RecordDraft {
        queue_id: QueueId(2),
        born_host: "192.168.1.20:50123".parse().unwrap(),
        store_host: "192.168.1.10:10911".parse().unwrap(),
        ..draft()
    };
    let hello = RecordDraft {
        topic: "TopicTest",
        body: b"hello",
        properties: &[b"KEYS\x01k1\x02", b"", b"TAGS\x01TagA", b"WAIT\x01true\x02"],
        ..base
    };
    assert_eq!(encoded(&hello, 5, 0, 1_700_000_000_005), first);

    let topic = "T".repeat(130);
    let long = RecordDraft {
        topic: &topic,
        properties: &[b"TAGS\x01a\x02"],
        ..base
    };
    let mut second = hex("00 00 00 e7 da a3 20 ab 58 93 2a ac 00 00 00 02
         00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
         00 00 00 85 00 00 00 00 00 00 01 8b cf e5 68 00
         c0 a8 01 14 00 00 c3 cb 00 00 01 8b cf e5 68 05
         c0 a8 01 0a 00 00 2a 9f 00 00 00 00 00 00 00 00
         00 00 00 00 00 00 00 02 68 69 00 82");
    second.extend_from_slice(topic.as_bytes());
    second.extend_from_slice(b"\x00\x07TAGS\x01a\x02");
    let record = encoded(&long, 0, 133, 1_700_000_000_005);
    assert_eq!(record, second);
    let view = RecordRef::parse(&record).unwrap();
    assert_eq!((view.magic(), view.topic()), (MAGIC_V2, &*topic));

    let v6 = RecordDraft {
        queue_id: QueueId(0),
        born_host: "[2001:db8::20]:50123".parse().unwrap(),
        store_host: "[2001:db8::10]:10911".parse().unwrap(),
        body: b"x",
        properties: &[],
        ..base
    };
    let third = hex("00 00 00 75 da a3 20 a7 0c dc 16 83 00 00 00 00
         00 00 00 00 00 00 00 00 00 00 00 01 00 00 00 00
         00 00 10 00 00 00 00 30 00 00 01 8b cf e5 68 00
         20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 20
         00 00 c3 cb 00 00 01 8b cf e5 68 05 20 01 0d b8
         00 00 00 00 00 00 00 00 00 00 00 10 00 00 2a 9f
         00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01
         78 01 54 00 00");
    assert_eq!(encoded(&v6, 1, 4096, 1_700_000_000_005), third);

    let mut blank = Vec::new();
    push_blank(&mut blank, 300);
    assert_eq!(blank, hex("00 00 01 2c cb d4 31 94"));
}

#[test]
fn checksums_lose_their_top_bit() {
    assert_eq!(body_crc(b"hello"), 0x3610_A686);
    assert_eq!(body_crc(b"a"), 0x68B7_BE43);
    assert_eq!(body_crc(b"test"), 0x587F_7E0C);
    assert_eq!(body_crc(b""), 0);
}

#[test]
fn a_damaged_body_is_noticed_when_asked_for() {
    let mut record = encoded(&draft(), 0, 0, 0);
    record[88] ^= 1;
    let view = RecordRef::parse(&record).unwrap();
    assert!(matches!(
        view.check_body(),
        Err(RecordError::Checksum { .. })
    ));
}

#[test]
fn a_log_is_told_apart() {
    let record = encoded(&draft(), 0, 0, 0);
    let mut log = record.repeat(2);
    assert_eq!(records(&log).count(), 2);
    assert!(matches!(RecordRef::scan(&log), Scanned::Record(r) if r.size() == 98));
    log.truncate(150);
    assert_eq!(records(&log).count(), 1);
    assert_eq!(RecordRef::scan(&log[98..]), Scanned::Short { need: 98 });
    assert_eq!(RecordRef::scan(&[0; 64]), Scanned::Zeros);
    assert_eq!(RecordRef::scan(&[0; 5]), Scanned::Zeros);
    assert_eq!(RecordRef::scan(&[0, 0, 1]), Scanned::Short { need: 8 });
    let blank = hex("00 00 01 2c cb d4 31 94");
    assert_eq!(RecordRef::scan(&blank), Scanned::Blank { remaining: 300 });
    let tiny = hex("00 00 00 07 cb d4 31 94");
    assert!(matches!(RecordRef::scan(&tiny), Scanned::Corrupt(_)));
    let garbage = hex("00 00 00 62 12 34 56 78 00");
    assert_eq!(
        RecordRef::scan(&garbage),
        Scanned::Corrupt(RecordError::Magic(0x1234_5678))
    );
}

#[test]
fn impossible_sizes_are_corrupt() {
    let record = encoded(&draft(), 0, 0, 0);
    for size in [-1_i32, 0, 90, 97, 99, i32::MIN] {
        let mut wrong = record.clone();
        wrong.extend_from_slice(&[0; 16]);
        wrong[..4].copy_from_slice(&size.to_be_bytes());
        assert!(
            matches!(RecordRef::scan(&wrong), Scanned::Corrupt(_)),
            "{size}"
        );
    }
    let mut wrong = record;
    wrong[..4].copy_from_slice(&i32::MAX.to_be_bytes());
    assert_eq!(
        RecordRef::scan(&wrong),
        Scanned::Short {
            need: i32::MAX as usize
        }
    );
}

#[test]
fn limits_of_a_draft_are_exact() {
    let mut out = Vec::new();
    let properties = vec![b'p'; 32_767];
    let full = [&properties[..]];
    let fits = RecordDraft {
        properties: &full,
        ..draft()
    };
    fits.encode(&mut out).unwrap();
    assert_eq!(
        RecordRef::parse(&out).unwrap().properties().as_bytes(),
        &properties[..]
    );
    let parts = [&properties[..], b"k\x01v\x02"];
    let over = RecordDraft {
        properties: &parts,
        ..draft()
    };
    let len = out.len();
    assert!(over.encode(&mut out).is_err());
    assert_eq!(out.len(), len);
    for (topic, ok) in [
        (0, false),
        (127, true),
        (128, true),
        (255, true),
        (256, false),
    ] {
        let topic = "t".repeat(topic);
        let draft = RecordDraft {
            topic: &topic,
            ..draft()
        };
        let mut out = Vec::new();
        assert_eq!(draft.encode(&mut out).is_ok(), ok, "{}", topic.len());
        assert!(!ok || RecordRef::parse(&out).unwrap().topic() == topic);
    }
}
