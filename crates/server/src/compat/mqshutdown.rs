//! `mqshutdown broker | namesrv`: asks running roles to stop.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};

use crate::say::{complain, say};

/// A role that can be asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Broker,
    Namesrv,
}

impl Target {
    /// Name of RocketMQ's program for it.
    fn program(self) -> &'static str {
        match self {
            Self::Broker => "mqbroker",
            Self::Namesrv => "mqnamesrv",
        }
    }

    /// Whether a process with this command line is one: `mqbroker …` or `ferromq broker …`.
    fn matches(self, arguments: &[&[u8]]) -> bool {
        let Some(first) = arguments.first() else {
            return false;
        };
        let name = Path::new(OsStr::from_bytes(first))
            .file_name()
            .unwrap_or_default();
        if name == self.program() {
            return true;
        }
        let command = match self {
            Self::Broker => &b"broker"[..],
            Self::Namesrv => &b"namesrv"[..],
        };
        // A renamed program file is found as well: only its role is compared.
        !super::links::NAMES.iter().any(|link| name == *link) && arguments.get(1) == Some(&command)
    }
}

/// Runs the command; returns the exit code.
pub(crate) fn run(arguments: &[String]) -> u8 {
    let target = match arguments {
        [only] if only == "broker" => Target::Broker,
        [only] if only == "namesrv" => Target::Namesrv,
        [only] if ["brokerContainer", "controller", "proxy"].contains(&only.as_str()) => {
            complain(&format!("{only}: FerroMQ has no such program yet"));
            return 1;
        }
        _ => {
            say("Usage: mqshutdown broker | namesrv");
            return 0;
        }
    };
    let name = target.program();
    let processes = processes(target);
    if processes.is_empty() {
        say(&format!("No {name} running."));
        return 1;
    }
    let mut code = 0;
    for pid in processes {
        let number = pid.as_raw_nonzero();
        say(&format!("The {name}({number}) is running..."));
        match kill_process(pid, Signal::TERM) {
            Ok(()) => say(&format!("Send shutdown request to {name}({number}) OK")),
            Err(error) => {
                complain(&format!("cannot stop {name}({number}): {error}"));
                code = 1;
            }
        }
    }
    code
}

/// Running processes of this very program file in the role of `target`.
fn processes(target: Target) -> Vec<Pid> {
    let (Some(own), Ok(entries)) = (program_of("self"), std::fs::read_dir("/proc")) else {
        complain(
            "cannot list processes: mqshutdown needs /proc; send SIGTERM to the process instead",
        );
        return Vec::new();
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let is_one = |name: &String| {
        let line = std::fs::read(format!("/proc/{name}/cmdline")).unwrap_or_default();
        let arguments: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
        target.matches(&arguments) && program_of(name).as_ref() == Some(&own)
    };
    let numbers = names
        .filter(|name| name.bytes().all(|b| b.is_ascii_digit()))
        .filter(is_one);
    numbers
        .filter_map(|name| Pid::from_raw(name.parse().ok()?))
        .collect()
}

/// Program file of a process, also if it was replaced by a newer one since.
fn program_of(process: &str) -> Option<PathBuf> {
    let path = std::fs::read_link(format!("/proc/{process}/exe")).ok()?;
    let bytes = path.as_os_str().as_bytes();
    let bytes = bytes.strip_suffix(b" (deleted)").unwrap_or(bytes);
    Some(PathBuf::from(OsStr::from_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_known_by_their_command_line() {
        let check = |line: &str, target: Target| {
            let arguments: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            target.matches(&arguments)
        };
        for line in [
            "mqbroker",
            "/opt/bin/mqbroker -c x",
            "ferromq broker",
            "/opt/ferromq-1 broker -n a:1",
        ] {
            assert!(check(line, Target::Broker), "{line}");
            assert!(!check(line, Target::Namesrv), "{line}");
        }
        assert!(check("./mqnamesrv -p", Target::Namesrv));
        assert!(check("ferromq namesrv", Target::Namesrv));
        for line in [
            "",
            "ferromq",
            "ferromq standalone",
            "mqshutdown broker",
            "mqadmin broker",
            "ferromq produce broker",
        ] {
            assert!(!check(line, Target::Broker), "{line}");
        }
    }
}
