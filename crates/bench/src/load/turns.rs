//! The loop: one thread, all connections, closed loop or paced.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::io;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mio::{Events, Interest, Poll, Token};

use super::BenchError;
use crate::args::{BenchArgs, From, Mode};
use crate::connection::Connection;
use crate::pace::Pace;
use crate::progress::Progress;
use crate::record::Stamp;
use crate::request::{PreparedSend, SendSpec};
use crate::setup::Control;
use crate::slot::{Reader, Shared, Slot, Stream};
use crate::tally::Tally;
use crate::targets::Targets;

/// Bytes read at once.
const READ_BYTES: usize = 1 << 20;
/// Length of an interval of the series.
const SECOND: Duration = Duration::from_secs(1);
/// A reader that was refused asks again after this.
const REFUSED_WAIT: Duration = Duration::from_millis(100);
/// Most messages per pull of the cold reader.
const COLD_BATCH: u32 = 32;

/// A slot that got its reply.
struct Answered {
    slot: u32,
    stream: Stream,
    messages: u64,
    refused: bool,
}

/// All connections and what they have moved.
pub(super) struct Load {
    poll: Poll,
    connections: Vec<Connection>,
    /// Connections that send; the others, behind them, only read.
    senders: usize,
    one_way: bool,
    buffer: Vec<u8>,
    /// Sending slots without a request in flight; used only when paced. The longest idle one is next.
    idle: VecDeque<(usize, u32)>,
    /// Reading slots that wait before they ask again.
    later: BinaryHeap<Reverse<(Instant, usize, u32)>>,
    /// Slots answered by one read; kept for its memory.
    answered: Vec<Answered>,
    pace: Option<Pace>,
    /// Time per message of the cold reader, and when it may go on.
    cold_gap: Duration,
    cold_next: Instant,
    shared: Shared,
    /// Messages queued for sending in the whole run.
    sent: u64,
    main: Tally,
    groups: Tally,
    cold: Tally,
    progress: Progress,
    second_began: Instant,
}

