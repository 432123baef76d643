//! The entries of all queues on disk: `consumequeue/<topic>/<queue>/<20 digits>`, files of one size, each named by the
//! byte position of its first entry. Entry `q` of a queue is at byte `20 * q` of them all.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ferromq_disk::{Disk, DiskError, DiskErrorKind, DiskFile, OpenMode};
use parking_lot::Mutex;

use super::entry::{ENTRY_BYTES, Entry};
use super::handle::Queue;
use super::open_files::{OpenFiles, SINGLE_SYNCS_MAX};

/// Bytes read at once of what should be empty: a block of most file systems.
const LOOKED_AT_ONCE: usize = 4 << 10;
/// Entries read at once.
const AT_ONCE: usize = 64;
/// The smallest piece that a device reads or does not read.
const SECTOR_BYTES: usize = 512;

/// The files of all queues.
#[derive(Debug)]
pub(crate) struct QueueFiles {
    disk: Arc<dyn Disk>,
    root: PathBuf,
    /// Entries in a file.
    entries: u64,
    /// Files of readers. Apart from those of the writer, so that no reader waits for a sync.
    read: Mutex<OpenFiles>,
    written: Mutex<OpenFiles>,
    /// Folders with new files since the last sync.
    new_dirs: Mutex<Vec<PathBuf>>,
    /// While the store recovers: a file that is found may have been made by a process that died before it synced the
    /// folder, so its name is no more certain than that of a new file.
    recovering: AtomicBool,
}

impl QueueFiles {
    /// Files below `root`, each with `entries` entries, at most `open_max` of them open.
    pub(crate) fn new(disk: Arc<dyn Disk>, root: PathBuf, entries: u64, open_max: usize) -> Self {
        Self {
            disk,
            root,
            entries,
            read: Mutex::new(OpenFiles::new(open_max / 2)),
            written: Mutex::new(OpenFiles::new(open_max / 2)),
            new_dirs: Mutex::default(),
            recovering: AtomicBool::new(true),
        }
    }

    /// Recovery has written what it had to; files that are found from now on are covered by a checkpoint.
    pub(crate) fn recovered(&self) {
        self.recovering.store(false, Ordering::Relaxed);
    }

    /// The folder of all queues.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The disk they are on.
    pub(crate) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    /// Entries in a file.
    pub(crate) fn entries_per_file(&self) -> u64 {
        self.entries
    }

    /// Folder of a queue.
    pub(crate) fn dir(&self, topic: &str, id: u32) -> PathBuf {
        self.root.join(topic).join(id.to_string())
    }

    /// Size of a file in bytes.
    pub(crate) fn file_bytes(&self) -> u64 {
        self.entries * ENTRY_BYTES as u64
    }

    /// Path of file number `number` of a queue.
    pub(crate) fn path(&self, queue: &Queue, number: u64) -> PathBuf {
        let name = format!("{:020}", number * self.file_bytes());
        self.dir(queue.topic(), queue.id().0).join(name)
    }

    /// The file, and the place in it, of the entry at `offset`.
    pub(crate) fn place(&self, queue: &Queue, offset: u64) -> (PathBuf, u64) {
        let path = self.path(queue, offset / self.entries);
        (path, offset % self.entries * ENTRY_BYTES as u64)
    }

    /// Writes stored entries from offset `first` on. Writing the same entries again changes nothing.
    pub(crate) fn write(
        &self,
        queue: &Queue,
        first: u64,
        mut bytes: &[u8],
    ) -> Result<(), DiskError> {
        let mut at = first;
        while !bytes.is_empty() {
            let (number, place) = (at / self.entries, at % self.entries);
            let room = (self.entries - place).saturating_mul(ENTRY_BYTES as u64);
            let room = usize::try_from(room).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(bytes.len().min(room));
            let file = self.writable(queue, number, place)?;
            file.write_at(now, place * ENTRY_BYTES as u64)?;
            at += (now.len() / ENTRY_BYTES) as u64;
            bytes = later;
        }
        Ok(())
    }

