//! RocketMQ's own programs: the names, options, boot lines and exit codes that scripts know.

mod links;
mod mqshutdown;
mod timestamp;

use std::ffi::OsString;

use clap::Parser;
use ferromq_base::{Clock, SystemClock};

use crate::args::{Broker, Namesrv};
use crate::failure::Failure;
use crate::say::{complain, say};
use crate::{exit_code, roles};

pub(crate) use links::install;

/// RocketMQ's code for a bad option.
const BAD_OPTION: u8 = 1;

#[derive(Debug, Parser)]
#[command(
    name = "mqnamesrv",
    about = "FerroMQ's name server with the options of RocketMQ's"
)]
struct MqNamesrv {
    #[command(flatten)]
    args: Namesrv,
}

#[derive(Debug, Parser)]
#[command(
    name = "mqbroker",
    about = "FerroMQ's broker with the options of RocketMQ's"
)]
struct MqBroker {
    #[command(flatten)]
    args: Broker,
    /// Run a proxy in the same process (not built yet)
    #[arg(long, hide = true)]
    enable_proxy: bool,
}

/// `mqnamesrv`; returns the exit code.
pub(crate) fn mqnamesrv(arguments: Vec<OsString>) -> u8 {
    match MqNamesrv::try_parse_from(arguments) {
        Ok(parsed) => exit_code(roles::namesrv(&parsed.args), Failure::legacy_code),
        Err(error) => usage(&error),
    }
}

/// `mqbroker`; returns the exit code.
pub(crate) fn mqbroker(arguments: Vec<OsString>) -> u8 {
    match MqBroker::try_parse_from(arguments) {
        Ok(parsed) if parsed.enable_proxy => {
            complain("mqbroker: --enable-proxy: the proxy is not built yet, start without it");
            BAD_OPTION
        }
        Ok(parsed) => exit_code(roles::broker(&parsed.args), Failure::legacy_code),
        Err(error) => usage(&error),
    }
}

/// `mqshutdown`; returns the exit code.
pub(crate) fn mqshutdown(arguments: &[OsString]) -> u8 {
    let arguments = arguments.iter().skip(1);
    let arguments: Vec<String> = arguments
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    mqshutdown::run(&arguments)
}

/// `mqadmin`, which is not built yet; returns the exit code.
pub(crate) fn mqadmin() -> u8 {
    complain(
        "mqadmin: not built yet; RocketMQ's own mqadmin works with FerroMQ for the requests that COMPATIBILITY.md lists",
    );
    1
}

/// Prints configuration items the way RocketMQ's programs do: as lines of their console log.
pub(crate) fn print_items<'a>(items: impl Iterator<Item = (&'a String, &'a String)>) {
    let time = timestamp::log_time(SystemClock.now());
    for (name, value) in items {
        say(&format!("{time} INFO main - {name}={value}"));
    }
}

fn usage(error: &clap::Error) -> u8 {
    // A closed pipe is no reason for another error.
    let _ = error.print();
    if error.use_stderr() { BAD_OPTION } else { 0 }
}