impl Load {
    /// Connects everything and starts it.
    pub(super) fn open(
        args: &BenchArgs,
        targets: &Targets,
        control: &mut Control,
    ) -> Result<Self, BenchError> {
        let run = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_nanos() as u64);
        let plan = plan(args, targets, control, run)?;
        let poll = Poll::new().map_err(BenchError::Broken)?;
        let mut connections = Vec::new();
        for slots in plan {
            let mut connection =
                Connection::open(args.broker, slots).map_err(|cause| BenchError::Connect {
                    broker: args.broker,
                    cause,
                })?;
            let token = Token(connections.len());
            poll.registry()
                .register(
                    &mut connection.stream,
                    token,
                    Interest::READABLE | Interest::WRITABLE,
                )
                .map_err(BenchError::Broken)?;
            connections.push(connection);
        }
        let now = Instant::now();
        let producing = args.mode == Mode::Produce;
        let mut load = Self {
            poll,
            connections,
            senders: if producing {
                args.connections as usize
            } else {
                0
            },
            one_way: args.one_way,
            buffer: vec![0; READ_BYTES],
            idle: VecDeque::new(),
            later: BinaryHeap::new(),
            answered: Vec::new(),
            pace: Pace::new(
                if producing { args.rate } else { 0 },
                args.messages_per_request(),
                now,
            ),
            cold_gap: match args.cold_rate {
                0 => Duration::ZERO,
                rate => Duration::from_secs_f64(1.0 / rate as f64),
            },
            cold_next: now,
            shared: Shared {
                keys: 0,
                stamp: Stamp::new(run as u32, now),
            },
            sent: 0,
            main: Tally::new(now),
            groups: Tally::new(now),
            cold: Tally::new(now),
            progress: Progress::new(args),
            second_began: now,
        };
        load.start_all()?;
        Ok(load)
    }

    /// The measured time begins now.
    pub(super) fn begin(&mut self) -> Instant {
        let now = Instant::now();
        for tally in [&mut self.main, &mut self.groups, &mut self.cold] {
            tally.begin(now);
        }
        self.second_began = now;
        now
    }

    /// The generator stood still until now: what waited for it has no latency.
    pub(super) fn goes_on(&mut self) {
        let now = Instant::now();
        for tally in [&mut self.main, &mut self.groups, &mut self.cold] {
            tally.goes_on(now);
        }
    }

    /// What was measured, taken out.
    pub(super) fn tallies(&mut self) -> (Tally, Tally, Tally) {
        let now = Instant::now();
        let take = |tally: &mut Tally| std::mem::replace(tally, Tally::new(now));
        (
            take(&mut self.main),
            take(&mut self.groups),
            take(&mut self.cold),
        )
    }

    /// Messages of the load since the last beginning.
    pub(super) fn messages(&self) -> u64 {
        match self.main.messages {
            0 => self.groups.messages + self.cold.messages,
            messages => messages,
        }
    }

    /// Messages queued for sending since the start.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// How far a paced run is behind its plan.
    pub(super) fn behind(&self) -> Option<Duration> {
        let now = Instant::now();
        self.pace.as_ref().map(|pace| pace.behind(now))
    }

    fn start_all(&mut self) -> Result<(), BenchError> {
        for index in 0..self.connections.len() {
            for slot in 0..self.connections[index].slots() {
                if index < self.senders && (self.pace.is_some() || self.one_way) {
                    self.idle.push_back((index, slot));
                } else {
                    self.queue(index, slot, Instant::now());
                }
            }
            self.flush(index)?;
        }
        if self.pace.is_none() {
            self.idle.clear();
        } else {
            // One slot of each connection after the other, not one connection after the other.
            self.idle.make_contiguous().sort_by_key(|(_, slot)| *slot);
        }
        Ok(())
    }

    fn queue(&mut self, index: usize, slot: u32, since: Instant) {
        let messages = self.connections[index].queue(slot, since, &mut self.shared);
        self.sent += messages;
        if self.one_way && index < self.senders {
            self.main.answered(messages);
        }
    }

    fn flush(&mut self, index: usize) -> Result<(), BenchError> {
        self.connections[index].flush().map_err(BenchError::Broken)
    }

    /// Runs the load for a while.
    pub(super) fn turn_for(&mut self, length: Duration, phase: &str) -> Result<(), BenchError> {
        let end = Instant::now() + length;
        let mut events = Events::with_capacity(1024);
        loop {
            let now = Instant::now();
            let second_over = self.second_began + SECOND <= now;
            if second_over || end <= now {
                self.end_second(now, phase);
            }
            if end <= now {
                return Ok(());
            }
            let wait = self.wait(now, end.min(self.second_began + SECOND));
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
            self.send_one_way()?;
            self.read_due()?;
        }
    }

    /// How long the poll may wait. A paced run spins: the poll's own timer is too coarse, and the generator has a
    /// core to itself.
    fn wait(&self, now: Instant, end: Instant) -> Duration {
        let senders = &self.connections[..self.senders];
        if self.pace.is_some() || (self.one_way && !senders.iter().all(Connection::is_blocked)) {
            return Duration::ZERO;
        }
        let due = self.later.peek().map_or(end, |Reverse((due, ..))| *due);
        due.min(end).saturating_duration_since(now)
    }

    fn end_second(&mut self, now: Instant, phase: &str) {
        let length = now.saturating_duration_since(self.second_began);
        self.second_began = now;
        let mut points = Vec::new();
        let mut refused = 0;
        let streams = [
            ("load", &mut self.main),
            ("end to end", &mut self.groups),
            ("cold", &mut self.cold),
        ];
        for (name, tally) in streams {
            let point = tally.end_second(now, length);
            if point.rate > 0.0 {
                points.push((name, point));
            }
            refused += tally.refused.values().sum::<u64>();
        }
        self.progress.second(phase, &points, refused);
    }

    fn serve(&mut self, index: usize, readable: bool) -> Result<(), BenchError> {
        if readable {
            let now = Instant::now();
            self.read(index, now)?;
            let mut answered = std::mem::take(&mut self.answered);
            for answered in answered.drain(..) {
                self.again(index, &answered, now);
            }
            self.answered = answered;
        }
        self.flush(index)
    }

    fn read(&mut self, index: usize, now: Instant) -> Result<(), BenchError> {
        let Self {
            connections,
            buffer,
            answered,
            shared,
            main,
            groups,
            cold,
            ..
        } = self;
        connections[index].read(buffer, |reply, slot, started| {
            let stream = slot.stream();
            let tally = match stream {
                Stream::Main => &mut *main,
                Stream::Groups => &mut *groups,
                Stream::Cold => &mut *cold,
            };
            let moved = slot.answered(reply, &shared.stamp, |sent| tally.took(sent, now));
            let (messages, refused) = match moved {
                Ok(moved) => (moved.messages, false),
                Err(code) => {
                    tally.refused(code);
                    (0, true)
                }
            };
            if !refused {
                tally.answered(messages);
                // Held pulls take as long as nobody sends: their latency would say nothing.
                if stream != Stream::Groups {
                    tally.took(started, now);
                }
            }
            answered.push(Answered {
                slot: reply.slot,
                stream,
                messages,
                refused,
            });
        })
    }

    /// A slot was answered: when does it go on?
    fn again(&mut self, index: usize, answered: &Answered, now: Instant) {
        let slot = answered.slot;
        let sender = index < self.senders;
        if sender && self.pace.is_some() {
            self.idle.push_back((index, slot));
        } else if answered.refused && !sender {
            self.later.push(Reverse((now + REFUSED_WAIT, index, slot)));
        } else if answered.stream == Stream::Cold && !self.cold_gap.is_zero() {
            // At the end of a queue nothing moves: do not ask in a tight loop.
            let messages = u32::try_from(answered.messages.max(1)).unwrap_or(u32::MAX);
            let gap = self.cold_gap * messages;
            self.cold_next = self.cold_next.max(now) + gap;
            self.later.push(Reverse((self.cold_next, index, slot)));
        } else {
            self.queue(index, slot, now);
        }
    }

    fn send_due(&mut self) -> Result<(), BenchError> {
        let Some(mut pace) = self.pace else {
            return Ok(());
        };
        let now = Instant::now();
        while pace.due() <= now {
            let Some((index, slot)) = self.idle.pop_front() else {
                break;
            };
            if self.one_way {
                self.idle.push_back((index, slot));
                if self.connections[index].is_blocked() {
                    break;
                }
            }
            self.queue(index, slot, pace.due());
            self.flush(index)?;
            pace.advance();
        }
        self.pace = Some(pace);
        Ok(())
    }

    /// Without replies and without a plan, each socket gets as much as it takes.
    fn send_one_way(&mut self) -> Result<(), BenchError> {
        if !self.one_way || self.pace.is_some() {
            return Ok(());
        }
        let now = Instant::now();
        for index in 0..self.senders {
            if !self.connections[index].is_blocked() {
                for slot in 0..self.connections[index].slots() {
                    self.queue(index, slot, now);
                }
                self.flush(index)?;
            }
        }
        Ok(())
    }

    fn read_due(&mut self) -> Result<(), BenchError> {
        if self.later.is_empty() {
            return Ok(());
        }
        let now = Instant::now();
        while let Some(Reverse((due, index, slot))) = self.later.peek().copied() {
            if now < due {
                break;
            }
            self.later.pop();
            self.queue(index, slot, now);
            self.flush(index)?;
        }
        Ok(())
    }
}

