//! Takes both readings of one tick.

#[cfg(target_os = "linux")]
use super::{direct::Direct, near};
use super::{
    facts::{Facts, Moving},
    library::Library,
    side::Side,
};

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

/// How often a figure is read, at most, because it moved while it was.
#[cfg(target_os = "linux")]
const TRIES: usize = 8;

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
        let library = &mut self.library;
        let (memory, processes) = (library.memory(), library.processes());
        let moving = Moving { load: Library::load(), memory, disks: library.disks(), nets: library.nets(), processes };
        Tick { library: library.read(moving) }
    }

    /// Each figure by itself, so that what lies between two readings of it is short, and one that moves has no other taken again.
    #[cfg(target_os = "linux")]
    fn both(&mut self) -> Tick {
        let library = &mut self.library;
        let load = steady(Library::load, Direct::load, PartialEq::eq);
        let memory = steady(|| library.memory(), Direct::memory, near::memory);
        let disks = steady(|| library.disks(), Direct::disks, |one, two| near::disks(one, two));
        let nets = steady(|| library.nets(), Direct::nets, |one, two| near::nets(one, two));
        let processes = steady(|| library.processes(), Direct::processes, near::processes);
        let one = Moving { load: load.0, memory: memory.0, disks: disks.0, nets: nets.0, processes: processes.0 };
        let two = Moving { load: load.1, memory: memory.1, disks: disks.1, nets: nets.1, processes: processes.1 };
        Tick { library: self.library.read(one), direct: self.direct.read(two) }
    }
}

/// The direct reading is taken before and after the other one: if it did not move, neither did what lay between. A load average that
/// was updated in the middle would otherwise look like two sources that disagree. Of what never stands still the last readings are given.
#[cfg(target_os = "linux")]
fn steady<T>(mut library: impl FnMut() -> T, mut direct: impl FnMut() -> T, near: impl Fn(&T, &T) -> bool) -> (T, T) {
    let mut before = direct();
    let mut between = library();
    let mut after = direct();
    for _ in 1..TRIES {
        if near(&before, &after) {
            break;
        }
        before = after;
        between = library();
        after = direct();
    }
    (between, after)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_figure_that_moved_in_between_is_read_again() {
        let clock = Cell::new(0);
        let tick = || clock.replace(clock.get() + 1);
        let figure = || tick().min(5);
        assert_eq!(steady(figure, figure, |one, two| one == two), (5, 5));
        assert_eq!(clock.get(), 9, "0 1 2, 3 4, 5 5, 5 5: until the direct ones before and after were alike");
    }

    #[test]
    fn what_never_stands_still_is_given_as_it_was_last() {
        let clock = Cell::new(0);
        let tick = || clock.replace(clock.get() + 1);
        assert_eq!(steady(tick, tick, |one, two| one == two), (2 * TRIES - 1, 2 * TRIES));
    }
}
