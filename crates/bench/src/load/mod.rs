//! A run: warm-up, measurement, and what came of it.

mod turns;

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::args::{BenchArgs, Mode};
use crate::process::Cost;
use crate::setup::Control;
use crate::syscalls::Counting;
use crate::tally::{Point, Tally};
use crate::targets::Targets;
use turns::Load;

/// Longest wait until one-way messages are stored.
const STORED_WAIT: Duration = Duration::from_secs(10);

/// Why a run ended without a result.
#[derive(Debug, Error)]
pub enum BenchError {
    /// The options contradict each other.
    #[error("{0}")]
    Options(String),
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
    /// The end of a queue is unknown.
    #[error("the server did not tell the end of a queue (code {code}); does the topic exist?")]
    Offset {
        /// Response code.
        code: i64,
    },
    /// The picture was not written.
    #[error("cannot write the plot {}: {cause}", path.display())]
    Plot {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

/// What was measured.
#[derive(Debug)]
pub struct Outcome {
    /// Measured time.
    pub elapsed: Duration,
    /// The load itself: sends, or pulls of mode `pull`.
    pub main: Tally,
    /// Deliveries to the groups; latency is end to end.
    pub groups: Option<Tally>,
    /// The cold reader.
    pub cold: Option<Tally>,
    /// One-way messages: how many were sent in the whole run, and how many of these the server has stored.
    pub stored: Option<(u64, u64)>,
    /// How far a paced run was behind its plan at the end.
    pub behind: Option<Duration>,
    /// The server before and after, if its process is known.
    pub server: Option<(Cost, Cost)>,
    /// The generator before and after.
    pub client: (Cost, Cost),
    /// System calls per message of the load, or why they are not known.
    pub syscalls: Option<Result<f64, String>>,
}

impl Outcome {
    /// The streams that took part, by name, second by second.
    #[must_use]
    pub fn series(&self) -> Vec<(&'static str, &[Point])> {
        let streams = [
            ("load", Some(&self.main)),
            ("end to end", self.groups.as_ref()),
            ("cold reader", self.cold.as_ref()),
        ];
        let streams = streams.into_iter();
        let streams = streams.filter_map(|(name, tally)| Some((name, tally?.points.as_slice())));
        streams
            .filter(|(_, points)| points.iter().any(|point| point.rate > 0.0))
            .collect()
    }

    /// Messages that per-message figures are divided by: those of the load, or the deliveries if there is no other.
    #[must_use]
    pub fn messages(&self) -> u64 {
        let others = [&self.groups, &self.cold];
        let others = others.into_iter().flatten().map(|tally| tally.messages);
        match self.main.messages {
            0 => others.sum(),
            messages => messages,
        }
    }
}

/// Runs warm-up and measurement.
///
/// # Errors
/// See [`BenchError`].
pub fn run(args: &BenchArgs) -> Result<Outcome, BenchError> {
    let topics = (0..args.topics).map(|index| args.topic_name(index));
    let targets = Targets::new(topics.collect(), args.queues);
    let mut control = Control::connect(args.broker)?;
    if args.mode == Mode::Produce {
        control.create_topics(&targets)?;
    }
    let stored_before = match args.one_way {
        true => Some(control.max_offsets(&targets)?.iter().sum::<u64>()),
        false => None,
    };
    let mut load = Load::open(args, &targets, &mut control)?;
    load.turn_for(Duration::from_secs(args.warmup.into()), "warm-up")?;
    // Messages and costs count from the same moment; reading the costs takes a while.
    let started = load.begin();
    let server_before = args.server_pid.and_then(Cost::of);
    let client_before = Cost::of(std::process::id()).unwrap_or_default();
    load.goes_on();
    load.turn_for(Duration::from_secs(args.duration.into()), "measured")?;
    let elapsed = started.elapsed();
    let server_after = args.server_pid.and_then(Cost::of);
    let client_after = Cost::of(std::process::id()).unwrap_or_default();
    let behind = load.behind();
    let (main, groups, cold) = load.tallies();
    let syscalls = match args.server_pid {
        Some(pid) if args.syscalls > 0 => Some(count_syscalls(&mut load, pid, args)?),
        _ => None,
    };
    let sent = load.sent();
    drop(load);
    let stored = match stored_before {
        Some(before) => Some((sent, stored(&mut control, &targets, before, sent)?)),
        None => None,
    };
    Ok(Outcome {
        elapsed,
        main,
        groups: (args.groups > 0).then_some(groups),
        cold: args.cold_reader.then_some(cold),
        stored,
        behind,
        server: server_before.zip(server_after),
        client: (client_before, client_after),
        syscalls,
    })
}

/// Goes on with the load while the server's calls are counted.
fn count_syscalls(
    load: &mut Load,
    pid: u32,
    args: &BenchArgs,
) -> Result<Result<f64, String>, BenchError> {
    let counting = match Counting::start(pid, args.syscalls) {
        Ok(counting) => counting,
        Err(error) => return Ok(Err(error)),
    };
    load.begin();
    load.turn_for(Duration::from_secs(args.syscalls.into()), "syscalls")?;
    let messages = load.messages().max(1);
    Ok(counting.end().map(|calls| calls as f64 / messages as f64))
}

/// How many of `sent` one-way messages are stored, once that number no longer grows.
fn stored(
    control: &mut Control,
    targets: &Targets,
    before: u64,
    sent: u64,
) -> Result<u64, BenchError> {
    let end = Instant::now() + STORED_WAIT;
    loop {
        let now = control.max_offsets(targets)?.iter().sum::<u64>() - before;
        if sent <= now || end < Instant::now() {
            return Ok(now);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
