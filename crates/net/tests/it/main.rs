//! Behaviour of the crate over real sockets.

mod frames;
mod lifetime;
mod pressure;
#[cfg(test)]
mod support;
mod threads;
