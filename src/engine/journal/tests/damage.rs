//! Bytes that change, go missing, are moved or come from elsewhere.

use super::*;
use crate::engine::{
    journal::{
        ScanReport,
        frame::{FRAME_HEAD, Frame},
    },
    store::{LOG_HEAD, LogHead},
};

/// Ten entries, each a frame of its own; answers where each frame begins.
fn ten(bench: &Bench) -> Vec<usize> {
    let opened = bench.open();
    let mut places = Vec::new();
    for at in 0..10 {
        places.push(usize::try_from(opened.journal.status().bytes).unwrap());
        opened.append(&[&format!("entry {at}")]).unwrap();
    }
    places
}

fn all_but(lost: &[u64]) -> Vec<String> {
    (1..=10).filter(|at| !lost.contains(at)).map(|at| format!("{at} entry {}", at - 1)).collect()
}

#[test]
fn any_flipped_bit_in_the_middle_costs_at_most_its_own_frame_and_is_said() {
    let original = Bench::new();
    let places = ten(&original);
    let whole = original.disk.bytes_of(&name_of(1)).unwrap();
    for at in (0..LOG_HEAD).step_by(3).chain(places[4]..places[5]) {
        let bench = Bench::new();
        let mut bytes = whole.clone();
        bytes[at] ^= 0x04;
        bench.disk.put(&name_of(1), &bytes);
        let opened = bench.open();
        let in_frame = at >= LOG_HEAD;
        // A checksum that changed takes nothing away.
        let lost: &[u64] = if in_frame && !(places[4] + 4..places[4] + 8).contains(&at) { &[5] } else { &[] };
        assert_eq!(opened.texts(), all_but(lost), "byte {at}");
        assert_eq!(opened.findings.lost, lost.len() as u64, "byte {at}");
        assert!(opened.findings.wants_checkpoint && opened.findings.notes[0].contains("is damaged"), "{:?}", opened.findings);
        let aside = bench.disk.aside();
        assert_eq!((aside.len(), &aside[0].name), (1, &name_of(1)), "byte {at}");
        assert_eq!(aside[0].bytes[..places[9]], bytes[..places[9]], "as it was");
        assert_eq!(aside[0].keys, in_frame.then(|| vec![1]), "who does not say its key needs all of them");
        // Nothing is written behind it, and it is not copied twice.
        assert_eq!(opened.append(&["after"]), Ok(11..12), "byte {at}");
        assert_eq!(bench.segments().len(), 2);
        let again = bench.open();
        assert_eq!((again.entries.len(), bench.disk.aside().len()), (11 - lost.len(), 1), "byte {at}");
        let report = again.journal.scan_all(&mut |_, _| {}).unwrap();
        assert!(matches!(report.damage.as_slice(), [one] if one.starts_with("segment ")), "{report:?}");
        let damage = report.damage.clone();
        assert_eq!(report, ScanReport { entries: 11 - lost.len() as u64, lost: lost.len() as u64, damaged_segments: 1, damage });
        again.journal.rotate_blocking(12, b"s".to_vec()).unwrap();
        assert_eq!(bench.open().findings, Findings::default(), "a checkpoint is behind it");
    }
}

#[test]
fn an_end_that_is_not_whole_is_cut_and_kept() {
    let original = Bench::new();
    let places = ten(&original);
    let whole = original.disk.bytes_of(&name_of(1)).unwrap();
    let end = usize::try_from(original.open().journal.status().bytes).unwrap();
    for cut in places[9] + 1..end {
        let bench = Bench::new();
        let mut bytes = whole.clone();
        bytes[cut..].fill(0);
        if bytes[..cut].iter().rposition(|byte| *byte != 0).is_some_and(|last| last < places[9]) {
            continue;
        }
        // The last bytes of a tag may be zeros anyway.
        if bytes == whole {
            continue;
        }
        bench.disk.put(&name_of(1), &bytes);
        let opened = bench.open();
        assert_eq!(opened.texts(), all_but(&[10]), "cut at {cut}");
        assert_eq!((opened.findings.lost, opened.findings.notes.len()), (0, 1), "{:?}", opened.findings);
        let aside = bench.disk.aside();
        assert_eq!(aside[0].name, "00000001.seg.tail");
        assert!(whole[places[9]..].starts_with(&aside[0].bytes) && !aside[0].bytes.is_empty());
        assert_eq!(opened.append(&["again"]), Ok(10..11));
        let again = bench.open();
        assert_eq!((again.texts().last().unwrap().as_str(), again.findings.clone()), ("10 again", Findings::default()), "said once");
    }
}

