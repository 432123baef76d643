//! Offsets of a broadcasting consumer, kept in a local file because each consumer has its own.
//!
//! `<dir>/<client id>/<group>/offsets.json`, written to a temporary file first and then renamed; the version before stays as
//! `offsets.json.bak` and is read when the file itself cannot be understood.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ferromq_base::QueueOffset;
use serde::{Deserialize, Serialize};

use crate::queue::MessageQueue;

/// The file of one group on one client.
#[derive(Clone, Debug)]
pub(crate) struct LocalFile {
    path: PathBuf,
}

#[derive(Default, Deserialize, Serialize)]
struct Content {
    offsets: Vec<Line>,
}

#[derive(Deserialize, Serialize)]
struct Line {
    topic: String,
    broker: String,
    queue: u32,
    offset: u64,
}

impl LocalFile {
    /// The file for `group` of `client_id` below `dir`. Characters that mean something in a path are replaced.
    pub(crate) fn below(dir: &Path, client_id: &str, group: &str) -> Self {
        let folder = dir.join(file_name(client_id)).join(file_name(group));
        Self {
            path: folder.join("offsets.json"),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is stored; nothing if there is no file yet.
    pub(crate) fn read(&self) -> io::Result<Vec<(MessageQueue, QueueOffset)>> {
        let content = match read_content(&self.path) {
            Ok(content) => content,
            Err(error) => match read_content(&self.backup()) {
                Ok(Some(content)) => Some(content),
                _ => return Err(error),
            },
        };
        let lines = content.unwrap_or_default().offsets.into_iter();
        Ok(lines.map(Line::into_entry).collect())
    }

    /// Replaces what is stored.
    pub(crate) fn write(&self, offsets: &[(MessageQueue, QueueOffset)]) -> io::Result<()> {
        let mut lines: Vec<Line> = offsets.iter().map(Line::of).collect();
        lines.sort_by(|a, b| (&a.topic, &a.broker, a.queue).cmp(&(&b.topic, &b.broker, b.queue)));
        let text = serde_json::to_vec_pretty(&Content { offsets: lines })?;
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let temporary = self.path.with_extension("json.tmp");
        let mut file = fs::File::create(&temporary)?;
        io::Write::write_all(&mut file, &text)?;
        file.sync_all()?;
        if self.path.exists() {
            fs::rename(&self.path, self.backup())?;
        }
        fs::rename(&temporary, &self.path)
    }

    fn backup(&self) -> PathBuf {
        self.path.with_extension("json.bak")
    }
}

/// Nothing if there is no such file.
fn read_content(path: &Path) -> io::Result<Option<Content>> {
    match fs::read(path) {
        Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn file_name(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@#._-%".contains(c);
    let name: String = text
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect();
    // A name of dots only would lead out of the folder.
    match name.trim_matches('.') {
        "" => "_".to_owned(),
        _ => name,
    }
}

impl Line {
    fn of((queue, offset): &(MessageQueue, QueueOffset)) -> Self {
        Self {
            topic: queue.topic.to_string(),
            broker: queue.broker.to_string(),
            queue: queue.id.0,
            offset: offset.0,
        }
    }

    fn into_entry(self) -> (MessageQueue, QueueOffset) {
        let queue = MessageQueue::new(self.topic, self.broker, self.queue);
        (queue, QueueOffset(self.offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: u32, offset: u64) -> (MessageQueue, QueueOffset) {
        (MessageQueue::new("T", "b", id), QueueOffset(offset))
    }

    #[test]
    fn what_is_written_is_read_and_a_missing_file_is_empty() {
        let dir = tempfile::tempdir().unwrap();
        let file = LocalFile::below(dir.path(), "10.0.0.1@7", "G");
        assert!(file.read().unwrap().is_empty());
        file.write(&[entry(1, 9), entry(0, 4)]).unwrap();
        assert_eq!(file.read().unwrap(), [entry(0, 4), entry(1, 9)]);
    }

    #[test]
    fn an_unreadable_file_gives_way_to_the_version_before() {
        let dir = tempfile::tempdir().unwrap();
        let file = LocalFile::below(dir.path(), "c", "G");
        file.write(&[entry(0, 1)]).unwrap();
        file.write(&[entry(0, 2)]).unwrap();
        fs::write(file.path(), "{\"offs").unwrap();
        assert_eq!(file.read().unwrap(), [entry(0, 1)]);
        fs::write(file.backup(), "no").unwrap();
        assert!(file.read().is_err());
    }

    #[test]
    fn names_cannot_lead_out_of_the_folder() {
        let file = LocalFile::below(Path::new("/base"), "..", "../../etc/x");
        assert_eq!(file.path(), Path::new("/base/_/.._.._etc_x/offsets.json"));
    }
}
