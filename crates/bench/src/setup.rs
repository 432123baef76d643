//! What is asked before the load: topics are created, and the ends of queues looked up.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::load::BenchError;
use crate::reply::Reply;
use crate::request;
use crate::targets::Targets;

/// Requests that are sent before the first reply is awaited.
const PIPELINED: u64 = 64;

/// A blocking connection for requests in turn.
#[derive(Debug)]
pub struct Control {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Control {
    /// Connects.
    ///
    /// # Errors
    /// There is no connection.
    pub fn connect(broker: SocketAddr) -> Result<Self, BenchError> {
        let connect = |cause| BenchError::Connect { broker, cause };
        let stream = TcpStream::connect(broker).map_err(connect)?;
        stream.set_nodelay(true).map_err(connect)?;
        Ok(Self {
            stream,
            received: Vec::new(),
        })
    }

    /// Creates every topic, or gives it the queues it lacks.
    ///
    /// # Errors
    /// The server refuses, or the connection breaks.
    pub fn create_topics(&mut self, targets: &Targets) -> Result<(), BenchError> {
        for topic in targets.topics() {
            let mut out = Vec::new();
            request::create_topic(&mut out, 0, topic, targets.queues());
            let code = self.call(&out, 1, |reply| reply.code)?.pop().unwrap_or(0);
            if code != 0 {
                let topic = topic.clone();
                return Err(BenchError::Topic { topic, code });
            }
        }
        Ok(())
    }

    /// The offsets behind the last messages of all queues, in the order of their numbers.
    ///
    /// # Errors
    /// The server refuses, or the connection breaks.
    pub fn max_offsets(&mut self, targets: &Targets) -> Result<Vec<u64>, BenchError> {
        let mut found = Vec::new();
        let mut number = 0;
        while number < targets.count() {
            let end = targets.count().min(number + PIPELINED);
            let mut out = Vec::new();
            for number in number..end {
                request::max_offset(&mut out, (number % PIPELINED) as u32, targets.get(number));
            }
            // Replies to pipelined requests may come in any order.
            let mut replies = self.call(&out, (end - number) as usize, |reply| {
                (reply.slot, reply.number(b"\"offset\":"), reply.code)
            })?;
            replies.sort_unstable();
            for (_, offset, code) in replies {
                found.push(offset.ok_or(BenchError::Offset { code })?);
            }
            number = end;
        }
        Ok(found)
    }

    /// Sends `requests`, and takes what is wanted of each of `count` replies.
    fn call<T>(
        &mut self,
        requests: &[u8],
        count: usize,
        take: impl Fn(&Reply<'_>) -> T,
    ) -> Result<Vec<T>, BenchError> {
        self.stream
            .write_all(requests)
            .map_err(BenchError::Broken)?;
        let mut taken = Vec::new();
        while taken.len() < count {
            if let Some(reply) = Reply::first(&self.received).map_err(BenchError::NotAReply)? {
                taken.push(take(&reply));
                let length = reply.frame_bytes;
                self.received.drain(..length);
                continue;
            }
            let mut chunk = [0; 4096];
            let count = self.stream.read(&mut chunk).map_err(BenchError::Broken)?;
            if count == 0 {
                return Err(BenchError::Closed);
            }
            self.received.extend_from_slice(&chunk[..count]);
        }
        Ok(taken)
    }
}
