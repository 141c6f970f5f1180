//! A theme file: palette, surfaces and roles for a dark and a light background, checked where they are read.

use std::{collections::BTreeMap, ops::Range};

use ratatui::style::{Color, Modifier};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    color::{Rgb, named},
    role::{Role, Surface},
};

/// What is wrong with a theme file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {message}")]
pub struct ThemeError {
    /// The file's name as it was handed in.
    pub file: String,
    /// One-based.
    pub line: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

/// For which background a part of a theme is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum VariantName {
    /// A dark background.
    Dark,
    /// A light one.
    Light,
    /// Either.
    Any,
}

impl VariantName {
    /// Its name in a theme file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Any => "any",
        }
    }
}

/// A colour as 24 bits and as one of the sixteen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaletteColor {
    /// What is meant.
    pub rgb: Rgb,
    /// What a terminal with sixteen colours shows.
    pub ansi: Color,
}

/// How a role or a surface is painted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paint {
    /// The colour: of the text for a role, of the background for a surface.
    pub color: Option<PaletteColor>,
    /// Bold, italic, underlined, reversed.
    pub modifier: Modifier,
}

/// The paints for one background.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// By [`Role`].
    pub roles: BTreeMap<Role, Paint>,
    /// By [`Surface`].
    pub surfaces: BTreeMap<Surface, Paint>,
}

/// A theme as it was written, complete and without unknown names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThemeFile {
    /// Its name.
    pub name: String,
    /// What it is for, in a sentence.
    pub about: String,
    /// Its variants; at least one.
    pub variants: BTreeMap<VariantName, Variant>,
}

type Table<'a> = DeTable<'a>;
type Palette = BTreeMap<String, PaletteColor>;

impl ThemeFile {
    /// A theme without a look: everything is plain.
    #[must_use]
    pub const fn empty() -> Self {
        Self { name: String::new(), about: String::new(), variants: BTreeMap::new() }
    }

    /// Reads a theme; `file` names it in errors.
    ///
    /// # Errors
    /// [`ThemeError`] for the first thing that is wrong: no TOML, a newer version, an unknown name, a colour that is none, a
    /// role or surface that is missing.
    pub fn parse(file: &str, text: &str) -> Result<Self, ThemeError> {
        Reader { file, text }.theme()
    }
}

/// Reads one file and knows where it is in it.
struct Reader<'a> {
    file: &'a str,
    text: &'a str,
}

impl<'a> Reader<'a> {
    fn error(&self, at: usize, message: impl Into<String>) -> ThemeError {
        let before = self.text.get(..at).unwrap_or(self.text);
        ThemeError { file: self.file.to_owned(), line: before.matches('\n').count() + 1, message: message.into() }
    }

    fn theme(&self) -> Result<ThemeFile, ThemeError> {
        let root = Table::parse(self.text)
            .map_err(|error| self.error(error.span().map_or(0, |span| span.start), first_line(error.message())))?
            .into_inner();
        let mut name = None;
        let mut about = String::new();
        let mut variants = BTreeMap::new();
        for (key, value) in &root {
            match key.get_ref().as_ref() {
                "version" => self.version(value)?,
                "name" => name = Some(self.string(value)?.to_owned()),
                "about" => about = self.string(value)?.to_owned(),
                "dark" => drop(variants.insert(VariantName::Dark, self.variant(value)?)),
                "light" => drop(variants.insert(VariantName::Light, self.variant(value)?)),
                "any" => drop(variants.insert(VariantName::Any, self.variant(value)?)),
                other => return Err(self.unknown(key.span(), other, &["version", "name", "about", "dark", "light", "any"])),
            }
        }
        let name = name.ok_or_else(|| self.error(0, "a theme needs a name: name = \"...\""))?;
        if variants.is_empty() {
            return Err(self.error(0, "a theme needs at least one of [dark], [light], [any]"));
        }
        Ok(ThemeFile { name, about, variants })
    }

    fn version(&self, value: &Spanned<DeValue<'a>>) -> Result<(), ThemeError> {
        match value.get_ref().as_integer().map(ToString::to_string).as_deref() {
            Some("1") => Ok(()),
            Some(other) => Err(self.error(value.span().start, format!("version {other} is not known here; this program reads version 1"))),
            None => Err(self.error(value.span().start, "version is a number: version = 1")),
        }
    }

