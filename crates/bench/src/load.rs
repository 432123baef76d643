//! The loop: one thread, all connections, closed loop or paced.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use mio::{Events, Interest, Poll, Token};
use thiserror::Error;

use crate::args::{BenchArgs, Mode};
use crate::connection::Connection;
use crate::frame::{self, Prepared};
use crate::process::Cost;
use crate::workload::Slot;

/// Bytes read at once.
const READ_BYTES: usize = 1 << 20;
/// Latencies above this are recorded as this.
const LATENCY_MAX: Duration = Duration::from_secs(60);

/// Why a run ended without a result.
#[derive(Debug, Error)]
pub enum BenchError {
    /// No connection.
    #[error("cannot connect to {broker}: {cause}; is the broker running there?")]
    Connect {
        /// The address tried.
        broker: std::net::SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
    /// A connection failed while in use.
    #[error("a connection broke: {0}")]
    Broken(io::Error),
    /// The server closed a connection.
    #[error("the server closed a connection; its log should say why")]
    Closed,
    /// The bytes received are no replies.
    #[error("the server does not speak the remoting protocol as expected: {0}")]
    NotAReply(&'static str),
    /// The topic could not be made.
    #[error("the server refused to create topic {topic} (code {code})")]
    Topic {
        /// The topic.
        topic: String,
        /// Response code.
        code: i64,
    },
}

/// What was measured.
#[derive(Debug)]
pub struct Outcome {
    /// Messages moved in the measured time.
    pub messages: u64,
    /// Requests answered in the measured time.
    pub requests: u64,
    /// Measured time.
    pub elapsed: Duration,
    /// Refusals by response code, over the whole run.
    pub refused: BTreeMap<i64, u64>,
    /// Latency of a request in nanoseconds.
    pub latency: Histogram<u64>,
    /// The server before and after, if its process is known.
    pub server: Option<(Cost, Cost)>,
    /// The generator before and after.
    pub client: (Cost, Cost),
}

/// Runs warm-up and measurement.
///
/// # Errors
/// See [`BenchError`].
pub fn run(args: &BenchArgs) -> Result<Outcome, BenchError> {
    if args.mode == Mode::Produce {
        create_topics(args)?;
    }
    let mut load = Load::open(args)?;
    load.turn_until(Instant::now() + Duration::from_secs(args.warmup.into()))?;
    load.clear();
    let server_before = args.server_pid.and_then(Cost::of);
    let client_before = Cost::of(std::process::id()).unwrap_or_default();
    let started = Instant::now();
    load.turn_until(started + Duration::from_secs(args.duration.into()))?;
    let elapsed = started.elapsed();
    let server_after = args.server_pid.and_then(Cost::of);
    let client_after = Cost::of(std::process::id()).unwrap_or_default();
    Ok(Outcome {
        messages: load.messages,
        requests: load.requests,
        elapsed,
        refused: load.refused,
        latency: load.latency,
        server: server_before.zip(server_after),
        client: (client_before, client_after),
    })
}

struct Load {
    poll: Poll,
    connections: Vec<Connection>,
    buffer: Vec<u8>,
    /// Slots without a request in flight; used only when paced.
    idle: Vec<(usize, u32)>,
    /// Slots answered by one read; kept for its memory.
    answered: Vec<u32>,
    pace: Option<Pace>,
    keys: u64,
    messages: u64,
    requests: u64,
    refused: BTreeMap<i64, u64>,
    latency: Histogram<u64>,
}

/// The plan of a paced run: when each request is due, whether or not a slot is free for it.
struct Pace {
    next: Instant,
    gap: Duration,
}

impl Load {
    fn open(args: &BenchArgs) -> Result<Self, BenchError> {
        let poll = Poll::new().map_err(BenchError::Broken)?;
        let mut connections = Vec::new();
        for index in 0..args.connections {
            let slots = (0..args.in_flight)
                .map(|slot| Slot::new(args, index, slot))
                .collect();
            let mut connection =
                Connection::open(args.broker, slots).map_err(|cause| BenchError::Connect {
                    broker: args.broker,
                    cause,
                })?;
            poll.registry()
                .register(
                    &mut connection.stream,
                    Token(index as usize),
                    Interest::READABLE | Interest::WRITABLE,
                )
                .map_err(BenchError::Broken)?;
            connections.push(connection);
        }
        let idle = (0..args.in_flight)
            .flat_map(|slot| (0..args.connections as usize).map(move |index| (index, slot)))
            .collect();
        let pace = (args.rate > 0).then(|| Pace {
            next: Instant::now(),
            gap: Duration::from_secs_f64(args.messages_per_request() as f64 / args.rate as f64),
        });
        let latency = Histogram::new_with_bounds(1_000, LATENCY_MAX.as_nanos() as u64, 3)
            .expect("the bounds and the precision are valid constants");
        let mut load = Self {
            poll,
            connections,
            buffer: vec![0; READ_BYTES],
            idle,
            answered: Vec::new(),
            pace,
            keys: u64::from(std::process::id()) << 40,
            messages: 0,
            requests: 0,
            refused: BTreeMap::new(),
            latency,
        };
        if load.pace.is_none() {
            load.start_all()?;
        }
        Ok(load)
    }

    fn start_all(&mut self) -> Result<(), BenchError> {
        for (index, slot) in std::mem::take(&mut self.idle) {
            self.connections[index].queue(slot, Instant::now(), &mut self.keys);
        }
        for connection in &mut self.connections {
            connection.flush().map_err(BenchError::Broken)?;
        }
        Ok(())
    }

    fn clear(&mut self) {
        self.messages = 0;
        self.requests = 0;
        self.latency.reset();
    }

    fn turn_until(&mut self, end: Instant) -> Result<(), BenchError> {
        let mut events = Events::with_capacity(1024);
        loop {
            let now = Instant::now();
            if end <= now {
                return Ok(());
            }
            // A paced run spins: the poll's own timer is too coarse, and the generator has a core to itself.
            let wait = if self.pace.is_some() {
                Duration::ZERO
            } else {
                end - now
            };
            match self.poll.poll(&mut events, Some(wait)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                outcome => outcome.map_err(BenchError::Broken)?,
            }
            for event in &events {
                self.serve(
                    event.token().0,
                    event.is_readable() || event.is_read_closed(),
                )?;
            }
            self.send_due()?;
        }
    }

    fn serve(&mut self, index: usize, readable: bool) -> Result<(), BenchError> {
        let Self {
            connections,
            buffer,
            idle,
            answered,
            pace,
            keys,
            messages,
            requests,
            refused,
            latency,
            ..
        } = self;
        let connection = &mut connections[index];
        if readable {
            let now = Instant::now();
            connection.read(buffer, |reply, slot, started| {
                let nanos = now
                    .saturating_duration_since(started)
                    .min(LATENCY_MAX)
                    .as_nanos();
                latency.saturating_record(nanos as u64);
                *requests += 1;
                match slot.answered(reply) {
                    Ok(moved) => *messages += moved,
                    Err(code) => *refused.entry(code).or_default() += 1,
                }
                answered.push(reply.slot);
            })?;
            for slot in answered.drain(..) {
                match pace {
                    Some(_) => idle.push((index, slot)),
                    None => connection.queue(slot, now, keys),
                }
            }
        }
        connection.flush().map_err(BenchError::Broken)
    }

    fn send_due(&mut self) -> Result<(), BenchError> {
        let Some(pace) = &mut self.pace else {
            return Ok(());
        };
        let now = Instant::now();
        while pace.next <= now {
            let Some((index, slot)) = self.idle.pop() else {
                return Ok(());
            };
            self.connections[index].queue(slot, pace.next, &mut self.keys);
            self.connections[index]
                .flush()
                .map_err(BenchError::Broken)?;
            pace.next += pace.gap;
        }
        Ok(())
    }
}

fn create_topics(args: &BenchArgs) -> Result<(), BenchError> {
    let connect = |cause| BenchError::Connect {
        broker: args.broker,
        cause,
    };
    let mut stream = std::net::TcpStream::connect(args.broker).map_err(connect)?;
    stream.set_nodelay(true).map_err(BenchError::Broken)?;
    let mut received = Vec::new();
    for index in 0..args.topics {
        let topic = args.topic_name(index);
        let mut keys = 0;
        let mut request = Prepared::create_topic(&topic, args.queues);
        stream
            .write_all(request.stamped(&mut keys))
            .map_err(BenchError::Broken)?;
        received.clear();
        let code = loop {
            if let Some(reply) = frame::reply(&received).map_err(BenchError::NotAReply)? {
                break reply.code;
            }
            let mut chunk = [0; 4096];
            let count = stream.read(&mut chunk).map_err(BenchError::Broken)?;
            if count == 0 {
                return Err(BenchError::Closed);
            }
            received.extend_from_slice(&chunk[..count]);
        };
        if code != 0 {
            return Err(BenchError::Topic { topic, code });
        }
    }
    Ok(())
}
