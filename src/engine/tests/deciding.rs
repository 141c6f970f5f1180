//! Decisions as they are written down, what they teach, and who may make them: what a person says of a conflict, through the handle.

use super::*;
use crate::fact::{
    Author, CommandId, CompareRule, ConflictEntry, ConflictId, Correction, Decision, FieldName, Insight, KeyRule, Tolerance, Verdict,
    millionths,
};

/// Three who disagree, of whom the one is trusted far more than both others together, and one who only says what is wanted.
const SAID: [(&str, &[(&str, &str)]); 4] = [
    ("north", &[("one/time", "100"), ("two/time", "305.0"), ("a/gate", "1"), ("b/gate", "1"), ("c/gate", "1"), ("d/gate", "1")]),
    ("south", &[("one/time", "105.0"), ("two/time", "500"), ("a/gate", "1.0"), ("b/gate", "1"), ("c/gate", "1"), ("d/gate", "1")]),
    ("west", &[("one/time", "300"), ("two/time", "300"), ("a/gate", "2"), ("b/gate", "2"), ("c/gate", "2"), ("d/gate", "2")]),
    ("git", &[("one/time", "100"), ("a/gate", "3"), ("only/wanted", "1")]),
];

fn rules(options: &mut EngineOptions) {
    let mut time = KeyRule::new(Pattern::new("*/time").unwrap());
    time.compare = CompareRule { tolerance: Tolerance::Absolute(10.0), ..CompareRule::default() };
    options.config = Arc::new(Config { rules: vec![time], ..Config::bare("/".into()) });
}

/// The engine, and what its sources will say next.
async fn disputed(bench: &Bench) -> (Engine, Vec<Scripted>) {
    disputed_as(bench, |_| {}).await
}

async fn disputed_as(bench: &Bench, change: impl FnOnce(&mut EngineOptions)) -> (Engine, Vec<Scripted>) {
    let scripts: Vec<Scripted> = SAID.iter().map(|_| Scripted::default()).collect();
    let built = SAID.iter().zip(&scripts).map(|((name, says), script)| {
        script.say(Ok(holding(says)));
        let role = if *name == "git" { Role::Declared } else { Role::Observed };
        let mut built = source(name, role, script);
        built.config.trust = if *name == "west" { 0.95 } else { 0.3 };
        built
    });
    let engine = bench.start_as(bench.open(), built.collect(), |options| {
        rules(options);
        change(options);
    });
    engine.handle().refresh(&SAID.map(|(name, _)| id(name))).await.unwrap();
    (engine, scripts)
}

fn fact(handle: &EngineHandle, name: &str) -> Arc<Insight> {
    handle.get(&key(name)).unwrap().unwrap()
}

fn conflict(handle: &EngineHandle, name: &str) -> Arc<ConflictEntry> {
    fact(handle, name).conflict.clone().unwrap()
}

fn request(number: u8, choice: Choice) -> DecisionRequest {
    DecisionRequest { id: CommandId::from_bytes([number; 16]), choice, digest: None, author: Author::default() }
}

fn accept(number: u8, name: &str) -> DecisionRequest {
    request(number, Choice::Accept(id(name)))
}

async fn decide(handle: &EngineHandle, name: &str, request: &DecisionRequest) -> Arc<Decision> {
    let conflict = conflict(handle, name);
    handle.apply_resolution(&conflict.id, request).await.unwrap();
    handle.decisions().into_iter().find(|decision| decision.id == request.id).unwrap()
}

fn right(decision: &Decision) -> Vec<(&str, bool)> {
    decision.said.iter().map(|said| (said.source.as_str(), said.is_right)).collect()
}

fn counted(handle: &EngineHandle, name: &str, field: &str) -> f64 {
    handle.trust(Some(&id(name)), Some(&FieldName::new(field))).unwrap()[0].standing.field.counted
}

