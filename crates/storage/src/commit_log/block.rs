//! One part of the log in memory.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use ferromq_disk::AlignedBytes;

/// Size of a block in bytes, but for the last one of a file of the log.
pub(super) const BLOCK_BYTES: usize = 128 * 1024;
/// Records are longer than this, so that at most one begins in as many bytes.
const GRAIN_BYTES: usize = 64;

/// Consecutive bytes of one file of the log.
#[derive(Debug)]
pub(super) struct Block {
    /// Log offset of the first.
    from: u64,
    len: usize,
    bytes: AlignedBytes,
    /// One bit for every [`GRAIN_BYTES`]: the record that begins there is as it was sent.
    good: Box<[AtomicU64]>,
    /// Bytes copied out of it.
    served: AtomicU32,
}

impl Default for Block {
    /// An empty one.
    fn default() -> Self {
        Self {
            from: 0,
            len: 0,
            bytes: AlignedBytes::zeroed(BLOCK_BYTES),
            good: (0..BLOCK_BYTES / GRAIN_BYTES / 64)
                .map(|_| AtomicU64::new(0))
                .collect(),
            served: AtomicU32::new(0),
        }
    }
}

impl Block {
    /// Log offset of the first byte.
    pub(super) fn start(&self) -> u64 {
        self.from
    }

    /// How many bytes were copied out of it.
    pub(super) fn served(&self) -> usize {
        self.served.load(Ordering::Relaxed) as usize
    }

    /// Makes this the block of `len` bytes at `from`, which are to be filled.
    pub(super) fn begin(&mut self, from: u64, len: usize) {
        self.from = from;
        self.len = len;
        *self.served.get_mut() = 0;
        for word in &mut self.good {
            *word.get_mut() = 0;
        }
    }

    /// The bytes to fill.
    pub(super) fn space(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.len]
    }

    /// Whether the byte at log offset `at` is here.
    pub(super) fn holds(&self, at: u64) -> bool {
        (self.from..self.from + self.len as u64).contains(&at)
    }

    /// The bytes from log offset `at` on, at most `len`.
    pub(super) fn bytes(&self, at: u64, len: usize) -> &[u8] {
        let skip = usize::try_from(at - self.from).unwrap_or(usize::MAX);
        let bytes = self.bytes[..self.len].get(skip..).unwrap_or_default();
        let bytes = &bytes[..len.min(bytes.len())];
        let count = u32::try_from(bytes.len()).unwrap_or(0);
        self.served.fetch_add(count, Ordering::Relaxed);
        bytes
    }

    fn bit(&self, at: u64) -> (&AtomicU64, u64) {
        let grain = usize::try_from(at - self.from).unwrap_or(0) / GRAIN_BYTES;
        (&self.good[grain / 64], 1 << (grain % 64))
    }

    /// Whether the record that begins at log offset `at` has been found to be as it was sent.
    pub(super) fn is_good(&self, at: u64) -> bool {
        let (word, bit) = self.bit(at);
        word.load(Ordering::Relaxed) & bit != 0
    }

    /// The record that begins at log offset `at` is as it was sent.
    pub(super) fn set_good(&self, at: u64) {
        let (word, bit) = self.bit(at);
        word.fetch_or(bit, Ordering::Relaxed);
    }
}
