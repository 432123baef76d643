//! The load generator against a broker: what it counts is what the broker has stored and delivered.

use std::path::Path;

use ferromq_wire::RemotingCommand;
use ferromq_wire::code::RequestCode;
use serde_json::Value;

use crate::client::Client;
use crate::process::{Process, ferromq, run, standalone};

fn start(data: &Path) -> Process {
    Process::start(ferromq(), &standalone(data), "ready")
}

/// Runs a second of load; returns its figures.
fn bench(process: &Process, arguments: &[&str]) -> Value {
    let broker = process.address("broker").to_string();
    let common = ["-b", &broker, "-d", "1", "-w", "0", "--json", "--series"];
    let arguments = [&["bench"], arguments, common.as_slice()].concat();
    let (code, out, error) = run(ferromq(), &arguments);
    assert_eq!(code, 0, "{error}");
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

fn count(figures: &Value, key: &str) -> u64 {
    figures[key]
        .as_u64()
        .unwrap_or_else(|| panic!("no {key} in {figures}"))
}

#[test]
fn sends_deliveries_and_old_messages_are_counted_in_one_run() {
    let dir = tempfile::tempdir().unwrap();
    let process = start(&dir.path().join("data"));
    let plot = dir.path().join("plot.svg");
    let pid = process.pid().as_raw_nonzero().to_string();
    let plot_path = plot.to_str().unwrap();
    let arguments = ["produce", "-c", "4", "-i", "2", "-q", "4", "-t", "mixed"];
    let more = ["-g", "2", "--cold-reader", "--plot", plot_path];
    let server = ["--server-pid", &pid];
    let figures = bench(&process, &[&arguments[..], &more, &server].concat());
    let sent = count(&figures, "messages");
    assert!(sent > 0, "{figures}");
    assert!(count(&figures, "end_to_end_messages") > 0, "{figures}");
    assert!(count(&figures, "cold_messages") > 0, "{figures}");
    assert!(figures["end_to_end_latency_p99_us"].is_number());
    for refused in ["refused", "end_to_end_refused", "cold_refused"] {
        assert_eq!(figures[refused], serde_json::json!({}), "{figures}");
    }
    assert!(figures["server_cpu_us_per_message"].as_f64().unwrap() > 0.0);
    assert!(figures["server_threads_us_per_message"]["net-#"].is_number());
    let picture = std::fs::read_to_string(plot).unwrap();
    assert!(picture.contains("end to end") && picture.contains("cold reader"));

    // What was acknowledged is stored.
    let mut client = Client::connect(process.address("broker")).unwrap();
    let stored: u64 = (0..4)
        .map(|queue| {
            let mut command = RemotingCommand::bare_request(RequestCode::GET_MAX_OFFSET);
            command.ext.push("topic", "mixed");
            command.ext.push("queueId", queue.to_string());
            let reply = client.call(command).unwrap();
            reply.ext.get("offset").unwrap().parse::<u64>().unwrap()
        })
        .sum();
    assert!(sent <= stored, "{sent} {stored}");
}

#[test]
fn one_way_messages_are_counted_where_they_arrive() {
    let dir = tempfile::tempdir().unwrap();
    let process = start(&dir.path().join("data"));
    // Slower than the server even in a debug build: what it drops under overload is another matter.
    let arguments = [
        "produce",
        "--one-way",
        "-c",
        "2",
        "-t",
        "one-way",
        "-r",
        "200",
    ];
    let figures = bench(&process, &arguments);
    let sent = count(&figures, "one_way_sent");
    assert!(sent > 0);
    assert_eq!(sent, count(&figures, "one_way_stored"), "{figures}");
    assert!(figures.get("latency_p50_us").is_none(), "{figures}");
}

#[test]
fn many_queues_are_filled_and_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let process = start(&dir.path().join("data"));
    let place = ["-t", "many", "--topics", "5", "-q", "6", "-c", "3"];
    let batch = [&["produce", "--batch", "8"], &place[..]].concat();
    let sent = bench(&process, &batch);
    assert!(count(&sent, "messages") >= 8, "{sent}");
    assert_eq!(sent["refused"], serde_json::json!({}), "{sent}");
    let pull = [&["pull", "--batch", "32"], &place[..]].concat();
    let pulled = bench(&process, &pull);
    assert!(count(&pulled, "messages") > 0, "{pulled}");
    assert_eq!(pulled["refused"], serde_json::json!({}), "{pulled}");
}

#[test]
fn options_without_sense_and_absent_servers_are_told() {
    let (code, _, error) = run(ferromq(), &["bench", "consume"]);
    assert_eq!(code, 1);
    assert!(error.contains("--groups"), "{error}");
    let (code, _, error) = run(ferromq(), &["bench", "-b", "127.0.0.1:1"]);
    assert_eq!(code, 1);
    assert!(error.contains("127.0.0.1:1"), "{error}");
}
