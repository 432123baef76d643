//! The two tasks of a connection: one writes what callers have put into the outbox, one reads and hands out.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use ferromq_wire::command::RemotingCommand;
use ferromq_wire::frame;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;

use super::{IncomingRequest, Shared};

/// Read buffer of a connection that has received nothing large yet.
const READ_BYTES: usize = 16 * 1024;
/// A write buffer above this size is given back after use, so that one large message is not paid for ever.
const KEEP_BYTES: usize = 256 * 1024;
/// How long frames that were waiting when the connection was closed may take to be written.
const LAST_WRITE_TIME: Duration = Duration::from_secs(1);

/// Starts both tasks. They end when the connection ends or is closed.
pub(super) fn start(stream: TcpStream, shared: &Arc<Shared>) {
    let (input, output) = stream.into_split();
    tokio::spawn(write(output, Arc::clone(shared)));
    tokio::spawn(read(input, Arc::clone(shared)));
}

async fn write(mut output: OwnedWriteHalf, shared: Arc<Shared>) {
    let mut closed = shared.closed.subscribe();
    let mut bytes = Vec::new();
    while shared.outbox.take(&mut bytes).await {
        let written = tokio::select! {
            written = output.write_all(&bytes) => written,
            () = given_up(&mut closed) => return,
        };
        if let Err(error) = written {
            return shared.close(&error.to_string());
        }
        bytes.clear();
        bytes.shrink_to(KEEP_BYTES);
    }
    // The other side may have closed already; then there is nothing left to end.
    let _ = output.shutdown().await;
}

/// Returns a while after the connection was closed: last frames may still go out, but a peer that does not read them must
/// not hold the task for ever.
async fn given_up(closed: &mut watch::Receiver<bool>) {
    // An error would mean that the sender is gone, which the task holds.
    let _ = closed.wait_for(|closed| *closed).await;
    tokio::time::sleep(LAST_WRITE_TIME).await;
}

async fn read(mut input: OwnedReadHalf, shared: Arc<Shared>) {
    let mut closed = shared.closed.subscribe();
    let mut buffer = BytesMut::with_capacity(READ_BYTES);
    loop {
        buffer.reserve(READ_BYTES);
        let received = tokio::select! {
            received = input.read_buf(&mut buffer) => received,
            _ = closed.wait_for(|closed| *closed) => return,
        };
        match received {
            Ok(0) => return shared.close("closed by the server"),
            Ok(_) => {}
            Err(error) => return shared.close(&error.to_string()),
        }
        if let Err(cause) = hand_out(&mut buffer, &shared) {
            return shared.close(&cause);
        }
    }
}

/// Hands out all complete frames at the front of `buffer`.
fn hand_out(buffer: &mut BytesMut, shared: &Arc<Shared>) -> Result<(), String> {
    loop {
        let frame = frame::split(buffer).map_err(|error| error.to_string())?;
        let Some(frame) = frame else {
            return Ok(());
        };
        let length = frame.wire_len();
        let command = RemotingCommand::decode(&frame).map_err(|error| error.to_string())?;
        buffer.advance(length);
        deliver(command, shared);
    }
}

fn deliver(command: RemotingCommand, shared: &Arc<Shared>) {
    if command.is_response() {
        let opaque = command.opaque;
        if !shared.pending.answer(command) {
            tracing::debug!(addr = shared.addr, opaque, "answer came too late");
        }
        return;
    }
    let request = IncomingRequest {
        command,
        from: Arc::clone(shared),
    };
    match &shared.options.incoming {
        Some(incoming) => incoming(request),
        None => request.refuse(),
    }
}
