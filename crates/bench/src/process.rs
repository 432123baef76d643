//! What a process has cost so far, read from `/proc`.

use std::collections::BTreeMap;
use std::fs;

/// Clock ticks per second of the CPU times in `/proc/PID/stat`; fixed at 100 on every Linux platform we run on.
const TICKS_PER_SECOND: f64 = 100.0;

/// Totals of a process since its start.
#[derive(Clone, Debug, Default)]
pub struct Cost {
    /// CPU seconds in user mode, all threads.
    pub user_seconds: f64,
    /// CPU seconds in the kernel, all threads.
    pub system_seconds: f64,
    /// Resident memory in KiB, now.
    pub resident_kib: u64,
    /// Resident memory in KiB without pages of mapped files, now.
    pub anonymous_kib: u64,
    /// Page faults that needed no disk.
    pub minor_faults: u64,
    /// Page faults that did.
    pub major_faults: u64,
    /// Times that a thread went to sleep.
    pub voluntary_switches: u64,
    /// Times that a thread was made to wait for the processor.
    pub involuntary_switches: u64,
    /// CPU seconds of the threads alive now, by name; digits in names are `#`, and equal names are added up.
    pub threads: BTreeMap<String, f64>,
}

impl Cost {
    /// Reads the totals of process `pid`; `None` if there is no such process.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (_, fields) = name_and_fields(&stat)?;
        let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let mut cost = Self {
            minor_faults: number(7)?,
            major_faults: number(9)?,
            user_seconds: number(11)? as f64 / TICKS_PER_SECOND,
            system_seconds: number(12)? as f64 / TICKS_PER_SECOND,
            resident_kib: value(&status, "VmRSS:").unwrap_or(0),
            anonymous_kib: value(&status, "RssAnon:").unwrap_or(0),
            ..Self::default()
        };
        cost.add_threads(pid);
        Some(cost)
    }

    /// CPU seconds, user and kernel.
    #[must_use]
    pub fn cpu_seconds(&self) -> f64 {
        self.user_seconds + self.system_seconds
    }

    fn add_threads(&mut self, pid: u32) {
        let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
            return;
        };
        for thread in threads.flatten() {
            let read =
                |file: &str| fs::read_to_string(thread.path().join(file)).unwrap_or_default();
            let status = read("status");
            self.voluntary_switches += value(&status, "voluntary_ctxt_switches:").unwrap_or(0);
            self.involuntary_switches += value(&status, "nonvoluntary_ctxt_switches:").unwrap_or(0);
            let Some((name, seconds)) = thread_seconds(&read("stat"), &read("schedstat")) else {
                continue;
            };
            *self.threads.entry(name).or_default() += seconds;
        }
    }
}

/// Name and CPU seconds of a thread: to the nanosecond where the kernel keeps such statistics, else in ticks.
fn thread_seconds(stat: &str, schedstat: &str) -> Option<(String, f64)> {
    let (name, fields) = name_and_fields(stat)?;
    let name = name.replace(|letter: char| letter.is_ascii_digit(), "#");
    let exact = schedstat.split_whitespace().next();
    let seconds = match exact.and_then(|nanos| nanos.parse::<u64>().ok()) {
        Some(nanos) => nanos as f64 / 1e9,
        None => {
            let ticks = |index: usize| fields.get(index)?.parse::<u64>().ok();
            (ticks(11)? + ticks(12)?) as f64 / TICKS_PER_SECOND
        }
    };
    Some((name, seconds))
}

/// The name in brackets and the fields behind it. The name may itself contain spaces and brackets.
fn name_and_fields(stat: &str) -> Option<(&str, Vec<&str>)> {
    let (front, rest) = stat.rsplit_once(')')?;
    let (_, name) = front.split_once('(')?;
    Some((name, rest.split_whitespace().collect()))
}

fn value(status: &str, key: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with(key))?;
    line[key.len()..].split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_can_read_its_own_cost() {
        let cost = Cost::of(std::process::id()).unwrap();
        assert!(cost.resident_kib > 0 && cost.minor_faults > 0);
        assert!(!cost.threads.is_empty());
        assert!(Cost::of(u32::MAX).is_none());
    }

    #[test]
    fn thread_names_may_hold_anything() {
        let stat = "17 (G1 Conc#0) x) S 1 2 3 4 5 6 7 8 9 10 150 50 0";
        assert_eq!(
            thread_seconds(stat, "2500000000 0 1"),
            Some(("G# Conc##) x".into(), 2.5))
        );
        assert_eq!(thread_seconds(stat, ""), Some(("G# Conc##) x".into(), 2.0)));
        assert_eq!(thread_seconds("", ""), None);
    }
}
