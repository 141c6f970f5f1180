//! A small made-up system that misbehaves by a script: three upstreams and a fourth that tells about them, as a pure model.
//!
//! `handle(site, request, now)` gives what comes back, and nothing else happens: no socket, no clock, no chance but that of the seed. The
//! demo puts it behind real sockets; a simulation of the engine asks it directly.
//!
//! Invariants: the same seed and the same requests at the same moments give the same answers; what a write did is counted even when its
//! reply is lost; the fourth site is never troubled.
//!
//! It does not sleep: how long a reply takes is part of the answer.

mod draw;
mod effects;
mod message;
mod script;
mod system;

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value as Json, json};

use crate::fact::Timestamp;

pub use effects::{Effect, Effects};
pub use message::{Answer, Drip, Reply, Request};
pub use script::{LOOP, Script, Site, Step, Trouble};
use system::System;

/// The longest `Idempotency-Key` that is counted.
const LONGEST_KEY: usize = 200;

/// The made-up system.
#[derive(Debug)]
pub struct Upstream {
    script: Script,
    system: System,
    effects: Effects,
    /// What somebody else was ahead with already: the step's begin and the path.
    contested: BTreeSet<(Duration, String)>,
}

impl Upstream {
    /// A system whose `now` of zero is this moment of the wall clock.
    #[must_use]
    pub fn new(script: Script, epoch: Timestamp) -> Self {
        let system = System::new(script.seed(), epoch);
        Self { script, system, effects: Effects::default(), contested: BTreeSet::new() }
    }

    /// When which trouble is.
    #[must_use]
    pub fn script(&self) -> &Script {
        &self.script
    }

    /// What every change came to.
    #[must_use]
    pub fn effects(&self) -> &Effects {
        &self.effects
    }

    /// How many replicas a service runs, as the cluster knows it.
    #[must_use]
    pub fn replicas(&self, service: &str) -> Option<u64> {
        self.system.replicas(service)
    }

    /// Whether a flag is up.
    #[must_use]
    pub fn flag(&self, flag: &str) -> Option<bool> {
        self.system.flag(flag)
    }

    /// Somebody else scales a service; false when there is no such service.
    pub fn scale(&mut self, service: &str, replicas: u64) -> bool {
        self.system.scale(service, replicas)
    }

    /// What comes of a request that arrives at a site now.
    pub fn handle(&mut self, site: Site, request: &Request, now: Duration) -> Answer {
        let step = self.script.at(site, now);
        let trouble = step.map(|step| step.trouble);
        match trouble {
            Some(Trouble::Outage) => return Answer::Refused,
            Some(Trouble::Busy { wait }) => {
                let reply = Reply::error(503, "busy, ask again later").header("retry-after", &wait.as_secs().to_string());
                return Answer::plain(reply);
            }
            Some(Trouble::Garbage) => return Answer::plain(Reply::text(200, "<<< 0x7f ELF? {\"service\": [1, 2,, ")),
            Some(Trouble::Contest) => {
                if let Some(step) = step
                    && request.writes()
                    && self.contested.insert((step.begins, request.path().to_owned()))
                {
                    self.system.somebody_else(request.path());
                }
            }
            _ => {}
        }
        let reply = self.reply(site, request, now);
        match trouble {
            Some(Trouble::LostReply) => Answer::Lost,
            Some(Trouble::Latency(after)) => Answer::Replied { reply, after, drip: None },
            Some(Trouble::Drip(drip)) => Answer::Replied { reply, after: Duration::ZERO, drip: Some(drip) },
            _ => Answer::plain(reply),
        }
    }

    fn reply(&mut self, site: Site, request: &Request, now: Duration) -> Reply {
        match site {
            Site::Control => self.control(request, now),
            Site::Cluster if request.writes() => self.write(request),
            _ if !request.reads() => Reply::error(405, "only GET is answered here").header("allow", "GET"),
            Site::Cluster => self.system.cluster(request.path(), now),
            Site::Prom => self.system.prom(request.path(), request.query("query").as_deref(), now),
            Site::Wiki => self.system.wiki(request.path()),
        }
    }

    /// A change, counted under its key whatever comes of it.
    fn write(&mut self, request: &Request) -> Reply {
        let key = request.header("idempotency-key").unwrap_or_default();
        if key.len() > LONGEST_KEY || key.chars().any(char::is_control) {
            return Reply::error(400, "this is no Idempotency-Key");
        }
        let route = format!("{} {}", request.method, request.path());
        let Some(before) = self.effects.asked(key, &route) else {
            return Reply::error(507, "too many keys to count; start again");
        };
        // Only notes keep what they answered to a key: that is what a good API does. The other routes do again what they are asked again.
        if let (Some(reply), true) = (before, request.path() == system::NOTES) {
            self.effects.replayed(key, &route);
            return reply;
        }
        let (reply, applied) = self.system.write(request);
        self.effects.answered(key, &route, &reply, applied);
        reply
    }

    fn control(&self, request: &Request, now: Duration) -> Reply {
        if !request.reads() {
            return Reply::error(405, "only GET is answered here").header("allow", "GET");
        }
        match request.path() {
            "/" => Reply::json(200, &json!({ "script": "/script", "effects": "/effects", "facts": "/facts" })),
            "/script" => Reply::json(200, &self.script.told(now)),
            "/effects" => Reply::json(200, &self.effects.told()),
            "/facts" => Reply::json(200, &self.facts(now)),
            _ => Reply::error(404, "there is nothing here; / says what there is"),
        }
    }

    /// What the demo says of itself, as facts.
    fn facts(&self, now: Duration) -> Json {
        let step = self.script.now(now);
        let scenario = step.map_or_else(|| "calm".to_owned(), |step| step.sentence());
        let next = self.script.next(now).map_or_else(|| "calm".to_owned(), |step| step.sentence());
        json!({ "demo": {
            "trouble": step.map_or("none", |step| step.trouble.as_str()),
            "site": step.map_or("none", |step| step.site.as_str()),
            "scenario": scenario,
            "next": next,
            "changes": self.effects.applied(),
            "applied_twice": self.effects.applied_twice(),
        }})
    }
}

#[cfg(test)]
mod tests;
