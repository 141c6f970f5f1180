//! A text field of one line: a `TextArea` that is asked with the keys of readline.
//!
//! The area holds the text, the caret, what was cut and what can be undone. Which key means what, what may be typed and where a
//! character ends as a person sees it is decided here: the area's own keys are those of Emacs with exceptions (Ctrl+U takes back,
//! Ctrl+J cuts), and it steps by code points.

use tui_textarea::{CursorMove, TextArea};
use unicode_segmentation::UnicodeSegmentation;

use crate::{
    keymap::{Chord, KeyName, Mods},
    text::width,
};

/// What of a field shows in so many cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The first byte of its text that shows: the field scrolls so that the caret always does.
    pub start: usize,
    /// Cells from there to the caret.
    pub caret: u16,
}

/// The longest text a field takes, in bytes.
const CAP: usize = 4096;
/// Steps that can be undone.
const UNDO: usize = 64;

/// A line that is being typed. The caret stands between grapheme clusters.
#[derive(Clone, Debug)]
pub struct Field {
    area: TextArea<'static>,
}

impl Default for Field {
    fn default() -> Self {
        let mut area = TextArea::default();
        area.set_max_histories(UNDO);
        Self { area }
    }
}

impl Field {
    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        self.area.lines().first().map_or("", String::as_str)
    }

    /// What stands before the caret.
    #[must_use]
    pub fn before_caret(&self) -> &str {
        self.text().get(..self.caret()).unwrap_or_default()
    }

    /// What of it shows in `cells` cells, the last of which is the caret's.
    #[must_use]
    pub fn shown(&self, cells: u16) -> Shown {
        let room = usize::from(cells.saturating_sub(1));
        let before = self.before_caret();
        let (mut start, mut caret) = (0, width(before));
        for (at, cluster) in before.grapheme_indices(true) {
            if caret <= room {
                break;
            }
            caret -= width(cluster);
            start = at + cluster.len();
        }
        Shown { start, caret: u16::try_from(caret).unwrap_or(u16::MAX) }
    }

    /// Empties it; what was cut stays where Ctrl+Y finds it.
    pub fn clear(&mut self) {
        let held = self.area.yank_text();
        *self = Self::default();
        self.area.set_yank_text(held);
    }

    /// Takes text at the caret: one line of it, without control and bidi characters, up to the cap. Whether all of it was taken.
    pub fn insert(&mut self, text: &str) -> bool {
        let line = text.lines().next().unwrap_or_default();
        let mut clean: String = line.chars().filter(|char| !crate::text::is_hostile(*char)).collect();
        let whole = clean.len() == text.len();
        let room = CAP.saturating_sub(self.text().len());
        let fits = clean.grapheme_indices(true).map(|(at, cluster)| at + cluster.len()).take_while(|end| *end <= room).last();
        let all = fits.unwrap_or(0) == clean.len();
        clean.truncate(fits.unwrap_or(0));
        self.area.insert_str(clean);
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
            KeyName::Left if plain => self.jump(self.previous()),
            KeyName::Right if plain => self.jump(self.next()),
            KeyName::Left if ctrl || alt => self.jump(self.word_before()),
            KeyName::Right if ctrl || alt => self.jump(self.word_after()),
            KeyName::Home => self.area.move_cursor(CursorMove::Head),
            KeyName::End => self.area.move_cursor(CursorMove::End),
            KeyName::Backspace if plain => self.delete(self.previous(), self.caret()),
            KeyName::Backspace if ctrl || alt => self.cut(self.word_before(), self.caret()),
            KeyName::Delete if plain => self.delete(self.caret(), self.next()),
            KeyName::Char(char) if ctrl => return self.ctrl(char),
            KeyName::Char('b') if alt => self.jump(self.word_before()),
            KeyName::Char('f') if alt => self.jump(self.word_after()),
            KeyName::Char('d') if alt => self.cut(self.caret(), self.word_after()),
            _ => return false,
        }
        true
    }

    fn ctrl(&mut self, char: char) -> bool {
        match char {
            'a' => self.area.move_cursor(CursorMove::Head),
            'e' => self.area.move_cursor(CursorMove::End),
            'b' => self.jump(self.previous()),
            'f' => self.jump(self.next()),
            'h' => self.delete(self.previous(), self.caret()),
            'd' => self.delete(self.caret(), self.next()),
            'k' => drop(self.area.delete_line_by_end()),
            'u' => drop(self.area.delete_line_by_head()),
            'w' => self.cut(self.blank_before(), self.caret()),
            'y' => drop(self.insert(&self.area.yank_text())),
            'z' | '_' => drop(self.area.undo()),
            _ => return false,
        }
        true
    }

    /// The caret in bytes; the area counts characters.
    fn caret(&self) -> usize {
        let characters = self.area.cursor().1;
        self.text().char_indices().nth(characters).map_or(self.text().len(), |(at, _)| at)
    }

    fn jump(&mut self, to: usize) {
        let characters = self.text().get(..to).unwrap_or_default().chars().count();
        self.area.move_cursor(CursorMove::Jump(0, u16::try_from(characters).unwrap_or(u16::MAX)));
    }

    /// Takes a part out and puts it where Ctrl+Y finds it.
    fn cut(&mut self, from: usize, to: usize) {
        let characters = self.text().get(from..to).unwrap_or_default().chars().count();
        if characters > 0 {
            self.jump(from);
            self.area.delete_str(characters);
        }
    }

    /// Takes a part out and forgets it.
    fn delete(&mut self, from: usize, to: usize) {
        let held = self.area.yank_text();
        self.cut(from, to);
        self.area.set_yank_text(held);
    }

    fn previous(&self) -> usize {
        self.before_caret().grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn next(&self) -> usize {
        let caret = self.caret();
        caret + self.text().get(caret..).unwrap_or_default().graphemes(true).next().map_or(0, str::len)
    }

    fn word_before(&self) -> usize {
        let mut words = self.before_caret().unicode_word_indices();
        words.next_back().map_or(0, |(at, _)| at)
    }

    fn word_after(&self) -> usize {
        let caret = self.caret();
        let after = self.text().get(caret..).unwrap_or_default();
        after.unicode_word_indices().next().map_or(self.text().len(), |(at, word)| caret + at + word.len())
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
            assert_eq!((field.text(), field.caret()), (text, caret), "{keys}");
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

    /// What a field is, written down plainly: a text, a caret, what was cut.
    #[derive(Default)]
    struct Plain {
        text: String,
        caret: usize,
        cut: String,
    }

    impl Plain {
        fn ends(&self) -> Vec<usize> {
            std::iter::once(0).chain(self.text.grapheme_indices(true).map(|(at, cluster)| at + cluster.len())).collect()
        }

        fn take(&mut self, from: usize, to: usize, kept: bool) {
            let part: String = self.text.drain(from..to).collect();
            self.caret = from;
            if kept && !part.is_empty() {
                self.cut = part;
            }
        }

        fn key(&mut self, key: &str) {
            let before = self.ends().into_iter().rfind(|end| *end < self.caret).unwrap_or(0);
            let after = self.ends().into_iter().find(|end| *end > self.caret).unwrap_or(self.text.len());
            match key {
                "Left" => self.caret = before,
                "Right" => self.caret = after,
                "Ctrl+A" => self.caret = 0,
                "Ctrl+E" => self.caret = self.text.len(),
                "Backspace" => self.take(before, self.caret, false),
                "Delete" => self.take(self.caret, after, false),
                "Ctrl+U" => self.take(0, self.caret, true),
                "Ctrl+K" => self.take(self.caret, self.text.len(), true),
                "Ctrl+Y" => {
                    self.text.insert_str(self.caret, &self.cut);
                    self.caret += self.cut.len();
                }
                typed => {
                    self.text.insert_str(self.caret, typed);
                    self.caret += typed.len();
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_keys_do_what_readline_does_with_them_and_all_of_it_can_be_taken_back(
            keys in proptest::collection::vec(
                proptest::sample::select(vec![
                    "a", "語", "ב", "Left", "Right", "Ctrl+A", "Ctrl+E", "Backspace", "Delete", "Ctrl+U", "Ctrl+K", "Ctrl+Y",
                ]),
                0..40,
            ),
        ) {
            let (mut field, mut plain) = (Field::default(), Plain::default());
            for key in &keys {
                field.key(key.parse().unwrap());
                plain.key(key);
                proptest::prop_assert_eq!((field.text(), field.caret(), field.area.yank_text()), (plain.text.as_str(), plain.caret, plain.cut.clone()));
                proptest::prop_assert!(field.area.lines().len() == 1);
            }
            for _ in &keys {
                field.key("Ctrl+Z".parse().unwrap());
            }
            proptest::prop_assert_eq!(field.text(), "");
        }
    }

    #[test]
    fn what_shows_ends_with_the_caret_and_takes_no_wide_character_apart() {
        let mut field = Field::default();
        field.insert("語語語語");
        for (cells, start, caret) in [(20, 0, 8), (9, 0, 8), (8, 3, 6), (7, 3, 6), (6, 6, 4), (1, 12, 0), (0, 12, 0)] {
            assert_eq!(field.shown(cells), Shown { start, caret }, "{cells} cells");
        }
        field.key("Home".parse().unwrap());
        assert_eq!(field.shown(3), Shown { start: 0, caret: 0 });
    }

    #[test]
    fn a_copy_goes_its_own_way() {
        let mut field = typed("a b");
        let copy = field.clone();
        field.key("Backspace".parse().unwrap());
        assert_eq!((field.text(), copy.text()), ("a", "ab"));
    }

    #[test]
    fn what_was_cut_outlives_the_text() {
        let mut field = typed("a b Ctrl+U");
        field.clear();
        field.key("Ctrl+Y".parse().unwrap());
        assert_eq!(field.text(), "ab");
        field.clear();
        field.key("Ctrl+Z".parse().unwrap());
        assert_eq!(field.text(), "", "another text is another field: nothing of the old one comes back");
    }
}
