//! One tick for both sources of a pair, whoever asks first.

use std::{sync::Arc, time::Duration};

use tokio::sync::Mutex;

use crate::engine::world::Clock;

use super::{
    super::{SourceError, fail::fail},
    sampler::{Sampler, Tick},
    side::Side,
};

/// Below this, processor usage is mostly the grain of the kernel's clock ticks.
const USAGE_INTERVAL: Duration = Duration::from_millis(250);

/// What the sources of a pair share.
pub(super) struct Shared {
    clock: Arc<dyn Clock>,
    keep: Duration,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    sampler: Option<Sampler>,
    /// When the last interval of processor usage ended.
    usage_at: Duration,
    last: Option<Last>,
}

struct Last {
    tick: Arc<Tick>,
    at: Duration,
    given: Vec<Side>,
}

impl Shared {
    /// `keep` is how long a tick waits for the other side.
    pub(super) fn new(clock: Arc<dyn Clock>, keep: Duration) -> Self {
        Self { clock, keep, state: Arc::default() }
    }

    /// The tick the other side was given, if this side has not had it and it is young; a new one otherwise.
    ///
    /// # Errors
    /// Only when the reading task fails.
    pub(super) async fn tick(&self, side: Side) -> Result<Arc<Tick>, SourceError> {
        // Owned by the reading task: should a reading hang, the next one waits for it here and not on a thread of its own.
        let mut state = Arc::clone(&self.state).lock_owned().await;
        let now = self.clock.monotonic();
        if let Some(last) = &mut state.last
            && now.saturating_sub(last.at) < self.keep
            && !last.given.contains(&side)
        {
            last.given.push(side);
            return Ok(Arc::clone(&last.tick));
        }
        let primed = state.sampler.is_none();
        if primed {
            state.sampler = Some(blocking(Sampler::primed).await?);
            // Once per process: without an interval there is no usage, and an answer without it would say that the fact is gone.
            tokio::time::sleep(USAGE_INTERVAL).await;
        }
        let now = self.clock.monotonic();
        let usage = primed || now.saturating_sub(state.usage_at) >= USAGE_INTERVAL;
        blocking(move || {
            let tick = Arc::new(state.sampler.get_or_insert_with(Sampler::primed).sample(usage));
            if usage {
                state.usage_at = now;
            }
            state.last = Some(Last { tick: Arc::clone(&tick), at: now, given: vec![side] });
            tick
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, SourceError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| fail("unsupported", "this machine could not be read: the reading task ended early"))
}
