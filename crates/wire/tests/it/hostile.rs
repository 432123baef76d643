//! Bytes from anybody: every reader gives an answer or an error, and never panics.

use ferromq_wire::body::{
    ClusterInfo, ConsumerRunningInfo, HeartbeatData, RegisterBrokerBody, ResetOffsetBody,
    TopicRouteData, decode,
};
use ferromq_wire::frame::{self, FrameError, SerializeType};
use ferromq_wire::message::compress::CompressionType;
use ferromq_wire::message::record::Scanned;
use ferromq_wire::message::{Properties, RecordRef, batch};
use ferromq_wire::request::{PopMessageRequest, PullRequest, SendRequest};
use ferromq_wire::{
    FromFields, RemotingCommand, RequestCode, RequestHeader, Scratch, Version, lenient,
};
use proptest::prelude::*;

#[test]
fn frames_are_cut_at_any_place_and_never_early() {
    let mut bytes = Vec::new();
    let command = RemotingCommand::bare_request(RequestCode::HEART_BEAT).with_body("body");
    command.encode(SerializeType::Json, &mut bytes).unwrap();
    let whole = bytes.len();
    bytes.extend_from_slice(&[0, 0, 0]);
    for end in 0..whole {
        assert_eq!(frame::split(&bytes[..end]), Ok(None), "{end}");
    }
    let frame = frame::split(&bytes).unwrap().unwrap();
    assert_eq!((frame.wire_len(), frame.body), (whole, &b"body"[..]));
    assert_eq!(frame::expected_len(&bytes), Ok(Some(whole)));
    assert_eq!(frame::split(&bytes[whole..]), Ok(None));
}

#[test]
fn impossible_lengths_are_refused_as_soon_as_they_are_seen() {
    let max = 16 << 20;
    let claim = |n: u32| n.to_be_bytes();
    assert_eq!(frame::expected_len(&claim(max - 4)), Ok(Some(max as usize)));
    for length in [max - 3, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
        let claimed = u64::from(length) + 4;
        assert_eq!(
            frame::split(&claim(length)),
            Err(FrameError::TooLong { claimed })
        );
    }
    for length in 0..4 {
        assert_eq!(
            frame::split(&claim(length)),
            Err(FrameError::TooShort { claimed: length })
        );
    }
    assert_eq!(
        frame::split(&[0, 0, 0, 8, 0, 0, 0, 5]),
        Err(FrameError::HeaderTooLong {
            header: 5,
            frame: 8
        })
    );
    assert_eq!(
        frame::split(&[0, 0, 0, 8, 2, 0, 0, 4]),
        Err(FrameError::UnknownSerializeType(2))
    );
}

#[test]
fn binary_headers_are_refused_at_every_cut() {
    let mut command = RemotingCommand::bare_request(RequestCode::GET_ROUTEINFO_BY_TOPIC);
    command.ext.push("topic", "TBW102");
    command.remark = Some("why".to_owned());
    let mut bytes = Vec::new();
    command.encode(SerializeType::RocketMq, &mut bytes).unwrap();
    let header = &bytes[8..];
    assert!(RequestHeader::parse_bytes(SerializeType::RocketMq, header).is_ok());
    for end in 0..header.len() {
        let cut = RequestHeader::parse_bytes(SerializeType::RocketMq, &header[..end]);
        assert!(cut.is_err(), "{end}");
    }
    for at in 13..17 {
        let mut wrong = header.to_vec();
        wrong[at] ^= 0x80;
        assert!(RequestHeader::parse_bytes(SerializeType::RocketMq, &wrong).is_err());
    }
}

/// Reads every typed request from a header, whatever it holds.
fn read_requests(header: &RequestHeader<'_>) {
    let mut scratch = Scratch::default();
    for code in [10, 310] {
        let _ = SendRequest::parse(RequestCode(code), &header.fields, &mut scratch);
    }
    let _ = PullRequest::parse(&header.fields, &mut scratch);
    let _ = PopMessageRequest::from_fields(&header.fields);
    let _ = RemotingCommand::from_header(header, b"");
    let _ = header.remark();
}

