//! The part of a run that changes things: an engine with its log of record on a disk that fails, a target behind the same network, and what
//! came of every change that was acknowledged.
//!
//! It has an engine and a cache of its own, so that the part that only reads does the same with it as without. Damage of the log is no part
//! of it: that is counted and said when it is found, and tried in the tests of the log.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{
    network::{Network, SkewedClock},
    profile::FaultKind,
    report::Changes,
    scratch::{NoSecrets, bare_config},
    taker::Taker,
};
use crate::{
    engine::{
        api::{EngineError, EngineOptions},
        handle::Engine,
        journal::{JournalOptions, SimLogDisk},
        queue::ChangeRequest,
        store::{LogKeys, LogSealer, MemoryStore, OpenedStore},
        world::{NoVault, Rng, SeededRng, SimClock},
    },
    fact::{Author, CommandId, Operation, Value},
};

/// Keys that are changed.
const KEYS: u32 = 12;
/// Changes a step at the most.
const MOST: u64 = 3;
/// How many steps its disk stays full at the most.
const LONGEST_FULL: u64 = 20;
/// Within how many of its operations a process dies.
const DIES_WITHIN: u64 = 30;
/// How often what waits is looked at when everything is well again, and how far apart.
const LAST_LOOKS: (u32, Duration) = (200, Duration::from_secs(30));

struct Asked {
    id: CommandId,
    acknowledged: bool,
}

/// The part that changes things.
pub struct Changing {
    disk: Arc<SimLogDisk>,
    keys: Arc<LogKeys>,
    taker: Arc<Taker>,
    clock: Arc<SimClock>,
    skewed: Arc<SkewedClock>,
    jitter: Arc<SeededRng>,
    draws: SeededRng,
    engine: Option<Engine>,
    asked: Vec<Asked>,
    full_for: u64,
}

impl Changing {
    /// Starts it, behind this network and with these clocks.
    ///
    /// # Errors
    /// When the engine cannot start.
    pub fn start(seed: u64, network: &Arc<Network>, clock: &Arc<SimClock>, skewed: &Arc<SkewedClock>) -> Result<Self, EngineError> {
        let none = || EngineError::Unavailable("the simulated target has no keys".to_owned());
        let mut changing = Self {
            disk: SimLogDisk::new(seed),
            keys: Arc::new(LogKeys::alone(*b"a rehearsal's id", 1, &[5; 32], Arc::new(SeededRng::new(seed)))),
            taker: Taker::new(KEYS, network, seed.wrapping_add(3)).ok_or_else(none)?,
            clock: Arc::clone(clock),
            skewed: Arc::clone(skewed),
            jitter: Arc::new(SeededRng::new(seed.wrapping_add(4))),
            draws: SeededRng::new(seed.wrapping_add(2)),
            engine: None,
            asked: Vec::new(),
            full_for: 0,
        };
        changing.open()?;
        Ok(changing)
    }

    fn open(&mut self) -> Result<(), EngineError> {
        // The cache goes with every process: what must not be lost is not in it.
        let opened = OpenedStore {
            store: Arc::new(MemoryStore::beside_log(Arc::clone(&self.keys) as Arc<dyn LogSealer>)),
            notes: Vec::new(),
            protection: String::new(),
            backend: "memory",
            fresh: false,
            set_aside: false,
            restored: None,
        };
        let mut config = bare_config();
        // A clock that is set days ahead makes nothing too old: that is a rule of its own and no fault.
        config.queue.max_staleness = Duration::from_secs(60 * 24 * 3600);
        let options = EngineOptions {
            config: Arc::new(config),
            data_dir: "/nowhere/data".into(),
            state_dir: "/nowhere/state".into(),
            offline: false,
            polling: false,
            inline: true,
            clock: self.skewed.clone(),
            rng: self.jitter.clone(),
            secrets: Arc::new(NoSecrets),
            vault: Arc::new(NoVault),
            environment: Arc::default(),
        };
        let log = JournalOptions::rehearsed(self.disk.as_disk());
        self.engine = Some(Engine::assemble_over(options, opened, vec![self.taker.built()], log)?);
        Ok(())
    }

