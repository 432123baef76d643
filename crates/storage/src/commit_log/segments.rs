//! All files of the commit log, in order and without gaps.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use ferromq_disk::{Disk, DiskError, OpenMode};

use super::segment::{Segment, base_of, file_name};
use crate::error::OpenError;

/// The files of the log. Readers take a snapshot; only the holder of the append lock, and recovery, change the list.
#[derive(Debug)]
pub(crate) struct Segments {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    bytes: u64,
    list: ArcSwap<Vec<Arc<Segment>>>,
}

impl Segments {
    /// Lists what is there and checks names and lengths. The last file may be shorter if it holds nothing: its creation
    /// was interrupted, and is completed.
    pub(crate) fn load(disk: Arc<dyn Disk>, dir: PathBuf, bytes: u64) -> Result<Self, OpenError> {
        disk.create_dirs(&dir)?;
        if let Some(parent) = dir.parent() {
            disk.sync_dir(parent)?;
        }
        let names = disk.list(&dir)?.into_iter().filter(|e| !e.is_dir);
        let bases: Vec<u64> = names.filter_map(|e| base_of(&e.name)).collect();
        let mut list: Vec<Arc<Segment>> = Vec::with_capacity(bases.len());
        for (i, &base) in bases.iter().enumerate() {
            let path = dir.join(file_name(base));
            let found = disk.file_len(&path)?;
            let is_last = i + 1 == bases.len();
            let unfinished = is_last && found < bytes && holds_nothing(&*disk, &path)?;
            if unfinished {
                let file = disk.open(&path, OpenMode::Write)?;
                file.preallocate(bytes)?;
                file.sync_all()?;
            } else if found != bytes {
                return Err(OpenError::FileSize {
                    path,
                    found,
                    expected: bytes,
                });
            }
            if let Some(before) = list.last()
                && before.end() != base
            {
                let missing = dir.join(file_name(before.end()));
                return Err(OpenError::Gap { missing });
            }
            let segment = Segment::existing(Arc::clone(&disk), &dir, base, bytes);
            list.push(Arc::new(segment));
        }
        Ok(Self {
            disk,
            dir,
            bytes,
            list: ArcSwap::from_pointee(list),
        })
    }

    /// Size of a file.
    pub(crate) fn segment_bytes(&self) -> u64 {
        self.bytes
    }

    /// The folder.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// All files, oldest first.
    pub(crate) fn all(&self) -> Arc<Vec<Arc<Segment>>> {
        self.list.load_full()
    }

    /// Start of the oldest file; 0 if there is none.
    pub(crate) fn start(&self) -> u64 {
        self.list.load().first().map_or(0, |s| s.base())
    }

    /// The file that holds the byte at `at`.
    pub(crate) fn find(&self, at: u64) -> Option<Arc<Segment>> {
        let list = self.list.load();
        let first = list.first()?.base();
        let i = usize::try_from(at.checked_sub(first)? / self.bytes).ok()?;
        list.get(i).cloned()
    }

    /// Makes the file that begins at `base`, without adding it to the list.
    pub(crate) fn create(&self, base: u64) -> Result<Arc<Segment>, DiskError> {
        let segment = Segment::create(Arc::clone(&self.disk), &self.dir, base, self.bytes)?;
        Ok(Arc::new(segment))
    }

    /// Adds the next file.
    pub(crate) fn push(&self, segment: Arc<Segment>) {
        let mut list = Vec::clone(&self.list.load());
        if let Some(last) = list.last() {
            assert_eq!(last.end(), segment.base(), "files of the log have no gaps");
        }
        list.push(segment);
        self.list.store(Arc::new(list));
    }

    /// Takes the oldest file, which is `first`, out of the list. There must be another. Only while no append can take place.
    pub(crate) fn remove_first(&self, first: &Arc<Segment>) {
        let list = self.list.load();
        let [oldest, rest @ ..] = list.as_slice() else {
            return;
        };
        assert!(Arc::ptr_eq(oldest, first), "files go in their order");
        assert!(!rest.is_empty(), "the file that is written to stays");
        self.list.store(Arc::new(rest.to_vec()));
    }

    /// Ends the log at `end`: later files are removed. If `clear`, what follows in the last file is cleared too, so
    /// that no bytes of an abandoned end can be taken for records once new ones stand before them.
    pub(crate) fn truncate(&self, end: u64, clear: bool) -> Result<(), DiskError> {
        let mut list = Vec::clone(&self.list.load());
        let mut removed = false;
        while let Some(last) = list.last()
            && end < last.base()
        {
            self.disk.remove(last.path())?;
            list.pop();
            removed = true;
        }
        if let Some(last) = list.last()
            && end < last.end()
            && clear
        {
            last.zero(end, last.end())?;
            // Else a power cut could bring back what was cleared after new records stand before it, or among them.
            last.file()?.sync_data()?;
        }
        if removed {
            self.disk.sync_dir(&self.dir)?;
        }
        self.list.store(Arc::new(list));
        Ok(())
    }
}

/// Whether no record begins at the start of a file.
fn holds_nothing(disk: &dyn Disk, path: &Path) -> Result<bool, DiskError> {
    let mut head = [0; 8];
    disk.open(path, OpenMode::Read)?.read_at(&mut head, 0)?;
    Ok(head == [0; 8])
}
