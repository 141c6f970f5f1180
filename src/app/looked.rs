//! The facts that are shown at length, with everyone who speaks of them: asked for where the snapshot has but the first of those.

use std::sync::Arc;

use crate::{
    fact::{Insight, Key},
    text::SafeText,
};

/// What is known of them.
#[derive(Clone, Debug, Default)]
pub struct Looked(Vec<Look>);

/// One that was asked for.
#[derive(Clone, Debug)]
struct Look {
    key: Key,
    /// Of those who were left out in the snapshot when it was asked for; none where it is to be asked for anew.
    digest: Option<u128>,
    /// The answer is to come: until then it is not asked for again, so that no answer overtakes another.
    is_asked: bool,
    told: Option<Arc<Insight>>,
    failed: Option<SafeText>,
}

impl Looked {
    /// These are shown at length; gives back what is to be asked for.
    pub fn show<'a>(&mut self, shown: impl Iterator<Item = &'a Insight> + Clone) -> Vec<Key> {
        self.0.retain(|look| shown.clone().any(|insight| insight.key == look.key && insight.left_out.is_some()));
        let mut keys = Vec::new();
        for (insight, left_out) in shown.filter_map(|insight| Some((insight, insight.left_out?))) {
            let digest = Some(left_out.digest);
            match self.0.iter_mut().find(|look| look.key == insight.key) {
                Some(look) if look.digest == digest || look.is_asked => continue,
                Some(look) => (look.digest, look.is_asked) = (digest, true),
                None => self.0.push(Look { key: insight.key.clone(), digest, is_asked: true, told: None, failed: None }),
            }
            keys.push(insight.key.clone());
        }
        keys
    }

    /// Whoever was asked is gone, or another one is there: what is shown is asked for anew.
    pub fn ask_anew(&mut self) {
        self.0.iter_mut().for_each(|look| (look.digest, look.is_asked) = (None, false));
    }

    /// Takes an answer: the fact, none where nobody speaks of it any more. Says whether anybody waited for it.
    pub fn take(&mut self, key: &Key, found: Result<Option<Arc<Insight>>, String>) -> bool {
        let Some(look) = self.0.iter_mut().find(|look| look.key == *key) else { return false };
        look.is_asked = false;
        (look.told, look.failed) = match found {
            Ok(insight) => (insight, None),
            Err(why) => (None, Some(SafeText::line(&why))),
        };
        true
    }

    fn of(&self, insight: &Insight) -> Option<&Look> {
        self.0.iter().find(|look| look.key == insight.key && insight.left_out.is_some())
    }

    /// The fact with as many of those who speak of it as are known: of another moment than the snapshot, by a blink.
    #[must_use]
    pub fn at_length<'a>(&'a self, insight: &'a Insight) -> &'a Insight {
        self.of(insight).and_then(|look| look.told.as_deref()).unwrap_or(insight)
    }

    /// What is to be said of those who are not: how many they are, and what keeps them. `answered` says whether anybody answers at all.
    #[must_use]
    pub fn missing(&self, insight: &Insight, answered: bool) -> Option<String> {
        let left_out = self.at_length(insight).left_out?;
        let why = match self.of(insight).and_then(|look| look.failed.as_ref()) {
            Some(why) => format!("which cannot be read: {why}"),
            None if answered => "being read".to_owned(),
            None => "which nobody can be asked for".to_owned(),
        };
        Some(format!("and {} more, {why}", left_out.count))
    }
}
