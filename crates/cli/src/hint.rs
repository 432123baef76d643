//! Words to the person at the terminal that are no results.

/// Writes a line to the standard error.
#[expect(
    clippy::print_stderr,
    reason = "the terminal of a person is what this crate is for"
)]
pub(crate) fn hint(text: &str) {
    eprintln!("ferromq: {text}");
}
