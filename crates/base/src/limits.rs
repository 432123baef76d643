//! Sizes that several crates must agree on. Each is RocketMQ's own limit unless it says otherwise.

/// Largest remoting frame in bytes, its four-byte length prefix included.
pub const FRAME_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Longest property string of a message in bytes.
pub const PROPERTIES_BYTES_MAX: usize = 32_767;
/// Longest name of an ordinary topic in characters.
pub const TOPIC_CHARS_MAX: usize = 127;
/// Longest name of a retry or dead-letter topic in characters.
pub const RETRY_TOPIC_CHARS_MAX: usize = 255;
/// Longest consumer or producer group name in characters.
pub const GROUP_CHARS_MAX: usize = 255;
/// Default of `maxMessageSize`: largest message body in bytes.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most network threads: held pulls are announced in a bit mask with one bit per thread.
pub const NETWORK_THREADS_MAX: usize = 64;
