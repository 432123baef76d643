//! Memory of the whole process: a binary of its own, one test at a time, so that no other test disturbs it.

#[cfg(test)]
#[expect(dead_code, reason = "made for the other test binary, too")]
#[path = "../it/support.rs"]
mod support;

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::Ordering;

use ferromq_net::Limits;
use parking_lot::Mutex;

use support::{connect, frame, receive, send, start, wait_for};

static ALONE: Mutex<()> = Mutex::new(());

const REPLY_BYTES: usize = 256 * 1024;

#[test]
fn a_claimed_length_takes_no_memory() {
    let _alone = ALONE.lock();
    let (_server, address, seen) = start(1, Limits::default());
    let mut probe = connect(address);
    send(&mut probe, "warm");
    receive(&mut probe);
    let before = resident_bytes();
    let claim = (16 * 1024 * 1024_u32 - 4).to_be_bytes();
    let clients: Vec<_> = (0..50)
        .map(|_| {
            let mut client = connect(address);
            client
                .write_all(&[&claim[..], b"\0\0\0\x02{}"].concat())
                .unwrap();
            client
        })
        .collect();
    wait_for("connections", || seen.opened.load(Ordering::SeqCst) == 51);
    send(&mut probe, "still there");
    assert_eq!(receive(&mut probe), b"still there");
    let grown = resident_bytes().saturating_sub(before);
    assert!(
        grown < 16 * 1024 * 1024,
        "{grown} bytes for {} claims",
        clients.len()
    );
}

#[test]
fn idle_connections_cost_little_memory() {
    let _alone = ALONE.lock();
    let (_server, address, seen) = start(1, Limits::default());
    let body = "m".repeat(4000);
    let mut warm = connect(address);
    send(&mut warm, &body);
    receive(&mut warm);
    let before = resident_bytes();
    let count = 500;
    // Each has been used, so a buffer kept per connection would show.
    let clients: Vec<TcpStream> = (0..count)
        .map(|_| {
            let mut client = connect(address);
            send(&mut client, &body);
            receive(&mut client);
            client
        })
        .collect();
    let each = resident_bytes().saturating_sub(before) / count;
    assert!(
        each < 8 * 1024,
        "{each} bytes for each of {count} idle connections"
    );
    drop(clients);
    wait_for("closes", || seen.closed.load(Ordering::SeqCst) == count);
}

#[test]
fn a_client_that_does_not_read_is_no_longer_read_from() {
    let _alone = ALONE.lock();
    let (_server, address, seen) = start(1, Limits::default());
    let mut lazy = connect(address);
    let mut good = connect(address);
    let before = resident_bytes();
    let count = 400;
    let request = frame(b"{}", format!("big {REPLY_BYTES}").as_bytes());
    // 100 MiB of replies asked for in one go.
    lazy.write_all(&request.repeat(count)).unwrap();
    wait_for("first requests", || seen.frames.load(Ordering::SeqCst) > 0);
    for _ in 0..100 {
        send(&mut good, "hello");
        assert_eq!(receive(&mut good), b"hello");
    }
    let handled = seen.frames.load(Ordering::SeqCst) - 100;
    assert!(
        handled < count / 2,
        "{handled} requests handled though nothing was read"
    );
    let grown = resident_bytes().saturating_sub(before);
    assert!(
        grown < 32 * 1024 * 1024,
        "{grown} bytes kept for one client"
    );
    // Once it reads, it gets all.
    for _ in 0..count {
        assert_eq!(receive(&mut lazy).len(), REPLY_BYTES);
    }
}

#[cfg(test)]
/// Resident memory of this process in bytes.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}
