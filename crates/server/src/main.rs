//! The ferromq binary: roles as sub-commands, signals, logging.

fn main() {}