#[test]
fn a_stretch_of_zeros_and_a_file_cut_short_are_counted() {
    let bench = Bench::new();
    let places = ten(&bench);
    let mut bytes = bench.disk.bytes_of(&name_of(1)).unwrap();
    bytes[places[2]..places[6]].fill(0);
    bench.disk.put(&name_of(1), &bytes);
    let opened = bench.open();
    assert_eq!((opened.texts(), opened.findings.lost), (all_but(&[3, 4, 5, 6]), 4));
    assert!(opened.findings.notes.iter().any(|note| note.starts_with("4 ENTRIES")), "{:?}", opened.findings.notes);
    // With a segment behind it, what is missing at the end of one is known too.
    opened.journal.rotate_blocking(11, b"s".to_vec()).unwrap();
    bench.disk.put(&name_of(1), &bytes[..places[8]]);
    let report = bench.open().journal.scan_all(&mut |_, _| {}).unwrap();
    assert!(matches!(report.damage.as_slice(), [one] if one.contains("6 of its entries are not there")), "{report:?}");
    let damage = report.damage.clone();
    assert_eq!(report, ScanReport { entries: 4, lost: 6, damaged_segments: 1, damage });
}

#[test]
fn a_damaged_checkpoint_costs_nothing() {
    let bench = Bench::new();
    ten(&bench);
    let opened = bench.open();
    opened.journal.rotate_blocking(11, b"state".to_vec()).unwrap();
    opened.append(&["after"]).unwrap();
    bench.flip(2, LOG_HEAD + FRAME_HEAD + 20);
    let again = bench.open();
    assert_eq!((again.checkpoint.as_ref(), again.entries.len(), again.findings.lost), (None, 11, 0));
    assert!(again.findings.wants_checkpoint);
}

#[test]
fn segments_that_change_places_or_are_repeated_do_not_open() {
    // The first one given for a later one, as it is and with a head that fits.
    let head = LogHead { store: STORE, key: 1, segment: 3, first: 12 }.encode();
    for with_head in [false, true] {
        let bench = Bench::new();
        ten(&bench);
        let opened = bench.open();
        opened.journal.rotate_blocking(11, b"state".to_vec()).unwrap();
        opened.append(&["in the second"]).unwrap();
        drop(opened);
        let mut copy = bench.disk.bytes_of(&name_of(1)).unwrap();
        if with_head {
            copy[..LOG_HEAD].copy_from_slice(&head);
        }
        bench.disk.put(&name_of(3), &copy);
        let again = bench.open();
        assert_eq!(again.texts(), ["11 in the second"]);
        assert!(!again.findings.notes.is_empty());
        assert_eq!(bench.disk.bytes_of(&name_of(3)).unwrap(), copy, "and it stays");
    }
    // A frame twice in its own segment.
    let bench = Bench::new();
    let begins = ten(&bench);
    let mut bytes = bench.disk.bytes_of(&name_of(1)).unwrap();
    let frame = bytes[begins[0]..begins[1]].to_vec();
    bytes[begins[5]..begins[5] + frame.len()].copy_from_slice(&frame);
    bench.disk.put(&name_of(1), &bytes);
    let again = bench.open();
    assert_eq!((again.texts(), again.findings.lost), (all_but(&[6]), 1), "each once, in order");
}

