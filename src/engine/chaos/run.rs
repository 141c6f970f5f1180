//! One run: an engine over a disk that fails on command and a network that does, a simulated source, a second a step.

use std::{io::ErrorKind, path::Path, sync::Arc, time::Duration};

use tokio::sync::broadcast;

use super::{
    changing::Changing,
    network::{Network, SkewedClock, TIMEOUT},
    profile::{ChaosProfile, FaultKind},
    report::{ChaosReport, Recovery},
    scratch::NoSecrets,
    spell::Spells,
    target::{Target, number_in},
    truth::Truth,
};
use crate::{
    config::{CacheKey, Config},
    engine::{
        api::{EngineError, EngineEvent, EngineOptions, RefreshReport, StampedEvent},
        cache_event::CacheEvent,
        handle::Engine,
        store::{CacheStore, FaultDisk, KeyPolicy, OpenedStore, StoreError, StoreOptions, open_over},
        weather::Weather,
        world::{Clock, NoVault, Rng, SeededRng, SimClock},
    },
    fact::Observation,
};

/// A step of simulated time.
const STEP: Duration = Duration::from_secs(1);
/// Reads a step.
const READS: u64 = 10;
/// Of so many facts one changes a step.
const CHANGING: u64 = 10;
/// How many steps a full disk stays full at the most.
const LONGEST_FULL: u64 = 20;
/// How long to wait until a write has reached the disk.
const PATIENCE: Duration = Duration::from_secs(60);

/// Tries a profile in `scratch`, an empty directory of its own, and says what came of it. Recovery is measured with `stopwatch`; everything
/// else goes by simulated time.
///
/// # Errors
/// When the engine cannot start at all, or ends for another reason than the faults.
pub async fn rehearse(profile: &ChaosProfile, scratch: &Path, stopwatch: &dyn Clock) -> Result<ChaosReport, EngineError> {
    let target = Target::new(profile.facts).ok_or_else(|| EngineError::Unavailable("the simulated source has no facts".to_owned()))?;
    let clock = Arc::new(SimClock::default());
    let (network, skewed) = (Arc::default(), SkewedClock::new(&clock));
    let changing = Changing::start(profile.seed, &network, &clock, &skewed)?;
    let mut run = Run {
        profile,
        changing,
        scratch,
        stopwatch,
        target,
        disk: FaultDisk::new(profile.seed),
        network,
        skewed,
        clock,
        spells: Spells::default(),
        keys: Arc::new(SeededRng::new(profile.seed)),
        draws: SeededRng::new(profile.seed.wrapping_add(1)),
        truth: Truth::default(),
        report: ChaosReport { profile: profile.name.clone(), seed: profile.seed, ..ChaosReport::default() },
        since_fault: None,
        times: Vec::new(),
        full_for: 0,
    };
    run.all().await?;
    Ok(run.report)
}

struct Run<'a> {
    profile: &'a ChaosProfile,
    /// The part that changes things.
    changing: Changing,
    scratch: &'a Path,
    stopwatch: &'a dyn Clock,
    target: Arc<Target>,
    disk: Arc<FaultDisk>,
    network: Arc<Network>,
    /// What the time is.
    clock: Arc<SimClock>,
    /// What the engine is told it is.
    skewed: Arc<SkewedClock>,
    spells: Spells,
    /// For keys and nonces: one for the whole run, so that no nonce comes twice.
    keys: Arc<dyn Rng>,
    draws: SeededRng,
    truth: Truth,
    report: ChaosReport,
    /// When the fault was injected that no read was answered after yet.
    since_fault: Option<Duration>,
    times: Vec<Option<Duration>>,
    /// Steps until there is room again.
    full_for: u64,
}

/// How often the database is tried while the last process still lets go of it, and the pause between.
const LET_GO_TRIES: u32 = 400;
const LET_GO_PAUSE: Duration = Duration::from_millis(25);

/// An engine at work.
struct Running {
    engine: Engine,
    store: Arc<dyn CacheStore>,
    events: broadcast::Receiver<StampedEvent>,
    /// Whether anything was said to be missing when it was opened.
    told: bool,
    /// Whether nothing was looked for since it was opened.
    fresh: bool,
}

