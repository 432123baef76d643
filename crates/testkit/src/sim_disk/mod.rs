//! A disk in memory that fails, fills up, and forgets at a power cut what was not synced.
//!
//! Two states are kept: what a process sees, and what would be left after a power cut. A file's bytes move from the first
//! to the second by a sync of the file, its name by a sync of the folder. [`SimDisk::power_cut`] gives the disk
//! as the next start finds it; a seed decides which of the unsynced sectors and names survived.

mod bad;
mod choice;
mod cold;
mod fault;
mod file;
mod names;

use std::any::Any;
use std::collections::BTreeSet;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ferromq_base::Millis;
use ferromq_base::clock::ManualClock;
use ferromq_disk::{Disk, DiskError, DiskFile, Entry, OpenMode, Space};
use parking_lot::Mutex;

use bad::Bad;
use choice::Choice;
use cold::Cold;
use fault::Faults;
pub use fault::{Fault, Op};
use file::{Content, SimFile};
use names::Names;

/// What survives a power cut of what was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsynced {
    /// Nothing.
    Lost,
    /// Everything: the same as the death of the process.
    Kept,
    /// Some sectors and names, chosen by this seed.
    Some(u64),
}

/// A disk in memory. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct SimDisk {
    state: Arc<Mutex<State>>,
    cold: Arc<Cold>,
}

#[derive(Debug, Default)]
struct State {
    names: Names,
    locks: BTreeSet<PathBuf>,
    faults: Faults,
    /// Operations of a kind that take their time, by a clock.
    slow: Option<(Op, Duration, Arc<ManualClock>)>,
    /// What cannot be read.
    bad: Bad,
    /// Bytes that files may take together.
    capacity: Option<u64>,
    /// Number of files that may be there, and the number of the error if another is to be made.
    files_max: Option<(usize, i32)>,
    /// What the times of files are taken from.
    now: Millis,
    /// Parts of files that are to be written back, in order.
    handed_over: Vec<(PathBuf, Range<u64>)>,
}

/// A lock on a path; freed when dropped.
struct Held {
    state: Arc<Mutex<State>>,
    path: PathBuf,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.state.lock().locks.remove(&self.path);
    }
}

impl SimDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on operations fail as `fault` says. Several faults may be set.
    pub fn inject(&self, fault: Fault) {
        self.state.lock().faults.add(fault);
    }

    /// From now on each operation of this kind moves `clock` forward by `time`.
    pub fn set_slow(&self, op: Op, time: Duration, clock: Arc<ManualClock>) {
        self.state.lock().slow = Some((op, time, clock));
    }

    /// From now on the device does not read these bytes of a file, until they are written anew as a whole.
    pub fn set_bad(&self, path: &Path, range: Range<u64>) {
        self.state.lock().bad.add(path, range);
    }

    /// No fault is set any more, every byte can be read, and the disk has room again.
    pub fn heal(&self) {
        let mut state = self.state.lock();
        state.faults = Faults::default();
        state.bad = Bad::default();
        state.capacity = None;
        state.files_max = None;
    }

    /// The bytes of files whose paths contain `paths` are on the device only from now on; `None` ends that. A read that is
    /// not to wait for the device does not get them.
    pub fn set_cold(&self, paths: Option<&'static str>) {
        self.cold.set(paths);
    }

    /// Whether reads of cold files wait from now on; those that wait go on when it is false.
    pub fn hold_cold_reads(&self, hold: bool) {
        self.cold.hold(hold);
    }

    /// Blocks until a read of a cold file is under way.
    pub fn wait_for_cold_read(&self) {
        self.cold.wait_for_reader();
    }

    /// Files can take `bytes` together from now on. Bytes reserved before are not taken away.
    pub fn limit(&self, bytes: u64) {
        self.state.lock().capacity = Some(bytes);
    }

    /// No further file can be made from now on, whatever the space, unless another one goes: as without inodes (28) or beyond a
    /// quota (122).
    pub fn limit_files(&self, errno: i32) {
        let mut state = self.state.lock();
        let count = state.names.files().count();
        state.files_max = Some((count, errno));
    }

    /// Files that are written to from now on are as old as this says.
    pub fn set_time(&self, now: Millis) {
        self.state.lock().now = now;
    }

    fn now(&self) -> Millis {
        self.state.lock().now
    }

    /// The parts of files that the disk was told to write back before their sync, in order.
    #[must_use]
    pub fn handed_over(&self) -> Vec<(PathBuf, Range<u64>)> {
        self.state.lock().handed_over.clone()
    }

    /// Bytes that all files take together, removed ones that are still open included.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.state.lock().used()
    }

    /// How many operations of a kind were done.
    #[must_use]
    pub fn count(&self, op: Op) -> u64 {
        self.state.lock().faults.count(op)
    }

    /// The disk as it is found after a power cut at this moment. This one stays as it is, but whoever still uses it
    /// is as good as dead.
    #[must_use]
    pub fn power_cut(&self, unsynced: Unsynced) -> Self {
        self.left(&mut Choice::new(unsynced))
    }

    /// Calls `visit` with every state that a power cut at this moment could leave, changes of names in any order
    /// included; at most `count_max` of them. How many there were.
    pub fn for_each_power_cut(&self, count_max: usize, mut visit: impl FnMut(Self)) -> usize {
        let mut choice = Choice::every();
        let mut count = 0;
        while count < count_max {
            visit(self.left(&mut choice));
            count += 1;
            if !choice.advance() {
                break;
            }
        }
        count
    }

    /// Lets `operations` more operations that change something succeed; the power fails during the next one. Nothing
    /// works from then on, and [`SimDisk::power_cut`] says what is left.
    pub fn power_fails_after(&self, operations: u64) {
        self.state.lock().faults.power_fails_after(operations);
    }

    /// Whether the power has failed.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.state.lock().faults.is_off()
    }

    /// How many operations that change something were done.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.state.lock().faults.changes()
    }

    fn left(&self, choice: &mut Choice) -> Self {
        let before = self.state.lock();
        let state = State {
            names: before.names.after_power_cut(choice),
            now: before.now,
            bad: before.bad.clone(),
            ..State::default()
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            cold: Arc::default(),
        }
    }

    /// Counts an operation, and fails if a fault says so.
    fn step(&self, op: Op, path: &Path) -> Result<(), DiskError> {
        let mut state = self.state.lock();
        if let Some((slow, time, clock)) = &state.slow
            && *slow == op
        {
            clock.advance(*time);
        }
        match state.faults.step(op, path) {
            Some(error) => Err(DiskError::new("simulate", path, error)),
            None => Ok(()),
        }
    }

    fn content(&self, path: &Path) -> Result<Arc<Mutex<Content>>, DiskError> {
        let state = self.state.lock();
        match state.names.file(path) {
            Some(content) => Ok(Arc::clone(content)),
            None => Err(error(path, io::ErrorKind::NotFound)),
        }
    }

    /// Whether `more` bytes can be taken.
    fn has_room(&self, more: u64) -> bool {
        let state = self.state.lock();
        state
            .capacity
            .is_none_or(|capacity| state.used() + more <= capacity)
    }
}

