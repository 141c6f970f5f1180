//! A fact with the first of those who speak of it: what a row shows, however many there are.

use super::{
    confidence::Validity,
    insight::{Insight, LeftOut, SourceState, SourceView},
    observation::Content,
    source::Role,
    time::Timestamp,
    value::Value,
};

/// So many of those who speak of a fact stay with it when it is shortened, the winner first; and whoever says what is wanted.
pub const SOURCES_HELD: usize = 4;

impl Insight {
    /// The same with the first [`SOURCES_HELD`] of those who speak of it, where there are more.
    #[must_use]
    pub fn shortened(mut self) -> Self {
        let wanted = self.sources.iter().position(|view| view.role == Role::Declared && matches!(view.content, Content::Value(_)));
        let is_held = |at: usize| at < SOURCES_HELD || Some(at) == wanted;
        if self.left_out.is_some() || (0..self.sources.len()).all(is_held) {
            return self;
        }
        let mut digest = Digest::default();
        let mut held = Vec::with_capacity(SOURCES_HELD + 1);
        let mut count = 0;
        for (at, view) in std::mem::take(&mut self.sources).into_iter().enumerate() {
            if is_held(at) {
                held.push(view);
            } else {
                digest.view(&view);
                count += 1;
            }
        }
        held.shrink_to_fit();
        self.reason_codes.shrink_to_fit();
        Self { sources: held, left_out: Some(LeftOut { count, digest: digest.finish() }), ..self }
    }
}

/// Texts with their lengths, numbers with all their bits: what differs is never read alike.
#[derive(Default)]
struct Digest(blake3::Hasher);

impl Digest {
    fn view(&mut self, view: &SourceView) {
        let SourceView {
            source,
            role,
            content,
            trust,
            accepts,
            rejects,
            score,
            state,
            validity,
            violation,
            observed_at,
            changed_at,
            fetched_at,
            revision,
            live,
            same_origin,
            wins,
            agrees,
        } = view;
        self.text(Some(source.as_str()));
        let (is_absent, value) = match content {
            Content::Value(value) => (false, Some(value)),
            Content::Absent(last) => (true, last.as_ref()),
        };
        self.text(value.map(Value::as_json_text));
        for text in [violation, revision, same_origin] {
            self.text(text.as_deref());
        }
        let is_declared = *role == Role::Declared;
        let fit = [Validity::NoSchema, Validity::Valid, Validity::Invalid].iter().position(|is| is == validity);
        self.number(fit.map_or(u64::MAX, |fit| fit as u64));
        for is in [is_absent, is_declared, *live, *wins, *agrees, score.is_some()] {
            self.number(u64::from(is));
        }
        for number in [*trust, score.unwrap_or_default()] {
            self.number(number.to_bits());
        }
        self.number(u64::from(*accepts) << 32 | u64::from(*rejects));
        let since = match state {
            SourceState::Unknown => None,
            SourceState::Reachable => Some(Timestamp::from_millis(i64::MIN)),
            SourceState::Failing { since } => Some(*since),
        };
        self.text(since.is_none().then_some(""));
        for at in [since.unwrap_or_default(), *observed_at, *changed_at, *fetched_at] {
            self.0.update(&at.as_millis().to_le_bytes());
        }
    }

    fn text(&mut self, text: Option<&str>) {
        self.number(text.map_or(u64::MAX, |text| text.len() as u64));
        self.0.update(text.unwrap_or_default().as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.0.update(&number.to_le_bytes());
    }

    fn finish(&self) -> u128 {
        self.0.finalize().as_bytes().iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::fact::{Agreement, FactState, Key, Marks, SourceId};

    fn view(at: usize) -> SourceView {
        SourceView {
            source: SourceId::new(&format!("s{at}")).unwrap(),
            role: Role::Observed,
            content: Content::Value(Value::string("up")),
            trust: 0.5,
            accepts: 1,
            rejects: 2,
            score: Some(0.4),
            state: SourceState::Reachable,
            validity: Validity::Valid,
            violation: None,
            observed_at: Timestamp::from_millis(5),
            changed_at: Timestamp::from_millis(4),
            fetched_at: Timestamp::from_millis(6),
            revision: None,
            live: false,
            same_origin: None,
            wins: at == 0,
            agrees: true,
        }
    }

    fn fact(sources: Vec<SourceView>) -> Insight {
        Insight {
            key: Key::new("a/b").unwrap(),
            value: None,
            state: FactState::Fresh,
            marks: Marks::default(),
            confidence: None,
            p_true: 0.0,
            agreement: Agreement::default(),
            age: std::time::Duration::ZERO,
            observed_at: Timestamp::default(),
            changed_at: Timestamp::default(),
            ttl: std::time::Duration::ZERO,
            sources,
            left_out: None,
            reason_codes: Vec::new(),
            conflict: None,
            wanted: None,
            unit: "".into(),
            secret: false,
            pending: None,
        }
    }

    fn of(count: usize) -> Vec<SourceView> {
        (0..count).map(view).collect()
    }

    #[test]
    fn few_stay_as_they_are_and_of_many_the_first_and_who_says_what_is_wanted() {
        assert_eq!(fact(of(SOURCES_HELD)).shortened(), fact(of(SOURCES_HELD)));
        let mut many = of(9);
        (many[7].role, many[8].role) = (Role::Declared, Role::Declared);
        let short = fact(many).shortened();
        let names: Vec<&str> = short.sources.iter().map(|view| view.source.as_str()).collect();
        assert_eq!((names.as_slice(), short.left_out.unwrap().count), (&["s0", "s1", "s2", "s3", "s7"][..], 4));
        assert_eq!(short.clone().shortened(), short, "what was left out once stays so");
        let mut one_more = of(SOURCES_HELD + 1);
        one_more[SOURCES_HELD].role = Role::Declared;
        assert_eq!(fact(one_more.clone()).shortened(), fact(one_more), "nobody would be left out");
    }

    #[test]
    fn whatever_moves_of_one_that_is_left_out_shows_in_the_digest() {
        let digest = |change: &dyn Fn(&mut SourceView)| {
            let mut many = of(7);
            change(&mut many[6]);
            fact(many).shortened().left_out.unwrap().digest
        };
        let text = || Some(Arc::from("x"));
        let later = Timestamp::from_millis(99);
        let changes: [&dyn Fn(&mut SourceView); 22] = [
            &|_| {},
            &|view| view.source = SourceId::new("other").unwrap(),
            &|view| view.role = Role::Declared,
            &|view| view.content = Content::Value(Value::string("down")),
            &|view| view.content = Content::Absent(Some(Value::string("up"))),
            &|view| view.content = Content::Absent(None),
            &|view| view.trust = 0.6,
            &|view| view.accepts = 2,
            &|view| view.rejects = 3,
            &|view| view.score = None,
            &|view| view.score = Some(0.0),
            &|view| view.state = SourceState::Unknown,
            &|view| view.state = SourceState::Failing { since: later },
            &|view| view.validity = Validity::NoSchema,
            &|view| view.violation = text(),
            &|view| view.revision = text(),
            &|view| view.same_origin = text(),
            &|view| view.observed_at = later,
            &|view| view.changed_at = later,
            &|view| view.fetched_at = later,
            &|view| view.live = true,
            &|view| (view.wins, view.agrees) = (true, false),
        ];
        let mut digests: Vec<u128> = changes.iter().map(|change| digest(change)).collect();
        // One that is declared is held for what it wants: nobody but it moved.
        assert_eq!(digests.len(), changes.len());
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), changes.len());
        assert_eq!(digest(&|_| {}), digest(&|_| {}));
    }
}