    /// A step of simulated time, with the fault that begins in it; network and clocks are those of the whole run.
    ///
    /// # Errors
    /// When the engine cannot start again.
    pub async fn step(&mut self, fault: Option<FaultKind>) -> Result<(), EngineError> {
        self.full_for = self.full_for.saturating_sub(1);
        if self.full_for == 0 {
            self.disk.hold_at_most(None);
        }
        match fault {
            Some(FaultKind::DiskFull) => {
                self.full_for = 1 + self.draw(LONGEST_FULL);
                self.disk.hold_at_most(Some(self.disk.bytes_held() + self.draw(2_000)));
            }
            // The process dies in the middle of what follows.
            Some(FaultKind::Crash) => self.disk.die_after(1 + self.draw(DIES_WITHIN)),
            _ => {}
        }
        for _ in 0..self.draw(MOST + 1) {
            self.ask().await;
        }
        self.send().await;
        if fault == Some(FaultKind::Crash) {
            self.engine = None;
            self.disk.restart(self.draw(2) == 0);
            self.open()?;
        }
        Ok(())
    }

    async fn send(&self) {
        if let Some(engine) = &self.engine {
            engine.handle().send_due().await;
        }
    }

    async fn ask(&mut self) {
        let mut bytes = [0; 16];
        self.draws.fill(&mut bytes);
        let at = self.draw(u64::from(KEYS));
        let (Some(engine), Some(key)) = (&self.engine, self.taker.key(at).cloned()) else { return };
        let id = CommandId::from_bytes(bytes);
        let request = ChangeRequest {
            id,
            key,
            operation: Operation::Set,
            // No value comes twice, so that none is there by chance.
            value: Value::from(i64::try_from(self.asked.len()).unwrap_or(i64::MAX).saturating_add(1)),
            source: None,
            expires: None,
            author: Author::default(),
            undoes: None,
        };
        let acknowledged = engine.handle().change(&[request]).await.is_ok();
        self.asked.push(Asked { id, acknowledged });
    }

    /// Everything is well again: sends what waits, starts once more, and counts.
    ///
    /// # Errors
    /// When the engine cannot start again.
    pub async fn end(&mut self) -> Result<Changes, EngineError> {
        self.disk.hold_at_most(None);
        for _ in 0..LAST_LOOKS.0 {
            self.send().await;
            if self.engine.as_ref().is_none_or(|engine| engine.handle().queue_status().depth == 0) {
                break;
            }
            self.clock.advance(LAST_LOOKS.1);
        }
        self.engine = None;
        self.disk.restart(false);
        self.open()?;
        Ok(self.count())
    }

    fn count(&self) -> Changes {
        let known: BTreeMap<CommandId, bool> = self.engine.as_ref().map_or_else(BTreeMap::new, |engine| {
            engine.handle().commands(&[]).iter().map(|command| (command.id, command.state.is_delivered())).collect()
        });
        let effects = self.taker.effects();
        let mut times: BTreeMap<&str, u64> = BTreeMap::new();
        for effect in &effects {
            *times.entry(&effect.id).or_default() += 1;
        }
        let mut changes = Changes { asked: self.asked.len() as u64, ..Changes::default() };
        for asked in &self.asked {
            let applied = times.get(asked.id.to_string().as_str()).copied().unwrap_or(0);
            changes.applied_twice += u64::from(applied > 1);
            if !asked.acknowledged {
                changes.refused += 1;
                continue;
            }
            changes.acknowledged += 1;
            match known.get(&asked.id) {
                Some(true) if applied > 0 => changes.found += 1,
                Some(false) => changes.waiting += 1,
                // Nobody knows of it any more, or it is said to be there and is not.
                Some(true) | None => changes.lost += 1,
            }
        }
        let place = |id: &str| self.asked.iter().position(|asked| asked.id.to_string() == id);
        for at in 0..u64::from(KEYS) {
            let Some(key) = self.taker.key(at) else { continue };
            let order: Vec<usize> = effects.iter().filter(|effect| effect.key == *key).filter_map(|effect| place(&effect.id)).collect();
            changes.out_of_order += order.windows(2).filter(|two| two[0] > two[1]).count() as u64;
        }
        changes
    }

    fn draw(&self, end: u64) -> u64 {
        let mut bytes = [0; 8];
        self.draws.fill(&mut bytes);
        u64::from_le_bytes(bytes) % end.max(1)
    }
}
