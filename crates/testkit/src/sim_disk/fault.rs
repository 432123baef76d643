//! Which operation fails, and how.

use std::io;
use std::path::Path;

/// Kinds of operations that can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Opening or creating a file.
    Open,
    /// Reading from a file.
    Read,
    /// Writing to a file. Half of the bytes are written before it fails.
    Write,
    /// Reserving space, clearing a range, changing the length.
    Allocate,
    /// Syncing a file. The unsynced bytes are taken for synced afterwards, as Linux does.
    Sync,
    /// Syncing a folder.
    SyncDir,
    /// Renaming.
    Rename,
    /// Removing a file or folder.
    Remove,
    /// Creating a folder.
    CreateDir,
}

impl Op {
    /// Whether it changes what a power cut leaves. Opening does not count: mostly it creates nothing.
    fn changes(self) -> bool {
        !matches!(self, Self::Read | Self::Open)
    }
}

/// Number of kinds.
const OPS: usize = 9;

/// Makes operations fail.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Operations of this kind.
    pub op: Op,
    /// On paths that contain this text; empty for all.
    pub path: &'static str,
    /// So many succeed before.
    pub after: u64,
    /// So many fail.
    pub times: u64,
    /// The number of the error, as the operating system gives it: 28 for a full disk, 5 for a failing device.
    pub errno: i32,
}

impl Fault {
    /// The next operation of a kind fails, and all after it.
    #[must_use]
    pub fn from_now(op: Op, errno: i32) -> Self {
        Self {
            op,
            path: "",
            after: 0,
            times: u64::MAX,
            errno,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Faults {
    set: Vec<Fault>,
    counts: [u64; OPS],
    /// Operations that change something, of any kind.
    changes: u64,
    /// The power fails during the change with this number.
    power_until: Option<u64>,
}

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        self.set.push(fault);
    }

    pub(super) fn count(&self, op: Op) -> u64 {
        self.counts[op as usize]
    }

    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    pub(super) fn power_fails_after(&mut self, operations: u64) {
        self.power_until = Some(self.changes + operations);
    }

    pub(super) fn is_off(&self) -> bool {
        self.power_until.is_some_and(|until| until < self.changes)
    }

    /// Counts an operation; the error if it fails.
    pub(super) fn step(&mut self, op: Op, path: &Path) -> Option<io::Error> {
        if op.changes() {
            self.changes += 1;
        }
        if self.is_off() {
            return Some(io::Error::other("the power is off"));
        }
        self.counts[op as usize] += 1;
        let text = path.to_string_lossy();
        for fault in self.set.iter_mut().filter(|f| f.op == op) {
            if !text.contains(fault.path) || fault.times == 0 {
                continue;
            }
            if 0 < fault.after {
                fault.after -= 1;
                continue;
            }
            fault.times -= 1;
            return Some(io::Error::from_raw_os_error(fault.errno));
        }
        None
    }
}
