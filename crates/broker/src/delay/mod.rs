//! Delay levels: messages that become visible later.
