//! Which seeds run: a few by default, as many as wanted by the environment.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many seeds or cases to run instead of the few of an ordinary test run.
const COUNT: &str = "FERROMQ_FAULT_SEEDS";
/// The first of them.
const FIRST: &str = "FERROMQ_FAULT_FIRST";

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().expect("a number in the environment"))
}

/// How many to run: `FERROMQ_FAULT_SEEDS`, or `few`.
pub(crate) fn count(few: u64) -> u64 {
    number(COUNT).unwrap_or(few)
}

/// Runs `test` with seeds `FERROMQ_FAULT_FIRST` (or 0) and following, `FERROMQ_FAULT_SEEDS` (or `few`) of them. The
/// failure names all seeds that failed.
pub(crate) fn run(few: u64, test: impl Fn(u64)) {
    let first = number(FIRST).unwrap_or(0);
    let count = count(few);
    let mut failed = Vec::new();
    for seed in first..first + count {
        if catch_unwind(AssertUnwindSafe(|| test(seed))).is_err() {
            failed.push(seed);
        }
    }
    assert!(
        failed.is_empty(),
        "{} of {count} seeds failed: {failed:?}; repeat one with {FIRST}=<seed> {COUNT}=1",
        failed.len()
    );
}
