//! What holds when nothing goes wrong: order, numbers, groups, checkpoints, formats.

use std::sync::Barrier;

use super::*;
use crate::engine::{
    journal::{
        Rotation, ScanReport,
        frame::{Frame, Kind},
    },
    world::Rng,
};

#[test]
fn what_is_appended_is_there_again_in_order() {
    let bench = Bench::new();
    let opened = bench.open();
    assert_eq!((opened.checkpoint, opened.entries.len(), opened.findings), (None, 0, Findings::default()));
    let opened = bench.open();
    assert_eq!(opened.append(&["a", "b"]), Ok(1..3));
    assert_eq!(opened.append(&[]), Ok(3..3));
    assert_eq!(opened.append(&["", "c"]), Ok(3..5));
    let status = opened.journal.status();
    assert_eq!((status.next, status.segments, status.trouble.clone()), (5, 1, None));
    drop(opened);
    let opened = bench.open();
    assert_eq!(opened.texts(), ["1 a", "2 b", "3 ", "4 c"]);
    assert_eq!((opened.findings.clone(), opened.journal.status()), (Findings::default(), status));
    assert_eq!(opened.append(&["d"]), Ok(5..6));
    assert_eq!(opened.scanned(), ["1 a", "2 b", "3 ", "4 c", "5 d"]);
    assert_eq!(bench.segments().len(), 1);
}

#[test]
fn a_group_costs_one_sync_and_room_is_made_ahead() {
    let bench = Bench::new();
    let opened = bench.open();
    let before = bench.disk.counts();
    opened.append(&["one"]).unwrap();
    let after = bench.disk.counts();
    assert_eq!((after.writes - before.writes, after.syncs - before.syncs), (1, 1));
    let mut least = u64::MAX;
    for _ in 0..200 {
        opened.append(&["some more that fills the room that was made"]).unwrap();
        least = least.min(opened.journal.status().room);
    }
    assert!((900..=2048).contains(&least), "about half of it is always there: {least}");
    assert_eq!(bench.segments().len(), 1);
}

#[test]
fn an_append_larger_than_the_room_makes_more() {
    let bench = Bench::new();
    let long = "x".repeat(50_000);
    let opened = bench.open();
    assert_eq!(opened.append(&[&long]), Ok(1..2));
    assert_eq!(bench.open().texts(), [format!("1 {long}")]);
    let refused = opened.journal.append_blocking(vec![vec![0; crate::engine::journal::LONGEST_APPEND + 1]]).unwrap_err();
    assert!(refused.to_string().contains("too large"), "{refused}");
    assert_eq!(bench.open().entries.len(), 1);
}

#[test]
fn a_rotation_begins_a_segment_and_the_next_start_reads_no_more_than_that() {
    let bench = Bench::new();
    let opened = bench.open();
    while !opened.journal.status().rotation_due {
        opened.append(&["some entry of some length"]).unwrap();
    }
    let next = opened.journal.status().next;
    assert_eq!(opened.journal.rotate_blocking(next - 1, b"old".to_vec()), Ok(Rotation::Moved { next }));
    assert_eq!(opened.journal.rotate_blocking(next, b"state".to_vec()), Ok(Rotation::Done));
    assert!(!opened.journal.status().rotation_due);
    opened.append(&["after"]).unwrap();
    let first = bench.disk.bytes_of(&name_of(1)).unwrap();
    assert!(first[first.len() - 16..].iter().any(|byte| *byte != 0), "what was made ready is given back");
    let again = bench.open();
    assert_eq!(again.checkpoint, Some((next, b"state".to_vec())));
    assert_eq!((again.texts(), again.findings.clone()), (vec![format!("{next} after")], Findings::default()));
    assert_eq!(again.scanned().len() as u64, next, "older segments stay");
    assert_eq!(again.append(&["b"]), Ok(next + 1..next + 2));
    again.journal.rotate_blocking(next + 2, b"state 2".to_vec()).unwrap();
    again.journal.rotate_blocking(next + 2, b"state 3".to_vec()).unwrap();
    let last = bench.open();
    assert_eq!((last.checkpoint.clone(), last.entries.len()), (Some((next + 2, b"state 3".to_vec())), 0));
    assert_eq!(
        last.journal.scan_all(&mut |_, _| {}),
        Ok(ScanReport { entries: next + 1, lost: 0, damaged_segments: 0, damage: Vec::new() })
    );
}

