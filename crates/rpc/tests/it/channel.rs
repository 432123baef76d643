//! One connection.

use std::sync::Arc;
use std::time::Duration;

use ferromq_rpc::{CallError, Channel, ChannelOptions};
use ferromq_wire::code::{RequestCode, ResponseCode};
use ferromq_wire::command::RemotingCommand;
use ferromq_wire::frame::SerializeType;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::server::{Script, Server};

const LONG: Duration = Duration::from_secs(60);

fn echo() -> Script {
    Arc::new(|request| vec![answer_to(&request)])
}

pub(crate) fn answer_to(request: &RemotingCommand) -> RemotingCommand {
    let remark = String::from_utf8_lossy(&request.body).into_owned();
    RemotingCommand::response(request.opaque, ResponseCode::SUCCESS, Some(remark))
}

pub(crate) fn question(text: &str) -> RemotingCommand {
    RemotingCommand::bare_request(RequestCode::GET_BROKER_CLUSTER_INFO)
        .with_body(text.as_bytes().to_vec())
}

async fn connect(server: &Server, options: ChannelOptions) -> Channel {
    Channel::connect(&server.addr(), options).await.unwrap()
}

#[tokio::test]
async fn many_calls_at_once_each_get_their_own_answer() {
    let server = Server::start(echo()).await;
    let channel = connect(&server, ChannelOptions::default()).await;
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..500 {
        let channel = channel.clone();
        calls.spawn(async move {
            let text = format!("{number}");
            let answer = channel.call(question(&text), LONG).await.unwrap();
            assert_eq!(answer.remark, Some(text));
        });
    }
    assert_eq!(calls.join_all().await.len(), 500);
}

#[tokio::test]
async fn answers_may_come_in_any_order() {
    let held = Mutex::new(Vec::new());
    let server = Server::start(Arc::new(move |request| {
        let mut held = held.lock();
        held.push(answer_to(&request));
        if held.len() < 3 {
            return Vec::new();
        }
        held.drain(..).rev().collect()
    }))
    .await;
    let channel = connect(&server, ChannelOptions::default()).await;
    let (a, b, c) = tokio::join!(
        channel.call(question("a"), LONG),
        channel.call(question("b"), LONG),
        channel.call(question("c"), LONG),
    );
    let remarks = [a, b, c].map(|answer| answer.unwrap().remark.unwrap());
    assert_eq!(remarks, ["a", "b", "c"]);
}

#[tokio::test]
async fn both_header_forms_are_spoken() {
    for serialize in [SerializeType::Json, SerializeType::RocketMq] {
        let server = Server::start(echo()).await;
        let options = ChannelOptions {
            serialize,
            ..ChannelOptions::default()
        };
        let channel = connect(&server, options).await;
        let answer = channel.call(question("x"), LONG).await.unwrap();
        assert_eq!(answer.remark.as_deref(), Some("x"));
    }
}

#[tokio::test]
async fn a_one_way_request_says_so_and_waits_for_nothing() {
    let mut server = Server::start(Arc::new(|_| Vec::new())).await;
    let channel = connect(&server, ChannelOptions::default()).await;
    channel.one_way(question("x")).await.unwrap();
    let request = server.requests.recv().await.unwrap();
    assert!(request.is_oneway());
    assert_eq!(&request.body[..], b"x");
}

#[tokio::test]
async fn a_late_answer_harms_nobody() {
    let late = Mutex::new(None);
    let mut server = Server::start(Arc::new(move |request| {
        let mut late = late.lock();
        match late.take() {
            None => {
                *late = Some(answer_to(&request));
                Vec::new()
            }
            Some(first) => vec![first, answer_to(&request)],
        }
    }))
    .await;
    let channel = connect(&server, ChannelOptions::default()).await;
    let error = channel.call(question("a"), Duration::from_millis(30)).await;
    server.requests.recv().await.unwrap();
    let error = error.unwrap_err();
    assert!(matches!(error, CallError::TimedOut { .. }), "{error}");
    let answer = channel.call(question("b"), LONG).await.unwrap();
    assert_eq!(answer.remark.as_deref(), Some("b"));
}

