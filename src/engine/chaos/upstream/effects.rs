//! What every change came to, counted where it was carried out: by the key it was sent with, so that "applied twice" can be seen.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::message::Reply;

/// How many keys are counted at the most.
const MOST_KEYS: usize = 200_000;

/// What requests with one `Idempotency-Key` on one route came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// Requests that arrived.
    pub asked: u64,
    /// How often something changed because of them.
    pub applied: u64,
    /// Answered with what was answered before, without doing it again.
    pub replayed: u64,
    /// Answered with a status of 400 or more.
    pub refused: u64,
    /// As the how manieth change of all it was first applied, from 1; 0 if it was not.
    pub order: u64,
    /// What it was answered with last.
    reply: Option<Reply>,
}

/// Every change, by route and key.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    keyed: BTreeMap<(String, String), Effect>,
    /// Changes that came without a key: nobody can say whether one came twice.
    unkeyed: u64,
    applied: u64,
}

impl Effects {
    /// What came of the requests with this key on this route, such as `PUT /services/cart/replicas`.
    #[must_use]
    pub fn of(&self, key: &str, route: &str) -> Option<&Effect> {
        self.keyed.get(&(key.to_owned(), route.to_owned()))
    }

    /// Every key with its route.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &Effect)> {
        self.keyed.iter().map(|((key, route), effect)| (key.as_str(), route.as_str(), effect))
    }

    /// How many changes were applied in all.
    #[must_use]
    pub fn applied(&self) -> u64 {
        self.applied
    }

    /// How many keys were applied more than once: more than none is a fault of whoever sent them.
    #[must_use]
    pub fn applied_twice(&self) -> u64 {
        self.keyed.values().filter(|effect| effect.applied > 1).count() as u64
    }

    /// A request arrived: what a key was answered with before, if it is known; none of all when there is no more room to count.
    pub(super) fn asked(&mut self, key: &str, route: &str) -> Option<Option<Reply>> {
        if key.is_empty() {
            return Some(None);
        }
        let name = (key.to_owned(), route.to_owned());
        if self.keyed.len() >= MOST_KEYS && !self.keyed.contains_key(&name) {
            return None;
        }
        let effect = self.keyed.entry(name).or_default();
        effect.asked += 1;
        // A refusal is no answer to keep: what was wrong may have been put right.
        Some(effect.reply.clone().filter(|_| effect.applied > 0))
    }

    pub(super) fn replayed(&mut self, key: &str, route: &str) {
        if let Some(effect) = self.keyed.get_mut(&(key.to_owned(), route.to_owned())) {
            effect.replayed += 1;
        }
    }

    pub(super) fn answered(&mut self, key: &str, route: &str, reply: &Reply, applied: bool) {
        self.applied += u64::from(applied);
        let Some(effect) = self.keyed.get_mut(&(key.to_owned(), route.to_owned())) else {
            self.unkeyed += u64::from(applied);
            return;
        };
        effect.applied += u64::from(applied);
        effect.refused += u64::from(reply.status >= 400);
        if applied && effect.order == 0 {
            effect.order = self.applied;
        }
        effect.reply = Some(reply.clone());
    }

    pub(super) fn told(&self) -> Json {
        let effects: Vec<Json> = self
            .iter()
            .map(|(key, route, effect)| {
                json!({
                    "key": key, "route": route, "asked": effect.asked, "applied": effect.applied, "replayed": effect.replayed,
                    "refused": effect.refused, "order": effect.order,
                })
            })
            .collect();
        json!({ "applied": self.applied, "applied_twice": self.applied_twice(), "unkeyed": self.unkeyed, "effects": effects })
    }
}
