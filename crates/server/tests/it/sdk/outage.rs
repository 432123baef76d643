//! Servers that are away.

use std::time::Duration;

use ferromq_client::{ConsumeResult, Message, Producer, RouteError, SendError, StartError};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use super::support::server;
use super::support::{Received, fresh, producer, push, send};

/// A way to the name server that can be cut.
struct Way {
    addr: String,
    task: tokio::task::JoinHandle<()>,
}

impl Way {
    async fn to(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap().to_string();
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                let target = target.clone();
                connections.spawn(async move {
                    let mut far = TcpStream::connect(target).await.unwrap();
                    // Ends with either side, or when the way is cut.
                    let _ = copy_bidirectional(&mut near, &mut far).await;
                });
            }
        });
        Self { addr, task }
    }

    /// Cuts all connections and refuses new ones.
    async fn cut(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

#[tokio::test]
async fn running_clients_do_without_name_servers() {
    let server = server().await;
    let way = Way::to(server.namesrv()).await;
    let (producer, topic) = (producer(&way.addr).await, fresh("alone"));
    send(&producer, &topic, 5).await;
    let received = Received::default();
    let consumer = push(&way.addr, &fresh("g"), &topic)
        .concurrent(received.listener())
        .start()
        .await
        .unwrap();
    received.until_count(5).await;
    let addr = way.addr.clone();
    way.cut().await;
    for number in 5..10 {
        let message = Message::new(&topic, number.to_string());
        producer.send(message).await.unwrap();
    }
    received.until_count(10).await;
    consumer.shutdown().await;

    let error = producer
        .send(Message::new(fresh("new"), "x"))
        .await
        .unwrap_err();
    let away = matches!(error, SendError::Route(RouteError::NameServers { .. }));
    assert!(away && error.to_string().contains(&addr), "{error}");
}

#[tokio::test]
async fn one_of_several_name_servers_is_enough() {
    let server = server().await;
    let way = Way::to(server.namesrv()).await;
    let both = format!("{};{}", way.addr, server.namesrv());
    let topic = fresh("second");
    let producer = producer(&both).await;
    producer.send(Message::new(&topic, "0")).await.unwrap();
    way.cut().await;
    producer
        .send(Message::new(fresh("another"), "1"))
        .await
        .unwrap();
    producer.shutdown().await;
}

#[tokio::test]
async fn without_any_name_server_errors_say_what_to_do() {
    let gone = Way::to(String::new()).await;
    let addr = gone.addr.clone();
    gone.cut().await;
    let producer = Producer::builder("tests")
        .name_servers(&addr)
        .start()
        .await
        .unwrap();
    let error = producer
        .send(Message::new("T", "x"))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("no name server answered") && error.contains(&addr),
        "{error}"
    );
    let started = push(&addr, "g", "T")
        .concurrent(async |_| ConsumeResult::Success)
        .start()
        .await;
    let error = started.unwrap_err();
    assert!(matches!(error, StartError::Route(_)), "{error}");
    tokio::time::timeout(Duration::from_secs(60), producer.shutdown())
        .await
        .unwrap();
}
