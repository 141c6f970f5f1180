//! Colours: written as `#rrggbb`, measured by WCAG 2.2, brought down to what a terminal can show.

use std::fmt;

use ratatui::style::Color;

/// How many colours a terminal shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ColorDepth {
    /// None, or none are wanted (`NO_COLOR`).
    None,
    /// The sixteen named ones.
    Ansi16,
    /// The palette of 256.
    Ansi256,
    /// 24 bits.
    #[default]
    True,
}

impl ColorDepth {
    /// The colours of a terminal by its environment: `NO_COLOR`, `COLORTERM` and `TERM`, handed in.
    #[must_use]
    pub fn of_environment(no_color: Option<&str>, colorterm: Option<&str>, term: Option<&str>) -> Self {
        let term = term.unwrap_or_default();
        if no_color.is_some_and(|value| !value.is_empty()) || term.is_empty() || term == "dumb" || term.ends_with("-m") || term == "vt100" {
            Self::None
        } else if matches!(colorterm, Some("truecolor" | "24bit"))
            || term.contains("direct")
            || term.contains("kitty")
            || term.contains("ghostty")
        {
            Self::True
        } else if term.contains("256") {
            Self::Ansi256
        } else {
            Self::Ansi16
        }
    }
}

/// A colour in sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl Rgb {
    /// Reads `#rrggbb`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        let number = u32::from_str_radix(digits, 16).ok()?;
        let [_, red, green, blue] = number.to_be_bytes();
        Some(Self(red, green, blue))
    }

    /// Relative luminance, 0 to 1 (WCAG 2.2, "relative luminance").
    #[must_use]
    pub fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let part = f64::from(channel) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// The nearest of the 240 fixed colours of the palette of 256: a cube of 6 x 6 x 6 and a ramp of 24 greys.
    #[must_use]
    pub fn to_256(self) -> u8 {
        const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
        let mut best = (u32::MAX, 16_u8);
        let mut offer = |index: u8, colour: Self| {
            let far = self.distance(colour);
            if far < best.0 {
                best = (far, index);
            }
        };
        let mut index = 16_u8;
        for red in LEVELS {
            for green in LEVELS {
                for blue in LEVELS {
                    offer(index, Self(red, green, blue));
                    index = index.saturating_add(1);
                }
            }
        }
        for step in 0..24_u8 {
            let grey = 8 + step * 10;
            offer(232 + step, Self(grey, grey, grey));
        }
        best.1
    }

    /// Squared distance in the cube.
    fn distance(self, other: Self) -> u32 {
        let part = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
        part(self.0, other.0) + part(self.1, other.1) + part(self.2, other.2)
    }
}

impl fmt::Display for Rgb {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// Contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio").
#[must_use]
pub fn contrast_ratio(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (one.luminance(), other.luminance());
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The sixteen colours by name, and `default` for the terminal's own.
pub(super) fn named(name: &str) -> Option<Color> {
    Some(match name {
        "default" => Color::Reset,
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "white" => Color::Gray,
        "bright-black" => Color::DarkGray,
        "bright-red" => Color::LightRed,
        "bright-green" => Color::LightGreen,
        "bright-yellow" => Color::LightYellow,
        "bright-blue" => Color::LightBlue,
        "bright-magenta" => Color::LightMagenta,
        "bright-cyan" => Color::LightCyan,
        "bright-white" => Color::White,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_agrees_with_the_published_examples() {
        let black = Rgb(0, 0, 0);
        let white = Rgb(255, 255, 255);
        assert!((contrast_ratio(black, white) - 21.0).abs() < 1e-9);
        assert!((contrast_ratio(white, white) - 1.0).abs() < 1e-9);
        let grey = contrast_ratio(Rgb(0x76, 0x76, 0x76), white);
        assert!((4.5..4.6).contains(&grey), "#767676 on white is the known limit of AA, got {grey}");
        let red = contrast_ratio(Rgb(255, 0, 0), white);
        assert!((red - 3.998).abs() < 0.01, "{red}");
    }

    #[test]
    fn only_six_hex_digits_are_a_colour() {
        assert_eq!(Rgb::parse("#0a1B2c"), Some(Rgb(10, 27, 44)));
        for bad in ["", "#", "0a1b2c", "#fff", "#0a1b2cc", "#0a1b2g", "#+a1b2c"] {
            assert_eq!(Rgb::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_palette_of_256_keeps_what_it_has_exactly() {
        assert_eq!(Rgb(0, 0, 0).to_256(), 16);
        assert_eq!(Rgb(255, 255, 255).to_256(), 231);
        assert_eq!(Rgb(95, 135, 175).to_256(), 67);
        assert_eq!(Rgb(8, 8, 8).to_256(), 232);
    }

    #[test]
    fn the_environment_says_how_many_colours() {
        let cases = [
            ((Some("1"), Some("truecolor"), Some("xterm-256color")), ColorDepth::None),
            ((Some(""), Some("truecolor"), Some("xterm-256color")), ColorDepth::True),
            ((None, None, Some("xterm-256color")), ColorDepth::Ansi256),
            ((None, None, Some("xterm")), ColorDepth::Ansi16),
            ((None, None, Some("linux")), ColorDepth::Ansi16),
            ((None, None, Some("dumb")), ColorDepth::None),
            ((None, Some("24bit"), None), ColorDepth::None),
            ((None, None, Some("xterm-kitty")), ColorDepth::True),
        ];
        for ((no_color, colorterm, term), wanted) in cases {
            assert_eq!(ColorDepth::of_environment(no_color, colorterm, term), wanted, "{no_color:?} {colorterm:?} {term:?}");
        }
    }
}
