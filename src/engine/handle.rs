//! The handle everybody holds, and the guard that ends the engine.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, PoisonError},
};

use tokio::{
    sync::{broadcast, watch},
    task::JoinHandle,
};

use crate::fact::{Insight, Key, Pattern, SourceId, Timestamp};

use super::{
    api::{CacheStatus, EngineError, EngineOptions, Knowledge, RefreshReport, SourceStatus, SourceTest, StampedEvent},
    cache::name_of,
    core::Core,
    history::Believed,
    journal::{JournalOptions, RealLogDisk},
    poll,
    queue::open_desk,
    snapshots::Told,
    source::{BuiltSource, SourceDeps, build_sources, detect::Detector},
    store::{Hydrated, KeyKeeper, Mode, OpenedStore, Taken, open_resilient},
    view::EngineView,
};

/// A cheap, cloneable way to ask the engine anything. Reads run on the caller's thread and never wait for a source.
#[derive(Clone)]
pub struct EngineHandle {
    pub(super) core: Arc<Core>,
}

/// A running engine. Dropping it without [`Engine::shutdown`] is a crash the store survives.
pub struct Engine {
    core: Arc<Core>,
    tasks: Vec<JoinHandle<()>>,
}

impl Engine {
    /// Opens the store (synchronously, bounded) and, when asked to poll, starts the schedules. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`EngineError::Store`] when the directory is busy, newer, unwritable or beyond healing; [`EngineError::BadSource`] when a
    /// source's mapping or template is wrong.
    pub fn start(options: EngineOptions) -> Result<Self, EngineError> {
        let mut engine = Self::open(options)?;
        engine.poll()?;
        Ok(engine)
    }

    /// As [`Engine::start`], but nobody is asked before [`Engine::poll`]: who wants to show first what is known is not in the way of what
    /// the first answers bring.
    ///
    /// # Errors
    /// As for [`Engine::start`].
    pub fn open(options: EngineOptions) -> Result<Self, EngineError> {
        let built = build_sources(
            &options.config,
            &SourceDeps {
                clock: Arc::clone(&options.clock),
                secrets: Arc::clone(&options.secrets),
                environment: Arc::clone(&options.environment),
            },
        )?;
        let opened = open_resilient(&options.store())?;
        let log = real_log(&options);
        Self::idle(options, opened, built, log)
    }

    /// Puts an engine together from a store and sources that are already there.
    fn idle(options: EngineOptions, mut opened: OpenedStore, built: Vec<BuiltSource>, log: JournalOptions) -> Result<Self, EngineError> {
        let (set_aside, restored) = (opened.set_aside, opened.restored);
        let (desk, notes) = open_desk(&JournalOptions { sealer: opened.store.log_sealer(), ..log })?;
        opened.notes.extend(notes);
        let mut secret = [0; 32];
        options.rng.fill(&mut secret);
        desk.salt(secret);
        let store = Arc::clone(&opened.store);
        desk.before_the_first(Box::new(move || store.outdate_window()));
        let core = Arc::new(Core::new(options, opened, built, desk));
        core.listen_to_store();
        core.remember_breakers();
        core.recall_accepted();
        core.compare_heads();
        core.go_on_resealing();
        core.tell_opening(set_aside, restored);
        core.tell_store();
        Ok(Self { core, tasks: Vec::new() })
    }

