//! A key with the modifiers held while it is pressed.

use std::{
    fmt,
    ops::{BitOr, BitOrAssign},
    str::FromStr,
};

/// Modifiers held: any of Ctrl, Alt, Shift.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mods(u8);

impl Mods {
    /// None.
    pub const NONE: Self = Self(0);
    /// Ctrl.
    pub const CTRL: Self = Self(1);
    /// Alt.
    pub const ALT: Self = Self(2);
    /// Shift.
    pub const SHIFT: Self = Self(4);

    /// Whether all of `other` are held.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Without `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl BitOr for Mods {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Mods {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// A key without its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyName {
    /// A character that is typed.
    Char(char),
    /// Enter.
    Enter,
    /// Tab.
    Tab,
    /// Esc.
    Esc,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Insert.
    Insert,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// F1 to F24.
    F(u8),
}

/// Keys with a name of their own in text; the first name of each is the one written.
const NAMES: [(&str, KeyName); 19] = [
    ("Enter", KeyName::Enter),
    ("Return", KeyName::Enter),
    ("Tab", KeyName::Tab),
    ("Esc", KeyName::Esc),
    ("Escape", KeyName::Esc),
    ("Backspace", KeyName::Backspace),
    ("Delete", KeyName::Delete),
    ("Insert", KeyName::Insert),
    ("Up", KeyName::Up),
    ("Down", KeyName::Down),
    ("Left", KeyName::Left),
    ("Right", KeyName::Right),
    ("Home", KeyName::Home),
    ("End", KeyName::End),
    ("PageUp", KeyName::PageUp),
    ("PageDown", KeyName::PageDown),
    ("Space", KeyName::Char(' ')),
    ("Plus", KeyName::Char('+')),
    ("Del", KeyName::Delete),
];

/// What the keyboard of this terminal can tell apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keyboard {
    /// Whether it reports keys unambiguously (kitty protocol or `modifyOtherKeys`).
    pub extras: bool,
}

/// A key with its modifiers, in one form: Shift is part of a typed character, letters with Ctrl are lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Chord {
    mods: Mods,
    key: KeyName,
}

/// Why a text is no chord.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no key; write it like q, ?, Enter, F5, Ctrl+K, Alt+Shift+X or Ctrl+Plus")]
pub struct ChordError(pub String);

impl Chord {
    /// Brings a key and its modifiers to the one form.
    #[must_use]
    pub fn new(mods: Mods, key: KeyName) -> Self {
        let KeyName::Char(char) = key else { return Self { mods, key } };
        if mods.has(Mods::CTRL) {
            return Self { mods, key: KeyName::Char(single(char, char.to_lowercase())) };
        }
        if char == ' ' {
            return Self { mods, key };
        }
        let char = if mods.has(Mods::SHIFT) { single(char, char.to_uppercase()) } else { char };
        Self { mods: mods.without(Mods::SHIFT), key: KeyName::Char(char) }
    }

    /// A key without modifiers.
    #[must_use]
    pub fn plain(key: KeyName) -> Self {
        Self::new(Mods::NONE, key)
    }

    /// The modifiers; Shift only where it is not part of the character.
    #[must_use]
    pub const fn mods(self) -> Mods {
        self.mods
    }

    /// The key.
    #[must_use]
    pub const fn key(self) -> KeyName {
        self.key
    }

    /// The character it types, if it types one.
    #[must_use]
    pub fn typed(self) -> Option<char> {
        match self.key {
            KeyName::Char(char) if self.mods.without(Mods::SHIFT) == Mods::NONE && !char.is_control() => Some(char),
            _ => None,
        }
    }

    /// Whether it is a function key, which acts everywhere.
    #[must_use]
    pub const fn is_function(self) -> bool {
        matches!(self.key, KeyName::F(_))
    }

    /// Whether a terminal without an extended keyboard protocol cannot send it, or sends it as another key.
    #[must_use]
    pub fn needs_extras(self) -> bool {
        let (ctrl, alt, shift) = (self.mods.has(Mods::CTRL), self.mods.has(Mods::ALT), self.mods.has(Mods::SHIFT));
        match self.key {
            // Ctrl+I is Tab, Ctrl+M Enter, Ctrl+H Backspace, Ctrl+[ Esc; of the rest only these have a code of their own.
            KeyName::Char(char) if ctrl => {
                let plain = matches!(char, 'a'..='z' | '\\' | ']' | '^' | '_' | ' ' | '@') && !matches!(char, 'i' | 'm' | 'h');
                !plain || shift || alt
            }
            // Alt+[ and Alt+O begin the codes of other keys.
            KeyName::Char(char) => shift || alt && matches!(char, '[' | 'O' | 'P' | ']' | '_' | '^' | 'X'),
            KeyName::Enter | KeyName::Esc | KeyName::Backspace => ctrl || shift || alt && self.key == KeyName::Esc,
            KeyName::Tab => ctrl || alt,
            _ => false,
        }
    }

    /// Whether it can be pressed on this keyboard.
    #[must_use]
    pub fn works_on(self, keyboard: Keyboard) -> bool {
        keyboard.extras || !self.needs_extras()
    }
}

