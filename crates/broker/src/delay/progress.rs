//! `delayOffset.json`: how far each delay level has been delivered.

use std::collections::BTreeMap;

use ferromq_base::{Clock, QueueOffset};
use ferromq_disk::DiskError;
use ferromq_wire::body::DataVersion;
use serde::Deserialize;

use crate::java_json;
use crate::settings_file::{LoadError, SettingsFile};

/// Next offsets by level, with the file that keeps them.
#[derive(Debug)]
pub(crate) struct Progress {
    file: SettingsFile,
    version: DataVersion,
    next: BTreeMap<u32, QueueOffset>,
    is_saved: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct File {
    data_version: DataVersion,
    offset_table: BTreeMap<String, i64>,
}

impl Progress {
    /// Loads the file; a missing one means that nothing was delivered yet.
    pub(crate) fn open(file: SettingsFile) -> Result<Self, LoadError> {
        let loaded: File = file.load(java_json::from_slice)?.unwrap_or_default();
        let entry = |(level, offset): (&String, &i64)| {
            let offset = u64::try_from(*offset).ok()?;
            Some((level.parse().ok()?, QueueOffset(offset)))
        };
        Ok(Self {
            file,
            version: loaded.data_version,
            next: loaded.offset_table.iter().filter_map(entry).collect(),
            is_saved: true,
        })
    }

    /// Next offset of a level.
    pub(crate) fn next(&self, level: u32) -> QueueOffset {
        self.next.get(&level).copied().unwrap_or_default()
    }

    /// Sets the next offset of a level.
    pub(crate) fn set(&mut self, level: u32, next: QueueOffset) {
        self.is_saved &= self.next.insert(level, next) == Some(next);
    }

    /// Whether the file holds all of it.
    pub(crate) fn is_saved(&self) -> bool {
        self.is_saved
    }

    /// Writes the file if anything has changed.
    pub(crate) fn save(&mut self, clock: &dyn Clock) -> Result<(), DiskError> {
        if self.is_saved {
            return Ok(());
        }
        let version = self.version.next(clock.now());
        self.file.replace(self.render(version).as_bytes())?;
        self.version = version;
        self.is_saved = true;
        Ok(())
    }

    /// Level numbers are bare integers in one line, as Java writes them.
    fn render(&self, version: DataVersion) -> String {
        let entry = |(level, offset): (&u32, &QueueOffset)| format!("{level}:{offset}");
        let entries: Vec<String> = self.next.iter().map(entry).collect();
        format!(
            "{{\n\t\"dataVersion\":{},\n\t\"offsetTable\":{{{}\n\t}}\n}}",
            java_json::pretty(&version, 1),
            entries.join(","),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ferromq_base::Millis;
    use ferromq_base::clock::ManualClock;
    use ferromq_disk::RealDisk;

    use super::*;

    fn file(dir: &tempfile::TempDir) -> SettingsFile {
        SettingsFile::new(Arc::new(RealDisk), dir.path().join("delayOffset.json"))
    }

    #[test]
    fn what_was_saved_is_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let clock = ManualClock::at(Millis(77));
        let mut progress = Progress::open(file(&dir)).unwrap();
        assert_eq!(progress.next(3), QueueOffset(0));
        progress.set(3, QueueOffset(45));
        progress.set(18, QueueOffset(7));
        assert!(!progress.is_saved());
        progress.save(&clock).unwrap();
        let again = Progress::open(file(&dir)).unwrap();
        assert_eq!(again.next(3), QueueOffset(45));
        assert_eq!(again.next(18), QueueOffset(7));
        assert_eq!((again.version.counter, again.version.timestamp), (1, 77));
    }

    #[test]
    fn the_file_of_a_java_broker_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let text = "{\n\t\"dataVersion\":{\n\t\t\"counter\":4,\n\t\t\"stateVersion\":0,\n\t\t\"timestamp\":5\n\t},\n\t\"offsetTable\":{1:120,2:0,18:7\n\t}\n}";
        std::fs::write(dir.path().join("delayOffset.json"), text).unwrap();
        let progress = Progress::open(file(&dir)).unwrap();
        assert_eq!(progress.next(1), QueueOffset(120));
        assert_eq!(progress.next(18), QueueOffset(7));
    }

    #[test]
    fn setting_the_same_again_needs_no_save() {
        let dir = tempfile::tempdir().unwrap();
        let mut progress = Progress::open(file(&dir)).unwrap();
        progress.set(1, QueueOffset(1));
        progress.save(&ManualClock::default()).unwrap();
        progress.set(1, QueueOffset(1));
        assert!(progress.is_saved());
    }
}
