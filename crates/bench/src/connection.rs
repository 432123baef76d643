//! One connection of the generator: its slots, what is unread and what is unsent.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::Instant;

use mio::net::TcpStream;

use crate::load::BenchError;
use crate::reply::Reply;
use crate::slot::{Shared, Slot};

/// A connection with requests in flight.
#[derive(Debug)]
pub struct Connection {
    /// The socket, for registration with the poll.
    pub stream: TcpStream,
    slots: Vec<(Slot, Instant)>,
    unread: Vec<u8>,
    unsent: Vec<u8>,
    sent: usize,
}

impl Connection {
    /// Connects, blocking, and then goes non-blocking.
    ///
    /// # Errors
    /// The connection is refused or the socket cannot be set up.
    pub fn open(broker: SocketAddr, slots: Vec<Slot>) -> io::Result<Self> {
        let stream = std::net::TcpStream::connect(broker)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let now = Instant::now();
        Ok(Self {
            stream: TcpStream::from_std(stream),
            slots: slots.into_iter().map(|slot| (slot, now)).collect(),
            unread: Vec::new(),
            unsent: Vec::new(),
            sent: 0,
        })
    }

    /// Number of slots.
    #[must_use]
    pub fn slots(&self) -> u32 {
        self.slots.len() as u32
    }

    /// Whether the socket did not take all that was to be sent.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Queues the next request of `slot`, whose latency counts from `since`. Returns the messages in it.
    pub fn queue(&mut self, slot: u32, since: Instant, shared: &mut Shared) -> u64 {
        let Some((work, started)) = self.slots.get_mut(slot as usize) else {
            return 0;
        };
        *started = since;
        work.request(&mut self.unsent, slot, since, shared);
        work.messages()
    }

    /// Writes what is queued, as far as the socket takes it.
    ///
    /// # Errors
    /// The connection is broken.
    pub fn flush(&mut self) -> io::Result<()> {
        while self.sent < self.unsent.len() {
            match self.stream.write(&self.unsent[self.sent..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => self.sent += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.unsent.clear();
        self.sent = 0;
        Ok(())
    }

    /// Reads all there is and hands each reply, with its slot and start time, to `on_reply`.
    ///
    /// # Errors
    /// The connection is broken or closed, or the bytes are no replies.
    pub fn read(
        &mut self,
        buffer: &mut [u8],
        mut on_reply: impl FnMut(&Reply<'_>, &mut Slot, Instant),
    ) -> Result<(), BenchError> {
        loop {
            let count = match self.stream.read(buffer) {
                Ok(0) => return Err(BenchError::Closed),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(BenchError::Broken(error)),
            };
            let partial = !self.unread.is_empty();
            if partial {
                self.unread.extend_from_slice(&buffer[..count]);
            }
            let bytes = if partial {
                self.unread.as_slice()
            } else {
                &buffer[..count]
            };
            let mut at = 0;
            while let Some(reply) = Reply::first(&bytes[at..]).map_err(BenchError::NotAReply)? {
                at += reply.frame_bytes;
                let slot = self.slots.get_mut(reply.slot as usize);
                let (slot, started) = slot.ok_or(BenchError::NotAReply("unknown opaque"))?;
                on_reply(&reply, slot, *started);
            }
            if partial {
                self.unread.drain(..at);
            } else {
                self.unread.extend_from_slice(&buffer[at..count]);
            }
            if count < buffer.len() {
                return Ok(());
            }
        }
    }
}
