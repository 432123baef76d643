//! Kills the broker without warning, again and again: nothing that was acknowledged may be lost.
//!
//! Eight producers send into a few queues over connections of their own, a few requests in flight each. At a random
//! moment the process is killed and started again on the same folder. Then every message acknowledged so far must be
//! where its reply said (queue, offset, id), once, and each producer's messages must lie in each queue in the order
//! they were sent in.
//!
//! Rounds: `FERROMQ_KILL_ROUNDS` (default 3), queues: `FERROMQ_KILL_QUEUES` (default 4), seed: `FERROMQ_KILL_SEED`
//! (default: the time), binary: `FERROMQ_BIN` (default: the one built with the test), and how long a start may take: `FERROMQ_KILL_READY_MILLIS` (default 30000; an
//! optimised one on an idle machine manages 2000).

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ferromq_wire::code::ResponseCode;
use ferromq_wire::message::id::OffsetMsgId;
use ferromq_wire::message::record::records;

use crate::client::{Client, Placed, placed, send_command_of};
use crate::process::{Process, ferromq, standalone};

const TOPIC: &str = "kill-test";
const PRODUCERS: u64 = 8;
/// Requests of one producer on their way at a time.
const IN_FLIGHT: usize = 4;
/// Longest start with a store that was not closed.
const READY_MILLIS: u64 = 30_000;

#[test]
fn asynchronous_flush_keeps_what_was_acknowledged() {
    run("async", "flushDiskType=ASYNC_FLUSH\n");
}

#[test]
fn synchronous_flush_keeps_what_was_acknowledged() {
    run("sync", "flushDiskType=SYNC_FLUSH\n");
}

/// A small generator of random numbers (xorshift).
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// Everything acknowledged so far, by queue and offset: the id and the body.
type Acked = BTreeMap<(i32, i64), (String, Vec<u8>)>;

fn run(name: &str, config: &str) {
    let rounds = number("FERROMQ_KILL_ROUNDS").unwrap_or(3);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos() as u64;
    let seed = number("FERROMQ_KILL_SEED").unwrap_or(now) | 1;
    println!("{name}: {rounds} rounds, FERROMQ_KILL_SEED={seed}");
    let mut random = Random(seed);
    let limit = number("FERROMQ_KILL_READY_MILLIS").unwrap_or(READY_MILLIS);
    let limit = Duration::from_millis(limit);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("broker.conf");
    // Small files, so that kills hit moments of rolling over, too.
    let sizes = "minFreeDiskBytes=1\nmappedFileSizeCommitLog=1048576\nmappedFileSizeConsumeQueue=20000\nmaxHashSlotNum=1000\nmaxIndexNum=4000\n";
    let queues = format!("defaultTopicQueueNums={}\n", queues());
    std::fs::write(&file, format!("{config}{sizes}{queues}")).unwrap();
    let mut acked = Acked::new();
    let mut process = start(dir.path(), &file);
    for round in 0..rounds {
        let moment = Duration::from_millis(20 + random.below(1500));
        let new = load_and_kill(&mut process, round, moment, &mut random);
        // Everything again now and then and at the end; in between what is new, since reading takes most of the time.
        let is_full = round % 10 == 9 || round + 1 == rounds;
        let from = if is_full {
            BTreeMap::new()
        } else {
            firsts(&new)
        };
        for (place, message) in new {
            let before = acked.insert(place, message);
            assert_eq!(before, None, "round {round}: place {place:?} given twice");
        }
        process = start(dir.path(), &file);
        println!(
            "{name}: round {round}: killed after {moment:?}, {} acknowledged so far, ready again after {:?}",
            acked.len(),
            process.ready_after
        );
        assert!(process.ready_after <= limit, "not ready in time");
        verify(process.address("broker"), &acked, &from);
    }
    assert!(!acked.is_empty());
    process.terminate();
    assert!(process.end().0.success());
}