impl State {
    fn is_out_of_files(&self) -> bool {
        let count = self.names.files().count();
        self.files_max.is_some_and(|(most, _)| most <= count)
    }

    fn used(&self) -> u64 {
        let named = self.names.files().map(|file| file.lock().taken());
        let removed = self.names.removed().map(|file| file.lock().taken());
        named.sum::<u64>() + removed.sum::<u64>()
    }
}

fn error(path: &Path, kind: io::ErrorKind) -> DiskError {
    DiskError::new("simulate", path, kind.into())
}

impl Disk for SimDisk {
    fn open(&self, path: &Path, mode: OpenMode) -> Result<Arc<dyn DiskFile>, DiskError> {
        self.step(Op::Open, path)?;
        let mut state = self.state.lock();
        let known = state.names.file(path).cloned();
        let content = match (known, mode) {
            (Some(_), OpenMode::CreateNew) => {
                return Err(error(path, io::ErrorKind::AlreadyExists));
            }
            (Some(content), _) => content,
            (None, OpenMode::Create | OpenMode::CreateNew) if state.is_out_of_files() => {
                let (_, errno) = state.files_max.unwrap_or_default();
                let error = io::Error::from_raw_os_error(errno);
                return Err(DiskError::new("create", path, error));
            }
            (None, OpenMode::Create | OpenMode::CreateNew) => state
                .names
                .create(path)
                .ok_or_else(|| error(path, io::ErrorKind::NotFound))?,
            (None, _) => return Err(error(path, io::ErrorKind::NotFound)),
        };
        Ok(Arc::new(SimFile {
            disk: self.clone(),
            path: path.to_owned(),
            content,
        }))
    }

    fn list(&self, dir: &Path) -> Result<Vec<Entry>, DiskError> {
        let state = self.state.lock();
        let entries = state.names.list(dir);
        entries.ok_or_else(|| error(dir, io::ErrorKind::NotFound))
    }

    fn exists(&self, path: &Path) -> Result<bool, DiskError> {
        Ok(self.state.lock().names.exists(path))
    }

    fn file_len(&self, path: &Path) -> Result<u64, DiskError> {
        Ok(self.content(path)?.lock().len())
    }

    fn create_dirs(&self, dir: &Path) -> Result<(), DiskError> {
        self.step(Op::CreateDir, dir)?;
        self.state.lock().names.create_dirs(dir);
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        self.step(Op::Rename, from)?;
        let done = self.state.lock().names.rename(from, to);
        done.ok_or_else(|| error(from, io::ErrorKind::NotFound))
    }

    fn remove(&self, path: &Path) -> Result<(), DiskError> {
        self.step(Op::Remove, path)?;
        let mut state = self.state.lock();
        state.bad.forget(path);
        let done = state.names.remove(path);
        done.ok_or_else(|| error(path, io::ErrorKind::NotFound))
    }

    fn remove_dir_all(&self, dir: &Path) -> Result<(), DiskError> {
        self.step(Op::Remove, dir)?;
        let done = self.state.lock().names.remove_dir_all(dir);
        done.ok_or_else(|| error(dir, io::ErrorKind::NotFound))
    }

    fn sync_dir(&self, dir: &Path) -> Result<(), DiskError> {
        self.step(Op::SyncDir, dir)?;
        self.state.lock().names.sync_dir(dir);
        Ok(())
    }

    fn sync_file_system(&self, path: &Path) -> Result<(), DiskError> {
        self.step(Op::Sync, path)?;
        let mut state = self.state.lock();
        for file in state.names.files() {
            file.lock().sync();
        }
        state.names.sync_all();
        Ok(())
    }

    fn space(&self, _path: &Path) -> Result<Space, DiskError> {
        let state = self.state.lock();
        let total = state.capacity.unwrap_or(1 << 40);
        Ok(Space {
            total,
            available: total.saturating_sub(state.used()),
        })
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn Any + Send + Sync>, DiskError> {
        let mut state = self.state.lock();
        if state.names.file(path).is_none() && state.names.create(path).is_none() {
            return Err(error(path, io::ErrorKind::NotFound));
        }
        if !state.locks.insert(path.to_owned()) {
            return Err(error(path, io::ErrorKind::WouldBlock));
        }
        Ok(Box::new(Held {
            state: Arc::clone(&self.state),
            path: path.to_owned(),
        }))
    }
}