impl Run<'_> {
    async fn all(&mut self) -> Result<(), EngineError> {
        let mut running = self.start().await?;
        self.everything_is_said_again();
        self.refresh(&running).await?;
        for _ in 0..self.profile.duration.as_secs().max(1) {
            running = self.step(running).await?;
            self.report.simulated += STEP;
        }
        self.disk.refuse_writes(None);
        self.spells.end(&self.network, &self.skewed);
        self.clock.advance(PATIENCE);
        self.heal(&running).await;
        self.refresh(&running).await?;
        self.look_back(&mut running, false)?;
        self.refresh(&running).await?;
        self.compare(&running)?;
        let Running { engine, mut events, .. } = running;
        engine.shutdown().await?;
        // What a person finds who starts it again.
        self.report.acknowledged = self.truth.acknowledged();
        let mut last = self.start().await?;
        // What is found damaged after the last look, while it ends too, is said to whoever still listens.
        last.told |= self.hear(&mut events);
        self.look_back(&mut last, true)?;
        if self.since_fault.take().is_some() {
            self.times.push(None);
        }
        self.report.recovery = Recovery::of(std::mem::take(&mut self.times));
        last.engine.shutdown().await?;
        self.report.changes = self.changing.end().await?;
        Ok(())
    }

    async fn step(&mut self, mut running: Running) -> Result<Running, EngineError> {
        for _ in 0..self.target.len() as u64 / CHANGING + 1 {
            let at = self.draw_fact();
            self.target.change(at);
            self.truth.said(at, self.target.value(at));
        }
        if self.full_for > 0 {
            self.full_for -= 1;
            if self.full_for == 0 {
                self.disk.refuse_writes(None);
            }
        }
        let fault = self.fault();
        match fault {
            Some(FaultKind::DiskFull) => {
                self.full_for = 1 + self.draw(LONGEST_FULL);
                self.disk.refuse_writes(Some(ErrorKind::StorageFull));
            }
            Some(FaultKind::DiskCorruption) => {
                // A bit here and there, now and then a page.
                let _ = if self.draw(4) == 0 { self.disk.lose_page() } else { self.disk.flip_bit() };
            }
            Some(FaultKind::SlowDisk) => self.slow(&running).await?,
            Some(FaultKind::Crash) => running = self.crash(running).await?,
            Some(kind @ (FaultKind::NetworkDrop | FaultKind::Flapping | FaultKind::HighLatency | FaultKind::ClockSkew)) => {
                let mut spells = self.spells;
                spells.begin(kind, &self.network, &self.skewed, &|end| self.draw(end));
                self.spells = spells;
            }
            None => {}
        }
        self.changing.step(fault).await?;
        self.reads(&running)?;
        self.refresh(&running).await?;
        self.reads(&running)?;
        self.clock.advance(STEP);
        let mut spells = self.spells;
        spells.pass(&self.network, &self.skewed, &|end| self.draw(end));
        self.spells = spells;
        self.heal(&running).await;
        self.look_back(&mut running, false)?;
        Ok(running)
    }

    /// Draws whether a fault begins now, and which.
    fn fault(&mut self) -> Option<FaultKind> {
        #[expect(clippy::cast_precision_loss, reason = "a draw of a million, exact")]
        let begins = (self.draw(1_000_000) as f64) < self.profile.intensity * 1e6;
        let kind = self.profile.kinds.get(usize::try_from(self.draw(self.profile.kinds.len() as u64)).ok()?).copied()?;
        if !begins {
            return None;
        }
        *self.report.faults.entry(kind).or_default() += 1;
        if self.since_fault.is_none() {
            self.since_fault = Some(self.stopwatch.monotonic());
        }
        Some(kind)
    }

    /// Reads while a write hangs.
    async fn slow(&mut self, running: &Running) -> Result<(), EngineError> {
        // An answer that does not come writes nothing that could hang.
        let weather = self.network.now();
        self.network.set(Weather::Clear);
        self.disk.close_gate();
        let refresh = ask(running, &self.target);
        tokio::pin!(refresh);
        let disk = Arc::clone(&self.disk);
        let arrived = tokio::task::spawn_blocking(move || disk.await_waiting(PATIENCE));
        let early = tokio::select! {
            outcome = &mut refresh => Some(outcome),
            _ = arrived => None,
        };
        let read = self.reads(running);
        self.clock.advance(Duration::from_millis(200 + self.draw(5000)));
        self.disk.open_gate();
        match early {
            Some(outcome) => outcome?,
            None => refresh.await?,
        };
        self.network.set(weather);
        read
    }

    /// The power goes, one time in two in the middle of a write; then everything starts again.
    async fn crash(&mut self, running: Running) -> Result<Running, EngineError> {
        let torn = self.draw(4) == 0;
        let weather = self.network.now();
        self.network.set(Weather::Clear);
        if self.draw(2) == 0 {
            self.disk.close_gate();
            let refresh = ask(&running, &self.target);
            tokio::pin!(refresh);
            let disk = Arc::clone(&self.disk);
            let arrived = tokio::task::spawn_blocking(move || disk.await_waiting(PATIENCE));
            let early = tokio::select! {
                _ = &mut refresh => true,
                _ = arrived => false,
            };
            self.disk.cut_power(torn);
            self.disk.open_gate();
            if !early {
                // Whatever it says, nobody is there any more to hear it.
                let _ = refresh.await;
            }
        } else {
            self.disk.cut_power(torn);
        }
        self.disk.refuse_writes(None);
        self.full_for = 0;
        self.truth.crashed();
        self.network.set(weather);
        drop(running);
        let mut again = self.start().await?;
        self.look_back(&mut again, false)?;
        self.everything_is_said_again();
        Ok(again)
    }

    /// With the next answer everything that is not on disk is written.
    fn everything_is_said_again(&mut self) {
        for at in 0..self.target.len() {
            self.truth.said(at, self.target.value(at));
        }
    }

    /// What the last process of the rehearsal left to its threads is let go of within moments; another would not have to wait.
    async fn opened(&self, options: &StoreOptions) -> Result<OpenedStore, EngineError> {
        for _ in 0..LET_GO_TRIES {
            match open_over(options, Arc::new(self.disk.backend())) {
                Err(StoreError::Busy { .. }) => tokio::time::sleep(LET_GO_PAUSE).await,
                opened => return Ok(opened?),
            }
        }
        Ok(open_over(options, Arc::new(self.disk.backend()))?)
    }

    async fn start(&self) -> Result<Running, EngineError> {
        let (data_dir, state_dir) = (self.scratch.join("data"), self.scratch.join("state"));
        let opened = self
            .opened(&StoreOptions {
                data_dir: data_dir.clone(),
                state_dir: state_dir.clone(),
                backend: "sled".to_owned(),
                key: CacheKey::Auto,
                clock: self.skewed.clone(),
                rng: Arc::clone(&self.keys),
                vault: Arc::new(NoVault),
                policy: KeyPolicy::default(),
            })
            .await?;
        let (store, told) = (Arc::clone(&opened.store), opened.set_aside);
        let options = EngineOptions {
            config: Arc::new(Config::bare(self.scratch.to_owned())),
            data_dir,
            state_dir,
            offline: false,
            polling: false,
            clock: self.skewed.clone(),
            rng: Arc::clone(&self.keys),
            secrets: Arc::new(NoSecrets),
            vault: Arc::new(NoVault),
            environment: Arc::default(),
            inline: false,
        };
        let engine = Engine::assemble(options, opened, vec![self.target.built(&self.network)])?;
        let events = engine.handle().subscribe();
        Ok(Running { engine, store, events, told, fresh: true })
    }

    /// Asks the source; what it says is acknowledged if it came and the disk took it.
    async fn refresh(&mut self, running: &Running) -> Result<(), EngineError> {
        let reports = self.ask_through(running).await?;
        self.report.fetches += 1;
        self.report.failed_fetches = self.network.failed();
        if reports.iter().any(|report| report.error.is_some()) {
            return Ok(());
        }
        if running.store.standing().is_none() && running.store.flush().is_ok() && running.store.standing().is_none() {
            self.truth.is_on_disk();
        }
        Ok(())
    }

    /// Asks; where the network is slow, looks what can be read before the time is moved on and the answer let go.
    async fn ask_through(&mut self, running: &Running) -> Result<Vec<RefreshReport>, EngineError> {
        let Weather::Slow(by) = self.network.now() else { return ask(running, &self.target).await };
        let asking = ask(running, &self.target);
        tokio::pin!(asking);
        let network = Arc::clone(&self.network);
        tokio::select! {
            early = &mut asking => return early,
            () = network.until_one_waits(network.waited()) => {}
        }
        let read = self.reads(running);
        self.clock.advance(by.min(TIMEOUT));
        network.release();
        let reports = asking.await;
        read.and(reports)
    }

    /// Counts what is not as the source says, though it was just asked.
    fn compare(&mut self, running: &Running) -> Result<(), EngineError> {
        let handle = running.engine.handle();
        for at in 0..self.target.len() {
            let value = handle.get(self.target.key(at))?.and_then(|fact| fact.value.as_ref().and_then(number_in));
            self.report.behind += u64::from(value != Some(self.target.value(at)));
        }
        Ok(())
    }

    async fn heal(&self, running: &Running) {
        let store = Arc::clone(&running.store);
        // A panic in it would be told by the engine; here it shows as a disk that stays away.
        let _ = tokio::task::spawn_blocking(move || store.heal()).await;
    }

    /// Reads as a person does and as the engine does from its store.
    fn reads(&mut self, running: &Running) -> Result<(), EngineError> {
        let handle = running.engine.handle();
        for turn in 0..READS {
            let at = self.draw_fact();
            let key = self.target.key(at);
            let value = if turn % 2 == 0 {
                handle.get(key)?.and_then(|fact| fact.value.as_ref().and_then(number_in))
            } else {
                running.store.get(key)?.first().and_then(Observation::value).and_then(number_in)
            };
            self.report.reads += 1;
            let Some(value) = value else { continue };
            self.report.served += 1;
            self.report.wrong += u64::from(value == 0 || value > self.target.value(at));
            if let Some(fault) = self.since_fault.take() {
                self.times.push(Some(self.stopwatch.monotonic().saturating_sub(fault)));
            }
        }
        Ok(())
    }

    /// Where something was said to be missing, or a start may have lost something, everything acknowledged is looked for.
    fn look_back(&mut self, running: &mut Running, last: bool) -> Result<(), EngineError> {
        let mut told = std::mem::take(&mut running.told);
        let fresh = std::mem::take(&mut running.fresh);
        told |= self.hear(&mut running.events);
        if !(told || fresh) {
            return Ok(());
        }
        let before = running.store.stats().quarantined;
        let counted = self.truth.count(&self.target, running.store.as_ref())?;
        told |= running.store.stats().quarantined > before || !running.store.take_quarantined().is_empty();
        told |= running.store.standing().is_some();
        self.report.wrong += counted.wrong;
        if told {
            self.report.said_missing += counted.missing;
            self.everything_is_said_again();
        } else {
            self.report.lost += counted.missing;
        }
        if last {
            self.report.found = counted.found;
        }
        Ok(())
    }

    /// Counts what was said meanwhile; whether anything was said to be missing.
    fn hear(&mut self, events: &mut broadcast::Receiver<StampedEvent>) -> bool {
        let mut told = false;
        while let Ok(event) = events.try_recv() {
            match event.event {
                EngineEvent::Cache(CacheEvent::FailedOver { .. }) => self.report.failovers += 1,
                EngineEvent::Cache(CacheEvent::Recovered { .. }) => self.report.recovered += 1,
                EngineEvent::Cache(CacheEvent::Quarantined { .. } | CacheEvent::ResyncRequired { .. }) => told = true,
                _ => {}
            }
        }
        told
    }

    fn draw(&self, end: u64) -> u64 {
        let mut bytes = [0; 8];
        self.draws.fill(&mut bytes);
        u64::from_le_bytes(bytes) % end.max(1)
    }

    fn draw_fact(&self) -> usize {
        usize::try_from(self.draw(self.target.len() as u64)).unwrap_or(0)
    }
}

