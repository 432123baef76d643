//! `produce` and `consume` as a person at a terminal uses them.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};

use super::support::{Standalone, fresh, server};
use crate::process::ferromq;

/// Runs a command with this standard input.
fn run(server: &Standalone, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(ferromq())
        .args(arguments)
        .env("NAMESRV_ADDR", server.namesrv())
        .env_remove("FERROMQ_LOG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

/// What a command that must succeed prints.
fn printed(server: &Standalone, arguments: &[&str], input: &str) -> String {
    let output = run(server, arguments, input);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {error}");
    assert_eq!(error, "", "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[tokio::test]
async fn lines_go_in_and_come_out() {
    let (server, topic) = (server().await, fresh("lines"));
    let results = printed(&server, &["produce", "-t", &topic], "one\n\ntwo\r\nthree");
    assert_eq!(
        results
            .lines()
            .filter(|line| line.starts_with("SEND_OK "))
            .count(),
        3
    );
    let consume = ["consume", "-t", &topic];
    for _ in 0..2 {
        let all = printed(&server, &consume, "");
        assert_eq!(
            sorted(&all),
            ["one", "three", "two"],
            "reading takes nothing away"
        );
    }
    let some = printed(&server, &[&consume[..], &["--count", "2"]].concat(), "");
    assert_eq!(some.lines().count(), 2);
}

#[tokio::test]
async fn batches_tags_and_json() {
    let (server, topic) = (server().await, fresh("json"));
    let produce = [
        "produce", "-t", &topic, "--batch", "2", "--tag", "a", "-k", "k", "-o", "json",
    ];
    let results = printed(&server, &produce, "1\n2\n3\n");
    let results: Vec<serde_json::Value> = results
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(results.len(), 2);
    assert_eq!(results[0]["status"], "SEND_OK");
    printed(
        &server,
        &["produce", "-t", &topic, "-q", "-m", "4", "--tag", "b"],
        "",
    );
    let consume = ["consume", "-t", &topic, "--tags", "a", "-o", "json"];
    let messages = printed(&server, &consume, "");
    let messages: Vec<serde_json::Value> = messages
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(messages.len(), 3);
    assert!(
        messages
            .iter()
            .all(|message| message["tag"] == "a" && message["keys"][0] == "k")
    );
}

#[tokio::test]
async fn a_group_goes_on_after_what_was_printed() {
    let (server, topic) = (server().await, fresh("group"));
    // One queue, so that the order is known.
    let lines: String = (0..10).map(|number| format!("{number}\n")).collect();
    printed(
        &server,
        &["produce", "-q", "-t", &topic, "--order-by", "key"],
        &lines,
    );
    let consume = ["consume", "-t", &topic, "-g", "readers"];
    let first = printed(&server, &[&consume[..], &["-c", "4"]].concat(), "");
    assert_eq!(first, "0\n1\n2\n3\n");
    assert_eq!(printed(&server, &consume, ""), "4\n5\n6\n7\n8\n9\n");
    assert_eq!(printed(&server, &consume, ""), "");
}

#[tokio::test]
async fn following_waits_for_the_topic_and_for_messages() {
    let (server, topic) = (server().await, fresh("follow"));
    for group in [&[][..], &["-g", "readers", "--from", "first"]] {
        let topic = format!("{topic}-{}", group.len());
        let mut child = Command::new(ferromq())
            .args(["consume", "-t", &topic, "--follow", "-c", "3"])
            .args(group)
            .env("NAMESRV_ADDR", server.namesrv())
            .env_remove("FERROMQ_LOG")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut error = BufReader::new(child.stderr.take().unwrap());
        if group.is_empty() {
            // It begins with the first message only if it was there before the topic.
            let mut hint = String::new();
            error.read_line(&mut hint).unwrap();
            assert!(hint.contains("waiting for it"), "{hint}");
        }
        for line in ["1", "2", "3"] {
            printed(&server, &["produce", "-q", "-t", &topic, "-m", line], "");
        }
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(sorted(&text), ["1", "2", "3"]);
    }
}

#[tokio::test]
async fn every_broadcasting_reader_gets_everything() {
    let (server, topic) = (server().await, fresh("all"));
    let home = tempfile::tempdir().unwrap();
    printed(&server, &["produce", "-q", "-t", &topic], "1\n2\n3\n");
    for expected in ["1\n2\n3\n", ""] {
        let mut command = Command::new(ferromq());
        command.args([
            "consume",
            "-t",
            &topic,
            "-g",
            "all",
            "--broadcasting",
            "--from",
            "first",
        ]);
        let count = if expected.is_empty() { "1" } else { "3" };
        command
            .args(["-c", count])
            .env("NAMESRV_ADDR", server.namesrv());
        let child = command
            .env("HOME", home.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        if expected.is_empty() {
            // The second run goes on after the first.
            printed(&server, &["produce", "-q", "-t", &topic], "4\n");
        }
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let expected = if expected.is_empty() { "4\n" } else { expected };
        assert_eq!(sorted(&text), sorted(expected));
    }
}

#[tokio::test]
async fn mistakes_are_explained() {
    let server = server().await;
    let fails = |arguments: &[&str]| {
        let output = run(&server, arguments, "");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let error = fails(&["consume", "-t", "nowhere"]);
    assert!(error.contains("no route for topic `nowhere`"), "{error}");
    assert!(error.contains("autoCreateTopicEnable"), "{error}");
    let error = fails(&["produce", "-t", "a b", "-m", "x"]);
    assert!(error.contains("a b"), "{error}");
    let error = fails(&["produce", "-t", "T", "-m", "x", "-n", "127.0.0.1:1"]);
    assert!(
        error.contains("no name server answered (127.0.0.1:1)"),
        "{error}"
    );
    let error = fails(&["consume", "-t", "T", "-n", "localhost"]);
    assert!(error.contains("host:port"), "{error}");
}
