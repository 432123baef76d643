//! Frames however they arrive: many at once, in pieces, wrong ones, ones of another protocol.

use std::io::Write;
use std::sync::atomic::Ordering;

use ferromq_net::Limits;

use crate::support::{connect, frame, is_closed, receive, send, start};

#[test]
fn a_request_is_answered() {
    let (_server, address, _) = start(1, Limits::default());
    let mut client = connect(address);
    send(&mut client, "hello");
    assert_eq!(receive(&mut client), b"hello");
}

#[test]
fn pipelined_requests_are_answered_in_order_and_share_turns() {
    let (_server, address, seen) = start(2, Limits::default());
    let mut client = connect(address);
    let count = 500;
    let mut bytes = Vec::new();
    for i in 0..count {
        bytes.extend(frame(b"{}", format!("turn {i}").as_bytes()));
    }
    client.write_all(&bytes).unwrap();
    for i in 0..count {
        assert_eq!(receive(&mut client), format!("turn {i}").into_bytes());
    }
    let turns = seen.turns.load(Ordering::SeqCst);
    assert!(turns < count / 10, "{turns} turns for {count} requests");
}

#[test]
fn a_frame_may_be_cut_anywhere() {
    let (_server, address, seen) = start(1, Limits::default());
    let mut client = connect(address);
    let bytes = [frame(b"{}", b"one"), frame(b"{\"k\":1}", b"two")].concat();
    for at in 1..bytes.len() {
        let before = seen.frames.load(Ordering::SeqCst);
        client.write_all(&bytes[..at]).unwrap();
        // The first part has been read once the frames in it were handed over, or a moment later.
        let whole = usize::from(at >= frame(b"{}", b"one").len());
        crate::support::wait_for("first part", || {
            seen.frames.load(Ordering::SeqCst) == before + whole
        });
        std::thread::yield_now();
        client.write_all(&bytes[at..]).unwrap();
        assert_eq!(receive(&mut client), b"one", "cut at {at}");
        assert_eq!(receive(&mut client), b"two", "cut at {at}");
    }
}

#[test]
fn a_frame_may_come_byte_by_byte() {
    let (_server, address, _) = start(1, Limits::default());
    let mut client = connect(address);
    for byte in frame(b"{}", b"drip") {
        client.write_all(&[byte]).unwrap();
    }
    assert_eq!(receive(&mut client), b"drip");
}

#[test]
fn a_large_frame_passes_and_one_beyond_the_limit_does_not() {
    let (_server, address, seen) = start(1, Limits::default());
    let mut client = connect(address);
    let body = vec![b'y'; 16 * 1024 * 1024 - 8 - 2];
    client.write_all(&frame(b"{}", &body)).unwrap();
    assert_eq!(receive(&mut client), body);

    let mut client = connect(address);
    client
        .write_all(&(16 * 1024 * 1024_u32 - 3).to_be_bytes())
        .unwrap();
    assert!(is_closed(&mut client));
    assert_eq!(seen.frames.load(Ordering::SeqCst), 1);
}

#[test]
fn wrong_bytes_close_the_connection_and_no_other() {
    let (_server, address, seen) = start(1, Limits::default());
    let mut good = connect(address);
    send(&mut good, "before");
    receive(&mut good);
    for garbage in [
        &b"\x7f\xff\xff\xff"[..],            // a claim of 2 GiB
        b"\0\0\0\x03abc",                    // too short for a header length
        b"\0\0\0\x08\0\0\0\x05abcd",         // header longer than the frame
        b"\0\0\0\x08\x07\0\0\x02{}xx",       // unknown serialize type
        b"\x16\x03\x01\x02\x00\x01\x00\x01", // TLS
        b"GET / HTTP/1.1\r\n\r\n",
        b"PROXY TCP4 10.0.0.9 10.0.0.1 52000 10911\r\n",
        b"\r\n\r\n\0\r\nQUIT\n",
        b"complete nonsense",
        b"\xff",
    ] {
        let mut bad = connect(address);
        bad.write_all(garbage).unwrap();
        assert!(is_closed(&mut bad), "{garbage:?}");
    }
    send(&mut good, "after");
    assert_eq!(receive(&mut good), b"after");
    assert_eq!(seen.frames.load(Ordering::SeqCst), 2);
}

#[test]
fn what_was_answered_before_a_close_still_arrives() {
    let (_server, address, seen) = start(1, Limits::default());
    let mut client = connect(address);
    let both = [frame(b"{}", b"close"), frame(b"{}", b"never seen")].concat();
    client.write_all(&both).unwrap();
    assert_eq!(receive(&mut client), b"close");
    assert!(is_closed(&mut client));
    assert_eq!(seen.frames.load(Ordering::SeqCst), 1);
}