    /// Starts the schedules, when asked to poll and not offline; once they run, does nothing. Needs a tokio runtime.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn poll(&mut self) -> Result<(), EngineError> {
        let polling = self.core.options.polling && !self.core.options.offline;
        if polling && self.tasks.is_empty() {
            self.core.load()?;
            self.tasks = poll::start(&self.core);
        }
        Ok(())
    }

    /// As [`Engine::start`], of a store and sources that are already there: for tests and rehearsals.
    pub(super) fn assemble(options: EngineOptions, opened: OpenedStore, built: Vec<BuiltSource>) -> Result<Self, EngineError> {
        let log = real_log(&options);
        Self::assemble_over(options, opened, built, log)
    }

    /// As [`Engine::assemble`], with the log of record as these say; what it is sealed with is the store's.
    pub(super) fn assemble_over(
        options: EngineOptions,
        opened: OpenedStore,
        built: Vec<BuiltSource>,
        log: JournalOptions,
    ) -> Result<Self, EngineError> {
        let mut engine = Self::idle(options, opened, built, log)?;
        engine.poll()?;
        Ok(engine)
    }

    /// The handle to give away.
    #[must_use]
    pub fn handle(&self) -> EngineHandle {
        EngineHandle { core: Arc::clone(&self.core) }
    }

    /// What it is made of, for tests of what no handle shows.
    #[cfg(test)]
    pub(super) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Stops tasks, flushes, writes the manifest.
    ///
    /// # Errors
    /// When the last flush fails.
    pub async fn shutdown(self) -> Result<(), EngineError> {
        self.core.desk.stop();
        // Who sends lets go when what is in flight has ended, or after two seconds.
        drop(self.core.desk.sender.lock().await);
        for task in &self.tasks {
            task.abort();
        }
        for task in self.tasks {
            // An aborted task ends with an error that says so; nothing is lost with it.
            let _ = task.await;
        }
        let core = self.core;
        if let Err(error) = core.write_history().await {
            tracing::warn!(%error, "history of the last minute was not written");
        }
        let closed = tokio::task::spawn_blocking(move || {
            if let Some(writer) = core.writer.get() {
                writer.finish();
                // What went since the last answer is no part of it any more. Where it cannot be written the next start is slower.
                if let Some((name, body)) = core.window_document(&[]) {
                    let _ = core.store.put_meta(&name, &body);
                }
            }
            // Only the owner that polls writes down who was used when; a convenience, so a disk that refuses is no failure.
            if let Some((name, body)) = core.keeping.recency().filter(|_| core.options.polling) {
                let _ = core.store.put_meta(&name, &body);
            }
            if let Some((name, body)) = core.lasting.document(core.now(), true) {
                let _ = core.store.put_meta(&name, &body);
            }
            core.desk.close();
            // Where nobody wrote to the cache this is its only write; without it an end that is cut off is not seen.
            if let Some((name, body)) = core.head_document() {
                let _ = core.store.put_meta(&name, &body);
            }
            // Last, because the next write would outdate it; without it the next start is slower.
            if (core.options.polling || core.writer.get().is_some())
                && let Err(error) = core.keep_window()
            {
                tracing::warn!(%error, "what the next start shows first was not written");
            }
            // What was found damaged while it ended is said like any other.
            core.tell_store();
            core.store.close()
        });
        match closed.await {
            Ok(outcome) => Ok(outcome?),
            Err(_) => Err(EngineError::Unavailable("closing the store failed; it is checked at the next start".to_owned())),
        }
    }
}

/// The log of record where it belongs; what it is sealed with is the store's.
fn real_log(options: &EngineOptions) -> JournalOptions {
    JournalOptions::new(Arc::new(RealLogDisk::new(&options.data_dir, Arc::clone(&options.clock))), None)
}

impl EngineHandle {
    /// What is believed about a key; none when nothing is cached. What was asked for less than a second ago may be answered as it was then,
    /// where nothing but its age has moved; [`Insight::at`] brings that to now.
    ///
    /// # Errors
    /// When the store itself fails.
    pub fn get(&self, key: &Key) -> Result<Option<Arc<Insight>>, EngineError> {
        Ok(self.core.insight(key, self.core.now())?)
    }

    /// What can be said of a key nothing is cached for.
    #[must_use]
    pub fn knowledge(&self, key: &Key) -> Knowledge {
        let could = self.core.sources.iter().filter(|slot| slot.config.enabled && slot.claims.could_hold(key));
        let name = name_of(key);
        let gone: Vec<_> = self.core.keeping.with(self.core.store.as_ref(), |ledgers| {
            could.clone().filter(|slot| ledgers.left_out.may_have(&slot.id, name)).map(|slot| slot.id.clone()).collect()
        });
        if !gone.is_empty() {
            return Knowledge::LetGo(gone);
        }
        let unanswered: Vec<_> = could.filter(|slot| slot.health().complete_at.is_none()).map(|slot| slot.id.clone()).collect();
        if unanswered.is_empty() { Knowledge::NoSuchKey } else { Knowledge::Unanswered(unanswered) }
    }

    /// Enabled sources that could hold a key of the pattern (none: all).
    #[must_use]
    pub fn sources_for(&self, pattern: Option<&Pattern>) -> Vec<SourceId> {
        let enabled = self.core.sources.iter().filter(|slot| slot.config.enabled);
        enabled.filter(|slot| pattern.is_none_or(|pattern| slot.claims.could_hold_any(pattern))).map(|slot| slot.id.clone()).collect()
    }

    /// Those of the sources that nobody has ever asked. Cheap: loads no facts.
    #[must_use]
    pub fn never_asked(&self, sources: &[SourceId]) -> Vec<SourceId> {
        let wanted = self.core.sources.iter().filter(|slot| sources.contains(&slot.id));
        wanted.filter(|slot| slot.health().asked_at.is_none()).map(|slot| slot.id.clone()).collect()
    }

    /// Asks these sources now, together, each bounded by its time-out; joins a fetch that is already under way.
    ///
    /// # Errors
    /// When offline was asked for, or a name is unknown.
    pub async fn refresh(&self, sources: &[SourceId]) -> Result<Vec<RefreshReport>, EngineError> {
        if self.core.options.offline {
            return Err(EngineError::Unavailable("offline was asked for: nothing is fetched".to_owned()));
        }
        let units: BTreeSet<usize> =
            sources.iter().map(|id| self.position(id).map(|at| self.core.sources[at].unit)).collect::<Result<_, _>>()?;
        let fetches = units.into_iter().map(|at| {
            let core = Arc::clone(&self.core);
            async move { core.refresh_unit(at).await }
        });
        let reports: Vec<RefreshReport> = futures_util::future::join_all(fetches).await.into_iter().flatten().collect();
        self.core.get_acquainted().await;
        let reports = reports.into_iter();
        Ok(reports.filter(|report| sources.contains(&report.source)).collect())
    }

