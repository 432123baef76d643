//! Request code to handler: one exhaustive match.
