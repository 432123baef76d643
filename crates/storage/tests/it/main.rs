//! Behaviour of the store through its public calls.

mod append_and_read;
mod support;
