//! The pool of channels by address.

use std::sync::Arc;
use std::time::Duration;

use ferromq_rpc::{CallError, ChannelOptions, Channels};
use tokio::time::Instant;

use super::channel::{answer_to, question};
use super::server::{Script, Server};

const LONG: Duration = Duration::from_secs(60);

fn echo() -> Script {
    Arc::new(|request| vec![answer_to(&request)])
}

fn pool() -> Channels {
    Channels::new(ChannelOptions::default())
}

#[tokio::test]
async fn one_connection_serves_all_and_is_remade_when_it_breaks() {
    let server = Server::start(echo()).await;
    let (pool, addr) = (pool(), server.addr());
    let deadline = Instant::now() + LONG;
    let (a, b) = tokio::join!(pool.channel(&addr, deadline), pool.channel(&addr, deadline));
    let (a, b) = (a.unwrap(), b.unwrap());
    a.close();
    assert!(!b.is_open(), "both are the same connection");
    assert!(pool.open(&addr).is_none());
    let answer = pool.call(&addr, question("again"), LONG).await.unwrap();
    assert_eq!(answer.remark.as_deref(), Some("again"));
}

#[tokio::test]
async fn a_server_that_comes_back_is_found_again() {
    let server = Server::start(echo()).await;
    let (pool, addr) = (pool(), server.addr());
    pool.call(&addr, question("x"), LONG).await.unwrap();
    let place = server.stop().await;
    pool.open(&addr).unwrap().closed().await;
    let error = pool.call(&addr, question("x"), LONG).await.unwrap_err();
    assert!(matches!(error, CallError::Connect { .. }), "{error}");
    let _server = Server::at(&place.to_string(), echo()).await;
    assert!(pool.call(&addr, question("x"), LONG).await.is_ok());
}

#[tokio::test]
async fn nobody_listening_is_said_and_the_time_is_kept() {
    let (pool, server) = (pool(), Server::start(echo()).await);
    let addr = server.stop().await.to_string();
    let start = Instant::now();
    for _ in 0..20 {
        let call = pool
            .call(&addr, question("x"), Duration::from_millis(20))
            .await;
        let error = call.unwrap_err();
        assert!(error.to_string().contains(&addr), "{error}");
        assert!(error.is_transport() && !error.may_have_happened());
    }
    assert!(
        start.elapsed() < LONG,
        "a call does not outlast its time by much"
    );
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_an_error_and_not_a_panic() {
    let call = pool().call("no such host:1", question("x"), LONG).await;
    assert!(matches!(call.unwrap_err(), CallError::Connect { .. }));
}

#[tokio::test]
async fn closing_all_leaves_a_usable_pool() {
    let server = Server::start(echo()).await;
    let (pool, addr) = (pool(), server.addr());
    pool.call(&addr, question("x"), LONG).await.unwrap();
    pool.close_all();
    assert!(pool.open(&addr).is_none());
    assert!(pool.call(&addr, question("x"), LONG).await.is_ok());
}
