//! A screen asks in the order of `conflicts list`, and with the moment that knows of an answer.

use std::collections::BTreeMap;

use super::*;
use crate::fact::{Author, CommandId, ConflictEntry, ConflictId};

/// Several sources of which each disagrees with most others here and there, so that answers teach.
async fn disputed(bench: &Bench, keys: u32) -> Engine {
    disputed_as(bench, keys, |_| {}).await
}

async fn disputed_as(bench: &Bench, keys: u32, change: impl FnOnce(&mut EngineOptions)) -> Engine {
    let names = ["cluster", "prom", "wiki", "notes"];
    let built = names.iter().zip(0..).map(|(name, turn)| {
        let script = Scripted::default();
        let value = |at: u32| if at.is_multiple_of(turn + 2) { "1".to_owned() } else { (turn % 3 + 1).to_string() };
        let items: Vec<(String, String)> = (0..keys).map(|at| (format!("k{at:05}/f{}", at % 5), value(at))).collect();
        script.say(Ok(holding(&items.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect::<Vec<_>>())));
        let mut built = source(name, Role::Observed, &script);
        built.config.trust = 0.5;
        built
    });
    let engine = bench.start_as(bench.open(), built.collect(), change);
    engine.handle().refresh(&names.map(id)).await.unwrap();
    engine
}

fn keys(conflicts: &[Arc<ConflictEntry>]) -> Vec<&Key> {
    conflicts.iter().map(|conflict| &conflict.key).collect()
}

