//! Times the steps of the hot path on one core: `cargo run --profile perf -p ferromq-wire --example hot`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for people that measure"
)]

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Instant;

use ferromq_base::{LogOffset, Millis, QueueId};
use ferromq_wire::frame::{self, SerializeType};
use ferromq_wire::message::{RecordDraft, RecordRef, tag_hash};
use ferromq_wire::request::SendRequest;
use ferromq_wire::response::{SendResponse, Stored};
use ferromq_wire::{RemotingCommand, RequestCode, RequestHeader, ResponseCode, Scratch};

const ROUNDS: u32 = 4_000;

/// Prints the best of 200 short runs in nanoseconds per call: the one that nothing else disturbed.
fn time(what: &str, mut work: impl FnMut()) {
    let mut best = f64::MAX;
    for _ in 0..200 {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            work();
        }
        best = best.min(start.elapsed().as_nanos() as f64 / f64::from(ROUNDS));
    }
    println!("{what:<44} {best:>8.1} ns");
}

fn send_frame(serialize: SerializeType) -> Vec<u8> {
    let send = SendRequest {
        producer_group: "please_rename_unique_group_name",
        topic: "TopicTest",
        default_topic: "TBW102",
        default_topic_queue_nums: 4,
        queue_id: 3,
        born_timestamp: 1_700_000_000_000,
        properties: "KEYS\u{1}OrderID188\u{2}UNIQ_KEY\u{1}0A000009000018B4AAC2000000010000\u{2}WAIT\u{1}true\u{2}TAGS\u{1}TagA\u{2}",
        broker_name: Some("broker-a"),
        ..SendRequest::default()
    };
    let command =
        RemotingCommand::request(RequestCode::SEND_MESSAGE_V2, &send).with_body(vec![7; 1024]);
    let mut bytes = Vec::new();
    command.encode(serialize, &mut bytes).unwrap();
    bytes
}

fn main() {
    let mut scratch = Scratch::default();
    for serialize in [SerializeType::Json, SerializeType::RocketMq] {
        let bytes = send_frame(serialize);
        let frame = frame::split(&bytes).unwrap().unwrap();
        println!("{serialize:?} header of {} bytes", frame.header.len());
        time("  header", || {
            black_box(RequestHeader::parse(black_box(&frame)).unwrap());
        });
        time("  header and typed send", || {
            let header = RequestHeader::parse(black_box(&frame)).unwrap();
            let code = RequestCode(header.code);
            black_box(SendRequest::parse(code, &header.fields, &mut scratch).unwrap());
        });
    }
    let hosts: [SocketAddr; 2] = ["10.0.0.9:52000", "10.0.0.1:10911"].map(|h| h.parse().unwrap());
    let body = [7; 1024];
    let draft = RecordDraft {
        topic: "TopicTest",
        queue_id: QueueId(1),
        flag: 0,
        sys_flag: 0,
        born_timestamp: Millis(1),
        born_host: hosts[0],
        store_host: hosts[1],
        reconsume_times: 0,
        prepared_transaction_offset: 0,
        body: &body,
        properties: &[b"UNIQ_KEY\x010A000009000018B4AAC2000000010000\x02WAIT\x01true\x02"],
    };
    let mut out = Vec::new();
    time("record of 1 KiB, encode", || {
        out.clear();
        black_box(&draft).encode(&mut out).unwrap();
    });
    time("record of 1 KiB, parse", || {
        black_box(RecordRef::parse(black_box(&out)).unwrap());
    });
    time("tag hash", || {
        black_box(tag_hash(black_box("TagA")));
    });
    let response = SendResponse {
        opaque: 12_345,
        code: ResponseCode::SUCCESS,
        remark: None,
        stored: Some(Stored {
            host: hosts[1],
            offsets: &[LogOffset(1_000_000_172)],
            queue_id: QueueId(3),
            queue_offset: 123_456,
        }),
        transaction_id: Some("0A000009000018B4AAC2000000010000"),
        batch_uniq_id: None,
        recall_handle: None,
        region: "DefaultRegion",
        trace_on: true,
    };
    let mut out = Vec::new();
    time("send response, write", || {
        out.clear();
        black_box(&response).write(&mut out);
    });
}