/// The slots of every connection: senders or readers first, then a connection per group, then the cold reader.
fn plan(
    args: &BenchArgs,
    targets: &Targets,
    control: &mut Control,
    run: u64,
) -> Result<Vec<Vec<Slot>>, BenchError> {
    let mut plan = Vec::new();
    let slots = u64::from(args.connections) * u64::from(args.in_flight);
    let connections = match args.mode {
        Mode::Consume => 0,
        Mode::Produce | Mode::Pull => args.connections,
    };
    for connection in 0..connections {
        let slots = (0..args.in_flight).map(|slot| {
            let number = u64::from(connection) * u64::from(args.in_flight) + u64::from(slot);
            match args.mode {
                Mode::Produce => Slot::Send {
                    prepared: PreparedSend::new(slot, &send_spec(args, run)),
                    targets: targets.clone(),
                    next: targets.first_of(number, slots),
                    messages: args.messages_per_request(),
                },
                Mode::Pull | Mode::Consume => Slot::Read(Reader {
                    group: "bench-consumer".into(),
                    stream: Stream::Main,
                    targets: targets.clone(),
                    target: number,
                    stride: slots,
                    offset: 0,
                    count: args.batch,
                }),
            }
        });
        plan.push(slots.collect());
    }
    if args.groups > 0 {
        let ends = match args.from {
            From::Tail => control.max_offsets(targets)?,
            From::Begin => vec![0; targets.count() as usize],
        };
        for group in 0..args.groups {
            let queues = ends.iter().zip(0..).map(|(&offset, target)| {
                Slot::Read(Reader {
                    group: format!("bench-consumer-{group}"),
                    stream: Stream::Groups,
                    targets: targets.clone(),
                    target,
                    stride: 0,
                    offset,
                    count: args.pull_batch,
                })
            });
            plan.push(queues.collect());
        }
    }
    if args.cold_reader {
        let topic = args.cold_topic.clone();
        let topic = topic.unwrap_or_else(|| args.topic_name(0));
        let targets = Targets::new(vec![topic], args.queues);
        // All queues side by side, as a consumer does.
        let queues = (0..targets.count()).map(|target| {
            Slot::Read(Reader {
                group: "bench-cold-reader".into(),
                stream: Stream::Cold,
                targets: targets.clone(),
                target,
                stride: targets.count(),
                offset: 0,
                count: COLD_BATCH,
            })
        });
        plan.push(queues.collect());
    }
    Ok(plan)
}

fn send_spec(args: &BenchArgs, run: u64) -> SendSpec {
    SendSpec {
        queues: args.queues,
        size: args.size,
        batch: args.batch,
        one_way: args.one_way,
        run,
    }
}
