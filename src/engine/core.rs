//! What the handle and the schedules share: sources, facts, store, events. Private to the engine.

use std::{
    borrow::Borrow,
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::{
    config::SourceConfig,
    fact::{
        ConflictClass, ConflictId, Decision, DecisionBook, FieldName, Insight, Key, Likeness, Observation, Reading, ResolveSettings,
        SourceId, SourceState, Timestamp, resolve_decided,
    },
};

use super::{
    acquaintance::Acquaintance,
    api::{EngineOptions, RefreshReport},
    belief::Belief,
    cache::{Epoch, HotTier, Note, RuleBook, Slot, Table, Watermarks, Writer},
    claims::Claims,
    events::Events,
    health::{Failure, SourceHealth},
    history::HistoryLog,
    keeping::Keeping,
    lasting::{HalfLives, Lasting, Origin},
    outdated::Outdated,
    queue::Desk,
    source::{BuiltSource, Source, SourceError, detect::Detector},
    store::{CacheStore, OpenedStore, StoreError},
    view::Keeper,
    weather::LiveWeather,
};

/// One configured source at work.
pub(super) struct SourceSlot {
    pub id: SourceId,
    pub kind: &'static str,
    pub config: SourceConfig,
    pub source: Arc<dyn Source>,
    pub claims: Claims,
    /// Which unit it is asked with.
    pub unit: usize,
    health: Mutex<SourceHealth>,
    /// Watched, and the watch is up: what it says holds now.
    live: AtomicBool,
    /// Keys it holds a value of, once counted.
    pub held: Mutex<Option<u64>>,
}

impl SourceSlot {
    pub fn health(&self) -> MutexGuard<'_, SourceHealth> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says whether it is live; gives back whether that is news.
    pub fn set_live(&self, live: bool) -> bool {
        self.live.swap(live, Ordering::Relaxed) != live
    }

    /// Whether what it says holds now, whatever its date.
    pub fn is_live(&self) -> bool {
        self.live.load(Ordering::Relaxed)
    }

    pub fn document_name(&self) -> String {
        format!("source/{}", self.id)
    }
}

/// Sources that are asked together and whose answers are taken together: one alone, or a group that reads the same moment.
pub(super) struct Unit {
    pub members: Vec<usize>,
    /// Held while a fetch is under way: one at a time.
    pub flight: tokio::sync::Mutex<()>,
    /// How many fetches have ended, and how the last went: who waited for the flight shares it.
    pub last: Mutex<(u64, Vec<RefreshReport>)>,
}

/// The facts. What is changed here is changed in the hot tier before the lock is given back.
#[derive(Default)]
pub(super) struct Facts {
    pub table: Table,
    pub loaded: bool,
    /// What the disk did not take: here alone, until it does.
    pub unwritten: HashMap<Key, Vec<Observation>>,
}

/// What the engine is made of.
pub(super) struct Core {
    pub options: EngineOptions,
    pub store: Arc<dyn CacheStore>,
    pub writer: OnceLock<Writer>,
    pub rules: RuleBook,
    pub sources: Vec<SourceSlot>,
    pub units: Vec<Unit>,
    pub events: Events,
    pub desk: Arc<Desk>,
    pub history: HistoryLog,
    pub notes: Vec<String>,
    pub detector: Detector,
    pub protection: String,
    pub backend: &'static str,
    pub polled_at: Mutex<Option<Timestamp>>,
    pub keeping: Keeping,
    /// What was healed since the start, a sentence each.
    pub healed: Mutex<Vec<String>>,
    /// The disk may have lost something that memory has: with the next write everything is written again.
    pub rewrite: AtomicBool,
    /// The store went over to memory or back.
    pub turned: Arc<tokio::sync::Notify>,
    /// Somebody has to be asked again.
    pub resync: tokio::sync::Notify,
    /// Held from before a large answer is read until it is taken in: what one takes in memory is taken once.
    pub large: tokio::sync::Semaphore,
    positions: HashMap<SourceId, usize>,
    settings: ResolveSettings,
    facts: RwLock<Facts>,
    /// Decoded, what is asked for.
    pub hot: HotTier,
    /// What an answer just brought, until it was told: nobody need read it.
    pub fresh: Mutex<HashMap<Key, Observation>>,
    pub epoch: Epoch,
    /// What is shown and was told, while anybody looks or listens. Locked before the facts, never after.
    pub keeper: Mutex<Option<Keeper>>,
    /// What is to be told anew in its turn.
    pub outdated: Mutex<Outdated>,
    /// Keys of the first window as they are written, once known.
    pub window: Mutex<Option<Vec<Key>>>,
    /// A fact turns by itself sooner than was known.
    pub sooner: tokio::sync::Notify,
    /// What all values together say of sources.
    pub acquaintance: Acquaintance,
    /// How long values were seen to last.
    pub lasting: Lasting,
    /// What values were last weighed by.
    belief: Mutex<Option<Arc<Belief>>>,
    /// How often trust moved: the last one to begin goes on to show it.
    pub reweighed: AtomicU64,
    /// How many wait for an answer that goes before what is shown by itself.
    pub answering: AtomicUsize,
    /// The conflict of values that was named last, by its whole id, and where it is: found without hashing every key again.
    pub named: Mutex<Option<(ConflictId, Key)>>,
    /// What is between the engine and its sources while faults are tried.
    pub live: LiveWeather,
    /// Whether the audit comes by the head that was kept in the cache, once that was looked at.
    pub audit_goes_on: OnceLock<bool>,
}

/// Name of the document that says when an engine last polled.
pub(super) const POLLED_DOCUMENT: &str = "polled";

/// Which part of the high watermark history may take: one in so many.
const HISTORY_SHARE: u64 = 8;

/// A source's standing at one moment.
struct Standing {
    state: SourceState,
    alignment: Option<f64>,
    /// When the alignment moves by itself: an answer leaves the window it is counted over.
    moves_at: Option<Timestamp>,
    vouched_at: Option<Timestamp>,
    live: bool,
}

/// How sources stand and what values are weighed by at one moment, taken once for many keys.
pub(super) struct Standings {
    of: Vec<Standing>,
    pub belief: Arc<Belief>,
    half_lives: Arc<HalfLives>,
}

impl Standings {
    /// When the standing of a source moves by itself.
    pub fn moves_at(&self, at: usize) -> Option<Timestamp> {
        self.of.get(at)?.moves_at
    }

    /// The same, with these sources alike.
    pub fn with_likeness(&mut self, likeness: Arc<Likeness>) {
        self.belief = Arc::new(self.belief.with_likeness(likeness));
    }
}

impl Core {
    pub fn new(options: EngineOptions, opened: OpenedStore, built: Vec<BuiltSource>, desk: Desk) -> Self {
        let OpenedStore { store, notes, protection, backend, .. } = opened;
        let mut units: Vec<Unit> = Vec::new();
        let mut groups = HashMap::new();
        let sources: Vec<_> = built
            .into_iter()
            .enumerate()
            .map(|(at, built)| {
                let alone = built.group.is_none();
                let unit = if alone { units.len() } else { *groups.entry(built.group).or_insert(units.len()) };
                match units.get_mut(unit) {
                    Some(unit) => unit.members.push(at),
                    None => units.push(Unit { members: vec![at], flight: tokio::sync::Mutex::new(()), last: Mutex::default() }),
                }
                let document = store.get_meta(&format!("source/{}", built.id)).ok().flatten();
                SourceSlot {
                    claims: Claims::of(&built.config),
                    // What is remembered of a source is a convenience: unreadable, it starts anew.
                    health: Mutex::new(document.and_then(|bytes: Vec<u8>| postcard::from_bytes(&bytes).ok()).unwrap_or_default()),
                    id: built.id,
                    kind: built.kind,
                    config: built.config,
                    source: built.source,
                    unit,
                    live: AtomicBool::new(false),
                    held: Mutex::default(),
                }
            })
            .collect();
        let positions = sources.iter().enumerate().map(|(at, slot)| (slot.id.clone(), at)).collect();
        let polled: Option<Vec<u8>> = store.get_meta(POLLED_DOCUMENT).ok().flatten();
        let polled_at = polled.and_then(|bytes: Vec<u8>| postcard::from_bytes::<Timestamp>(&bytes).ok());
        Self {
            rules: RuleBook::new(options.config.rules.clone()),
            settings: ResolveSettings {
                weights: options.config.confidence.weights,
                auto_margin: options.config.confidence.auto_margin,
                half_life: options.config.confidence.half_life,
                likeness: None,
            },
            store,
            writer: OnceLock::new(),
            sources,
            units,
            events: Events::default(),
            desk: Arc::new(desk),
            history: HistoryLog::new(options.config.cache.history, options.config.cache.high_watermark / HISTORY_SHARE),
            notes,
            detector: Detector::new(options.config.base_dir.join("detectors.toml"), Arc::clone(&options.clock)),
            protection,
            backend,
            polled_at: Mutex::new(polled_at),
            keeping: Keeping::new(Watermarks::new(options.config.cache.high_watermark, options.config.cache.low_watermark)),
            healed: Mutex::default(),
            rewrite: AtomicBool::new(false),
            turned: Arc::default(),
            resync: tokio::sync::Notify::new(),
            large: tokio::sync::Semaphore::new(1),
            positions,
            facts: RwLock::new(Facts::default()),
            hot: HotTier::new(options.config.cache.hot_tier),
            fresh: Mutex::default(),
            epoch: Epoch::default(),
            keeper: Mutex::new(None),
            outdated: Mutex::default(),
            window: Mutex::default(),
            sooner: tokio::sync::Notify::new(),
            acquaintance: Acquaintance::default(),
            lasting: Lasting::default(),
            belief: Mutex::default(),
            reweighed: AtomicU64::new(0),
            answering: AtomicUsize::new(0),
            named: Mutex::default(),
            live: LiveWeather::default(),
            audit_goes_on: OnceLock::new(),
            options,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.options.clock.now()
    }

    /// The writing thread, started by the first write.
    pub fn writer(&self) -> Result<&Writer, StoreError> {
        if let Some(writer) = self.writer.get() {
            return Ok(writer);
        }
        if self.options.inline {
            return Ok(self.writer.get_or_init(|| Writer::inline(Arc::clone(&self.store))));
        }
        let started = Writer::start(Arc::clone(&self.store), self.others_to_reseal()).map_err(|error| StoreError::Unwritable {
            path: "the cache".to_owned(),
            cause: format!("no thread for the writer: {error}"),
        })?;
        Ok(self.writer.get_or_init(|| started))
    }

    pub fn position(&self, id: &SourceId) -> Option<usize> {
        self.positions.get(id).copied()
    }

    pub fn read_facts(&self) -> RwLockReadGuard<'_, Facts> {
        self.facts.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn write_facts(&self) -> RwLockWriteGuard<'_, Facts> {
        self.facts.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resolves many keys.
    pub fn resolve_all<'a, S: Borrow<Slot> + 'a>(
        &self,
        slots: impl Iterator<Item = (&'a Key, &'a [S])>,
        now: Timestamp,
        mut each: impl FnMut(Insight),
    ) {
        let standings = self.standings(now);
        for (key, slots) in slots {
            if let Some(insight) = self.resolve(key, slots, &standings, now) {
                each(insight);
            }
        }
    }

    /// What values are weighed by now.
    pub fn belief(&self, now: Timestamp) -> Arc<Belief> {
        let decisions = self.decisions();
        let (version, known) = self.acquaintance.known(self.store.as_ref());
        let mut held = self.belief.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(belief) = held.as_ref().filter(|belief| belief.is_of(&decisions, version, now)) {
            return Arc::clone(belief);
        }
        let half_life = self.options.config.confidence.trust_half_life;
        let belief = Arc::new(Belief::of(decisions, (version, &known), &self.settings, half_life, now));
        *held = Some(Arc::clone(&belief));
        belief
    }

    /// Every decision that counts.
    pub fn decisions(&self) -> Arc<DecisionBook> {
        Arc::clone(self.desk.state().decisions())
    }

    /// Where it comes from what was seen before.
    pub fn origin<'a>(&'a self, decisions: &'a DecisionBook) -> Origin<'a> {
        Origin { store: self.store.as_ref(), decisions }
    }

    /// What every field's values were seen to do.
    pub fn half_lives(&self, now: Timestamp) -> Arc<HalfLives> {
        self.lasting.learned(self.origin(&self.decisions()), now)
    }

    /// What trust is learned for.
    pub fn field_of(&self, key: &Key) -> FieldName {
        FieldName::of(key, self.rules.rule(key))
    }

    pub fn standings(&self, now: Timestamp) -> Standings {
        let of = self
            .sources
            .iter()
            .map(|slot| {
                let health = slot.health();
                Standing {
                    state: health.state(),
                    alignment: health.alignment(now, slot.config.apdex_target),
                    moves_at: health.window_moves_at(now),
                    vouched_at: health.vouched_at,
                    live: slot.live.load(Ordering::Relaxed) && health.failing_since.is_none(),
                }
            })
            .collect();
        let belief = self.belief(now);
        let half_lives = self.lasting.learned(self.origin(&belief.decisions), now);
        Standings { of, belief, half_lives }
    }

    pub fn resolve<S: Borrow<Slot>>(&self, key: &Key, slots: &[S], standings: &Standings, now: Timestamp) -> Option<Insight> {
        let belief = &standings.belief;
        let decision = belief.decisions.newest(key, ConflictClass::Value);
        let weighed = self.weigh(key, slots, standings, now, decision.map(|decision| &**decision));
        let Some(mut insight) = weighed else { return self.unheard_of(key, now) };
        let is_said = insight.conflict.as_ref().is_some_and(|conflict| conflict.resolution.is_by_a_person());
        if let Some(correction) = belief.correction.filter(|_| !is_said) {
            insight.p_true = correction.correct(insight.p_true);
        }
        self.mark_changes(&mut insight);
        Some(insight)
    }

    /// What is believed by these values and this decision, with `p_true` before any correction and without what is under way.
    pub fn weigh<S: Borrow<Slot>>(
        &self,
        key: &Key,
        slots: &[S],
        standings: &Standings,
        now: Timestamp,
        decision: Option<&Decision>,
    ) -> Option<Insight> {
        let rule = self.rules.rule(key);
        let written = self.own_write(key, rule, slots);
        let table = &standings.belief.table;
        let field = FieldName::text_of(key, rule);
        let lasts = standings.half_lives.get(field);
        let readings: Vec<Reading<'_>> = slots
            .iter()
            .map(Borrow::borrow)
            .filter_map(|slot| {
                let at = self.position(&slot.observation.source)?;
                let (source, standing) = (&self.sources[at], &standings.of[at]);
                let ttl = self.ttl(rule, &source.config);
                let learned = (!table.is_empty()).then(|| table.standing_of(&source.id, field, source.config.trust));
                let live = standing.live && slot.value().is_some();
                Some(Reading {
                    observation: &slot.observation,
                    normal: Some(slot.normal.as_ref()),
                    observed_at: if live { now } else { slot.observed_at(standing.vouched_at) },
                    live,
                    role: source.config.role,
                    trust: learned.map_or(source.config.trust, |learned| learned.trust),
                    validity: slot.validity,
                    violation: slot.violation.as_ref(),
                    alignment: standing.alignment,
                    accepts: learned.map_or(0, |learned| learned.field.accepts),
                    rejects: learned.map_or(0, |learned| learned.field.rejects),
                    state: standing.state,
                    ttl,
                    half_life: lasts.map(|lasts| lasts.half_life(standings.belief.settings.half_life.unwrap_or(ttl))),
                    claims: true,
                    overtaken: written.as_ref().is_some_and(|written| self.is_overtaken(written, rule, slot, standing.vouched_at, now)),
                })
            })
            .collect();
        resolve_decided(key, rule, &readings, &standings.belief.settings, now, decision)
    }

    pub fn ttl(&self, rule: Option<&crate::fact::KeyRule>, source: &SourceConfig) -> Duration {
        rule.and_then(|rule| rule.ttl).or(source.ttl).unwrap_or(self.options.config.cache.ttl)
    }

    /// When what the source says of the key turns stale by itself; never under a live watch.
    pub fn expiry(&self, key: &Key, note: &Note, at: usize) -> Option<Timestamp> {
        let source = &self.sources[at];
        if source.is_live() || !note.is_held() {
            return None;
        }
        let ttl = self.ttl(self.rules.rule(key), &source.config);
        let vouched_at = source.health().vouched_at;
        Some(note.observed_at(vouched_at).plus(ttl + Duration::from_millis(1)))
    }

    /// The first moment after `now` at which one of the observations turns stale by itself; none under a live watch.
    pub fn turns<S: Borrow<Slot>>(&self, slots: &[S], standings: &Standings, now: Timestamp) -> Option<Timestamp> {
        let rule = slots.first().and_then(|slot| self.rules.rule(&slot.borrow().observation.key));
        let turn = |slot: &Slot| {
            let at = self.position(&slot.observation.source)?;
            let standing = &standings.of[at];
            if standing.live || slot.value().is_none() {
                return None;
            }
            let ttl = self.ttl(rule, &self.sources[at].config);
            Some(slot.observed_at(standing.vouched_at).plus(ttl + Duration::from_millis(1))).filter(|turns| *turns > now)
        };
        slots.iter().map(Borrow::borrow).filter_map(turn).min()
    }
}

/// A failure as it is shown.
pub(super) fn remembered(failure: &Failure, now: Timestamp) -> SourceError {
    SourceError {
        code: failure.known_code(),
        message: failure.message.clone(),
        retry_after: failure.not_before.map(|until| until.since(now)).filter(|wait| !wait.is_zero()),
    }
}
