//! Reading the Flight set: latin-1, tab-separated, one line for each source and flight.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fs, io,
    path::Path,
};

use stellar::fact::{Key, SourceId, Value};

/// The sites the truth was taken from: they do not compete.
const TRUTHS_OWN: [&str; 3] = ["aa", "ua", "CO"];
/// The columns, by what they are called in a key; gates are texts, all others times.
const FIELDS: [&str; 6] =
    ["scheduled_departure", "actual_departure", "departure_gate", "scheduled_arrival", "actual_arrival", "arrival_gate"];

/// One flight and field of a day: what each source says, and what is true.
pub struct Item {
    pub key: Key,
    pub claims: Vec<(SourceId, Value)>,
    pub truth: Value,
}

/// All items of a day whose truth is known.
pub struct Day {
    pub items: Vec<Item>,
}

/// Whether a key holds a time, in minutes.
pub fn is_time(key: &Key) -> bool {
    !key.last_segment().ends_with("_gate")
}

/// How many sources speak on any day.
pub fn sources(days: &[Day]) -> usize {
    let claims = days.iter().flat_map(|day| &day.items).flat_map(|item| &item.claims);
    claims.map(|(source, _)| source).collect::<BTreeSet<_>>().len()
}

/// Reads all days in order.
pub fn read(directory: &Path) -> Result<Vec<Day>, Box<dyn Error>> {
    let mut names: Vec<_> =
        fs::read_dir(directory.join("claims"))?.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<_>>()?;
    names.sort();
    names.iter().map(|name| day(&directory.join("claims").join(name), &directory.join("truth").join(name))).collect()
}

fn day(claims: &Path, truth: &Path) -> Result<Day, Box<dyn Error>> {
    let mut items: BTreeMap<String, Item> = BTreeMap::new();
    for line in lines(truth)? {
        let Some((flight, columns)) = line.split_first() else { continue };
        for (field, text) in FIELDS.iter().zip(columns) {
            if let Some(truth) = value(field, text)? {
                let name = format!("flight/{flight}/{field}");
                items.insert(name.clone(), Item { key: Key::new(&name)?, claims: Vec::new(), truth });
            }
        }
    }
    for line in lines(claims)? {
        let [source, flight, columns @ ..] = line.as_slice() else { continue };
        if TRUTHS_OWN.contains(&source.as_str()) {
            continue;
        }
        let source = SourceId::new(source)?;
        for (field, text) in FIELDS.iter().zip(columns) {
            if let (Some(value), Some(item)) = (value(field, text)?, items.get_mut(&format!("flight/{flight}/{field}"))) {
                item.claims.push((source.clone(), value));
            }
        }
    }
    Ok(Day { items: items.into_values().filter(|item| !item.claims.is_empty()).collect() })
}

fn lines(path: &Path) -> io::Result<Vec<Vec<String>>> {
    let text: String = fs::read(path)?.into_iter().map(char::from).collect();
    let columns = |line: &str| line.split('\t').map(|column| column.trim().to_owned()).collect::<Vec<_>>();
    Ok(text.lines().map(columns).filter(|columns| columns.first().is_some_and(|first| !first.is_empty())).collect())
}

fn value(field: &str, text: &str) -> Result<Option<Value>, Box<dyn Error>> {
    if field.ends_with("_gate") {
        let gate = gate(text);
        return Ok((!gate.is_empty()).then(|| Value::string(&gate)));
    }
    Ok(minutes(text).map(|minutes| Value::number(f64::from(minutes))).transpose()?)
}

/// A gate without the words around it.
fn gate(text: &str) -> String {
    let upper = text.to_uppercase();
    let words = upper.split_whitespace().filter(|word| !["TERMINAL", "TERM", "GATE", "CONC", "MAIN"].contains(word));
    words.collect::<Vec<_>>().join(" ").trim_matches([' ', '-']).to_owned()
}

/// The first time of day in a text, in minutes: `6:46 PM, Dec 07`, `2011-12-07 02:35PM EST`, `11:46aDec 7`.
fn minutes(text: &str) -> Option<u32> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).filter(|byte| byte.is_ascii_digit()).map(|byte| u32::from(byte - b'0'));
    let colon = (1..bytes.len())
        .find(|at| bytes.get(*at) == Some(&b':') && digit(at - 1).is_some() && digit(at + 1).is_some() && digit(at + 2).is_some())?;
    let tens = if colon >= 2 { digit(colon - 2).unwrap_or(0) } else { 0 };
    let (mut hour, minute) = (tens * 10 + digit(colon - 1)?, digit(colon + 1)? * 10 + digit(colon + 2)?);
    match text.get(colon + 3..).unwrap_or("").trim_start().bytes().next().map(|byte| byte.to_ascii_lowercase()) {
        Some(b'a') => hour %= 12,
        Some(b'p') => hour = hour % 12 + 12,
        _ => {}
    }
    Some((hour * 60 + minute) % 1_440)
}
