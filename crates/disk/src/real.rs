//! The disk of the operating system: positioned reads and writes through `std`, preallocation and syncs through `rustix`.

use std::any::Any;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use ferromq_base::Millis;
use rustix::fs::{FallocateFlags, FlockOperation};

use crate::disk::{Disk, DiskFile, Entry, OpenMode, Space};
use crate::error::DiskError;

/// The disk of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

/// A file of the operating system.
#[derive(Debug)]
struct RealFile {
    file: File,
    path: PathBuf,
    #[cfg(target_os = "linux")]
    direct: crate::direct::Direct,
}

/// Gives an error of the system its operation and path.
fn on(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DiskError {
    move |source| DiskError::new(operation, path, source)
}

impl Disk for RealDisk {
    fn open(&self, path: &Path, mode: OpenMode) -> Result<Arc<dyn DiskFile>, DiskError> {
        let file = File::options()
            .read(true)
            .write(mode != OpenMode::Read)
            .create(mode == OpenMode::Create)
            .create_new(mode == OpenMode::CreateNew)
            .open(path)
            .map_err(on("open", path))?;
        Ok(Arc::new(RealFile {
            file,
            path: path.to_owned(),
            #[cfg(target_os = "linux")]
            direct: crate::direct::Direct::default(),
        }))
    }

    fn list(&self, dir: &Path) -> Result<Vec<Entry>, DiskError> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(dir).map_err(on("list", dir))? {
            let entry = entry.map_err(on("list", dir))?;
            let is_dir = entry.file_type().map_err(on("list", dir))?.is_dir();
            if let Ok(name) = entry.file_name().into_string() {
                entries.push(Entry { name, is_dir });
            }
        }
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn exists(&self, path: &Path) -> Result<bool, DiskError> {
        path.try_exists().map_err(on("look for", path))
    }

    fn file_len(&self, path: &Path) -> Result<u64, DiskError> {
        let metadata = fs::metadata(path).map_err(on("look at", path))?;
        Ok(metadata.len())
    }

    fn create_dirs(&self, dir: &Path) -> Result<(), DiskError> {
        fs::create_dir_all(dir).map_err(on("create", dir))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        fs::rename(from, to).map_err(on("rename", from))
    }

    fn remove(&self, path: &Path) -> Result<(), DiskError> {
        fs::remove_file(path).map_err(on("remove", path))
    }

    fn remove_dir_all(&self, dir: &Path) -> Result<(), DiskError> {
        fs::remove_dir_all(dir).map_err(on("remove", dir))
    }

    fn sync_dir(&self, dir: &Path) -> Result<(), DiskError> {
        let folder = File::open(dir).map_err(on("open", dir))?;
        folder.sync_all().map_err(on("sync", dir))
    }

    #[cfg(target_os = "linux")]
    fn sync_file_system(&self, path: &Path) -> Result<(), DiskError> {
        let any = File::open(path).map_err(on("open", path))?;
        rustix::fs::syncfs(&any).map_err(|e| on("sync", path)(e.into()))
    }

    #[cfg(not(target_os = "linux"))]
    fn sync_file_system(&self, path: &Path) -> Result<(), DiskError> {
        rustix::fs::sync();
        self.sync_dir(path)
    }

    fn space(&self, path: &Path) -> Result<Space, DiskError> {
        let s = rustix::fs::statvfs(path).map_err(|e| on("measure", path)(e.into()))?;
        // Blocks reserved for root count neither as used nor as available, as in `df` and in Java.
        let used = s.f_blocks.saturating_sub(s.f_bfree);
        Ok(Space {
            total: (used + s.f_bavail).saturating_mul(s.f_frsize),
            available: s.f_bavail.saturating_mul(s.f_frsize),
        })
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn Any + Send + Sync>, DiskError> {
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(on("open", path))?;
        // Two locks: the first is seen by every open of this file, also within this process; the second kind is
        // the one Java takes, and is seen by Java brokers only.
        file.try_lock().map_err(|e| match e {
            fs::TryLockError::Error(e) => on("lock", path)(e),
            fs::TryLockError::WouldBlock => on("lock", path)(io::ErrorKind::WouldBlock.into()),
        })?;
        match rustix::fs::fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Box::new(file)),
            Err(rustix::io::Errno::ACCESS) => {
                Err(on("lock", path)(io::ErrorKind::WouldBlock.into()))
            }
            Err(e) => Err(on("lock", path)(e.into())),
        }
    }
}

impl RealFile {
    fn fail(&self, operation: &'static str) -> impl FnOnce(io::Error) -> DiskError + '_ {
        on(operation, &self.path)
    }

    /// Whether the file system says that it cannot do this kind of allocation at all.
    fn unsupported(error: rustix::io::Errno) -> bool {
        matches!(
            error,
            rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS | rustix::io::Errno::INVAL
        )
    }

    fn write_zeros(&self, at: u64, len: u64) -> Result<(), DiskError> {
        static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];
        let mut done = 0;
        while done < len {
            let step = (len - done).min(ZEROS.len() as u64);
            let bytes = &ZEROS[..usize::try_from(step).unwrap_or(ZEROS.len())];
            self.write_at(bytes, at + done)?;
            done += step;
        }
        Ok(())
    }
}

