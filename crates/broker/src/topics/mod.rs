//! Topic settings.

/// The topic table of this broker.
#[derive(Debug, Default)]
pub struct Topics {}