#[test]
fn appends_of_many_threads_are_grouped_and_each_is_answered_with_its_own_numbers() {
    let bench = Bench::new();
    let options = JournalOptions { writer: LogWriter::Thread, ..bench.options() };
    let opened = open(&options).unwrap();
    let start = Barrier::new(8);
    let answers: Vec<(std::ops::Range<u64>, String)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let (opened, start) = (&opened, &start);
                scope.spawn(move || {
                    start.wait();
                    let one = |at: i32| (opened.append(&[&format!("{thread}/{at}"), "second"]).unwrap(), format!("{thread}/{at}"));
                    (0..50).map(one).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    opened.journal.close();
    assert!(opened.append(&["late"]).unwrap_err().to_string().contains("has ended"));
    let again = bench.open();
    assert_eq!(again.entries.len(), 800);
    for (numbers, text) in answers {
        let at = usize::try_from(numbers.start - 1).unwrap();
        assert_eq!((&again.entries[at].1, &again.entries[at + 1].1), (&text.into_bytes(), &b"second".to_vec()));
    }
}

#[tokio::test]
async fn a_task_that_waits_is_answered_and_one_that_gives_up_is_written_all_the_same() {
    let bench = Bench::new();
    let opened = open(&JournalOptions { writer: LogWriter::Thread, ..bench.options() }).unwrap();
    drop(opened.journal.append(vec![b"never asked for".to_vec()]));
    assert_eq!(opened.journal.append(vec![b"a".to_vec()]).await, Ok(1..2));
    assert_eq!(opened.journal.rotate(2, b"s".to_vec()).await, Ok(Rotation::Done));
    {
        let mut waits = std::pin::pin!(opened.journal.append(vec![b"b".to_vec()]));
        // Asked for once and then given up.
        let _ = futures_util::poll!(&mut waits);
    }
    opened.journal.close();
    assert_eq!(bench.open().texts(), ["2 b"]);
}

#[test]
fn without_keys_everything_is_refused_with_a_sentence() {
    let bench = Bench::new();
    let opened = open(&JournalOptions { sealer: None, ..bench.options() }).unwrap();
    let why = opened.append(&["a"]).unwrap_err();
    assert_eq!(why.to_string(), "cannot write the log of changes: nothing is kept on disk here, so no change can be promised");
    assert_eq!(opened.journal.status().trouble, Some(why.clone()));
    assert_eq!(opened.journal.rotate_blocking(1, Vec::new()), Err(why.clone()));
    assert_eq!(opened.journal.reseal_some(), Err(why));
    assert_eq!(opened.journal.scan_all(&mut |_, _| {}), Ok(ScanReport::default()));
    assert!(bench.disk.as_disk().list().unwrap().is_empty());
}

struct Fixed;
impl Rng for Fixed {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.iter_mut().enumerate().for_each(|(at, byte)| *byte = ((0xA0 + at) & 0xFF) as u8);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn golden() {
    let key: [u8; 32] = std::array::from_fn(|at| at as u8);
    let written = |frame: &Frame| hex(&frame.write(&LogKeys::alone([0xAB; 16], 3, &key, Arc::new(Fixed)), 258, 0x0403_0201).unwrap().bytes);
    let entries = [b"one".to_vec(), b"two!".to_vec()];
    let frame = Frame::of_entries(77, entries.iter());
    assert_eq!(hex(&frame.body), "030000006f6e650400000074776f21");
    assert_eq!(written(&frame), GOLDEN_ENTRIES);
    assert_eq!(written(&Frame { kind: Kind::Checkpoint, first: 77, body: b"state".to_vec() }), GOLDEN_CHECKPOINT);
}

/// Computed by another implementation of AES-256-GCM and of CRC-32C.
const GOLDEN_ENTRIES: &str =
    "300000001d653a7c014d000000000000000103000000a0a1a2a3a4a5a6a7a8a9aaabe5187c2d2aa567bb626587a77015e18f87bb4cbba214b617c1157da4857680";
/// The same.
const GOLDEN_CHECKPOINT: &str =
    "26000000a3fe8cd8024d000000000000000103000000a0a1a2a3a4a5a6a7a8a9aaab956c1d5920f14a7ce8c50cb0650021434ac29badc0";
