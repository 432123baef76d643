//! Remoting frames, headers, request types, bodies and the stored message record; no I/O.

pub mod body;
pub mod code;
pub mod command;
pub mod frame;
pub mod header;
pub mod language;
pub mod lenient;
pub mod message;
pub mod request;
pub mod response;
pub mod text;
pub mod version;

pub use code::{RequestCode, ResponseCode};
pub use command::{ExtFields, RemotingCommand, ToFields};
pub use frame::{FrameError, FrameRef, SerializeType};
pub use header::{FieldError, FromFields, HeaderError, RequestHeader, Scratch};
pub use language::Language;
pub use version::Version;
