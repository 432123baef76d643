//! Project checks and chores that are programs.

fn main() {}
