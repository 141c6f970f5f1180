//! What stands between the engine and the sources it reaches over a network: nothing, as a rule, and bad weather while faults are tried on it.
//!
//! It does not draw what the weather is, and it does not say when it ends.

use std::{
    future::Future,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::config::{SourceConfig, SourceKind};

use super::source::SourceError;

/// What the network does to an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weather {
    /// Lets it through.
    #[default]
    Clear,
    /// There is no way.
    Down,
    /// It takes so long.
    Slow(Duration),
}

/// What is between the engine and its sources while faults are tried.
#[derive(Debug, Default)]
pub struct LiveWeather {
    weather: Mutex<Weather>,
    is_tried: AtomicBool,
    asked: AtomicU64,
    failed: AtomicU64,
}

impl LiveWeather {
    /// Begins to try faults, with nothing counted; whether nobody does already.
    pub fn begin(&self) -> bool {
        if self.is_tried.swap(true, Ordering::SeqCst) {
            return false;
        }
        self.asked.store(0, Ordering::Relaxed);
        self.failed.store(0, Ordering::Relaxed);
        true
    }

    /// Everything is as before.
    pub fn end(&self) {
        self.set(Weather::Clear);
        self.is_tried.store(false, Ordering::SeqCst);
    }

    /// How often sources were asked since it began, and how often that failed.
    pub fn counted(&self) -> (u64, u64) {
        (self.asked.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed))
    }

    /// Changes the weather from now on.
    pub fn set(&self, weather: Weather) {
        *self.weather.lock().unwrap_or_else(PoisonError::into_inner) = weather;
    }

    /// Asks a source as the weather is; `networked` says whether it is one that a network can fail.
    pub async fn through<T>(&self, networked: bool, ask: impl Future<Output = Result<T, SourceError>>) -> Result<T, SourceError> {
        let weather = *self.weather.lock().unwrap_or_else(PoisonError::into_inner);
        match weather {
            Weather::Down if networked => {
                let message = "chaos run --live: its network is down on purpose".to_owned();
                return Err(SourceError { code: "refused", message, retry_after: None });
            }
            Weather::Slow(by) if networked => tokio::time::sleep(by).await,
            _ => {}
        }
        ask.await
    }

    /// Counts an answer, where faults are tried.
    pub fn count(&self, networked: bool, failed: bool) {
        if networked && self.is_tried.load(Ordering::Relaxed) {
            self.asked.fetch_add(1, Ordering::Relaxed);
            self.failed.fetch_add(u64::from(failed), Ordering::Relaxed);
        }
    }
}

/// Whether it is one that a network can fail.
pub fn is_reached_over_a_network(source: &SourceConfig) -> bool {
    matches!(source.kind, SourceKind::Http(_) | SourceKind::Prometheus(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn bad_weather_is_between_the_engine_and_a_network_and_nothing_else() {
        let weather = LiveWeather::default();
        let ask = |networked| weather.through(networked, std::future::ready(Ok::<_, SourceError>(7)));
        assert_eq!(ask(true).await, Ok(7));
        assert!(weather.begin() && !weather.begin(), "one at a time");
        weather.set(Weather::Down);
        assert_eq!(ask(true).await.unwrap_err().code, "refused");
        assert_eq!(ask(false).await, Ok(7));
        weather.set(Weather::Slow(Duration::from_secs(3)));
        let before = tokio::time::Instant::now();
        assert_eq!(ask(true).await, Ok(7));
        assert_eq!(before.elapsed(), Duration::from_secs(3));
        [(true, true), (true, false), (false, true)].into_iter().for_each(|(networked, failed)| weather.count(networked, failed));
        assert_eq!(weather.counted(), (2, 1));
        weather.end();
        assert_eq!(ask(true).await, Ok(7));
        weather.count(true, true);
        assert_eq!(weather.counted(), (2, 1), "nobody tries faults");
    }
}
