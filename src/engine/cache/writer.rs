//! The one thread that writes, flushes and syncs.

use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::JoinHandle,
};

use tokio::sync::oneshot;

use crate::{
    engine::store::{CacheStore, Compacted, StoreError, StoreOp},
    fact::{Key, SourceId},
};

/// How many batches may wait; then `submit` says so instead of growing.
const WAITING: usize = 256;

enum Job {
    Write { ops: Vec<StoreOp>, documents: Vec<(String, Vec<u8>)>, done: oneshot::Sender<Result<(), StoreError>> },
    Compact { without: Vec<(Key, SourceId)>, done: oneshot::Sender<Result<Compacted, StoreError>> },
    End,
}

/// Hands batches to the writing thread and waits for their outcome.
pub struct Writer {
    jobs: mpsc::SyncSender<Job>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(store: Arc<dyn CacheStore>) -> std::io::Result<Self> {
        let (jobs, inbox) = mpsc::sync_channel(WAITING);
        let thread = std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || run(store.as_ref(), &inbox))?;
        Ok(Self { jobs, thread: Mutex::new(Some(thread)) })
    }

    /// Writes the batch and makes it durable; answers after the sync.
    ///
    /// # Errors
    /// What the store said, or that the writer is gone or has too much waiting.
    pub async fn write(&self, ops: Vec<StoreOp>, documents: Vec<(String, Vec<u8>)>) -> Result<(), StoreError> {
        let (done, outcome) = oneshot::channel();
        self.ask(Job::Write { ops, documents, done }, outcome).await
    }

    /// Compacts the store, leaving these observations out; what was to be written before is written first, what comes after waits.
    ///
    /// # Errors
    /// As for [`Writer::write`].
    pub async fn compact(&self, without: Vec<(Key, SourceId)>) -> Result<Compacted, StoreError> {
        let (done, outcome) = oneshot::channel();
        self.ask(Job::Compact { without, done }, outcome).await
    }

    async fn ask<T>(&self, job: Job, outcome: oneshot::Receiver<Result<T, StoreError>>) -> Result<T, StoreError> {
        let refuse = |cause: &str| StoreError::Unwritable { path: "the cache".to_owned(), cause: cause.to_owned() };
        self.jobs.try_send(job).map_err(|full| match full {
            mpsc::TrySendError::Full(_) => refuse("too many writes are waiting for the disk"),
            mpsc::TrySendError::Disconnected(_) => refuse("the writer has ended"),
        })?;
        outcome.await.unwrap_or_else(|_| Err(refuse("the writer ended before it answered")))
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

impl Drop for Writer {
    fn drop(&mut self) {
        self.finish();
    }
}

fn run(store: &dyn CacheStore, inbox: &mpsc::Receiver<Job>) {
    while let Ok(job) = inbox.recv() {
        let mut group = Vec::new();
        let (mut ending, mut compaction) = (false, None);
        let mut next = Some(job);
        // What arrived while the last sync ran shares the next one.
        while let Some(job) = next.take().or_else(|| inbox.try_recv().ok()) {
            match job {
                Job::Write { ops, documents, done } => group.push((write(store, &ops, &documents), done)),
                Job::Compact { without, done } => {
                    compaction = Some((without, done));
                    break;
                }
                Job::End => {
                    ending = true;
                    break;
                }
            }
        }
        let synced = if group.iter().any(|(written, _)| written.is_ok()) { store.flush() } else { Ok(()) };
        for (written, done) in group {
            // A caller that gave up waiting does not need the outcome.
            let _ = done.send(written.and_then(|()| synced.clone()));
        }
        if let Some((without, done)) = compaction {
            let _ = done.send(store.compact(&without));
        }
        if ending {
            return;
        }
    }
}

fn write(store: &dyn CacheStore, ops: &[StoreOp], documents: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
    if !ops.is_empty() {
        store.apply(ops)?;
    }
    documents.iter().try_for_each(|(name, bytes)| store.put_meta(name, bytes))
}
