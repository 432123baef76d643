//! Load generator for any server that speaks RocketMQ's remoting protocol.
//!
//! One thread, one epoll, prepared frames whose few changing digits are patched in place: the generator must cost
//! far less than the server it measures. It knows the protocol only as far as it needs (it does not use the
//! product's codec, so that a mistake there cannot hide here). Reading order: [`args`], [`frame`] (prepared
//! requests and the reply splitter), [`load`] (the loop), [`workload`] (what each connection does),
//! [`process`] (what the server paid), [`report`].

pub mod args;
pub mod connection;
pub mod frame;
pub mod load;
pub mod process;
pub mod report;
pub mod workload;

pub use args::BenchArgs;
pub use load::BenchError;

/// Runs the load that `args` describes and prints its report to standard output.
///
/// # Errors
/// The server cannot be reached, closes a connection, or answers with something that is not a reply.
pub fn run(args: &BenchArgs) -> Result<(), BenchError> {
    let outcome = load::run(args)?;
    report::print(args, &outcome);
    Ok(())
}
