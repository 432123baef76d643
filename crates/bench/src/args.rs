//! What to run, from the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::record;

/// What the connections do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Sends messages; each request carries `--batch` of them.
    Produce,
    /// Pulls what is stored, from the first message on; at the end of a queue it goes on with the next one.
    Pull,
    /// Only the consumers of `--groups` and the cold reader; somebody else sends.
    Consume,
}

/// Where the consumers of `--groups` begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum From {
    /// At the end of each queue: every message is new.
    Tail,
    /// At the first message of each queue, catching up with the end.
    Begin,
}

/// Drives a broker with load and reports rate, latency and what it cost the server.
///
/// Sending, consuming and reading old messages can run at once: `produce --groups 10 --cold-reader`. A consumer sees
/// end-to-end latency: from the (intended) send time, which each body of at least 16 bytes carries, to the delivery.
#[derive(Args, Clone, Debug)]
pub struct BenchArgs {
    /// What the connections do.
    #[arg(value_enum, default_value = "produce")]
    pub mode: Mode,
    /// Address of the broker (not of the name server).
    #[arg(short, long, default_value = "127.0.0.1:10911")]
    pub broker: SocketAddr,
    /// Number of connections.
    #[arg(short, long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub connections: u32,
    /// Requests that each connection keeps in flight: 1 is what synchronous senders do, more what asynchronous ones do.
    #[arg(short = 'i', long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub in_flight: u32,
    /// Send without asking for a reply: no latency of sends, and the count is what the sockets took.
    #[arg(long)]
    pub one_way: bool,
    /// Size of a message body in bytes.
    #[arg(short = 's', long, default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=4_194_304))]
    pub size: u32,
    /// Messages per send request (a client batch), or most messages per pull.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub batch: u32,
    /// Topic; with `--topics` a prefix to which a number is added.
    #[arg(short, long, default_value = "bench")]
    pub topic: String,
    /// Number of topics; every sender goes through all queues of all topics in turn.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub topics: u32,
    /// Queues per topic.
    #[arg(short, long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub queues: u32,
    /// Consumer groups; each has one connection with one held pull per queue.
    #[arg(short, long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub groups: u32,
    /// Where the groups begin.
    #[arg(long, value_enum, default_value = "tail")]
    pub from: From,
    /// Most messages per pull of a group.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub pull_batch: u32,
    /// One more connection that reads old messages from the first ones on, all queues side by side, and starts over at the end.
    #[arg(long)]
    pub cold_reader: bool,
    /// Topic that the cold reader reads, with as many queues as `--queues` [default: the first topic of the load].
    #[arg(long)]
    pub cold_topic: Option<String>,
    /// Most messages per second of the cold reader; 0 = as fast as possible.
    #[arg(long, default_value_t = 10_000)]
    pub cold_rate: u64,
    /// Measured time in seconds.
    #[arg(short, long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub duration: u32,
    /// Seconds of load before the measurement starts.
    #[arg(short, long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..=86_400))]
    pub warmup: u32,
    /// Messages per second over all connections; latency then counts from the intended send time. 0 = as fast as possible.
    #[arg(short, long, default_value_t = 0)]
    pub rate: u64,
    /// Process id of the server: reports its CPU per message and thread, memory, context switches and page faults.
    #[arg(long)]
    pub server_pid: Option<u32>,
    /// Seconds of load after the measurement in which the server's system calls are counted (needs `perf` and the
    /// right to use it, and `--server-pid`).
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=600))]
    pub syscalls: u32,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    pub json: bool,
    /// Add the figures of each second to the JSON object.
    #[arg(long)]
    pub series: bool,
    /// Write a picture of latency and rate over time to this SVG file.
    #[arg(long)]
    pub plot: Option<PathBuf>,
    /// Tell each second on standard error how it goes, even if that is no terminal.
    #[arg(long)]
    pub progress: bool,
}

impl BenchArgs {
    /// Name of topic number `index`.
    #[must_use]
    pub fn topic_name(&self, index: u32) -> String {
        if self.topics == 1 {
            self.topic.clone()
        } else {
            format!("{}-{index}", self.topic)
        }
    }

    /// Messages that one send request carries.
    #[must_use]
    pub fn messages_per_request(&self) -> u64 {
        u64::from(self.batch)
    }

    /// Whether bodies have room for their send time.
    #[must_use]
    pub fn stamped(&self) -> bool {
        record::STAMP_BYTES <= self.size as usize
    }

    /// Whether the options go together.
    ///
    /// # Errors
    /// What does not, and what to do about it.
    pub fn check(&self) -> Result<(), String> {
        let consumers = self.groups > 0 || self.cold_reader;
        let queues = u64::from(self.topics) * u64::from(self.queues);
        if self.mode == Mode::Consume && !consumers {
            return Err("consume needs --groups or --cold-reader".into());
        }
        if self.mode != Mode::Produce && self.one_way {
            return Err("--one-way is for produce".into());
        }
        if self.mode == Mode::Produce && self.groups > 0 && !self.stamped() {
            let least = record::STAMP_BYTES;
            return Err(format!(
                "end-to-end latency needs bodies of {least} bytes: raise --size or drop --groups"
            ));
        }
        if self.groups > 0 && 100_000 < queues * u64::from(self.groups) {
            return Err(
                "more than 100,000 held pulls: lower --groups, --topics or --queues".into(),
            );
        }
        if self.syscalls > 0 && self.server_pid.is_none() {
            return Err("--syscalls needs --server-pid".into());
        }
        Ok(())
    }
}
