//! A server that answers as the test says.

use std::net::SocketAddr;
use std::sync::Arc;

use ferromq_wire::command::RemotingCommand;
use ferromq_wire::frame::{self, SerializeType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// Decides what is sent back for each request, in order.
pub(crate) type Script = Arc<dyn Fn(RemotingCommand) -> Vec<RemotingCommand> + Send + Sync>;

/// A listener on a free port; every connection follows the script.
pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    /// Every request, as it came.
    pub(crate) requests: mpsc::UnboundedReceiver<RemotingCommand>,
    accepting: tokio::task::JoinHandle<()>,
    connections: mpsc::UnboundedSender<tokio::sync::oneshot::Sender<()>>,
}

impl Server {
    pub(crate) async fn start(script: Script) -> Self {
        Self::at("127.0.0.1:0", script).await
    }

    pub(crate) async fn at(addr: &str, script: Script) -> Self {
        let listener = TcpListener::bind(addr).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (seen, requests) = mpsc::unbounded_channel();
        let (connections, mut cut) = mpsc::unbounded_channel::<tokio::sync::oneshot::Sender<()>>();
        let accepting = tokio::spawn(async move {
            let mut tasks = tokio::task::JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        let (stream, _) = accepted.unwrap();
                        tasks.spawn(serve(stream, Arc::clone(&script), seen.clone()));
                    }
                    Some(done) = cut.recv() => {
                        tasks.shutdown().await;
                        let _ = done.send(());
                    }
                }
            }
        });
        Self {
            addr,
            requests,
            accepting,
            connections,
        }
    }

    pub(crate) fn addr(&self) -> String {
        self.addr.to_string()
    }

    /// Cuts all connections; new ones are accepted.
    pub(crate) async fn cut(&self) {
        let (done, cut) = tokio::sync::oneshot::channel();
        self.connections.send(done).unwrap();
        cut.await.unwrap();
    }

    /// Stops listening and cuts all connections.
    pub(crate) async fn stop(self) -> SocketAddr {
        self.accepting.abort();
        let _ = self.accepting.await;
        self.addr
    }
}

async fn serve(
    mut stream: TcpStream,
    script: Script,
    seen: mpsc::UnboundedSender<RemotingCommand>,
) {
    let mut buffer = Vec::new();
    loop {
        while let Some(frame) = frame::split(&buffer).unwrap() {
            let length = frame.wire_len();
            let command = RemotingCommand::decode(&frame).unwrap();
            buffer.drain(..length);
            let _ = seen.send(command.clone());
            for answer in script(command) {
                let mut out = Vec::new();
                answer.encode(SerializeType::Json, &mut out).unwrap();
                if stream.write_all(&out).await.is_err() {
                    return;
                }
            }
        }
        match stream.read_buf(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}
