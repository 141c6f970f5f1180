//! A chain under everything that may be done to it: each is found, and where it was done.

use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use super::{chain::link_text, hash::hex, *};
use crate::fact::{Author, Timestamp};

const STORE: [u8; 16] = *b"the test's store";

/// A record as it is stored: when, and what.
type Stored = Vec<u8>;

fn at(number: u64) -> Timestamp {
    Timestamp::from_millis(1_767_607_200_000 + i64::try_from(number).unwrap())
}

fn author() -> Author {
    Author { user: "anna".to_owned(), via: "cli".to_owned(), persona: "sre".to_owned() }
}

fn caller_of(uid: u32) -> std::sync::Arc<Caller> {
    let (terminal, ssh) = (Some("/dev/pts/3".to_owned()), Some("192.0.2.7 50022".to_owned()));
    std::sync::Arc::new(Caller { uid: Some(uid), terminal, ssh })
}

/// The entry that a record stands for.
fn entry(number: u64) -> Vec<u8> {
    format!("entry {number}").into_bytes()
}

fn record(number: u64) -> AuditRecord {
    let note = Note::new(Deed::ALL[usize::try_from(number).unwrap() % Deed::ALL.len()]).of_key(format!("service/{number}/replicas"));
    let note = note.about(format!("q-{number}")).detail("for cluster").by(&author());
    AuditRecord::of(note, Some(&caller_of(1000)), Some(Cover::of([7; 16], &entry(number))))
}

/// A chain of so many records, and its head.
fn chain(store: [u8; 16], count: u64) -> (Vec<Stored>, Head) {
    let mut head = genesis(store);
    let stored = (1..=count).map(|number| {
        let mut record = record(number);
        let hash = link(&head.hash, number, at(number), &record);
        record.place(number, hash);
        head = Head { count: number, hash };
        postcard::to_stdvec(&(at(number), record)).unwrap()
    });
    (stored.collect(), head)
}

fn read(bytes: &[u8]) -> Option<(Timestamp, AuditRecord)> {
    postcard::take_from_bytes(bytes).ok().filter(|(_, rest)| rest.is_empty()).map(|(stored, _)| stored)
}

/// Checks records, each with the number of the entry that is right before it.
fn check(stored: &[(u64, Stored)], expect: Option<Hash>, kept: Option<Head>) -> AuditReport {
    let mut verifier = Verifier::new(genesis(STORE), expect, kept);
    for (number, bytes) in stored {
        if let Some((at, record)) = read(bytes) {
            verifier.take(at, &record, Some(&entry(*number)));
        }
    }
    verifier.finish()
}

fn numbered(stored: Vec<Stored>) -> Vec<(u64, Stored)> {
    (1..).zip(stored).collect()
}

/// Code and record of what was found first.
fn first(report: &AuditReport) -> (&'static str, Option<u64>) {
    report.findings.first().map_or(("nothing", None), |finding| (finding.code, finding.record))
}

#[test]
fn a_chain_that_nobody_touched_is_whole() {
    for count in [0, 1, 2, 30] {
        let (stored, head) = chain(STORE, count);
        let report = check(&numbered(stored), Some(head.hash), Some(head));
        assert_eq!((report.is_whole(), report.head, report.found, report.expected_at), (true, head, count, Some(count)), "{report:?}");
    }
}

#[test]
fn a_flip_of_any_bit_of_any_record_is_found_and_located() {
    let (stored, head) = chain(STORE, 6);
    for number in 1..=6_u64 {
        let index = usize::try_from(number - 1).unwrap();
        for byte in 0..stored[index].len() {
            for bit in 0..8 {
                let mut altered = stored.clone();
                altered[index][byte] ^= 1 << bit;
                let report = check(&numbered(altered), None, Some(head));
                let (code, found) = first(&report);
                assert_eq!(found, Some(number), "record {number}, byte {byte}, bit {bit}: {report:?}");
                assert!(["altered", "missing", "truncated", "entry_altered", "out_of_place"].contains(&code), "{code}");
            }
        }
    }
}

