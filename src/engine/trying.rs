//! Faults on the running engine: the network of its sources is made to go, to come and go, or to be slow, for as long as was asked for.
//!
//! Invariants: only what can be taken back is tried - nothing is done to a disk, to the clock, to the process; nothing that waits is sent
//! meanwhile; however it ends, also when nobody waits for it any more, the network is as it was and sending goes on. Sources that are read
//! without a network are left alone.
//!
//! What the engine thinks of its sources afterwards is what it saw: their availability of the last minutes stays as it was measured.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use crate::fact::{CommandId, Insight, Key, SourceId, SourceState};

use super::{
    api::{EngineError, FactQuery},
    chaos::{ChaosProfile, FaultKind, Recovery},
    core::Core,
    handle::EngineHandle,
    queue::Paused,
    weather::{Weather, is_reached_over_a_network},
    world::{Rng as _, SeededRng},
};

/// The longest it may take.
pub const LONGEST_LIVE: Duration = Duration::from_secs(600);
/// As long as this where nobody says otherwise.
pub const USUAL_LIVE: Duration = Duration::from_secs(30);
/// What is drawn anew every time.
const STEP: Duration = Duration::from_secs(1);
/// Reads in a step.
const READS: u32 = 10;
/// Facts that are read in turn.
const KEYS: usize = 100;
/// How many steps bad weather takes at the most.
const LONGEST_SPELL: u64 = 10;
/// The shortest and the longest delay of a slow network.
const DELAYS: (u64, u64) = (200, 8_000);
/// How often it is looked whether everybody answers again, and how long that may take.
const ASKED_AGAIN: u32 = 5;

/// Why faults are not tried on the running engine.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// It does something that cannot be taken back.
    #[error("{} cannot be taken back, so it is not tried on the running engine; without --live it runs on a scratch directory", .0.as_str())]
    Irreversible(FaultKind),
    /// Nobody polls.
    #[error("no engine is running here: faults are tried on a screen that is open, or on stellar serve")]
    NotRunning,
    /// Somebody else does already.
    #[error("faults are being tried already")]
    UnderWay,
    /// There is nothing they could be tried on.
    #[error("no source here is reached over a network, so there is nothing to try")]
    NoNetwork,
    /// The store itself failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// What came of faults on the running engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveReport {
    /// Which profile.
    pub profile: String,
    /// What everything was drawn from.
    pub seed: u64,
    /// How long it took.
    pub took: Duration,
    /// Whether it went on to its end.
    pub complete: bool,
    /// How often each kind of fault was injected.
    pub faults: BTreeMap<FaultKind, u64>,
    /// Reads asked for.
    pub reads: u64,
    /// Of these, answered from the cache.
    pub served: u64,
    /// Times a source was asked.
    pub fetches: u64,
    /// Of these, failed.
    pub failed: u64,
    /// Sources reached over a network that answered before.
    pub answered_before: u64,
    /// Of these, those that answered when everything was as before.
    pub answered_after: u64,
    /// Changes that waited when it began.
    pub waited: u64,
    /// Of these, known of at its end.
    pub kept: u64,
    /// From a fault to the next answered read.
    pub recovery: Recovery,
}

impl LiveReport {
    /// Whether every promise was kept: every read answered, within three seconds of a fault, everybody back, no change lost.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.served == self.reads && self.recovery.is_in_time() && self.answered_after == self.answered_before && self.kept == self.waited
    }
}

/// Faults are tried until this is dropped; then everything is as before.
struct Trial<'c> {
    core: &'c Core,
    _paused: Paused<'c>,
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        self.core.live.end();
    }
}

/// What the weather does for some steps.
#[derive(Default)]
struct Spell {
    left: u64,
    flaps: bool,
}

impl Spell {
    fn begin(&mut self, kind: FaultKind, draw: &dyn Fn(u64) -> u64) -> Weather {
        *self = Self { left: 1 + draw(LONGEST_SPELL), flaps: kind == FaultKind::Flapping };
        match kind {
            FaultKind::HighLatency => Weather::Slow(Duration::from_millis(DELAYS.0 + draw(DELAYS.1 - DELAYS.0))),
            _ => Weather::Down,
        }
    }

    /// A step has passed; the weather, where it is another now.
    fn pass(&mut self, draw: &dyn Fn(u64) -> u64) -> Option<Weather> {
        self.left = self.left.saturating_sub(1);
        match (self.left, self.flaps) {
            (0, _) => Some(Weather::Clear),
            (_, true) => Some(if draw(2) == 0 { Weather::Down } else { Weather::Clear }),
            _ => None,
        }
    }
}

