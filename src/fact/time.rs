//! Wall-clock stamps: milliseconds since the Unix epoch, UTC. Never read from a clock here.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment on the wall clock, in whole milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Timestamp(i64);

/// Text that is no RFC 3339 time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 time: {0:?}")]
pub struct TimestampError(pub String);

impl Timestamp {
    /// Makes a stamp from milliseconds since the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// How long before `self` the `earlier` moment was; zero if it was not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The moment `after` later, saturating.
    #[must_use]
    pub fn plus(self, after: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(after.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The moment so long before.
    #[must_use]
    pub fn minus(self, before: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(before.as_millis()).unwrap_or(i64::MAX)))
    }

    /// RFC 3339 in UTC with exactly three decimals: `2026-01-05T10:00:00.123Z`.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(stamp) => format!("{stamp:.3}"),
            Err(_) => format!("{}ms", self.0),
        }
    }

    /// Reads an RFC 3339 time with an offset or `Z`; finer digits than milliseconds are cut off.
    ///
    /// # Errors
    /// [`TimestampError`] with the text when it is no such time.
    pub fn parse_rfc3339(text: &str) -> Result<Self, TimestampError> {
        text.parse::<jiff::Timestamp>().map(|stamp| Self(stamp.as_millisecond())).map_err(|_| TimestampError(text.to_owned()))
    }
}
