//! Sequences that begin with `ESC [`: keys, mouse, focus; answers are left out.

use crate::{
    keymap::{Chord, KeyName, Mods},
    term::event::{Mouse, MouseKind, TermEvent},
};

use super::Step;

/// A sequence taken apart.
struct Csi<'a> {
    /// `<`, `=`, `>` or `?` before the numbers.
    private: Option<u8>,
    /// The numbers and their separators.
    params: &'a [u8],
    /// Bytes between the numbers and the end.
    intermediate: bool,
    /// The last byte.
    last: u8,
}

impl Csi<'_> {
    /// A number and the first of its parts after a colon.
    fn param(&self, index: usize) -> (Option<u32>, Option<u32>) {
        let field = self.params.split(|byte| *byte == b';').nth(index).unwrap_or_default();
        let mut parts = field.split(|byte| *byte == b':').map(|part| std::str::from_utf8(part).ok()?.parse().ok());
        (parts.next().flatten(), parts.next().flatten())
    }

    fn number(&self, index: usize) -> u32 {
        self.param(index).0.unwrap_or(0)
    }
}

/// Reads the sequence at the front; `bytes` begins with `ESC [`.
pub(super) fn step(bytes: &[u8]) -> Step {
    let body = bytes.get(2..).unwrap_or_default();
    let Some(at) = body.iter().position(|byte| !matches!(byte, 0x20..=0x3f)) else {
        // Nobody presses this; a sequence this long is noise.
        return if body.len() > super::LONGEST_SEQUENCE { Step::Done(bytes.len(), None) } else { Step::More };
    };
    let last = body.get(at).copied().unwrap_or_default();
    // A control or foreign byte inside: the sequence was cut off, the byte begins something else.
    if !matches!(last, 0x40..=0x7e) {
        return Step::Done(2 + at, None);
    }
    let front = body.get(..at).unwrap_or_default();
    let private = front.first().copied().filter(|byte| matches!(byte, b'<'..=b'?'));
    let numbers = front.get(usize::from(private.is_some())..).unwrap_or_default();
    let params_end = numbers.iter().position(|byte| *byte < 0x30).unwrap_or(numbers.len());
    let (params, rest) = numbers.split_at(params_end);
    let csi = Csi { private, params, intermediate: !rest.is_empty(), last };
    let count = 2 + at + 1;
    // Mouse reports in the oldest form carry three more bytes.
    if last == b'M' && front.is_empty() {
        return if bytes.len() >= count + 3 { Step::Done(count + 3, None) } else { Step::More };
    }
    Step::Done(count, event(&csi))
}

fn event(csi: &Csi<'_>) -> Option<TermEvent> {
    if csi.intermediate {
        return None;
    }
    match (csi.private, csi.last) {
        (Some(b'<'), b'M' | b'm') => mouse(csi),
        (Some(_), _) => None,
        (None, b'I') if csi.params.is_empty() => Some(TermEvent::Focus(true)),
        (None, b'O') if csi.params.is_empty() => Some(TermEvent::Focus(false)),
        (None, b'u') => kitty(csi),
        (None, b'~') if csi.number(0) == 27 => key(csi.param(2).0?, csi.number(1)),
        (None, b'~') => chord(tilde(csi.number(0))?, csi),
        (None, b'Z') => Some(TermEvent::Key(Chord::new(Mods::SHIFT, KeyName::Tab))),
        (None, last) => chord(letter(last)?, csi),
    }
}

/// A key whose modifiers stand in the second number.
fn chord(key: KeyName, csi: &Csi<'_>) -> Option<TermEvent> {
    let (mods, kind) = csi.param(1);
    if kind == Some(3) {
        return None;
    }
    Some(TermEvent::Key(Chord::new(modifiers(mods.unwrap_or(1))?, key)))
}

/// `CSI code ; modifiers : kind u` of the kitty protocol.
fn kitty(csi: &Csi<'_>) -> Option<TermEvent> {
    let (mods, kind) = csi.param(1);
    if kind == Some(3) {
        return None;
    }
    key(csi.param(0).0?, mods.unwrap_or(1))
}

