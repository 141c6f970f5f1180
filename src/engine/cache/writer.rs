//! The one thread that writes, flushes and syncs.

use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::JoinHandle,
};

use tokio::sync::oneshot;

use super::resealing::{Others, Resealer, Waiting};
use crate::engine::store::{CacheStore, StoreError, StoreOp};

/// Observations that are written at once. How many bytes come in at once is bounded by whoever commits them, so that room can be made.
const PART: usize = 1024;
/// Parts after which what is written is made durable.
const DURABLE: usize = 8;

/// How many batches may wait; then `submit` says so instead of growing.
const WAITING: usize = 256;

/// What runs in the place of writes.
type Work = Box<dyn FnOnce(&dyn CacheStore) + Send>;

enum Job {
    Write { ops: Vec<StoreOp>, documents: Vec<(String, Vec<u8>)>, done: oneshot::Sender<Result<(), StoreError>> },
    Reseal(Waiting),
    Work(Work),
    End,
}

/// Hands batches to the writing thread and waits for their outcome.
pub struct Writer {
    jobs: mpsc::SyncSender<Job>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Written by whoever asks, at once: for rehearsals on virtual time, where nothing else may run.
    inline: Option<Arc<dyn CacheStore>>,
}

impl Writer {
    /// Starts the thread; `others` seals anew what else is sealed with the store's keys.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(store: Arc<dyn CacheStore>, others: Others) -> std::io::Result<Self> {
        let (jobs, inbox) = mpsc::sync_channel(WAITING);
        let thread = std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || run(store.as_ref(), &inbox, others))?;
        Ok(Self { jobs, thread: Mutex::new(Some(thread)), inline: None })
    }

    /// One without a thread: whoever asks writes.
    #[must_use]
    pub fn inline(store: Arc<dyn CacheStore>) -> Self {
        let (jobs, _) = mpsc::sync_channel(1);
        Self { jobs, thread: Mutex::new(None), inline: Some(store) }
    }

    /// Writes the batch and makes it durable; answers after the sync.
    ///
    /// # Errors
    /// What the store said, or that the writer is gone or has too much waiting.
    pub async fn write(&self, ops: Vec<StoreOp>, documents: Vec<(String, Vec<u8>)>) -> Result<(), StoreError> {
        if let Some(store) = &self.inline {
            return write(store.as_ref(), &ops, &documents).and_then(|()| store.flush());
        }
        let (done, outcome) = oneshot::channel();
        self.jobs.try_send(Job::Write { ops, documents, done }).map_err(|full| match full {
            mpsc::TrySendError::Full(_) => refuse("too many writes are waiting for the disk"),
            mpsc::TrySendError::Disconnected(_) => refuse("the writer has ended"),
        })?;
        outcome.await.unwrap_or_else(|_| Err(refuse("the writer ended before it answered")))
    }

    /// Waits until everything is sealed with the current data key, between the writes.
    ///
    /// # Errors
    /// What stopped it, or that the writer is gone: it goes on at the next start.
    pub async fn reseal(&self) -> Result<(), StoreError> {
        let (done, outcome) = oneshot::channel();
        let gone = || refuse("the writer has ended; sealing it anew goes on at the next start");
        self.jobs.try_send(Job::Reseal(done)).map_err(|_| gone())?;
        outcome.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Runs `work` in the place of writes: none goes on meanwhile. What it wrote is durable when this answers only if it flushed.
    ///
    /// # Errors
    /// That the writer is gone or has too much waiting.
    pub async fn work<T: Send + 'static>(&self, work: impl FnOnce(&dyn CacheStore) -> T + Send + 'static) -> Result<T, StoreError> {
        if let Some(store) = &self.inline {
            return Ok(work(store.as_ref()));
        }
        let (done, outcome) = oneshot::channel();
        let job = move |store: &dyn CacheStore| {
            // A caller that gave up waiting does not need the outcome.
            let _ = done.send(work(store));
        };
        self.jobs.try_send(Job::Work(Box::new(job))).map_err(|full| match full {
            mpsc::TrySendError::Full(_) => refuse("too many writes are waiting for the disk"),
            mpsc::TrySendError::Disconnected(_) => refuse("the writer has ended"),
        })?;
        outcome.await.map_err(|_| refuse("the writer ended before it answered"))
    }

    /// Finishes what waits and ends the thread.
    pub fn finish(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A full inbox drains, so this waits at most for what was accepted; an ended thread takes nothing.
            let _ = self.jobs.send(Job::End);
            let _ = thread.join();
        }
    }
}

fn refuse(cause: &str) -> StoreError {
    StoreError::Unwritable { path: "the cache".to_owned(), cause: cause.to_owned() }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.finish();
    }
}

