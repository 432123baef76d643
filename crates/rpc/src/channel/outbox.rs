//! Encoded frames on their way to the socket: many callers fill one buffer, one task writes it.

use parking_lot::Mutex;
use tokio::sync::Notify;

/// Bytes that may wait before callers have to: above it a caller waits until the writer has taken the buffer.
const WAITING_BYTES_MAX: usize = 1024 * 1024;

/// The buffer between callers and the writing task.
#[derive(Default)]
pub(super) struct Outbox {
    buffer: Mutex<Buffer>,
    filled: Notify,
    taken: Notify,
}

#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    closed: bool,
}

impl Outbox {
    /// Appends a frame, waiting for room first. False if the connection is closed.
    pub(super) async fn push(&self, encode: impl FnOnce(&mut Vec<u8>)) -> bool {
        loop {
            let mut taken = std::pin::pin!(self.taken.notified());
            taken.as_mut().enable();
            {
                let mut buffer = self.buffer.lock();
                if buffer.closed {
                    return false;
                }
                if buffer.bytes.len() < WAITING_BYTES_MAX {
                    let was_empty = buffer.bytes.is_empty();
                    encode(&mut buffer.bytes);
                    drop(buffer);
                    if was_empty {
                        self.filled.notify_one();
                    }
                    return true;
                }
            }
            taken.await;
        }
    }

    /// Appends a frame without waiting, whatever the buffer holds: for answers, whose number the peer bounds.
    pub(super) fn post(&self, encode: impl FnOnce(&mut Vec<u8>)) {
        let mut buffer = self.buffer.lock();
        if !buffer.closed {
            encode(&mut buffer.bytes);
            drop(buffer);
            self.filled.notify_one();
        }
    }

    /// Swaps what is waiting into `into` (which must be empty); waits for the first byte. False once closed.
    pub(super) async fn take(&self, into: &mut Vec<u8>) -> bool {
        loop {
            {
                let mut buffer = self.buffer.lock();
                if !buffer.bytes.is_empty() {
                    std::mem::swap(&mut buffer.bytes, into);
                    drop(buffer);
                    self.taken.notify_waiters();
                    return true;
                }
                if buffer.closed {
                    return false;
                }
            }
            self.filled.notified().await;
        }
    }

    /// Refuses further frames; what is in the buffer is still written if the socket takes it.
    pub(super) fn close(&self) {
        self.buffer.lock().closed = true;
        self.filled.notify_one();
        self.taken.notify_waiters();
    }
}
