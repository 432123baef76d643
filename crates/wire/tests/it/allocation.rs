//! The way of a send and of a pull through this crate allocates nothing once its buffers have grown.

use ferromq_base::{LogOffset, Millis, QueueId, QueueOffset};
use ferromq_testkit::CountingAllocator;
use ferromq_wire::frame::{self, SerializeType};
use ferromq_wire::message::record::place;
use ferromq_wire::message::tag::tag_code;
use ferromq_wire::message::{Properties, RecordDraft};
use ferromq_wire::request::{PullRequest, SendRequest};
use ferromq_wire::response::{PullResponse, SendResponse, Stored, write_status};
use ferromq_wire::{RemotingCommand, RequestCode, RequestHeader, ResponseCode, Scratch};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Buffers that a network thread keeps.
#[derive(Default)]
struct Buffers {
    scratch: Scratch,
    log: Vec<u8>,
    out: Vec<u8>,
}

fn serve_send(bytes: &[u8], buffers: &mut Buffers) {
    let frame = frame::split(bytes).unwrap().unwrap();
    let header = RequestHeader::parse(&frame).unwrap();
    let code = RequestCode(header.code);
    let send = SendRequest::parse(code, &header.fields, &mut buffers.scratch).unwrap();
    let properties = Properties::new(send.properties.as_bytes());
    let draft = RecordDraft {
        topic: send.topic,
        queue_id: QueueId(1),
        flag: send.flag,
        sys_flag: send.sys_flag,
        born_timestamp: Millis(send.born_timestamp),
        born_host: "10.0.0.9:52000".parse().unwrap(),
        store_host: "10.0.0.1:10911".parse().unwrap(),
        reconsume_times: send.reconsume_times,
        prepared_transaction_offset: 0,
        body: frame.body,
        properties: &[
            properties.as_bytes(),
            b"MSG_REGION\x01DefaultRegion\x02TRACE_ON\x01true\x02",
        ],
    };
    buffers.log.clear();
    draft.encode(&mut buffers.log).unwrap();
    place(&mut buffers.log, QueueOffset(5), LogOffset(4096), Millis(7));
    assert_eq!(tag_code(properties), 65);
    buffers.out.clear();
    SendResponse {
        opaque: header.opaque,
        code: ResponseCode::SUCCESS,
        remark: None,
        stored: Some(Stored {
            host: draft.store_host,
            offsets: &[LogOffset(4096)],
            queue_id: draft.queue_id,
            queue_offset: 5,
        }),
        transaction_id: properties.get("UNIQ_KEY"),
        batch_uniq_id: None,
        recall_handle: None,
        region: "DefaultRegion",
        trace_on: true,
    }
    .write(&mut buffers.out);
}

fn serve_pull(bytes: &[u8], buffers: &mut Buffers) {
    let frame = frame::split(bytes).unwrap().unwrap();
    let header = RequestHeader::parse(&frame).unwrap();
    let pull = PullRequest::parse(&header.fields, &mut buffers.scratch).unwrap();
    buffers.out.clear();
    PullResponse {
        opaque: header.opaque,
        code: ResponseCode::SUCCESS,
        remark: Some("FOUND"),
        suggest_which_broker_id: 0,
        next_begin_offset: pull.queue_offset + 1,
        min_offset: 0,
        max_offset: i64::MAX,
        topic_sys_flag: Some(0),
        group_sys_flag: Some(0),
        forbidden_type: None,
    }
    .write(&mut buffers.out, &buffers.log);
    write_status(
        &mut buffers.out,
        -1,
        ResponseCode::PULL_NOT_FOUND,
        Some("why"),
    );
}

fn encoded(command: &RemotingCommand, serialize: SerializeType) -> Vec<u8> {
    let mut bytes = Vec::new();
    command.encode(serialize, &mut bytes).unwrap();
    bytes
}

fn send_command() -> RemotingCommand {
    let send = SendRequest {
        producer_group: "PG",
        topic: "TopicTest",
        default_topic: "TBW102",
        default_topic_queue_nums: 4,
        properties: "UNIQ_KEY\u{1}0A000009000018B4AAC2000000010000\u{2}WAIT\u{1}true\u{2}TAGS\u{1}A\u{2}",
        broker_name: Some("broker-a"),
        ..SendRequest::default()
    };
    RemotingCommand::request(RequestCode::SEND_MESSAGE_V2, &send).with_body(vec![7; 1024])
}

fn pull_command() -> RemotingCommand {
    let pull = PullRequest {
        consumer_group: "CG",
        topic: "TopicTest",
        max_msg_nums: 32,
        sys_flag: 3,
        expression_type: Some("TAG"),
        ..PullRequest::default()
    };
    RemotingCommand::request(RequestCode::PULL_MESSAGE, &pull)
}

#[test]
fn sends_and_pulls_allocate_nothing_in_steady_state() {
    let mut buffers = Buffers::default();
    for serialize in [SerializeType::Json, SerializeType::RocketMq] {
        let send = encoded(&send_command(), serialize);
        let pull = encoded(&pull_command(), serialize);
        for _ in 0..2 {
            serve_send(&send, &mut buffers);
            serve_pull(&pull, &mut buffers);
        }
        let counted = CountingAllocator::count_of(|| {
            serve_send(&send, &mut buffers);
            serve_pull(&pull, &mut buffers);
        });
        assert_eq!(counted, 0, "{serialize:?}");
    }
}

#[test]
fn the_counter_counts() {
    assert!(CountingAllocator::count_of(|| drop(std::hint::black_box(vec![1_u8; 10]))) >= 1);
}
