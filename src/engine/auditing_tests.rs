//! The audit on the log: in one frame with what it stands for, over refusals, deaths, rotations and new keys; and damage on the disk.

use std::{io, sync::Arc};

use super::{verified, *};
use crate::{
    engine::{
        audit::{Caller, Deed, genesis, on_behalf_of},
        journal::{JournalOptions, LogWriter, SimLogDisk},
        queue::{Asked, Lock, Step, open_desk},
        store::{LogKeys, LogSealer},
        world::SeededRng,
    },
    fact::{Author, Base, CommandId, CommandReason, CommandState, Key, Operation, SourceId},
};

const STORE: [u8; 16] = *b"the test's store";

struct Bench {
    disk: Arc<SimLogDisk>,
    keys: Arc<LogKeys>,
    rotate_at: u64,
}

fn key_of(id: u32) -> [u8; 32] {
    [u8::try_from(id).unwrap(); 32]
}

impl Bench {
    fn new() -> Self {
        let keys = Arc::new(LogKeys::alone(STORE, 1, &key_of(1), Arc::new(SeededRng::new(7))));
        Self { disk: SimLogDisk::new(1), keys, rotate_at: 1 << 20 }
    }

    fn try_open(&self) -> Result<Arc<Desk>, StoreError> {
        let options = JournalOptions {
            writer: LogWriter::Inline,
            rotate_at: self.rotate_at,
            ahead: 2048,
            ..JournalOptions::new(self.disk.as_disk(), Some(Arc::clone(&self.keys) as Arc<dyn LogSealer>))
        };
        open_desk(&options).map(|(desk, _)| Arc::new(desk))
    }

    fn open(&self) -> Arc<Desk> {
        self.try_open().unwrap()
    }

