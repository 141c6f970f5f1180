//! The same words as on the screen, for whoever listens to it: the distinctive ones first.

use crate::{
    fact::{Band, right_about},
    text::SafeText,
};

use super::{content, layout::Part, model::Model, words};

/// A row of the list in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpokenRow {
    /// Key and value.
    pub name: String,
    /// States, marks, what is wanted, how often such a value is right.
    pub description: String,
    /// How far it is believed, 0 to 1, in ten-thousandths.
    pub points: Option<u32>,
}

impl Model {
    /// A row of the list in words; none when there is no such row.
    #[must_use]
    pub fn spoken_row(&self, row: usize) -> Option<SpokenRow> {
        let insight = self.list.fact(row)?;
        let mut said = vec![words::words(insight)];
        if let Some(wanted) = &insight.wanted {
            said.push(format!("wanted {}", words::value(wanted, insight)));
        }
        if let Some(confidence) = &insight.confidence {
            said.push(right_about(insight.p_true));
            said.push(Band::of(confidence.score).word().to_owned());
        }
        said.push(words::age_cell(insight, self.now));
        said.retain(|word| !word.is_empty());
        Some(SpokenRow {
            name: SafeText::line(&format!("{} {}", insight.key, words::believed(insight))).to_string(),
            description: said.join(", "),
            points: insight.confidence.as_ref().map(crate::fact::Confidence::points),
        })
    }

    /// The top line in words.
    #[must_use]
    pub fn spoken_header(&self) -> String {
        let left = content::header(self).into_iter().map(|segment| segment.text.to_string());
        left.chain(content::header_right(self).map(|segment| segment.text.to_string())).collect::<Vec<_>>().join(", ")
    }

    /// The line above the hints in words; empty when it says nothing.
    #[must_use]
    pub fn spoken_message(&self) -> String {
        content::standing_message(self).map(|message| message.text.to_string()).unwrap_or_default()
    }

    /// What is said when the screen is too small.
    #[must_use]
    pub fn spoken_too_small(&self) -> String {
        content::small_sentence(self)
    }

    /// How many facts the list shows of how many, and in which order.
    #[must_use]
    pub fn spoken_list(&self) -> String {
        format!("Facts, {}", content::list_info(self))
    }
}

impl Part {
    /// Whether there is anything to be said of it.
    #[must_use]
    pub fn is_spoken(&self) -> bool {
        !self.spoken().is_empty()
    }
}
