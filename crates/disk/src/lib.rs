//! The only crate that touches files: positioned I/O, crash-safe replace, folder lock.
//!
//! Everything above works on the [`Disk`] and [`DiskFile`] traits, so that tests can put a disk below it that fails,
//! fills up or forgets what was not synced. Reading order: [`disk`] (the traits), [`error`] (what can go wrong, in
//! kinds a caller can act on), [`real`] (the disk of the operating system), [`crashsafe`] (small files that
//! are replaced as a whole), [`reserve`] (room for these on a full disk), [`lock`] (one process per folder).
//!
//! This crate knows no file format.

pub mod aligned;
pub mod crashsafe;
#[cfg(target_os = "linux")]
mod direct;
pub mod disk;
pub mod error;
pub mod lock;
#[cfg(target_os = "linux")]
mod page_cache;
pub mod real;
pub mod reserve;
#[cfg(target_os = "linux")]
mod write_back;

pub use aligned::AlignedBytes;
pub use disk::{Disk, DiskFile, Entry, OpenMode, Space};
pub use error::{DiskError, DiskErrorKind};
pub use lock::DirLock;
pub use real::RealDisk;
pub use reserve::ReservedDisk;
