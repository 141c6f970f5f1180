//! The audit on the wire.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    engine::{AuditLine, AuditReport, Head},
    fact::Value,
};

use super::mask::{Mask, is_false};

/// A record: `core.audit.read`, and `core.audit.export` without values. A member that is left out is null where a hash is computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AuditPayload {
    /// Its number, from 1.
    pub record: u64,
    /// When it was made.
    pub at: String,
    /// What was done: a stable code such as `change_asked`.
    pub what: Cow<'static, str>,
    /// How it ended.
    #[schemars(extend("enum" = ["ok", "denied", "error"]))]
    pub outcome: Cow<'static, str>,
    /// What it was done to: a key, or a pattern of keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The id of the command, the conflict, the action, the profile it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// What else is to be known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The value it brought, as the entry of the log says that it stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub value: Option<Value>,
    /// Whether the value is hidden because it is secret.
    #[serde(default, skip_serializing_if = "is_false")]
    pub masked: bool,
    /// The system's user; `engine` where nobody did it.
    pub user: String,
    /// `tui cli socket engine assistive`
    pub via: String,
    /// As whom.
    pub persona: String,
    /// The number of the system's user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
    /// The remote end of the SSH session: address and port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssh: Option<String>,
    /// The salted digest of the entry of the log it stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// The hash of the record before it; of the first, where the chain begins.
    pub prev: String,
    /// Its hash.
    pub hash: String,
}

impl AuditPayload {
    /// Puts a record on the wire, with the value it brought; a secret one is hidden unless it is to be shown.
    #[must_use]
    pub fn of(line: &AuditLine, secret: bool, reveal: bool) -> Self {
        let mask = Mask::new(secret, reveal);
        let value = line.value.as_ref().map(|value| mask.value(value));
        Self { masked: mask.hides() && value.is_some(), value, ..Self::without_value(line) }
    }

    /// Puts a record on the wire as anybody may have it.
    #[must_use]
    pub fn without_value(line: &AuditLine) -> Self {
        let record = &line.record;
        Self {
            record: record.seq(),
            at: line.at.to_rfc3339(),
            what: record.deed.code().into(),
            outcome: record.ending.code().into(),
            key: record.key.clone(),
            about: record.about.clone(),
            detail: record.detail.clone(),
            value: None,
            masked: false,
            user: record.who.user.clone(),
            via: record.who.via.clone(),
            persona: record.who.persona.clone(),
            uid: record.who.uid,
            terminal: record.who.terminal.clone(),
            ssh: record.who.ssh.clone(),
            entry: record.cover.map(|cover| cover.shown()),
            prev: line.before(),
            hash: record.shown(),
        }
    }
}

/// How far the audit has come: `core.audit.head`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditHeadPayload {
    /// Records there are.
    pub records: u64,
    /// The hash of the last; of none, where the chain begins.
    pub head: String,
    /// Records there were when the head was last kept in the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_records: Option<u64>,
    /// The head that was kept in the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_head: Option<String>,
}

impl AuditHeadPayload {
    /// Puts it on the wire.
    #[must_use]
    pub fn of(head: &Head, kept: Option<&Head>) -> Self {
        Self { records: head.count, head: head.shown(), kept_records: kept.map(|kept| kept.count), kept_head: kept.map(Head::shown) }
    }
}

/// How the audit was found: `core.audit.verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditVerifyPayload {
    /// Whether everything fits.
    pub whole: bool,
    /// Records there are, or should be.
    pub records: u64,
    /// Records that were found.
    pub found: u64,
    /// The hash of the last.
    pub head: String,
    /// The number of the record with the expected hash; 0 is the beginning of the chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_at: Option<u64>,
    /// What does not fit, in order.
    pub findings: Vec<AuditFindingPayload>,
    /// Findings that are not among them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
}

/// Something that does not fit, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditFindingPayload {
    /// A stable code: `altered missing out_of_place entry_altered entry_missing unrecorded unreadable truncated rewritten unexpected
    /// log_damaged`.
    pub code: Cow<'static, str>,
    /// The record it is about, or the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<u64>,
    /// The last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// When the record says that it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Where and what, in a sentence.
    pub message: String,
}

impl AuditVerifyPayload {
    /// Puts it on the wire.
    #[must_use]
    pub fn of(report: &AuditReport) -> Self {
        let findings = report.findings.iter().map(|finding| AuditFindingPayload {
            code: finding.code.into(),
            record: finding.record,
            to: finding.to,
            at: finding.at.map(crate::fact::Timestamp::to_rfc3339),
            message: report.sentence(finding),
        });
        Self {
            whole: report.is_whole(),
            records: report.total(),
            found: report.found,
            head: report.head.shown(),
            expected_at: report.expected_at,
            findings: findings.collect(),
            more: report.more,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the serializer hands over a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
