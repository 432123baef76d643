//! What the files of a queue say: for starts without a checkpoint of our own, as after a Java broker.

use ferromq_disk::DiskError;

use super::entry::{ENTRY_BYTES, Entry};
use super::files::QueueFiles;
use super::handle::Queue;

/// What the files of one queue hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Lowest offset there is a file for.
    pub first: u64,
    /// Offset after the last good entry.
    pub next: u64,
    /// End in the log of the record that the last good entry points at.
    pub log_end: u64,
}

/// Files before the end that are read through: an entry that was never written ends the queue even if it is not in
/// the last file.
const FILES_CHECKED: usize = 3;

/// Looks through the files of `queue`, of which `names` are the names. `None` if there is none.
pub(crate) fn load_queue(
    files: &QueueFiles,
    queue: &Queue,
    names: &[String],
) -> Result<Option<Found>, DiskError> {
    let file_bytes = files.file_bytes();
    let starts = names.iter().filter(|name| name.len() == 20);
    let numbers: Vec<u64> = starts
        .filter_map(|name| name.parse::<u64>().ok())
        .filter(|start| start.is_multiple_of(file_bytes))
        .map(|start| start / file_bytes)
        .collect();
    let Some(&first) = numbers.first() else {
        return Ok(None);
    };
    let mut found = Found {
        first: first * files.entries_per_file(),
        ..Found::default()
    };
    let from = numbers.len().saturating_sub(FILES_CHECKED);
    found.next = numbers[from] * files.entries_per_file();
    for &number in &numbers[from..] {
        if number * files.entries_per_file() != found.next {
            break;
        }
        if !read_file(files, queue, number, &mut found)? {
            break;
        }
    }
    Ok(Some(found))
}

/// Counts the good entries of a file; false if it is not full of them.
fn read_file(
    files: &QueueFiles,
    queue: &Queue,
    number: u64,
    found: &mut Found,
) -> Result<bool, DiskError> {
    let disk = files.disk();
    let file = disk.open(&files.path(queue, number), ferromq_disk::OpenMode::Read)?;
    let mut buf = vec![0; 4096 * ENTRY_BYTES];
    let mut at = 0;
    while at < files.file_bytes() {
        let read = file.read_at(&mut buf, at)?;
        let whole = buf[..read].chunks_exact(ENTRY_BYTES);
        if whole.len() == 0 {
            return Ok(false);
        }
        for bytes in whole {
            let Some(entry) = Entry::from_bytes(bytes) else {
                return Ok(false);
            };
            found.next += 1;
            if entry != Entry::PRE_BLANK {
                found.log_end = entry.end();
            }
            at += ENTRY_BYTES as u64;
        }
    }
    Ok(true)
}
