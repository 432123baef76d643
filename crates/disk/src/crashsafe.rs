//! Small files that are replaced as a whole: after a crash there is the old content or the new, never a mixture.
//!
//! Next to `X` there may be `X.bak` (the content before the last replacement; RocketMQ reads it when `X` is missing or
//! unreadable), `X.tmp` (a replacement that did not finish; ignored) and `X.damaged` (a content that could not be
//! read, kept as evidence).

use std::path::{Path, PathBuf};

use crate::disk::{Disk, OpenMode};
use crate::error::{DiskError, DiskErrorKind};

/// `path` with `suffix` added to its name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Replaces the content of `path` by `bytes`; what was there becomes `path.bak`.
///
/// Whatever instant a crash or power cut picks, a reader that takes `path`, or `path.bak` if there is no `path`,
/// finds the old content or the new: the new one is on the disk under another name before anything is renamed.
/// Two calls for one path must not run at the same time. A full disk is asked for the room that it keeps back.
pub fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    loop {
        match replace_once(disk, path, bytes) {
            Err(error) if error.kind() == DiskErrorKind::Full && disk.make_room() => {}
            done => return done,
        }
    }
}

fn replace_once(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    let fresh = beside(path, ".tmp");
    if disk.exists(&fresh)? {
        disk.remove(&fresh)?;
    }
    let file = disk.open(&fresh, OpenMode::CreateNew)?;
    file.write_at(bytes, 0)?;
    file.sync_all()?;
    drop(file);
    if disk.exists(path)? {
        disk.rename(path, &beside(path, ".bak"))?;
    }
    disk.rename(&fresh, path)?;
    match path.parent() {
        Some(dir) => disk.sync_dir(dir),
        None => Ok(()),
    }
}

/// Why a file could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError<E> {
    /// The disk failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The content cannot be understood, and no older generation of it can.
    #[error(
        "cannot understand {path}: {cause}; no usable .bak beside it: restore it from a backup, or remove it to start without its content"
    )]
    Content {
        /// The newest generation that was tried.
        path: PathBuf,
        /// What the parser said.
        cause: E,
    },
}

/// A loaded file.
#[derive(Debug, PartialEq, Eq)]
pub struct Loaded<T> {
    /// The parsed content.
    pub value: T,
    /// Whether it is the older generation, because the newer one was missing, empty or unreadable.
    pub from_backup: bool,
}

/// Parses `path`, or `path.bak` if `path` is missing, empty or cannot be parsed. `None` if neither has content.
///
/// A content that cannot be parsed is renamed to `path.damaged` once the older generation has proved good, so that the
/// next [`replace`] does not push it over the good one.
pub fn load<T, E>(
    disk: &dyn Disk,
    path: &Path,
    bytes_max: u64,
    parse: impl Fn(&[u8]) -> Result<T, E>,
) -> Result<Option<Loaded<T>>, LoadError<E>> {
    let mut damage = None;
    if let Some(bytes) = content(disk, path, bytes_max)? {
        match parse(&bytes) {
            Ok(value) => {
                return Ok(Some(Loaded {
                    value,
                    from_backup: false,
                }));
            }
            Err(cause) => damage = Some(cause),
        }
    }
    let backup = beside(path, ".bak");
    let older = content(disk, &backup, bytes_max)?.map(|bytes| parse(&bytes));
    match (older, damage) {
        (Some(Ok(value)), damage) => {
            if damage.is_some() {
                disk.rename(path, &beside(path, ".damaged"))?;
            }
            Ok(Some(Loaded {
                value,
                from_backup: true,
            }))
        }
        (None, None) => Ok(None),
        (_, Some(cause)) => Err(LoadError::Content {
            path: path.to_owned(),
            cause,
        }),
        (Some(Err(cause)), None) => Err(LoadError::Content {
            path: backup,
            cause,
        }),
    }
}

/// The bytes of a file; `None` if it is missing or empty.
fn content(disk: &dyn Disk, path: &Path, bytes_max: u64) -> Result<Option<Vec<u8>>, DiskError> {
    match disk.read(path, bytes_max) {
        Ok(bytes) if bytes.is_empty() => Ok(None),
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == DiskErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}