    /// Reads entries from offset `first` on, as many as fit into `out` and lie in the same file; the number read.
    /// Places that hold no entry, those that the device does not read, and those after the end of a file that is too short,
    /// read as [`Entry::INVALID`].
    /// 0 if there is no such file.
    pub(crate) fn read(
        &self,
        queue: &Queue,
        first: u64,
        out: &mut [Entry],
    ) -> Result<usize, DiskError> {
        let (number, place) = (first / self.entries, first % self.entries);
        let open = || match self.disk.open(&self.path(queue, number), OpenMode::Write) {
            Ok(file) => Ok(Some(file)),
            Err(e) if e.kind() == DiskErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        };
        let key = (queue.serial(), number);
        let Some(file) = self.read.lock().file(key, false, open)? else {
            return Ok(0);
        };
        let mut buf = [0; AT_ONCE * ENTRY_BYTES];
        let buf = self.room(&mut buf, place, out.len());
        let at = place * ENTRY_BYTES as u64;
        match file.read_at(buf, at) {
            Err(error) if error.kind() == DiskErrorKind::Device => read_left(&*file, buf, at),
            other => other.map(|_| ())?,
        }
        Ok(take_entries(buf, out))
    }

    /// Like [`QueueFiles::read`], but `None` if that would have to wait for the disk.
    pub(crate) fn read_cached(
        &self,
        queue: &Queue,
        first: u64,
        out: &mut [Entry],
    ) -> Option<usize> {
        let (number, place) = (first / self.entries, first % self.entries);
        let key = (queue.serial(), number);
        let file = self.read.lock().opened(key, false)?;
        let mut buf = [0; AT_ONCE * ENTRY_BYTES];
        let buf = self.room(&mut buf, place, out.len());
        // What fails is judged by somebody who may wait for the disk.
        let read = file.read_cached_at(buf, place * ENTRY_BYTES as u64);
        let all = matches!(read, Ok(Some(count)) if count == buf.len());
        all.then(|| take_entries(buf, out))
    }

