//! A request as whoever carries it out gets it: the action and its typed arguments.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use super::{
    args::{
        AuditListArgs, AuditVerifyArgs, CacheCompactArgs, CacheEvictArgs, CacheStatusArgs, CacheVerifyArgs, ChaosRunArgs, CommandArgs,
        ConflictListArgs, ConflictShowArgs, ConflictUndoArgs, ConflictWatchArgs, DamagedDropArgs, DamagedListArgs, EditArgs, EmptyArgs,
        FlushArgs, HistoryArgs, HydrateArgs, ListArgs, LockArgs, QueueListArgs, ReadArgs, RedoArgs, RefreshArgs, RekeyArgs, ReleaseArgs,
        ResolveArgs, SetArgs, SnapshotArgs, SourceDetectArgs, SourceListArgs, SourceTestArgs, SourceTrustArgs, SubmitArgs, UndoArgs,
        WatchArgs, WhyArgs,
    },
    persona::Persona,
    registry,
    spec::{ActionSpec, Scope},
};

/// What the engine is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// `core.insight.list`
    List(ListArgs),
    /// `core.insight.read`
    Read(ReadArgs),
    /// `core.insight.confidence`
    Why(WhyArgs),
    /// `core.insight.watch`
    Watch(WatchArgs),
    /// `core.source.refresh`
    Refresh(RefreshArgs),
    /// `core.source.read`
    SourceList(SourceListArgs),
    /// `core.source.test`
    SourceTest(SourceTestArgs),
    /// `core.source.detect`
    SourceDetect(SourceDetectArgs),
    /// `core.conflict.read`
    ConflictList(ConflictListArgs),
    /// `core.conflict.show`
    ConflictShow(ConflictShowArgs),
    /// `core.conflict.watch`
    ConflictWatch(ConflictWatchArgs),
    /// `core.conflict.undo`
    ConflictUndo(ConflictUndoArgs),
    /// `core.source.trust`
    SourceTrust(SourceTrustArgs),
    /// `core.cache.read`
    CacheStatus(CacheStatusArgs),
    /// `core.cache.evict`
    CacheEvict(CacheEvictArgs),
    /// `core.cache.compact`
    CacheCompact(CacheCompactArgs),
    /// `core.cache.verify`
    CacheVerify(CacheVerifyArgs),
    /// `core.cache.rekey`
    CacheRekey(RekeyArgs),
    /// `core.cache.damaged`
    DamagedList(DamagedListArgs),
    /// `core.cache.discard`
    DamagedDrop(DamagedDropArgs),
    /// `core.cache.snapshot`
    Snapshot(SnapshotArgs),
    /// `core.cache.hydrate`
    Hydrate(HydrateArgs),
    /// `core.insight.history`
    History(HistoryArgs),
    /// `core.conflict.resolve`
    Resolve(ResolveArgs),
    /// `core.input.set`
    Set(SetArgs),
    /// `core.input.submit`
    Submit(SubmitArgs),
    /// `core.input.undo`
    Undo(UndoArgs),
    /// `core.input.redo`
    Redo(RedoArgs),
    /// `core.input.field_lock`
    Lock(LockArgs),
    /// `core.input.field_unlock`
    Unlock(LockArgs),
    /// `core.queue.status`
    QueueStatus(EmptyArgs),
    /// `core.queue.read`
    QueueList(QueueListArgs),
    /// `core.queue.show`
    QueueShow(CommandArgs),
    /// `core.queue.flush`
    QueueFlush(FlushArgs),
    /// `core.queue.hold`
    QueueHold(EmptyArgs),
    /// `core.queue.release`
    QueueRelease(ReleaseArgs),
    /// `core.queue.retry`
    QueueRetry(CommandArgs),
    /// `core.queue.edit`
    QueueEdit(EditArgs),
    /// `core.queue.rebase`
    QueueRebase(CommandArgs),
    /// `core.queue.cancel`
    QueueCancel(CommandArgs),
    /// `core.queue.drop`
    QueueDrop(CommandArgs),
    /// `core.telemetry.read`
    Telemetry(EmptyArgs),
    /// `core.audit.read`
    AuditList(AuditListArgs),
    /// `core.audit.verify`
    AuditVerify(AuditVerifyArgs),
    /// `core.audit.head`
    AuditHead(EmptyArgs),
    /// `core.audit.export`
    AuditExport(EmptyArgs),
    /// `core.chaos.run` on the running engine
    ChaosLive(ChaosRunArgs),
}

/// Why a request cannot be carried out as it stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No action of that id.
    #[error("there is no action {id:?}{}", .nearest.map(|near| format!("; did you mean {near}?")).unwrap_or_default())]
    UnknownAction {
        /// What was asked for.
        id: String,
        /// The one most like it.
        nearest: Option<&'static str>,
    },
    /// It is not for the engine.
    #[error("{0} is not something an engine does: {1}")]
    NotHere(&'static str, &'static str),
    /// The arguments do not fit.
    #[error("{action}: {message}")]
    BadArguments {
        /// Which action.
        action: &'static str,
        /// What does not fit, and what would.
        message: String,
    },
    /// The persona may not do it.
    #[error("the persona {persona} may not do {action}")]
    Denied {
        /// Which action.
        action: &'static str,
        /// Who asked.
        persona: &'static str,
    },
}