    pub(super) fn position(&self, id: &SourceId) -> Result<usize, EngineError> {
        self.core.position(id).ok_or_else(|| EngineError::NoSuchSource(id.as_str().to_owned()))
    }

    /// One fetch of one source that stores nothing.
    ///
    /// # Errors
    /// When the name is unknown.
    pub async fn test_source(&self, name: &str) -> Result<SourceTest, EngineError> {
        let id = SourceId::new(name).map_err(|_| EngineError::NoSuchSource(name.to_owned()))?;
        let at = self.position(&id)?;
        Ok(self.core.test_source(at).await)
    }

    /// Who suggests sources, with what it remembers.
    #[must_use]
    pub fn detector(&self) -> &Detector {
        &self.core.detector
    }

    /// How every source stands, in configured order.
    #[must_use]
    pub fn sources(&self) -> Vec<SourceStatus> {
        // A read of a store that will not load shows as zero keys here; every other command names the cause.
        let _ = self.core.load();
        self.core.source_statuses(self.core.now())
    }

    /// The cache, in numbers.
    ///
    /// # Errors
    /// When the store itself fails.
    pub fn cache_status(&self) -> Result<CacheStatus, EngineError> {
        self.core.load()?;
        let keys = self.core.store.keys().map(KeyKeeper::key_status);
        Ok(CacheStatus {
            backend: self.core.backend,
            data_dir: self.core.options.data_dir.clone(),
            facts: self.core.read_facts().table.key_count() as u64,
            store: self.core.store.stats(),
            room: self.core.room_status(),
            hot: self.core.hot.status(),
            protection: keys.as_ref().map_or_else(|| self.core.protection.clone(), |keys| keys.protection.clone()),
            keys,
            notes: self.core.store_notes(),
            standing: self.core.store.standing(),
            polled_at: self.polled_at(),
        })
    }

    /// Writes a snapshot to `path`, which is absolute; a snapshot that is there is replaced, anything else refused.
    ///
    /// # Errors
    /// [`EngineError::Snapshot`]; what stood there still does.
    pub async fn snapshot(&self, path: &Path, progress: Told) -> Result<Taken, EngineError> {
        self.core.snapshot(path, progress).await
    }

    /// Verifies the snapshot at `path`, which is absolute, and takes it in.
    ///
    /// # Errors
    /// [`EngineError::Snapshot`]: unless its sentence says otherwise nothing was changed.
    pub async fn hydrate(&self, path: &Path, mode: Mode, progress: Told) -> Result<Hydrated, EngineError> {
        self.core.hydrate(path, mode, progress).await
    }

    /// What was believed of a key since then (none: as far as it is kept), oldest first: a value stands from its moment to the next.
    ///
    /// # Errors
    /// When the store itself fails.
    pub fn history(&self, key: &Key, since: Option<Timestamp>) -> Result<Vec<Believed>, EngineError> {
        Ok(self.core.history_of(key, since)?)
    }

    /// What was believed of a key at that moment; none when nothing from before is kept.
    ///
    /// # Errors
    /// When the store itself fails.
    pub fn believed_at(&self, key: &Key, at: Timestamp) -> Result<Option<Believed>, EngineError> {
        Ok(self.core.believed_at(key, at)?)
    }

    /// When any engine last polled this cache.
    #[must_use]
    pub fn polled_at(&self) -> Option<Timestamp> {
        *self.core.polled_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this engine polls by schedule.
    #[must_use]
    pub fn polls(&self) -> bool {
        self.core.options.polling && !self.core.options.offline
    }

    /// What is known, from moment to moment: the last one is always there, those nobody took are passed over. Loads the cache.
    ///
    /// # Errors
    /// When the store itself fails.
    pub fn view(&self) -> Result<watch::Receiver<EngineView>, EngineError> {
        Ok(self.core.watch_view()?)
    }

    /// The facts to show first, read and resolved now, while the rest is not loaded; none when it is, or when it is not known which
    /// they are. Without conflicts: which ones wait is known when everything is loaded.
    ///
    /// # Errors
    /// When the store itself fails.
    pub fn first_view(&self) -> Result<Option<EngineView>, EngineError> {
        Ok(self.core.first_view()?)
    }

    /// Resolves these keys for now, so that the view of them is no older than that.
    pub fn renew(&self, keys: &[Key]) {
        self.core.tell_changes(keys, self.core.now());
    }

    /// Everything that happens from now on, in order; a slow reader is told how many it missed.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<StampedEvent> {
        let receiver = self.core.events.subscribe();
        self.core.take_as_told();
        receiver
    }

    /// Whether a key's values are to be masked.
    #[must_use]
    pub fn is_secret(&self, key: &Key) -> bool {
        self.core.is_secret(key)
    }

    /// The engine's wall clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.core.now()
    }

    /// What a person should know about how the store was opened and how it stands.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.core.store_notes()
    }
}
