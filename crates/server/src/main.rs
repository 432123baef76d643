//! The `ferromq` binary: roles as sub-commands, RocketMQ's program names, signals, logging.
//!
//! The only crate that knows two roles, and the only one that ends the process. Reading order: `args` (the command
//! line), `roles` (what runs), `compat` (RocketMQ's own programs), then the small parts.

mod args;
mod clients;
mod compat;
mod failure;
mod local_clock;
mod logging;
mod network;
mod open_files;
mod roles;
mod say;
mod settings;
mod signals;
mod store_settings;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use failure::Failure;
use say::{complain, say};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let program = arguments.first().map(Path::new).and_then(Path::file_name);
    let code = match program.and_then(|name| name.to_str()) {
        Some("mqnamesrv") => compat::mqnamesrv(arguments),
        Some("mqbroker") => compat::mqbroker(arguments),
        Some("mqshutdown") => compat::mqshutdown(&arguments),
        Some("mqadmin") => compat::mqadmin(),
        _ => run(arguments),
    };
    ExitCode::from(code)
}

/// Runs a sub-command; returns the exit code.
fn run(arguments: Vec<OsString>) -> u8 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version come this way, too. A closed pipe is no reason for another error.
            let _ = error.print();
            return u8::from(error.use_stderr()) * 2;
        }
    };
    let result = match arguments.command {
        Command::Standalone(args) => roles::standalone(&args),
        Command::Namesrv(args) => roles::namesrv(&args),
        Command::Broker(args) => roles::broker(&args),
        Command::Bench(args) => return bench(&args),
        Command::Produce(args) => return clients::run(args.run()),
        Command::Consume(args) => return clients::run(args.run()),
        Command::InstallLinks(args) => return install_links(&args.dir),
    };
    exit_code(result, Failure::code)
}

/// Tells a failure and turns it into an exit code.
fn exit_code(result: Result<(), Failure>, code: impl Fn(&Failure) -> u8) -> u8 {
    match result {
        Ok(()) => 0,
        Err(failure) => {
            complain(&format!("ferromq: {failure}"));
            code(&failure)
        }
    }
}

fn bench(args: &ferromq_bench::BenchArgs) -> u8 {
    match ferromq_bench::run(args) {
        Ok(()) => 0,
        Err(error) => {
            complain(&format!("ferromq bench: {error}"));
            1
        }
    }
}

fn install_links(dir: &Path) -> u8 {
    match compat::install(dir) {
        Ok(paths) => {
            for path in paths {
                say(&path.display().to_string());
            }
            0
        }
        Err(error) => {
            complain(&format!("ferromq: {error}"));
            1
        }
    }
}
