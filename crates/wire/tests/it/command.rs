//! Owned commands against the reference's bytes.

use ferromq_wire::frame::{self, SerializeType};
use ferromq_wire::request::{GetRouteInfoRequest, SendRequest};
use ferromq_wire::{RemotingCommand, RequestCode, ResponseCode};

use crate::hex;

fn route_request() -> RemotingCommand {
    let header = GetRouteInfoRequest {
        topic: "TBW102".to_owned(),
        accept_standard_json_only: false,
    };
    let mut command = RemotingCommand::bare_request(RequestCode::GET_ROUTEINFO_BY_TOPIC);
    command.ext.push("topic", header.topic);
    command.opaque = 7;
    command
}

fn encoded(command: &RemotingCommand, serialize: SerializeType) -> Vec<u8> {
    let mut out = Vec::new();
    command.encode(serialize, &mut out).unwrap();
    out
}

fn decoded(bytes: &[u8]) -> RemotingCommand {
    let frame = frame::split(bytes).unwrap().unwrap();
    assert_eq!(frame.wire_len(), bytes.len());
    RemotingCommand::decode(&frame).unwrap()
}

#[test]
fn a_route_request_has_the_reference_bytes_in_json() {
    let mut expected = hex("00000084 00000080");
    expected.extend_from_slice(br#"{"code":105,"extFields":{"topic":"TBW102"},"flag":0,"language":"JAVA","opaque":7,"serializeTypeCurrentRPC":"JSON","version":479}"#);
    assert_eq!(encoded(&route_request(), SerializeType::Json), expected);
    assert_eq!(expected.len(), 136);
    assert_eq!(decoded(&expected), route_request());
}

#[test]
fn a_route_request_has_the_reference_bytes_in_binary() {
    let expected = hex(
        "0000002a 01000026 0069 00 01df 00000007 00000000 00000000 00000011
         0005 746f706963 00000006 544257313032",
    );
    assert_eq!(encoded(&route_request(), SerializeType::RocketMq), expected);
    assert_eq!(decoded(&expected), route_request());
    let header: GetRouteInfoRequest = decoded(&expected).header().unwrap();
    assert_eq!(header.topic, "TBW102");
}

#[test]
fn a_response_has_the_reference_bytes() {
    let mut expected = hex("00000065 0000005f");
    expected.extend_from_slice(br#"{"code":0,"flag":1,"language":"JAVA","opaque":7,"serializeTypeCurrentRPC":"JSON","version":479}{}"#);
    let response = RemotingCommand::response(7, ResponseCode::SUCCESS, None).with_body("{}");
    assert_eq!(encoded(&response, SerializeType::Json), expected);
    assert_eq!(decoded(&expected), response);
}

#[test]
fn a_send_has_the_reference_bytes_in_binary() {
    let expected = hex(
        "000000a5 0100009f 0136 00 01df 00000001 00000000 00000000 0000008a
         0001 61 00000002 5047
         0001 62 00000001 54
         0001 63 00000006 544257313032
         0001 64 00000001 34
         0001 65 00000001 31
         0001 66 00000001 30
         0001 67 0000000d 31373030303030303030303030
         0001 68 00000001 30
         0001 69 00000007 54414753014102
         0001 6a 00000001 30
         0001 6b 00000005 66616c7365
         0001 6d 00000005 66616c7365
         0001 6e 00000003 622d61
         6869",
    );
    assert_eq!(expected.len(), 169);
    let send = SendRequest {
        producer_group: "PG",
        topic: "T",
        default_topic: "TBW102",
        default_topic_queue_nums: 4,
        queue_id: 1,
        born_timestamp: 1_700_000_000_000,
        properties: "TAGS\u{1}A\u{2}",
        broker_name: Some("b-a"),
        ..SendRequest::default()
    };
    let mut command = RemotingCommand::request(RequestCode::SEND_MESSAGE_V2, &send).with_body("hi");
    command.opaque = 1;
    assert_eq!(encoded(&command, SerializeType::RocketMq), expected);
    assert_eq!(decoded(&expected), command);
}

#[test]
fn codes_beyond_16_bits_need_json() {
    let pop = RemotingCommand::bare_request(RequestCode::POP_MESSAGE);
    let mut out = b"kept".to_vec();
    assert!(pop.encode(SerializeType::RocketMq, &mut out).is_err());
    assert_eq!(out, b"kept");
    assert_eq!(decoded(&encoded(&pop, SerializeType::Json)), pop);
}

#[test]
fn a_frame_beyond_the_limit_is_not_written() {
    let command = RemotingCommand::bare_request(RequestCode::SEND_MESSAGE_V2);
    let room = (16 << 20) - encoded(&command, SerializeType::Json).len();
    let full = command.clone().with_body(vec![0; room]);
    assert_eq!(encoded(&full, SerializeType::Json).len(), 16 << 20);
    let over = command.with_body(vec![0; room + 1]);
    let mut out = Vec::new();
    assert!(over.encode(SerializeType::Json, &mut out).is_err());
    assert!(out.is_empty());
}
