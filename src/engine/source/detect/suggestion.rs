//! What a detector suggests, and on what grounds.

use std::collections::BTreeSet;

/// A source that could be configured.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// Which detector says so; of a rule of the user's, its name.
    pub detector: String,
    /// The name its block gives the source.
    pub name: String,
    /// `file exec http prometheus`
    pub kind: String,
    /// The path or URL it was found at.
    pub place: String,
    /// How sure the detector is, 0 to 1.
    pub confidence: f64,
    /// Why.
    pub reasons: Vec<Reason>,
    /// The `[[source]]` to put into the configuration.
    pub block: String,
}

/// Why something was suggested, or what should be known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// A stable code.
    pub code: &'static str,
    /// A sentence.
    pub text: String,
}

/// Every reason there is, with its sentence.
const REASONS: &[(&str, &str)] = &[
    ("file_name", "its name is the usual one"),
    ("shape", "it has the members such a file has"),
    ("shape_only", "only its members say so, not its name"),
    ("declared", "it says what is wanted, not what is: where an observed source differs, the fact drifts"),
    ("values_left_out", "everything in it is a secret: only which names are set is taken, never a value"),
    ("secrets_left_out", "it holds settings that may be secret: those are not taken"),
    ("answered_json", "it answered with JSON"),
    ("list_of_items", "it answers with a list whose items have a name of their own"),
    ("one_object", "it answers with one object; each member becomes a fact"),
    ("more_pages", "it names a next page, which is followed"),
    ("prometheus_api", "it answers queries of Prometheus"),
    ("exposition", "it answers with the text that Prometheus scrapes"),
    ("metrics_left_out", "only its simple metrics are taken; take more with maps of your own"),
    ("scrapes_itself", "it scrapes itself at this address"),
    ("openapi_path", "the document says that this path answers with JSON; it was not asked"),
    ("operations_left_out", "the document describes more than is suggested"),
    ("runs_kubectl", "it runs kubectl, which must be installed"),
    ("asks_systemd", "it runs systemctl, which needs systemd"),
    ("generic", "nothing is known of it but that it can be read: check what it would bring"),
    ("user_rule", "a rule of detectors.toml says so"),
];

impl Suggestion {
    /// With one more reason.
    #[must_use]
    pub(super) fn because(mut self, code: &'static str) -> Self {
        let text = REASONS.iter().find(|(known, _)| *known == code).map_or(code, |(_, text)| *text);
        self.reasons.push(Reason { code, text: text.to_owned() });
        self
    }

    /// With one more reason where that holds.
    #[must_use]
    pub(super) fn because_if(self, holds: bool, code: &'static str) -> Self {
        if holds { self.because(code) } else { self }
    }
}

/// Gives those of one name numbers, in the name and in the block; the most confident first.
pub(super) fn in_order(mut suggestions: Vec<Suggestion>) -> Vec<Suggestion> {
    suggestions.sort_by(|one, two| {
        two.confidence.total_cmp(&one.confidence).then_with(|| one.place.cmp(&two.place)).then_with(|| one.name.cmp(&two.name))
    });
    let mut taken = BTreeSet::new();
    for suggestion in &mut suggestions {
        let first = suggestion.name.clone();
        let mut number = 2_u32;
        while !taken.insert(suggestion.name.clone()) {
            let head: String = first.chars().take(56).collect();
            suggestion.name = format!("{head}-{number}");
            number = number.saturating_add(1);
        }
        if suggestion.name != first {
            suggestion.block = suggestion.block.replacen(&format!("name = \"{first}\""), &format!("name = \"{}\"", suggestion.name), 1);
        }
    }
    suggestions
}
