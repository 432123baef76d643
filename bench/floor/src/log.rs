//! The log as a broker writes it: fresh files of 1 GiB, each allocated before it is needed, the oldest deleted.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::mem;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rustix::fs::{FallocateFlags, fallocate};

/// Bytes of a file.
const FILE_BYTES: u64 = 1 << 30;
/// Files kept.
const FILES_MAX: u64 = 3;

/// Appends to the newest file, and begins another one with each topic.
pub(crate) struct Log {
    newest: Part,
    /// What was read last of another topic than the newest.
    kept: Option<Part>,
    next: Receiver<io::Result<File>>,
    sync: bool,
}

/// A file, all of one topic.
struct Part {
    file: File,
    topic: Vec<u8>,
    /// Where each record begins, then where the last one ends.
    starts: Vec<u32>,
    /// Whether somebody has read it.
    read: bool,
}

impl Part {
    fn new(file: File) -> Self {
        Self {
            file,
            topic: Vec::new(),
            starts: vec![0],
            read: false,
        }
    }

    /// Bytes written to it.
    fn len(&self) -> u64 {
        self.starts.last().copied().unwrap_or(0).into()
    }
}

/// Records that lie one behind the other.
pub(crate) struct Records<'a> {
    file: &'a File,
    at: u64,
    len: usize,
    /// How many there are.
    pub count: u64,
}

impl Records<'_> {
    /// Appends them to `out`.
    pub(crate) fn read(&self, out: &mut Vec<u8>) -> io::Result<()> {
        let end = out.len();
        out.resize(end + self.len, 0);
        self.file.read_exact_at(&mut out[end..], self.at)
    }
}

impl Log {
    /// Begins in `folder`, which is emptied of older logs. With `sync` every append is on disk when it returns.
    pub(crate) fn open(folder: &Path, sync: bool) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "log") {
                fs::remove_file(path)?;
            }
        }
        let (made, next) = sync_channel(0);
        let folder = folder.to_owned();
        std::thread::Builder::new()
            .name("files".into())
            .spawn(move || make_files(&folder, &made))?;
        let file = next.recv().map_err(io::Error::other)??;
        Ok(Self {
            newest: Part::new(file),
            kept: None,
            next,
            sync,
        })
    }

    /// Bytes written to the newest file.
    pub(crate) fn position(&self) -> u64 {
        self.newest.len()
    }

    /// Writes whole records of a topic; `ends` are their ends within `bytes`.
    pub(crate) fn append(&mut self, topic: &[u8], bytes: &[u8], ends: &[u32]) -> io::Result<()> {
        let position = self.position();
        let other = topic != self.newest.topic;
        if FILE_BYTES < position + bytes.len() as u64 || (other && position != 0) {
            let file = self.next.recv().map_err(io::Error::other)??;
            let last = mem::replace(&mut self.newest, Part::new(file));
            if last.read {
                self.kept = Some(last);
            }
        }
        let part = &mut self.newest;
        if part.starts.len() == 1 {
            topic.clone_into(&mut part.topic);
        }
        let position = part.len();
        part.file.write_all_at(bytes, position)?;
        if self.sync {
            part.file.sync_data()?;
        }
        let base = position as u32;
        part.starts.extend(ends.iter().map(|end| base + end));
        Ok(())
    }

    /// Up to `count` records of a topic from record `first` of its file on: of the newest file, or of what was read before others
    /// were sent.
    pub(crate) fn find(&mut self, topic: &[u8], first: u64, count: u64) -> Option<Records<'_>> {
        let parts = [Some(&mut self.newest), self.kept.as_mut()];
        let part = parts.into_iter().flatten().find(|p| p.topic == topic)?;
        part.read = true;
        let records = part.starts.len() as u64 - 1;
        let end = records.min(first.saturating_add(count));
        if end <= first {
            return None;
        }
        let (from, to) = (part.starts[first as usize], part.starts[end as usize]);
        Some(Records {
            file: &part.file,
            at: from.into(),
            len: (to - from) as usize,
            count: end - first,
        })
    }
}

/// Makes a file, hands it over, and makes the next while that one is being filled.
fn make_files(folder: &Path, made: &SyncSender<io::Result<File>>) {
    let mut number = 0;
    loop {
        let file = make_file(folder, number);
        let failed = file.is_err();
        if made.send(file).is_err() || failed {
            return;
        }
        number += 1;
        if FILES_MAX <= number {
            // Gone already is as good as deleted.
            let _ = fs::remove_file(path(folder, number - FILES_MAX));
        }
    }
}

fn make_file(folder: &Path, number: u64) -> io::Result<File> {
    let file = OpenOptions::new()
        .create_new(true)
        .read(true)
        .write(true)
        .open(path(folder, number))?;
    fallocate(&file, FallocateFlags::empty(), 0, FILE_BYTES)?;
    file.sync_all()?;
    Ok(file)
}

fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{:020}.log", number * FILE_BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(name: &str) -> (PathBuf, Log) {
        let folder = std::env::temp_dir().join(format!("floor-{name}-{}", std::process::id()));
        let log = Log::open(&folder, true).unwrap();
        (folder, log)
    }

    fn read(log: &mut Log, topic: &[u8], first: u64, count: u64) -> Option<(u64, Vec<u8>)> {
        let records = log.find(topic, first, count)?;
        let mut out = b">".to_vec();
        records.read(&mut out).unwrap();
        Some((records.count, out))
    }

    #[test]
    fn records_are_read_as_they_were_appended() {
        let (folder, mut log) = log("read");
        log.append(b"a", b"onetwo", &[3, 6]).unwrap();
        log.append(b"a", b"three", &[5]).unwrap();
        let two = Some((2, b">twothree".to_vec()));
        assert_eq!(read(&mut log, b"a", 1, 32), two);
        assert_eq!(read(&mut log, b"a", 0, 1), Some((1, b">one".to_vec())));
        assert_eq!(read(&mut log, b"a", 3, 1), None);
        assert_eq!(read(&mut log, b"b", 0, 1), None);
        assert_eq!(log.position(), 11);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_is_read_stays_while_other_topics_come() {
        let (folder, mut log) = log("kept");
        log.append(b"other", b"zero", &[4]).unwrap();
        log.append(b"fill", b"onetwo", &[3, 6]).unwrap();
        let all = Some((2, b">onetwo".to_vec()));
        assert_eq!(read(&mut log, b"fill", 0, 32), all);
        for topic in [b"x", b"y"] {
            log.append(topic, b"batch", &[5]).unwrap();
            assert_eq!(read(&mut log, b"fill", 0, 32), all);
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
