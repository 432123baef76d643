//! Rust client for RocketMQ-compatible servers: producers and consumers.
