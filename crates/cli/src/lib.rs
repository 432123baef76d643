//! The commands of the client side: `produce` sends lines of the standard input, `consume` prints messages.
//!
//! Each command is a set of arguments (for `clap`) with an asynchronous `run` that needs a Tokio runtime.

mod consume;
mod error;
mod hint;
mod input;
mod output;
mod produce;
mod servers;
mod start;
mod stop;

pub use consume::ConsumeArgs;
pub use error::CliError;
pub use produce::ProduceArgs;
pub use servers::NameServerArgs;
