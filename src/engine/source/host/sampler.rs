//! Takes both readings of one tick.

use super::library::Library;
#[cfg(target_os = "linux")]
use super::{direct::Direct, facts::Moving};
use super::{facts::Facts, side::Side};

/// Both readings of one moment.
#[derive(Clone, Debug)]
pub(super) struct Tick {
    library: Facts,
    #[cfg(target_os = "linux")]
    direct: Facts,
}

impl Tick {
    /// What one side read.
    pub(super) fn facts(&self, side: Side) -> &Facts {
        match side {
            Side::Library => &self.library,
            #[cfg(target_os = "linux")]
            Side::Direct => &self.direct,
        }
    }
}

/// The two readers and what they remember.
pub(super) struct Sampler {
    library: Library,
    #[cfg(target_os = "linux")]
    direct: Direct,
}

/// How often a tick is taken again because something moved while it was.
#[cfg(target_os = "linux")]
const TRIES: usize = 3;

impl Sampler {
    /// Makes the readers and starts their first interval of processor usage.
    pub(super) fn primed() -> Self {
        let mut sampler = Self {
            library: Library::new(),
            #[cfg(target_os = "linux")]
            direct: Direct::default(),
        };
        sampler.library.prime();
        #[cfg(target_os = "linux")]
        sampler.direct.refresh_usage();
        sampler
    }

    /// Reads both sides. `usage`: also end the interval of processor usage; not to be asked for more often than clock ticks can show.
    pub(super) fn sample(&mut self, usage: bool) -> Tick {
        if usage {
            self.library.refresh_usage();
            #[cfg(target_os = "linux")]
            self.direct.refresh_usage();
        }
        self.both()
    }

    #[cfg(not(target_os = "linux"))]
    fn both(&mut self) -> Tick {
        Tick { library: self.library.read() }
    }

    /// The direct reading is taken before and after the other one: if it did not move, neither did what lay between. A load average that
    /// was updated in the middle would otherwise look like two sources that disagree.
    #[cfg(target_os = "linux")]
    fn both(&mut self) -> Tick {
        let mut before = Direct::moving();
        let mut library = self.library.read();
        let mut after: Moving = Direct::moving();
        for _ in 1..TRIES {
            if before.is_near(&after) {
                break;
            }
            before = after;
            library = self.library.read();
            after = Direct::moving();
        }
        Tick { library, direct: self.direct.read(after) }
    }
}
