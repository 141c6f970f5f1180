//! The network between the engine and the simulated source: gone, coming and going, or slow; and a clock that somebody sets wrongly.
//!
//! Both stand at the engine's own seams, [`Source`] and [`Clock`]. A slow answer waits until simulated time has been moved on; whoever moves
//! it looks first what can be read meanwhile.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;

use crate::{
    engine::{
        source::{BoxFuture, Fetched, Source, SourceError},
        weather::Weather,
        world::{Clock, SimClock},
    },
    fact::Timestamp,
};

/// How long the simulated source may take to answer.
pub const TIMEOUT: Duration = Duration::from_secs(5);

/// The way to the source.
#[derive(Debug)]
pub struct Network {
    weather: Mutex<Weather>,
    /// How many answers were waiting when; moves on when one begins to wait.
    waiting: watch::Sender<u64>,
    /// How many were let go.
    released: watch::Sender<u64>,
    failed: AtomicU64,
}

impl Default for Network {
    fn default() -> Self {
        Self { weather: Mutex::default(), waiting: watch::Sender::new(0), released: watch::Sender::new(0), failed: AtomicU64::new(0) }
    }
}

impl Network {
    /// Changes the weather from now on.
    pub fn set(&self, weather: Weather) {
        *self.weather() = weather;
    }

    /// What it is now.
    pub fn now(&self) -> Weather {
        *self.weather()
    }

    /// How many fetches it made fail.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::SeqCst)
    }

    /// How many answers began to wait so far.
    pub fn waited(&self) -> u64 {
        *self.waiting.borrow()
    }

    /// Ends when another answer than the first `before` begins to wait.
    pub async fn until_one_waits(&self, before: u64) {
        // The sender is ours, so it is there as long as this is.
        let _ = self.waiting.subscribe().wait_for(|count| *count > before).await;
    }

    /// Lets every answer go that waits.
    pub fn release(&self) {
        let waiting = self.waited();
        self.released.send_replace(waiting);
    }

    fn weather(&self) -> MutexGuard<'_, Weather> {
        self.weather.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, code: &'static str, message: &str) -> SourceError {
        self.failed.fetch_add(1, Ordering::SeqCst);
        SourceError { code, message: message.to_owned(), retry_after: None }
    }
}

/// A source behind this network.
pub struct Behind {
    network: Arc<Network>,
    source: Arc<dyn Source>,
}

impl Behind {
    /// Puts a source behind a network.
    pub fn shared(network: &Arc<Network>, source: Arc<dyn Source>) -> Arc<dyn Source> {
        Arc::new(Self { network: Arc::clone(network), source })
    }
}

impl Source for Behind {
    fn fetch(&self) -> BoxFuture<'_, Result<Fetched, SourceError>> {
        Box::pin(async move {
            match self.network.now() {
                Weather::Clear => self.source.fetch().await,
                Weather::Down => Err(self.network.fail("refused", "the simulated network is down")),
                Weather::Slow(by) => {
                    let answer = self.source.fetch().await;
                    self.network.waiting.send_modify(|count| *count += 1);
                    let mine = self.network.waited();
                    let _ = self.network.released.subscribe().wait_for(|count| *count >= mine).await;
                    if by < TIMEOUT { answer } else { Err(self.network.fail("timeout", "the simulated network is too slow")) }
                }
            }
        })
    }

    fn forget(&self) {
        self.source.forget();
    }
}

/// A clock whose wall somebody sets wrongly; durations stay right.
#[derive(Debug)]
pub struct SkewedClock {
    right: Arc<SimClock>,
    off_ms: AtomicI64,
}

impl SkewedClock {
    /// A clock that is right until it is set.
    pub fn new(right: &Arc<SimClock>) -> Arc<Self> {
        Arc::new(Self { right: Arc::clone(right), off_ms: AtomicI64::new(0) })
    }

    /// Sets the wall this much off; 0 sets it right.
    pub fn set_off(&self, millis: i64) {
        self.off_ms.store(millis, Ordering::SeqCst);
    }
}

impl Clock for SkewedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.right.now().as_millis().saturating_add(self.off_ms.load(Ordering::SeqCst)))
    }

    fn monotonic(&self) -> Duration {
        self.right.monotonic()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Says(u64);

    impl Source for Says {
        fn fetch(&self) -> BoxFuture<'_, Result<Fetched, SourceError>> {
            Box::pin(std::future::ready(Ok(Fetched { bytes: self.0, complete: true, ..Fetched::default() })))
        }
    }

    #[tokio::test]
    async fn what_is_slow_waits_until_it_is_let_go_and_what_is_too_slow_is_no_answer() {
        let network = Arc::new(Network::default());
        let source = Behind::shared(&network, Arc::new(Says(7)));
        assert_eq!(source.fetch().await.map(|fetched| fetched.bytes), Ok(7));
        network.set(Weather::Down);
        assert_eq!(source.fetch().await.unwrap_err().code, "refused");
        for (by, code) in [(TIMEOUT / 2, None), (TIMEOUT, Some("timeout"))] {
            network.set(Weather::Slow(by));
            let before = network.waited();
            let mut fetch = source.fetch();
            tokio::select! {
                biased;
                answer = &mut fetch => panic!("{answer:?}"),
                () = network.until_one_waits(before) => {}
            }
            network.release();
            assert_eq!(fetch.await.err().map(|error| error.code), code);
        }
        assert_eq!(network.failed(), 2);
    }

    #[test]
    fn only_the_wall_is_off() {
        let right = Arc::new(SimClock::default());
        let clock = SkewedClock::new(&right);
        clock.set_off(-3_600_000);
        right.advance(Duration::from_secs(5));
        assert_eq!(clock.now().as_millis(), right.now().as_millis() - 3_600_000);
        assert_eq!(clock.monotonic(), Duration::from_secs(5));
        clock.set_off(0);
        assert_eq!(clock.now(), right.now());
    }
}