fn run(store: &dyn CacheStore, inbox: &mpsc::Receiver<Job>, others: Others) {
    let mut resealer = Resealer::of(store, others);
    loop {
        let mut next = match inbox.try_recv() {
            Ok(job) => Some(job),
            Err(mpsc::TryRecvError::Empty) if resealer.is_busy() => None,
            _ => match inbox.recv() {
                Ok(job) => Some(job),
                Err(_) => return,
            },
        };
        let mut group = Vec::new();
        let mut ending = false;
        let mut after = None;
        // What arrived while the last sync ran shares the next one.
        while let Some(job) = next.take().or_else(|| inbox.try_recv().ok()) {
            match job {
                Job::Reseal(waiting) => resealer.wait(store, waiting),
                Job::Write { ops, documents, done } => group.push((write(store, &ops, &documents), done)),
                Job::Work(work) => {
                    // By itself: who waits for a write before it is not to wait for it too.
                    after = Some(work);
                    break;
                }
                Job::End => {
                    ending = true;
                    break;
                }
            }
        }
        let wrote = group.iter().any(|(written, _)| written.is_ok());
        let synced = if wrote { store.flush() } else { Ok(()) };
        let kept = wrote && synced.is_ok();
        for (written, done) in group {
            // A caller that gave up waiting does not need the outcome.
            let _ = done.send(written.and_then(|()| synced.clone()));
        }
        if let Some(work) = after {
            work(store);
        }
        if ending {
            return;
        }
        if kept {
            resealer.after_write(store);
        }
        resealer.step(store);
    }
}

/// Writes a batch, a large one in parts: a database keeps in memory whatever one write replaces until it ends, and whoever takes over from it
/// what is not durable yet. Each observation is whole by itself, and those of an answer that are on disk before a kill are no less true.
fn write(store: &dyn CacheStore, ops: &[StoreOp], documents: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
    for (at, part) in ops.chunks(PART).enumerate() {
        if at > 0 && at % DURABLE == 0 {
            store.flush()?;
        }
        store.apply(part)?;
    }
    documents.iter().try_for_each(|(name, bytes)| store.put_meta(name, bytes))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::{
        engine::store::{MemoryStore, StoreStats, VerifyReport},
        fact::{Content, Key, Observation, SourceId, Timestamp, Value},
    };

    /// A store that knows how much it was given between two flushes, and fails when so many observations are in it.
    struct Measured {
        inner: MemoryStore,
        unsynced: AtomicUsize,
        most: AtomicUsize,
        room: usize,
    }

    impl Measured {
        fn with_room(room: usize) -> Self {
            Self { inner: MemoryStore::default(), unsynced: AtomicUsize::new(0), most: AtomicUsize::new(0), room }
        }
    }

    impl CacheStore for Measured {
        fn get(&self, key: &Key) -> Result<Vec<Observation>, StoreError> {
            self.inner.get(key)
        }
        fn apply(&self, ops: &[StoreOp]) -> Result<(), StoreError> {
            assert!(ops.len() <= PART);
            let unsynced = self.unsynced.fetch_add(ops.len(), Ordering::SeqCst) + ops.len();
            self.most.fetch_max(unsynced, Ordering::SeqCst);
            if self.inner.stats().entries as usize + ops.len() > self.room { Err(refuse("no room")) } else { self.inner.apply(ops) }
        }
        fn scan(&self, segments: &[&str], each: &mut dyn FnMut(Observation)) -> Result<(), StoreError> {
            self.inner.scan(segments, each)
        }
        fn get_meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
            self.inner.get_meta(name)
        }
        fn put_meta(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
            self.inner.put_meta(name, bytes)
        }
        fn flush(&self) -> Result<(), StoreError> {
            self.unsynced.store(0, Ordering::SeqCst);
            self.inner.flush()
        }
        fn stats(&self) -> StoreStats {
            self.inner.stats()
        }
        fn verify(&self) -> Result<VerifyReport, StoreError> {
            self.inner.verify()
        }
        fn close(&self) -> Result<(), StoreError> {
            self.inner.close()
        }
    }

    fn put(at: usize) -> StoreOp {
        let at_once = Timestamp::default();
        StoreOp::Put(Observation {
            key: Key::new(&format!("k/{at}")).unwrap(),
            source: SourceId::new("s").unwrap(),
            content: Content::Value(Value::null()),
            observed_at: at_once,
            changed_at: at_once,
            fetched_at: at_once,
            revision: None,
            live: false,
            same_origin: None,
        })
    }

    #[test]
    fn a_large_batch_is_written_in_parts_and_durable_before_it_is_answered() {
        for count in [0, 1, PART, PART + 1, PART * DURABLE, PART * DURABLE + 1, 3 * PART * DURABLE + 7] {
            let store = Arc::new(Measured::with_room(usize::MAX));
            let writer = Writer::start(Arc::clone(&store) as Arc<dyn CacheStore>, Box::new(|| Ok(()))).unwrap();
            let documents = vec![("d".to_owned(), vec![1])];
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(writer.write((0..count).map(put).collect(), documents)).unwrap();
            assert_eq!((store.stats().entries as usize, store.get_meta("d").unwrap()), (count, Some(vec![1])));
            assert_eq!(store.unsynced.load(Ordering::SeqCst), 0);
            assert!(store.most.load(Ordering::SeqCst) <= PART * DURABLE, "{count}");
        }
    }

    #[test]
    fn a_part_that_is_refused_refuses_the_batch_and_its_documents() {
        let store = Arc::new(Measured::with_room(2 * PART));
        let writer = Writer::start(Arc::clone(&store) as Arc<dyn CacheStore>, Box::new(|| Ok(()))).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let written = runtime.block_on(writer.write((0..3 * PART).map(put).collect(), vec![("d".to_owned(), vec![1])]));
        assert_eq!((written, store.get_meta("d").unwrap()), (Err(refuse("no room")), None));
    }
}
