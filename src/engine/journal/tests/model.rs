//! Anything that may happen, in any order, against a plain list: what was acknowledged is there, in order, once; of what was not, at most the
//! last that was tried is there, as a whole.

use std::io::ErrorKind;

use proptest::prelude::*;

use super::*;
use crate::engine::journal::Rotation;

#[derive(Clone, Debug)]
enum Step {
    /// Entries of these lengths.
    Append(Vec<usize>),
    Rotate,
    Rekey,
    ResealSome,
    FailSync,
    Refuse(u64),
    Mend,
    /// What is there and so many bytes more.
    Fill(u64),
    Free,
    DieAfter(u64),
    /// Another process, with or without a machine that went down.
    Restart(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => proptest::collection::vec(prop_oneof![9 => 0..60_usize, 1 => 0..5000_usize], 1..4).prop_map(Step::Append),
        2 => Just(Step::Rotate),
        1 => Just(Step::Rekey),
        2 => Just(Step::ResealSome),
        1 => Just(Step::FailSync),
        1 => (0..12_u64).prop_map(Step::Refuse),
        2 => Just(Step::Mend),
        1 => (0..3000_u64).prop_map(Step::Fill),
        1 => Just(Step::Free),
        2 => (0..25_u64).prop_map(Step::DieAfter),
        3 => any::<bool>().prop_map(Step::Restart),
    ]
}

struct World {
    bench: Bench,
    opened: Opened,
    /// Acknowledged, from number 1 on.
    told: Vec<Vec<u8>>,
    /// Refused since the last acknowledgement: one of them may be there.
    perhaps: Vec<Vec<Vec<u8>>>,
    made: u32,
    key: u32,
}

impl World {
    fn new(seed: u64) -> Self {
        let bench = Bench { disk: SimLogDisk::new(seed), ..Bench::new() };
        let opened = bench.open();
        Self { bench, opened, told: Vec::new(), perhaps: Vec::new(), made: 0, key: 1 }
    }

    fn next(&self) -> u64 {
        self.told.len() as u64 + 1
    }

    fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let disk = Arc::clone(&self.bench.disk);
        match step {
            Step::Append(lengths) => {
                let mut entries = Vec::new();
                for length in lengths {
                    self.made += 1;
                    let mut entry = self.made.to_le_bytes().to_vec();
                    entry.resize(4 + length, self.made.to_le_bytes()[0]);
                    entries.push(entry);
                }
                match self.opened.journal.append_blocking(entries.clone()) {
                    Ok(numbers) => {
                        prop_assert_eq!(numbers, self.next()..self.next() + entries.len() as u64);
                        self.told.extend(entries);
                        self.perhaps.clear();
                    }
                    Err(why) => {
                        prop_assert!(matches!(why, StoreError::Unwritable { .. }), "{}", why);
                        self.perhaps.push(entries);
                    }
                }
            }
            Step::Rotate => {
                let outcome = self.opened.journal.rotate_blocking(self.next(), state(&self.told));
                prop_assert!(!matches!(outcome, Ok(Rotation::Moved { .. })), "nothing came in between");
                if outcome.is_ok() {
                    self.perhaps.clear();
                }
            }
            Step::Rekey => {
                self.key += 1;
                self.bench.keys.promote(self.key, &key(self.key));
            }
            Step::ResealSome => {
                if self.opened.journal.reseal_some() == Ok(false) && self.opened.journal.status().to_reseal == 0 {
                    (1..self.key).for_each(|former| self.bench.keys.forget(former));
                }
            }
            Step::FailSync => disk.fail_next_sync(ErrorKind::Other),
            Step::Refuse(after) => disk.refuse(*after, Some(ErrorKind::Other)),
            Step::Mend => disk.refuse(0, None),
            Step::Fill(more) => disk.hold_at_most(Some(disk.bytes_held() + more)),
            Step::Free => disk.hold_at_most(None),
            Step::DieAfter(operations) => disk.die_after(*operations),
            Step::Restart(power_lost) => self.restart(*power_lost)?,
        }
        if !disk.is_dead() {
            let mut found = Vec::new();
            let report = self.opened.journal.scan_all(&mut |_, bytes| found.push(bytes.to_vec())).map_err(|why| fail(&why))?;
            prop_assert_eq!(&found, &self.told);
            prop_assert_eq!((report.lost, report.damaged_segments), (0, 0));
        }
        Ok(())
    }

    fn restart(&mut self, power_lost: bool) -> Result<(), TestCaseError> {
        let disk = Arc::clone(&self.bench.disk);
        disk.restart(power_lost);
        disk.refuse(0, None);
        self.opened = match self.bench.try_open() {
            Ok(opened) => opened,
            // The sync of what is found may be the one that was to fail.
            Err(StoreError::Unwritable { .. }) => self.bench.try_open().map_err(|why| fail(&why))?,
            Err(why) => return Err(fail(&why)),
        };
        prop_assert_eq!(self.opened.findings.lost, 0);
        let mut found = self.opened.checkpoint.as_ref().map(|(_, state)| list(state)).unwrap_or_default();
        if let Some((next, _)) = &self.opened.checkpoint {
            prop_assert_eq!(*next, found.len() as u64 + 1);
        }
        for (sequence, entry) in &self.opened.entries {
            prop_assert_eq!(*sequence, found.len() as u64 + 1);
            found.push(entry.clone());
        }
        prop_assert!(found.starts_with(&self.told), "{} of {} acknowledged", found.len(), self.told.len());
        let more = &found[self.told.len()..];
        prop_assert!(more.is_empty() || self.perhaps.iter().any(|perhaps| perhaps == more), "one refused append, or none");
        self.told = found;
        self.perhaps.clear();
        Ok(())
    }
}

fn fail(why: &StoreError) -> TestCaseError {
    TestCaseError::fail(why.to_string())
}

/// A checkpoint of the test: all entries.
fn state(entries: &[Vec<u8>]) -> Vec<u8> {
    postcard::to_stdvec(entries).unwrap()
}

fn list(state: &[u8]) -> Vec<Vec<u8>> {
    postcard::from_bytes(state).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn what_was_acknowledged_is_there_in_order_once(seed in any::<u64>(), steps in proptest::collection::vec(step(), 1..60)) {
        let mut world = World::new(seed);
        for step in &steps {
            world.take(step)?;
        }
        world.bench.disk.mend();
        world.take(&Step::Restart(true))?;
        world.take(&Step::Append(vec![1]))?;
        prop_assert!(world.perhaps.is_empty(), "a disk that is well again takes it");
        world.take(&Step::Restart(true))?;
        while world.opened.journal.reseal_some().map_err(|why| fail(&why))? {}
        (1..world.key).for_each(|former| world.bench.keys.forget(former));
        world.take(&Step::Restart(false))?;
    }
}
