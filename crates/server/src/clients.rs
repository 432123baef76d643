//! Runs the commands of the client side.

use std::future::Future;

use ferromq_cli::CliError;

use crate::logging;
use crate::say::complain;

/// Runs a command to its end; returns the exit code.
pub(crate) fn run(command: impl Future<Output = Result<(), CliError>>) -> u8 {
    logging::start_quiet();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(command).map_err(|error| error.to_string()),
        Err(error) => Err(format!("cannot start the main loop: {error}")),
    };
    match outcome {
        Ok(()) => 0,
        Err(error) => {
            complain(&format!("ferromq: {error}"));
            1
        }
    }
}
