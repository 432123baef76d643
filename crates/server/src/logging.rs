//! Logs go to standard error, where service managers and containers expect them.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Environment variable that says what is logged.
const VARIABLE: &str = "FERROMQ_LOG";

/// Starts logging of a server: what [`VARIABLE`] says, else everything but details.
pub(crate) fn start() {
    start_with(LevelFilter::INFO);
}

/// Starts logging of a client command, whose user wants results: what [`VARIABLE`] says, else errors only.
pub(crate) fn start_quiet() {
    start_with(LevelFilter::ERROR);
}

fn start_with(default: LevelFilter) {
    let filter = EnvFilter::builder()
        .with_default_directive(default.into())
        .with_env_var(VARIABLE)
        .from_env_lossy();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // Fails only if logging was started before.
    let _ = subscriber.try_init();
}
