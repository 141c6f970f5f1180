//! Twenty rounds of kill -9 between `set` and delivery, before a target that misbehaves: nothing acknowledged is lost or done twice.
//! `tests/chaos/changes.sh` is the same a thousand times, with more that can go wrong.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt::Write as _,
    sync::mpsc::channel,
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::support::{Draws, Running, Sandbox, Target};

const ROUNDS: usize = 20;
const KEYS: [&str; 4] = ["tagged/a", "tagged/b", "keyed/a", "keyed/b"];
const STATES: &str = "queued,in_flight,delivered,confirmed,parked,blocked,dead,cancelled";

/// Lets a moment pass: what it is to hit goes on meanwhile.
fn after(millis: u64) {
    let (_sender, never) = channel::<()>();
    let _ = never.recv_timeout(Duration::from_millis(millis));
}

struct Rounds {
    sandbox: Sandbox,
    target: Target,
    draws: Draws,
    seed: u64,
    next: i64,
    /// By key, in order: what was asked for, and whether that was acknowledged.
    asked: BTreeMap<&'static str, Vec<(i64, bool)>>,
    /// Effects that were judged.
    judged: usize,
}

impl Rounds {
    fn new(seed: u64) -> Self {
        let target = Target::start(&KEYS, Some(seed ^ 1));
        let mut config = String::new();
        for kind in ["tagged", "keyed"] {
            let url = target.url(&format!("/{kind}"));
            let _ = write!(
                config,
                "[[source]]\nname = \"{kind}\"\nkind = \"http\"\nurl = \"{url}\"\nwritable = true\nprefix = \"{kind}\"\n\
                 [[source.map]]\nitems = \"$.items[*]\"\nkey = \"{{$.name}}\"\nvalue = \"$.is\"\n\
                 [[source.write]]\nmatch = \"{kind}/*\"\nmethod = \"PUT\"\nurl = \"{url}/{{1}}\"\nbody = '{{\"is\": {{value}}}}'\n"
            );
        }
        let sandbox = Sandbox::with_config(&config);
        // What a change starts from is known from here on.
        sandbox.stellar(&["refresh"]).expect(0);
        Self { sandbox, target, draws: Draws::from(seed), seed, next: 0, asked: BTreeMap::new(), judged: 0 }
    }

    /// Asks for the next value of some key; now and then the asking is killed too.
    fn set(&mut self, how: &[&str]) {
        self.next += 1;
        let (key, value) = (KEYS[usize::try_from(self.draws.below(4)).unwrap()], self.next);
        let text = value.to_string();
        let words = [&["set", key, &text, "--json"], how].concat();
        let acknowledged = if self.draws.below(5) == 0 {
            let asking = self.sandbox.start(&words);
            after(self.draws.below(150));
            asking.kill();
            false
        } else {
            let ran = self.sandbox.stellar(&words);
            assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
            // 8: what was waited for did not come. Anything else is an engine that was killed before it answered.
            matches!(ran.code, 0 | 8)
        };
        self.asked.entry(key).or_default().push((value, acknowledged));
    }

    fn round(&mut self, engine: Running) -> Running {
        let within = self.draws.below(500);
        let killer = thread::spawn(move || {
            after(within);
            engine.kill();
        });
        for _ in 0..2 + self.draws.below(3) {
            self.set(&["--wait", "0s"]);
        }
        killer.join().unwrap();
        // Without an engine, the command itself is the one that sends, or nobody.
        let how: &[&str] = match self.draws.below(3) {
            0 => &["--offline"],
            1 => &["--wait", "0s"],
            _ => &["--wait", "300ms"],
        };
        self.set(how);
        let mut engine = self.sandbox.serve();
        if self.draws.below(2) == 0 {
            after(self.draws.below(150));
            engine.kill();
            engine = self.sandbox.serve();
        }
        self.sandbox.stellar(&["queue", "flush", "--wait", "120s"]).expect(0);
        self.judge();
        engine
    }

    fn judge(&mut self) {
        let seed = self.seed;
        let status = self.sandbox.stellar(&["queue", "status", "--json"]).expect(0).payloads();
        assert_eq!(status[0]["depth"], 0, "seed {seed}: {}", status[0]);
        let listed = self.sandbox.stellar(&["queue", "list", "--state", STATES, "--json"]).expect(0).payloads();
        let ended: HashMap<i64, &Value> = listed.iter().map(|command| (command["value"].as_i64().unwrap(), command)).collect();
        for command in &listed {
            assert!(matches!(command["state"].as_str(), Some("delivered" | "confirmed")), "seed {seed}: {command}");
        }
        let effects = self.target.effects();
        let once: HashSet<&str> = effects.iter().map(|effect| effect.idempotency_key.as_str()).collect();
        assert_eq!(once.len(), effects.len(), "seed {seed}: something took effect twice: {:?}", &effects[self.judged..]);
        self.judged = effects.len();
        for (key, asked) in &self.asked {
            let applied: Vec<i64> =
                effects.iter().filter(|effect| effect.key == *key).map(|effect| effect.value.as_i64().unwrap()).collect();
            let lost: Vec<i64> = asked.iter().filter(|(value, sure)| *sure && !applied.contains(value)).map(|(value, _)| *value).collect();
            assert!(lost.is_empty(), "seed {seed}: {key}: {lost:?} were acknowledged and are lost");
            let in_order: Vec<i64> = asked.iter().map(|(value, _)| *value).filter(|value| applied.contains(value)).collect();
            assert_eq!(applied, in_order, "seed {seed}: {key}: in the order in which they were asked for, each once, nothing else");
            assert!(applied.iter().all(|value| ended.contains_key(value)), "seed {seed}: {key}: {applied:?} in {listed:?}");
            if let Some(last) = applied.last() {
                assert_eq!(self.target.value(key), *last, "seed {seed}: {key}");
            }
        }
    }
}

#[test]
fn nothing_acknowledged_is_lost_or_done_twice_whoever_is_killed_meanwhile() {
    let seed = std::env::var("STELLAR_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        u64::from(since.subsec_nanos())
    });
    let mut rounds = Rounds::new(seed);
    let mut engine = rounds.sandbox.serve();
    for _ in 0..ROUNDS {
        engine = rounds.round(engine);
    }
    assert_eq!(engine.terminate(), 0);
    let sure = rounds.asked.values().flatten().filter(|(_, sure)| *sure).count();
    assert!(sure > ROUNDS, "seed {seed}: {sure} were acknowledged, fewer than show anything");
}