#[test]
fn what_was_cut_off_is_found_by_a_head_that_was_kept_or_noted_down() {
    let (stored, head) = chain(STORE, 8);
    for left in 0..8_u64 {
        let cut = numbered(stored[..usize::try_from(left).unwrap()].to_vec());
        assert!(check(&cut, None, None).is_whole(), "by itself it looks whole");
        let report = check(&cut, None, Some(head));
        assert_eq!((first(&report), report.findings[0].to), (("truncated", Some(left + 1)), Some(8)));
        assert_eq!(report.total(), 8);
        assert_eq!(first(&check(&cut, Some(head.hash), None)), ("unexpected", None));
        // A head from before is still there.
        if left > 0 {
            let earlier = read(&stored[usize::try_from(left - 1).unwrap()]).unwrap().1.hash();
            let report = check(&numbered(stored.clone()), Some(earlier), Some(head));
            assert_eq!((report.is_whole(), report.expected_at), (true, Some(left)));
        }
    }
}

#[test]
fn what_is_missing_repeated_or_in_another_place_is_located() {
    let (stored, head) = chain(STORE, 9);
    let stored = numbered(stored);
    for from in 0..9_usize {
        for to in from..9 {
            let mut without = stored.clone();
            without.drain(from..=to);
            let report = check(&without, None, Some(head));
            let (code, record) = first(&report);
            let last = to == 8;
            assert_eq!((code, record), (if last { "truncated" } else { "missing" }, Some(from as u64 + 1)), "{report:?}");
            assert_eq!((report.findings[0].to, report.findings.len()), (Some(to as u64 + 1), 1));
            if from < to {
                let mut swapped = stored.clone();
                swapped.swap(from, to);
                let report = check(&swapped, None, Some(head));
                assert_eq!(first(&report).1, Some(from as u64 + 1), "{from} and {to}: {report:?}");
                assert!(report.findings.iter().any(|finding| finding.code == "out_of_place"), "{report:?}");
            }
        }
        let mut twice = stored.clone();
        twice.insert(from, stored[from].clone());
        assert_eq!(first(&check(&twice, None, Some(head))), ("out_of_place", Some(from as u64 + 1)));
    }
}

#[test]
fn a_record_of_another_chain_is_located_wherever_it_is_put() {
    let (stored, head) = chain(STORE, 7);
    let (foreign, foreign_head) = chain(*b"of another store", 7);
    assert_ne!(head, foreign_head);
    for number in 0..7_usize {
        let mut mixed = stored.clone();
        mixed[number].clone_from(&foreign[number]);
        assert_eq!(first(&check(&numbered(mixed), None, Some(head))), ("altered", Some(number as u64 + 1)));
    }
    let report = check(&numbered(foreign), Some(head.hash), Some(head));
    assert_eq!(first(&report), ("altered", Some(1)), "a whole chain of another store does not begin as this one");
    assert!(report.findings.iter().any(|finding| finding.code == "rewritten"), "{report:?}");
    assert!(report.findings.iter().any(|finding| finding.code == "unexpected"), "{report:?}");
}

#[test]
fn a_chain_that_was_written_anew_as_a_whole_is_found_by_its_head() {
    let (_, head) = chain(STORE, 5);
    let mut last = genesis(STORE);
    let mut anew = Vec::new();
    for number in 1..=6 {
        let mut record = record(if number == 3 { 99 } else { number });
        let hash = link(&last.hash, number, at(number), &record);
        record.place(number, hash);
        last = Head { count: number, hash };
        anew.push((if number == 3 { 99 } else { number }, postcard::to_stdvec(&(at(number), record)).unwrap()));
    }
    assert!(check(&anew, None, None).is_whole(), "by itself it looks whole");
    assert_eq!(first(&check(&anew, None, Some(head))), ("rewritten", Some(5)));
    assert_eq!(first(&check(&anew, Some(head.hash), None)), ("unexpected", None));
}