#[tokio::test]
async fn what_is_written_of_a_decision_is_what_was_said_and_believed_before_it() {
    let bench = Bench::new("sled");
    let (engine, scripts) = disputed(&bench).await;
    let handle = engine.handle();
    let value = |json: &str| Some(Value::parse(json).unwrap());
    let before = fact(&handle, "two/time");
    assert_eq!(before.value, value("300"));
    let like = |insight: &&Arc<Insight>| insight.conflict.is_some() && (insight.p_true * 10.0).floor() == (before.p_true * 10.0).floor();
    let alike = handle.list(&FactQuery::default()).unwrap().iter().filter(like).count();
    assert!(alike > 2, "{alike}: the test tests nothing");

    let first = decide(&handle, "two/time", &accept(1, "north")).await;
    assert_eq!((first.verdict.value(), &first.from), (value("305.0").as_ref(), &Some(id("north"))));
    assert_eq!(right(&first), [("north", true), ("south", false), ("west", true)], "by the key's tolerance, and of who observes alone");
    assert_eq!(first.field, handle.core.field_of(&key("one/time")), "it teaches of all keys of the rule");
    assert_ne!(first.field, handle.core.field_of(&key("a/gate")));
    assert!(first.found.is_right, "305.0 was accepted and 300 believed: by the rule that is the same");
    assert_eq!((first.found.p_true, first.found.shown), (millionths(before.p_true), millionths(before.p_true)), "nothing corrects it yet");
    assert_eq!(usize::try_from(first.found.one_of).unwrap(), alike);
    assert_eq!((&*first.found.policy, first.replaces), ("auto", None));

    // What came out corrects what is shown of the next; what is learned from is what was there before any correction.
    let before = fact(&handle, "one/time");
    assert_eq!(before.value, value("300"), "the one that is trusted is believed against two");
    let correction = Correction::of(&handle.decisions().iter().filter_map(|decision| decision.judged()).collect::<Vec<_>>());
    let second = decide(&handle, "one/time", &accept(2, "south")).await;
    assert_eq!(second.found.shown, millionths(before.p_true));
    assert_ne!(second.found.shown, second.found.p_true, "the test tests nothing");
    let corrected = correction.correct(f64::from(second.found.p_true) / 1e6);
    assert!((corrected - before.p_true).abs() < 2e-6, "{corrected} {}", before.p_true);
    assert_eq!(right(&second), [("north", true), ("south", true), ("west", false)]);
    assert_eq!((second.found.is_right, second.found.majority_is_right), (false, true));

    // The value of whoever was accepted is shown, also when it moves within the tolerance.
    let shown = fact(&handle, "one/time");
    assert_eq!((&shown.value, shown.p_true), (&value("105.0"), 0.99), "no correction touches what a person says");
    scripts[1].say(Ok(holding(&[("one/time", "107"), ("two/time", "500"), ("a/gate", "1.0")])));
    for _ in 0..2 {
        handle.refresh(&[id("south")]).await.unwrap();
    }
    assert_eq!(fact(&handle, "one/time").value, value("107"));
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn how_well_it_keeps_its_word_is_told_by_what_was_shown_of_facts_that_have_a_value() {
    let bench = Bench::new("sled");
    let (engine, _) = disputed(&bench).await;
    let handle = engine.handle();
    for (number, name) in [(1, "a/gate"), (2, "one/time"), (3, "b/gate")] {
        decide(&handle, name, &accept(number, "north")).await;
    }
    let decisions = handle.decisions();
    assert!(decisions.iter().any(|decision| decision.found.shown != decision.found.p_true), "the test tests nothing");
    let off = |decision: &Arc<Decision>| {
        let is = if decision.found.is_right { 1.0 } else { 0.0 };
        (f64::from(decision.found.shown) / 1e6 - is).powi(2)
    };
    let brier = decisions.iter().map(off).sum::<f64>() / 3.0;
    let scores = handle.telemetry().unwrap().scores;
    assert!((scores.asked.unwrap().brier - brier).abs() < 1e-9, "{scores:?} {brier}");
    let all = handle.list(&FactQuery::default()).unwrap();
    let valued = all.iter().filter(|insight| insight.value.is_some()).count() as u64;
    assert!(valued < all.len() as u64, "what only is wanted has no value");
    assert_eq!(scores.facts, valued);
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn only_a_decision_that_holds_is_replaced_and_what_an_ended_one_taught_stays() {
    let bench = Bench::new("sled");
    let (engine, scripts) = disputed(&bench).await;
    let handle = engine.handle();
    let first = decide(&handle, "a/gate", &accept(1, "north")).await;
    let second = decide(&handle, "a/gate", &accept(2, "west")).await;
    assert_eq!(second.replaces, Some(first.id));
    assert_eq!(right(&first), [("north", true), ("south", true), ("west", false)], "1 and 1.0 are one value");
    assert_eq!(counted(&handle, "north", "gate"), 1.0, "of one question one answer counts");
    scripts[2].say(Ok(holding(&[("a/gate", "7"), ("b/gate", "2")])));
    scripts[2].say(Ok(holding(&[("a/gate", "7"), ("b/gate", "2")])));
    for _ in 0..2 {
        handle.refresh(&[id("west")]).await.unwrap();
    }
    let conflict = conflict(&handle, "a/gate");
    assert!(!conflict.resolution.is_by_a_person(), "nobody says any more what was accepted");
    assert!(conflict.reason_codes.contains(&crate::fact::ReasonCode::Reopened), "{conflict:?}");
    let third = decide(&handle, "a/gate", &accept(3, "north")).await;
    assert_eq!(third.replaces, None);
    assert_eq!(counted(&handle, "north", "gate"), 2.0, "it was another question");
    engine.shutdown().await.unwrap();
}

/// A clock that holds up the thread of a slow one, after it looked and before it decides.
#[derive(Default)]
struct Late {
    clock: SimClock,
    /// Asked so often by that thread until it is held up, who is told, and until when.
    held: Mutex<Option<HeldUp>>,
}

struct HeldUp {
    left: u32,
    here: std::sync::mpsc::Sender<()>,
    until: std::sync::mpsc::Receiver<()>,
}

const SLOW: &str = "the slow one";

impl crate::engine::world::Clock for Late {
    fn now(&self) -> crate::fact::Timestamp {
        if std::thread::current().name() == Some(SLOW) {
            let mut held = self.held.lock().unwrap();
            let looked = held.as_mut().is_some_and(|held| {
                held.left -= 1;
                held.left == 0
            });
            let now = held.take_if(|_| looked);
            drop(held);
            if let Some(HeldUp { here, until, .. }) = now {
                here.send(()).unwrap();
                let _ = until.recv();
            }
        }
        self.clock.now()
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }
}

/// What comes of a decision that was looked for before `meanwhile` and is made after it.
async fn late(
    clock: &Late,
    handle: &EngineHandle,
    id: &ConflictId,
    request: DecisionRequest,
    meanwhile: impl Future,
) -> Result<(), DecideError> {
    let ((here, is_here), (go, until)) = (std::sync::mpsc::channel(), std::sync::mpsc::channel());
    *clock.held.lock().unwrap() = Some(HeldUp { left: 2, here, until });
    let (handle, id) = (handle.clone(), id.clone());
    let slow = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { handle.apply_resolution(&id, &request).await.map(drop) })
    };
    let slow = std::thread::Builder::new().name(SLOW.to_owned()).spawn(slow).unwrap();
    tokio::task::spawn_blocking(move || is_here.recv().unwrap()).await.unwrap();
    meanwhile.await;
    drop(go);
    tokio::task::spawn_blocking(move || slow.join().unwrap()).await.unwrap()
}

