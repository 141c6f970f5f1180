//! Lists in parts are the list.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{snapshots::Damaged, *};
use crate::{
    engine::{core::Core, listing::Listing},
    fact::Insight,
};

/// What three sources say of sixty keys: one says all, one two of three and every fifth otherwise, one half of them.
fn said(by: usize) -> Fetched {
    let all: Vec<(String, String)> = (0..60)
        .filter(|at| by == 0 || (by == 1 && at % 3 > 0) || (by == 2 && at % 2 == 0))
        .map(|at| (format!("n/{at:02}"), if by == 1 && at % 5 == 0 { "0".to_owned() } else { at.to_string() }))
        .collect();
    holding(&all.iter().map(|(key, json)| (key.as_str(), json.as_str())).collect::<Vec<_>>())
}

fn parts(core: &Arc<Core>, query: &FactQuery, most: usize) -> Vec<Vec<Arc<Insight>>> {
    let mut listing = Listing::begin(core, query, most).unwrap();
    std::iter::from_fn(|| listing.next_part().unwrap()).collect()
}

async fn three(bench: &Bench, hot_tier: u64) -> Engine {
    let scripts = [0, 1, 2].map(|by| {
        let script = Scripted::default();
        script.say(Ok(said(by)));
        source(&format!("s{by}"), Role::Observed, &script)
    });
    let engine = bench.start_as(bench.open(), scripts.into(), |options| {
        let mut config = Config::clone(&options.config);
        config.cache.hot_tier = hot_tier;
        options.config = Arc::new(config);
    });
    for by in 0..3 {
        bench.clock.advance(Duration::from_secs(60));
        engine.handle().refresh(&[id(&format!("s{by}"))]).await.unwrap();
    }
    engine
}

#[tokio::test]
async fn in_parts_of_any_size_it_is_the_same_list() {
    for (backend, hot_tier) in [("memory", 1 << 20), ("sled", 0)] {
        let bench = Bench::new(backend);
        let engine = three(&bench, hot_tier).await;
        let handle = engine.handle();
        let patterns = [None, Some(Pattern::new("n/1*").unwrap()), Some(Pattern::new("nothing/**").unwrap())];
        let marks = [Vec::new(), vec![Mark::Conflict]];
        for sort in [SortBy::Key, SortBy::Age, SortBy::Confidence] {
            for (pattern, marks) in patterns.iter().flat_map(|pattern| marks.iter().map(move |marks| (pattern, marks))) {
                let query = FactQuery { pattern: pattern.clone(), marks: marks.clone(), sort, ..FactQuery::default() };
                let whole = handle.list(&query).unwrap();
                for most in [0, 1, 7, 50, usize::MAX] {
                    let parts = parts(engine.core(), &query, most);
                    assert_eq!(parts.concat(), whole, "{backend} {query:?} {most}");
                    let sizes: Vec<Vec<usize>> = parts.iter().map(|part| part.iter().map(|fact| fact.sources.len()).collect()).collect();
                    // Of those that hold nothing nobody is woken.
                    assert!(
                        sizes.iter().all(|part| part.len() == 1 || (!part.is_empty() && part.iter().sum::<usize>() <= most)),
                        "{sizes:?}"
                    );
                }
            }
        }
        let all = handle.list(&FactQuery::default()).unwrap();
        assert!(all.len() == 60 && all.windows(2).all(|pair| pair[0].key < pair[1].key));
        let contested = handle.list(&FactQuery { marks: vec![Mark::Conflict], ..FactQuery::default() }).unwrap();
        assert!(!contested.is_empty() && contested.len() < 60, "or nothing was tried");
        engine.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn a_part_that_is_asked_for_again_is_as_it_is_by_then_and_none_comes_twice() {
    let bench = Bench::new("memory");
    let script = Scripted::default();
    script.say(Ok(holding(&[("b", "1"), ("d", "1"), ("e", "1")])));
    script.say(Ok(holding(&[("a", "2"), ("b", "2"), ("d", "2"), ("e", "2")])));
    let engine = bench.start(vec![source("s", Role::Observed, &script)]);
    let handle = engine.handle();
    handle.refresh(&[id("s")]).await.unwrap();
    let told = |part: Option<Vec<Arc<Insight>>>| {
        part.map(|facts| {
            facts.iter().map(|fact| format!("{}={}", fact.key, fact.value.as_ref().unwrap().as_json_text())).collect::<Vec<_>>().join(" ")
        })
    };
    let mut listings = [0, 1, 2, 3].map(|given| {
        let mut listing = Listing::begin(engine.core(), &FactQuery::default(), 1).unwrap();
        (0..=given).for_each(|_| drop(listing.next_part().unwrap()));
        listing
    });
    handle.refresh(&[id("s")]).await.unwrap();
    let rest = listings.each_mut().map(|listing| {
        listing.again().unwrap();
        std::iter::from_fn(|| told(listing.next_part().unwrap())).collect::<Vec<_>>().join(" ")
    });
    assert_eq!(rest, ["a=2 b=2 d=2 e=2", "d=2 e=2", "e=2", ""]);
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_went_since_it_began_is_left_out() {
    let bench = Bench::new("memory");
    let engine = three(&bench, 0).await;
    let core = engine.core();
    let mut listing = Listing::begin(core, &FactQuery::default(), 3).unwrap();
    let first = listing.next_part().unwrap().unwrap();
    let ops = (0..3).map(|by| crate::engine::store::StoreOp::Evict(key("n/30"), id(&format!("s{by}")))).collect::<Vec<_>>();
    core.store.apply(&ops).unwrap();
    core.adopt(ops, true);
    let rest: Vec<_> = std::iter::from_fn(|| listing.next_part().unwrap()).flatten().collect();
    assert_eq!(first.len() + rest.len(), 59);
    assert!(rest.iter().all(|fact| fact.key != key("n/30")));
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn of_keys_that_nobody_speaks_of_nothing_is_read() {
    let bench = Bench::new("memory");
    let opened = bench.open();
    let store = Arc::new(Damaged(Arc::clone(&opened.store), Mutex::default(), AtomicUsize::default()));
    let engine = bench.start_over(OpenedStore { store: store.clone(), ..opened }, vec![]);
    engine.handle().list(&FactQuery::default()).unwrap();
    let before = store.2.load(Ordering::Relaxed);
    for keys in [vec![], vec![key("a"), key("b")]] {
        engine.core().walk_keys(&keys, None, |key, _| panic!("{key}")).unwrap();
    }
    assert_eq!(store.2.load(Ordering::Relaxed), before, "an empty store has nothing to look for, either");
    engine.shutdown().await.unwrap();
}
