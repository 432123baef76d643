//! Printing received messages up to a count.

use std::io::{self, Write};

use ferromq_client::MessageView;

use crate::error::CliError;
use crate::output::{self, Format};

/// Prints messages; knows when it has printed enough.
pub(super) struct Printer {
    format: Format,
    verbose: bool,
    left: u64,
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    GoOn,
    /// Enough is printed, or nobody reads the output any more; of the last messages this many were printed.
    Stop(usize),
}

impl Printer {
    pub(super) fn new(format: Format, verbose: bool, count: Option<u64>) -> Self {
        Self {
            format,
            verbose,
            left: count.unwrap_or(u64::MAX),
        }
    }

    /// Prints the messages, or as many as are wanted.
    pub(super) fn print(&mut self, messages: &[MessageView]) -> Result<Next, CliError> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        self.print_to(&mut out, messages)
    }

    fn print_to(
        &mut self,
        out: &mut impl Write,
        messages: &[MessageView],
    ) -> Result<Next, CliError> {
        let wanted = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(messages.len());
        let written = messages[..wanted]
            .iter()
            .try_for_each(|message| output::received(out, self.format, self.verbose, message))
            .and_then(|()| out.flush());
        match written {
            Ok(()) => {}
            // The reader has seen enough, as with `head`.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Next::Stop(0)),
            Err(error) => return Err(CliError::Output(error)),
        }
        self.left -= wanted as u64;
        if self.left == 0 {
            return Ok(Next::Stop(wanted));
        }
        Ok(Next::GoOn)
    }

    /// Nothing is wanted at all.
    pub(super) fn is_done(&self) -> bool {
        self.left == 0
    }
}
