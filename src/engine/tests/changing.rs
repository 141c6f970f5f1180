//! Changes as their callers meet them: own writes beside other sources, keys nobody has reported, waits that would not help.

use super::*;
use crate::{
    engine::source::{Answer as Said, Change, Delivery},
    fact::{Author, Base, CommandId, CommandReason, CommandState, ConflictClass, Content, Operation, ReasonCode},
};

/// Says and takes what it has; or cannot be reached.
#[derive(Clone, Default)]
struct Taking {
    values: Arc<Mutex<Vec<(Key, Value)>>>,
    down: Arc<Mutex<bool>>,
    /// Answers when it is told to.
    gate: Option<Arc<tokio::sync::Semaphore>>,
}

impl Taking {
    fn of(items: &[(&str, &str)]) -> Self {
        let taking = Self::default();
        items.iter().for_each(|(name, json)| taking.has(name, json));
        taking
    }

    fn has(&self, name: &str, json: &str) {
        let mut values = self.values.lock().unwrap();
        values.retain(|(held, _)| *held != key(name));
        values.push((key(name), Value::parse(json).unwrap()));
    }

    fn is_down(&self, down: bool) {
        *self.down.lock().unwrap() = down;
    }

    fn built(&self, name: &str) -> BuiltSource {
        let mut built = source(name, Role::Observed, &Scripted::default());
        built.config.writable = true;
        BuiltSource { source: Arc::new(self.clone()), ..built }
    }

    fn lost() -> SourceError {
        SourceError { code: "refused", message: "connection refused".into(), retry_after: None }
    }
}

impl Source for Taking {
    fn fetch(&self) -> BoxFuture<'_, Answer> {
        Box::pin(async {
            if *self.down.lock().unwrap() {
                return Err(Self::lost());
            }
            let values = self.values.lock().unwrap().clone();
            if let Some(gate) = &self.gate {
                gate.acquire().await.unwrap().forget();
            }
            let texts: Vec<(&str, &str)> = values.iter().map(|(key, value)| (key.as_str(), value.as_json_text())).collect();
            Ok(holding(&texts))
        })
    }

    fn writes(&self, _: &Key) -> bool {
        true
    }

    fn deliver<'a>(&'a self, change: &'a Change) -> Option<BoxFuture<'a, Delivery>> {
        Some(Box::pin(async {
            if *self.down.lock().unwrap() {
                return Delivery::Unavailable { error: Self::lost(), maybe_applied: false };
            }
            let current = self.values.lock().unwrap().iter().find(|(key, _)| *key == change.key).map(|(_, value)| value.clone());
            if !change.base.holds(&Base::found(current.clone()), &change.compare) {
                return Delivery::Moved { current: Base::found(current), answer: Said::new(Some(412), "moved") };
            }
            // A note goes somewhere else.
            if change.value != Value::string("look") {
                self.has(change.key.as_str(), change.value.as_json_text());
            }
            Delivery::Accepted { revision: None, guarded: true, confirmed: None }
        }))
    }
}

fn asked(name: &str, json: &str, number: u8) -> ChangeRequest {
    ChangeRequest {
        id: CommandId::from_bytes([number; 16]),
        key: key(name),
        operation: Operation::Set,
        value: Value::parse(json).unwrap(),
        source: Some(id("cluster")),
        expires: None,
        author: Author { user: "u".to_owned(), ..Author::default() },
        undoes: None,
    }
}

const SECOND: Duration = Duration::from_secs(1);

fn value_conflicts(handle: &EngineHandle) -> usize {
    handle.conflicts(true).unwrap().iter().filter(|conflict| conflict.class == ConflictClass::Value).count()
}

