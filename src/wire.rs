//! The versioned JSON contract: one object per line, the same on stdout and through the socket.
//!
//! Invariants: fields are added, never renamed or removed; a payload is always an object; values are exact; secret values are masked
//! unless revealing was asked for; every schema in `docs/schema/` is generated from these types, and a test says when one drifted.
//!
//! It carries no bytes and prints nothing. Escaping for terminals happens where lines leave (`text::json_line`).

mod audit;
mod cache;
mod cache_event;
mod chaos;
mod conflict;
mod decision;
mod detect;
mod envelope;
mod event;
mod history;
mod insight;
mod look;
mod mask;
mod queue;
mod report;
mod schema;
mod source;
mod telemetry;
mod upkeep;
mod view;

#[cfg(test)]
mod tests;

pub use audit::{AuditFindingPayload, AuditHeadPayload, AuditPayload, AuditVerifyPayload};
pub use cache::{
    CacheCompactPayload, CacheEvictPayload, CachePayload, CacheReplayPayload, HotPayload, HydratePayload, LeftOutPayload, SnapshotPayload,
    StandingPayload,
};
pub use cache_event::{
    CacheEventPayload, CacheSentence, CompactedPayload, FailedOverPayload, HydratedPayload, QuarantinedPayload, RecoveredPayload,
    RemovedPayload, ResyncPayload,
};
pub use chaos::{ChangesPayload, ChaosLivePayload, ChaosProfilePayload, ChaosReportPayload, FaultCountPayload, RecoveryPayload};
pub use conflict::{CandidatePayload, ConflictPayload, DisputedChangePayload};
pub use decision::{AuthorPayload, DecisionPayload, LastsPayload, SaidPayload, TrustPayload};
pub use detect::{DetectPayload, DetectReasonPayload, DetectedPayload, SourceAddPayload};
pub use envelope::{Envelope, ErrorBody, Outcome, VERSION, Via};
pub use event::{ConflictEventPayload, EventPayload, FaultPayload, HeldPayload, MissedPayload, ReadyPayload};
pub use history::HistoryPayload;
pub use insight::{AgreementPayload, FactorPayload, InsightPayload, PendingPayload, SourceViewPayload};
pub use look::{ContrastPayload, KeyPayload, KeymapPayload, ThemePayload};
pub use queue::{
    AttemptPayload, BasePayload, CommandPayload, LockPayload, PlanPayload, QueuePayload, SourceQueuePayload, StateCountPayload,
};
pub use report::{
    ActionPayload, ConfigCheckPayload, ConfigPathPayload, ConfigProblemPayload, DemoPayload, DoctorPayload, FilePayload, ServePayload,
    ServicePayload, SettingPayload, TextPayload, UpstreamPayload, Verdict,
};
pub use schema::schemas;
pub use source::{RefreshPayload, SamplePayload, SkippedPayload, SourceErrorPayload, SourcePayload, SourceTestPayload};
pub use telemetry::{CalibrationPayload, ScoresPayload, TelemetryPayload};
pub use upkeep::{CacheKeyPayload, DamagedPayload, RekeyPayload, ResealingPayload, VerifyPayload, WipePayload};
pub use view::{Veil, ViewCommand, ViewConflict, ViewFact, ViewPayload, ViewQueue, ViewSource, told_error};
