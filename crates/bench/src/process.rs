//! What a process has cost so far, read from `/proc`.

use std::fs;

/// Clock ticks per second of the CPU times in `/proc/PID/stat`; fixed at 100 on every Linux platform we run on.
const TICKS_PER_SECOND: f64 = 100.0;

/// Totals of a process since its start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// CPU seconds in user mode, all threads.
    pub user_seconds: f64,
    /// CPU seconds in the kernel, all threads.
    pub system_seconds: f64,
    /// Resident memory in KiB, now.
    pub resident_kib: u64,
    /// Context switches of all threads.
    pub context_switches: u64,
}

impl Cost {
    /// Reads the totals of process `pid`; `None` if there is no such process.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The command name may contain spaces and brackets: fields are counted after the last bracket.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let seconds =
            |index: usize| Some(fields.get(index)?.parse::<f64>().ok()? / TICKS_PER_SECOND);
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        Some(Self {
            user_seconds: seconds(11)?,
            system_seconds: seconds(12)?,
            resident_kib: status_value(&status, "VmRSS:").unwrap_or(0),
            context_switches: context_switches(pid),
        })
    }

    /// CPU seconds, user and kernel.
    #[must_use]
    pub fn cpu_seconds(&self) -> f64 {
        self.user_seconds + self.system_seconds
    }
}

fn context_switches(pid: u32) -> u64 {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return 0;
    };
    threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("status")).ok())
        .map(|status| {
            status_value(&status, "voluntary_ctxt_switches:").unwrap_or(0)
                + status_value(&status, "nonvoluntary_ctxt_switches:").unwrap_or(0)
        })
        .sum()
}

fn status_value(status: &str, key: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with(key))?;
    line[key.len()..].split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_can_read_its_own_cost() {
        let cost = Cost::of(std::process::id()).unwrap();
        assert!(cost.resident_kib > 0);
        assert!(Cost::of(u32::MAX).is_none());
    }
}