/// The one character of a case mapping, or the character itself where there are several.
fn single(char: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => char,
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modified = self.mods != Mods::NONE;
        let upper = matches!(self.key, KeyName::Char(char) if modified && !self.mods.has(Mods::CTRL) && char.is_uppercase());
        for (held, name) in
            [(self.mods.has(Mods::CTRL), "Ctrl+"), (self.mods.has(Mods::ALT), "Alt+"), (self.mods.has(Mods::SHIFT) || upper, "Shift+")]
        {
            if held {
                out.write_str(name)?;
            }
        }
        match self.key {
            KeyName::F(number) => write!(out, "F{number}"),
            KeyName::Char(char) if modified && char != ' ' && char != '+' => write!(out, "{}", single(char, char.to_uppercase())),
            KeyName::Char(char) if char != ' ' && (char != '+' || !modified) => write!(out, "{char}"),
            key => out.write_str(NAMES.iter().find(|(_, named)| *named == key).map_or("?", |(name, _)| name)),
        }
    }
}

impl FromStr for Chord {
    type Err = ChordError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ChordError(text.to_owned());
        let mut mods = Mods::NONE;
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('+').filter(|(before, after)| !before.is_empty() && !after.is_empty()) {
            let held = match before.to_ascii_lowercase().as_str() {
                "ctrl" | "control" => Mods::CTRL,
                "alt" | "meta" => Mods::ALT,
                "shift" => Mods::SHIFT,
                _ => return Err(error()),
            };
            if mods.has(held) {
                return Err(error());
            }
            mods |= held;
            rest = after;
        }
        let key = named(rest).or_else(|| function(rest)).or_else(|| character(rest, mods)).ok_or_else(error)?;
        Ok(Self::new(mods, key))
    }
}

fn named(text: &str) -> Option<KeyName> {
    NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, key)| *key)
}

fn function(text: &str) -> Option<KeyName> {
    let number: u8 = text.strip_prefix(['F', 'f'])?.parse().ok()?;
    (1..=24).contains(&number).then_some(KeyName::F(number))
}

/// A single character. With a modifier letters are meant without case: `Alt+X` is Alt and x, `Alt+Shift+X` the capital.
fn character(text: &str, mods: Mods) -> Option<KeyName> {
    let mut chars = text.chars();
    let char = chars.next().filter(|char| !char.is_control())?;
    if chars.next().is_some() {
        return None;
    }
    Some(KeyName::Char(if mods == Mods::NONE { char } else { single(char, char.to_lowercase()) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chord(text: &str) -> Chord {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_written_is_read_back() {
        for text in [
            "q",
            "G",
            "?",
            ":",
            "/",
            "+",
            "1",
            "語",
            "Enter",
            "Tab",
            "Esc",
            "F1",
            "F12",
            "Space",
            "Ctrl+K",
            "Ctrl+Shift+C",
            "Alt+I",
            "Alt+Shift+X",
        ] {
            assert_eq!(chord(text).to_string(), text);
        }
        for text in ["Shift+Tab", "Alt+Enter", "Ctrl+Right", "Ctrl+Alt+A", "Ctrl+Space", "Ctrl+Plus", "Ctrl+PageUp", "Shift+F5"] {
            assert_eq!(chord(text).to_string(), text);
        }
    }

    #[test]
    fn there_is_one_form_for_each_chord() {
        assert_eq!(chord("ctrl+k"), chord("Ctrl+K"));
        assert_eq!(chord("Shift+g"), chord("G"));
        assert_ne!(chord("Alt+x"), chord("Alt+Shift+x"));
        assert_eq!(chord("Control+escape"), chord("Ctrl+Esc"));
        assert_eq!(Chord::new(Mods::SHIFT, KeyName::Char('?')), chord("?"));
        assert_eq!(Chord::new(Mods::CTRL, KeyName::Char('K')), chord("Ctrl+K"));
        assert_eq!(Chord::new(Mods::ALT | Mods::SHIFT, KeyName::Char('x')), chord("Alt+Shift+X"));
    }

    #[test]
    fn what_is_no_chord_is_refused() {
        for text in ["", "Ctrl+", "+Ctrl", "Hyper+K", "Ctrl+Ctrl+K", "F0", "F25", "ab", "Ctrl+ab", "\u{7}"] {
            assert_eq!(text.parse::<Chord>(), Err(ChordError(text.to_owned())), "{text:?}");
        }
    }

    #[test]
    fn keys_a_plain_terminal_cannot_send_are_known() {
        let extras = [
            "Ctrl+I",
            "Ctrl+M",
            "Ctrl+H",
            "Ctrl+[",
            "Ctrl+Enter",
            "Shift+Enter",
            "Ctrl+Shift+C",
            "Ctrl+Alt+A",
            "Ctrl+1",
            "Ctrl+Tab",
            "Alt+[",
        ];
        for text in extras {
            assert!(chord(text).needs_extras(), "{text}");
            assert!(chord(text).works_on(Keyboard { extras: true }) && !chord(text).works_on(Keyboard { extras: false }));
        }
        for text in ["Ctrl+K", "Alt+I", "Alt+Enter", "Shift+Tab", "Tab", "F8", "Ctrl+Right", "q", "?", "Ctrl+Space", "Alt+Backspace"] {
            assert!(!chord(text).needs_extras(), "{text}");
        }
    }

    #[test]
    fn only_plain_characters_are_typed() {
        assert_eq!(chord("a").typed(), Some('a'));
        assert_eq!(chord("Space").typed(), Some(' '));
        assert_eq!(chord("Ctrl+A").typed(), None);
        assert_eq!(chord("Alt+A").typed(), None);
        assert_eq!(chord("Enter").typed(), None);
    }
}