impl EngineHandle {
    /// Tries a profile on this engine for so long; `goes_on` is told how long is left and says whether anybody still waits.
    ///
    /// # Errors
    /// [`LiveError`]: then nothing was tried.
    pub async fn try_faults(
        &self,
        profile: &ChaosProfile,
        span: Duration,
        goes_on: &mut (dyn FnMut(Duration) -> bool + Send),
    ) -> Result<LiveReport, LiveError> {
        let core = &self.core;
        let networked = self.may_try_faults(profile)?;
        let keys = self.keys_of(&networked)?;
        if !core.live.begin() {
            return Err(LiveError::UnderWay);
        }
        let trial = Trial { core, _paused: core.desk.pause() };
        let answering = self.answering(&networked);
        let waiting: Vec<CommandId> = core.desk.state().all().filter(|command| command.state.is_under_way()).map(|one| one.id).collect();
        let mut report = LiveReport { profile: profile.name.clone(), seed: profile.seed, ..LiveReport::default() };
        let began = core.options.clock.monotonic();
        report.complete = self.try_until(profile, began.saturating_add(span), &keys, goes_on, &mut report).await;
        report.took = core.options.clock.monotonic().saturating_sub(began);
        (report.fetches, report.failed) = core.live.counted();
        report.kept = {
            let state = core.desk.state();
            waiting.iter().filter(|id| state.get(**id).is_some()).count() as u64
        };
        report.waited = waiting.len() as u64;
        drop(trial);
        report.answered_before = answering.len() as u64;
        report.answered_after = self.answer_again(&answering).await?;
        Ok(report)
    }

    /// Whether a profile may be tried on this engine; the sources that it would be tried on.
    ///
    /// # Errors
    /// Why not.
    pub fn may_try_faults(&self, profile: &ChaosProfile) -> Result<Vec<SourceId>, LiveError> {
        let live = [FaultKind::NetworkDrop, FaultKind::Flapping, FaultKind::HighLatency];
        if let Some(kind) = profile.kinds.iter().find(|kind| !live.contains(kind)) {
            return Err(LiveError::Irreversible(*kind));
        }
        if !self.polls() {
            return Err(LiveError::NotRunning);
        }
        let networked: Vec<SourceId> = self
            .core
            .sources
            .iter()
            .filter(|slot| slot.config.enabled && is_reached_over_a_network(&slot.config))
            .map(|slot| slot.id.clone())
            .collect();
        if networked.is_empty() {
            return Err(LiveError::NoNetwork);
        }
        Ok(networked)
    }

    /// Draws faults and reads facts until then; whether anybody waited for the end.
    async fn try_until(
        &self,
        profile: &ChaosProfile,
        end: Duration,
        keys: &[Key],
        goes_on: &mut (dyn FnMut(Duration) -> bool + Send),
        report: &mut LiveReport,
    ) -> bool {
        let (core, clock) = (&self.core, &self.core.options.clock);
        let rng = SeededRng::new(profile.seed);
        let draw = |below: u64| {
            let mut bytes = [0; 8];
            rng.fill(&mut bytes);
            u64::from_le_bytes(bytes).checked_rem(below).unwrap_or(0)
        };
        let (mut spell, mut since, mut times) = (Spell::default(), None, Vec::new());
        let mut turn = keys.iter().cycle();
        let mut first = true;
        let complete = loop {
            let left = end.saturating_sub(clock.monotonic());
            let is_awaited = goes_on(left);
            if left.is_zero() || !is_awaited {
                break is_awaited;
            }
            if spell.left > 0 {
                if let Some(weather) = spell.pass(&draw) {
                    core.live.set(weather);
                }
            } else if first || is_below(draw(1_000_000), profile.intensity) {
                first = false;
                let among = profile.kinds.len() as u64;
                if let Some(kind) = usize::try_from(draw(among)).ok().and_then(|at| profile.kinds.get(at)) {
                    core.live.set(spell.begin(*kind, &draw));
                    *report.faults.entry(*kind).or_default() += 1;
                    times.extend(since.replace(clock.monotonic()).map(|_| None));
                }
            }
            for _ in 0..READS {
                tokio::time::sleep(STEP / READS).await;
                let Some(key) = turn.next() else { continue };
                report.reads += 1;
                // What a fault of the network cannot do is keep a read from being answered.
                if matches!(self.get(key), Ok(Some(_))) {
                    report.served += 1;
                    times.extend(since.take().map(|since| Some(clock.monotonic().saturating_sub(since))));
                }
            }
        };
        times.extend(since.map(|_| None));
        report.recovery = Recovery::of(times);
        complete
    }

    /// Facts of these sources, as many as are read in turn.
    fn keys_of(&self, sources: &[SourceId]) -> Result<Vec<Key>, EngineError> {
        let said = |insight: &Arc<Insight>| insight.sources.iter().any(|view| sources.contains(&view.source));
        let mut listing = self.listing(&FactQuery::default())?;
        let mut keys = Vec::new();
        while keys.len() < KEYS
            && let Some(facts) = listing.next_part()?
        {
            keys.extend(facts.iter().filter(|insight| said(insight)).take(KEYS - keys.len()).map(|insight| insight.key.clone()));
        }
        Ok(keys)
    }

    /// Those of the sources that answered last time.
    fn answering(&self, sources: &[SourceId]) -> Vec<SourceId> {
        let answers =
            |id: &&SourceId| self.core.position(id).is_some_and(|at| self.core.sources[at].health().state() == SourceState::Reachable);
        sources.iter().filter(answers).cloned().collect()
    }

    /// Asks them again; how many of them answer.
    async fn answer_again(&self, sources: &[SourceId]) -> Result<u64, EngineError> {
        for _ in 0..ASKED_AGAIN {
            if !sources.is_empty() && self.answering(sources).len() < sources.len() {
                self.refresh(sources).await?;
            }
        }
        Ok(self.answering(sources).len() as u64)
    }
}

/// Whether one of a million is in this share.
#[expect(clippy::cast_precision_loss, reason = "below a million")]
fn is_below(drawn: u64, share: f64) -> bool {
    (drawn as f64) < share * 1e6
}