impl Call {
    /// Checks a request: the action is known and for the engine, the persona may do it, the arguments fit.
    ///
    /// # Errors
    /// [`CallError`] with a sentence.
    pub fn parse(id: &str, args: &Map<String, Json>, persona: Persona) -> Result<Self, CallError> {
        let spec = registry::find(id).ok_or_else(|| CallError::UnknownAction { id: id.to_owned(), nearest: registry::nearest(id) })?;
        if !persona.may(spec.right) {
            return Err(CallError::Denied { action: spec.id, persona: persona.as_str() });
        }
        match spec.id {
            "core.insight.list" => typed(spec, args).map(Self::List),
            "core.insight.read" => typed::<ReadArgs>(spec, args).and_then(|read| {
                if read.keys.is_empty() {
                    return Err(CallError::BadArguments { action: spec.id, message: "keys is empty; name at least one key".to_owned() });
                }
                Ok(Self::Read(read))
            }),
            "core.insight.confidence" => typed(spec, args).map(Self::Why),
            "core.insight.watch" => typed(spec, args).map(Self::Watch),
            "core.source.refresh" => typed(spec, args).map(Self::Refresh),
            "core.source.read" => typed(spec, args).map(Self::SourceList),
            "core.source.test" => typed(spec, args).map(Self::SourceTest),
            "core.source.detect" => typed(spec, args).map(Self::SourceDetect),
            "core.conflict.read" => typed(spec, args).map(Self::ConflictList),
            "core.conflict.show" => typed(spec, args).map(Self::ConflictShow),
            "core.conflict.watch" => typed(spec, args).map(Self::ConflictWatch),
            "core.conflict.undo" => typed(spec, args).map(Self::ConflictUndo),
            "core.source.trust" => typed(spec, args).map(Self::SourceTrust),
            "core.cache.read" => typed(spec, args).map(Self::CacheStatus),
            "core.cache.evict" => typed(spec, args).map(Self::CacheEvict),
            "core.cache.compact" => typed(spec, args).map(Self::CacheCompact),
            "core.cache.verify" => typed(spec, args).map(Self::CacheVerify),
            "core.cache.rekey" => typed(spec, args).map(Self::CacheRekey),
            "core.cache.damaged" => typed(spec, args).map(Self::DamagedList),
            "core.cache.discard" => typed(spec, args).map(Self::DamagedDrop),
            "core.cache.snapshot" => typed(spec, args).map(Self::Snapshot),
            "core.cache.hydrate" => typed(spec, args).map(Self::Hydrate),
            "core.insight.history" => typed(spec, args).map(Self::History),
            "core.conflict.resolve" => typed(spec, args).map(Self::Resolve),
            "core.input.set" => typed(spec, args).map(Self::Set),
            "core.input.submit" => typed(spec, args).map(Self::Submit),
            "core.input.undo" => typed(spec, args).map(Self::Undo),
            "core.input.redo" => typed(spec, args).map(Self::Redo),
            "core.input.field_lock" => typed(spec, args).map(Self::Lock),
            "core.input.field_unlock" => typed(spec, args).map(Self::Unlock),
            "core.queue.status" => typed(spec, args).map(Self::QueueStatus),
            "core.queue.read" => typed(spec, args).map(Self::QueueList),
            "core.queue.show" => typed(spec, args).map(Self::QueueShow),
            "core.queue.flush" => typed(spec, args).map(Self::QueueFlush),
            "core.queue.hold" => typed(spec, args).map(Self::QueueHold),
            "core.queue.release" => typed(spec, args).map(Self::QueueRelease),
            "core.queue.retry" => typed(spec, args).map(Self::QueueRetry),
            "core.queue.edit" => typed(spec, args).map(Self::QueueEdit),
            "core.queue.rebase" => typed(spec, args).map(Self::QueueRebase),
            "core.queue.cancel" => typed(spec, args).map(Self::QueueCancel),
            "core.queue.drop" => typed(spec, args).map(Self::QueueDrop),
            "core.telemetry.read" => typed(spec, args).map(Self::Telemetry),
            "core.audit.read" => typed(spec, args).map(Self::AuditList),
            "core.audit.verify" => typed(spec, args).map(Self::AuditVerify),
            "core.audit.head" => typed(spec, args).map(Self::AuditHead),
            "core.audit.export" => typed(spec, args).map(Self::AuditExport),
            "core.chaos.run" if args.get("live") == Some(&Json::Bool(true)) => typed(spec, args).map(Self::ChaosLive),
            _ if spec.scope == Scope::Screen => Err(CallError::NotHere(spec.id, "it acts on the screen")),
            _ => Err(CallError::NotHere(spec.id, "run it as a subcommand")),
        }
    }
}

/// Reads the arguments of `spec` into their type.
fn typed<T: DeserializeOwned>(spec: &'static ActionSpec, args: &Map<String, Json>) -> Result<T, CallError> {
    // Checked by hand first: the parser's own sentence would name every member, not the one that was meant.
    if let Some(unknown) = args.keys().find(|name| !spec.args.iter().any(|arg| arg.name == name.as_str())) {
        let near = spec
            .args
            .iter()
            .map(|arg| arg.name)
            .max_by(|left, right| strsim::jaro_winkler(left, unknown).total_cmp(&strsim::jaro_winkler(right, unknown)));
        let hint = near.map_or_else(|| "it takes none".to_owned(), |near| format!("did you mean {near:?}?"));
        return Err(CallError::BadArguments { action: spec.id, message: format!("no argument {unknown:?}; {hint}") });
    }
    T::deserialize(Json::Object(args.clone()))
        .map_err(|error| CallError::BadArguments { action: spec.id, message: format!("the arguments do not fit: {error}") })
}
