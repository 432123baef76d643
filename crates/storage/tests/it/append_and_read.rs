//! What is appended can be read, as it is stored.

use ferromq_base::{LogOffset, QueueId, QueueOffset};
use ferromq_storage::{PushError, ReadError, ReadStatus};
use ferromq_wire::message::record::RecordRef;

use crate::support::{
    bodies, message, open, push, push_as, put, read, read_bytes, record_bytes, small,
};

#[test]
fn a_message_comes_back_as_it_was_stored() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(small(dir.path()));
    let m = message("TopicTest", 2, b"hello")
        .with("KEYS", "k1")
        .with("TAGS", "TagA")
        .with("WAIT", "true");
    for offset in 0..6 {
        let placed = put(&store, &m);
        assert_eq!(placed.queue_offset, QueueOffset(offset));
        assert_eq!(placed.log_offset, LogOffset(133 * offset));
    }
    let queue = store.queue("TopicTest", QueueId(2));
    let (outcome, bytes) = read_bytes(&store, &queue, 5, 32);
    assert_eq!(outcome.status, ReadStatus::Found);
    assert_eq!(
        (outcome.count, outcome.next_begin.0, outcome.max.0),
        (1, 6, 6)
    );
    // The worked example of the format, moved to log offset 5 * 133 = 0x299.
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    let expected = "00000085daa320a73610a686000000020000000000000000000000050000000000000299\
        000000000000018bcfe56800c0a801140000c3cb0000018bcfe56805c0a8010a00002a9f00000000\
        00000000000000000000000568656c6c6f09546f70696354657374001c4b455953016b3102544147\
        53015461674102574149540174727565 02";
    assert_eq!(hex, expected.replace(char::is_whitespace, ""));
    assert_eq!(record_bytes(&store, LogOffset(665)), bytes);
}

#[test]
fn a_turn_of_many_queues_keeps_the_order_of_each() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(small(dir.path()));
    let mut turn = store.turn();
    for round in 0..3_u8 {
        for i in 0..40_u8 {
            push(
                &store,
                &mut turn,
                &message("T", u32::from(i % 7), &[round, i]),
            );
        }
        let end = store.append(&mut turn).unwrap();
        assert_eq!(turn.end(), end);
        assert_eq!(turn.touched().len(), 7);
        assert_eq!(store.ackable().value(), end.0);
        turn.clear();
    }
    for queue in 0..7_u8 {
        let expected: Vec<Vec<u8>> = (0..3)
            .flat_map(|round| {
                (0..40_u8)
                    .filter(move |i| i % 7 == queue)
                    .map(move |i| vec![round, i])
            })
            .collect();
        assert_eq!(bodies(&store, "T", u32::from(queue)), expected);
    }
}

#[test]
fn a_record_that_does_not_fit_goes_to_the_next_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(small(dir.path()));
    let size_of = |body: usize| 91 + 1 + body;
    // Ends exactly eight bytes before the end of the file: the filler still fits.
    let first = put(&store, &message("T", 0, &vec![1; 4096 - 8 - size_of(0)]));
    let second = put(&store, &message("T", 0, &[2; 10]));
    assert_eq!(first.size, 4088);
    assert_eq!(second.log_offset, LogOffset(4096));
    let log = dir.path().join("commitlog");
    let file = std::fs::read(log.join("00000000000000000000")).unwrap();
    assert_eq!(file.len(), 4096);
    assert_eq!(file[4088..], [0, 0, 0, 8, 0xcb, 0xd4, 0x31, 0x94]);
    // One byte more than fits after the second record.
    let third = put(
        &store,
        &message("T", 0, &vec![3; 4096 - 102 - 7 - size_of(0)]),
    );
    assert_eq!(third.log_offset, LogOffset(8192));
    assert_eq!(bodies(&store, "T", 0).len(), 3);
}

#[test]
fn a_batch_moves_to_the_next_file_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(small(dir.path()));
    let mut turn = store.turn();
    push(&store, &mut turn, &message("T", 0, &[0; 3000]));
    for i in 0..5 {
        push_as(&store, &mut turn, &message("T", 0, &[1; 200]), 0 < i);
    }
    push(&store, &mut turn, &message("T", 1, &[2; 3000]));
    store.append(&mut turn).unwrap();
    let places: Vec<u64> = (0..7).map(|i| turn.placed(i).log_offset.0).collect();
    assert_eq!(places, [0, 4096, 4388, 4680, 4972, 5264, 8192]);
    let offsets: Vec<u64> = (0..7).map(|i| turn.placed(i).queue_offset.0).collect();
    assert_eq!(offsets, [0, 1, 2, 3, 4, 5, 0]);
    assert_eq!(bodies(&store, "T", 0).len(), 6);
    assert_eq!(bodies(&store, "T", 1), [vec![2; 3000]]);
}

