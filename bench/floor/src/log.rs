//! The log as a broker writes it: fresh files of 1 GiB, each allocated before it is needed, the oldest deleted.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rustix::fs::{FallocateFlags, fallocate};

/// Bytes of a file.
const FILE_BYTES: u64 = 1 << 30;
/// Files kept.
const FILES_MAX: u64 = 3;

/// Appends to the newest file.
pub(crate) struct Log {
    file: File,
    /// Bytes written to it.
    position: u64,
    next: Receiver<io::Result<File>>,
    sync: bool,
    /// Where each record of the newest file begins, then where the last one ends.
    starts: Vec<u32>,
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
            file,
            position: 0,
            next,
            sync,
            starts: vec![0],
        })
    }

    /// Bytes written to the newest file.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Writes whole records; `ends` are their ends within `bytes`.
    pub(crate) fn append(&mut self, bytes: &[u8], ends: &[u32]) -> io::Result<()> {
        if FILE_BYTES < self.position + bytes.len() as u64 {
            self.file = self.next.recv().map_err(io::Error::other)??;
            self.position = 0;
            self.starts.clear();
            self.starts.push(0);
        }
        self.file.write_all_at(bytes, self.position)?;
        if self.sync {
            self.file.sync_data()?;
        }
        let base = self.position as u32;
        self.starts.extend(ends.iter().map(|end| base + end));
        self.position += bytes.len() as u64;
        Ok(())
    }

    /// Reads up to `count` records from record `first` of the newest file on into `out`; returns how many.
    pub(crate) fn read(&self, first: u64, count: u64, out: &mut Vec<u8>) -> io::Result<u64> {
        let records = self.starts.len() as u64 - 1;
        let end = records.min(first.saturating_add(count));
        if end <= first {
            return Ok(0);
        }
        let (from, to) = (self.starts[first as usize], self.starts[end as usize]);
        let at = out.len();
        out.resize(at + (to - from) as usize, 0);
        self.file.read_exact_at(&mut out[at..], from.into())?;
        Ok(end - first)
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

    #[test]
    fn records_are_read_as_they_were_appended() {
        let folder = std::env::temp_dir().join(format!("floor-{}", std::process::id()));
        let mut log = Log::open(&folder, true).unwrap();
        log.append(b"onetwo", &[3, 6]).unwrap();
        log.append(b"three", &[5]).unwrap();
        let mut out = b">".to_vec();
        assert_eq!(log.read(1, 32, &mut out).unwrap(), 2);
        assert_eq!(out, b">twothree");
        assert_eq!(log.read(0, 1, &mut out).unwrap(), 1);
        assert_eq!(log.read(3, 1, &mut out).unwrap(), 0);
        assert_eq!(log.position(), 11);
        fs::remove_dir_all(folder).unwrap();
    }
}
