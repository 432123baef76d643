//! Memory that a device can write to by itself.

use std::ops::{Deref, DerefMut};

/// Size in bytes, and alignment, of what can be read without the page cache: a page, which is enough for every device.
pub(crate) const ALIGNMENT: usize = 4096;

/// Bytes whose memory begins at the start of a page.
#[derive(Debug)]
pub struct AlignedBytes {
    /// A page longer than what is used of it.
    memory: Box<[u8]>,
    skip: usize,
    len: usize,
}

impl AlignedBytes {
    /// `len` bytes, all zero.
    #[must_use]
    pub fn zeroed(len: usize) -> Self {
        let memory = vec![0; len + ALIGNMENT].into_boxed_slice();
        let skip = memory.as_ptr().align_offset(ALIGNMENT);
        // A pointer that cannot be aligned is not worth a failure: the read then goes through the page cache.
        let skip = if skip <= ALIGNMENT { skip } else { 0 };
        Self { memory, skip, len }
    }
}

impl Deref for AlignedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[self.skip..self.skip + self.len]
    }
}

impl DerefMut for AlignedBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.skip..self.skip + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_begins_at_a_page() {
        for len in [0, 1, 4096, 10_000, 128 << 10] {
            let mut bytes = AlignedBytes::zeroed(len);
            assert_eq!(bytes.len(), len);
            assert!(bytes.as_ptr().addr().is_multiple_of(ALIGNMENT));
            bytes.fill(7);
        }
    }
}
