//! One error per operation; the texts name the cause and what helps.

use std::path::PathBuf;
use std::sync::Arc;

use ferromq_base::LogOffset;
use ferromq_disk::DiskError;
use ferromq_wire::message::record::DraftError;
use thiserror::Error;

use crate::retention::Full;

/// Why a store cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The disk failed, or another process has the folder.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A size in the configuration is impossible.
    #[error("{what} is {value}, expected {expected}")]
    Config {
        /// The setting.
        what: &'static str,
        /// Its value.
        value: u64,
        /// What would do.
        expected: &'static str,
    },
    /// A file has another size than the configuration says.
    #[error(
        "{path} is {found} bytes long, the configuration says {expected}: set the size this store was created with, or restore the file"
    )]
    FileSize {
        /// The file.
        path: PathBuf,
        /// Its length.
        found: u64,
        /// The configured length.
        expected: u64,
    },
    /// A file of the commit log is missing between two others.
    #[error("the commit log has no file {missing}: restore it from a replica or a backup")]
    Gap {
        /// Path of the missing file.
        missing: PathBuf,
    },
    /// The log ends before a position that had been synced to the disk.
    #[error(
        "{path} is damaged at byte {at}: messages up to log offset {synced} were on the disk, valid ones end at {end}; restore the file from a replica or a backup"
    )]
    Damaged {
        /// The file that holds the first byte that is not valid.
        path: PathBuf,
        /// Place in that file.
        at: u64,
        /// End of the valid records.
        end: LogOffset,
        /// What had been synced.
        synced: LogOffset,
    },
    /// Bytes in the middle of the log are no records, and what follows is too much to be the end of a write.
    #[error(
        "{path} is damaged at byte {at}: valid messages end at log offset {end}, but {records} more lie in the {bytes} bytes behind the damage; restore the file from a replica or a backup, or move it and all later files of the commit log away to go on without their messages"
    )]
    DamagedBefore {
        /// The file that holds the first byte that is not valid.
        path: PathBuf,
        /// Place in that file.
        at: u64,
        /// End of the valid records before the damage.
        end: LogOffset,
        /// From there to the end of the last valid record.
        bytes: u64,
        /// Valid records in these.
        records: u64,
    },
    /// A worker thread could not be started.
    #[error("cannot start the thread {name}: {source}")]
    Thread {
        /// Name of the thread.
        name: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Why a store could not be closed cleanly. The next start recovers.
#[derive(Debug, Error)]
pub enum CloseError {
    /// The disk failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The store had failed before.
    #[error(transparent)]
    Fatal(#[from] Fatal),
}

/// Why a record cannot be put into a turn. The turn is unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PushError {
    /// A part of the message does not fit its field.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The record, or the batch it belongs to, is too large.
    #[error("{bytes} bytes exceed the limit of {bytes_max} bytes")]
    TooLarge {
        /// Size of the record or batch.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// The draft's topic or queue is not the one of the queue handle.
    #[error("the message belongs to another queue")]
    OtherQueue,
    /// The topic name cannot be the name of a folder.
    #[error("topic names with '/' or a leading dot cannot be stored")]
    TopicName,
}

/// Why a turn was not stored. No part of it will be seen by anybody, and no offset is used up.
#[derive(Clone, Debug, Error)]
pub enum AppendError {
    /// Not now; see the cause.
    #[error(transparent)]
    NotWritable(#[from] NotWritable),
    /// Not any more: the store has failed.
    #[error(transparent)]
    Fatal(#[from] Fatal),
}

/// Why the store takes no messages at present. Reads go on, and writes resume by themselves.
#[derive(Clone, Debug, Error)]
pub enum NotWritable {
    /// A write to the disk failed.
    #[error("writes are refused since one failed: {0}")]
    Disk(Arc<DiskError>),
    /// The disk is fuller than it may be.
    #[error("{0}")]
    Full(Arc<Full>),
    /// Queue entries cannot be written as quickly as messages arrive, and fill their memory.
    #[error("{0} queue entries wait for the disk: it is too slow or failing")]
    Behind(usize),
    /// A queue of the turn is gone with its topic. The turn can be filled anew without it.
    #[error("topic {0} was deleted while messages for it were on their way: send again")]
    Deleted(Arc<str>),
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}

/// A failure after which the store must not go on: what it believes to be on the disk may not be there.
#[derive(Clone, Debug, Error)]
pub enum Fatal {
    /// A sync of the commit log, or of a file that follows it, failed. Never retried: a second one may report success
    /// without having written.
    #[error(
        "what was written could not be synced to the disk: {0}; check the device, then restart"
    )]
    Sync(Arc<DiskError>),
}

/// Why something stored cannot be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// There is no such record: never written, not visible yet, or deleted since.
    #[error("no message at log offset {0}")]
    NotFound(LogOffset),
    /// The message is on the disk only, and the read was not to wait for that.
    #[error("the message is not in memory")]
    Cold,
    /// The file of a queue does not say where in the log the message is, which is probably intact.
    #[error(
        "{path} is damaged at byte {at}: no entry of the log; it is repaired from the log, try again"
    )]
    NoEntry {
        /// The file.
        path: PathBuf,
        /// Place in that file.
        at: u64,
    },
    /// Where a file says that the message is, there is another one or none: one of the two files is damaged.
    #[error("{path} does not hold what it should at byte {at}: {cause}")]
    Misplaced {
        /// The file of the log.
        path: PathBuf,
        /// Place in that file.
        at: u64,
        /// What is wrong.
        cause: String,
    },
    /// The device does not read these bytes any more, although it reads others.
    #[error("byte {at} and what follows cannot be read, for a long time now: {source}")]
    Unreadable {
        /// Place in the file that the source names.
        at: u64,
        /// What the system said.
        source: Arc<DiskError>,
    },
    /// What is stored is not a valid record.
    #[error("{path} is damaged at byte {at}: {cause}")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// Place in that file.
        at: u64,
        /// What is wrong.
        cause: String,
    },
    /// The disk failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
}