fn read_bodies(bytes: &[u8]) {
    let _ = decode::<TopicRouteData>(bytes);
    let _ = decode::<ClusterInfo>(bytes);
    let _ = decode::<HeartbeatData>(bytes);
    let _ = decode::<ResetOffsetBody>(bytes);
    let _ = decode::<ConsumerRunningInfo>(bytes);
    let _ = RegisterBrokerBody::decode(bytes, Version::CURRENT, true);
}

const RECORD: &[u8] = b"\x00\x00\x00\x62\xda\xa3\x20\xa7\x58\x93\x2a\xac\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\x01\x8b\xcf\xe5\x68\x00\x0a\x00\x00\x09\x00\x00\xcb\x20\x00\x00\x01\x8b\xcf\xe5\x68\x0a\x0a\x00\x00\x01\x00\x00\x2a\x9f\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02hi\x01T\x00\x04k\x01v\x02";

#[test]
fn every_flipped_bit_of_a_record_is_survived() {
    assert!(RecordRef::parse(RECORD).is_ok());
    for bit in 0..RECORD.len() * 8 {
        let mut wrong = RECORD.to_vec();
        wrong[bit / 8] ^= 1 << (bit % 8);
        if let Scanned::Record(record) = RecordRef::scan(&wrong) {
            touch(&record);
        }
    }
    for end in 0..RECORD.len() {
        assert!(RecordRef::parse(&RECORD[..end]).is_err(), "{end}");
    }
}

/// Calls everything a record offers.
fn touch(record: &RecordRef<'_>) {
    let _ = (
        record.born_host(),
        record.store_host(),
        record.queue_offset(),
    );
    let _ = (
        record.store_timestamp(),
        record.reconsume_times(),
        record.flag(),
    );
    let _ = (record.prepared_transaction_offset(), record.check_body());
    let _ = record.properties().iter().count();
    let _ = batch::inner(record).map(Iterator::count);
    assert_eq!(record.as_bytes().len(), record.size());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = frame::split(&bytes);
        for serialize in [SerializeType::Json, SerializeType::RocketMq] {
            if let Ok(header) = RequestHeader::parse_bytes(serialize, &bytes) {
                read_requests(&header);
            }
        }
        let _ = lenient::parse(&bytes);
        read_bodies(&bytes);
        let _ = batch::items(&bytes).count();
        let _ = Properties::new(&bytes).iter().count();
        for kind in [CompressionType::Lz4, CompressionType::Zlib, CompressionType::Zstd] {
            let _ = kind.decompress(&bytes, 10_000);
        }
        if let Scanned::Record(record) = RecordRef::scan(&bytes) {
            touch(&record);
        }
    }

    #[test]
    fn arbitrary_text_with_the_marks_of_json_never_panics(
        text in "[{}\\[\\]:,\"'\\\\0-9a-eu\\-+. \u{1}支]{0,200}",
    ) {
        if let Ok(header) = RequestHeader::parse_bytes(SerializeType::Json, text.as_bytes()) {
            read_requests(&header);
        }
        read_bodies(text.as_bytes());
    }

    #[test]
    fn binary_headers_of_random_parts_never_panic(
        head in any::<[u8; 13]>(),
        words in proptest::collection::vec((0_u32..40, any::<[u8; 6]>()), 0..12),
    ) {
        let mut bytes = head.to_vec();
        for (length, text) in words {
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(&text);
        }
        if let Ok(header) = RequestHeader::parse_bytes(SerializeType::RocketMq, &bytes) {
            read_requests(&header);
        }
    }

    #[test]
    fn records_with_random_damage_never_panic(
        damage in proptest::collection::vec((0..RECORD.len(), any::<u8>()), 1..6),
        tail in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut bytes = RECORD.to_vec();
        for (at, byte) in damage {
            bytes[at] = byte;
        }
        bytes.extend_from_slice(&tail);
        if let Scanned::Record(record) = RecordRef::scan(&bytes) {
            touch(&record);
        }
    }
}
