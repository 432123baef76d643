//! Brings queue and index entries from memory to their files, and saves checkpoints.

mod dispatcher;
mod entry_writer;

pub(crate) use dispatcher::Dispatcher;
pub(crate) use entry_writer::EntryWriter;
