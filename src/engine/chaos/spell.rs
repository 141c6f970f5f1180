//! How long bad weather and a wrong clock last: a spell begins with a fault and is over after some steps.

use std::time::Duration;

use crate::engine::weather::Weather;

use super::{
    network::{Network, SkewedClock},
    profile::FaultKind,
};

/// How many steps a spell takes at the most.
const LONGEST: u64 = 20;
/// The same of a network that comes and goes.
const LONGEST_FLAPPING: u64 = 60;
/// The shortest and the longest delay of a slow network.
const DELAYS: (u64, u64) = (200, 8000);
/// How far a clock is set off at the most.
const FARTHEST_MS: u64 = 3 * 24 * 3_600_000;

/// The spells of now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spells {
    network: u64,
    flapping: bool,
    clock: u64,
}

impl Spells {
    /// Begins a spell, where this kind of fault is one; `draw` gives a number below another.
    pub fn begin(&mut self, kind: FaultKind, network: &Network, clock: &SkewedClock, draw: &dyn Fn(u64) -> u64) {
        match kind {
            FaultKind::NetworkDrop => self.settle(network, Weather::Down, 1 + draw(LONGEST)),
            FaultKind::Flapping => {
                self.settle(network, Weather::Down, 2 + draw(LONGEST_FLAPPING));
                self.flapping = true;
            }
            FaultKind::HighLatency => {
                let delay = Duration::from_millis(DELAYS.0 + draw(DELAYS.1 - DELAYS.0));
                self.settle(network, Weather::Slow(delay), 1 + draw(LONGEST));
            }
            FaultKind::ClockSkew => {
                let off = i64::try_from(1 + draw(FARTHEST_MS)).unwrap_or(0);
                clock.set_off(if draw(2) == 0 { off } else { -off });
                self.clock = 1 + draw(LONGEST);
            }
            FaultKind::DiskCorruption | FaultKind::DiskFull | FaultKind::SlowDisk | FaultKind::Crash => {}
        }
    }

    fn settle(&mut self, network: &Network, weather: Weather, steps: u64) {
        network.set(weather);
        (self.network, self.flapping) = (steps, false);
    }

    /// A step has passed.
    pub fn pass(&mut self, network: &Network, clock: &SkewedClock, draw: &dyn Fn(u64) -> u64) {
        if self.network > 0 {
            self.network -= 1;
            if self.network == 0 {
                network.set(Weather::Clear);
            } else if self.flapping {
                network.set(if draw(2) == 0 { Weather::Down } else { Weather::Clear });
            }
        }
        if self.clock > 0 {
            self.clock -= 1;
            if self.clock == 0 {
                clock.set_off(0);
            }
        }
    }

    /// Everything is well from now on.
    pub fn end(&mut self, network: &Network, clock: &SkewedClock) {
        *self = Self::default();
        network.set(Weather::Clear);
        clock.set_off(0);
    }
}