    fn variant(&self, value: &Spanned<DeValue<'a>>) -> Result<Variant, ThemeError> {
        let table = self.table(value)?;
        let mut palette = Palette::new();
        if let Some((_, colours)) = table.iter().find(|(key, _)| key.get_ref() == "palette") {
            for (key, colour) in self.table(colours)? {
                palette.insert(key.get_ref().to_string(), self.palette_color(colour)?);
            }
        }
        let mut roles = BTreeMap::new();
        let mut surfaces = BTreeMap::new();
        for (key, part) in table {
            match key.get_ref().as_ref() {
                "palette" => {}
                "role" => {
                    let all = Role::ALL.map(|role| (role.name(), role));
                    roles = self.paints(part, &all, "fg", &palette)?;
                }
                "surface" => {
                    let all = Surface::ALL.map(|surface| (surface.name(), surface));
                    surfaces = self.paints(part, &all, "bg", &palette)?;
                }
                other => return Err(self.unknown(key.span(), other, &["palette", "role", "surface"])),
            }
        }
        let at = value.span().start;
        let missing_roles = Role::ALL.iter().filter(|role| !roles.contains_key(role)).map(|role| role.name());
        let missing_surfaces = Surface::ALL.iter().filter(|surface| !surfaces.contains_key(surface)).map(|surface| surface.name());
        let missing: Vec<&str> = missing_roles.chain(missing_surfaces).collect();
        if missing.is_empty() { Ok(Variant { roles, surfaces }) } else { Err(self.error(at, format!("missing: {}", missing.join(", ")))) }
    }

    /// A table of paints, by name.
    fn paints<K: Copy + Ord>(
        &self,
        value: &Spanned<DeValue<'a>>,
        known: &[(&'static str, K)],
        colour_key: &'static str,
        palette: &Palette,
    ) -> Result<BTreeMap<K, Paint>, ThemeError> {
        let mut paints = BTreeMap::new();
        for (key, paint) in self.table(value)? {
            let Some((_, meaning)) = known.iter().find(|(name, _)| name == key.get_ref()) else {
                let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
                return Err(self.unknown(key.span(), key.get_ref(), &names));
            };
            paints.insert(*meaning, self.paint(paint, colour_key, palette)?);
        }
        Ok(paints)
    }

    fn paint(&self, value: &Spanned<DeValue<'a>>, colour_key: &'static str, palette: &Palette) -> Result<Paint, ThemeError> {
        let mut paint = Paint::default();
        for (key, part) in self.table(value)? {
            let modifier = match key.get_ref().as_ref() {
                "bold" => Modifier::BOLD,
                "italic" => Modifier::ITALIC,
                "underline" => Modifier::UNDERLINED,
                "reverse" => Modifier::REVERSED,
                name if name == colour_key => {
                    paint.color = Some(self.colour(part, palette)?);
                    continue;
                }
                other => return Err(self.unknown(key.span(), other, &[colour_key, "bold", "italic", "underline", "reverse"])),
            };
            match part.get_ref().as_bool() {
                Some(true) => paint.modifier |= modifier,
                Some(false) => {}
                None => return Err(self.error(part.span().start, format!("{} is true or false", key.get_ref()))),
            }
        }
        Ok(paint)
    }

    /// A colour by its name in the palette.
    fn colour(&self, value: &Spanned<DeValue<'a>>, palette: &Palette) -> Result<PaletteColor, ThemeError> {
        let name = self.string(value)?;
        palette.get(name).copied().ok_or_else(|| {
            let names: Vec<&str> = palette.keys().map(String::as_str).collect();
            self.unknown(value.span(), name, &names)
        })
    }

    fn palette_color(&self, value: &Spanned<DeValue<'a>>) -> Result<PaletteColor, ThemeError> {
        let mut rgb = None;
        let mut ansi = None;
        for (key, part) in self.table(value)? {
            let at = part.span().start;
            match key.get_ref().as_ref() {
                "rgb" => {
                    let text = self.string(part)?;
                    rgb = Some(Rgb::parse(text).ok_or_else(|| self.error(at, format!("{text:?} is no colour; write it as \"#rrggbb\"")))?);
                }
                "ansi" => {
                    let text = self.string(part)?;
                    let help = "one of default black red green yellow blue magenta cyan white, or bright- before one of them";
                    ansi = Some(named(text).ok_or_else(|| self.error(at, format!("{text:?} is none of the sixteen colours: {help}")))?);
                }
                other => return Err(self.unknown(key.span(), other, &["rgb", "ansi"])),
            }
        }
        match (rgb, ansi) {
            (Some(rgb), Some(ansi)) => Ok(PaletteColor { rgb, ansi }),
            _ => Err(self.error(value.span().start, "a colour needs both: { rgb = \"#rrggbb\", ansi = \"name\" }")),
        }
    }

    fn table<'v>(&self, value: &'v Spanned<DeValue<'a>>) -> Result<&'v Table<'a>, ThemeError> {
        let kind = value.get_ref().type_str();
        value.get_ref().as_table().ok_or_else(|| self.error(value.span().start, format!("a table is needed here, not {kind}")))
    }

    fn string<'v>(&self, value: &'v Spanned<DeValue<'a>>) -> Result<&'v str, ThemeError> {
        let kind = value.get_ref().type_str();
        value.get_ref().as_str().ok_or_else(|| self.error(value.span().start, format!("a text is needed here, not {kind}")))
    }

    /// An unknown name, with the nearest known one.
    fn unknown(&self, at: Range<usize>, name: &str, known: &[&str]) -> ThemeError {
        let nearest = known.iter().max_by(|a, b| strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b)));
        let hint = nearest.map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default();
        self.error(at.start, format!("{name:?} is not known here{hint}"))
    }
}

/// A parser's message without what follows its first line.
fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or("this is no TOML")
}
