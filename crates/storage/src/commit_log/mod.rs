//! The commit log: all messages of all topics, one record after the other, in files of one size.
//!
//! Reading order: [`segment`] (one file), [`segments`] (all of them), [`ring`] (the newest bytes, in memory),
//! [`last_block`] (what a first append after a pause writes once more), [`log`] (append), [`read`] (read, from
//! [`blocks`] that [`fetch`] fills), [`keeper`] (makes the next file before it is needed), [`flusher`] (syncs), [`scan`] (walks from record to record),
//! [`beyond`] (what lies behind the end).

mod beyond;
mod block;
mod blocks;
mod fetch;
mod flusher;
mod keeper;
mod last_block;
mod log;
mod read;
mod ring;
mod salvage;
mod scan;
mod segment;
mod segments;
mod unreadable;

pub(crate) use beyond::Beyond;
pub(crate) use flusher::Flusher;
pub(crate) use log::{CommitLog, KeyEntry, Pending};
pub(crate) use read::LogReader;
pub(crate) use salvage::Salvage;
pub(crate) use scan::{End, Scan};
pub(crate) use segment::Segment;
pub(crate) use segments::Segments;
