//! A model of the systems that take changes: values by key, effects by idempotency key, and everything that goes wrong on the way there.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use crate::engine::source::{Answer, BoxFuture, Change, Confirmed, Delivery, Fetched, Reported, Source, SourceError};
use crate::fact::{Base, Key, Value};

/// How often what goes wrong, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trouble {
    /// A request does not get there.
    pub unreachable: f64,
    /// A request gets there and its answer does not come back.
    pub lost: f64,
    /// It fails while it answers others.
    pub fails: f64,
    /// It asks to be left alone.
    pub busy: f64,
    /// Somebody else changes the key just before.
    pub meddles: f64,
    /// Answers take up to this long.
    pub slow: Duration,
}

impl Trouble {
    pub fn none() -> Self {
        Self { unreachable: 0.0, lost: 0.0, fails: 0.0, busy: 0.0, meddles: 0.0, slow: Duration::from_millis(30) }
    }
}

/// A change that took effect.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    pub id: Arc<str>,
    pub key: Key,
    pub value: Value,
    pub at: Duration,
    /// What was there before.
    pub replaced: Value,
    /// It was made without knowing what the target held.
    pub blind: bool,
}

pub struct Inner {
    pub values: BTreeMap<Key, (Value, u64)>,
    pub effects: Vec<Effect>,
    answers: HashMap<Arc<str>, ()>,
    /// Foreign values, and when they came.
    pub meddled: Vec<(Key, Value, Duration)>,
    pub trouble: Trouble,
    pub first_answer: Option<Duration>,
    random: u64,
    foreign: i64,
}

/// One target, as it outlives the processes that write to it.
#[derive(Clone)]
pub struct Target {
    pub inner: Arc<Mutex<Inner>>,
    pub keys: Arc<Vec<Key>>,
    /// Whether it knows versions: then it guards a change itself.
    pub guards: bool,
    /// Whether it remembers idempotency keys.
    pub remembers: bool,
    /// Whether it holds a change against what it has. One that does not makes every change that arrives, as often as it arrives: there it is
    /// ours alone to send once. Nobody else writes to it, because nobody could be kept from writing over that.
    pub compares: bool,
    pub clock: Arc<dyn Fn() -> Duration + Send + Sync>,
}

fn unreachable() -> SourceError {
    SourceError { code: "refused", message: "connection refused".to_owned(), retry_after: None }
}

impl Inner {
    pub fn new(keys: &[Key], seed: u64) -> Self {
        Self {
            values: keys.iter().map(|key| (key.clone(), (Value::from(0_i64), 1))).collect(),
            effects: Vec::new(),
            answers: HashMap::new(),
            meddled: Vec::new(),
            trouble: Trouble::none(),
            first_answer: None,
            random: seed | 1,
            foreign: -1,
        }
    }

    /// xorshift: the same draws in the same order.
    fn draw(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn happens(&mut self, how_often: f64) -> bool {
        self.draw() < how_often
    }
}

impl Target {
    pub fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// On the way there: it may take its time, and not arrive.
    async fn travel(&self) -> Result<(), SourceError> {
        let (wait, gone) = {
            let mut inner = self.inner();
            let slow = inner.trouble.slow;
            let how_often = inner.trouble.unreachable;
            (slow.mul_f64(inner.draw()), inner.happens(how_often))
        };
        tokio::time::sleep(wait).await;
        if gone {
            return Err(unreachable());
        }
        let now = (self.clock)();
        self.inner().first_answer.get_or_insert(now);
        Ok(())
    }

    fn apply(&self, change: &Change) -> Delivery {
        let now = (self.clock)();
        let mut inner = self.inner();
        let trouble = inner.trouble;
        if inner.happens(trouble.busy) {
            let error = SourceError { code: "http_status", message: "503".to_owned(), retry_after: Some(Duration::from_secs(20)) };
            return Delivery::Unavailable { error, maybe_applied: false };
        }
        if inner.happens(trouble.fails) {
            return Delivery::Poison { answer: Answer::new(Some(500), "no"), maybe_applied: false };
        }
        if self.compares && inner.happens(trouble.meddles) {
            // A value nobody else ever writes, so that every overwriting is seen.
            inner.foreign -= 1;
            let foreign = Value::from(inner.foreign);
            let version = inner.values.get(&change.key).map_or(0, |(_, version)| *version);
            inner.values.insert(change.key.clone(), (foreign.clone(), version + 1));
            inner.meddled.push((change.key.clone(), foreign, now));
        }
        if self.remembers && inner.answers.contains_key(&change.idempotency_key) {
            let revision = inner.values.get(&change.key).map(|(_, version)| format!("\"{version}\"").into());
            return Delivery::Accepted { revision, guarded: self.guards, confirmed: None };
        }
        let (held, version) = inner.values.get(&change.key).cloned().unwrap_or((Value::null(), 0));
        let current = Base::Value(held.clone());
        if self.compares && current.is(&change.value) {
            return Delivery::Accepted { revision: None, guarded: false, confirmed: Some(Confirmed(held)) };
        }
        if self.compares && !change.base.holds(&current, &change.compare) {
            return Delivery::Moved { current, answer: Answer::new(Some(412), "moved") };
        }
        inner.values.insert(change.key.clone(), (change.value.clone(), version + 1));
        inner.effects.push(Effect {
            id: Arc::clone(&change.id),
            key: change.key.clone(),
            value: change.value.clone(),
            at: now,
            replaced: held,
            blind: matches!(change.base, Base::Unknown),
        });
        inner.answers.insert(Arc::clone(&change.idempotency_key), ());
        let revision = self.compares.then(|| format!("\"{}\"", version + 1).into());
        Delivery::Accepted { revision, guarded: self.guards, confirmed: None }
    }
}

impl Source for Target {
    fn fetch(&self) -> BoxFuture<'_, Result<Fetched, SourceError>> {
        Box::pin(async {
            self.travel().await?;
            let items: Vec<Reported> = {
                let inner = self.inner();
                let item = |(key, (value, version)): (&Key, &(Value, u64))| Reported {
                    revision: Some(format!("\"{version}\"").into()),
                    ..Reported::new(key.clone(), value.clone())
                };
                inner.values.iter().map(item).collect()
            };
            // The answer is on its way back while something else may be written.
            self.travel().await?;
            Ok(Fetched { items, complete: true, ..Fetched::default() })
        })
    }

    fn writes(&self, key: &Key) -> bool {
        self.keys.contains(key)
    }

    fn reread<'a>(&'a self, key: &'a Key) -> Option<BoxFuture<'a, Result<Option<Value>, SourceError>>> {
        Some(Box::pin(async move {
            self.travel().await?;
            Ok(self.inner().values.get(key).map(|(value, _)| value.clone()))
        }))
    }

    fn deliver<'a>(&'a self, change: &'a Change) -> Option<BoxFuture<'a, Delivery>> {
        Some(Box::pin(async move {
            if let Err(error) = self.travel().await {
                return Delivery::Unavailable { error, maybe_applied: false };
            }
            let outcome = self.apply(change);
            let lost = {
                let mut inner = self.inner();
                let how_often = inner.trouble.lost;
                inner.happens(how_often)
            };
            if lost {
                let error = SourceError { code: "timeout", message: "no answer".to_owned(), retry_after: None };
                return Delivery::Unavailable { error, maybe_applied: true };
            }
            // On the way back it may be cut off: then the process died, and nobody knows.
            let wait = {
                let mut inner = self.inner();
                let slow = inner.trouble.slow;
                slow.mul_f64(inner.draw())
            };
            tokio::time::sleep(wait).await;
            outcome
        }))
    }
}
