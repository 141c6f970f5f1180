//! Notes in, notes out: what differs is kept, as long and as much as it may be.

use super::*;
use crate::{
    engine::store::{CacheStore, MemoryStore},
    fact::{Band, Key, Timestamp, Value},
};

const MINUTE: i64 = 60_000;
const START: i64 = 490_000 * 3_600_000;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(START + millis)
}

fn week() -> HistoryLog {
    HistoryLog::new(std::time::Duration::from_secs(7 * 86_400), 32 << 20)
}

fn key() -> Key {
    Key::new("service/a/replicas").unwrap()
}

fn write(log: &HistoryLog, store: &MemoryStore, now: Timestamp) -> usize {
    let documents = log.take_documents(store, now).unwrap();
    documents.iter().for_each(|(name, bytes)| store.put_meta(name, bytes).unwrap());
    documents.len()
}

fn read(log: &HistoryLog, store: &MemoryStore, now: Timestamp) -> Vec<(i64, String)> {
    let found = log.read(store, &key(), None, now).unwrap();
    found
        .iter()
        .map(|one| (one.at.as_millis() - START, one.value.as_ref().map_or("-".to_owned(), |v| v.as_json_text().to_owned())))
        .collect()
}

fn note(log: &HistoryLog, json: &str, score: f64, millis: i64) {
    log.note(&key(), Some(&Value::parse(json).unwrap()), Some(score), at(millis));
}

#[test]
fn only_what_differs_is_kept_before_and_after_it_is_written() {
    let (log, store) = (week(), MemoryStore::default());
    note(&log, "3", 0.9, 0);
    note(&log, "3", 0.9, 1000);
    note(&log, "4", 0.9, 2000);
    let expected = [(0, "3".to_owned()), (2000, "4".to_owned())];
    assert_eq!(read(&log, &store, at(2000)), expected);
    assert_eq!(write(&log, &store, at(MINUTE)), 2, "one part, and how far all is blanked");
    assert_eq!(read(&log, &store, at(MINUTE)), expected);
    assert_eq!(write(&log, &store, at(2 * MINUTE)), 0, "nothing new is no write");
    note(&log, "3", 0.9, 3 * MINUTE);
    assert_eq!(write(&log, &store, at(4 * MINUTE)), 1);
    assert_eq!(read(&log, &store, at(4 * MINUTE)).len(), 3);
    let again = week();
    note(&again, "5", 0.9, 5 * MINUTE);
    write(&again, &store, at(6 * MINUTE));
    let values: Vec<_> = read(&again, &store, at(6 * MINUTE)).into_iter().map(|(_, value)| value).collect();
    assert_eq!(values, ["3", "4", "3", "5"], "another process goes on where this one ended");
}

#[test]
fn confidence_is_noted_when_its_band_changes_and_else_once_an_hour() {
    let (log, store) = (week(), MemoryStore::default());
    for (score, minute) in [(0.90, 0), (0.80, 10), (0.74, 20), (0.73, 30), (0.60, 85), (0.595, 200)] {
        note(&log, "3", score, minute * MINUTE);
    }
    let found = log.read(&store, &key(), None, at(201 * MINUTE)).unwrap();
    let told: Vec<_> = found.iter().map(|one| (one.confidence.unwrap(), one.band.unwrap())).collect();
    assert_eq!(told, [(0.9, Band::High), (0.74, Band::Medium), (0.6, Band::Medium)]);
}

#[test]
fn a_moment_has_the_last_note_before_it_across_hours() {
    let (log, store) = (week(), MemoryStore::default());
    let value =
        |millis, now| log.read_at(&store, &key(), at(millis), at(now)).unwrap().map(|one| one.value.unwrap().as_json_text().to_owned());
    note(&log, "1", 0.9, 10 * MINUTE);
    write(&log, &store, at(11 * MINUTE));
    // Noted within its hour, written in the next.
    note(&log, "2", 0.9, 60 * MINUTE - 1);
    write(&log, &store, at(61 * MINUTE));
    note(&log, "3", 0.9, 900 * MINUTE);
    let now = 901 * MINUTE;
    assert_eq!(value(9 * MINUTE, now), None);
    assert_eq!(value(10 * MINUTE, now).as_deref(), Some("1"));
    assert_eq!(value(60 * MINUTE - 2, now).as_deref(), Some("1"));
    assert_eq!(value(60 * MINUTE - 1, now).as_deref(), Some("2"));
    assert_eq!(value(899 * MINUTE, now).as_deref(), Some("2"));
    assert_eq!(value(now, now).as_deref(), Some("3"), "not written yet");
}

