//! Keeps what recovery cuts off the log and might be worth something to somebody: `cut/<log offset>` in the store's folder.

use std::path::PathBuf;

use ferromq_disk::{Disk, DiskError, OpenMode};

use crate::commit_log::Segments;
use crate::config::StoreConfig;

const COPY_BYTES: usize = 1 << 20;

/// Copies the log from `from` to `to`, and makes the copy survive a power cut. Not into the folder of the log: RocketMQ
/// takes every file there for one of its own.
pub(super) fn keep(
    disk: &dyn Disk,
    config: &StoreConfig,
    segments: &Segments,
    from: u64,
    to: u64,
) -> Result<PathBuf, DiskError> {
    let dir = config.root.join("cut");
    disk.create_dirs(&dir)?;
    let path = dir.join(format!("{from:020}"));
    let copy = disk.open(&path, OpenMode::Create)?;
    copy.set_len(0)?;
    let mut buf = Vec::new();
    let mut at = from;
    while at < to
        && let Some(segment) = segments.find(at)
    {
        let rest = usize::try_from(segment.end().min(to) - at).unwrap_or(usize::MAX);
        buf.resize(rest.min(COPY_BYTES), 0);
        segment
            .file()?
            .read_exact_at(&mut buf, at - segment.base())?;
        copy.write_at(&buf, at - from)?;
        at += buf.len() as u64;
    }
    copy.sync_all()?;
    disk.sync_dir(&dir)?;
    disk.sync_dir(&config.root)?;
    Ok(path)
}
