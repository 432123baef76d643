//! Several threads append while others read: order, offsets and bytes hold at every moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ferromq_base::{LogOffset, QueueId, QueueOffset};
use ferromq_storage::{FlushMode, ReadLimits, Store};
use ferromq_wire::message::record;

use crate::support::{ASYNC, bodies, message, open, push, small};

const THREADS: u32 = 4;
const TURNS: u32 = 150;
const QUEUES: u32 = 3;

/// Appends turns of various sizes; checks every place it is told.
fn append(store: &Store, thread: u32) {
    let mut turn = store.turn();
    let mut sent = [0_u32; QUEUES as usize];
    for round in 0..TURNS {
        for k in 0..=(round + thread) % 5 {
            let queue = (round + k) % QUEUES;
            let number = &mut sent[queue as usize];
            let mut body = [thread.to_be_bytes(), number.to_be_bytes()].concat();
            body.resize(20 + (round * 7 % 600) as usize, thread as u8);
            *number += 1;
            push(store, &mut turn, &message("T", queue, &body));
        }
        let end = store.append_wait(&mut turn).unwrap();
        assert!(end.0 <= store.ackable().value());
        let mut out = Vec::new();
        for i in 0..turn.len() {
            let placed = turn.placed(i);
            out.clear();
            store.record_at(placed.log_offset, &mut out).unwrap();
            assert_eq!(out.len(), placed.size as usize);
            let stored = record::records(&out).next().unwrap();
            assert_eq!(stored.queue_offset(), placed.queue_offset);
            assert_eq!(stored.body()[..4], thread.to_be_bytes());
        }
        turn.clear();
    }
}

/// Reads a queue from its start as it grows, until told that nothing comes any more.
fn follow(store: &Store, queue: u32, done: &AtomicBool) {
    let queue = store.queue("T", QueueId(queue));
    let limits = ReadLimits {
        count: 7,
        bytes: 4000,
    };
    let mut next = 0;
    let mut seen = [0_u32; THREADS as usize];
    let mut log_offset = None;
    loop {
        let finished = done.load(Ordering::SeqCst);
        let mut out = Vec::new();
        let outcome = store
            .read(&queue, QueueOffset(next), limits, &|_| true, &mut out)
            .unwrap();
        for record in record::records(&out) {
            assert_eq!(record.queue_offset(), QueueOffset(next));
            assert!(log_offset < Some(record.physical_offset()));
            record.check_body().unwrap();
            log_offset = Some(record.physical_offset());
            let word = |at| u32::from_be_bytes(*record.body()[at..].first_chunk().unwrap());
            // The messages of one thread keep their order.
            let of_thread = &mut seen[word(0) as usize];
            assert_eq!(word(4), *of_thread);
            *of_thread += 1;
            next += 1;
        }
        assert_eq!(outcome.next_begin.0, next);
        if finished && outcome.count == 0 {
            assert_eq!(queue.max().0, next);
            return;
        }
    }
}

fn run(flush: FlushMode) {
    let dir = tempfile::tempdir().unwrap();
    let mut config = small(dir.path());
    config.flush = flush;
    config.segment_bytes = 256 * 1024;
    let store = open(config.clone());
    let done = Arc::new(AtomicBool::new(false));
    std::thread::scope(|scope| {
        for queue in 0..QUEUES {
            let (store, done) = (&store, &done);
            scope.spawn(move || follow(store, queue, done));
        }
        let writers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let store = &store;
                scope.spawn(move || append(store, thread))
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        done.store(true, Ordering::SeqCst);
    });
    let before: Vec<_> = (0..QUEUES).map(|q| bodies(&store, "T", q)).collect();
    let end = store.log_range().1;
    drop(store);
    let store = open(config);
    let after: Vec<_> = (0..QUEUES).map(|q| bodies(&store, "T", q)).collect();
    assert!(before == after, "the same from the files as from memory");
    assert!(LogOffset(256 * 1024) < end);
    assert_eq!(store.log_range().1, end);
}

#[test]
fn with_asynchronous_flush() {
    run(ASYNC);
}

#[test]
fn with_synchronous_flush() {
    run(FlushMode::Sync);
}
