//! Clients that do not read, and turns that grow too large.

use std::io::Write;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ferromq_net::Limits;

use crate::support::{connect, frame, is_closed, receive, send, start, wait_for};

const REPLY_BYTES: usize = 256 * 1024;

#[test]
fn a_client_that_never_reads_is_closed() {
    let limits = Limits {
        stalled: Duration::from_millis(100),
        ..Limits::default()
    };
    let (_server, address, seen) = start(1, limits);
    let mut lazy = connect(address);
    let request = frame(b"{}", format!("big {REPLY_BYTES}").as_bytes());
    lazy.write_all(&request.repeat(100)).unwrap();
    wait_for("close", || seen.closed.load(Ordering::SeqCst) == 1);
}

#[test]
fn a_client_that_is_posted_too_much_is_closed() {
    let limits = Limits {
        out_bytes_max: 32 * 1024 * 1024,
        ..Limits::default()
    };
    let (_server, address, seen) = start(1, limits);
    let mut lazy = connect(address);
    send(&mut lazy, "tell");
    wait_for("handle", || !seen.handles.lock().is_empty());
    let handle = seen.handles.lock()[0].clone();
    for _ in 0..64 {
        handle.post(frame(b"{}", &vec![0; 1024 * 1024]));
    }
    wait_for("close", || seen.closed.load(Ordering::SeqCst) == 1);
}

#[test]
fn a_frame_that_never_ends_closes_its_connection() {
    let limits = Limits {
        stalled: Duration::from_millis(100),
        ..Limits::default()
    };
    let (_server, address, _) = start(1, limits);
    let mut slow = connect(address);
    slow.write_all(b"\0\0\x10\0\0\0").unwrap();
    assert!(is_closed(&mut slow));
}

#[test]
fn a_turn_with_too_many_bytes_is_ended_in_between() {
    let limits = Limits {
        turn_bytes_max: 10_000,
        ..Limits::default()
    };
    let (_server, address, seen) = start(1, limits);
    let mut client = connect(address);
    let body = format!("turn {}", "z".repeat(1000));
    client
        .write_all(&frame(b"{}", body.as_bytes()).repeat(200))
        .unwrap();
    for _ in 0..200 {
        assert_eq!(receive(&mut client), body.as_bytes());
    }
    // 200 kB at most 10 kB (and a frame) a turn.
    assert!(seen.turns.load(Ordering::SeqCst) >= 18);
}