    fn segments(&self) -> Vec<String> {
        self.disk.as_disk().list().unwrap()
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

fn author() -> Author {
    Author { user: "anna".to_owned(), via: "cli".to_owned(), persona: "sre".to_owned() }
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_767_607_200_000)
}

fn id(number: u8) -> CommandId {
    CommandId::from_bytes([number; 16])
}

fn asked(number: u8) -> What {
    What::Asked(Box::new(Asked {
        id: id(number),
        key: Key::new("a/b").unwrap(),
        source: SourceId::new("s").unwrap(),
        operation: Operation::Set,
        value: Value::from(i64::from(number)),
        base: Base::Unknown,
        author: author(),
        deadline: now(),
        undoes: None,
        kept_here: false,
    }))
}

async fn change(desk: &Arc<Desk>, whats: Vec<What>) -> Result<(), QueueError> {
    desk.change(now(), |_| Ok((whats, ()))).await
}

/// Everything in the log: the codes of records, and dots for other entries.
fn told(desk: &Desk) -> Vec<String> {
    let mut told = Vec::new();
    desk.scan(&mut |_, bytes| match Entry::decode(bytes).unwrap().what {
        What::Audit(record) => told.push(format!("{} {}", record.seq(), record.deed.code())),
        _ => told.push(".".to_owned()),
    })
    .unwrap();
    told
}

fn head(desk: &Desk) -> Head {
    desk.chain().unwrap().1
}

#[track_caller]
fn whole(desk: &Desk, kept: Option<Head>) -> AuditReport {
    let report = verified(desk, None, kept).unwrap();
    assert!(report.is_whole(), "{report:?}");
    assert_eq!(report.head, head(desk), "what is kept in memory is what the log says");
    report
}

#[test]
fn each_change_has_its_record_in_the_same_frame_and_costs_one_sync() {
    run(async {
        let bench = Bench::new();
        let desk = bench.open();
        let before = bench.disk.counts();
        change(&desk, vec![asked(1)]).await.unwrap();
        let after = bench.disk.counts();
        assert_eq!((after.writes - before.writes, after.syncs - before.syncs), (1, 1));
        change(&desk, vec![asked(2), asked(3)]).await.unwrap();
        let step = |step| What::Step(id(1), step);
        change(&desk, vec![step(Step::Leased)]).await.unwrap();
        change(&desk, vec![step(Step::Delivered { revision: None, guarded: true, confirmed: false })]).await.unwrap();
        change(&desk, vec![step(Step::Confirmed)]).await.unwrap();
        let stop = Step::Stopped { state: CommandState::Cancelled, reason: CommandReason::TakenBack, by: Some(author()) };
        change(&desk, vec![What::Step(id(2), stop)]).await.unwrap();
        let key = Key::new("a/b").unwrap();
        change(&desk, vec![What::Locked(Box::new(Lock { key: key.clone(), value: None, author: author() }))]).await.unwrap();
        change(&desk, vec![What::Unlocked(key, author()), What::Held(true, author())]).await.unwrap();
        desk.record(now(), Note::new(Deed::CacheRekeyed).by(&author())).await.unwrap();
        assert_eq!(
            told(&desk),
            [
                ".",
                "1 change_asked",
                ".",
                "2 change_asked",
                ".",
                "3 change_asked",
                ".",
                ".",
                "4 change_delivered",
                ".",
                ".",
                "5 change_ended",
                ".",
                "6 key_locked",
                ".",
                "7 key_unlocked",
                ".",
                "8 sending_held",
                "9 cache_rekeyed"
            ]
        );
        assert_eq!(whole(&desk, None).found, 9);
        drop(desk);
        let again = bench.open();
        assert_eq!(whole(&again, None).found, 9);
        change(&again, vec![asked(4)]).await.unwrap();
        assert_eq!(whole(&again, None).found, 10);
    });
}

#[test]
fn who_did_it_stands_there_and_what_the_engine_did_is_the_engines() {
    run(async {
        let bench = Bench::new();
        let desk = bench.open();
        let caller = Arc::new(Caller { uid: Some(1000), terminal: Some("/dev/pts/3".to_owned()), ssh: None });
        on_behalf_of(caller, async {
            change(&desk, vec![asked(1)]).await.unwrap();
            change(&desk, vec![What::Step(id(1), Step::Delivered { revision: None, guarded: true, confirmed: true })]).await.unwrap();
        })
        .await;
        let mut found = Vec::new();
        desk.scan(&mut |_, bytes| {
            if let What::Audit(record) = Entry::decode(bytes).unwrap().what {
                found.push(*record);
            }
        })
        .unwrap();
        let who = |record: &AuditRecord| (record.who.user.clone(), record.who.uid, record.who.terminal.clone());
        assert_eq!(who(&found[0]), ("anna".to_owned(), Some(1000), Some("/dev/pts/3".to_owned())));
        assert_eq!(who(&found[1]), ("engine".to_owned(), None, None));
        assert_eq!((found[1].key.as_deref(), found[1].detail.as_deref()), (Some("a/b"), Some("for s")));
        assert_eq!(found[0].about, found[1].about);
    });
}

#[test]
fn a_refused_change_has_no_record_and_what_follows_goes_on_from_before_it() {
    run(async {
        let bench = Bench::new();
        let desk = bench.open();
        change(&desk, vec![asked(1)]).await.unwrap();
        let before = head(&desk);
        bench.disk.fail_next_sync(io::ErrorKind::Other);
        assert!(change(&desk, vec![asked(2)]).await.is_err());
        assert_eq!(head(&desk), before);
        change(&desk, vec![asked(3)]).await.unwrap();
        assert_eq!(told(&desk), [".", "1 change_asked", ".", "2 change_asked"]);
        whole(&desk, Some(before));
        drop(desk);
        whole(&bench.open(), Some(before));
    });
}

#[test]
fn a_death_at_any_moment_leaves_an_entry_with_its_record_or_neither() {
    run(async {
        for operations in 0..24 {
            for power_lost in [false, true] {
                let bench = Bench { rotate_at: 600, ..Bench::new() };
                let desk = bench.open();
                change(&desk, vec![asked(1)]).await.unwrap();
                let mut kept = head(&desk);
                bench.disk.die_after(operations);
                let mut acknowledged = 1;
                for number in 2..9 {
                    if change(&desk, vec![asked(number)]).await.is_err() {
                        break;
                    }
                    acknowledged += 1;
                    kept = head(&desk);
                }
                drop(desk);
                bench.disk.restart(power_lost);
                let desk = bench.open();
                let report = whole(&desk, Some(kept));
                assert!(report.found == acknowledged || report.found == acknowledged + 1, "{operations}: {report:?}");
                assert_eq!(told(&desk).len() as u64, report.found * 2, "each with its record");
                change(&desk, vec![asked(20)]).await.unwrap();
                whole(&desk, Some(kept));
            }
        }
    });
}

#[test]
fn rotations_carry_the_head_and_older_segments_stay_in_the_chain() {
    run(async {
        let bench = Bench { rotate_at: 1500, ..Bench::new() };
        let mut desk = bench.open();
        for number in 1..=40 {
            change(&desk, vec![asked(number)]).await.unwrap();
            if number % 7 == 0 {
                drop(desk);
                desk = bench.open();
            }
        }
        assert!(bench.segments().len() > 3, "{:?}", bench.segments());
        assert_eq!(whole(&desk, None).found, 40);
        assert_eq!(desk.state().all().count(), 40, "the state is read from behind the head");
        // Wherever a start falls, the head is known.
        for number in 41..=60 {
            change(&desk, vec![asked(number)]).await.unwrap();
            drop(desk);
            desk = bench.open();
            whole(&desk, None);
        }
    });
}

#[test]
fn a_new_key_seals_the_same_chain() {
    run(async {
        let bench = Bench { rotate_at: 1500, ..Bench::new() };
        let desk = bench.open();
        for number in 1..=20 {
            change(&desk, vec![asked(number)]).await.unwrap();
        }
        let before = head(&desk);
        bench.keys.promote(2, &key_of(2));
        change(&desk, vec![asked(21)]).await.unwrap();
        desk.reseal().unwrap();
        assert_eq!(whole(&desk, Some(before)).found, 21);
        drop(desk);
        assert_eq!(whole(&bench.open(), Some(before)).found, 21);
    });
}

#[test]
fn a_flip_of_any_byte_on_the_disk_is_found() {
    run(async {
        let bench = Bench { rotate_at: 1200, ..Bench::new() };
        let desk = bench.open();
        for number in 1..=6 {
            change(&desk, vec![asked(number)]).await.unwrap();
        }
        let kept = whole(&desk, None).head;
        drop(desk);
        let names = bench.segments();
        assert!(names.len() > 1, "{names:?}");
        let (first, last) = (names.first().unwrap(), names.last().unwrap());
        let whole = bench.disk.bytes_of(first).unwrap();
        let written = whole.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        for at in 0..written {
            let mut altered = whole.clone();
            altered[at] ^= 0x40;
            bench.disk.put(first, &altered);
            // A head of a newer version, or a key that is not at hand, ends the start with a sentence.
            if let Ok(desk) = bench.try_open() {
                match verified(&desk, None, Some(kept)) {
                    Ok(report) => {
                        assert!(!report.is_whole(), "byte {at} of {first}");
                        let sentence = report.sentence(report.findings.first().unwrap());
                        assert!(
                            sentence.contains("record ") || sentence.contains("records ") || sentence.contains("segment 1"),
                            "{sentence}"
                        );
                    }
                    Err(error) => assert!(!error.to_string().is_empty(), "byte {at}"),
                }
            }
        }
        bench.disk.put(first, &whole);
        // Whatever is cut off the end is missed.
        let end = bench.disk.bytes_of(last).unwrap();
        let written = end.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        let mut cuts = 0;
        for left in (0..written).step_by(7) {
            let cut = Bench { disk: SimLogDisk::new(2), keys: Arc::clone(&bench.keys), rotate_at: bench.rotate_at };
            for name in &names {
                let bytes = bench.disk.bytes_of(name).unwrap();
                cut.disk.put(name, if name == last { &bytes[..left] } else { &bytes });
            }
            let desk = cut.open();
            let report = verified(&desk, None, Some(kept)).unwrap();
            if report.found < 6 {
                let finding = report.findings.iter().find(|finding| finding.code == "truncated").unwrap_or_else(|| panic!("{report:?}"));
                assert_eq!((finding.record, finding.to), (Some(head(&desk).count + 1), Some(6)));
                cuts += 1;
            }
        }
        assert!(cuts > 3, "{cuts}");
    });
}

#[test]
fn an_entry_that_was_put_there_without_a_record_is_found() {
    run(async {
        let bench = Bench::new();
        let desk = bench.open();
        change(&desk, vec![asked(1)]).await.unwrap();
        drop(desk);
        let options = JournalOptions {
            writer: LogWriter::Inline,
            ahead: 2048,
            ..JournalOptions::new(bench.disk.as_disk(), Some(Arc::clone(&bench.keys) as Arc<dyn LogSealer>))
        };
        let (journal, _) = crate::engine::journal::Journal::open(&options, &mut |_| {}).unwrap();
        journal.append_blocking(vec![Entry { at: now(), what: asked(2) }.encode()]).unwrap();
        drop(journal);
        let desk = bench.open();
        let report = verified(&desk, None, None).unwrap();
        assert_eq!((report.findings.len(), report.findings[0].code, report.findings[0].record), (1, "unrecorded", Some(1)), "{report:?}");
        assert!(report.findings[0].what.contains("entry 3 of the log"), "{report:?}");
        change(&desk, vec![asked(3)]).await.unwrap();
        assert_eq!(verified(&desk, None, None).unwrap().findings.len(), 1, "it is still there, and nothing else");
        assert_eq!(verified(&desk, Some(genesis(STORE).hash), None).unwrap().expected_at, Some(0));
    });
}
