//! The audit on the handle: what is put into it beside the entries of the log, read from it, checked.

use std::{ops::ControlFlow, sync::Arc};

use crate::fact::{Timestamp, Value};

use super::{
    api::EngineError,
    audit::{AuditRecord, AuditReport, Hash, Head, Note, Verifier},
    core::Core,
    handle::EngineHandle,
    keeping::Document,
    queue::{Desk, Entry, QueueError, What, is_audited, value_in},
    store::{StoreError, decode_body, encode_body},
};

/// Name of the document that keeps the head.
const HEAD_DOCUMENT: &str = "audit/head";
/// Name of the document that keeps which configuration was in force last.
const CONFIG_DOCUMENT: &str = "audit/config";

/// A record as it is read.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditLine {
    /// When.
    pub at: Timestamp,
    /// What stands there.
    pub record: AuditRecord,
    /// The hash before it.
    pub before: Hash,
    /// The value that the entry it stands for brings.
    pub value: Option<Value>,
}

impl AuditLine {
    /// The hash before it as it is shown.
    #[must_use]
    pub fn before(&self) -> String {
        Head { count: self.record.seq().saturating_sub(1), hash: self.before }.shown()
    }
}

impl EngineHandle {
    /// Puts something into the audit that is no entry of the log otherwise; answered when it is on disk.
    ///
    /// # Errors
    /// [`QueueError::Store`] when the disk refuses.
    pub async fn record(&self, note: Note) -> Result<(), QueueError> {
        self.core.desk.record(self.core.now(), note).await
    }

    /// Puts into the audit that a configuration is in force, unless it was the last one that was.
    ///
    /// # Errors
    /// As for [`EngineHandle::record`].
    pub async fn record_config(&self, digest: &str, note: Note) -> Result<(), QueueError> {
        let store = &self.core.store;
        let known = store.get_meta(CONFIG_DOCUMENT).ok().flatten().and_then(|body| decode_body::<String>(&body));
        if known.as_deref() == Some(digest) {
            return Ok(());
        }
        self.record(note.about(digest)).await?;
        // Where it cannot be kept the next start says it once more.
        let _ = store.put_meta(CONFIG_DOCUMENT, &encode_body(&digest.to_owned()));
        Ok(())
    }

    /// Reads the audit from its first record on, to whoever takes it, until that answers that it is enough.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn audit(&self, mut each: impl FnMut(AuditLine) -> ControlFlow<()> + Send + 'static) -> Result<(), EngineError> {
        self.read_log(move |core| {
            let Some((genesis, _)) = core.desk.chain() else { return Ok(()) };
            let (mut before, mut value, mut ended) = (genesis.hash, None, false);
            core.desk.scan(&mut |_, bytes| {
                if ended {
                    return;
                }
                match Entry::decode(bytes) {
                    Some(Entry { at, what: What::Audit(record) }) => {
                        let hash = record.hash();
                        let line = AuditLine { at, before, value: value.take().filter(|_| record.cover.is_some()), record: *record };
                        before = hash;
                        ended = each(line).is_break();
                    }
                    other => value = other.and_then(|entry| value_in(&entry.what).cloned()),
                }
            })?;
            Ok(())
        })
        .await
    }

    /// How far the audit has come on disk, and the head that was kept in the cache.
    #[must_use]
    pub fn audit_head(&self) -> Option<(Head, Option<Head>)> {
        self.core.desk.chain().map(|(_, head)| (head, self.core.kept_head()))
    }

    /// Checks the whole audit; with a head that somebody noted down, also that it goes on from there.
    ///
    /// # Errors
    /// When the log cannot be read at all.
    pub async fn verify_audit(&self, expect: Option<Hash>) -> Result<AuditReport, EngineError> {
        // Kept before the log is read, so never ahead of it.
        self.read_log(move |core| verified(&core.desk, expect, core.kept_head())).await
    }

    async fn read_log<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Core) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, EngineError> {
        let core = Arc::clone(&self.core);
        let outcome = tokio::task::spawn_blocking(move || work(&core)).await;
        outcome.map_err(|_| EngineError::Unavailable("reading the audit failed; the log says more".to_owned()))?.map_err(EngineError::from)
    }
}

