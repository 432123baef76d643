//! What to run, from the command line.

use std::net::SocketAddr;

use clap::{Args, ValueEnum};

/// What every connection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Sends messages; each request carries `--batch` of them.
    Produce,
    /// Pulls what is stored, from the first message on, and starts over at the end.
    Pull,
}

/// Drives a broker with load and reports rate, latency and what it cost the server.
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
    /// Requests that each connection keeps in flight.
    #[arg(short = 'i', long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub in_flight: u32,
    /// Size of a message body in bytes.
    #[arg(short = 's', long, default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=4_194_304))]
    pub size: u32,
    /// Messages per send request (a client batch), or most messages per pull.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub batch: u32,
    /// Topic; with `--topics` a prefix to which a number is added.
    #[arg(short, long, default_value = "bench")]
    pub topic: String,
    /// Number of topics over which the load is spread.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub topics: u32,
    /// Queues per topic.
    #[arg(short, long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub queues: u32,
    /// Measured time in seconds.
    #[arg(short, long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub duration: u32,
    /// Seconds of load before the measurement starts.
    #[arg(short, long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..=86_400))]
    pub warmup: u32,
    /// Messages per second over all connections; latency then counts from the intended send time. 0 = as fast as possible.
    #[arg(short, long, default_value_t = 0)]
    pub rate: u64,
    /// Process id of the server: reports its CPU per message, memory and context switches.
    #[arg(long)]
    pub server_pid: Option<u32>,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    pub json: bool,
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

    /// Messages that one request moves when it succeeds: exact for sends, an upper bound for pulls.
    #[must_use]
    pub fn messages_per_request(&self) -> u64 {
        u64::from(self.batch)
    }
}
