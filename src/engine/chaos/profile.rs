//! What a run does: kinds of faults, a seed, how long, how hard. TOML, `version = 1`.

use std::time::Duration;

use serde::Deserialize;

use crate::text::parse_duration;

/// The version of the format this build reads.
const VERSION: u32 = 1;
/// A simulated week; longer says nothing new.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);
const MOST_FACTS: u32 = 100_000;

/// The profiles that are always there: name and text.
pub const BUILT_IN: [(&str, &str); 8] = [
    ("network-drop", include_str!("profiles/network-drop.toml")),
    ("flapping", include_str!("profiles/flapping.toml")),
    ("high-latency", include_str!("profiles/high-latency.toml")),
    ("disk-corruption", include_str!("profiles/disk-corruption.toml")),
    ("disk-full", include_str!("profiles/disk-full.toml")),
    ("slow-disk", include_str!("profiles/slow-disk.toml")),
    ("clock-skew", include_str!("profiles/clock-skew.toml")),
    ("crash", include_str!("profiles/crash.toml")),
];

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// The network goes, and comes back after a while.
    NetworkDrop,
    /// The network comes and goes.
    Flapping,
    /// Answers take long, or longer than anybody waits.
    HighLatency,
    /// Bytes on disk change, or a page cannot be read any more.
    DiskCorruption,
    /// Nothing more can be written until there is room again.
    DiskFull,
    /// Every write and sync takes long.
    SlowDisk,
    /// The wall clock is set wrongly, ahead or back, and right again.
    ClockSkew,
    /// The machine dies: what was not synced is gone, the last write may be torn.
    Crash,
}

impl FaultKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 8] = [
        Self::NetworkDrop,
        Self::Flapping,
        Self::HighLatency,
        Self::DiskCorruption,
        Self::DiskFull,
        Self::SlowDisk,
        Self::ClockSkew,
        Self::Crash,
    ];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NetworkDrop => "network-drop",
            Self::Flapping => "flapping",
            Self::HighLatency => "high-latency",
            Self::DiskCorruption => "disk-corruption",
            Self::DiskFull => "disk-full",
            Self::SlowDisk => "slow-disk",
            Self::ClockSkew => "clock-skew",
            Self::Crash => "crash",
        }
    }
}

/// What a run does.
#[derive(Clone, Debug, PartialEq)]
pub struct ChaosProfile {
    /// Its name, as asked for.
    pub name: String,
    /// What it tries, in a sentence.
    pub about: String,
    /// Which faults; at least one.
    pub kinds: Vec<FaultKind>,
    /// Everything is drawn from this.
    pub seed: u64,
    /// How long, in simulated time: one step a second.
    pub duration: Duration,
    /// Share of the steps at which a fault begins, above 0 and at most 1.
    pub intensity: f64,
    /// How many facts the simulated sources hold.
    pub facts: u32,
}

/// Why a text is no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// It is not TOML, or not of this form.
    #[error("{name} is no chaos profile: {why}")]
    Form {
        /// Which.
        name: String,
        /// What is wrong, and where.
        why: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    #[serde(default)]
    about: String,
    kinds: Vec<String>,
    seed: u64,
    duration: String,
    intensity: f64,
    #[serde(default = "usual_facts")]
    facts: u32,
}

const fn usual_facts() -> u32 {
    1000
}

impl ChaosProfile {
    /// Reads a profile.
    ///
    /// # Errors
    /// [`ProfileError`] with a sentence; nothing is guessed.
    pub fn parse(name: &str, text: &str) -> Result<Self, ProfileError> {
        let form = |why: String| ProfileError::Form { name: name.to_owned(), why };
        let written: Written = toml::from_str(text).map_err(|error| form(at_line(text, &error)))?;
        if written.version != VERSION {
            return Err(form(format!("it has version {}, this build reads version {VERSION}", written.version)));
        }
        let mut kinds = written.kinds.iter().map(|word| kind(name, word)).collect::<Result<Vec<_>, _>>()?;
        kinds.sort_unstable();
        kinds.dedup();
        if kinds.is_empty() {
            return Err(form("kinds is empty; name at least one".to_owned()));
        }
        let duration = parse_duration(&written.duration)
            .ok()
            .filter(|span| *span >= Duration::from_secs(1) && *span <= LONGEST)
            .ok_or_else(|| form(format!("duration {:?} is none from 1s to 7d", written.duration)))?;
        if !(written.intensity > 0.0 && written.intensity <= 1.0) {
            return Err(form(format!("intensity {} is not above 0 and at most 1", written.intensity)));
        }
        if !(1..=MOST_FACTS).contains(&written.facts) {
            return Err(form(format!("facts {} is not from 1 to {MOST_FACTS}", written.facts)));
        }
        Ok(Self {
            name: name.to_owned(),
            about: written.about,
            kinds,
            seed: written.seed,
            duration,
            intensity: written.intensity,
            facts: written.facts,
        })
    }
}

