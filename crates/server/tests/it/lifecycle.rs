//! Start, first message, stop, and starts that must fail with a clear word.

use std::net::TcpListener;
use std::path::Path;

use crate::client::Client;
use crate::process::{Process, ferromq, run};

/// Arguments of a standalone on free ports.
fn standalone(data: &Path) -> Vec<&str> {
    let arguments = [
        "standalone",
        "--listen",
        "127.0.0.1",
        "--namesrv-port",
        "0",
        "--broker-port",
        "0",
        "--data",
    ];
    arguments.into_iter().chain(data.to_str()).collect()
}

#[test]
fn standalone_serves_clients_from_its_ready_line_on_and_stops_cleanly() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut process = Process::start(ferromq(), &standalone(&data), "ready");
    let broker = process.address("broker");

    let mut client = Client::connect(broker).unwrap();
    let first = client.send("greetings", 1, b"hello").unwrap().unwrap();
    assert_eq!((first.queue, first.offset), (1, 0));

    process.terminate();
    let (status, log) = process.end();
    assert!(status.success(), "{status} {log:#?}");
    assert!(log.iter().any(|line| line.contains("SIGTERM")), "{log:#?}");

    // A second start goes on where the first ended.
    let process = Process::start(ferromq(), &standalone(&data), "ready");
    let mut client = Client::connect(process.address("broker")).unwrap();
    let second = client.send("greetings", 1, b"again").unwrap().unwrap();
    assert_eq!((second.queue, second.offset), (1, 1));
}

#[test]
fn a_taken_port_is_named_with_a_cure() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for option in ["--namesrv-port", "--broker-port"] {
        let mut arguments = standalone(&data);
        let at = arguments
            .iter()
            .position(|argument| *argument == option)
            .unwrap();
        arguments[at + 1] = &port;
        let (code, _, error) = run(ferromq(), &arguments);
        assert_eq!(code, 1);
        assert!(error.contains(&port) && error.contains(option), "{error}");
    }
}

#[test]
fn two_processes_cannot_use_one_directory() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let _first = Process::start(ferromq(), &standalone(&data), "ready");
    let (code, _, error) = run(ferromq(), &standalone(&data));
    assert_eq!(code, 1);
    assert!(
        error.contains("lock") && error.contains(data.to_str().unwrap()),
        "{error}"
    );
}

#[test]
fn help_tells_how_to_begin() {
    let (code, out, _) = run(ferromq(), &["--help"]);
    assert_eq!(code, 0);
    for word in [
        "standalone",
        "namesrv",
        "broker",
        "produce",
        "consume",
        "install-links",
    ] {
        assert!(out.contains(word), "{word} is missing in {out}");
    }
    let (code, _, error) = run(ferromq(), &["standalon"]);
    assert_eq!(code, 2);
    assert!(error.contains("standalone"), "{error}");
}
