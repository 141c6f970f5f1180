//! One simulated world: its time, its disk, its targets, and the processes that live in it one after the other.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use super::super::*;
use super::target::{Effect, Inner, Target, Trouble};
use crate::engine::{
    journal::{JournalOptions, SimLogDisk},
    queue::{ChangeRequest, QueueError, Treatment},
    store::{CacheStore, LogKeys, LogSealer, MemoryStore, OpenedStore, StoreOp},
    world::{Clock, Rng},
};
use crate::fact::{Author, CommandId, CommandReason, CommandState, Content, Observation, Operation, Timestamp};

const START: i64 = 1_767_607_200_000;

/// Wall and monotonic time of the simulated machine: tokio's paused clock, on from where the last process ended.
pub struct SimTime {
    before: AtomicU64,
    skew: AtomicI64,
    epoch: Mutex<Option<tokio::time::Instant>>,
}

impl SimTime {
    pub fn elapsed(&self) -> Duration {
        let now = self.epoch.lock().unwrap().map_or(Duration::ZERO, |epoch| epoch.elapsed());
        Duration::from_millis(self.before.load(Ordering::SeqCst)) + now
    }

    fn begin(&self) {
        *self.epoch.lock().unwrap() = Some(tokio::time::Instant::now());
    }

    fn end(&self) {
        let all = self.elapsed();
        *self.epoch.lock().unwrap() = None;
        self.before.store(u64::try_from(all.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for SimTime {
    fn now(&self) -> Timestamp {
        let millis = i64::try_from(self.elapsed().as_millis()).unwrap();
        Timestamp::from_millis(START + millis + self.skew.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        self.elapsed()
    }
}

/// How one process lives.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    pub lasts: Duration,
    pub changes: u64,
    /// The disk dies after so many operations, with the machine or only the process.
    pub crash: Option<(u64, bool)>,
    pub trouble: Trouble,
    /// Whether a person decides what waits for one.
    pub decides: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Asked {
    id: CommandId,
    key: Key,
    value: Value,
    /// Whether its source answered; otherwise it may be there or not.
    acknowledged: bool,
    at: Duration,
}

pub struct Sim {
    seed: u64,
    rng: SeededRng,
    time: Arc<SimTime>,
    disk: Arc<SimLogDisk>,
    keys: Arc<LogKeys>,
    cache: Arc<MemoryStore>,
    /// The cache is as a test left it.
    cache_is_set: bool,
    targets: Vec<(&'static str, Target)>,
    asked: Vec<Asked>,
    lives: u64,
    crashes: u64,
    next_value: i64,
    revived: HashSet<CommandId>,
    decided: HashSet<CommandId>,
    last: HashMap<CommandId, (CommandState, Option<CommandReason>)>,
}

impl Sim {
    pub fn new(seed: u64) -> Self {
        let time = Arc::new(SimTime { before: AtomicU64::new(0), skew: AtomicI64::new(0), epoch: Mutex::new(None) });
        let keys: Arc<LogKeys> = Arc::new(LogKeys::alone(*b"the simulation's", 1, &[5; 32], Arc::new(SeededRng::new(seed))));
        let target = |name: &'static str, guards, remembers, compares| {
            let keys: Vec<Key> = (0..6).map(|at| key(&format!("{name}/{at}"))).collect();
            let clock = Arc::clone(&time);
            let target = Target {
                inner: Arc::new(Mutex::new(Inner::new(&keys, seed.wrapping_mul(0x9E37_79B9).wrapping_add(name.len() as u64)))),
                keys: Arc::new(keys),
                guards,
                remembers,
                compares,
                clock: Arc::new(move || clock.elapsed()),
            };
            (name, target)
        };
        Self {
            seed,
            rng: SeededRng::new(seed),
            disk: SimLogDisk::new(seed),
            cache: Arc::new(MemoryStore::beside_log(Arc::clone(&keys) as Arc<dyn LogSealer>)),
            cache_is_set: false,
            targets: vec![
                target("guarding", true, true, true),
                target("forgetful", false, false, true),
                target("plain", false, false, false),
            ],
            time,
            keys,
            asked: Vec::new(),
            lives: 0,
            crashes: 0,
            next_value: 1,
            revived: HashSet::new(),
            decided: HashSet::new(),
            last: HashMap::new(),
        }
    }

    pub fn elapsed(&self) -> Duration {
        self.time.elapsed()
    }

    pub fn acknowledged(&self) -> usize {
        self.asked.iter().filter(|asked| asked.acknowledged).count()
    }

    pub fn crashes(&self) -> u64 {
        self.crashes
    }

    fn draw(&self, below: u64) -> u64 {
        let mut bytes = [0; 8];
        self.rng.fill(&mut bytes);
        u64::from_le_bytes(bytes) % below.max(1)
    }

    fn happens(&self, of_a_hundred: u64) -> bool {
        self.draw(100) < of_a_hundred
    }

    pub fn draw_life(&mut self) -> Life {
        let part = |sim: &Self, of_a_hundred| if sim.happens(of_a_hundred) { sim.draw(60) as f64 / 100.0 } else { 0.0 };
        let mut trouble = Trouble {
            unreachable: part(self, 50),
            lost: part(self, 40),
            fails: part(self, 20) / 4.0,
            busy: part(self, 20),
            meddles: part(self, 15) / 4.0,
            slow: Duration::from_millis(10 + self.draw(3_000)),
        };
        if self.happens(20) {
            trouble.unreachable = 1.0;
        }
        if self.happens(10) {
            // A clock that is set, within what a time service does; a year is another test's.
            let by = i64::try_from(self.draw(7_200_000)).unwrap() - 3_600_000;
            self.time.skew.store(by, Ordering::SeqCst);
        }
        Life {
            lasts: Duration::from_secs(60 + self.draw(7_000)),
            changes: self.draw(20),
            crash: self.happens(70).then(|| (1 + self.draw(120), self.happens(50))),
            trouble,
            decides: self.happens(30),
        }
    }

    /// Nobody meddles, everything answers, the disk is well.
    pub fn make_peace(&mut self) {
        self.disk.hold_at_most(None);
        self.disk.refuse(0, None);
        self.time.skew.store(0, Ordering::SeqCst);
    }

    fn open(&mut self) -> Engine {
        // The cache may be lost with the process, or older than the log.
        if self.happens(30) && !self.cache_is_set {
            self.cache = Arc::new(MemoryStore::beside_log(Arc::clone(&self.keys) as Arc<dyn LogSealer>));
        }
        let opened = OpenedStore {
            store: self.cache.clone(),
            notes: Vec::new(),
            protection: String::new(),
            backend: "memory",
            fresh: false,
            set_aside: false,
            restored: None,
        };
        let built = self.targets.iter().map(|(name, target)| {
            let mut built = source(name, Role::Observed, &Scripted::default());
            built.config.writable = true;
            built.config.interval = Some(Duration::from_secs(300));
            BuiltSource { source: Arc::new(target.clone()), ..built }
        });
        let built = built.collect();
        let mut config = Config::bare("/".into());
        config.queue.max_staleness = Duration::from_secs(7 * 24 * 3600);
        let options = EngineOptions {
            config: Arc::new(config),
            data_dir: "/nowhere/data".into(),
            state_dir: "/nowhere/state".into(),
            offline: false,
            polling: true,
            inline: true,
            clock: self.time.clone(),
            rng: Arc::new(SeededRng::new(self.seed ^ self.lives)),
            secrets: Arc::new(NoSecrets),
            vault: Arc::new(NoVault),
            environment: Arc::default(),
        };
        let log = JournalOptions::rehearsed(self.disk.as_disk());
        Engine::assemble_over(options, opened, built, log).unwrap()
    }

    /// One process, from its start to its end or its death.
    pub fn live(&mut self, life: Life) {
        self.lives += 1;
        for (_, target) in &self.targets {
            let mut inner = target.inner();
            (inner.trouble, inner.first_answer) = (life.trouble, None);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            self.time.begin();
            let engine = self.open();
            let handle = engine.handle();
            if let Some((after, _)) = life.crash {
                self.disk.die_after(after);
            }
            let full = self.happens(10);
            if full && life.trouble != Trouble::none() {
                self.disk.hold_at_most(Some(self.disk.bytes_held() + self.draw(2_000)));
            }
            let began = self.elapsed();
            let mut changes = 0;
            while self.elapsed() - began < life.lasts && !self.disk.is_dead() {
                if changes < life.changes {
                    changes += 1;
                    self.ask(&handle).await;
                }
                if life.decides && self.happens(30) {
                    self.decide(&handle).await;
                }
                let pause = life.lasts.as_millis() as u64 / (life.changes + 1);
                tokio::time::sleep(Duration::from_millis(1 + self.draw(pause * 2))).await;
            }
            // What comes behind a decided one may be a question too.
            for _ in 0..if life.decides { 20 } else { 0 } {
                self.decide(&handle).await;
                tokio::time::sleep(Duration::from_secs(120)).await;
            }
            self.last = handle.commands(&[]).iter().map(|command| (command.id, (command.state, command.reason))).collect();
            self.time.end();
            // Whatever runs dies here, in the middle of it: nothing is closed.
            std::mem::drop(engine);
        });
        drop(runtime);
        self.disk.hold_at_most(None);
        self.crashes += 1;
        self.disk.restart(life.crash.is_some_and(|(_, power_lost)| power_lost));
    }

    async fn ask(&mut self, handle: &EngineHandle) {
        let (_, target) = &self.targets[self.draw(self.targets.len() as u64) as usize];
        let key = target.keys[self.draw(target.keys.len() as u64) as usize].clone();
        let mut bytes = [0; 16];
        self.rng.fill(&mut bytes);
        let id = CommandId::from_bytes(bytes);
        let value = Value::from(self.next_value);
        self.next_value += 1;
        let request = ChangeRequest {
            id,
            key: key.clone(),
            operation: Operation::Set,
            value: value.clone(),
            source: None,
            expires: None,
            author: Author::default(),
            undoes: None,
        };
        let at = self.elapsed();
        let answer = handle.change(&[request]).await;
        assert!(matches!(answer, Ok(_) | Err(QueueError::Store(_))), "seed {}: {answer:?}", self.seed);
        self.asked.push(Asked { id, key, value, acknowledged: answer.is_ok(), at });
    }

    async fn decide(&mut self, handle: &EngineHandle) {
        let author = Author::default();
        for command in handle.commands(&[CommandState::Blocked, CommandState::Parked, CommandState::Dead]) {
            let treatment = match command.state {
                CommandState::Blocked if self.happens(50) => Treatment::Mine,
                CommandState::Blocked => Treatment::Theirs,
                _ => Treatment::Retry,
            };
            self.decided.insert(command.id);
            if command.state == CommandState::Dead {
                self.revived.insert(command.id);
            }
            // The disk may refuse, and what was decided meanwhile by others is as good.
            let _ = handle.treat(&command.id.to_string(), &treatment, &author).await;
        }
    }

    /// The next engine finds the cache like this: of each key what the first target was fetched to say at that moment.
    pub fn have_the_cache_hold(&mut self, value: &Value, at: Timestamp) {
        self.cache = Arc::new(MemoryStore::beside_log(Arc::clone(&self.keys) as Arc<dyn LogSealer>));
        self.cache_is_set = true;
        let (name, target) = &self.targets[0];
        let old = |key: &Key| Observation {
            key: key.clone(),
            source: id(name),
            content: Content::Value(value.clone()),
            observed_at: at,
            changed_at: at,
            fetched_at: at,
            revision: None,
            live: false,
            same_origin: None,
        };
        let ops: Vec<StoreOp> = target.keys.iter().map(|key| StoreOp::Put(old(key))).collect();
        self.cache.apply(&ops).unwrap();
    }

    /// What the first target holds of the keys that were changed.
    pub fn held(&self) -> Vec<(Key, Value)> {
        let inner = self.targets[0].1.inner();
        let is_changed = |key: &Key| inner.effects.iter().any(|effect| effect.key == *key);
        inner.values.iter().filter(|(key, _)| is_changed(key)).map(|(key, (value, _))| (key.clone(), value.clone())).collect()
    }

    pub fn now(&self) -> Timestamp {
        self.time.now()
    }

    pub fn states(&self) -> Vec<CommandState> {
        self.last.values().map(|(state, _)| *state).collect()
    }

    fn effects(&self) -> Vec<Effect> {
        self.targets.iter().flat_map(|(_, target)| target.inner().effects.clone()).collect()
    }

    pub fn applied(&self) -> usize {
        self.effects().len()
    }

    /// What happened, in order: the same for the same seed.
    pub fn journey(&self) -> (Vec<String>, Vec<String>) {
        let effects = self.effects().into_iter().map(|effect| format!("{:?} {} {}", effect.at, effect.id, effect.value.as_json_text()));
        let mut ends: Vec<String> = self.last.iter().map(|(id, end)| format!("{id} {end:?}")).collect();
        ends.sort();
        (effects.collect(), ends)
    }

    pub fn first_answer_and_effect(&self) -> (Duration, Duration) {
        let first = |(_, target): &(&str, Target)| {
            let inner = target.inner();
            (inner.first_answer.unwrap(), inner.effects.first().unwrap().at)
        };
        self.targets.iter().map(first).max_by_key(|(answered, applied)| applied.saturating_sub(*answered)).unwrap()
    }

    /// An engine over what is there, asked once.
    pub fn with_engine<T>(&mut self, ask: impl FnOnce(&EngineHandle) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            self.time.begin();
            let engine = self.open();
            let answer = ask(&engine.handle());
            self.time.end();
            answer
        })
    }

    fn common(&self) {
        let seed = self.seed;
        // Nothing that was acknowledged is lost.
        for asked in self.asked.iter().filter(|asked| asked.acknowledged) {
            assert!(self.last.contains_key(&asked.id), "seed {seed}: {} was acknowledged and is lost", asked.id);
        }
        // Nothing that was refused is there.
        for asked in self.asked.iter().filter(|asked| !asked.acknowledged) {
            let applied = self.effects().iter().any(|effect| *effect.id == asked.id.to_string());
            assert!(!applied || self.last.contains_key(&asked.id), "seed {seed}: {} was refused, is not there, and took effect", asked.id);
        }
        let effects = self.effects();
        let mut times: BTreeMap<&str, u32> = BTreeMap::new();
        for effect in &effects {
            *times.entry(&effect.id).or_default() += 1;
        }
        for (id, count) in times {
            assert_eq!(count, 1, "seed {seed}: {id} took effect more than once");
        }
        // Of one key, in the order in which they were asked for; but for those that a person had go on after they were given up.
        for (_, target) in &self.targets {
            for key in target.keys.iter() {
                let order: Vec<usize> = effects
                    .iter()
                    .filter(|effect| effect.key == *key)
                    .filter_map(|effect| self.asked.iter().position(|asked| asked.id.to_string() == *effect.id))
                    .filter(|at| !self.revived.contains(&self.asked[*at].id))
                    .collect();
                assert!(order.is_sorted(), "seed {seed}: {key} took effect in the order {order:?}");
            }
            // What somebody else wrote after a change was asked for is never replaced by it, unless a person said so.
            let inner = target.inner();
            for effect in inner.effects.iter().filter(|effect| !effect.blind) {
                let Some(asked) = self.asked.iter().find(|asked| asked.id.to_string() == *effect.id) else { continue };
                let foreign = inner.meddled.iter().find(|(key, value, _)| *key == effect.key && *value == effect.replaced);
                let unseen = foreign.is_some_and(|(.., at)| *at > asked.at) && !self.decided.contains(&asked.id);
                assert!(!unseen, "seed {seed}: {} replaced {:?}, which it could not know of", asked.id, effect.replaced);
            }
        }
    }

    pub fn judge(&self) {
        self.common();
        let seed = self.seed;
        for (id, (state, reason)) in &self.last {
            assert!(!state.is_under_way(), "seed {seed}: {id} is still {state} {reason:?} an hour after everything was well");
        }
        // Delivered means that it took effect, unless the target held that value already.
        for asked in &self.asked {
            let Some((state, _)) = self.last.get(&asked.id) else { continue };
            let applied = self.effects().iter().any(|effect| *effect.id == asked.id.to_string());
            assert!(!applied || state.is_delivered(), "seed {seed}: {} took effect and is {state}", asked.id);
            assert!(applied || !state.is_delivered(), "seed {seed}: {} is {state} and never took effect ({:?})", asked.id, asked.value);
        }
    }

    /// Without anybody deciding: what a foreign value stopped is blocked, and the foreign value stands.
    pub fn judge_blocked(&self) {
        self.common();
        let meddled: Vec<Key> = self.targets.iter().flat_map(|(_, target)| target.inner().meddled.clone()).map(|(key, ..)| key).collect();
        for asked in &self.asked {
            let Some((state, reason)) = self.last.get(&asked.id).copied() else { continue };
            let is_blocked = state == CommandState::Blocked;
            assert!(!is_blocked || meddled.contains(&asked.key), "seed {}: {} is blocked by nobody", self.seed, asked.id);
            assert!(is_blocked || state.is_delivered() || meddled.contains(&asked.key), "seed {}: {state} {reason:?}", self.seed);
        }
    }
}
