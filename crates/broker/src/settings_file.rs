//! Settings files: loaded with a backup beside them, replaced in one step, saved soon after a change.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ferromq_base::Clock;
use ferromq_disk::{Disk, DiskError, crashsafe};
use ferromq_wire::body::DataVersion;
use tokio::sync::Notify;

/// Why a settings file could not be loaded. The broker must not start then: it would forget what the file holds.
pub type LoadError = crashsafe::LoadError<serde_json::Error>;

/// Largest settings file that is read.
const FILE_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Saving takes at most one part in so many of the time.
const SAVE_SHARE: u32 = 20;
/// Longest pause between two saves of a table that takes long.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// How long a failed save waits before it is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// One settings file with its `.bak`.
#[derive(Clone, Debug)]
pub struct SettingsFile {
    disk: Arc<dyn Disk>,
    path: PathBuf,
}

impl SettingsFile {
    /// The file at `path`. Its folder must exist.
    #[must_use]
    pub fn new(disk: Arc<dyn Disk>, path: PathBuf) -> Self {
        Self { disk, path }
    }

    /// Reads the file, or its backup if the file is missing, empty or damaged; `None` if there is neither.
    pub(crate) fn load<T>(
        &self,
        parse: impl Fn(&[u8]) -> Result<T, serde_json::Error>,
    ) -> Result<Option<T>, LoadError> {
        let loaded = crashsafe::load(&*self.disk, &self.path, FILE_BYTES_MAX, parse)?;
        Ok(loaded.map(|loaded| {
            if loaded.from_backup {
                tracing::warn!(path = %self.path.display(), "settings were read from the backup");
            }
            loaded.value
        }))
    }

    /// Replaces the content. Callers see to it that two calls do not run at the same time.
    pub(crate) fn replace(&self, content: &[u8]) -> Result<(), DiskError> {
        crashsafe::replace(&*self.disk, &self.path, content)
    }
}

/// The version of a table that was never saved.
pub(crate) fn new_version(clock: &dyn Clock) -> DataVersion {
    DataVersion {
        timestamp: clock.now().0,
        ..DataVersion::default()
    }
}

/// Whether a table has changes that its file does not hold yet, and a bell for the task that saves them.
#[derive(Debug, Default)]
pub struct Unsaved {
    changed: AtomicBool,
    bell: Notify,
    /// Somebody waits for the next save.
    urgent: Notify,
}

impl Unsaved {
    /// Says that the table has changed; call it after the change.
    pub fn mark(&self) {
        if !self.changed.swap(true, Ordering::AcqRel) {
            self.bell.notify_one();
        }
    }

    /// Says that somebody waits for a change to be saved; call it after [`Unsaved::mark`].
    pub(crate) fn hurry(&self) {
        self.urgent.notify_one();
    }

    /// Whether there was a change; from here on there is none. Call it before reading the table.
    pub(crate) fn take(&self) -> bool {
        self.changed.swap(false, Ordering::AcqRel)
    }

    /// Calls `save` about `pause` after the first change, for ever. Sleeps while nothing changes. A table that takes long
    /// to save is saved less often, so that saving costs a twentieth of the time at most, or half of it while somebody
    /// waits.
    pub(crate) async fn keep_saved(
        &self,
        pause: Duration,
        save: impl Fn() -> Result<(), DiskError>,
    ) -> ! {
        let mut pause_now = pause;
        let mut took = Duration::ZERO;
        loop {
            self.bell.notified().await;
            let hurried = async {
                self.urgent.notified().await;
                tokio::time::sleep(took).await;
            };
            // Whichever is over first.
            let _ = tokio::time::timeout(pause_now, hurried).await;
            let begin = Instant::now();
            let saved = save();
            took = begin.elapsed();
            pause_now = pause.max(took * SAVE_SHARE).min(pause.max(PAUSE_MAX));
            if let Err(error) = saved {
                tracing::error!(%error, "settings could not be saved and will be tried again");
                tokio::time::sleep(RETRY).await;
                self.bell.notify_one();
            }
        }
    }
}