#[tokio::test]
async fn a_screen_asks_in_the_order_of_the_list_before_and_after_every_answer() {
    let bench = Bench::new("sled");
    let engine = disputed(&bench, 300).await;
    let handle = engine.handle();
    let mut view = handle.view().unwrap();
    let mut orders = Vec::new();
    for number in 0..6_u8 {
        let listed = handle.conflicts(false).unwrap();
        // Trust of a source moves in other fields too, and what is shown of those follows in a moment.
        for _ in 0..200 {
            if keys(&view.borrow().conflicts) == keys(&listed) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let shown = view.borrow_and_update().conflicts.clone();
        assert!(listed.len() > 100, "{} conflicts: the test tests nothing", listed.len());
        assert_eq!(keys(&shown), keys(&listed), "after {number} answers");
        orders.push(listed.iter().skip(1).map(|conflict| conflict.id.clone()).collect::<Vec<_>>());
        let first = &listed[0];
        let choice = Choice::Accept(first.candidates[1].sources[0].clone());
        let request = DecisionRequest { id: CommandId::from_bytes([number; 16]), choice, digest: None, author: Author::default() };
        handle.apply_resolution(&first.id, &request).await.unwrap();
        // With the answer it is known to whoever looks.
        let told = view.borrow_and_update().conflicts.clone();
        assert!(told.iter().all(|conflict| conflict.id != first.id));
    }
    let moved = orders.windows(2).filter(|pair| !pair[0].starts_with(&pair[1][..1])).count();
    assert!(moved > 0, "answers teach, and the order follows");
    let last = handle.decisions().pop().unwrap().conflict();
    handle.undo_decision(last.as_str(), &Author::default()).await.unwrap();
    assert!(view.borrow().conflicts.iter().any(|conflict| conflict.id == last), "it waits again");
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_is_new_stands_last_until_it_is_put_in_order() {
    let mut contested = Contested::default();
    let bench = Bench::new("memory");
    let engine = disputed(&bench, 40).await;
    let listed = engine.handle().conflicts(false).unwrap();
    let all = engine.handle().list(&FactQuery::default()).unwrap();
    all.iter().for_each(|insight| contested.take(insight));
    let (new, known) = listed.split_first().unwrap();
    contested.order(known.iter().map(|conflict| conflict.id.clone()));
    assert_eq!(keys(&contested.waiting()), keys(known).into_iter().chain([&new.key]).collect::<Vec<_>>());
    let same = contested.waiting();
    assert!(Arc::ptr_eq(&same, &contested.waiting()), "nothing moved");
    engine.shutdown().await.unwrap();
}

/// A clock by which everything takes long; threads that ask it beside the test can be held up.
#[derive(Default)]
struct Slow {
    clock: SimClock,
    looks: std::sync::atomic::AtomicU64,
    held: Mutex<Option<Arc<Held>>>,
}

/// Who is held up says so, and waits until all are let go.
struct Held {
    of_test: std::thread::ThreadId,
    here: std::sync::mpsc::Sender<()>,
    until: Mutex<std::sync::mpsc::Receiver<()>>,
}

impl crate::engine::world::Clock for Slow {
    fn now(&self) -> crate::fact::Timestamp {
        self.clock.now()
    }

    fn monotonic(&self) -> Duration {
        let held = self.held.lock().unwrap().clone().filter(|held| held.of_test != std::thread::current().id());
        if let Some(held) = held {
            let _ = held.here.send(());
            // Let go by being dropped.
            let _ = held.until.lock().unwrap().recv();
        }
        // The wall stands still, so that nothing ages while the test looks. So slow, that no order of these few is worked out at once.
        Duration::from_millis(self.looks.fetch_add(50, std::sync::atomic::Ordering::SeqCst))
    }
}

impl Slow {
    /// Holds up every thread that works beside the test, whether it puts in order or shows the rest anew: says when the first is there, and lets
    /// them go when that is dropped.
    fn hold(&self) -> (std::sync::mpsc::Receiver<()>, std::sync::mpsc::Sender<()>) {
        let (here, is_here) = std::sync::mpsc::channel();
        let (go, until) = std::sync::mpsc::channel();
        *self.held.lock().unwrap() = Some(Arc::new(Held { of_test: std::thread::current().id(), here, until: Mutex::new(until) }));
        (is_here, go)
    }
}

async fn disputed_and_slow(bench: &Bench, keys: u32) -> (Engine, Arc<Slow>) {
    let clock = Arc::new(Slow::default());
    let engine = disputed_as(bench, keys, |options| options.clock = Arc::clone(&clock) as Arc<dyn crate::engine::world::Clock>).await;
    (engine, clock)
}

fn decision(number: u8, conflict: &ConflictEntry) -> DecisionRequest {
    let choice = Choice::Accept(conflict.candidates[1].sources[0].clone());
    DecisionRequest { id: CommandId::from_bytes([number; 16]), choice, digest: None, author: Author::default() }
}

/// Waits until the screen asks in the order of the list.
async fn in_order(handle: &EngineHandle, view: &View) -> Vec<Arc<ConflictEntry>> {
    // By that clock every look of every thread takes long, and what took long is rested from.
    for _ in 0..2_000 {
        let listed = handle.conflicts(false).unwrap();
        if keys(&view.borrow().conflicts) == keys(&listed) {
            return listed;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the order never came");
}

type View = tokio::sync::watch::Receiver<EngineView>;

#[tokio::test]
async fn an_order_that_takes_long_follows_the_moment_that_knows_of_the_answer() {
    let bench = Bench::new("sled");
    let (engine, clock) = disputed_and_slow(&bench, 300).await;
    let handle = engine.handle();
    let view = handle.view().unwrap();
    let before = in_order(&handle, &view).await;
    let first = Arc::clone(&before[0]);
    // Nothing is put in order until this is let go, and the moment does not wait for it.
    let (is_here, go) = clock.hold();
    handle.apply_resolution(&first.id, &decision(1, &first)).await.unwrap();
    assert_eq!(keys(&view.borrow().conflicts), keys(&before[1..]), "in the order that stood, without what was decided");
    tokio::task::spawn_blocking(move || is_here.recv().unwrap()).await.unwrap();
    // While the order is worked out another one is decided: in the next moment it is asked about no more.
    let second = Arc::clone(&before[7]);
    handle.apply_resolution(&second.id, &decision(2, &second)).await.unwrap();
    let asked = |id: &ConflictId| view.borrow().conflicts.iter().any(|conflict| conflict.id == *id);
    assert!(!asked(&first.id) && !asked(&second.id));
    // Trust that moved decides some by rule; what is left stands as it stood.
    let mut stood = before.iter();
    assert!(view.borrow().conflicts.iter().all(|one| stood.any(|before| before.id == one.id)), "nobody waits for the order");
    drop(go);
    // The order that was begun does not know of the second answer: another one follows.
    let after = in_order(&handle, &view).await;
    assert!(
        !before.iter().filter(|one| ![&first.id, &second.id].contains(&&one.id)).map(|one| &one.id).eq(after.iter().map(|one| &one.id))
    );
    assert!(!asked(&first.id) && !asked(&second.id));
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn after_any_number_of_answers_and_silence_the_order_is_that_of_the_list() {
    let bench = Bench::new("sled");
    let (engine, _) = disputed_and_slow(&bench, 200).await;
    let handle = engine.handle();
    let view = handle.view().unwrap();
    for number in 0..24_u8 {
        let shown = Arc::clone(&view.borrow().conflicts);
        let one = &shown[usize::from(number) * 5 % shown.len()];
        handle.apply_resolution(&one.id, &decision(number, one)).await.unwrap();
        assert!(view.borrow().conflicts.iter().all(|conflict| conflict.id != one.id), "{number}");
        if number % 5 == 4 {
            let last = handle.decisions().pop().unwrap().conflict();
            handle.undo_decision(last.as_str(), &Author::default()).await.unwrap();
            assert!(view.borrow().conflicts.iter().any(|conflict| conflict.id == last), "it waits again");
        }
        if number % 7 == 3 {
            tokio::time::sleep(Duration::from_millis(u64::from(number))).await;
        }
        if number % 12 == 11 {
            in_order(&handle, &view).await;
        }
    }
    drop(view);
    // Who looks again after nobody did is served as well.
    let view = handle.view().unwrap();
    let listed = in_order(&handle, &view).await;
    handle.apply_resolution(&listed[3].id, &decision(99, &listed[3])).await.unwrap();
    in_order(&handle, &view).await;
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn answers_without_an_end_hold_no_order_up_for_good() {
    let bench = Bench::new("sled");
    let (engine, _) = disputed_and_slow(&bench, 200).await;
    let handle = engine.handle();
    let view = handle.view().unwrap();
    let before = in_order(&handle, &view).await;
    let answering = handle.core.answering();
    handle.apply_resolution(&before[0].id, &decision(1, &before[0])).await.unwrap();
    in_order(&handle, &view).await;
    drop(answering);
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn with_an_answer_conflicts_of_other_fields_are_shown_as_it_weighs_them() {
    let bench = Bench::new("sled");
    let engine = disputed(&bench, 1_000).await;
    let handle = engine.handle();
    let view = handle.view().unwrap();
    let before = in_order(&handle, &view).await;
    let first = Arc::clone(&before[0]);
    let field = |conflict: &ConflictEntry| conflict.key.as_str().rsplit('/').next().unwrap().to_owned();
    handle.apply_resolution(&first.id, &decision(1, &first)).await.unwrap();
    // Nobody else ran since the moment that knows of the answer: this thread is the only one that could begin.
    let shown: BTreeMap<Key, Arc<ConflictEntry>> =
        view.borrow().facts.iter().filter_map(|fact| Some((fact.key.clone(), Arc::clone(fact.conflict.as_ref()?)))).collect();
    let weighed = handle.conflicts(false).unwrap();
    // What is asked about first is shown at once whatever its field is.
    let later: Vec<&Key> =
        before.iter().skip(200).filter(|conflict| field(conflict) != field(&first)).map(|conflict| &conflict.key).collect();
    let moved =
        weighed.iter().filter(|now| later.contains(&&now.key) && before.iter().any(|then| then.id == now.id && then != *now)).count();
    assert!(moved > 50, "{moved} of {} moved: the test tests nothing", later.len());
    for now in &weighed {
        assert_eq!(shown[&now.key], *now);
    }
    engine.shutdown().await.unwrap();
}
