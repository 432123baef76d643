//! Binary headers: read, rewritten in both codecs, read again.
#![no_main]

use std::collections::BTreeMap;

use ferromq_wire::request::{PullRequest, SendRequest};
use ferromq_wire::{RemotingCommand, RequestCode, RequestHeader, Scratch, SerializeType, frame};
use libfuzzer_sys::fuzz_target;

/// The last value of every field; their order means nothing.
fn fields(command: &RemotingCommand) -> BTreeMap<&str, &str> {
    command.ext.iter().collect()
}

fuzz_target!(|data: &[u8]| {
    let Ok(header) = RequestHeader::parse_bytes(SerializeType::RocketMq, data) else {
        return;
    };
    let mut scratch = Scratch::default();
    for code in [10, 310] {
        let _ = SendRequest::parse(RequestCode(code), &header.fields, &mut scratch);
    }
    let _ = PullRequest::parse(&header.fields, &mut scratch);
    let command = RemotingCommand::from_header(&header, b"").expect("binary headers have no escapes");
    for serialize in [SerializeType::Json, SerializeType::RocketMq] {
        let mut out = Vec::new();
        if command.encode(serialize, &mut out).is_ok() {
            let again = frame::split(&out).expect("own frame").expect("whole frame");
            let again = RemotingCommand::decode(&again).expect("own header");
            assert_eq!((again.code, fields(&again)), (command.code, fields(&command)));
        }
    }
});
