//! Tests of the wire crate by behaviour.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail like the tests themselves"
)]

mod allocation;
mod body;
mod command;
mod differential;
mod header;
mod hostile;
mod record;
mod response;
mod round_trip;

/// Bytes from hexadecimal text; white space does not count.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