#[test]
fn what_is_past_its_time_is_blanked_even_after_a_long_absence() {
    let store = MemoryStore::default();
    let log = week();
    note(&log, "1", 0.9, 0);
    write(&log, &store, at(MINUTE));
    let hour = 60 * MINUTE;
    let document = format!("history/{}/0", (START / hour).rem_euclid(366 * 24));
    for (days, kept) in [(1, true), (6, true), (9, false)] {
        note(&log, &days.to_string(), 0.9, days * 24 * hour);
        write(&log, &store, at(days * 24 * hour));
        assert_eq!(!store.get_meta(&document).unwrap().unwrap().is_empty(), kept, "{days} days later");
    }
    assert_eq!(read(&log, &store, at(9 * 24 * hour)).first().unwrap().1, "6");
    let again = week();
    note(&again, "8", 0.9, 40 * 24 * hour);
    write(&again, &store, at(40 * 24 * hour));
    assert_eq!(read(&again, &store, at(40 * 24 * hour)).len(), 1);
}

#[test]
fn an_hour_and_a_minute_take_so_much_and_the_newest_is_kept() {
    let store = MemoryStore::default();
    let log = HistoryLog::new(std::time::Duration::from_secs(86_400), 0);
    for value in 0..50 {
        note(&log, &value.to_string(), 0.9, value);
    }
    write(&log, &store, at(MINUTE));
    let values: Vec<_> = read(&log, &store, at(MINUTE)).into_iter().map(|(_, value)| value).collect();
    assert_eq!(values, ["0", "1", "2", "49"]);
    let long = format!("\"{}\"", "x".repeat(3000));
    for minute in 1..200 {
        note(&log, if minute % 2 == 0 { "1" } else { &long }, 0.9, minute * MINUTE / 10);
        write(&log, &store, at(minute * MINUTE / 10));
    }
    let bytes: usize = (0..4)
        .filter_map(|number| store.get_meta(&format!("history/{}/{number}", (START / 3_600_000).rem_euclid(366 * 24))).unwrap())
        .map(|part| part.len())
        .sum();
    assert!(bytes < 56 * 1024, "{bytes}");
    note(&log, "77", 0.9, 61 * MINUTE);
    write(&log, &store, at(62 * MINUTE));
    assert_eq!(read(&log, &store, at(62 * MINUTE)).last().unwrap().1, "77", "the next hour takes it");
}

#[test]
fn a_value_too_long_is_said_to_have_been_there() {
    let (log, store) = (week(), MemoryStore::default());
    note(&log, &format!("\"{}\"", "x".repeat(5000)), 0.9, 0);
    note(&log, &format!("\"{}\"", "y".repeat(5000)), 0.9, 1000);
    log.note(&key(), None, None, at(2000));
    write(&log, &store, at(MINUTE));
    let found = log.read(&store, &key(), None, at(MINUTE)).unwrap();
    assert_eq!(found.iter().map(|one| (one.too_long, one.value.clone())).collect::<Vec<_>>(), [(true, None), (false, None)]);
}

#[test]
fn nothing_is_kept_where_history_is_off() {
    let (log, store) = (HistoryLog::new(std::time::Duration::ZERO, 32 << 20), MemoryStore::default());
    note(&log, "1", 0.9, 0);
    assert!(!log.is_on());
    assert_eq!(write(&log, &store, at(MINUTE)), 0);
}

#[test]
fn a_clock_set_back_a_year_neither_ends_nor_grows_it() {
    let (log, store) = (week(), MemoryStore::default());
    let year = 365 * 24 * 60 * MINUTE;
    note(&log, "1", 0.9, year);
    write(&log, &store, at(year));
    note(&log, "2", 0.9, 0);
    write(&log, &store, at(MINUTE));
    assert_eq!(read(&log, &store, at(MINUTE)), [(0, "2".to_owned())]);
}
