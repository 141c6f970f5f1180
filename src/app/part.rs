//! A piece of content without looks: what the canvas, the help, the conflicts and the empty states are made of.
//!
//! A view gives it the looks of a theme; whoever speaks the screen takes its words.

use crate::{fact::Band, text::SafeText, theme::Role};

/// A piece of content.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// An empty line.
    Gap,
    /// Names what follows.
    Heading(SafeText),
    /// A value with what is said of it.
    Value {
        /// The value.
        value: SafeText,
        /// What is said of it.
        says: SafeText,
        /// How far it is believed, 0 to 1.
        score: Option<f64>,
        /// Whether it is the believed one.
        believed: bool,
    },
    /// One of several that can be chosen.
    Choice(Choice),
    /// Signs and words.
    Badges(Vec<Badge>),
    /// A label and a text.
    Pair {
        /// What it is.
        label: SafeText,
        /// What is said.
        text: SafeText,
        /// How the text looks.
        role: Role,
    },
    /// A text.
    Text(SafeText, Role),
    /// The arithmetic.
    Factors {
        /// A line each.
        rows: Vec<FactorLine>,
        /// The score.
        sum: f64,
    },
    /// A series.
    Series {
        /// What it is.
        label: SafeText,
        /// Oldest first.
        series: Vec<Option<f64>>,
        /// What is said of it.
        note: SafeText,
    },
}

/// One of several that can be chosen, by its number or with the arrows.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// From 1.
    pub number: usize,
    /// Tells it from every other one, wherever it stands. Not to be shown.
    pub of: String,
    /// The value, or what else is chosen.
    pub value: SafeText,
    /// What is said of it beside the value.
    pub says: SafeText,
    /// What else is to be said of it to somebody who listens: the lines below it.
    pub below: SafeText,
    /// How far it is believed, 0 to 1.
    pub score: Option<f64>,
    /// Whether it is the believed one.
    pub believed: bool,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// A sign and a word.
#[derive(Clone, Debug, PartialEq)]
pub struct Badge {
    /// One cell, or nothing.
    pub sign: &'static str,
    /// The word.
    pub word: &'static str,
    /// How it looks.
    pub role: Role,
}

impl Choice {
    /// What is said of it besides its name.
    #[must_use]
    pub fn description(&self) -> String {
        let band = self.score.map(|score| format!("{} {score:.2}", Band::of(score))).unwrap_or_default();
        [self.says.as_str(), self.below.as_str(), &band].into_iter().filter(|said| !said.is_empty()).collect::<Vec<_>>().join(", ")
    }
}

/// One line of the arithmetic.
#[derive(Clone, Debug, PartialEq)]
pub struct FactorLine {
    /// What it is called.
    pub name: &'static str,
    /// 0 to 1.
    pub weight: f64,
    /// -1 to 1.
    pub value: f64,
    /// Weight times value.
    pub contribution: f64,
    /// Why.
    pub why: SafeText,
}

impl Part {
    /// A text that is not remote.
    #[must_use]
    pub fn text(text: &str, role: Role) -> Self {
        Self::Text(SafeText::line(text), role)
    }

    /// A heading that is not remote.
    #[must_use]
    pub fn heading(text: &str) -> Self {
        Self::Heading(SafeText::line(text))
    }

    /// The chosen one, where it is one of several.
    #[must_use]
    pub const fn is_chosen(&self) -> bool {
        matches!(self, Self::Choice(Choice { chosen: true, .. }))
    }

    /// What it is, for somebody who listens; empty for what is only there to be looked at.
    #[must_use]
    pub fn spoken(&self) -> String {
        match self {
            Self::Gap => String::new(),
            Self::Heading(text) | Self::Text(text, _) => text.to_string(),
            Self::Value { value, says, score, .. } => {
                let band = score.map(|score| format!(", {} {score:.2}", Band::of(score))).unwrap_or_default();
                if says.is_empty() { format!("{value}{band}") } else { format!("{value}, {says}{band}") }
            }
            Self::Choice(choice) => format!("{}: {}", choice.number, choice.value),
            Self::Badges(badges) => badges.iter().map(|badge| badge.word).collect::<Vec<_>>().join(", "),
            Self::Pair { label, text, .. } => format!("{label}: {text}"),
            Self::Factors { rows, sum } => {
                let lines = rows.iter().map(|row| format!("{} {:.3}, {}", row.name, row.contribution, row.why));
                format!("{}. Sum {sum:.3}", lines.collect::<Vec<_>>().join(". "))
            }
            Self::Series { label, note, .. } => format!("{label}: {note}"),
        }
    }
}