#[tokio::test]
async fn of_two_who_decide_at_once_one_does_and_the_same_request_twice_is_one() {
    let bench = Bench::new("sled");
    let clock = Arc::new(Late::default());
    let (engine, _) = disputed_as(&bench, |options| options.clock = Arc::clone(&clock) as Arc<dyn crate::engine::world::Clock>).await;
    let handle = engine.handle();
    let mut updates = handle.subscribe_updates();
    let asked = conflict(&handle, "a/gate").id.clone();
    let first = accept(1, "north");
    let second = late(&clock, &handle, &asked, accept(2, "west"), handle.apply_resolution(&asked, &first)).await;
    assert!(matches!(second, Err(DecideError::Queue(QueueError::Moved { .. }))), "it was not meant to take a place: {second:?}");
    let asked = conflict(&handle, "b/gate").id.clone();
    let again = accept(3, "north");
    assert!(late(&clock, &handle, &asked, again.clone(), handle.apply_resolution(&asked, &again)).await.is_ok());
    assert!(handle.apply_resolution(&asked, &again).await.is_ok(), "asked for again long after");
    let made: Vec<u8> = handle.decisions().iter().map(|decision| decision.id.as_bytes()[0]).collect();
    assert_eq!(made, [1, 3]);
    handle.undo_decision(asked.as_str(), &Author::default()).await.unwrap();
    let mut told = Vec::new();
    while told.last() != Some(&(3, DecisionStep::TakenBack)) {
        let (_, _, update) = tokio::time::timeout(Duration::from_secs(20), updates.next()).await.expect("undoing is told as that").unwrap();
        if let ConflictUpdate::Decision(event) = update {
            told.push((event.decision.id.as_bytes()[0], event.step));
        }
    }
    assert_eq!(told[0], (1, DecisionStep::Made));
    let _ = handle.apply_resolution(&asked, &again).await;
    assert_eq!(handle.decisions().len(), 1, "what was taken back does not come again");
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_is_locked_or_has_moved_is_not_decided_and_the_rule_teaches_nothing() {
    let bench = Bench::new("sled");
    let (engine, _) = disputed(&bench).await;
    let handle = engine.handle();
    let asked = conflict(&handle, "a/gate");
    handle.lock(&asked.key, true, &Author::default()).await.unwrap();
    let locked = |error: &DecideError| matches!(error, DecideError::Queue(QueueError::Locked(_)));
    assert!(locked(&handle.would_decide(&asked.id, &accept(1, "north")).unwrap_err()));
    assert!(locked(&handle.apply_resolution(&asked.id, &accept(1, "north")).await.unwrap_err()));
    handle.lock(&asked.key, false, &Author::default()).await.unwrap();
    let moved = DecisionRequest { digest: Some("0123456789abcdef".to_owned()), ..accept(1, "north") };
    for error in [handle.would_decide(&asked.id, &moved).unwrap_err(), handle.apply_resolution(&asked.id, &moved).await.unwrap_err()] {
        assert!(matches!(error, DecideError::Queue(QueueError::Moved { .. })), "{error:?}");
    }
    assert!(matches!(handle.would_decide(&asked.id, &accept(1, "git")), Err(DecideError::NoValueOf { .. })), "it says what is wanted");
    assert!(handle.decisions().is_empty());
    let by_rule = decide(&handle, "a/gate", &request(1, Choice::ByRule)).await;
    assert_eq!((&by_rule.verdict, &by_rule.from), (&Verdict::ByRule(Value::parse("2").unwrap()), &Some(id("west"))));
    assert_eq!(counted(&handle, "west", "gate"), 0.0);
    assert!(handle.telemetry().unwrap().scores.asked.is_none(), "nobody said what is right");
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn nobody_vouches_for_a_frozen_value_who_says_another_one() {
    let bench = Bench::new("sled");
    let (engine, _) = disputed(&bench).await;
    let handle = engine.handle();
    decide(&handle, "a/gate", &accept(1, "north")).await;
    let said = |of: &Insight| -> Vec<(String, bool, bool)> {
        let observed = of.sources.iter().filter(|view| view.role == Role::Observed);
        observed.map(|view| (view.source.to_string(), view.wins, view.agrees)).collect()
    };
    let before = fact(&handle, "a/gate");
    handle.lock(&key("a/gate"), true, &Author::default()).await.unwrap();
    let locked = fact(&handle, "a/gate");
    assert_eq!((&locked.value, said(&locked), locked.p_true), (&before.value, said(&before), before.p_true), "it is what is believed");
    // The decision is taken back: of itself another value would be believed now.
    handle.undo_decision(conflict(&handle, "a/gate").id.as_str(), &Author::default()).await.unwrap();
    let frozen = fact(&handle, "a/gate");
    assert!(frozen.value == before.value && frozen.confidence.is_none() && frozen.marks.contains(Mark::Locked), "{frozen:?}");
    let said = said(&frozen);
    assert!(said.iter().all(|(source, wins, agrees)| !wins && *agrees == (source != "west")), "{said:?}");
    assert_eq!((frozen.agreement.supporting, frozen.agreement.opposing as usize), (2, said.len() - 2));
    handle.lock(&key("a/gate"), false, &Author::default()).await.unwrap();
    assert!(fact(&handle, "a/gate").confidence.is_some());
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn trust_fades_while_the_engine_runs_and_each_reset_is_its_own() {
    let bench = Bench::new("sled");
    let (engine, _) = disputed(&bench).await;
    let handle = engine.handle();
    decide(&handle, "a/gate", &accept(1, "north")).await;
    let trusted = |name: &str| fact(&handle, name).sources.iter().find(|view| view.source == id("north")).unwrap().trust;
    let (at_first, elsewhere) = (trusted("b/gate"), trusted("one/time"));
    assert!(at_first > elsewhere && elsewhere > 0.3, "the field is known best, and others by the mean: {at_first} {elsewhere}");
    // An answer about another field tells of this fact's source as well.
    let about = handle.trust_about(&fact(&handle, "one/time"));
    assert!(about.iter().any(|learned| learned.source == id("north") && learned.standing.field.counted == 0.0), "{about:?}");
    bench.clock.advance(Duration::from_hours(180 * 24));
    assert!((counted(&handle, "north", "gate") - 0.5).abs() < 1e-9, "half after the half-life, nothing decided meanwhile");
    assert!(trusted("b/gate") < at_first);

    let reset_at = |field: Option<&str>| {
        let field = field.map(FieldName::new);
        let learned = handle.trust(Some(&id("north")), field.as_ref()).unwrap();
        learned.iter().find(|one| one.field == field).unwrap().reset_at
    };
    for field in [None, Some("gate"), None] {
        bench.clock.advance(Duration::from_hours(1));
        handle.reset_trust(&id("north"), field.map(FieldName::new).as_ref(), &Author::default()).await.unwrap();
    }
    let now = handle.now();
    assert_eq!((reset_at(None), reset_at(Some("gate"))), (Some(now), Some(now.minus(Duration::from_hours(1)))), "each its own, the last");
    assert_eq!(trusted("b/gate"), 0.3, "as configured");
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_an_authority_says_counts_as_soon_as_it_is_counted_again() {
    let bench = Bench::new("sled");
    let (register, wiki) = (Scripted::default(), Scripted::default());
    register.say(Ok(holding(&[("a/gate", "1"), ("b/gate", "1")])));
    wiki.say(Ok(holding(&[("a/gate", "1"), ("b/gate", "2")])));
    wiki.say(Ok(holding(&[("a/gate", "3"), ("b/gate", "2")])));
    let mut built = source("register", Role::Observed, &register);
    built.config.authority = true;
    let engine = bench.start(vec![built, source("wiki", Role::Observed, &wiki)]);
    let handle = engine.handle();
    handle.refresh(&[id("register"), id("wiki")]).await.unwrap();
    let trust = || fact(&handle, "b/gate").sources.iter().find(|view| view.source == id("wiki")).unwrap().trust;
    let before = trust();
    assert!(before < 0.7 && counted(&handle, "wiki", "gate") > 0.0, "{before}");
    handle.refresh(&[id("wiki")]).await.unwrap();
    assert!(trust() < before, "wrong of one more");
    assert!(handle.decisions().is_empty(), "nobody decided");
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_conflict_that_was_named_is_found_by_its_id_and_others_still_are() {
    let bench = Bench::new("sled");
    let (engine, scripts) = disputed(&bench).await;
    let handle = engine.handle();
    let named =
        |id: &ConflictId| handle.conflicts_named(id.as_str()).unwrap().into_iter().map(|one| one.key.to_string()).collect::<Vec<_>>();
    let (one, other) = (conflict(&handle, "a/gate"), conflict(&handle, "b/gate"));
    for turn in [&one, &one, &other, &one] {
        assert_eq!(named(&turn.id), [turn.key.as_str()]);
        assert_eq!(handle.conflicts_named(&turn.id.as_str().to_uppercase()).unwrap().len(), 1);
    }
    assert_eq!(handle.conflicts_named("c-").unwrap(), []);
    decide(&handle, "a/gate", &accept(1, "north")).await;
    handle.undo_decision(one.id.as_str(), &Author::default()).await.unwrap();
    assert_eq!(named(&one.id), [one.key.as_str()]);
    // All agree by now: what was named a moment ago is no conflict any more.
    scripts[2].say(Ok(holding(&[("a/gate", "1"), ("b/gate", "2")])));
    for _ in 0..2 {
        handle.refresh(&[id("west")]).await.unwrap();
    }
    assert!(named(&one.id).is_empty());
    assert!(matches!(handle.would_decide(&one.id, &accept(2, "north")), Err(DecideError::NoSuchConflict(_))));
    assert_eq!(named(&other.id), [other.key.as_str()]);
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_was_decided_for_and_against_a_source_weighs_for_that_field_alone() {
    let bench = Bench::new("sled");
    let (engine, _scripts) = disputed(&bench).await;
    let handle = engine.handle();
    let counts = |name: &str| {
        let fact = fact(&handle, name);
        let basis = fact.confidence.as_ref().unwrap().basis;
        (fact.sources.iter().find(|view| view.wins).unwrap().source.to_string(), basis.accepts, basis.rejects)
    };
    assert_eq!(counts("c/gate"), ("west".to_owned(), 0, 0));
    decide(&handle, "a/gate", &accept(1, "north")).await;
    assert_eq!(counts("a/gate").1, 1, "of one that was right: {:?}", counts("a/gate"));
    decide(&handle, "b/gate", &accept(2, "west")).await;
    assert_eq!(counts("b/gate"), ("west".to_owned(), 1, 1));
    assert_eq!(counts("two/time"), ("west".to_owned(), 0, 0), "of another field nothing was decided");
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_value_that_breaks_the_schema_is_not_decided_for() {
    let bench = Bench::new("sled");
    let (engine, _scripts) = disputed_as(&bench, |options| {
        let mut gate = KeyRule::new(Pattern::new("*/gate").unwrap());
        gate.schema = Some(Arc::new(Value::parse(r#"{"type": "integer", "maximum": 9}"#).unwrap()));
        options.config = Arc::new(Config { rules: vec![gate], ..Config::bare("/".into()) });
    })
    .await;
    let handle = engine.handle();
    let id = conflict(&handle, "a/gate").id.clone();
    let own = |number: u8, json: &str| request(number, Choice::Value(Value::parse(json).unwrap()));
    let refused = handle.would_decide(&id, &own(1, "10")).unwrap_err();
    assert!(matches!(&refused, DecideError::Queue(QueueError::BreaksSchema { why, .. }) if why.contains("maximum")), "{refused:?}");
    assert!(handle.apply_resolution(&id, &own(2, "10")).await.is_err());
    assert!(handle.decisions().is_empty());
    handle.apply_resolution(&id, &own(3, "9")).await.unwrap();
    assert_eq!(fact(&handle, "a/gate").value, Some(Value::from(9_u64)));
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn trust_that_begins_anew_is_seen_by_whoever_looks() {
    let bench = Bench::new("sled");
    let (engine, _scripts) = disputed(&bench).await;
    let handle = engine.handle();
    let view = handle.view().unwrap();
    let shown = || view.borrow().conflicts.iter().find(|conflict| conflict.key == key("b/gate")).map(|conflict| conflict.margin);
    let settled = async || {
        let believed = conflict(&handle, "b/gate").margin;
        for _ in 0..200 {
            if shown() == Some(believed) {
                return believed;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{:?} is shown, {believed} believed", shown());
    };
    let at_first = settled().await;
    decide(&handle, "a/gate", &accept(1, "north")).await;
    let taught = settled().await;
    handle.reset_trust(&id("north"), None, &Author::default()).await.unwrap();
    handle.reset_trust(&id("south"), None, &Author::default()).await.unwrap();
    let reset = settled().await;
    assert!(at_first != taught && taught != reset, "{at_first} {taught} {reset}: the test tests nothing");
    engine.shutdown().await.unwrap();
}
