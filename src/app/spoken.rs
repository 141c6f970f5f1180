//! The same words as on the screen, for whoever listens to it: the distinctive ones first.

use crate::{
    fact::{Band, right_about},
    text::SafeText,
    theme::Role,
};

use super::{
    content,
    layout::Part,
    model::{EngineLife, Focus, Layer, Model},
    words,
};

/// A row of the list in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpokenRow {
    /// Key and value.
    pub name: String,
    /// States, marks, what is wanted, how often such a value is right.
    pub description: String,
}

/// Something that is told once, when it is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpokenNews {
    /// Tells it from every other news; the same while it stays the same news.
    pub about: String,
    /// What is said.
    pub text: String,
    /// Whether it may interrupt.
    pub urgent: bool,
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
        if let Some(pending) = &insight.pending {
            said.push(format!("on its way {}", words::value(&pending.value, insight)));
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
        })
    }

    /// A row of the queue in words; none when there is no such row.
    #[must_use]
    pub fn spoken_change(&self, row: usize) -> Option<SpokenRow> {
        content::change_row(self, row).map(|row| SpokenRow { name: row.what.to_string(), description: row.spoken() })
    }

    /// What the prompt has to say besides what is typed.
    #[must_use]
    pub fn spoken_prompt(&self) -> String {
        content::prompt_says(self)
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
        // What a prompt has to say is told with its field.
        let told = self.shared.message.is_none() && self.focus() == Focus::Layer(Layer::Prompt);
        content::standing_message(self).filter(|_| !told).map(|message| message.text.to_string()).unwrap_or_default()
    }

    /// What is news in that line: what was said last, else what is wrong. No age is in it, so that it stays the same while it lasts.
    #[must_use]
    pub fn spoken_news(&self) -> Option<SpokenNews> {
        let shared = &self.shared;
        let news = |about: String, text: String, urgent| Some(SpokenNews { about, text, urgent });
        if let Some(message) = &shared.message {
            return news(format!("said {}", shared.said), message.text.to_string(), message.role == Role::Error);
        }
        if let EngineLife::Dead(why) = &shared.engine {
            return news("engine".to_owned(), format!("The engine stopped: {why}"), true);
        }
        let failing = shared.snapshot.failing();
        let (source, since) = failing.first()?;
        let text = SafeText::line(&format!("{} does not answer", source.source));
        news(format!("source {} {}", source.source, since.as_millis()), text.to_string(), false)
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
