//! A disk whose commit log, and whose settings files, can be made to stall or to refuse writes.

use std::any::Any;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};

use ferromq_base::Millis;
use ferromq_disk::{Disk, DiskError, DiskFile, Entry, OpenMode, RealDisk, Space};

/// The real disk behind a gate.
#[derive(Clone, Debug, Default)]
pub(crate) struct GatedDisk {
    real: RealDisk,
    gate: Arc<Gate>,
}

#[derive(Debug, Default)]
struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    syncs_stall: bool,
    writes_fail: bool,
    settings_stall: bool,
    settings_fail: bool,
}

impl GatedDisk {
    /// Makes syncs of the commit log wait, or lets them go.
    pub(crate) fn stall_syncs(&self, stall: bool) {
        self.gate.state.lock().unwrap().syncs_stall = stall;
        self.gate.changed.notify_all();
    }

    /// Makes writes to the commit log fail, or lets them succeed.
    pub(crate) fn fail_writes(&self, fail: bool) {
        self.gate.state.lock().unwrap().writes_fail = fail;
    }

    /// Makes syncs of settings files wait, or lets them go.
    pub(crate) fn stall_settings(&self, stall: bool) {
        self.gate.state.lock().unwrap().settings_stall = stall;
        self.gate.changed.notify_all();
    }

    /// Makes writes to settings files fail, or lets them succeed.
    pub(crate) fn fail_settings(&self, fail: bool) {
        self.gate.state.lock().unwrap().settings_fail = fail;
    }
}

/// A file of the commit log, or a settings file.
#[derive(Debug)]
struct GatedFile {
    is_log: bool,
    real: Arc<dyn DiskFile>,
    gate: Arc<Gate>,
    path: PathBuf,
}

impl GatedFile {
    fn wait(&self) {
        let state = self.gate.state.lock().unwrap();
        let stalls = |state: &mut State| {
            if self.is_log {
                state.syncs_stall
            } else {
                state.settings_stall
            }
        };
        drop(self.gate.changed.wait_while(state, stalls));
    }
}

impl Disk for GatedDisk {
    fn open(&self, path: &Path, mode: OpenMode) -> Result<Arc<dyn DiskFile>, DiskError> {
        let real = self.real.open(path, mode)?;
        let lies_in = |folder| path.components().any(|part| part.as_os_str() == folder);
        let is_log = lies_in("commitlog");
        if !is_log && !lies_in("config") {
            return Ok(real);
        }
        Ok(Arc::new(GatedFile {
            is_log,
            real,
            gate: Arc::clone(&self.gate),
            path: path.to_owned(),
        }))
    }

    fn list(&self, dir: &Path) -> Result<Vec<Entry>, DiskError> {
        self.real.list(dir)
    }

    fn exists(&self, path: &Path) -> Result<bool, DiskError> {
        self.real.exists(path)
    }

    fn file_len(&self, path: &Path) -> Result<u64, DiskError> {
        self.real.file_len(path)
    }

    fn create_dirs(&self, dir: &Path) -> Result<(), DiskError> {
        self.real.create_dirs(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        self.real.rename(from, to)
    }

    fn remove(&self, path: &Path) -> Result<(), DiskError> {
        self.real.remove(path)
    }

    fn remove_dir_all(&self, dir: &Path) -> Result<(), DiskError> {
        self.real.remove_dir_all(dir)
    }

    fn sync_dir(&self, dir: &Path) -> Result<(), DiskError> {
        self.real.sync_dir(dir)
    }

    fn sync_file_system(&self, path: &Path) -> Result<(), DiskError> {
        self.real.sync_file_system(path)
    }

    fn space(&self, path: &Path) -> Result<Space, DiskError> {
        self.real.space(path)
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn Any + Send + Sync>, DiskError> {
        self.real.lock(path)
    }
}

impl DiskFile for GatedFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn read_at(&self, buf: &mut [u8], at: u64) -> Result<usize, DiskError> {
        self.real.read_at(buf, at)
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> Result<(), DiskError> {
        let state = self.gate.state.lock().unwrap();
        let fails = if self.is_log {
            state.writes_fail
        } else {
            state.settings_fail
        };
        drop(state);
        if fails {
            let error = std::io::Error::from(std::io::ErrorKind::StorageFull);
            return Err(DiskError::new("write", &self.path, error));
        }
        self.real.write_at(bytes, at)
    }

    fn preallocate(&self, len: u64) -> Result<(), DiskError> {
        self.real.preallocate(len)
    }

    fn zero_range(&self, at: u64, len: u64) -> Result<(), DiskError> {
        self.real.zero_range(at, len)
    }

    fn set_len(&self, len: u64) -> Result<(), DiskError> {
        self.real.set_len(len)
    }

    fn sync_data(&self) -> Result<(), DiskError> {
        self.wait();
        self.real.sync_data()
    }

    fn sync_all(&self) -> Result<(), DiskError> {
        self.wait();
        self.real.sync_all()
    }

    fn len(&self) -> Result<u64, DiskError> {
        self.real.len()
    }

    fn modified(&self) -> Result<Millis, DiskError> {
        self.real.modified()
    }
}
