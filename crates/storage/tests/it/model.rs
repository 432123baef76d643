//! The store against a model of it: a list of messages per queue, over appends, restarts, kills and power cuts.

use std::sync::Arc;

use ferromq_base::QueueId;
use ferromq_storage::{FlushMode, Store};
use ferromq_testkit::{SimDisk, Unsynced};
use proptest::prelude::*;

use crate::support::{
    ASYNC, bodies, forget_checkpoint, message, open_on, push_as, read, simulated,
};

/// What is done to the store.
#[derive(Clone, Debug)]
enum Step {
    /// Append a turn: queue and body size of each message, and whether it is bound to the one before.
    Append(Vec<(u32, usize, bool)>),
    /// Read some messages of a queue from a place.
    Read(u32, u64, u32),
    /// Stop cleanly and start.
    Restart,
    /// Stop cleanly and start without our own checkpoint, as a RocketMQ broker would.
    Forget,
    /// Die and start.
    Kill,
    /// Lose power and start; the seed decides what survives of what was not synced.
    PowerCut(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let one = (0..5_u32, 0..900_usize, any::<bool>());
    prop_oneof![
        6 => prop::collection::vec(one, 1..12).prop_map(Step::Append),
        3 => (0..5_u32, 0..60_u64, 1..20_u32).prop_map(|(q, from, n)| Step::Read(q, from, n)),
        1 => Just(Step::Restart),
        1 => Just(Step::Forget),
        1 => Just(Step::Kill),
        1 => any::<u64>().prop_map(Step::PowerCut),
    ]
}

/// A store and what it should hold: queue and body of every message, in the order of the log.
struct Run {
    disk: SimDisk,
    flush: FlushMode,
    store: Arc<Store>,
    log: Vec<(u32, Vec<u8>)>,
    counter: u32,
}

impl Run {
    fn queue(&self, queue: u32) -> Vec<Vec<u8>> {
        let of_queue = self.log.iter().filter(|(q, _)| *q == queue);
        of_queue.map(|(_, body)| body.clone()).collect()
    }

    fn append(&mut self, messages: &[(u32, usize, bool)]) {
        let mut turn = self.store.turn();
        for &(queue, size, bound) in messages {
            self.counter += 1;
            let mut body = self.counter.to_be_bytes().to_vec();
            body.resize(4 + size, self.counter as u8);
            // A bound group of four of the largest just fits a file.
            let bound = bound && !turn.len().is_multiple_of(4);
            push_as(&self.store, &mut turn, &message("T", queue, &body), bound);
            self.log.push((queue, body));
        }
        self.store.append_wait(&mut turn).unwrap();
    }

    fn check_read(&self, queue: u32, from: u64, count: u32) {
        let expected = self.queue(queue);
        let handle = self.store.queue("T", QueueId(queue));
        assert_eq!(handle.max().0, expected.len() as u64);
        let (outcome, found) = read(&self.store, &handle, from, count);
        let from = usize::try_from(from).unwrap();
        assert_eq!(found.is_empty(), expected.len() <= from, "{outcome:?}");
        if from < expected.len() {
            assert_eq!(found, expected[from..from + found.len()]);
        }
    }

    fn reopen(&mut self) {
        self.store = open_on(&self.disk, simulated(self.flush));
        // With asynchronous flush a power cut may have taken an end of the log: find out how much of it.
        let mut left = 0;
        for queue in 0..5 {
            left += bodies(&self.store, "T", queue).len();
        }
        assert!(left <= self.log.len(), "there are messages nobody sent");
        self.log.truncate(left);
        for queue in 0..5 {
            assert_eq!(bodies(&self.store, "T", queue), self.queue(queue));
        }
    }

    fn take(&mut self, step: &Step) {
        let before = self.log.len();
        match step {
            Step::Append(messages) => return self.append(messages),
            Step::Read(queue, from, count) => return self.check_read(*queue, *from, *count),
            Step::Restart => self.store.close().unwrap(),
            Step::Forget => {
                self.store.close().unwrap();
                forget_checkpoint(&self.disk);
            }
            Step::Kill => {}
            Step::PowerCut(seed) => self.disk = self.disk.power_cut(Unsynced::Some(*seed)),
        }
        let cut = matches!(step, Step::PowerCut(_)) && self.flush != FlushMode::Sync;
        // A store that was not closed leaves its lock on the disk it was on; drop it first.
        self.store = open_on(&SimDisk::new(), simulated(self.flush));
        self.reopen();
        assert!(
            cut || before == self.log.len(),
            "acknowledged messages are lost"
        );
    }
}

fn run(flush: FlushMode, steps: &[Step]) {
    let disk = SimDisk::new();
    let mut run = Run {
        store: open_on(&disk, simulated(flush)),
        disk,
        flush,
        log: Vec::new(),
        counter: 0,
    };
    for step in steps {
        run.take(step);
    }
    run.take(&Step::Restart);
    run.take(&Step::Kill);
}

/// Few by default, to be quick; `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    let asked = std::env::var("PROPTEST_CASES");
    asked.ok().and_then(|n| n.parse().ok()).unwrap_or(48)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn async_flush_behaves_like_the_model(steps in prop::collection::vec(step(), 1..30)) {
        run(ASYNC, &steps);
    }

    #[test]
    fn sync_flush_behaves_like_the_model(steps in prop::collection::vec(step(), 1..30)) {
        run(FlushMode::Sync, &steps);
    }
}

/// The queue file of a message survived the power cut, the message did not, and a restart without checkpoint before
/// had taken the file as it was.
#[test]
fn queue_entries_of_lost_messages_are_dropped() {
    let steps = [
        Step::Append(vec![(0, 0, false), (1, 0, false)]),
        Step::Kill,
        Step::PowerCut(12_892_925_282_143_779_076),
    ];
    run(ASYNC, &steps);
}

/// A queue file that recovery wrote to was forgotten before it was synced for the checkpoint.
#[test]
fn queue_files_written_by_recovery_are_synced_for_the_checkpoint() {
    let steps = [
        Step::Append(vec![(0, 0, false)]),
        Step::PowerCut(0),
        Step::Restart,
        Step::PowerCut(673_796_209_998_788_034),
    ];
    run(ASYNC, &steps);
}

/// A queue file was made anew by a process that died before it synced the folder.
#[test]
fn names_of_queue_files_that_recovery_finds_are_synced_for_the_checkpoint() {
    let append = |queues: &[u32]| Step::Append(queues.iter().map(|&q| (q, 0, false)).collect());
    let steps = [
        append(&[2, 4]),
        Step::Restart,
        append(&[1, 0]),
        Step::Kill,
        Step::Kill,
        Step::Restart,
        append(&[2]),
        Step::PowerCut(6_831_669_405_035_348_752),
        Step::Kill,
        Step::Restart,
        Step::PowerCut(11_572_277_426_107_159_139),
    ];
    run(ASYNC, &steps);
}
