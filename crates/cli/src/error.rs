//! Why a command failed; the text is meant for the person at the terminal.

use ferromq_client::{ConsumeError, SendError, StartError};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The client could not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A message was not sent.
    #[error("{sent} message(s) sent, then line {line} failed: {cause}")]
    Send {
        /// Messages sent before.
        sent: u64,
        /// Number of the first line that was not sent, from 1.
        line: u64,
        /// Why.
        cause: Box<SendError>,
    },
    /// Consuming failed.
    #[error(transparent)]
    Consume(#[from] ConsumeError),
    /// The standard input cannot be read.
    #[error("cannot read the standard input: {0}")]
    Input(std::io::Error),
    /// The standard output cannot be written.
    #[error("cannot write to the standard output: {0}")]
    Output(std::io::Error),
    /// No queue came to this member of the group.
    #[error(
        "no queue of topic `{topic}` was assigned to this member of group `{group}` within {seconds} s; other members hold all of them. Stop one of them, use another --group, or leave --group out to read beside them"
    )]
    NoQueue {
        /// Topic.
        topic: String,
        /// Group.
        group: String,
        /// Time waited.
        seconds: u64,
    },
}
