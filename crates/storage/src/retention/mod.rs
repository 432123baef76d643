//! What is deleted when, and what happens when the disk is full.
//!
//! A worker of its own, the [`cleaner`], looks at age and space and deletes the oldest files of the log, one after the other and each in
//! small steps. It sleeps until there is a reason to look: messages arrive, a file of the log is full, a time has come,
//! somebody asks.
//!
//! Reading order: [`settings`] (what the user wants), [`verdict`] (whether the oldest file must go), [`retired`] (a file on its
//! way out), [`pace`] (how fast it goes), [`sweep`] (what follows in queues and index), [`cleaner`] (the worker), [`orders`] (how it is asked).

mod cleaner;
mod orders;
mod pace;
mod retired;
mod settings;
mod space;
mod sweep;
mod verdict;

pub(crate) use cleaner::Cleaner;
pub(crate) use orders::Orders;
pub use settings::Retention;
pub use space::{DiskSpace, Full};
pub(crate) use sweep::with_proofs;