#[tokio::test]
async fn a_broken_connection_fails_all_waiting_calls_at_once() {
    let mut server = Server::start(Arc::new(|_| Vec::new())).await;
    let channel = connect(&server, ChannelOptions::default()).await;
    let waiting = {
        let channel = channel.clone();
        tokio::spawn(async move { channel.call(question("x"), LONG).await })
    };
    server.requests.recv().await.unwrap();
    server.cut().await;
    let error = waiting.await.unwrap().unwrap_err();
    assert!(matches!(error, CallError::Broken { .. }), "{error}");
    channel.closed().await;
    assert!(!channel.is_open());
    let error = channel.call(question("y"), LONG).await.unwrap_err();
    assert!(matches!(error, CallError::Broken { .. }), "{error}");
}

#[tokio::test]
async fn dropping_the_last_clone_closes_the_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    let channel = Channel::connect(&addr, ChannelOptions::default())
        .await
        .unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    let clone = channel.clone();
    drop(channel);
    assert!(clone.is_open());
    drop(clone);
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
}

#[tokio::test]
async fn garbage_and_impossible_lengths_end_the_connection() {
    for garbage in [
        &[0x7f, 0xff, 0xff, 0xff][..],
        &[0, 0, 0, 8, 9, 0, 0, 4, 0, 0, 0, 0],
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap().to_string();
        let channel = Channel::connect(&addr, ChannelOptions::default())
            .await
            .unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(garbage).await.unwrap();
        tokio::time::timeout(LONG, channel.closed()).await.unwrap();
        let error = channel.call(question("x"), LONG).await.unwrap_err();
        assert!(error.to_string().contains("closed"), "{error}");
    }
}

#[tokio::test]
async fn requests_of_the_server_reach_the_callback_and_are_answered() {
    let mut server = Server::start(Arc::new(|request| {
        if request.is_response() {
            return Vec::new();
        }
        let mut push = RemotingCommand::bare_request(RequestCode::GET_CONSUMER_RUNNING_INFO);
        push.opaque = request.opaque;
        vec![push, answer_to(&request)]
    }))
    .await;
    let options = ChannelOptions {
        incoming: Some(Arc::new(|request| {
            assert_eq!(
                request.command.request_code(),
                RequestCode::GET_CONSUMER_RUNNING_INFO
            );
            let remark = Some("running".to_owned());
            request.reply(RemotingCommand::response(0, ResponseCode::SUCCESS, remark));
        })),
        ..ChannelOptions::default()
    };
    let channel = connect(&server, options).await;
    let answer = channel.call(question("x"), LONG).await.unwrap();
    assert_eq!(answer.remark.as_deref(), Some("x"));
    let asked = server.requests.recv().await.unwrap();
    let replied = server.requests.recv().await.unwrap();
    assert!(replied.is_response());
    assert_eq!(replied.opaque, asked.opaque);
    assert_eq!(replied.remark.as_deref(), Some("running"));
}

#[tokio::test]
async fn without_a_callback_the_server_hears_not_supported() {
    let mut server = Server::start(Arc::new(|request| {
        if request.is_response() {
            return Vec::new();
        }
        let push = RemotingCommand::bare_request(RequestCode::GET_CONSUMER_RUNNING_INFO);
        vec![push, answer_to(&request)]
    }))
    .await;
    let channel = connect(&server, ChannelOptions::default()).await;
    channel.call(question("x"), LONG).await.unwrap();
    server.requests.recv().await.unwrap();
    let replied = server.requests.recv().await.unwrap();
    assert_eq!(
        replied.response_code(),
        ResponseCode::REQUEST_CODE_NOT_SUPPORTED
    );
}

#[tokio::test]
async fn calls_beyond_the_limit_wait_their_turn() {
    let mut server = Server::start(echo()).await;
    let options = ChannelOptions {
        in_flight_max: 1,
        ..ChannelOptions::default()
    };
    let channel = connect(&server, options).await;
    let (a, b) = tokio::join!(
        channel.call(question("a"), LONG),
        channel.call(question("b"), LONG),
    );
    assert_eq!(a.unwrap().remark.as_deref(), Some("a"));
    assert_eq!(b.unwrap().remark.as_deref(), Some("b"));
    assert_eq!(&server.requests.recv().await.unwrap().body[..], b"a");
}

#[tokio::test]
async fn what_does_not_fit_a_frame_is_refused_and_the_connection_lives() {
    let server = Server::start(echo()).await;
    let channel = connect(&server, ChannelOptions::default()).await;
    let huge = question("").with_body(vec![0; 17 * 1024 * 1024]);
    let error = channel.call(huge, LONG).await.unwrap_err();
    assert!(matches!(error, CallError::Unsendable { .. }), "{error}");
    assert!(channel.call(question("x"), LONG).await.is_ok());
}
