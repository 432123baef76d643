//! Counts the system calls of the server with `perf`, which slows it down less than a tracer would.

use std::process::{Child, Command, Stdio};

/// A running count of all system calls of a process.
#[derive(Debug)]
pub struct Counting {
    perf: Child,
}

/// Tracepoint that fires at each system call.
const EVENT: &str = "raw_syscalls:sys_enter";

impl Counting {
    /// Counts the calls of process `pid` for `seconds`.
    ///
    /// # Errors
    /// `perf` cannot be started; the text says so.
    pub fn start(pid: u32, seconds: u32) -> Result<Self, String> {
        let perf = Command::new("perf")
            .args(["stat", "-x", ",", "-e", EVENT, "-p", &pid.to_string()])
            .args(["--", "sleep", &seconds.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("perf cannot be started: {error}"))?;
        Ok(Self { perf })
    }

    /// Waits for the end of the count.
    ///
    /// # Errors
    /// `perf` counted nothing; the text is what it said.
    pub fn end(self) -> Result<u64, String> {
        let output = self.perf.wait_with_output();
        let output = output.map_err(|error| format!("perf: {error}"))?;
        let text = String::from_utf8_lossy(&output.stderr);
        count(&text).ok_or_else(|| format!("perf counted nothing: {}", text.trim()))
    }
}

/// The count in what `perf stat -x ,` prints: `COUNT,UNIT,EVENT,...`.
fn count(text: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.contains(EVENT))?;
    line.split(',').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_read_and_a_missing_one_is_not_taken_for_zero() {
        let text = "note\n1234,,raw_syscalls:sys_enter,5005,100.00,,\n";
        assert_eq!(count(text), Some(1234));
        assert_eq!(
            count("<not counted>,,raw_syscalls:sys_enter,0,0.00,,\n"),
            None
        );
        assert_eq!(count("No permission"), None);
    }
}
