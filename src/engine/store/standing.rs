//! How a store stands when its disk does not serve, and that it went over or back.

use std::time::Duration;

use crate::fact::Timestamp;

/// How the store stands when the disk does not serve it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Since when.
    pub since: Timestamp,
    /// Why, in a sentence.
    pub why: String,
    /// The database is damaged, so that it can be made anew at once; else the disk has to be well first.
    pub damaged: bool,
    /// Changes that wait in memory to be written back.
    pub waiting: u64,
}

/// The store went over, or back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// From now on memory serves.
    FailedOver {
        /// Why, in a sentence.
        why: String,
    },
    /// What could not be read was taken into memory from the newest good snapshot.
    Restored {
        /// How many observations.
        entries: u64,
    },
    /// The disk serves again.
    Recovered {
        /// How long memory served.
        after: Duration,
        /// Changes that were written back.
        written_back: u64,
        /// Whether the database was set aside for a new one, so that what is cached may be incomplete.
        rebuilt: bool,
        /// What was healed on the way, a sentence each.
        notes: Vec<String>,
    },
}