impl DiskFile for RealFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn read_at(&self, buf: &mut [u8], at: u64) -> Result<usize, DiskError> {
        let mut done = 0;
        while done < buf.len() {
            match self.file.read_at(&mut buf[done..], at + done as u64) {
                Ok(0) => break,
                Ok(n) => done += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(self.fail("read")(e)),
            }
        }
        Ok(done)
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> Result<(), DiskError> {
        self.file
            .write_all_at(bytes, at)
            .map_err(self.fail("write"))
    }

    fn preallocate(&self, len: u64) -> Result<(), DiskError> {
        // What stands for this call elsewhere cuts a longer file.
        if cfg!(not(target_os = "linux")) && len <= self.len()? {
            return Ok(());
        }
        match rustix::fs::fallocate(&self.file, FallocateFlags::empty(), 0, len) {
            Ok(()) => Ok(()),
            Err(e) if Self::unsupported(e) => self.set_len(len),
            Err(e) => Err(self.fail("allocate")(e.into())),
        }
    }

    fn zero_range(&self, at: u64, len: u64) -> Result<(), DiskError> {
        if len == 0 {
            return Ok(());
        }
        #[cfg(target_os = "linux")]
        match rustix::fs::fallocate(&self.file, FallocateFlags::ZERO_RANGE, at, len) {
            Err(e) if Self::unsupported(e) => {}
            done => return done.map_err(|e| self.fail("clear")(e.into())),
        }
        self.write_zeros(at, len)
    }

    fn set_len(&self, len: u64) -> Result<(), DiskError> {
        self.file.set_len(len).map_err(self.fail("resize"))
    }

    #[cfg(target_os = "linux")]
    fn begin_write_back(&self, at: u64, len: u64) {
        crate::write_back::begin(&self.file, at, len);
    }

    fn sync_data(&self) -> Result<(), DiskError> {
        self.file.sync_data().map_err(self.fail("sync"))
    }

    fn sync_all(&self) -> Result<(), DiskError> {
        self.file.sync_all().map_err(self.fail("sync"))
    }

    fn len(&self) -> Result<u64, DiskError> {
        let metadata = self.file.metadata().map_err(self.fail("look at"))?;
        Ok(metadata.len())
    }

    #[cfg(target_os = "linux")]
    fn data_from(&self, at: u64) -> Result<Option<u64>, DiskError> {
        // Moves the cursor, which nobody uses.
        match rustix::fs::seek(&self.file, rustix::fs::SeekFrom::Data(at)) {
            Ok(place) => Ok(Some(place)),
            Err(rustix::io::Errno::NXIO) => Ok(None),
            Err(e) if Self::unsupported(e) => {
                Ok(Some(at).filter(|at| self.len().is_ok_and(|len| *at < len)))
            }
            Err(e) => Err(self.fail("look at")(e.into())),
        }
    }

    fn modified(&self) -> Result<Millis, DiskError> {
        let metadata = self.file.metadata().map_err(self.fail("look at"))?;
        let time = metadata.modified().map_err(self.fail("look at"))?;
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
    }

    #[cfg(target_os = "linux")]
    fn read_cached_at(&self, buf: &mut [u8], at: u64) -> Result<Option<usize>, DiskError> {
        use rustix::io::{Errno, ReadWriteFlags};
        if crate::page_cache::holds(&self.file, at, buf.len() as u64) == Some(false) {
            return Ok(None);
        }
        let mut slices = [io::IoSliceMut::new(buf)];
        match rustix::io::preadv2(&self.file, &mut slices, at, ReadWriteFlags::NOWAIT) {
            Ok(n) => Ok(Some(n)),
            Err(Errno::AGAIN) => Ok(None),
            // Some file systems (tmpfs before Linux 6.x among them) cannot tell; their reads are quick enough.
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => self.read_at(buf, at).map(Some),
            Err(Errno::INTR) => Ok(None),
            Err(e) => Err(self.fail("read")(e.into())),
        }
    }

    #[cfg(target_os = "linux")]
    fn read_once_at(&self, parts: &mut [&mut [u8]], at: u64) -> Result<usize, DiskError> {
        let len: usize = parts.iter().map(|part| part.len()).sum();
        let cached = crate::page_cache::cached(&self.file, at, len as u64);
        // A few holes in what is in the page cache are closed: the next reader need not come to the disk for them.
        if cached.is_none_or(|(cached, pages)| cached <= pages / 2) {
            let file = (&self.file, &*self.path);
            if let Some(read) = self.direct.read_at(file, parts, at) {
                return read.map_err(self.fail("read"));
            }
        }
        self.read_parts_at(parts, at)
    }
}
