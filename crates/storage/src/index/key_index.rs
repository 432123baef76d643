//! All index files. Entries are added by the dispatcher in the order of the log.

use std::path::PathBuf;
use std::sync::Arc;

use ferromq_base::{Clock, Millis};
use ferromq_disk::{Disk, DiskError, DiskErrorKind, DiskFile};

use super::file::IndexFile;
use super::file_name;
use super::header::{HEADER_BYTES, Header};
use crate::commit_log::KeyEntry;
use crate::config::IndexConfig;

/// The key index of a store.
#[derive(Debug)]
pub(crate) struct KeyIndex {
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    dir: PathBuf,
    config: IndexConfig,
    /// Oldest first. Entries are added to the last.
    files: Vec<IndexFile>,
    /// Whether a file was made since the last sync.
    new_file: bool,
}

/// What to look for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Query {
    pub hash: u32,
    pub begin: Millis,
    pub end: Millis,
    pub count_max: usize,
}

impl KeyIndex {
    /// An index without files in `dir`.
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        dir: PathBuf,
        config: IndexConfig,
    ) -> Self {
        Self {
            disk,
            clock,
            dir,
            config,
            files: Vec::new(),
            new_file: false,
        }
    }

    /// Opens the files that are there. False if one of them has a wrong size: the index must be made anew.
    pub(crate) fn load(&mut self) -> Result<bool, DiskError> {
        self.files.clear();
        let entries = match self.disk.list(&self.dir) {
            Ok(entries) => entries,
            Err(e) if e.kind() == DiskErrorKind::NotFound => return Ok(true),
            Err(e) => return Err(e),
        };
        for entry in entries
            .iter()
            .filter(|e| !e.is_dir && file_name::is_name(&e.name))
        {
            match IndexFile::open(&*self.disk, &self.dir, &entry.name, self.config)? {
                Some(file) => self.files.push(file),
                None => return Ok(false),
            }
        }
        // Names tell the order only among those of one server: RocketMQ names by local time. What has no entry yet is the newest.
        self.files
            .sort_by_key(|f| (f.header.is_empty(), f.header.begin_offset));
        Ok(true)
    }

    /// Goes back to the files and headers that `kept` names; files made since are removed, and older ones, which were to be
    /// deleted. False if one is missing: the index must be made anew. Those that hold nothing at or after `log_start`
    /// may be missing. The table of the last one led to all entries below number `slots_to`.
    pub(crate) fn go_back(
        &mut self,
        kept: &[(String, [u8; HEADER_BYTES])],
        slots_to: u32,
        log_start: u64,
    ) -> Result<bool, DiskError> {
        if !self.load()? {
            return Ok(false);
        }
        let is_there = |name: &str| self.files.iter().any(|file| file.name == name);
        let end_offset = |header| Header::from_bytes(header, self.config.entries).end_offset;
        let gone = kept
            .iter()
            .take_while(|(name, header)| !is_there(name) && end_offset(header) < log_start);
        let kept = &kept[gone.count()..];
        // A header may be older on the disk than in the checkpoint, so that the order is the checkpoint's.
        let place = |file: &IndexFile| kept.iter().position(|(name, _)| *name == file.name);
        let (mine, others): (Vec<_>, Vec<_>) =
            self.files.drain(..).partition(|file| place(file).is_some());
        self.files = mine;
        self.files.sort_by_key(place);
        self.remove(others)?;
        let names = self.files.iter().map(|f| &f.name);
        if !names.eq(kept.iter().map(|(name, _)| name)) {
            return Ok(false);
        }
        if let (Some(file), Some((_, header))) = (self.files.last_mut(), kept.last()) {
            file.go_back(Header::from_bytes(header, self.config.entries), slots_to)?;
        }
        Ok(true)
    }

    /// Removes the files that are not full or hold entries newer than `time`, as RocketMQ does after a crash: they may
    /// be damaged. The log offset from which the index must be made anew, if there was one.
    pub(crate) fn remove_newer(&mut self, time: Millis) -> Result<Option<u64>, DiskError> {
        let mut newer = Vec::new();
        let in_doubt = |file: &mut IndexFile| !file.is_full() || time < file.header.end_time;
        while let Some(file) = self.files.pop_if(in_doubt) {
            newer.push(file);
        }
        let from = newer.last().map(|oldest| oldest.header.begin_offset);
        self.remove(newer)?;
        Ok(from)
    }

    /// Removes files for good. A clean stop that follows says that what is there can be relied on, so that none may come
    /// back by a power cut after it: its entries lead to other messages then, and keep those of new ones out.
    fn remove(&self, files: Vec<IndexFile>) -> Result<(), DiskError> {
        for file in &files {
            self.disk.remove(file.path())?;
        }
        if files.is_empty() {
            return Ok(());
        }
        self.disk.sync_dir(&self.dir)
    }

    /// Takes files out whose entries all point before `log_start`; the caller removes them, given path, file and length. The
    /// newest file stays.
    pub(crate) fn retire_before(
        &mut self,
        log_start: u64,
    ) -> impl Iterator<Item = (PathBuf, Arc<dyn DiskFile>, u64)> + use<> {
        let is_old = |file: &&IndexFile| file.header.end_offset < log_start;
        let older = &self.files[..self.files.len().saturating_sub(1)];
        let count = older.iter().take_while(is_old).count();
        let bytes = super::file::file_bytes(self.config);
        let retired: Vec<_> = self.files.drain(..count).collect();
        let parts = move |file: IndexFile| (file.path().to_owned(), file.into_file(), bytes);
        retired.into_iter().map(parts)
    }

    /// Removes everything.
    pub(crate) fn clear(&mut self) -> Result<(), DiskError> {
        self.files.clear();
        match self.disk.remove_dir_all(&self.dir) {
            Err(e) if e.kind() != DiskErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }

    /// Adds entries and empties the list. Entries of records that are in the index already are left out. After an error the list
    /// holds what was not taken.
    pub(crate) fn add(&mut self, keys: &mut Vec<KeyEntry>) -> Result<(), DiskError> {
        let mut taken = 0;
        let mut done = Ok(());
        for key in keys.iter() {
            done = self.add_one(key);
            if done.is_err() {
                break;
            }
            taken += 1;
        }
        keys.drain(..taken);
        done?;
        match self.files.last_mut() {
            Some(file) => file.write(),
            None => Ok(()),
        }
    }

    fn add_one(&mut self, key: &KeyEntry) -> Result<(), DiskError> {
        if self
            .files
            .last()
            .is_some_and(|f| key.log_offset < f.header.end_offset)
        {
            return Ok(());
        }
        if self.files.last().is_none_or(IndexFile::is_full) {
            self.begin_file()?;
        }
        let file = self.files.last_mut().expect("made if missing");
        file.add(key)
    }

    /// Closes the newest file and makes the next.
    fn begin_file(&mut self) -> Result<(), DiskError> {
        let mut header = Header::after(Millis(0), 0);
        if let Some(last) = self.files.last_mut() {
            last.seal()?;
            header = Header::after(last.header.end_time, last.header.end_offset);
        }
        // RocketMQ goes by the names.
        let largest = self.files.iter().map(|file| &*file.name).max();
        let name = file_name::next(self.clock.now(), largest);
        self.disk.create_dirs(&self.dir)?;
        let file = IndexFile::create(&*self.disk, &self.dir, name, self.config, header)?;
        self.files.push(file);
        self.new_file = true;
        Ok(())
    }

    /// Makes everything added survive a power cut.
    pub(crate) fn sync(&mut self) -> Result<(), DiskError> {
        if let Some(last) = self.files.last_mut() {
            last.sync()?;
        }
        if self.new_file {
            self.disk.sync_dir(&self.dir)?;
            if let Some(root) = self.dir.parent() {
                self.disk.sync_dir(root)?;
            }
            self.new_file = false;
        }
        Ok(())
    }

    /// Makes the files such that others find everything in them; false if they were already.
    pub(crate) fn complete(&mut self) -> Result<bool, DiskError> {
        match self.files.last_mut() {
            Some(last) if last.slots_to() < last.header.next => last.complete().map(|()| true),
            _ => Ok(false),
        }
    }

    /// The table of the last file leads on the disk to all entries below this number.
    pub(crate) fn slots_to(&self) -> u32 {
        self.files.last().map_or(0, IndexFile::slots_to)
    }

    /// Whether a sync has failed.
    pub(crate) fn sync_failed(&self) -> bool {
        self.files.last().is_some_and(IndexFile::sync_failed)
    }

    /// The files and their headers.
    pub(crate) fn headers(&self) -> Vec<(String, [u8; HEADER_BYTES])> {
        let header = |f: &IndexFile| (f.name.clone(), f.header.to_bytes());
        self.files.iter().map(header).collect()
    }

    /// Store time of the last entry in the files that are full; zero if none is.
    pub(crate) fn full_until(&self) -> Millis {
        let full = self.files.iter().rev().find(|f| f.is_full());
        full.map_or(Millis(0), |f| f.header.end_time)
    }

    /// Store time of the first entry in the file that is being filled; `None` if it has none.
    pub(crate) fn filling_since(&self) -> Option<Millis> {
        let last = self
            .files
            .last()
            .filter(|f| !f.is_full() && !f.header.is_empty());
        last.map(|f| f.header.begin_time)
    }

    /// Log offsets of messages with a key, in ascending order: the newest `count_max` in the time range.
    pub(crate) fn query(&mut self, query: Query) -> Result<Vec<u64>, DiskError> {
        let mut found = Vec::new();
        let range = (query.begin, query.end);
        for file in self.files.iter_mut().rev() {
            let header = file.header;
            if header.is_empty() {
                continue;
            }
            if header.begin_time <= query.end && query.begin <= header.end_time {
                file.query(query.hash, range, &mut found, query.count_max)?;
            }
            if header.begin_time < query.begin || query.count_max <= found.len() {
                break;
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }
}
