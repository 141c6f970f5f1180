//! Pieces of content as the blocks of a widget.

use stellar_widgets::{Block, FactorRow};

use crate::{
    app::part::{FactorLine, Part},
    theme::Theme,
};

/// A piece as a widget draws it.
#[must_use]
pub fn block<'p>(part: &'p Part, theme: &Theme) -> Block<'p> {
    match part {
        Part::Gap => Block::Gap,
        Part::Heading(text) => Block::Heading(text.as_str().into()),
        Part::Value { value, says, score, believed } => {
            Block::Value { value: value.as_str().into(), says: says.as_str().into(), score: *score, believed: *believed }
        }
        Part::Choice(choice) => Block::Value {
            // Two cells are left to the sign of what is chosen.
            value: format!("  {}  {}", choice.number, choice.value).into(),
            says: choice.says.as_str().into(),
            score: choice.score,
            believed: choice.believed,
        },
        Part::Badges(badges) => {
            Block::Badges(badges.iter().map(|badge| (badge.sign.into(), badge.word.into(), theme.role(badge.role))).collect())
        }
        Part::Pair { label, text, role } => {
            Block::Pair { label: label.as_str().into(), text: text.as_str().into(), style: theme.role(*role) }
        }
        Part::Text(text, role) => Block::Text(text.as_str().into(), theme.role(*role)),
        Part::Factors { rows, sum } => Block::Factors { rows: rows.iter().map(row).collect(), sum: *sum },
        Part::Series { label, series, note } => {
            // Confidence on its own scale: what moved by a thousandth is not drawn as a rise.
            let bounds = Some((0.0, 1.0));
            Block::Series { label: label.as_str().into(), series: series.clone(), bounds, note: note.as_str().into() }
        }
    }
}

fn row(line: &FactorLine) -> FactorRow<'_> {
    FactorRow {
        name: line.name.into(),
        weight: line.weight,
        value: line.value,
        contribution: line.contribution,
        why: line.why.as_str().into(),
    }
}
