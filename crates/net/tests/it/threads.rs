//! Several threads: placing connections, posting and waking from outside, deadlines.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ferromq_net::Limits;

use crate::support::{connect, frame, is_closed, receive, send, start, wait_for};

#[test]
fn connections_are_spread_over_the_threads() {
    let (_server, address, seen) = start(2, Limits::default());
    assert_eq!(seen.threads.lock().len(), 2);
    let mut clients: Vec<_> = (0..8).map(|_| connect(address)).collect();
    for client in &mut clients {
        send(client, "gate");
    }
    wait_for("requests", || seen.frames.load(Ordering::SeqCst) == 8);
    // Waking one thread answers the requests that wait there: half of them.
    seen.gate.store(true, Ordering::SeqCst);
    seen.threads.lock()[0].wake();
    let answered = |clients: &[std::net::TcpStream]| {
        let has_bytes = |client: &&std::net::TcpStream| {
            client.set_nonblocking(true).unwrap();
            let bytes = client.peek(&mut [0]).unwrap_or(0);
            client.set_nonblocking(false).unwrap();
            bytes == 1
        };
        clients.iter().filter(has_bytes).count()
    };
    wait_for("half", || answered(&clients) == 4);
    seen.threads.lock()[1].wake();
    wait_for("all", || answered(&clients) == 8);
}

#[test]
fn any_thread_may_post_to_a_connection_and_close_it() {
    let (_server, address, seen) = start(2, Limits::default());
    let mut client = connect(address);
    send(&mut client, "tell");
    wait_for("handle", || !seen.handles.lock().is_empty());
    let handle = seen.handles.lock()[0].clone();
    assert_eq!(handle.peer(), client.local_addr().unwrap());
    for i in 0..100 {
        handle.post(frame(b"{}", format!("{i}").as_bytes()));
    }
    for i in 0..100 {
        assert_eq!(receive(&mut client), format!("{i}").into_bytes());
    }
    handle.close();
    assert!(is_closed(&mut client));
    wait_for("closed", || seen.closed.load(Ordering::SeqCst) == 1);
    // To nobody: must be dropped.
    handle.post(frame(b"{}", b"gone"));
    let mut other = connect(address);
    send(&mut other, "fine");
    assert_eq!(receive(&mut other), b"fine");
}

#[test]
fn wakes_coalesce_and_none_is_lost() {
    let (_server, address, seen) = start(1, Limits::default());
    let mut client = connect(address);
    let thread = seen.threads.lock()[0].clone();
    for round in 0..200 {
        seen.gate.store(false, Ordering::SeqCst);
        send(&mut client, "gate");
        wait_for("request", || {
            seen.frames.load(Ordering::SeqCst) == round + 1
        });
        seen.gate.store(true, Ordering::SeqCst);
        for _ in 0..1000 {
            thread.wake();
        }
        assert_eq!(receive(&mut client), b"gate");
    }
    let wakes = seen.wakes.load(Ordering::SeqCst);
    assert!(
        (200..100_000).contains(&wakes),
        "{wakes} wakes for 200,000 calls"
    );
}

#[test]
fn deadlines_fire_in_time_and_in_order() {
    let (_server, address, _) = start(1, Limits::default());
    let mut slow = connect(address);
    let mut quick = connect(address);
    let begin = Instant::now();
    send(&mut slow, "late 150");
    send(&mut quick, "late 50");
    assert_eq!(receive(&mut quick), b"late 50");
    let first = begin.elapsed();
    assert_eq!(receive(&mut slow), b"late 150");
    let second = begin.elapsed();
    assert!(first >= Duration::from_millis(49), "{first:?}");
    assert!(second >= Duration::from_millis(149), "{second:?}");
    assert!(first < second);
}
