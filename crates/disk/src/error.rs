//! What can go wrong on a disk, in the kinds that make a difference to a caller.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The class of a disk error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskErrorKind {
    /// The file or folder does not exist.
    NotFound,
    /// The file exists although it must not.
    AlreadyExists,
    /// No space, no inode or no quota left; goes away when space is freed.
    Full,
    /// The process may not do this: permissions, or a file system mounted read-only.
    Denied,
    /// The process or the machine has no file descriptor left.
    TooManyFiles,
    /// Another process, or another part of this one, holds the lock.
    Locked,
    /// The file ended before the bytes that were asked for.
    ShortFile,
    /// The device, or the file system, cannot read or write these bytes: a bad sector, or a device that is gone.
    Device,
    /// Anything else, as a call that is not supported.
    Io,
}

impl DiskErrorKind {
    /// The kind of an error of the operating system.
    #[must_use]
    pub fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::AlreadyExists => Self::AlreadyExists,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::Denied,
            io::ErrorKind::WouldBlock => Self::Locked,
            io::ErrorKind::UnexpectedEof => Self::ShortFile,
            _ => match error
                .raw_os_error()
                .map(rustix::io::Errno::from_raw_os_error)
            {
                Some(rustix::io::Errno::MFILE | rustix::io::Errno::NFILE) => Self::TooManyFiles,
                Some(
                    rustix::io::Errno::IO
                    | rustix::io::Errno::NODATA
                    | rustix::io::Errno::BADMSG
                    | rustix::io::Errno::ILSEQ,
                ) => Self::Device,
                #[cfg(target_os = "linux")]
                Some(rustix::io::Errno::UCLEAN) => Self::Device,
                _ => Self::Io,
            },
        }
    }

    /// What an operator can do about it.
    #[must_use]
    pub fn cure(self) -> &'static str {
        match self {
            Self::NotFound => "check the path",
            Self::AlreadyExists => "remove the file if it is a leftover",
            Self::Full => "free space, inodes or quota on this file system",
            Self::Denied => "check owner, permissions and mount options",
            Self::TooManyFiles => "raise the limit of open files (ulimit -n)",
            Self::Locked => "stop the other process that uses this folder",
            Self::ShortFile => "the file was cut: restore it from a replica or a backup",
            Self::Device | Self::Io => "check the device and the kernel log",
        }
    }
}

/// A failed disk operation: what was tried, on which path, and why it failed.
///
/// Boxed inside, so that results stay small.
#[derive(Debug)]
pub struct DiskError(Box<Details>);

#[derive(Debug)]
struct Details {
    operation: &'static str,
    path: PathBuf,
    kind: DiskErrorKind,
    source: io::Error,
}

impl DiskError {
    /// The error `source` of `operation` (a verb, as in "read") on `path`.
    #[must_use]
    pub fn new(operation: &'static str, path: &Path, source: io::Error) -> Self {
        let kind = DiskErrorKind::of(&source);
        Self(Box::new(Details {
            operation,
            path: path.to_owned(),
            kind,
            source,
        }))
    }

    /// The class of the error.
    #[must_use]
    pub fn kind(&self) -> DiskErrorKind {
        self.0.kind
    }

    /// The file or folder it happened on.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let d = &self.0;
        write!(
            f,
            "cannot {} {}: {} ({})",
            d.operation,
            d.path.display(),
            d.source,
            d.kind.cure()
        )
    }
}

impl std::error::Error for DiskError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_system_fall_into_the_kinds_callers_act_on() {
        let kind = |errno: rustix::io::Errno| DiskErrorKind::of(&errno.into());
        assert_eq!(kind(rustix::io::Errno::NOSPC), DiskErrorKind::Full);
        assert_eq!(kind(rustix::io::Errno::DQUOT), DiskErrorKind::Full);
        assert_eq!(kind(rustix::io::Errno::ROFS), DiskErrorKind::Denied);
        assert_eq!(kind(rustix::io::Errno::ACCESS), DiskErrorKind::Denied);
        assert_eq!(kind(rustix::io::Errno::MFILE), DiskErrorKind::TooManyFiles);
        assert_eq!(kind(rustix::io::Errno::IO), DiskErrorKind::Device);
        assert_eq!(kind(rustix::io::Errno::NOMEM), DiskErrorKind::Io);
        assert_eq!(kind(rustix::io::Errno::NOENT), DiskErrorKind::NotFound);
    }

    #[test]
    fn the_text_names_operation_path_cause_and_cure() {
        let error = DiskError::new(
            "write",
            Path::new("/data/x"),
            rustix::io::Errno::NOSPC.into(),
        );
        let text = error.to_string();
        assert!(text.starts_with("cannot write /data/x: "), "{text}");
        assert!(text.ends_with("(free space, inodes or quota on this file system)"));
    }
}
