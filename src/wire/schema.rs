//! JSON Schemas of every line, made from the types.

use schemars::{JsonSchema, Schema, schema_for};
use serde_json::{Map, Value as Json};

use super::{
    audit::{AuditHeadPayload, AuditPayload, AuditVerifyPayload},
    cache::{CacheCompactPayload, CacheEvictPayload, CachePayload, CacheReplayPayload, HydratePayload, SnapshotPayload},
    cache_event::{
        CompactedPayload, FailedOverPayload, HydratedPayload, QuarantinedPayload, RecoveredPayload, RemovedPayload, ResyncPayload,
    },
    chaos::{ChaosLivePayload, ChaosProfilePayload, ChaosReportPayload},
    conflict::ConflictPayload,
    decision::{DecisionPayload, TrustPayload},
    detect::{DetectPayload, DetectedPayload, SourceAddPayload},
    envelope::Envelope,
    event::{ConflictEventPayload, FaultPayload, HeldPayload, MissedPayload, ReadyPayload},
    history::HistoryPayload,
    insight::InsightPayload,
    look::{ContrastPayload, KeymapPayload, ThemePayload},
    queue::{CommandPayload, LockPayload, PlanPayload, QueuePayload},
    report::{
        ActionPayload, ConfigCheckPayload, ConfigPathPayload, DemoPayload, DoctorPayload, FilePayload, ServePayload, ServicePayload,
        SettingPayload, TextPayload,
    },
    source::{RefreshPayload, SourcePayload, SourceTestPayload},
    telemetry::TelemetryPayload,
    upkeep::{DamagedPayload, RekeyPayload, VerifyPayload, WipePayload},
};

/// Every schema with the name of its file: `envelope.json`, then one per action named on lines. `docs/schema/` is exactly this; a test
/// says so.
#[must_use]
pub fn schemas() -> Vec<(&'static str, Schema)> {
    vec![
        ("envelope", of::<Envelope<Map<String, Json>>>("Envelope")),
        ("core.insight.read", of::<InsightPayload>("")),
        ("core.insight.confidence", of::<InsightPayload>("")),
        ("core.insight.changed", of::<InsightPayload>("")),
        ("core.insight.history", of::<HistoryPayload>("")),
        ("core.insight.past", of::<HistoryPayload>("")),
        ("core.watch.ready", of::<ReadyPayload>("")),
        ("core.watch.missed", of::<MissedPayload>("")),
        ("core.conflict.read", of::<ConflictPayload>("")),
        ("core.conflict.opened", of::<ConflictEventPayload>("")),
        ("core.conflict.closed", of::<ConflictEventPayload>("")),
        ("core.conflict.changed", of::<ConflictPayload>("")),
        ("core.conflict.decided", of::<DecisionPayload>("")),
        ("core.conflict.undone", of::<DecisionPayload>("")),
        ("core.source.read", of::<SourcePayload>("")),
        ("core.source.refresh", of::<RefreshPayload>("")),
        ("core.source.refreshed", of::<RefreshPayload>("")),
        ("core.source.test", of::<SourceTestPayload>("")),
        ("core.source.trust", of::<TrustPayload>("")),
        ("core.source.detect", of::<DetectPayload>("")),
        ("core.source.detected", of::<DetectedPayload>("")),
        ("core.source.add", of::<SourceAddPayload>("")),
        ("core.queue.read", of::<CommandPayload>("")),
        ("core.queue.queued", of::<CommandPayload>("")),
        ("core.queue.in_flight", of::<CommandPayload>("")),
        ("core.queue.parked", of::<CommandPayload>("")),
        ("core.queue.blocked", of::<CommandPayload>("")),
        ("core.queue.delivered", of::<CommandPayload>("")),
        ("core.queue.confirmed", of::<CommandPayload>("")),
        ("core.queue.dead", of::<CommandPayload>("")),
        ("core.queue.cancelled", of::<CommandPayload>("")),
        ("core.queue.held", of::<HeldPayload>("")),
        ("core.queue.released", of::<HeldPayload>("")),
        ("core.queue.status", of::<QueuePayload>("")),
        ("core.queue.plan", of::<PlanPayload>("")),
        ("core.input.field_lock", of::<LockPayload>("")),
        ("core.cache.read", of::<CachePayload>("")),
        ("core.cache.evict", of::<CacheEvictPayload>("")),
        ("core.cache.compact", of::<CacheCompactPayload>("")),
        ("core.cache.replay", of::<CacheReplayPayload>("")),
        ("core.cache.verify", of::<VerifyPayload>("")),
        ("core.cache.rekey", of::<RekeyPayload>("")),
        ("core.cache.damaged", of::<DamagedPayload>("")),
        ("core.cache.discard", of::<DamagedPayload>("")),
        ("core.cache.snapshot", of::<SnapshotPayload>("")),
        ("core.cache.hydrate", of::<HydratePayload>("")),
        ("core.cache.hydrated", of::<HydratedPayload>("")),
        ("core.cache.resync_required", of::<ResyncPayload>("")),
        ("core.cache.evicted", of::<RemovedPayload>("")),
        ("core.cache.expired", of::<RemovedPayload>("")),
        ("core.cache.failed_over", of::<FailedOverPayload>("")),
        ("core.cache.recovered", of::<RecoveredPayload>("")),
        ("core.cache.quarantined", of::<QuarantinedPayload>("")),
        ("core.cache.compacted", of::<CompactedPayload>("")),
        ("core.telemetry.read", of::<TelemetryPayload>("")),
        ("core.audit.read", of::<AuditPayload>("")),
        ("core.audit.export", of::<AuditPayload>("")),
        ("core.audit.head", of::<AuditHeadPayload>("")),
        ("core.audit.verify", of::<AuditVerifyPayload>("")),
        ("core.chaos.read", of::<ChaosProfilePayload>("")),
        ("core.chaos.run", of::<ChaosReportPayload>("")),
        ("core.chaos.live", of::<ChaosLivePayload>("")),
        ("core.engine.fault", of::<FaultPayload>("")),
        ("core.config.path", of::<ConfigPathPayload>("")),
        ("core.config.init", of::<FilePayload>("")),
        ("core.config.check", of::<ConfigCheckPayload>("")),
        ("core.config.show", of::<SettingPayload>("")),
        ("core.config.trust", of::<FilePayload>("")),
        ("core.app.wipe", of::<WipePayload>("")),
        ("core.keymap.read", of::<KeymapPayload>("")),
        ("core.theme.read", of::<ThemePayload>("")),
        ("core.theme.check", of::<ContrastPayload>("")),
        ("core.app.demo", of::<DemoPayload>("")),
        ("core.app.serve", of::<ServePayload>("")),
        ("core.app.service", of::<ServicePayload>("")),
        ("core.app.doctor", of::<DoctorPayload>("")),
        ("core.app.completions", of::<TextPayload>("")),
        ("core.app.man", of::<TextPayload>("")),
        ("core.action.describe", of::<ActionPayload>("")),
    ]
}

/// The schema of a type; a title replaces the generated one where that would carry the generic argument.
fn of<T: JsonSchema>(title: &str) -> Schema {
    let mut schema = schema_for!(T);
    if !title.is_empty() {
        schema.insert("title".to_owned(), title.into());
    }
    schema
}
