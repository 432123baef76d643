//! Writing: once at the end of a turn, and by the connection's own task while the socket is full.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;

use super::Connection;

/// How a connection stands after something was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrote {
    /// Nothing is left, or the rest waits for the socket.
    Open,
    /// The connection is to be closed now: asked for and all is written, or it failed.
    Close,
}

impl Connection {
    /// Bytes not yet written.
    pub(crate) fn unsent(&self) -> usize {
        self.out.borrow().len() - self.sent.get()
    }

    /// True while so much waits to be written that no further request is to be handled.
    pub(crate) fn is_congested(&self) -> bool {
        let limits = self.thread.limits();
        let unsent = self.unsent();
        if self.stalled.get() {
            unsent > limits.out_bytes_pause_stalled
        } else {
            unsent > limits.out_bytes_pause
        }
    }

    /// The end of a turn: one write of what has been collected.
    pub(crate) fn flush(&self) -> Wrote {
        self.dirty.set(false);
        if self.is_closed() {
            *self.out.borrow_mut() = Vec::new();
            return Wrote::Open;
        }
        if !self.stalled.get() && self.unsent() > 0 {
            let wrote = self.write_once();
            if let Err(error) = wrote {
                tracing::debug!(peer = %self.peer, %error, "cannot write to client");
                return Wrote::Close;
            }
        }
        if self.stalled.get() && self.unsent() > self.thread.limits().out_bytes_max {
            if let Some(left_out) = self.thread.complaints().due() {
                let (peer, bytes) = (self.peer, self.unsent());
                tracing::warn!(%peer, bytes, left_out, "closing a client that does not read its replies");
            }
            return Wrote::Close;
        }
        self.after_write()
    }

    /// Writes while the socket is full; to be called by the connection's task only.
    pub(super) fn poll_write_rest(&self, cx: &mut Context<'_>) -> Wrote {
        while self.stalled.get() {
            match self.poll_write_piece(cx) {
                Poll::Pending => return Wrote::Open,
                Poll::Ready(Ok(bytes)) => self.advance(bytes),
                Poll::Ready(Err(error)) => {
                    tracing::debug!(peer = %self.peer, %error, "cannot write to client");
                    return Wrote::Close;
                }
            }
        }
        self.after_write()
    }

    fn poll_write_piece(&self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut stream = self.stream.borrow_mut();
        let Some(stream) = stream.as_mut() else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        Pin::new(stream).poll_write(cx, &self.out.borrow()[self.sent.get()..])
    }

    fn write_once(&self) -> io::Result<()> {
        let stream = self.stream.borrow();
        let stream = stream.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        let wrote = stream.try_write(&self.out.borrow()[self.sent.get()..]);
        match wrote {
            Ok(bytes) => self.advance(bytes),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        if self.unsent() > 0 {
            self.stalled.set(true);
            self.watch.stalled_since.set(Some(self.thread.tick()));
            self.wake();
        }
        Ok(())
    }

    /// Takes `bytes` written bytes off the head of `out`.
    fn advance(&self, bytes: usize) {
        let mut out = self.out.borrow_mut();
        let sent = self.sent.get() + bytes;
        self.sent.set(sent);
        self.touch();
        if sent == out.len() {
            self.sent.set(0);
            self.stalled.set(false);
            self.watch.stalled_since.set(None);
            self.thread.give_back_buffer(std::mem::take(&mut out));
        } else {
            if sent > out.len() / 2 {
                out.drain(..sent);
                self.sent.set(0);
            }
            if self.stalled.get() {
                self.watch.stalled_since.set(Some(self.thread.tick()));
            }
        }
    }

    fn after_write(&self) -> Wrote {
        if self.closing.get() {
            let done = self.unsent() == 0;
            return if done { Wrote::Close } else { Wrote::Open };
        }
        if self.paused.get() && !self.is_congested() {
            self.paused.set(false);
            self.wake();
        }
        Wrote::Open
    }
}
