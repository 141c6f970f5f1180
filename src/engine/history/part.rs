//! A part of an hour of history, as stored: a version byte, then postcard. Names stand once, whatever their number of notes.

use serde::{Deserialize, Serialize};

use super::sample::Believed;
use crate::fact::{Key, Timestamp, Value};

const VERSION: u8 = 1;
/// A part that is this long takes no more; sealed it is still one record on disk.
const FULL: usize = 48 * 1024;
/// Milliseconds of an hour.
pub const HOUR: i64 = 3_600_000;

/// Notes of some keys within one hour.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Hours since 1970.
    pub hour: i64,
    keys: Vec<String>,
    notes: Vec<Note>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Note {
    key: u32,
    /// Milliseconds since the hour began; a note may come a little before.
    at: i64,
    value: Option<String>,
    too_long: bool,
    confidence: Option<u16>,
}

impl Part {
    /// Nothing of this hour yet.
    pub fn new(hour: i64) -> Self {
        Self { hour, ..Self::default() }
    }

    /// Takes a note.
    pub fn push(&mut self, key: &Key, believed: &Believed) {
        let text = key.as_str();
        let at = self.keys.iter().position(|known| known == text).unwrap_or_else(|| {
            self.keys.push(text.to_owned());
            self.keys.len() - 1
        });
        self.notes.push(Note {
            key: u32::try_from(at).unwrap_or(u32::MAX),
            at: believed.at.as_millis() - self.hour * HOUR,
            value: believed.value.as_ref().map(|value| value.as_json_text().to_owned()),
            too_long: believed.too_long,
            confidence: believed.units(),
        });
    }

    /// Every note of `key`, in the order they came.
    pub fn of<'a>(&'a self, key: &Key) -> impl Iterator<Item = Believed> + 'a {
        let at = self.keys.iter().position(|known| known == key.as_str()).and_then(|at| u32::try_from(at).ok());
        self.notes.iter().filter(move |note| Some(note.key) == at).map(|note| {
            let at = Timestamp::from_millis(self.hour * HOUR + note.at);
            Believed::from_units(at, note.value.as_deref().map(Value::from_trusted_text), note.too_long, note.confidence)
        })
    }

    /// Whether the next note belongs into another part, given how long this one is as stored.
    pub const fn is_full(stored: usize) -> bool {
        stored >= FULL
    }

    /// As stored.
    pub fn encode(&self) -> Vec<u8> {
        // Plain structs of numbers and text into a growing vector: postcard has no way to fail. An empty one would not decode.
        postcard::to_extend(self, vec![VERSION]).unwrap_or_default()
    }

    /// From what was stored; none for another version, for what was blanked and for what is damaged.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        let (part, after) = postcard::take_from_bytes::<Self>(rest).ok()?;
        (*version == VERSION && after.is_empty()).then_some(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden() {
        let mut part = Part::new(2);
        let at = |millis| Timestamp::from_millis(2 * HOUR + millis);
        part.push(&Key::new("a/b").unwrap(), &Believed::from_units(at(5), Some(Value::parse("12").unwrap()), false, Some(300)));
        part.push(&Key::new("a/b").unwrap(), &Believed::from_units(at(-1), None, true, None));
        let expected = [1, 4, 1, 3, b'a', b'/', b'b', 2, 0, 10, 1, 2, b'1', b'2', 0, 1, 0xAC, 2, 0, 1, 0, 1, 0];
        assert_eq!(part.encode(), expected);
        assert_eq!(Part::decode(&expected), Some(part));
        assert_eq!(Part::decode(&[]), None);
        assert_eq!(Part::decode(&[&expected[..], &[0]].concat()), None);
        assert_eq!(Part::decode(&[&[2], &expected[1..]].concat()), None);
    }
}
