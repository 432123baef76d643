//! From bind to drain: addresses, idle connections, limits, stopping.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ferromq_net::{Limits, Listener, Server, StartError};

use crate::support::{EchoRole, connect, is_closed, receive, send, start, wait_for};

#[test]
fn a_taken_port_is_named() {
    let (_server, address, _) = start(1, Limits::default());
    let error = Listener::bind(address).unwrap_err();
    assert!(matches!(error, StartError::Bind { address: named, .. } if named == address));
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[test]
fn two_roles_share_the_threads_and_a_role_may_have_two_ports() {
    let (first, second) = (EchoRole::default(), EchoRole::default());
    let any = ([127, 0, 0, 1], 0).into();
    let main = Listener::bind(any).unwrap();
    let port = main.address();
    let role = Arc::new(first.clone());
    let server = Server::builder()
        .listen_on(main, role.clone())
        .listen(any, role)
        .listen(any, Arc::new(second.clone()))
        .start()
        .unwrap();
    assert_eq!(server.addresses()[0], port);
    for &address in server.addresses() {
        let mut client = connect(address);
        send(&mut client, "x");
        receive(&mut client);
    }
    assert_eq!(first.0.frames.load(Ordering::SeqCst), 2);
    assert_eq!(first.0.threads.lock().len(), 1);
    assert_eq!(second.0.frames.load(Ordering::SeqCst), 1);
}

#[test]
fn only_idle_connections_are_closed() {
    let limits = Limits {
        idle: Duration::from_millis(300),
        ..Limits::default()
    };
    let (_server, address, seen) = start(1, limits);
    let mut busy = connect(address);
    let begin = Instant::now();
    let mut idle = connect(address);
    send(&mut idle, "hello");
    receive(&mut idle);
    while seen.closed.load(Ordering::SeqCst) == 0 {
        send(&mut busy, "still here");
        receive(&mut busy);
        std::thread::sleep(Duration::from_millis(20));
        assert!(begin.elapsed() < Duration::from_secs(20));
    }
    assert!(is_closed(&mut idle));
    assert!(begin.elapsed() >= Duration::from_millis(300));
    send(&mut busy, "still here");
    assert_eq!(receive(&mut busy), b"still here");
}

#[test]
fn connections_beyond_the_limit_are_refused_until_one_closes() {
    let limits = Limits {
        connections_max: 2,
        ..Limits::default()
    };
    let (_server, address, seen) = start(1, limits);
    let mut first = connect(address);
    let mut second = connect(address);
    for client in [&mut first, &mut second] {
        send(client, "in");
        receive(client);
    }
    assert!(is_closed(&mut connect(address)));
    drop(first);
    wait_for("close", || seen.closed.load(Ordering::SeqCst) == 1);
    let mut third = connect(address);
    send(&mut third, "in");
    assert_eq!(receive(&mut third), b"in");
}

#[test]
fn a_drain_answers_what_is_held_and_closes() {
    let (server, address, seen) = start(2, Limits::default());
    let mut held = connect(address);
    let mut gated = connect(address);
    send(&mut held, "late 60000");
    send(&mut gated, "gate");
    wait_for("requests", || seen.frames.load(Ordering::SeqCst) == 2);
    let stopping = std::thread::spawn(move || server.stop(Duration::from_secs(20)));
    assert_eq!(receive(&mut held), b"late 60000");
    // The gated request keeps the drain going until it is answered.
    assert!(!stopping.is_finished());
    seen.gate.store(true, Ordering::SeqCst);
    for thread in seen.threads.lock().iter() {
        thread.wake();
    }
    assert_eq!(receive(&mut gated), b"gate");
    assert!(is_closed(&mut held) && is_closed(&mut gated));
    stopping.join().unwrap();
    assert_eq!(seen.closed.load(Ordering::SeqCst), 2);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_drain_that_takes_too_long_is_cut_off() {
    let (server, address, seen) = start(1, Limits::default());
    let mut client = connect(address);
    send(&mut client, "gate");
    wait_for("request", || seen.frames.load(Ordering::SeqCst) == 1);
    let begin = Instant::now();
    server.stop(Duration::from_millis(100));
    assert!(begin.elapsed() < Duration::from_secs(10));
    assert!(is_closed(&mut client));
}

#[test]
fn a_client_that_goes_away_is_reported_closed_once() {
    let (_server, address, seen) = start(1, Limits::default());
    for _ in 0..20 {
        let mut client = connect(address);
        send(&mut client, "big 1000000");
        client.flush().unwrap();
        drop(client);
    }
    wait_for("closes", || seen.closed.load(Ordering::SeqCst) == 20);
    assert_eq!(seen.opened.load(Ordering::SeqCst), 20);
}