#[test]
fn a_turn_may_span_several_files() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(small(dir.path()));
    let mut turn = store.turn();
    for i in 0..50_u8 {
        push(&store, &mut turn, &message("T", 0, &[i; 1000]));
    }
    store.append(&mut turn).unwrap();
    let expected: Vec<Vec<u8>> = (0..50_u8).map(|i| vec![i; 1000]).collect();
    assert_eq!(bodies(&store, "T", 0), expected);
}

#[test]
fn what_cannot_be_stored_is_refused_and_leaves_the_turn_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(small(dir.path()));
    let mut turn = store.turn();
    push(&store, &mut turn, &message("T", 0, b"good"));
    let queue = store.queue("T", QueueId(0));
    let bad_topic = store.queue("../etc", QueueId(0));
    let draft = |topic| ferromq_wire::message::RecordDraft {
        topic,
        queue_id: QueueId(0),
        flag: 0,
        sys_flag: 0,
        born_timestamp: crate::support::NOON,
        born_host: ([127, 0, 0, 1], 1).into(),
        store_host: ([127, 0, 0, 1], 1).into(),
        reconsume_times: 0,
        prepared_transaction_offset: 0,
        body: &[0; 4000],
        properties: &[],
    };
    let none = ferromq_storage::IndexKeys::default();
    let pushed = turn.push_with_previous(&queue, &draft("T"), none);
    assert!(
        matches!(pushed, Err(PushError::TooLarge { .. })),
        "{pushed:?}"
    );
    assert_eq!(
        turn.push(&queue, &draft("U"), none),
        Err(PushError::OtherQueue)
    );
    assert_eq!(
        turn.push(&bad_topic, &draft("../etc"), none),
        Err(PushError::TopicName)
    );
    assert_eq!(turn.len(), 1);
    store.append(&mut turn).unwrap();
    assert_eq!(bodies(&store, "T", 0), [b"good"]);
}

#[test]
fn statuses_outside_the_range() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(small(dir.path()));
    let queue = store.queue("T", QueueId(0));
    let status = |from| {
        let (outcome, _) = read(&store, &queue, from, 32);
        (outcome.status, outcome.next_begin.0)
    };
    assert_eq!(status(0), (ReadStatus::NoMessageInQueue, 0));
    assert_eq!(status(9), (ReadStatus::NoMessageInQueue, 0));
    put(&store, &message("T", 0, b"x"));
    assert_eq!(status(0), (ReadStatus::Found, 1));
    assert_eq!(status(1), (ReadStatus::OffsetOverflowOne, 1));
    assert_eq!(status(2), (ReadStatus::OffsetOverflowBadly, 1));
}

#[test]
fn no_record_is_found_between_records_or_beyond_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(small(dir.path()));
    let placed = put(&store, &message("T", 0, &[7; 50]));
    let mut out = b"before".to_vec();
    for at in (1..u64::from(placed.size) + 5).chain([5000, u64::MAX]) {
        let result = store.record_at(LogOffset(at), &mut out);
        assert!(
            matches!(result, Err(ReadError::NotFound(_))),
            "{at} {result:?}"
        );
    }
    store.record_at(LogOffset(0), &mut out).unwrap();
    assert_eq!(RecordRef::parse(&out[6..]).unwrap().body(), [7; 50]);
}

#[test]
fn the_filter_sees_tag_codes_and_skipped_messages_are_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(small(dir.path()));
    for i in 0..20 {
        let tag = if i % 5 == 4 { "b" } else { "a" };
        put(&store, &message("T", 0, &[i]).with("TAGS", tag));
    }
    let queue = store.queue("T", QueueId(0));
    let limits = ferromq_storage::ReadLimits {
        count: 3,
        bytes: 10_000,
    };
    let mut out = Vec::new();
    let b = i64::from(b'b');
    let outcome = store
        .read(&queue, QueueOffset(0), limits, &|code| code == b, &mut out)
        .unwrap();
    assert_eq!((outcome.count, outcome.next_begin.0), (3, 15));
    let none = store
        .read(&queue, QueueOffset(0), limits, &|_| false, &mut out)
        .unwrap();
    assert_eq!(none.status, ReadStatus::NoMatchedMessage);
    assert_eq!(none.next_begin.0, 20);
}
