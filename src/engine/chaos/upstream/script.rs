//! Which trouble an upstream has when: a loop of two minutes, another one each time round, all of it from the seed.
//!
//! A loop is eight quarters of a minute; each begins calm and ends with one trouble of one site. The very first trouble is always that the
//! cluster is gone, so that whoever looks sees an outage and its end within half a minute.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{draw::draw, message::Drip};

/// How long a loop takes.
pub const LOOP: Duration = Duration::from_secs(120);
/// How many troubles a loop has.
const SLOTS: u64 = 8;
const SLOT: Duration = Duration::from_secs(15);

/// A part of the system, with an address of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Site {
    /// Runs the services; takes changes.
    Cluster,
    /// Measures them, and speaks like a Prometheus server.
    Prom,
    /// What people wrote down about them.
    Wiki,
    /// The script, the effects, and what the demo says of itself; never troubled.
    Control,
}

impl Site {
    /// Every site.
    pub const ALL: [Self; 4] = [Self::Cluster, Self::Prom, Self::Wiki, Self::Control];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Prom => "prom",
            Self::Wiki => "wiki",
            Self::Control => "control",
        }
    }
}

/// How a site misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It refuses connections.
    Outage,
    /// It answers late.
    Latency(Duration),
    /// It answers 503 and asks to be left alone for a while.
    Busy {
        /// How long.
        wait: Duration,
    },
    /// Its answers come in small pieces.
    Drip(Drip),
    /// It answers 200 with what is no JSON.
    Garbage,
    /// Somebody else changes just before whatever is changed there first.
    Contest,
    /// It does what it is asked, and closes the connection before it says so.
    LostReply,
}

impl Trouble {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Outage => "outage",
            Self::Latency(_) => "latency",
            Self::Busy { .. } => "busy",
            Self::Drip(_) => "drip",
            Self::Garbage => "garbage",
            Self::Contest => "contest",
            Self::LostReply => "lost-reply",
        }
    }
}

/// One trouble of one site, from when to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Whose.
    pub site: Site,
    /// Which.
    pub trouble: Trouble,
    /// When it begins.
    pub begins: Duration,
    /// When it is over.
    pub ends: Duration,
}

impl Step {
    /// What it is, for a person.
    #[must_use]
    pub fn sentence(&self) -> String {
        let site = self.site.as_str();
        match self.trouble {
            Trouble::Outage => format!("{site} refuses connections"),
            Trouble::Latency(after) => format!("{site} answers {} ms late", after.as_millis()),
            Trouble::Busy { wait } => format!("{site} answers 503, ask again in {} s", wait.as_secs()),
            Trouble::Drip(_) => format!("{site} answers byte by byte"),
            Trouble::Garbage => format!("{site} answers 200 with garbage"),
            Trouble::Contest => format!("somebody else changes things on {site} as well"),
            Trouble::LostReply => format!("{site} does what it is asked and does not say so"),
        }
    }

    fn is_at(&self, now: Duration) -> bool {
        self.begins <= now && now < self.ends
    }
}

/// When which trouble is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    seed: u64,
    /// These and no others; none: drawn from the seed.
    steps: Option<Vec<Step>>,
}

impl Script {
    /// Everything drawn from the seed, loop after loop.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self { seed, steps: None }
    }

    /// These troubles and no others; the seed is for the values of the system.
    #[must_use]
    pub fn of(seed: u64, steps: Vec<Step>) -> Self {
        Self { seed, steps: Some(steps) }
    }

    /// What everything is drawn from.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The trouble that a site has now.
    #[must_use]
    pub fn at(&self, site: Site, now: Duration) -> Option<Step> {
        self.around(now).into_iter().find(|step| step.site == site && step.is_at(now))
    }

    /// Whether a site refuses connections now.
    #[must_use]
    pub fn refuses(&self, site: Site, now: Duration) -> bool {
        self.at(site, now).is_some_and(|step| step.trouble == Trouble::Outage)
    }

    /// The trouble of now, whoever has it.
    #[must_use]
    pub fn now(&self, now: Duration) -> Option<Step> {
        self.around(now).into_iter().find(|step| step.is_at(now))
    }

    /// The next trouble.
    #[must_use]
    pub fn next(&self, now: Duration) -> Option<Step> {
        self.around(now).into_iter().filter(|step| step.begins > now).min_by_key(|step| step.begins)
    }

    /// When the next trouble begins or one ends; none when nothing changes any more.
    #[must_use]
    pub fn next_change(&self, now: Duration) -> Option<Duration> {
        self.around(now).iter().flat_map(|step| [step.begins, step.ends]).filter(|at| *at > now).min()
    }

    /// The steps of the loop of this moment and of the one after it.
    fn around(&self, now: Duration) -> Vec<Step> {
        match &self.steps {
            Some(steps) => steps.clone(),
            None => {
                let round = now.as_secs() / LOOP.as_secs();
                [round, round + 1].into_iter().flat_map(|round| loop_of(self.seed, round)).collect()
            }
        }
    }

    /// The script for a person or a script: what is now, and the steps of this loop and the next.
    pub(super) fn told(&self, now: Duration) -> Json {
        let millis = |at: Duration| u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        let step = |step: &Step| {
            json!({
                "site": step.site.as_str(), "trouble": step.trouble.as_str(), "about": step.sentence(),
                "begins_ms": millis(step.begins), "ends_ms": millis(step.ends),
            })
        };
        json!({
            "seed": self.seed,
            "loop_ms": millis(LOOP),
            "now_ms": millis(now),
            "now": self.now(now).as_ref().map(step),
            "steps": self.around(now).iter().map(step).collect::<Vec<_>>(),
        })
    }
}

/// One loop: the troubles in an order of its own, each at the end of its quarter of a minute.
fn loop_of(seed: u64, round: u64) -> Vec<Step> {
    let number = |place: &str, at: u64, end: u64| draw(seed, place, round * SLOTS + at, end);
    let any = [Site::Cluster, Site::Prom, Site::Wiki];
    let late = any[usize::try_from(number("late site", 0, 3)).unwrap_or(0)];
    let mut troubles = vec![
        (Site::Cluster, Trouble::Outage),
        (Site::Prom, Trouble::Outage),
        (late, Trouble::Latency(Duration::from_millis(600 + number("latency", 0, 900)))),
        (Site::Prom, Trouble::Busy { wait: Duration::from_secs(2 + number("wait", 0, 4)) }),
        (Site::Cluster, Trouble::Contest),
        (Site::Wiki, Trouble::Drip(Drip { bytes: 8, every: Duration::from_millis(250) })),
        (Site::Wiki, Trouble::Garbage),
        (Site::Cluster, Trouble::LostReply),
    ];
    let fixed = usize::from(round == 0);
    for at in (fixed + 1..troubles.len()).rev() {
        // Fisher and Yates, over those that are not fixed.
        let other = fixed + usize::try_from(number("order", at as u64, (at - fixed) as u64 + 1)).unwrap_or(0);
        troubles.swap(at, other);
    }
    let begin = LOOP.saturating_mul(u32::try_from(round).unwrap_or(u32::MAX));
    let timed = troubles.into_iter().zip(0_u32..).map(|((site, trouble), at)| {
        let slot = begin + SLOT * at;
        let calm = Duration::from_millis(4000 + number("calm", u64::from(at), 2000));
        let length = Duration::from_millis(7000 + number("length", u64::from(at), 2000));
        Step { site, trouble, begins: slot + calm, ends: slot + calm + length }
    });
    timed.collect()
}