#[test]
fn a_key_that_is_not_at_hand_is_no_damage_and_changes_nothing() {
    let bench = Bench::new();
    ten(&bench);
    let before = bench.disk.bytes_of(&name_of(1)).unwrap();
    let other = Bench { disk: Arc::clone(&bench.disk), keys: keys_of(STORE, 2) };
    let why = other.try_open().err().unwrap();
    assert!(matches!(&why, StoreError::KeyUnavailable(why) if why.contains("data key 1")), "{why}");
    // Another key of the same number: every checksum is right and nothing opens.
    let same = Arc::new(LogKeys::alone(STORE, 1, &key(9), Arc::new(SeededRng::new(7))));
    let why = Bench { disk: Arc::clone(&bench.disk), keys: same }.try_open().err().unwrap();
    assert!(matches!(&why, StoreError::KeyUnavailable(why) if why.contains("checksums are right")), "{why}");
    assert_eq!(bench.disk.bytes_of(&name_of(1)).unwrap(), before);
    assert_eq!((bench.segments().len(), bench.disk.aside().len()), (1, 0));
    assert_eq!(bench.open().entries.len(), 10);
}

#[test]
fn a_log_of_another_store_is_set_aside_as_a_whole_and_said_loudly() {
    let bench = Bench::new();
    ten(&bench);
    let other = Bench { disk: Arc::clone(&bench.disk), keys: keys_of([9; 16], 1) };
    let opened = other.open();
    assert!(opened.findings.notes[0].contains("ANOTHER STORE'S") && opened.findings.notes[0].contains("nothing of it was deleted"));
    assert_eq!((bench.disk.aside().len(), opened.entries.len(), opened.append(&["new"])), (1, 0, Ok(1..2)));
    assert_eq!(other.open().texts(), ["1 new"]);
}

#[test]
fn a_newer_format_is_refused_by_name_and_left_alone() {
    let bench = Bench::new();
    ten(&bench);
    let mut bytes = bench.disk.bytes_of(&name_of(1)).unwrap();
    bytes[8] = 2;
    let sum = crc32c::crc32c(&bytes[..LOG_HEAD - 4]).to_le_bytes();
    bytes[LOG_HEAD - 4..LOG_HEAD].copy_from_slice(&sum);
    bench.disk.put(&name_of(1), &bytes);
    assert_eq!(bench.try_open().err(), Some(StoreError::NewerFormat { found: 2, supported: 1 }));
    assert_eq!((bench.disk.bytes_of(&name_of(1)).unwrap(), bench.segments().len()), (bytes, 1));
}

#[test]
fn any_bytes_at_all_are_survived() {
    use proptest::prelude::*;
    let bench = Bench::new();
    ten(&bench);
    let whole = bench.disk.bytes_of(&name_of(1)).unwrap();
    proptest!(ProptestConfig::with_cases(64), |(changes in proptest::collection::vec((0..whole.len().min(900), any::<u8>()), 0..40), keep in 0..900_usize)| {
        let bench = Bench::new();
        let mut bytes = whole[..keep].to_vec();
        for (at, byte) in changes {
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        bench.disk.put(&name_of(1), &bytes);
        match bench.try_open() {
            Ok(opened) => {
                for (sequence, entry) in &opened.entries {
                    prop_assert!(*entry == format!("entry {}", sequence - 1).into_bytes(), "entry {} is another", sequence);
                }
                prop_assert!(opened.entries.is_sorted_by(|one, next| one.0 < next.0));
                let next = opened.journal.status().next;
                prop_assert_eq!(opened.append(&["goes on"]), Ok(next..next + 1));
            }
            Err(why) => prop_assert!(matches!(why, StoreError::KeyUnavailable(_) | StoreError::NewerFormat { .. }), "{}", why),
        }
    });
}

#[test]
fn a_frame_whose_form_is_wrong_gives_no_entries() {
    let frame = Frame::of_entries(1, [b"abc".to_vec()].iter());
    assert_eq!(frame.entries(), Some(vec![&b"abc"[..]]));
    for cut in 1..frame.body.len() {
        assert_eq!(Frame { body: frame.body[..cut].to_vec(), ..frame.clone() }.entries(), None);
    }
}
