//! The version of a settings table.

use ferromq_base::Millis;
use serde::{Deserialize, Serialize};

/// The version of a settings table. Two tables are the same if all three numbers are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DataVersion {
    /// Changes since the table was made.
    pub counter: i64,
    /// Term of the master that changed the table; 0 without a controller.
    pub state_version: i64,
    /// Time of the last change in milliseconds.
    pub timestamp: i64,
}

impl DataVersion {
    /// The version of a new table.
    #[must_use]
    pub fn new(now: Millis) -> Self {
        Self {
            timestamp: now.0,
            ..Self::default()
        }
    }

    /// The version after one more change.
    #[must_use]
    pub fn next(self, now: Millis) -> Self {
        Self {
            counter: self.counter.saturating_add(1),
            timestamp: now.0,
            ..self
        }
    }
}
