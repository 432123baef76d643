//! Key-value settings by namespace, kept in a file: `{"configTable":{"NAMESPACE":{"key":"value"}}}`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use ferromq_disk::crashsafe::{self, LoadError};
use ferromq_disk::{Disk, DiskError};
use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Namespace of the order configuration of topics.
pub const ORDER_TOPIC_CONFIG: &str = "ORDER_TOPIC_CONFIG";

/// Largest file in bytes, and so the limit of all settings together.
const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The keys and values of one namespace.
pub type Namespace = BTreeMap<String, String>;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct File {
    #[serde(rename = "configTable", default)]
    tables: BTreeMap<String, Namespace>,
}

/// Why a setting was not saved; what was in force before still is.
#[derive(Debug, Error)]
pub enum SaveError {
    /// The disk failed.
    #[error("cannot save the key-value settings: {0}")]
    Disk(#[from] DiskError),
    /// The settings cannot be written as JSON.
    #[error("cannot save the key-value settings: {0}")]
    Json(#[from] serde_json::Error),
    /// Too much.
    #[error("cannot save the key-value settings: more than {FILE_BYTES_MAX} bytes")]
    TooLong,
}

/// The settings and their file.
#[derive(Debug)]
pub struct KvSettings {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    tables: RwLock<BTreeMap<String, Namespace>>,
    /// Held while a change is saved, so that changes follow each other.
    saving: Mutex<()>,
}

impl KvSettings {
    /// Loads the settings; a missing file has none.
    pub fn open(disk: Arc<dyn Disk>, path: PathBuf) -> Result<Self, LoadError<serde_json::Error>> {
        let parse = |bytes: &[u8]| serde_json::from_slice::<File>(bytes);
        let file = crashsafe::load(&*disk, &path, FILE_BYTES_MAX as u64, parse)?;
        let tables = file.map(|file| file.value.tables).unwrap_or_default();
        Ok(Self {
            disk,
            path,
            tables: RwLock::new(tables),
            saving: Mutex::new(()),
        })
    }

    /// The value of a key.
    #[must_use]
    pub fn value(&self, namespace: &str, key: &str) -> Option<String> {
        self.tables.read().get(namespace)?.get(key).cloned()
    }

    /// Everything in a namespace; none if it was never written.
    #[must_use]
    pub fn namespace(&self, namespace: &str) -> Option<Namespace> {
        self.tables.read().get(namespace).cloned()
    }

    /// Sets a key and saves. Waits for the disk.
    pub fn put(&self, namespace: String, key: String, value: String) -> Result<(), SaveError> {
        self.change(|tables| {
            tables.entry(namespace).or_default().insert(key, value);
            true
        })
    }

    /// Removes a key and saves; its namespace stays. Waits for the disk.
    pub fn delete(&self, namespace: &str, key: &str) -> Result<(), SaveError> {
        self.change(|tables| {
            let namespace = tables.get_mut(namespace);
            namespace.is_some_and(|namespace| namespace.remove(key).is_some())
        })
    }

    /// Changes a copy, saves it, and only then lets it be seen. `change` says whether there is anything to save.
    fn change(
        &self,
        change: impl FnOnce(&mut BTreeMap<String, Namespace>) -> bool,
    ) -> Result<(), SaveError> {
        let _one_at_a_time = self.saving.lock();
        let mut tables = self.tables.read().clone();
        if !change(&mut tables) {
            return Ok(());
        }
        let file = File { tables };
        let bytes = serde_json::to_vec(&file)?;
        if FILE_BYTES_MAX < bytes.len() {
            return Err(SaveError::TooLong);
        }
        if let Some(dir) = self.path.parent() {
            self.disk.create_dirs(dir)?;
        }
        crashsafe::replace(&*self.disk, &self.path, &bytes)?;
        *self.tables.write() = file.tables;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ferromq_disk::RealDisk;

    use super::*;

    fn open(dir: &tempfile::TempDir) -> KvSettings {
        KvSettings::open(Arc::new(RealDisk), dir.path().join("namesrv/kvConfig.json")).unwrap()
    }

    #[test]
    fn settings_survive_in_the_layout_of_rocketmq() {
        let dir = tempfile::tempdir().unwrap();
        let kv = open(&dir);
        assert_eq!(kv.namespace("N"), None);
        kv.put("N".into(), "k".into(), "v".into()).unwrap();
        kv.put("N".into(), "a".into(), "1".into()).unwrap();
        let text = std::fs::read_to_string(dir.path().join("namesrv/kvConfig.json")).unwrap();
        assert_eq!(text, r#"{"configTable":{"N":{"a":"1","k":"v"}}}"#);
        let kv = open(&dir);
        assert_eq!(kv.value("N", "k").as_deref(), Some("v"));
        kv.delete("N", "k").unwrap();
        kv.delete("N", "a").unwrap();
        kv.delete("X", "a").unwrap();
        let kv = open(&dir);
        assert_eq!(kv.value("N", "k"), None);
        assert_eq!(
            kv.namespace("N"),
            Some(Namespace::new()),
            "the namespace stays"
        );
    }

    #[test]
    fn what_cannot_be_saved_is_not_in_force() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        let path = dir.path().join("file/kvConfig.json");
        let kv = KvSettings::open(Arc::new(RealDisk), path);
        let Ok(kv) = kv else {
            return;
        };
        assert!(kv.put("N".into(), "k".into(), "v".into()).is_err());
        assert_eq!(kv.value("N", "k"), None);
    }

    #[test]
    fn a_damaged_file_is_not_taken_for_an_empty_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kvConfig.json");
        std::fs::write(&path, r#"{"configTable":{"N":"#).unwrap();
        assert!(KvSettings::open(Arc::new(RealDisk), path).is_err());
    }
}