/// How many queues are sent to.
fn queues() -> i32 {
    number("FERROMQ_KILL_QUEUES").map_or(4, |n| i32::try_from(n).unwrap())
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn start(dir: &Path, file: &Path) -> Process {
    let data = dir.join("data");
    let mut arguments = standalone(&data);
    arguments.extend(["-c", file.to_str().unwrap()]);
    Process::start(ferromq(), &arguments, "ready")
}

/// Runs the producers, kills the process `moment` later, and returns what was acknowledged.
fn load_and_kill(
    process: &mut Process,
    round: u64,
    moment: Duration,
    random: &mut Random,
) -> Acked {
    let address = process.address("broker");
    std::thread::scope(|scope| {
        let producers: Vec<_> = (0..PRODUCERS)
            .map(|producer| {
                let random = Random(random.next() | 1);
                scope.spawn(move || produce(address, round, producer, random))
            })
            .collect();
        std::thread::sleep(moment);
        process.kill();
        let acked = producers
            .into_iter()
            .flat_map(|producer| producer.join().unwrap());
        acked
            .map(|(place, body)| ((place.queue, place.offset), (place.id, body)))
            .collect()
    })
}

/// Sends until the connection breaks; returns what was acknowledged.
fn produce(
    address: SocketAddr,
    round: u64,
    producer: u64,
    mut random: Random,
) -> Vec<(Placed, Vec<u8>)> {
    let mut acked = Vec::new();
    let Ok(mut client) = Client::connect(address) else {
        return acked;
    };
    let mut waiting: VecDeque<(i32, Vec<u8>)> = VecDeque::new();
    let queues = queues();
    for sequence in 0_u64.. {
        let queue = random.below(queues as u64) as i32;
        let mut body = format!("{round} {producer} {sequence} ").into_bytes();
        body.resize(body.len() + random.below(3000) as usize, b'.');
        let Ok(opaque) = client.request(send_command_of(TOPIC, (queue, queues), &body)) else {
            break;
        };
        waiting.push_back((opaque, body));
        if waiting.len() >= IN_FLIGHT && !take_reply(&mut client, &mut waiting, &mut acked) {
            break;
        }
    }
    // Replies that had arrived before the end count as well.
    while take_reply(&mut client, &mut waiting, &mut acked) {}
    acked
}

/// Takes the next reply; false if the connection has ended.
fn take_reply(
    client: &mut Client,
    waiting: &mut VecDeque<(i32, Vec<u8>)>,
    acked: &mut Vec<(Placed, Vec<u8>)>,
) -> bool {
    let Ok(response) = client.response() else {
        return false;
    };
    let at = waiting
        .iter()
        .position(|(opaque, _)| *opaque == response.opaque);
    let (_, body) = waiting.remove(at.unwrap()).unwrap();
    acked.push((placed(&response).unwrap(), body));
    true
}

/// The lowest offset of each queue.
fn firsts(messages: &Acked) -> BTreeMap<i32, i64> {
    let mut firsts = BTreeMap::new();
    for &(queue, offset) in messages.keys() {
        // Keys come in order.
        firsts.entry(queue).or_insert(offset);
    }
    firsts
}

/// Reads the queues, each from its offset in `from` or else 0, and compares with what was acknowledged.
fn verify(address: SocketAddr, acked: &Acked, from: &BTreeMap<i32, i64>) {
    let mut client = Client::connect(address).unwrap();
    let (mut found, mut wanted) = (0, 0);
    for queue in 0..queues() {
        let mut offset = from.get(&queue).copied().unwrap_or(0);
        wanted += acked.range((queue, offset)..=(queue, i64::MAX)).count();
        let mut last: BTreeMap<(u64, u64), u64> = BTreeMap::new();
        loop {
            let response = client.pull(TOPIC, queue, offset).unwrap();
            if response.response_code() == ResponseCode::TOPIC_NOT_EXIST {
                assert!(acked.is_empty(), "the topic is lost");
                return;
            }
            if response.response_code() != ResponseCode::SUCCESS {
                let max: i64 = response.ext.get("maxOffset").unwrap().parse().unwrap();
                assert_eq!(offset, max, "queue {queue}: {:?}", response.remark);
                break;
            }
            for record in records(&response.body) {
                assert_eq!(
                    record.queue_offset().to_wire(),
                    offset,
                    "queue {queue} has a gap"
                );
                record.check_body().unwrap();
                let id = OffsetMsgId {
                    host: record.store_host(),
                    offset: record.physical_offset(),
                };
                let mut text = Vec::new();
                id.write(&mut text);
                if let Some((acked_id, body)) = acked.get(&(queue, offset)) {
                    assert_eq!(record.body(), body, "queue {queue} offset {offset}");
                    assert_eq!(acked_id.as_bytes(), text, "queue {queue} offset {offset}");
                    found += 1;
                }
                let (sender, sequence) = sender_of(record.body());
                let before = last.insert(sender, sequence);
                assert!(
                    before < Some(sequence),
                    "queue {queue} offset {offset}: out of order"
                );
                offset += 1;
            }
        }
    }
    assert_eq!(found, wanted, "acknowledged messages are missing");
}

/// Round and producer, and sequence number, of a body.
fn sender_of(body: &[u8]) -> ((u64, u64), u64) {
    let text = std::str::from_utf8(body).unwrap();
    let mut numbers = text.split(' ').map_while(|word| word.parse().ok());
    let mut next = || numbers.next().unwrap();
    ((next(), next()), next())
}
