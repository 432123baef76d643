//! The key index: which messages have a key, by hash, in RocketMQ's files.
//!
//! Reading order: [`header`] (the first 40 bytes of a file), [`file_name`] (how files are named), [`slots`] (the hash table
//! of the newest file), [`file`] (one file), [`key_index`] (all files; add and query).

mod file;
mod file_name;
mod header;
mod key_index;
mod slots;

pub(crate) use header::HEADER_BYTES;
pub(crate) use key_index::{KeyIndex, Query};