/// A key by its code point.
fn key(code: u32, mods: u32) -> Option<TermEvent> {
    let key = match code {
        27 => KeyName::Esc,
        13 | 57_414 => KeyName::Enter,
        9 => KeyName::Tab,
        8 | 127 => KeyName::Backspace,
        57_376..=57_387 => KeyName::F(u8::try_from(code - 57_376 + 13).ok()?),
        57_399..=57_408 => KeyName::Char(char::from_digit(code - 57_399, 10)?),
        57_409 => KeyName::Char('.'),
        57_410 => KeyName::Char('/'),
        57_411 => KeyName::Char('*'),
        57_412 => KeyName::Char('-'),
        57_413 => KeyName::Char('+'),
        57_415 => KeyName::Char('='),
        57_417 => KeyName::Left,
        57_418 => KeyName::Right,
        57_419 => KeyName::Up,
        57_420 => KeyName::Down,
        57_421 => KeyName::PageUp,
        57_422 => KeyName::PageDown,
        57_423 => KeyName::Home,
        57_424 => KeyName::End,
        57_425 => KeyName::Insert,
        57_426 => KeyName::Delete,
        // The rest of this private range are modifiers, locks and media keys.
        57_344..=63_743 => return None,
        _ => KeyName::Char(char::from_u32(code).filter(|char| !char.is_control())?),
    };
    Some(TermEvent::Key(Chord::new(modifiers(mods)?, key)))
}

/// One more than a sum of 1 shift, 2 alt, 4 ctrl; locks are left out; with super, hyper or meta it is no key of ours.
fn modifiers(number: u32) -> Option<Mods> {
    let bits = number.saturating_sub(1);
    if bits & (8 | 16 | 32) != 0 {
        return None;
    }
    let held = [(1, Mods::SHIFT), (2, Mods::ALT), (4, Mods::CTRL)];
    Some(held.into_iter().filter(|(bit, _)| bits & bit != 0).fold(Mods::NONE, |mods, (_, held)| mods | held))
}

/// The key that this last letter of `CSI` or `SS3` stands for.
pub(super) fn letter(last: u8) -> Option<KeyName> {
    Some(match last {
        b'A' => KeyName::Up,
        b'B' => KeyName::Down,
        b'C' => KeyName::Right,
        b'D' => KeyName::Left,
        b'H' => KeyName::Home,
        b'F' => KeyName::End,
        b'P'..=b'S' => KeyName::F(last - b'P' + 1),
        _ => return None,
    })
}

fn tilde(number: u32) -> Option<KeyName> {
    Some(match number {
        1 | 7 => KeyName::Home,
        2 => KeyName::Insert,
        3 => KeyName::Delete,
        4 | 8 => KeyName::End,
        5 => KeyName::PageUp,
        6 => KeyName::PageDown,
        11..=15 => KeyName::F(u8::try_from(number - 10).ok()?),
        17..=21 => KeyName::F(u8::try_from(number - 11).ok()?),
        23..=26 => KeyName::F(u8::try_from(number - 12).ok()?),
        28 | 29 => KeyName::F(u8::try_from(number - 13).ok()?),
        31..=34 => KeyName::F(u8::try_from(number - 14).ok()?),
        _ => return None,
    })
}

/// `CSI < buttons ; column ; row M` (pressed) or `m` (released).
fn mouse(csi: &Csi<'_>) -> Option<TermEvent> {
    let buttons = csi.number(0);
    let kind = match (buttons & !0b1_1100, csi.last) {
        (0, b'M') => MouseKind::Press,
        (0, _) => MouseKind::Release,
        (32, b'M') => MouseKind::Drag,
        (64, b'M') => MouseKind::ScrollUp,
        (65, b'M') => MouseKind::ScrollDown,
        _ => return None,
    };
    let cell = |index| u16::try_from(csi.number(index).checked_sub(1)?).ok();
    Some(TermEvent::Mouse(Mouse { kind, x: cell(1)?, y: cell(2)? }))
}