fn kind(name: &str, word: &str) -> Result<FaultKind, ProfileError> {
    if let Some(kind) = FaultKind::ALL.into_iter().find(|kind| kind.as_str() == word) {
        return Ok(kind);
    }
    let nearest = FaultKind::ALL.into_iter().map(FaultKind::as_str);
    let nearest = nearest.map(|near| (strsim::jaro_winkler(near, word), near)).max_by(|one, other| one.0.total_cmp(&other.0));
    let hint = nearest.filter(|(likeness, _)| *likeness > 0.7).map(|(_, near)| format!("; did you mean {near:?}?")).unwrap_or_default();
    Err(ProfileError::Form { name: name.to_owned(), why: format!("there is no kind {word:?}{hint}") })
}

/// The parser's words with the line they are about, on one line.
fn at_line(text: &str, error: &toml::de::Error) -> String {
    let words = error.message().replace('\n', "; ");
    match error.span() {
        Some(span) => format!("line {}: {words}", text.get(..span.start).unwrap_or(text).matches('\n').count() + 1),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "version = 1\nabout = \"a\"\nkinds = [\"crash\", \"disk-full\", \"crash\"]\nseed = 7\nduration = \"2m\"\nintensity = 0.25\nfacts = 50\n";

    #[test]
    fn golden() {
        let profile = ChaosProfile::parse("mine", WHOLE).unwrap();
        let expected = ChaosProfile {
            name: "mine".to_owned(),
            about: "a".to_owned(),
            kinds: vec![FaultKind::DiskFull, FaultKind::Crash],
            seed: 7,
            duration: Duration::from_secs(120),
            intensity: 0.25,
            facts: 50,
        };
        assert_eq!(profile, expected);
    }

    #[test]
    fn every_built_in_one_is_read_and_tries_what_it_is_called() {
        for (name, text) in BUILT_IN {
            let profile = ChaosProfile::parse(name, text).unwrap();
            assert_eq!(profile.kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(), [name]);
            assert!(profile.about.ends_with('.'), "{name}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_nothing_is_guessed() {
        let with = |from: &str, to: &str| ChaosProfile::parse("mine", &WHOLE.replace(from, to)).unwrap_err().to_string();
        for (from, to, words) in [
            ("version = 1", "version = 2", "version 2"),
            ("seed = 7", "seed = -7", "line 4"),
            ("seed = 7\n", "", "missing field `seed`"),
            ("seed = 7", "seeds = 7", "line 4"),
            ("\"crash\", \"disk-full\", \"crash\"", "", "kinds is empty"),
            ("\"disk-full\"", "\"disk-fill\"", "did you mean \"disk-full\"?"),
            ("\"disk-full\"", "\"zebra\"", "there is no kind \"zebra\""),
            ("\"disk-full\"", "\"network\"", "did you mean \"network-drop\"?"),
            ("\"2m\"", "\"2 m\"", "duration"),
            ("\"2m\"", "\"8d\"", "from 1s to 7d"),
            ("0.25", "0.0", "intensity"),
            ("0.25", "nan", "intensity"),
            ("0.25", "1.5", "intensity"),
            ("facts = 50", "facts = 0", "facts 0"),
            ("facts = 50", "facts = ", "line 7"),
        ] {
            let error = with(from, to);
            assert!(error.contains(words) && error.contains("mine") && !error.contains('\n'), "{to}: {error}");
        }
    }
}