/// Checks what is on disk.
fn verified(desk: &Desk, expect: Option<Hash>, kept: Option<Head>) -> Result<AuditReport, StoreError> {
    let (genesis, _) = desk.chain().ok_or(StoreError::Closed)?;
    let mut check = Check { verifier: Verifier::new(genesis, expect, kept), before: None };
    let report = desk.scan(&mut |number, bytes| check.take(number, bytes))?;
    check.end(None);
    for damage in report.damage {
        check.verifier.say("log_damaged", None, None, damage);
    }
    Ok(check.verifier.finish())
}

/// A check of the log, entry after entry.
struct Check {
    verifier: Verifier,
    /// The entry before, with its number and whether a record is due.
    before: Option<(u64, Vec<u8>, bool)>,
}

impl Check {
    fn take(&mut self, number: u64, bytes: &[u8]) {
        let entry = Entry::decode(bytes);
        if let Some(Entry { at, what: What::Audit(record) }) = &entry {
            let before = self.before.take().filter(|(before, ..)| before + 1 == number);
            if record.cover.is_none()
                && let Some((number, _, true)) = &before
            {
                self.unrecorded(*number);
            }
            return self.verifier.take(*at, record, before.as_ref().map(|(_, bytes, _)| bytes.as_slice()));
        }
        self.end(Some(number));
        // Before the first record there was no audit.
        let is_due = entry.as_ref().is_some_and(|entry| is_audited(&entry.what)) && self.verifier.last().count > 0;
        self.before = Some((number, bytes.to_vec(), is_due));
        if entry.is_none() {
            let what = format!("entry {number} of the log behind it cannot be read");
            self.verifier.say("unreadable", Some(self.verifier.last().count), None, what);
        }
    }

    /// Another entry, or none, follows where a record may have been due.
    fn end(&mut self, next: Option<u64>) {
        if let Some((number, _, true)) = self.before.take()
            && next.is_none_or(|next| next == number + 1)
        {
            self.unrecorded(number);
        }
    }

    fn unrecorded(&mut self, number: u64) {
        let what = format!("entry {number} of the log behind it has no record");
        self.verifier.say("unrecorded", Some(self.verifier.last().count), None, what);
    }
}

impl Core {
    /// The head that was kept in the cache.
    fn kept_head(&self) -> Option<Head> {
        let body = self.store.get_meta(HEAD_DOCUMENT).ok().flatten()?;
        decode_body::<(u64, Hash)>(&body).map(|(count, hash)| Head { count, hash })
    }

    /// What was kept in the cache is where the log ends: nobody need look for it later.
    pub(super) fn compare_heads(&self) {
        let Some((_, head)) = self.desk.chain() else { return };
        if self.kept_head().is_none_or(|kept| kept == head) {
            let _ = self.audit_goes_on.set(true);
        }
    }

    /// The head, to be kept in the cache, where it moved since it last was. A head that the log does not come by stays for good: it is all
    /// that shows what was cut off.
    pub(super) fn head_document(&self) -> Option<Document> {
        let (_, head) = self.desk.chain()?;
        let kept = self.kept_head();
        if head.count == 0 || kept == Some(head) {
            return None;
        }
        let goes_on = *self.audit_goes_on.get_or_init(|| kept.is_none_or(|kept| self.comes_by(kept)));
        goes_on.then(|| (HEAD_DOCUMENT.to_owned(), encode_body(&(head.count, head.hash))))
    }

    /// Whether this is one of the records; after a kill the head that was kept is behind.
    fn comes_by(&self, kept: Head) -> bool {
        let mut found = kept.count == 0;
        let read = self.desk.scan(&mut |_, bytes| {
            if !found
                && Entry::is_audit(bytes)
                && let Some(What::Audit(record)) = Entry::decode(bytes).map(|entry| entry.what)
            {
                found = (record.seq(), record.hash()) == (kept.count, kept.hash);
            }
        });
        read.is_ok() && found
    }
}

#[cfg(test)]
#[path = "auditing_tests.rs"]
mod tests;
