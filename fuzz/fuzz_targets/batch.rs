//! Batch bodies: what is read is written back to the same bytes (but for magic and checksum, which nobody heeds).
#![no_main]

use ferromq_wire::message::batch;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut at = 0;
    for item in batch::items(data) {
        let Ok(item) = item else {
            return;
        };
        let mut out = Vec::new();
        item.encode(&mut out).expect("an item that was read fits");
        assert_eq!(out[..4], data[at..at + 4]);
        assert_eq!(out[12..], data[at + 12..at + out.len()]);
        at += out.len();
    }
    assert_eq!(at, data.len());
});
