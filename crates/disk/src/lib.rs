//! The only crate that touches files: positioned I/O, crash-safe replace, folder lock.
