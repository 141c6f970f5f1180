//! The queue's log on the log of record.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use crate::engine::{
    audit::Head,
    journal::{Completes, Journal, JournalOptions, Replayed, ScanReport},
    source::BoxFuture,
    store::StoreError,
};

use super::{
    chaining::Chaining,
    desk::Desk,
    log::{Logged, QueueLog},
    state::QueueState,
};

struct OnJournal {
    journal: Journal,
    chaining: Arc<Chaining>,
    /// The number that what is handed over next begins with.
    next: Mutex<u64>,
    wants_checkpoint: AtomicBool,
}

/// Opens the log and folds it; with notes for a person. Without keys, or on a disk that cannot be read, there is a desk that takes nothing and
/// says why.
///
/// # Errors
/// [`StoreError::NewerFormat`], [`StoreError::KeyUnavailable`]: nothing was changed.
pub fn open_desk(options: &JournalOptions) -> Result<(Desk, Vec<String>), StoreError> {
    let Some(sealer) = &options.sealer else {
        let why = "nothing is kept on disk here, so no change can be promised".to_owned();
        let closed = StoreError::Unwritable { path: "the log of changes".to_owned(), cause: why };
        return Ok((Desk::new(Err(closed), QueueState::default()), Vec::new()));
    };
    let chaining = Arc::new(Chaining::new(sealer.store()));
    let options = JournalOptions { completes: Some(Arc::clone(&chaining) as Arc<dyn Completes>), ..options.clone() };
    let mut state = QueueState::default();
    match Journal::open(&options, &mut |replayed| {
        state.take(match replayed {
            Replayed::Checkpoint { state, .. } => Logged::Checkpoint(chaining.take_checkpoint(state)),
            Replayed::Entry { bytes, .. } => {
                chaining.take_entry(bytes);
                Logged::Entry(bytes)
            }
        });
    }) {
        Ok((journal, findings)) => {
            let next = Mutex::new(journal.status().next);
            let log =
                OnJournal { journal, chaining: Arc::clone(&chaining), next, wants_checkpoint: AtomicBool::new(findings.wants_checkpoint) };
            Ok((Desk::new(Ok(Box::new(log)), state), findings.notes))
        }
        Err(error @ (StoreError::NewerFormat { .. } | StoreError::KeyUnavailable(_))) => Err(error),
        Err(error) => {
            let note = format!("changes cannot be kept: {error}");
            Ok((Desk::new(Err(error), QueueState::default()), vec![note]))
        }
    }
}

impl QueueLog for OnJournal {
    fn submit(&self, entries: Vec<Vec<u8>>) -> BoxFuture<'static, Result<(), StoreError>> {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) += entries.len() as u64;
        let written = self.journal.submit(entries);
        Box::pin(async move { written.await.map(drop) })
    }

    fn is_rotation_due(&self) -> bool {
        self.wants_checkpoint.load(Ordering::Relaxed) || self.journal.status().rotation_due
    }

    fn rotate(&self, checkpoint: Vec<u8>) {
        self.wants_checkpoint.store(false, Ordering::Relaxed);
        let next = *self.next.lock().unwrap_or_else(PoisonError::into_inner);
        self.journal.submit_rotation(next, checkpoint);
    }

    fn realign(&self) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = self.journal.status().next;
    }

    fn reseal_some(&self) -> Result<bool, StoreError> {
        // A log of which nothing is left begins no segment for that.
        if self.journal.status().to_reseal == 0 { Ok(false) } else { self.journal.reseal_some() }
    }

    fn fold(&self, each: &mut dyn FnMut(Logged<'_>)) -> Result<(), StoreError> {
        self.journal.scan_all(&mut |_, bytes| each(Logged::Entry(bytes))).map(drop)
    }

    fn scan(&self, each: &mut dyn FnMut(u64, &[u8])) -> Result<ScanReport, StoreError> {
        self.journal.scan_all(each)
    }

    fn chain(&self) -> (Head, Head) {
        (self.chaining.genesis(), self.chaining.head())
    }

    fn close(&self) {
        self.journal.close();
    }
}
