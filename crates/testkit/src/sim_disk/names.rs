//! Names of files and folders, as a process sees them and as a power cut would leave them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use ferromq_disk::Entry;
use parking_lot::Mutex;

use super::choice::Choice;
use super::file::Content;

type Shared = Arc<Mutex<Content>>;

/// Names. A folder's changes since its last sync are kept in order: a power cut leaves the first few of them.
#[derive(Debug, Default)]
pub(super) struct Names {
    files: BTreeMap<PathBuf, Shared>,
    dirs: BTreeSet<PathBuf>,
    synced: BTreeMap<PathBuf, Shared>,
    /// Changes by folder that are not synced.
    changes: BTreeMap<PathBuf, Vec<Change>>,
    /// Files without a name that may still be open.
    removed: Vec<Weak<Mutex<Content>>>,
}

/// A change of names in one folder.
#[derive(Clone, Debug)]
enum Change {
    Put(PathBuf, Shared),
    Gone(PathBuf),
    /// Both names are in the same folder.
    Moved(PathBuf, PathBuf, Shared),
}

fn apply(files: &mut BTreeMap<PathBuf, Shared>, change: &Change) {
    match change {
        Change::Put(path, content) => {
            files.insert(path.clone(), Arc::clone(content));
        }
        Change::Gone(path) => {
            files.remove(path);
        }
        Change::Moved(from, to, content) => {
            files.remove(from);
            files.insert(to.clone(), Arc::clone(content));
        }
    }
}

impl Names {
    pub(super) fn file(&self, path: &Path) -> Option<&Shared> {
        self.files.get(path)
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &Shared> {
        self.files.values()
    }

    /// Files that were removed while they were open.
    pub(super) fn removed(&self) -> impl Iterator<Item = Shared> {
        let open = |file: &Shared| self.known(file) + 1 < Arc::strong_count(file);
        self.removed
            .iter()
            .filter_map(Weak::upgrade)
            .filter(move |file| open(file))
    }

    /// How often these names refer to a file, for what a power cut would leave.
    fn known(&self, file: &Shared) -> usize {
        let synced = self
            .synced
            .values()
            .filter(|known| Arc::ptr_eq(known, file));
        let changes = self
            .changes
            .values()
            .flatten()
            .filter(|change| match change {
                Change::Put(_, known) | Change::Moved(_, _, known) => Arc::ptr_eq(known, file),
                Change::Gone(_) => false,
            });
        synced.count() + changes.count()
    }

    pub(super) fn exists(&self, path: &Path) -> bool {
        self.files.contains_key(path) || self.is_dir(path)
    }

    fn is_dir(&self, path: &Path) -> bool {
        path.parent().is_none() || self.dirs.contains(path)
    }

    /// Makes an empty file; `None` if there is no folder for it.
    pub(super) fn create(&mut self, path: &Path) -> Option<Shared> {
        if !self.is_dir(path.parent()?) {
            return None;
        }
        let content = Shared::default();
        self.change(path, Change::Put(path.to_owned(), Arc::clone(&content)));
        Some(content)
    }

    /// Folders survive power cuts at once; whether their files do is what matters.
    pub(super) fn create_dirs(&mut self, dir: &Path) {
        self.dirs.extend(dir.ancestors().map(Path::to_owned));
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> Option<()> {
        let content = Arc::clone(self.files.get(from)?);
        let change = Change::Moved(from.to_owned(), to.to_owned(), content);
        self.change(to, change);
        Some(())
    }

    pub(super) fn remove(&mut self, path: &Path) -> Option<()> {
        let content = Arc::downgrade(self.files.get(path)?);
        self.removed.retain(|file| file.strong_count() != 0);
        self.removed.push(content);
        self.change(path, Change::Gone(path.to_owned()));
        Some(())
    }

    pub(super) fn remove_dir_all(&mut self, dir: &Path) -> Option<()> {
        if !self.dirs.contains(dir) {
            return None;
        }
        let below = |path: &PathBuf| path.starts_with(dir);
        let files: Vec<PathBuf> = self.files.keys().filter(|p| below(p)).cloned().collect();
        for file in files {
            self.change(&file, Change::Gone(file.clone()));
        }
        self.dirs.retain(|path| !below(path));
        Some(())
    }

    pub(super) fn list(&self, dir: &Path) -> Option<Vec<Entry>> {
        if !self.is_dir(dir) {
            return None;
        }
        let in_dir = |path: &&PathBuf| path.parent() == Some(dir);
        let entry = |path: &PathBuf, is_dir| Entry {
            name: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            is_dir,
        };
        let files = self.files.keys().filter(in_dir).map(|p| entry(p, false));
        let dirs = self.dirs.iter().filter(in_dir).map(|p| entry(p, true));
        let mut entries: Vec<Entry> = files.chain(dirs).collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Some(entries)
    }

    pub(super) fn sync_dir(&mut self, dir: &Path) {
        for change in self.changes.remove(dir).unwrap_or_default() {
            apply(&mut self.synced, &change);
        }
    }

    pub(super) fn sync_all(&mut self) {
        let dirs: Vec<PathBuf> = self.changes.keys().cloned().collect();
        for dir in dirs {
            self.sync_dir(&dir);
        }
    }

    fn change(&mut self, path: &Path, change: Change) {
        apply(&mut self.files, &change);
        let dir = path.parent().unwrap_or(path).to_owned();
        self.changes.entry(dir).or_default().push(change);
    }

    /// The names as the next start finds them, with what is left of the files.
    pub(super) fn after_power_cut(&self, choice: &mut Choice) -> Self {
        let mut files = self.synced.clone();
        for changes in self.changes.values() {
            if choice.reorders() {
                let survivors = changes.iter().filter(|_| choice.survives());
                survivors.for_each(|change| apply(&mut files, change));
                continue;
            }
            let count = choice.one_of(changes.len() + 1);
            for change in &changes[..count] {
                apply(&mut files, change);
            }
        }
        let left: BTreeMap<PathBuf, Shared> = files
            .iter()
            .map(|(path, content)| {
                let content = content.lock().after_power_cut(choice);
                (path.clone(), Arc::new(Mutex::new(content)))
            })
            .collect();
        // A file that comes back is in its folder, which then was not removed either.
        let above = left.keys().flat_map(|path| path.ancestors().skip(1));
        let mut dirs = self.dirs.clone();
        dirs.extend(above.map(Path::to_owned));
        Self {
            files: left.clone(),
            synced: left,
            dirs,
            changes: BTreeMap::new(),
            removed: Vec::new(),
        }
    }
}
