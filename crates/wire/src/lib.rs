//! Remoting frames, headers, request types, bodies and the stored message record; no I/O.

pub mod frame;
pub mod message;
pub mod text;
