//! How long values last: learned from answers, weighed by, kept over a restart, begun anew.

use super::*;
use crate::fact::{Author, CompareRule, FieldName, Insight, KeyRule, Tolerance};

/// One key that changes with every answer, one that never does, and a number that moves within its tolerance.
fn answers(turns: u32) -> Scripted {
    let script = Scripted::default();
    for turn in 0..turns {
        let (ticks, load) = (turn.to_string(), format!("100.{turn}"));
        script.say(Ok(holding(&[("a/ticks", &ticks), ("a/owner", "\"ops\""), ("a/load", &load)])));
    }
    script
}

fn rules(options: &mut EngineOptions) {
    let mut load = KeyRule::new(Pattern::new("*/load").unwrap());
    load.compare = CompareRule { tolerance: Tolerance::Absolute(5.0), ..CompareRule::default() };
    let config = Config { rules: vec![load], ..Config::bare("/".into()) };
    options.config = Arc::new(config);
}

fn half_life(handle: &EngineHandle, name: &str) -> (Duration, HalfLifeFrom) {
    let insight: Arc<Insight> = handle.get(&key(name)).unwrap().unwrap();
    let told = handle.half_life_of(&insight).unwrap();
    assert_eq!(told.half_life, insight.confidence.unwrap().basis.half_life, "what is told is what is weighed by");
    (told.half_life, told.from)
}

async fn refreshed(bench: &Bench, handle: &EngineHandle, turns: u32, pause: Duration) {
    for _ in 0..turns {
        handle.refresh(&[id("feed")]).await.unwrap();
        bench.clock.advance(pause);
    }
}

#[tokio::test]
async fn what_changes_all_the_time_grows_old_sooner_than_what_never_does_and_a_restart_keeps_that() {
    let bench = Bench::new("sled");
    let ttl = Duration::from_mins(15);
    let engine = bench.start_as(bench.open(), vec![source("feed", Role::Observed, &answers(60))], rules);
    let handle = engine.handle();
    refreshed(&bench, &handle, 1, Duration::from_secs(10)).await;
    assert_eq!(half_life(&handle, "a/ticks"), (ttl, HalfLifeFrom::Ttl), "nothing was looked at twice");
    refreshed(&bench, &handle, 40, Duration::from_secs(10)).await;
    bench.clock.advance(Duration::from_secs(60));
    let learned = |handle: &EngineHandle| ["a/ticks", "a/owner", "a/load"].map(|name| half_life(handle, name));
    let [ticks, owner, load] = learned(&handle);
    assert_eq!([ticks.1, owner.1, load.1], [HalfLifeFrom::Learned; 3]);
    assert!(ticks.0 < Duration::from_mins(2) && owner.0 > ttl, "{ticks:?} {owner:?}");
    assert_eq!(load, owner, "what is the same by its rule did not change");

    let told = handle.trust(Some(&id("feed")), Some(&FieldName::new("ticks"))).unwrap();
    let (seen, told_half_life) = told[0].lasts.unwrap();
    assert_eq!((seen.seen(), seen.watched(), told_half_life), (40.0, Duration::from_secs(400), ticks.0));
    let fields: Vec<_> = handle.trust(Some(&id("feed")), None).unwrap().into_iter().filter_map(|learned| learned.field).collect();
    assert_eq!(fields, ["*/load", "owner", "ticks"].map(FieldName::new));
    engine.shutdown().await.unwrap();

    let again = bench.start_as(bench.open(), vec![source("feed", Role::Observed, &answers(1))], rules);
    assert_eq!(learned(&again.handle()), [ticks, owner, load]);

    again.handle().reset_trust(&id("feed"), Some(&FieldName::new("ticks")), &Author::default()).await.unwrap();
    assert_eq!(learned(&again.handle()), [(ttl, HalfLifeFrom::Ttl), owner, load]);
    // The process ends without another word to the cache: the log of record alone has it.
    again.shutdown().await.unwrap();
    let last = bench.start_as(bench.open(), vec![source("feed", Role::Observed, &answers(1))], rules);
    assert_eq!(learned(&last.handle()), [(ttl, HalfLifeFrom::Ttl), owner, load]);
}

#[tokio::test]
async fn what_the_configuration_says_goes_before_and_behind_what_is_learned() {
    let bench = Bench::new("memory");
    let (hour, minute) = (Duration::from_hours(1), Duration::from_mins(1));
    let configured = |options: &mut EngineOptions| {
        let mut ticks = KeyRule::new(Pattern::new("*/ticks").unwrap());
        ticks.half_life = Some(minute);
        let mut config = Config { rules: vec![ticks], ..Config::bare("/".into()) };
        config.confidence.half_life = Some(hour);
        options.config = Arc::new(config);
    };
    let engine = bench.start_as(bench.open(), vec![source("feed", Role::Observed, &answers(60))], configured);
    let handle = engine.handle();
    refreshed(&bench, &handle, 1, Duration::from_secs(10)).await;
    assert_eq!(half_life(&handle, "a/ticks"), (minute, HalfLifeFrom::Rule));
    assert_eq!(half_life(&handle, "a/owner"), (hour, HalfLifeFrom::Configured));
    refreshed(&bench, &handle, 40, Duration::from_secs(30)).await;
    bench.clock.advance(minute);
    assert_eq!(half_life(&handle, "a/ticks"), (minute, HalfLifeFrom::Rule));
    let (owner, from) = half_life(&handle, "a/owner");
    assert!(owner > hour && from == HalfLifeFrom::Learned, "{owner:?}");
}

#[tokio::test]
async fn what_is_no_look_teaches_nothing() {
    let bench = Bench::new("memory");
    let torn = Scripted::default();
    for turn in 0..60 {
        let ticks = turn.to_string();
        torn.say(Ok(Fetched { complete: false, ..holding(&[("a/ticks", &ticks)]) }));
    }
    let declared = answers(60);
    let engine = bench.start(vec![source("feed", Role::Observed, &torn), source("plan", Role::Declared, &declared)]);
    let handle = engine.handle();
    for _ in 0..30 {
        handle.refresh(&[id("feed"), id("plan")]).await.unwrap();
        bench.clock.advance(Duration::from_secs(30));
    }
    assert_eq!(half_life(&handle, "a/ticks"), (Duration::from_mins(15), HalfLifeFrom::Ttl));
}

#[tokio::test]
async fn a_value_that_goes_changes_and_what_comes_was_not_looked_at_before() {
    let bench = Bench::new("memory");
    let script = Scripted::default();
    for turn in 0..60 {
        let here = holding(&[("a/ticks", "1"), ("a/owner", "2")]);
        script.say(Ok(if turn % 2 == 0 { here } else { holding(&[("a/owner", "2")]) }));
    }
    let engine = bench.start(vec![source("feed", Role::Observed, &script)]);
    let handle = engine.handle();
    refreshed(&bench, &handle, 41, Duration::from_secs(30)).await;
    let seen = |field: &str| handle.trust(Some(&id("feed")), Some(&FieldName::new(field))).unwrap()[0].lasts.unwrap().0;
    // Twenty times it was there before, and each time it had gone.
    assert_eq!((seen("ticks").seen(), seen("ticks").watched()), (20.0, Duration::from_secs(600)));
    assert_eq!((seen("owner").seen(), seen("owner").watched()), (0.0, Duration::from_secs(1200)));
}
