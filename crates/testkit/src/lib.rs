//! Test support that several crates share.
