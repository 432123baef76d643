//! The system's allocator, counting per thread: proves that a path allocates nothing.
//!
//! A test binary installs it with `#[global_allocator] static ALLOCATOR: CountingAllocator = CountingAllocator;`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts the allocations of every thread for itself.
#[derive(Debug)]
pub struct CountingAllocator;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

impl CountingAllocator {
    /// Allocations and reallocations of the calling thread so far.
    #[must_use]
    pub fn count() -> u64 {
        ALLOCATIONS.get()
    }

    /// Allocations and reallocations that `work` makes on the calling thread.
    pub fn count_of(work: impl FnOnce()) -> u64 {
        let before = Self::count();
        work();
        Self::count() - before
    }
}

fn count() {
    // Fails only while a thread ends, when nobody counts any more.
    let _ = ALLOCATIONS.try_with(|n| n.set(n.get() + 1));
}

#[expect(
    unsafe_code,
    reason = "an allocator can only be wrapped by implementing the unsafe trait"
)]
// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises hold for the inner call too.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.realloc(memory, layout, size) }
    }
}
