//! Behaviour of the disk crate on real files.

mod crash_states;
mod crashsafe;
mod files;
