//! Behaviour of the disk crate on real files.

mod crashsafe;
mod files;
