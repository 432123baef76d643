//! The store: commit log, consume queues, key index, checkpoint and recovery, in RocketMQ's file formats.
//!
//! All messages of all topics go to one log. An append places a [`Turn`] of records under one lock with one clock
//! read and one positioned write; the queue entries are born at the same moment in memory and reach their files a
//! little later. What may be acknowledged and seen follows from marks that only grow.
//!
//! Reading order: `store` (what there is to call), `turn` (what is appended), `commit_log` (where it goes), `queue` and
//! `index` (how it is found), `read`, `dispatch` (what happens in the background), `recover` (what happens at start), `retention` (what is deleted).
//!
//! This crate knows no topics' settings, no groups and no sockets. It has no async functions: waiting is done on
//! marks, by those who want to wait.

mod bell;
mod checkpoint;
mod commit_log;
mod config;
mod core;
mod dispatch;
mod error;
mod health;
mod index;
mod index_keys;
mod java_hash;
mod marks;
mod queue;
mod read;
mod recover;
mod repair;
mod retention;
mod store;
mod turn;
mod worker;

pub use config::{FlushMode, IndexConfig, StoreConfig, TransferLimits};
pub use error::{AppendError, CloseError, Fatal, NotWritable, OpenError, PushError, ReadError};
pub use index_keys::IndexKeys;
pub use queue::{ENTRY_BYTES, Entry, Queue};
pub use read::{Boundary, Reach, ReadLimits, ReadOutcome, ReadStatus};
pub use retention::{DiskSpace, Full, Retention};
pub use store::Store;
pub use turn::{Placed, Turn};
pub use worker::WorkerKind;
