//! A text field of one line with the keys of readline.

use unicode_segmentation::UnicodeSegmentation;

use crate::keymap::{Chord, KeyName, Mods};

/// The longest text a field takes, in bytes.
const CAP: usize = 4096;
/// Steps that can be undone.
const UNDO: usize = 64;

/// A line that is being typed. The caret stands between grapheme clusters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    text: String,
    caret: usize,
    killed: String,
    undo: Vec<(String, usize)>,
}

impl Field {
    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the caret.
    #[must_use]
    pub fn before_caret(&self) -> &str {
        self.text.get(..self.caret).unwrap_or_default()
    }

    /// Empties it.
    pub fn clear(&mut self) {
        *self = Self { killed: std::mem::take(&mut self.killed), ..Self::default() };
    }

    /// Takes text at the caret: one line of it, without control and bidi characters, up to the cap. Whether all of it was taken.
    pub fn insert(&mut self, text: &str) -> bool {
        let line = text.lines().next().unwrap_or_default();
        let mut clean: String = line.chars().filter(|char| !crate::text::is_hostile(*char)).collect();
        let whole = clean.len() == text.len();
        let room = CAP.saturating_sub(self.text.len());
        let fits = clean.grapheme_indices(true).map(|(at, cluster)| at + cluster.len()).take_while(|end| *end <= room).last();
        let all = fits.unwrap_or(0) == clean.len();
        clean.truncate(fits.unwrap_or(0));
        if !clean.is_empty() {
            self.remember();
            self.text.insert_str(self.caret, &clean);
            self.caret += clean.len();
        }
        whole && all
    }

    /// Handles a key; whether it was one of the field's.
    pub fn key(&mut self, chord: Chord) -> bool {
        if let Some(char) = chord.typed() {
            let mut buffer = [0_u8; 4];
            self.insert(char.encode_utf8(&mut buffer));
            return true;
        }
        let (ctrl, alt) = (chord.mods() == Mods::CTRL, chord.mods() == Mods::ALT);
        let plain = chord.mods() == Mods::NONE;
        match chord.key() {
            KeyName::Left if plain => self.caret = self.previous(),
            KeyName::Right if plain => self.caret = self.next(),
            KeyName::Left if ctrl || alt => self.caret = self.word_before(),
            KeyName::Right if ctrl || alt => self.caret = self.word_after(),
            KeyName::Home => self.caret = 0,
            KeyName::End => self.caret = self.text.len(),
            KeyName::Backspace if plain => self.cut(self.previous(), self.caret, false),
            KeyName::Backspace if ctrl || alt => self.cut(self.word_before(), self.caret, true),
            KeyName::Delete if plain => self.cut(self.caret, self.next(), false),
            KeyName::Char(char) if ctrl => return self.ctrl(char),
            KeyName::Char('b') if alt => self.caret = self.word_before(),
            KeyName::Char('f') if alt => self.caret = self.word_after(),
            KeyName::Char('d') if alt => self.cut(self.caret, self.word_after(), true),
            _ => return false,
        }
        true
    }

    fn ctrl(&mut self, char: char) -> bool {
        match char {
            'a' => self.caret = 0,
            'e' => self.caret = self.text.len(),
            'b' => self.caret = self.previous(),
            'f' => self.caret = self.next(),
            'h' => self.cut(self.previous(), self.caret, false),
            'd' => self.cut(self.caret, self.next(), false),
            'k' => self.cut(self.caret, self.text.len(), true),
            'u' => self.cut(0, self.caret, true),
            'w' => self.cut(self.blank_before(), self.caret, true),
            'y' => {
                let killed = self.killed.clone();
                self.insert(&killed);
            }
            'z' | '_' => self.take_back(),
            _ => return false,
        }
        true
    }

    fn remember(&mut self) {
        if self.undo.len() == UNDO {
            self.undo.remove(0);
        }
        self.undo.push((self.text.clone(), self.caret));
    }

    fn take_back(&mut self) {
        if let Some((text, caret)) = self.undo.pop() {
            self.text = text;
            self.caret = caret;
        }
    }

    /// Takes a part out; `kept` puts it where Ctrl+Y finds it.
    fn cut(&mut self, from: usize, to: usize, kept: bool) {
        let Some(part) = self.text.get(from..to).filter(|part| !part.is_empty()).map(str::to_owned) else { return };
        self.remember();
        self.text.replace_range(from..to, "");
        self.caret = from;
        if kept {
            self.killed = part;
        }
    }

    fn previous(&self) -> usize {
        self.before_caret().grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn next(&self) -> usize {
        let after = self.text.get(self.caret..).unwrap_or_default();
        self.caret + after.graphemes(true).next().map_or(0, str::len)
    }

    fn word_before(&self) -> usize {
        let mut words = self.before_caret().unicode_word_indices();
        words.next_back().map_or(0, |(at, _)| at)
    }

    fn word_after(&self) -> usize {
        let after = self.text.get(self.caret..).unwrap_or_default();
        after.unicode_word_indices().next().map_or(self.text.len(), |(at, word)| self.caret + at + word.len())
    }

    fn blank_before(&self) -> usize {
        let before = self.before_caret().trim_end();
        before
            .rfind(char::is_whitespace)
            .map_or(0, |at| at + before.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &str) -> Field {
        let mut field = Field::default();
        for key in keys.split(' ') {
            field.key(key.parse().unwrap());
        }
        field
    }

    #[test]
    fn readline_keys_edit() {
        let cases = [
            ("a b c", "abc", 3),
            ("a b c Ctrl+A x", "xabc", 1),
            ("a b Left Left Ctrl+E c", "abc", 3),
            ("a b c Backspace", "ab", 2),
            ("a b c Home Delete", "bc", 0),
            ("a Space b Ctrl+W", "a ", 2),
            ("a / b Alt+Backspace", "a/", 2),
            ("a b c Ctrl+U", "", 0),
            ("a b c Ctrl+U Ctrl+Y Ctrl+Y", "abcabc", 6),
            ("a b c Left Ctrl+K", "ab", 2),
            ("a b Ctrl+U Ctrl+Z", "ab", 2),
            ("a / b Alt+B x", "a/xb", 3),
            ("a / b Home Alt+F", "a/b", 1),
            ("Backspace Delete Left Right Ctrl+W Ctrl+Z", "", 0),
        ];
        for (keys, text, caret) in cases {
            let field = typed(keys);
            assert_eq!((field.text(), field.caret), (text, caret), "{keys}");
        }
    }

    #[test]
    fn clusters_are_never_taken_apart() {
        let mut field = Field::default();
        assert!(field.insert("語👩‍👩‍👧e\u{301}"));
        for left in ["語👩‍👩‍👧", "語", ""] {
            field.key("Backspace".parse().unwrap());
            assert_eq!(field.text(), left);
        }
    }

    #[test]
    fn hostile_and_endless_text_is_cut_and_said() {
        let mut field = Field::default();
        assert!(!field.insert("a\u{1b}[2Jb\u{202e}c\nrest"));
        assert_eq!(field.text(), "a[2Jbc");
        assert!(!field.insert(&"x".repeat(1 << 20)));
        assert_eq!(field.text().len(), CAP);
        assert!(!field.insert("y"));
    }

    #[test]
    fn keys_that_are_not_the_fields_are_left() {
        for key in ["Enter", "Esc", "Tab", "Up", "Ctrl+Q", "Alt+X", "F1"] {
            assert!(!Field::default().key(key.parse().unwrap()), "{key}");
        }
    }
}
