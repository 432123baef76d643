//! The free space of the disks that a store is on.

use std::fmt;
use std::path::PathBuf;

use ferromq_disk::{Disk, DiskError, Space};

use super::settings::{Level, Retention};
use crate::config::StoreConfig;

/// Where a store lies and what is free there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskSpace {
    /// Folder of the commit log.
    pub log_dir: PathBuf,
    /// Space of the disk that it is on.
    pub log: Space,
    /// Folder of everything else: queues, index, settings.
    pub root: PathBuf,
    /// Space of the disk that this is on.
    pub queues: Space,
}

/// Why nothing new is taken: the disk is fuller than the user wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Full {
    /// The folder whose disk it is.
    pub path: PathBuf,
    /// What was found.
    pub space: Space,
    /// The limit in percent; `None` if a number of free bytes decides.
    pub percent: Option<u8>,
    /// That number.
    pub free_bytes_min: u64,
}

impl DiskSpace {
    /// Measures.
    pub(crate) fn of(disk: &dyn Disk, config: &StoreConfig) -> Result<Self, DiskError> {
        let log_dir = config.commit_log_dir();
        Ok(Self {
            log: disk.space(&log_dir)?,
            log_dir,
            queues: disk.space(&config.root)?,
            root: config.root.clone(),
        })
    }

    /// The worse of the two disks.
    pub(super) fn level(&self, settings: &Retention) -> Level {
        settings.level(self.log).max(settings.level(self.queues))
    }

    /// What to tell those who want to append.
    pub(super) fn full(&self, settings: &Retention) -> Full {
        let of_log = settings.level(self.queues) <= settings.level(self.log);
        let (path, space) = if of_log {
            (&self.log_dir, self.log)
        } else {
            (&self.root, self.queues)
        };
        let percent = (settings.free_bytes_min == 0).then_some(settings.used_percent_refused);
        Full {
            path: path.clone(),
            space,
            percent,
            free_bytes_min: settings.free_bytes_min,
        }
    }
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, used) = (self.path.display(), self.space.used_percent());
        write!(f, "the disk of {path} is too full: {used} % used, ")?;
        match self.percent {
            Some(limit) => write!(f, "{limit} % allowed (diskSpaceWarningLevelRatio)")?,
            None => write!(
                f,
                "{} bytes free, {} wanted (minFreeDiskBytes)",
                self.space.available, self.free_bytes_min
            )?,
        }
        f.write_str("; free space on it, or have old messages deleted sooner (fileReservedTime)")
    }
}
