//! A stream of bytes is cut into frames, and every frame is read, rewritten and read again.
#![no_main]

use std::collections::BTreeMap;

use ferromq_wire::{RemotingCommand, SerializeType, frame};
use libfuzzer_sys::fuzz_target;

/// The last value of every field; their order means nothing.
fn fields(command: &RemotingCommand) -> BTreeMap<&str, &str> {
    command.ext.iter().collect()
}

fuzz_target!(|data: &[u8]| {
    let mut rest = data;
    while let Ok(Some(frame)) = frame::split(rest) {
        assert_eq!(frame::expected_len(rest), Ok(Some(frame.wire_len())));
        rest = &rest[frame.wire_len()..];
        let Ok(command) = RemotingCommand::decode(&frame) else {
            continue;
        };
        let mut out = Vec::new();
        if command.encode(SerializeType::Json, &mut out).is_ok() {
            let again = frame::split(&out).expect("own frame").expect("whole frame");
            let again = RemotingCommand::decode(&again).expect("own header");
            assert_eq!((again.code, again.opaque, again.flag), (command.code, command.opaque, command.flag));
            assert_eq!(fields(&again), fields(&command));
            assert_eq!((again.remark, again.body), (command.remark, command.body));
        }
    }
});