    /// The part of `buf` for `wanted` entries from `place` on, at most to the end of the file.
    fn room<'b>(&self, buf: &'b mut [u8], place: u64, wanted: usize) -> &'b mut [u8] {
        let room = usize::try_from(self.entries - place).unwrap_or(usize::MAX);
        let count = wanted.min(AT_ONCE).min(room);
        &mut buf[..count * ENTRY_BYTES]
    }

    /// Names of folders with new files since the last sync; a folder may count several times.
    pub(crate) fn unsynced_dirs(&self) -> usize {
        self.new_dirs.lock().len()
    }

    /// Whether a sync of a file has failed. What was written before may be lost then, also if a later sync succeeds.
    pub(crate) fn sync_failed(&self) -> bool {
        self.written.lock().sync_failed()
    }

    /// Makes everything written survive a power cut.
    pub(crate) fn sync(&self) -> Result<(), DiskError> {
        let sync_all = || self.disk.sync_file_system(&self.root);
        let mut dirs = self.new_dirs.lock();
        dirs.sort_unstable();
        dirs.dedup();
        if SINGLE_SYNCS_MAX < dirs.len() {
            self.written.lock().sync_by(sync_all)?;
            dirs.clear();
            return Ok(());
        }
        self.written.lock().sync(sync_all)?;
        while let Some(dir) = dirs.last() {
            let done = self.disk.sync_dir(dir);
            done.inspect_err(|_| self.written.lock().set_sync_failed())?;
            dirs.pop();
        }
        Ok(())
    }

    /// Clears what the files hold at and after `next`: entries of messages that were lost. A file that holds nothing else goes.
    pub(crate) fn cut(&self, queue: &Queue, next: u64) -> Result<(), DiskError> {
        let (mut number, place) = (next / self.entries, next % self.entries);
        if place != 0 {
            self.clear_from(&self.path(queue, number), place * ENTRY_BYTES as u64)?;
            number += 1;
        }
        // A file that is removed and made anew must not be used through its old descriptor.
        for open in [&self.read, &self.written] {
            let serial = queue.serial();
            open.lock().forget(|key| key.0 == serial && number <= key.1);
        }
        let start = number.saturating_mul(self.file_bytes());
        let dir = self.dir(queue.topic(), queue.id().0);
        if self.remove_files(&dir, |file| start <= file)? {
            self.note_sync(self.disk.sync_dir(&dir))?;
        }
        Ok(())
    }

    /// Clears the file at `path` from byte `at` on, if there is anything: a power cut may have kept any part of what was written.
    fn clear_from(&self, path: &Path, at: u64) -> Result<(), DiskError> {
        let file = match self.disk.open(path, OpenMode::Write) {
            Err(e) if e.kind() == DiskErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        let mut buf = [0; LOOKED_AT_ONCE];
        let mut from = at;
        while let Some(data) = file.data_from(from)? {
            // To the end of a block: what follows may be a hole, and is not to be read, let alone ahead of this.
            let part = LOOKED_AT_ONCE as u64 - data % LOOKED_AT_ONCE as u64;
            let part = usize::try_from(part).unwrap_or(LOOKED_AT_ONCE);
            let read = file.read_at(&mut buf[..part], data)?;
            if buf[..read].iter().any(|&byte| byte != 0) {
                file.zero_range(at, self.file_bytes() - at)?;
                return self.note_sync(file.sync_data());
            }
            if read == 0 {
                break;
            }
            from = data + read as u64;
        }
        Ok(())
    }

    /// A sync that failed is final.
    fn note_sync(&self, done: Result<(), DiskError>) -> Result<(), DiskError> {
        done.inspect_err(|_| self.written.lock().set_sync_failed())
    }

    /// Removes the files in the folder of a queue whose first byte among all of its files is `gone`; whether there was one.
    fn remove_files(&self, dir: &Path, gone: impl Fn(u64) -> bool) -> Result<bool, DiskError> {
        let entries = match self.disk.list(dir) {
            Err(e) if e.kind() == DiskErrorKind::NotFound => return Ok(false),
            other => other?,
        };
        let mut removed = false;
        for entry in entries.iter().filter(|e| !e.is_dir && e.name.len() == 20) {
            if entry.name.parse::<u64>().is_ok_and(&gone) {
                self.disk.remove(&dir.join(&entry.name))?;
                removed = true;
            }
        }
        Ok(removed)
    }

    /// Topics and numbers of the queues that have a folder.
    pub(crate) fn folders(&self) -> Result<Vec<(String, u32)>, DiskError> {
        let mut found = Vec::new();
        for topic in self.folders_in(&self.root)? {
            let ids = self.folders_in(&self.root.join(&topic))?;
            let ids = ids.iter().filter_map(|id| id.parse().ok());
            found.extend(ids.map(|id| (topic.clone(), id)));
        }
        Ok(found)
    }

    fn folders_in(&self, dir: &Path) -> Result<Vec<String>, DiskError> {
        let entries = match self.disk.list(dir) {
            Err(e) if e.kind() == DiskErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let dirs = entries.into_iter().filter(|e| e.is_dir);
        Ok(dirs.map(|e| e.name).collect())
    }

    /// Removes the folder of a queue that has no handle.
    pub(crate) fn remove_folder(&self, topic: &str, id: u32) -> Result<(), DiskError> {
        let dir = self.dir(topic, id);
        if self.remove_files(&dir, |_| true)? {
            self.note_sync(self.disk.sync_dir(&dir))?;
        }
        self.disk.remove_dir_all(&dir)
    }

    /// Removes the files of a queue before file number `number`.
    pub(crate) fn remove_before(&self, queue: &Queue, number: u64) -> Result<(), DiskError> {
        let serial = queue.serial();
        for open in [&self.read, &self.written] {
            open.lock().forget(|key| key.0 == serial && key.1 < number);
        }
        let end = number.saturating_mul(self.file_bytes());
        let dir = self.dir(queue.topic(), queue.id().0);
        self.remove_files(&dir, |file| file < end).map(|_| ())
    }

    /// Removes the files of the queues of a topic.
    pub(crate) fn remove_topic(&self, topic: &str, queues: &[Arc<Queue>]) -> Result<(), DiskError> {
        for open in [&self.read, &self.written] {
            let of_topic = |serial| queues.iter().any(|q| q.serial() == serial);
            open.lock().forget(|(serial, _)| of_topic(serial));
        }
        let dir = self.root.join(topic);
        self.new_dirs.lock().retain(|new| !new.starts_with(&dir));
        match self.disk.remove_dir_all(&dir) {
            Err(e) if e.kind() != DiskErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }

    /// A file to write to at entry `place`; made if it is missing.
    fn writable(
        &self,
        queue: &Queue,
        number: u64,
        place: u64,
    ) -> Result<Arc<dyn DiskFile>, DiskError> {
        let key = (queue.serial(), number);
        let open = || self.open_or_create(queue, number, place).map(Some);
        let file = self.written.lock().file(key, true, open)?;
        Ok(file.expect("a file that is made if missing is there"))
    }

    fn open_or_create(
        &self,
        queue: &Queue,
        number: u64,
        place: u64,
    ) -> Result<Arc<dyn DiskFile>, DiskError> {
        let path = self.path(queue, number);
        let file = match self.disk.open(&path, OpenMode::Write) {
            Err(e) if e.kind() == DiskErrorKind::NotFound => {
                if let Some(dir) = path.parent() {
                    self.disk.create_dirs(dir)?;
                }
                self.sync_names_later(&path);
                self.disk.open(&path, OpenMode::Create)?
            }
            // With many queues each is opened for a few entries.
            Ok(file) if queue.is_file_sized(number) => return Ok(file),
            other => other?,
        };
        if self.recovering.load(Ordering::Relaxed) {
            self.sync_names_later(&path);
        }
        if file.len()? != self.file_bytes() {
            file.set_len(self.file_bytes())?;
            self.fill_before(&*file, place)?;
        }
        queue.set_file_sized(number);
        Ok(file)
    }

    /// Has the folders above a file synced with it.
    fn sync_names_later(&self, path: &Path) {
        let dirs = path.ancestors().skip(1).take(3);
        self.new_dirs.lock().extend(dirs.map(Path::to_owned));
    }

    /// A file whose first message is not at its start begins with entries that point at nothing; an all-zero
    /// entry would be taken for the end of the queue.
    fn fill_before(&self, file: &dyn DiskFile, place: u64) -> Result<(), DiskError> {
        const AT_ONCE: u64 = 4096;
        let mut done = 0;
        while done < place {
            let step = AT_ONCE.min(place - done);
            let count = usize::try_from(step).unwrap_or(0);
            let blanks = Entry::PRE_BLANK.to_bytes().repeat(count);
            file.write_at(&blanks, done * ENTRY_BYTES as u64)?;
            done += step;
        }
        Ok(())
    }
}

/// Reads sector by sector; entries of which the device does not read a part become zeros, which are no entries.
fn read_left(file: &dyn DiskFile, buf: &mut [u8], at: u64) {
    let mut bad = Vec::new();
    let mut done = 0;
    while done < buf.len() {
        let place = at + done as u64;
        let in_sector = usize::try_from(place % SECTOR_BYTES as u64).unwrap_or(0);
        let end = buf.len().min(done + SECTOR_BYTES - in_sector);
        if file.read_at(&mut buf[done..end], place).is_err() {
            bad.push(done / ENTRY_BYTES * ENTRY_BYTES..end.next_multiple_of(ENTRY_BYTES));
        }
        done = end;
    }
    for entries in bad {
        buf[entries].fill(0);
    }
}

/// Stored entries as entries; returns how many.
fn take_entries(stored: &[u8], out: &mut [Entry]) -> usize {
    let stored = stored.chunks_exact(ENTRY_BYTES);
    let count = stored.len();
    for (entry, bytes) in out.iter_mut().zip(stored) {
        *entry = Entry::from_bytes(bytes).unwrap_or(Entry::INVALID);
    }
    count
}
