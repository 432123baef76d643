//! The task of a connection: reads, hands frames to the service, and writes while the socket is full.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use super::Connection;
use super::input::{Flow, Input};
use super::write::Wrote;
use crate::detect::detect;
use crate::thread::NetThread;
use ferromq_wire::frame::FrameError;

/// Serves `conn` until it is closed by either side.
pub(crate) async fn serve(net: Rc<NetThread>, conn: Rc<Connection>) {
    let mut reader = Reader {
        net,
        conn,
        input: Input::default(),
        stage: Stage::Fresh,
    };
    let end = poll_fn(|cx| reader.poll(cx)).await;
    reader.finish(&end);
}

struct Reader {
    net: Rc<NetThread>,
    conn: Rc<Connection>,
    input: Input,
    stage: Stage,
}

/// How far the connection has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Not a byte has been understood.
    Fresh,
    /// Frames are handed over.
    Frames,
    /// As before, but what was read is not all handed over.
    Paused,
}

/// Why a connection ended.
enum End {
    /// The client closed it.
    Peer,
    /// This side closed it, having written what was to be written, or the thread shut it.
    Closed,
    /// Reading or writing failed.
    Failed(io::Error),
    /// What arrived is no frame.
    Frame(FrameError),
    /// The client speaks something else.
    Refused(&'static str),
}

impl Reader {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        self.conn.remember_waker(cx);
        loop {
            if self.conn.is_closed() {
                return Poll::Ready(End::Closed);
            }
            if self.conn.poll_write_rest(cx) == Wrote::Close {
                return Poll::Ready(End::Closed);
            }
            if self.conn.is_closing() || self.net.is_draining() {
                return Poll::Pending;
            }
            if self.conn.is_congested() {
                self.conn.paused.set(true);
                return Poll::Pending;
            }
            if self.stage == Stage::Paused {
                if let Err(end) = self.take(&[]) {
                    return Poll::Ready(end);
                }
                continue;
            }
            match ready!(self.poll_read(cx)) {
                Ok(true) => {
                    // A full buffer: more is waiting, but the other connections come first.
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Ok(false) => {}
                Err(end) => return Poll::Ready(end),
            }
        }
    }

    /// Reads once into the thread's buffer and hands over what came. True if the buffer was filled.
    ///
    /// A read that does not fill the buffer has emptied the socket; Tokio knows that too and does not try again.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, End>> {
        let net = Rc::clone(&self.net);
        let mut buffer = net.read_buffer();
        let mut read = ReadBuf::new(&mut buffer);
        {
            let mut stream = self.conn.stream.borrow_mut();
            let Some(stream) = stream.as_mut() else {
                return Poll::Ready(Err(End::Closed));
            };
            if let Err(error) = ready!(Pin::new(stream).poll_read(cx, &mut read)) {
                return Poll::Ready(Err(End::Failed(error)));
            }
        }
        if read.filled().is_empty() {
            return Poll::Ready(Err(End::Peer));
        }
        self.conn.touch();
        let full = read.remaining() == 0;
        Poll::Ready(self.take(read.filled()).map(|()| full))
    }

    /// Hands over frames until they end or the connection is to pause.
    fn take(&mut self, data: &[u8]) -> Result<(), End> {
        if self.stage == Stage::Fresh {
            self.begin(data)?;
        }
        let Self {
            net, conn, input, ..
        } = self;
        let flow = input.feed(data, net.spare_input(), &mut |frame, bytes| {
            net.hand_over(conn, frame, bytes);
            if conn.is_closing() || conn.is_congested() {
                Flow::Pause
            } else {
                Flow::On
            }
        });
        self.net.want_turn_end();
        self.stage = match flow.map_err(End::Frame)? {
            Flow::On => Stage::Frames,
            Flow::Pause => Stage::Paused,
        };
        self.watch_partial();
        Ok(())
    }

    /// Looks at the first bytes.
    fn begin(&mut self, data: &[u8]) -> Result<(), End> {
        if let Some(refusal) = detect(data).refusal() {
            return Err(End::Refused(refusal));
        }
        self.stage = Stage::Frames;
        Ok(())
    }

    fn watch_partial(&self) {
        let watch = &self.conn.watch;
        if self.stage == Stage::Paused || self.input.len() == 0 {
            watch.partial.set(None);
            return;
        }
        let since = watch
            .partial
            .get()
            .map_or(self.net.tick(), |(since, _)| since);
        watch.partial.set(Some((since, self.input.len())));
    }

    fn finish(&self, end: &End) {
        let peer = self.conn.peer();
        match end {
            End::Peer => tracing::debug!(%peer, "client closed the connection"),
            End::Closed => tracing::debug!(%peer, "connection closed"),
            End::Failed(error) => tracing::debug!(%peer, %error, "connection lost"),
            End::Frame(error) => self.complain(&format!("no valid frame: {error}")),
            End::Refused(why) => self.complain(why),
        }
        self.net.shut(&self.conn);
    }

    /// Strangers decide how often this happens, so it is not logged each time.
    fn complain(&self, why: &str) {
        let peer = self.conn.peer();
        if let Some(left_out) = self.net.complaints().due() {
            tracing::warn!(%peer, left_out, "closing a connection: {why}");
        }
    }
}