#[tokio::test]
async fn an_own_write_is_no_conflict_until_the_others_were_asked_again_and_still_differ() {
    let bench = Bench::new("sled");
    let (cluster, wiki) = (Taking::of(&[("a", "4"), ("b", "4")]), Scripted::default());
    wiki.say(Ok(holding(&[("a", "4"), ("b", "5")])));
    let sources = || vec![cluster.built("cluster"), source("wiki", Role::Observed, &wiki)];
    let engine = bench.start(sources());
    let handle = engine.handle();
    handle.refresh(&[id("cluster"), id("wiki")]).await.unwrap();
    assert_eq!(value_conflicts(&handle), 1, "b differed before");
    bench.clock.advance(SECOND);
    let ids: Vec<CommandId> =
        handle.change(&[asked("a", "9", 1), asked("b", "9", 2)]).await.unwrap().iter().map(|command| command.id).collect();
    let commands = handle.wait_for(&ids, 60 * SECOND).await;
    assert!(commands.iter().all(|command| command.state.is_delivered()), "{commands:?}");
    let believed = |handle: &EngineHandle| {
        let fact = handle.get(&key("a")).unwrap().unwrap();
        (fact.value.clone().unwrap().as_json_text().to_owned(), fact.conflict.is_some(), fact.sources.len())
    };
    assert_eq!(believed(&handle), ("9".to_owned(), false, 2), "the wiki is shown and says nothing against it");
    let fact = handle.get(&key("a")).unwrap().unwrap();
    assert!(fact.reason_codes.contains(&ReasonCode::OwnWriteNewer), "{:?}", fact.reason_codes);
    assert_eq!((fact.sources[1].score, &fact.sources[1].content), (None, &Content::Value(Value::from(4_i64))));
    assert_eq!(value_conflicts(&handle), 1, "the third value of b is as much a conflict as before");
    engine.shutdown().await.unwrap();

    // Also for whoever starts next, from the log alone.
    bench.clock.advance(SECOND);
    let engine = bench.start(sources());
    let handle = engine.handle();
    assert_eq!(believed(&handle), ("9".to_owned(), false, 2));
    handle.refresh(&[id("wiki")]).await.unwrap();
    assert_eq!(believed(&handle), ("9".to_owned(), true, 2), "asked again it still says 4: now it is a conflict");
    engine.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_finds_a_change_delivered_finds_its_value_believed() {
    let bench = Bench::new("sled");
    let cluster = Taking::of(&[("a", "0")]);
    let engine = bench.start(vec![cluster.built("cluster")]);
    let (handle, core) = (engine.handle(), Arc::clone(engine.core()));
    handle.refresh(&[id("cluster")]).await.unwrap();
    for number in 1..=40_u8 {
        let commands = handle.change(&[asked("a", &number.to_string(), number)]).await.unwrap();
        let flushing = tokio::spawn({
            let handle = handle.clone();
            async move { handle.flush(60 * SECOND).await }
        });
        // The log takes milliseconds to keep it: whoever looks in between must not see one half of it.
        while !core.desk.state().get(commands[0].id).is_some_and(|command| command.state.is_delivered()) {
            std::thread::yield_now();
        }
        assert_eq!(handle.get(&key("a")).unwrap().unwrap().value, Some(Value::from(i64::from(number))));
        flushing.await.unwrap();
    }
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_answer_that_was_asked_for_before_a_write_says_nothing_against_it() {
    let bench = Bench::new("sled");
    let (cluster, gate) = (Taking::of(&[("a", "4")]), Arc::new(tokio::sync::Semaphore::new(1)));
    let wiki = Taking { gate: Some(Arc::clone(&gate)), ..Taking::of(&[("a", "4")]) };
    let engine = bench.start(vec![cluster.built("cluster"), wiki.built("wiki")]);
    let handle = engine.handle();
    handle.refresh(&[id("cluster"), id("wiki")]).await.unwrap();
    bench.clock.advance(SECOND);
    let wiki_only = [id("wiki")];
    let under_way = handle.refresh(&wiki_only);
    tokio::pin!(under_way);
    // It has looked and its answer is on the way.
    for _ in 0..20 {
        tokio::select! {
            biased;
            answered = &mut under_way => panic!("{answered:?}"),
            () = tokio::task::yield_now() => {}
        }
    }
    bench.clock.advance(SECOND);
    handle.change(&[asked("a", "9", 1)]).await.unwrap();
    assert!(handle.wait_for(&[CommandId::from_bytes([1; 16])], 60 * SECOND).await[0].state.is_delivered());
    bench.clock.advance(SECOND);
    gate.add_permits(1);
    under_way.await.unwrap();
    assert_eq!(value_conflicts(&handle), 0, "it was asked before and only came later");
    bench.clock.advance(SECOND);
    gate.add_permits(1);
    handle.refresh(&[id("wiki")]).await.unwrap();
    assert_eq!(value_conflicts(&handle), 1);
}

#[tokio::test]
async fn a_change_of_a_key_nobody_has_reported_is_pending_and_is_believed_when_it_arrived() {
    let bench = Bench::new("sled");
    let cluster = Taking::of(&[("a", "4")]);
    let engine = bench.start(vec![cluster.built("cluster")]);
    let handle = engine.handle();
    handle.refresh(&[id("cluster")]).await.unwrap();
    assert_eq!(handle.get(&key("new/key")).unwrap(), None);
    let mut view = handle.view().unwrap();
    cluster.is_down(true);
    handle.change(&[asked("new/key", "9", 1)]).await.unwrap();
    let fact = handle.get(&key("new/key")).unwrap().unwrap();
    assert_eq!((&fact.value, fact.state, fact.marks.contains(Mark::Pending)), (&None, FactState::Gone, true));
    assert_eq!(fact.pending.as_ref().unwrap().value, Value::from(9_i64));
    let listed = |pattern: &str, marks: Vec<Mark>| {
        let query = FactQuery { pattern: Some(Pattern::new(pattern).unwrap()), marks, ..FactQuery::default() };
        handle.list(&query).unwrap().iter().map(|fact| fact.key.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(listed("**", Vec::new()), ["a", "new/key"]);
    assert_eq!((listed("new/*", vec![Mark::Pending]), listed("a", vec![Mark::Pending])), (vec!["new/key".to_owned()], Vec::new()));
    assert!(view.borrow_and_update().facts.find(&key("new/key")).is_some(), "a screen shows it too");
    assert!(handle.history(&key("new/key"), None).unwrap().is_empty(), "nothing was believed");
    // A note gives no value.
    let note = ChangeRequest { operation: Operation::Note, value: Value::string("look"), ..asked("noted", "0", 2) };
    handle.change(&[note]).await.unwrap();
    assert_eq!(handle.get(&key("noted")).unwrap(), None);

    cluster.is_down(false);
    handle.flush(60 * SECOND).await;
    let fact = handle.get(&key("new/key")).unwrap().unwrap();
    assert_eq!((fact.value.clone(), fact.pending.clone()), (Some(Value::from(9_i64)), None));
    assert!(handle.commands(&[]).iter().all(|command| command.state.is_delivered()));
    assert_eq!(handle.get(&key("noted")).unwrap(), None, "nor when it was delivered");
    // Nor does a change that comes behind one start from it.
    let note = ChangeRequest { operation: Operation::Note, value: Value::string("look"), ..asked("a", "0", 4) };
    handle.change(&[note, asked("a", "5", 5)]).await.unwrap();
    handle.flush(60 * SECOND).await;
    assert_eq!(handle.get(&key("a")).unwrap().unwrap().value, Some(Value::from(5_i64)));
    handle.change(&[asked("a", "6", 6)]).await.unwrap();
    handle.flush(60 * SECOND).await;
    assert_eq!(handle.get(&key("a")).unwrap().unwrap().value, Some(Value::from(6_i64)));

    cluster.is_down(true);
    handle.change(&[asked("other", "1", 3)]).await.unwrap();
    assert!(handle.get(&key("other")).unwrap().is_some());
    handle.undo(None, false, CommandId::from_bytes([9; 16]), &asked("a", "1", 0).author).await.unwrap();
    assert_eq!(handle.get(&key("other")).unwrap(), None, "taken back");
    assert!(view.borrow_and_update().facts.find(&key("other")).is_none());
}

/// How long a wait would take at the most: nobody waits for it here.
const LONG: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_wait_ends_where_waiting_would_not_help() {
    let bench = Bench::new("sled");
    let cluster = Taking::of(&[("a", "4")]);
    let engine = bench.start(vec![cluster.built("cluster")]);
    let handle = engine.handle();
    handle.refresh(&[id("cluster")]).await.unwrap();
    let author = asked("a", "1", 0).author;

    let mut events = handle.subscribe();
    handle.hold(true, &author).await.unwrap();
    handle.hold(true, &author).await.unwrap();
    let first = handle.change(&[asked("a", "9", 1)]).await.unwrap();
    let waited = handle.wait_for(&[first[0].id], LONG).await;
    assert_eq!((waited[0].state, waited[0].tries), (CommandState::Queued, 0), "sending is stopped");
    handle.hold(false, &author).await.unwrap();
    let held: Vec<bool> = std::iter::from_fn(|| events.try_recv().ok())
        .filter_map(|event| if let EngineEvent::Held(held, by) = event.event { Some(held).filter(|_| by.user == "u") } else { None })
        .collect();
    assert_eq!(held, [true, false], "said once each");

    // Its breaker opens while it is waited for; the engine's clock runs faster than ours.
    cluster.is_down(true);
    let ticking = {
        let (clock, desk) = (Arc::clone(&bench.clock), Arc::clone(&handle.core.desk));
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(SECOND / 200).await;
                clock.advance(SECOND / 10);
                desk.wake.notify_one();
            }
        })
    };
    let waited = handle.wait_for(&[first[0].id], LONG).await;
    assert_eq!((waited[0].state, waited[0].tries), (CommandState::Queued, 5), "it is known that it cannot be reached");
    assert!(!handle.is_on_its_way(&waited[0]));

    // What goes before it waits for a person.
    cluster.is_down(false);
    cluster.has("a", "7");
    let second = handle.change(&[asked("a", "10", 2)]).await.unwrap();
    handle.flush(LONG).await;
    let waited = handle.wait_for(&[second[0].id], LONG).await;
    assert_eq!(waited[0].state, CommandState::Queued);
    assert_eq!(handle.command(&first[0].id.to_string()).unwrap().state, CommandState::Blocked);
    ticking.abort();
}

#[tokio::test]
async fn who_does_not_poll_probes_once_before_it_gives_up_on_a_source() {
    let bench = Bench::new("sled");
    let cluster = Taking::of(&[("a", "4")]);
    let engine = bench.start(vec![cluster.built("cluster")]);
    let handle = engine.handle();
    handle.refresh(&[id("cluster")]).await.unwrap();
    cluster.is_down(true);
    let command = handle.change(&[asked("a", "9", 1)]).await.unwrap().remove(0);
    for _ in 0..6 {
        handle.refresh(&[id("cluster")]).await.unwrap();
    }
    assert!(!handle.is_on_its_way(&command), "five in a row");
    engine.shutdown().await.unwrap();
    // The next process remembers that, and looks before it believes it.
    cluster.is_down(false);
    let engine = bench.start(vec![cluster.built("cluster")]);
    assert!(engine.handle().wait_for(&[command.id], LONG).await[0].state.is_delivered());
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_parks_what_looks_old_and_one_that_jumps_back_stops_nothing() {
    let bench = Bench::new("sled");
    let cluster = Taking::of(&[("a", "4"), ("b", "4")]);
    let engine = bench.start(vec![cluster.built("cluster")]);
    let handle = engine.handle();
    handle.refresh(&[id("cluster")]).await.unwrap();
    let right = handle.now();
    cluster.is_down(true);
    let first = handle.change(&[asked("a", "9", 1)]).await.unwrap().remove(0);
    let second = handle.change(&[asked("b", "9", 2)]).await.unwrap().remove(0);
    handle.send_due().await;
    // A year ahead: nothing is sent in silence so late, and nothing is dropped.
    bench.clock.jump_to(right.plus(365 * 24 * 3600 * SECOND));
    cluster.is_down(false);
    handle.send_due().await;
    let parked = handle.command(&first.id.to_string()).unwrap();
    assert_eq!((parked.state, parked.reason), (CommandState::Parked, Some(CommandReason::TooOld)));
    // A year back: what was to be tried again in a second is not put off for a year.
    bench.clock.jump_to(right.minus(365 * 24 * 3600 * SECOND));
    bench.clock.advance(3600 * SECOND);
    for command in [&first, &second] {
        handle.treat(&command.id.to_string(), &Treatment::Release, &first.author).await.unwrap();
    }
    handle.send_due().await;
    for command in [&first, &second] {
        let command = handle.command(&command.id.to_string()).unwrap();
        assert!(command.state.is_delivered(), "{command:?}");
    }
    engine.shutdown().await.unwrap();
}
