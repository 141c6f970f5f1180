//! Files of which a little changes.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    sync::{OnceLock, PoisonError},
};

use super::*;
use crate::engine::source::{LARGE, SourceDeps, build_sources};

const FACTS: usize = 300;

/// A file in which each fact has the number of its place; of one another one.
fn file(other: Option<(usize, &str)>) -> String {
    let mut text = String::from("{");
    for at in 0..FACTS {
        let comma = if at > 0 { "," } else { "" };
        match other {
            Some((of, value)) if of == at => write!(text, "{comma}\"k{at}\":{value}"),
            _ => write!(text, "{comma}\"k{at}\":{at}"),
        }
        .unwrap();
    }
    text + "}"
}

#[tokio::test]
async fn of_a_file_in_which_one_value_changed_one_observation_is_written() {
    for backend in ["memory", "sled"] {
        let bench = Bench::new(backend);
        let path = bench.dir.path().join("facts.json");
        let mut config = Config::bare(bench.dir.path().to_owned());
        config.sources = vec![SourceConfig {
            ttl: Some(Duration::from_secs(60)),
            ..SourceConfig::new(id("file"), SourceKind::File(FileSource { path: path.clone(), depth: 0 }))
        }];
        let built = || {
            let deps = SourceDeps { clock: bench.clock.clone(), secrets: Arc::new(NoSecrets), environment: Arc::default() };
            build_sources(&config, &deps).unwrap()
        };
        fs::write(&path, file(None)).unwrap();
        let engine = bench.start(built());
        let handle = engine.handle();
        let fetched = |engine: &Engine| {
            let mut at = BTreeMap::new();
            engine
                .core()
                .store
                .scan(&[], &mut |said| drop(at.insert(said.key.as_str().to_owned(), (said.fetched_at, said.changed_at, said.revision))))
                .unwrap();
            at
        };
        assert_eq!(handle.refresh(&[id("file")]).await.unwrap()[0].changed, FACTS as u64);
        let before = fetched(&engine);

        bench.clock.advance(Duration::from_secs(600));
        fs::write(&path, file(Some((7, "\"another\"")))).unwrap();
        let report = &handle.refresh(&[id("file")]).await.unwrap()[0];
        assert_eq!((report.changed, report.keys), (1, FACTS as u64));
        let after = fetched(&engine);
        let moved: Vec<_> = after.iter().filter(|(key, at)| before[*key] != **at).map(|(key, _)| key.as_str()).collect();
        assert_eq!(moved, ["k7"], "on {backend}");
        assert_ne!(after["k7"].2, before["k7"].2, "it has the version it came with");

        // What stayed is vouched for all the same, now and after a restart, which writes nothing either.
        assert_eq!(handle.get(&key("k8")).unwrap().unwrap().state, FactState::Fresh);
        drop(handle);
        engine.shutdown().await.unwrap();
        if backend == "sled" {
            let again = bench.start(built());
            let handle = again.handle();
            assert_eq!(handle.get(&key("k8")).unwrap().unwrap().state, FactState::Fresh);
            fs::write(&path, file(Some((8, "null")))).unwrap();
            bench.clock.advance(Duration::from_secs(1));
            assert_eq!(handle.refresh(&[id("file")]).await.unwrap()[0].changed, 2);
            let last = fetched(&again);
            let moved: Vec<_> = last.iter().filter(|(key, at)| after[*key] != **at).map(|(key, _)| key.as_str()).collect();
            assert_eq!(moved, ["k7", "k8"]);
            again.shutdown().await.unwrap();
        }
    }
}

/// Says one thing, as so many bytes, and notes how many sources had been taken in when it was asked.
struct Heavy {
    key: &'static str,
    bytes: u64,
    engine: Arc<OnceLock<EngineHandle>>,
    taken_in: Arc<Mutex<Vec<usize>>>,
}

impl Source for Heavy {
    fn ahead(&self) -> Option<BoxFuture<'_, u64>> {
        Some(Box::pin(async { self.bytes }))
    }

    fn fetch(&self) -> BoxFuture<'_, Answer> {
        Box::pin(async {
            let taken_in = self.engine.get().unwrap().sources().iter().filter(|source| source.keys > 0).count();
            self.taken_in.lock().unwrap_or_else(PoisonError::into_inner).push(taken_in);
            tokio::task::yield_now().await;
            Ok(holding(&[(self.key, "1")]))
        })
    }
}

#[tokio::test]
async fn a_large_answer_is_asked_for_when_the_one_before_it_was_taken_in() {
    for (bytes, expected) in [(LARGE, [0, 1, 2]), (LARGE - 1, [0, 0, 0])] {
        let bench = Bench::new("memory");
        let (handle, taken_in) = (Arc::new(OnceLock::new()), Arc::<Mutex<Vec<usize>>>::default());
        let heavy = |key: &'static str| {
            let said = Heavy { key, bytes, engine: Arc::clone(&handle), taken_in: Arc::clone(&taken_in) };
            BuiltSource { source: Arc::new(said), ..source(key, Role::Observed, &Scripted::default()) }
        };
        let engine = bench.start(vec![heavy("a"), heavy("b"), heavy("c")]);
        let _ = handle.set(engine.handle());
        let reports = engine.handle().refresh(&[id("a"), id("b"), id("c")]).await.unwrap();
        assert!(reports.iter().all(|report| report.error.is_none()), "{reports:?}");
        assert_eq!(*taken_in.lock().unwrap(), expected, "of {bytes} bytes");
        engine.shutdown().await.unwrap();
    }
}
