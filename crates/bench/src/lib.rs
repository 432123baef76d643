//! Load generator for any server that speaks RocketMQ's remoting protocol.
//!
//! One thread, one epoll, prepared frames of which a few bytes are patched: the generator must cost far less than the
//! server it measures. It knows the protocol only as far as it needs (it does not use the product's codec, so that a
//! mistake there cannot hide here). Reading order: [`args`], [`request`] and [`reply`] (the protocol), [`record`]
//! (delivered messages and the send time inside them), [`targets`] and [`slot`] (what each connection does),
//! [`setup`] (topics and first offsets), [`load`] (the loop), [`tally`] (what is counted), [`process`] and
//! [`syscalls`] (what the server paid), [`report`], [`plot`].

pub mod args;
pub mod connection;
pub mod load;
pub mod pace;
pub mod plot;
pub mod process;
pub mod progress;
pub mod record;
pub mod reply;
pub mod report;
pub mod request;
pub mod setup;
pub mod slot;
pub mod syscalls;
pub mod table;
pub mod tally;
pub mod targets;

pub use args::BenchArgs;
pub use load::BenchError;

/// Runs the load that `args` describes, prints its report to standard output and writes the plot that was asked for.
///
/// # Errors
/// The options contradict each other, the server cannot be reached, closes a connection, or answers with something
/// that is not a reply; the plot cannot be written.
pub fn run(args: &BenchArgs) -> Result<(), BenchError> {
    args.check().map_err(BenchError::Options)?;
    let outcome = load::run(args)?;
    report::print(args, &outcome);
    if let Some(path) = &args.plot {
        let picture = plot::svg(&report::title(args), &outcome.series());
        std::fs::write(path, picture).map_err(|cause| BenchError::Plot {
            path: path.clone(),
            cause,
        })?;
    }
    Ok(())
}
