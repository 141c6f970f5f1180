//! The arguments of the audit.

use serde::Deserialize;

use crate::fact::Pattern;

/// `core.audit.read`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditListArgs {
    /// Records of keys that match; none: all.
    #[serde(default)]
    pub pattern: Option<Pattern>,
    /// Any of these deeds, by their codes; empty: all.
    #[serde(default)]
    pub what: Vec<String>,
    /// Of this user only.
    #[serde(default)]
    pub user: Option<String>,
    /// How far back; none: to the first.
    #[serde(default)]
    pub since_ms: Option<u64>,
    /// At most this many, the newest.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// `core.audit.verify`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditVerifyArgs {
    /// A head that was noted down: 64 hexadecimal digits.
    #[serde(default)]
    pub expect: Option<String>,
}