#[test]
fn an_entry_that_is_not_the_one_recorded_is_located() {
    let (stored, head) = chain(STORE, 3);
    let mut stored = numbered(stored);
    stored[1].0 = 5;
    let report = check(&stored, None, Some(head));
    assert_eq!((first(&report), report.findings.len()), (("entry_altered", Some(2)), 1));
    let mut verifier = Verifier::new(genesis(STORE), None, None);
    let (at, record) = read(&stored[0].1).unwrap();
    verifier.take(at, &record, None);
    assert_eq!(first(&verifier.finish()), ("entry_missing", Some(1)));
}

#[test]
fn a_finding_is_a_sentence_with_its_place() {
    let (stored, head) = chain(STORE, 212);
    let mut stored = numbered(stored);
    let (made, mut record) = read(&stored[16].1).unwrap();
    record.who.user = "otto".to_owned();
    stored[16].1 = postcard::to_stdvec(&(made, record)).unwrap();
    stored.drain(100..=101);
    let report = check(&stored, None, Some(head));
    let sentences: Vec<String> = report.findings.iter().map(|finding| report.sentence(finding)).collect();
    assert_eq!(
        sentences,
        [
            "record 17 of 212, 2026-01-05T10:00:00.017Z: it is not what was written, or does not go on from the record before it",
            "records 101 to 102 of 212: they are not there",
        ]
    );
}

#[test]
fn many_findings_are_counted_not_kept() {
    let (stored, _) = chain(STORE, 500);
    let mut stored = numbered(stored);
    stored.iter_mut().for_each(|(number, _)| *number += 1);
    let report = check(&stored, None, None);
    assert_eq!((report.findings.len(), report.more), (200, 300));
}

