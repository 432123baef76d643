//! The newest bytes of the log, in memory, for readers at the tail.
//!
//! A ring of chunks, each under its own lock: an append locks only the chunk it writes to, so that it waits for
//! readers of the very newest bytes at most, and for the time of a copy.
//!
//! It is filled only while somebody reads near the end of the log: a copy that nobody looks at costs as much as the
//! record's first one, because it goes through memory that no cache holds.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;

/// Size of a chunk in bytes.
const CHUNK_BYTES: u64 = 128 * 1024;

/// The ring. A byte at log offset `o` belongs into chunk `o / CHUNK_BYTES` modulo the number of chunks.
#[derive(Debug)]
pub(crate) struct Ring {
    chunks: Box<[RwLock<Chunk>]>,
    /// Bytes from this log offset on are not kept.
    wanted_to: AtomicU64,
}

/// Consecutive bytes of the log from `from` on. Takes no memory before its first byte.
#[derive(Debug, Default)]
struct Chunk {
    from: u64,
    bytes: Vec<u8>,
}

impl Ring {
    /// A ring of about `bytes` bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        let count = (bytes as u64).div_ceil(CHUNK_BYTES).max(2);
        Self {
            chunks: (0..count).map(|_| RwLock::default()).collect(),
            wanted_to: AtomicU64::new(0),
        }
    }

    /// Has bytes kept until the log has grown by two rings from `at` on, where somebody has read. So one who is never more
    /// than a ring behind finds everything here but what it reads first.
    pub(super) fn want(&self, at: u64) {
        let bytes = CHUNK_BYTES * self.chunks.len() as u64;
        if self.wanted_to.load(Ordering::Relaxed) < at + bytes {
            self.wanted_to.fetch_max(at + 2 * bytes, Ordering::Relaxed);
        }
    }

    fn chunk(&self, at: u64) -> &RwLock<Chunk> {
        let i = (at / CHUNK_BYTES) % self.chunks.len() as u64;
        &self.chunks[usize::try_from(i).expect("less than the number of chunks")]
    }

    /// Copies bytes in, if somebody wants them. They follow those of the call before, or lie further on.
    pub(crate) fn put(&self, mut at: u64, mut bytes: &[u8]) {
        if self.wanted_to.load(Ordering::Relaxed) <= at {
            return;
        }
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(room_in_chunk(at)));
            let mut chunk = self.chunk(at).write();
            if chunk.from + chunk.bytes.len() as u64 != at || at.is_multiple_of(CHUNK_BYTES) {
                chunk.from = at;
                chunk.bytes.clear();
            }
            if chunk.bytes.capacity() == 0 {
                chunk.bytes.reserve_exact(CHUNK_BYTES as usize);
            }
            chunk.bytes.extend_from_slice(now);
            at += now.len() as u64;
            bytes = later;
        }
    }

    /// Appends `len` bytes from `at` on to `out`; false, with `out` as before, if they are not all here.
    pub(crate) fn copy(&self, mut at: u64, len: usize, out: &mut Vec<u8>) -> bool {
        let before = out.len();
        let mut left = len;
        while 0 < left {
            let step = left.min(room_in_chunk(at));
            let chunk = self.chunk(at).read();
            let found = at
                .checked_sub(chunk.from)
                .and_then(|skip| usize::try_from(skip).ok())
                .and_then(|skip| chunk.bytes.get(skip..skip.checked_add(step)?));
            let Some(found) = found else {
                out.truncate(before);
                return false;
            };
            out.extend_from_slice(found);
            at += step as u64;
            left -= step;
        }
        self.want(at);
        true
    }
}

/// Bytes from `at` to the end of its chunk.
fn room_in_chunk(at: u64) -> usize {
    usize::try_from(CHUNK_BYTES - at % CHUNK_BYTES).expect("at most the size of a chunk")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(at: u64, len: usize) -> Vec<u8> {
        (at..at + len as u64).map(|o| (o % 251) as u8).collect()
    }

    #[test]
    fn holds_the_newest_bytes_and_says_when_they_are_gone() {
        let ring = Ring::new(2 * CHUNK_BYTES as usize);
        ring.want(1_000_000);
        let mut at = 1000;
        for len in [5_usize, 100_000, 7, 300_000, 1, 65_536] {
            ring.put(at, &bytes(at, len));
            at += len as u64;
        }
        let mut out = b"x".to_vec();
        assert!(ring.copy(at - 70_000, 70_000, &mut out));
        assert_eq!(out[1..], bytes(at - 70_000, 70_000));
        assert!(!ring.copy(1000, 5, &mut out), "overwritten");
        assert!(!ring.copy(at - 1, 2, &mut out), "not yet there");
        assert_eq!(out.len(), 70_001, "a miss leaves the buffer as it was");
    }

    #[test]
    fn a_gap_forgets_what_was_before_it_in_the_chunk() {
        let ring = Ring::new(0);
        ring.want(10);
        ring.put(10, b"abc");
        ring.put(100, b"def");
        let mut out = Vec::new();
        assert!(!ring.copy(10, 3, &mut out));
        assert!(ring.copy(101, 2, &mut out));
        assert_eq!(out, b"ef");
    }

    #[test]
    fn bytes_are_kept_while_somebody_reads_near_the_end() {
        let ring = Ring::new(0);
        let ring_bytes = 2 * CHUNK_BYTES;
        let mut out = Vec::new();
        let keeps = |at: u64| {
            ring.put(at, b"abc");
            ring.chunk(at).read().from == at
        };
        assert!(!keeps(10), "nobody has read");
        ring.want(10);
        assert!(keeps(10 + ring_bytes), "a reader may be a ring behind");
        assert!(!keeps(10 + 2 * ring_bytes), "nobody has read for so long");
        ring.want(20);
        assert!(!keeps(10 + 2 * ring_bytes), "a reader far behind");
        assert!(ring.copy(10 + ring_bytes, 3, &mut out));
        assert!(keeps(10 + 2 * ring_bytes), "what is found is read too");
    }
}
