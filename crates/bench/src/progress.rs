//! One line per second on standard error, for whoever waits.
#![expect(clippy::print_stderr, reason = "it is told to people, not logged")]

use std::io::IsTerminal;

use crate::args::BenchArgs;
use crate::tally::Point;

/// Tells how it goes, if somebody may be looking.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    tell: bool,
}

impl Progress {
    /// Tells if standard error is a terminal or `args` ask for it.
    #[must_use]
    pub fn new(args: &BenchArgs) -> Self {
        Self {
            tell: args.progress || std::io::stderr().is_terminal(),
        }
    }

    /// The figures of the last second; `phase` is warm-up or measurement, `refused` the refusals so far.
    pub fn second(self, phase: &str, points: &[(&str, Point)], refused: u64) {
        if !self.tell {
            return;
        }
        let mut line = format!("{phase:<8}");
        for (name, point) in points {
            let [p50, p99, p999, max] = point.latency_us;
            line.push_str(&format!(
                " {:6.1} s {name} {:>9.0}/s  p50 {p50:.0} p99 {p99:.0} p99.9 {p999:.0} max {max:.0} us",
                point.at, point.rate
            ));
        }
        if refused > 0 {
            line.push_str(&format!("  REFUSED {refused}"));
        }
        eprintln!("{line}");
    }
}
