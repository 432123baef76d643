//! Response frames against the reference's bytes.

use ferromq_base::{LogOffset, QueueId};
use ferromq_wire::request::{PullResponseHeader, SendResponseHeader};
use ferromq_wire::response::{
    PullResponse, SendResponse, Stored, write_number, write_response, write_status,
};
use ferromq_wire::{RemotingCommand, ResponseCode, frame};

fn decoded(bytes: &[u8]) -> RemotingCommand {
    let frame = frame::split(bytes).unwrap().unwrap();
    assert_eq!(frame.wire_len(), bytes.len());
    RemotingCommand::decode(&frame).unwrap()
}

#[test]
fn a_pull_reply_has_the_reference_bytes() {
    let mut out = Vec::new();
    let response = PullResponse {
        opaque: 9,
        code: ResponseCode::SUCCESS,
        remark: Some("FOUND"),
        suggest_which_broker_id: 0,
        next_begin_offset: 6,
        min_offset: 0,
        max_offset: 6,
        topic_sys_flag: None,
        group_sys_flag: None,
        forbidden_type: None,
    };
    response.write(&mut out, &[7; 98]);
    assert_eq!(out[..8], [0, 0, 1, 0x35, 0, 0, 0, 0xcf]);
    assert_eq!(
        std::str::from_utf8(&out[8..8 + 0xcf]).unwrap(),
        r#"{"code":0,"extFields":{"suggestWhichBrokerId":"0","nextBeginOffset":"6","minOffset":"0","maxOffset":"6"},"flag":1,"language":"JAVA","opaque":9,"remark":"FOUND","serializeTypeCurrentRPC":"JSON","version":479}"#
    );
    assert_eq!(out[8 + 0xcf..], [7; 98]);
    let flags = PullResponse {
        topic_sys_flag: Some(1),
        group_sys_flag: Some(2),
        forbidden_type: Some(3),
        ..response
    };
    out.clear();
    flags.write(&mut out, &[]);
    let header: PullResponseHeader = decoded(&out).header().unwrap();
    assert_eq!((header.next_begin_offset, header.max_offset), (6, 6));
    assert_eq!(
        (
            header.topic_sys_flag,
            header.group_sys_flag,
            header.forbidden_type
        ),
        (Some(1), Some(2), Some(3))
    );
}

#[test]
fn a_send_reply_carries_what_clients_need() {
    let mut out = b"earlier reply".to_vec();
    let response = SendResponse {
        opaque: 3,
        code: ResponseCode::SUCCESS,
        remark: None,
        stored: Some(Stored {
            host: "10.0.0.1:10911".parse().unwrap(),
            offsets: &[LogOffset(4096), LogOffset(8192)],
            queue_id: QueueId(2),
            queue_offset: 77,
        }),
        transaction_id: Some("UK\"1"),
        batch_uniq_id: None,
        recall_handle: None,
        region: "DefaultRegion",
        trace_on: true,
    };
    response.write(&mut out);
    let command = decoded(&out[13..]);
    assert!(command.is_response());
    let header: SendResponseHeader = command.header().unwrap();
    assert_eq!(
        header.msg_id,
        "0A00000100002A9F0000000000001000,0A00000100002A9F0000000000002000"
    );
    assert_eq!((header.queue_id, header.queue_offset), (2, 77));
    assert_eq!(header.transaction_id.as_deref(), Some("UK\"1"));
    assert_eq!(header.trace_on, Some(true));
    let refused = SendResponse {
        code: ResponseCode::NO_PERMISSION,
        remark: Some("Sending message to topic[X] is forbidden."),
        stored: None,
        transaction_id: None,
        trace_on: false,
        ..response
    };
    out.clear();
    refused.write(&mut out);
    let command = decoded(&out);
    assert_eq!(command.response_code(), ResponseCode::NO_PERMISSION);
    assert_eq!(command.ext.get("MSG_REGION"), Some("DefaultRegion"));
    assert_eq!(command.ext.get("TRACE_ON"), Some("false"));
    assert_eq!(command.ext.get("msgId"), None);
}

#[test]
fn generic_replies_leave_out_what_is_absent() {
    let mut out = Vec::new();
    write_response(&mut out, 7, ResponseCode::SUCCESS, None, &[], b"{}");
    let frame = frame::split(&out).unwrap().unwrap();
    assert_eq!(
        frame.header,
        br#"{"code":0,"flag":1,"language":"JAVA","opaque":7,"serializeTypeCurrentRPC":"JSON","version":479}"#
    );
    assert_eq!(frame.body, b"{}");
    out.clear();
    write_status(
        &mut out,
        -1,
        ResponseCode(3),
        Some(" request type 9 not supported"),
    );
    let command = decoded(&out);
    assert_eq!((command.opaque, command.code), (-1, 3));
    assert_eq!(
        command.remark.as_deref(),
        Some(" request type 9 not supported")
    );
    out.clear();
    write_number(&mut out, 1, Some(""), "offset", -1);
    let command = decoded(&out);
    assert_eq!(command.ext.get("offset"), Some("-1"));
    assert_eq!(command.remark.as_deref(), Some(""));
    out.clear();
    let fields = [("a", "1"), ("b\n", "\u{1}支")];
    write_response(&mut out, 1, ResponseCode::SUCCESS, None, &fields, b"");
    assert_eq!(decoded(&out).ext.iter().collect::<Vec<_>>(), fields);
}

#[test]
fn an_endless_remark_is_cut_at_a_character() {
    let mut out = Vec::new();
    write_status(
        &mut out,
        1,
        ResponseCode::SYSTEM_ERROR,
        Some(&"支".repeat(1 << 20)),
    );
    let remark = decoded(&out).remark.unwrap();
    assert!(remark.len() <= 16 * 1024 && remark.len() > 16_000);
    assert!(remark.chars().all(|c| c == '支'));
}