/// The rule as `docs/audit.md` has it, by somebody who knows nothing else.
#[test]
fn the_hash_is_the_one_of_the_documented_rule() {
    let (stored, _) = chain(STORE, 2);
    let begins: String =
        Sha256::digest(format!("stellar audit 1 of {}", "746865207465737427732073746f7265")).iter().map(|b| format!("{b:02x}")).collect();
    let (_, one) = read(&stored[0]).unwrap();
    let entry: String = hex(&one.cover.unwrap().digest());
    let text = format!(
        "[\"stellar audit 1\",\"{begins}\",1,\"2026-01-05T10:00:00.001Z\",\"note_asked\",\"ok\",\"service/1/replicas\",\"q-1\",\"for cluster\",\
         \"anna\",\"cli\",\"sre\",1000,\"/dev/pts/3\",\"192.0.2.7 50022\",\"{entry}\"]"
    );
    assert_eq!(hex(&one.hash()), Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let mut bare = AuditRecord::of(Note::new(Deed::ChangeDelivered), Some(&caller_of(5)), None);
    let text = link_text(&[0; 32], 9, at(0), &bare);
    let zeros = "0".repeat(64);
    assert_eq!(
        text,
        format!(
            "[\"stellar audit 1\",\"{zeros}\",9,\"2026-01-05T10:00:00.000Z\",\"change_delivered\",\"ok\",null,null,null,\"engine\",\"engine\",\"\",null,null,\
             null,null]"
        ),
        "nobody's deed has no caller"
    );
    bare.place(9, [3; 32]);
    assert_eq!((bare.seq(), bare.hash()), (9, [3; 32]));
}

#[test]
fn golden() {
    let mut record = record(2);
    record.place(2, [0xAB; 32]);
    let bytes = postcard::to_stdvec(&record).unwrap();
    let cover = hex(&record.cover.unwrap().digest());
    let text = |text: &str| format!("{:02x}{}", text.len(), hex(text.as_bytes()));
    let some = |said: &str| format!("01{}", text(said));
    let golden = [
        "0200".to_owned(),
        some("service/2/replicas"),
        some("q-2"),
        some("for cluster"),
        text("anna"),
        text("cli"),
        text("sre"),
        "01e807".to_owned(),
        some("/dev/pts/3"),
        some("192.0.2.7 50022"),
        format!("01{}{cover}", "07".repeat(16)),
        format!("02{}{}", "00".repeat(7), "ab".repeat(32)),
    ];
    assert_eq!(hex(&bytes), golden.concat());
    assert_eq!(cover, "e79e43f1a212b66ff0eb47ec1e798c669bbb9243eee8a3eecb8a0efb3c02e49a");
    let mut placed = bytes.clone();
    record.place(3, [0xCD; 32]);
    record.write_place(&mut placed);
    assert_eq!(placed, postcard::to_stdvec(&record).unwrap(), "a place is written over the last bytes");
}

#[test]
fn codes_are_distinct_and_the_command_line_knows_each() {
    let codes: Vec<&str> = Deed::ALL.iter().map(|deed| deed.code()).collect();
    for (place, deed) in Deed::ALL.into_iter().enumerate() {
        assert_eq!(Deed::of_code(deed.code()), Some(deed));
        assert_eq!(postcard::to_stdvec(&deed).unwrap(), [u8::try_from(place).unwrap()], "added at the end only");
    }
    let spec = crate::action::find("core.audit.read").unwrap();
    let what = spec.args.iter().find(|arg| arg.name == "what").unwrap();
    assert_eq!(what.kind, crate::action::ArgKind::Choices(Box::leak(codes.into_boxed_slice())));
    for ending in [Ending::Done, Ending::Denied, Ending::Failed] {
        assert_eq!(Ending::of_code(ending.code()), Some(ending));
    }
}

#[test]
fn fields_are_one_line_without_control_characters_and_bounded() {
    let author = Author { user: "an\u{1b}[2Jna\n".to_owned(), ..author() };
    let record = AuditRecord::of(Note::new(Deed::Denied).detail("x".repeat(2_000)).about("a\u{85}b").by(&author), None, None);
    assert_eq!(record.who.user, "an\u{fffd}[2Jna\u{fffd}");
    assert_eq!((record.about.as_deref(), record.detail.unwrap().len()), (Some("a\u{fffd}b"), 512));
}

#[test]
fn a_hash_is_read_as_it_is_shown() {
    let hash: Hash = std::array::from_fn(|at| u8::try_from(at * 7 % 256).unwrap());
    assert_eq!(hash_of_hex(&hex(&hash)), Some(hash));
    for bad in ["", "ab", &"g".repeat(64), &"a".repeat(63), &"a".repeat(65), &"ä".repeat(64)] {
        assert_eq!(hash_of_hex(bad), None, "{bad}");
    }
}

#[test]
fn who_asks_is_known_to_what_is_done_on_their_behalf_and_to_nothing_else() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        assert_eq!(caller(), None);
        let seen = on_behalf_of(caller_of(7), async { (caller(), tokio::spawn(async { caller() }).await.unwrap()) }).await;
        assert_eq!((seen.0, seen.1), (Some(caller_of(7)), None), "what it starts elsewhere is nobody's");
        assert_eq!(caller(), None);
    });
}

proptest! {
    #[test]
    fn whatever_is_altered_dropped_or_swapped_is_found_at_or_before_its_place(
        count in 2_u64..12, doing in 0..3_u8, one in any::<prop::sample::Index>(), two in any::<prop::sample::Index>(), byte in any::<prop::sample::Index>(),
        by in 1..=255_u8,
    ) {
        let (stored, head) = chain(STORE, count);
        let mut stored = numbered(stored);
        let (one, two) = (one.index(stored.len()), two.index(stored.len()));
        let place = match doing {
            0 => {
                let bytes = &mut stored[one].1;
                let at = byte.index(bytes.len());
                bytes[at] ^= by;
                one
            }
            1 => {
                stored.remove(one);
                one
            }
            _ if one == two => return Ok(()),
            _ => {
                stored.swap(one, two);
                one.min(two)
            }
        };
        let report = check(&stored, None, Some(head));
        prop_assert_eq!(first(&report).1, Some(place as u64 + 1), "{:?}", report);
    }
}