fn ask(running: &Running, target: &Arc<Target>) -> impl Future<Output = Result<Vec<RefreshReport>, EngineError>> + use<> {
    let (handle, target) = (running.engine.handle(), Arc::clone(target));
    async move { handle.refresh(std::slice::from_ref(target.id())).await }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(kinds: &[FaultKind], seed: u64) -> ChaosProfile {
        ChaosProfile {
            name: "test".to_owned(),
            about: String::new(),
            kinds: kinds.to_vec(),
            seed,
            duration: Duration::from_secs(60),
            intensity: 0.15,
            facts: 40,
        }
    }

    async fn report(kinds: &[FaultKind], seed: u64) -> ChaosReport {
        let scratch = tempfile::tempdir().unwrap();
        // A clock that stands still: the report is the same on every machine.
        rehearse(&profile(kinds, seed), scratch.path(), &SimClock::default()).await.unwrap()
    }

    #[tokio::test]
    async fn no_kind_of_fault_loses_or_makes_up_anything() {
        for kind in FaultKind::ALL {
            for seed in 0..4 {
                let report = report(&[kind], seed).await;
                assert!(report.passed(), "{report:?}");
                if seed > 1 {
                    continue;
                }
                assert!(report.faults[&kind] > 2, "{report:?}");
                assert!(report.acknowledged == 40 && report.found >= 35, "{report:?}");
                let changes = &report.changes;
                assert!(changes.all_arrived() && changes.acknowledged > 40, "{report:?}");
                let refuses = matches!(kind, FaultKind::DiskFull | FaultKind::Crash);
                assert!(changes.refused == 0 || refuses, "{report:?}");
                let network = matches!(kind, FaultKind::NetworkDrop | FaultKind::Flapping | FaultKind::HighLatency);
                assert_eq!(report.failed_fetches > 0, network, "{report:?}");
                assert!(report.served == report.reads || !(network || kind == FaultKind::ClockSkew), "{report:?}");
            }
        }
    }

    #[tokio::test]
    async fn all_of_them_together_and_the_same_seed_does_the_same_again() {
        let first = report(&FaultKind::ALL, 5).await;
        assert!(first.passed(), "{first:?}");
        assert!(first.failovers > 0 && first.failovers >= first.recovered, "{first:?}");
        assert_eq!(first, report(&FaultKind::ALL, 5).await);
        assert_ne!(first, report(&FaultKind::ALL, 6).await);
    }
}
