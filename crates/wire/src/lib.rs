//! Remoting frames, headers, request types, bodies and the stored message record; no I/O.
//!
//! Reading order: [`frame`] (the envelope), [`header`] (both codecs, fields as views), [`request`] (typed headers),
//! [`response`] (replies written straight into a buffer), [`message`] (records and what is in them), [`body`] (JSON bodies),
//! [`command`] (the owned form, for everything that is not hot).
//!
//! A send on its way through a broker:
//!
//! ```
//! use ferromq_wire::request::SendRequest;
//! use ferromq_wire::{RequestCode, RequestHeader, Scratch, frame};
//!
//! # fn read(buffer: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
//! let mut scratch = Scratch::default(); // one per network thread
//! if let Some(frame) = frame::split(buffer)? {
//!     let header = RequestHeader::parse(&frame)?;
//!     let code = RequestCode(header.code);
//!     let send = SendRequest::parse(code, &header.fields, &mut scratch)?;
//!     assert!(!send.topic.is_empty() && !frame.body.is_empty());
//! }
//! # Ok(())
//! # }
//! # read(&[]).unwrap();
//! ```

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
