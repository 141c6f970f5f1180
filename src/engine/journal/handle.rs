//! The log as everybody else holds it: appending from any thread or task, one writer.

use std::{
    ops::Range,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
};

use super::{
    api::{Findings, JournalOptions, JournalStatus, LONGEST_APPEND, LogWriter, Replayed, Rotation, ScanReport},
    disk::LogDisk,
    log::{FIRST, Log, Segment, is_to_reseal, limit, name_of, refused},
    open::open,
    replay::Course,
};
use crate::engine::store::{LogSealer, StoreError};

/// Bytes of entries that are gathered into one group.
const GROUP: usize = 1024 * 1024;
/// Bytes that may wait for the writer.
const WAITING: usize = 64 * 1024 * 1024;

type Reply<T> = Box<dyn FnOnce(Result<T, StoreError>) + Send>;
/// Entries of one append, and whom to tell.
type Asked = (Vec<Vec<u8>>, Reply<Range<u64>>);
type Work = Box<dyn FnOnce(&mut Log) + Send>;

enum Request {
    Append { entries: Vec<Vec<u8>>, reply: Reply<Range<u64>> },
    Other(Work),
}

/// The log of record. Dropped, it ends its writer after what was asked of it so far.
pub struct Journal {
    writer: Writer,
    shared: Arc<Shared>,
}

enum Writer {
    Thread {
        requests: Mutex<Option<mpsc::Sender<Request>>>,
        thread: Mutex<Option<JoinHandle<()>>>,
    },
    Inline(Mutex<Log>),
    /// There is none, and why.
    Refusing(StoreError),
}

/// What is known without asking the writer.
#[derive(Default)]
struct Shared {
    seen: Mutex<Seen>,
    waiting: AtomicUsize,
    read: Option<(Arc<dyn LogDisk>, Arc<dyn LogSealer>)>,
}

#[derive(Default)]
struct Seen {
    status: JournalStatus,
    segments: Vec<Segment>,
    sealed_for_good: Vec<u64>,
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, log: &Log) {
        let mut seen = self.seen();
        seen.status = log.status();
        seen.segments.clone_from(&log.segments);
        seen.sealed_for_good.clone_from(&log.sealed_for_good);
    }
}

impl Journal {
    /// Opens the log and gives `fold` the newest checkpoint and every entry behind it, in order. Without keys to seal with there is none, and
    /// what is appended is refused.
    ///
    /// # Errors
    /// [`StoreError::NewerFormat`] and [`StoreError::KeyUnavailable`]: nothing was changed. [`StoreError::Unwritable`] when it cannot be read.
    /// What `fold` was given by then is to be forgotten.
    pub fn open(options: &JournalOptions, fold: &mut dyn FnMut(Replayed<'_>)) -> Result<(Self, Findings), StoreError> {
        let Some(sealer) = &options.sealer else {
            return Ok((Self::refusing("nothing is kept on disk here, so no change can be promised"), Findings::default()));
        };
        let (log, findings) = open(options, Arc::clone(sealer), fold)?;
        let shared = Arc::new(Shared { read: Some((Arc::clone(&options.disk), Arc::clone(sealer))), ..Shared::default() });
        shared.publish(&log);
        let writer = match options.writer {
            LogWriter::Inline => Writer::Inline(Mutex::new(log)),
            LogWriter::Thread => {
                let (requests, inbox) = mpsc::channel();
                let of_thread = Arc::clone(&shared);
                let thread = thread::Builder::new()
                    .name("log of record".to_owned())
                    .spawn(move || write(log, &inbox, &of_thread))
                    .map_err(|error| refused(options.disk.as_ref(), &error))?;
                Writer::Thread { requests: Mutex::new(Some(requests)), thread: Mutex::new(Some(thread)) }
            }
        };
        Ok((Self { writer, shared }, findings))
    }

    /// One that refuses every change, and says why.
    #[must_use]
    pub fn refusing(why: &str) -> Self {
        let why = StoreError::Unwritable { path: "the log of changes".to_owned(), cause: why.to_owned() };
        let status = JournalStatus { next: FIRST, trouble: Some(why.clone()), ..JournalStatus::default() };
        let shared = Shared { seen: Mutex::new(Seen { status, ..Seen::default() }), ..Shared::default() };
        Self { writer: Writer::Refusing(why), shared: Arc::new(shared) }
    }

    /// Appends entries, all of them or none, durable when it answers: with their numbers. What is asked for first is written first. Whoever
    /// does not wait for the answer has them appended all the same.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`]: they do not count.
    pub async fn append(&self, entries: Vec<Vec<u8>>) -> Result<Range<u64>, StoreError> {
        self.submit(entries).await
    }

    /// As [`Journal::append`], asked for by this call already: what is asked for first is written first, whenever the answer is waited for.
    ///
    /// # Errors
    /// As for [`Journal::append`].
    pub fn submit(&self, entries: Vec<Vec<u8>>) -> impl Future<Output = Result<Range<u64>, StoreError>> + Send + 'static {
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.ask_append(entries, Box::new(move |outcome| drop(reply.send(outcome))));
        async move { answer.await.unwrap_or_else(|_| Err(ended())) }
    }

    /// As [`Journal::rotate`], asked for by this call already; how it ends shows in [`Journal::status`].
    pub fn submit_rotation(&self, next: u64, state: Vec<u8>) {
        self.ask_for(move |log| log.rotate(next, &state), Box::new(drop));
    }

    /// As [`Journal::append`], for a thread that may wait.
    ///
    /// # Errors
    /// As for [`Journal::append`].
    pub fn append_blocking(&self, entries: Vec<Vec<u8>>) -> Result<Range<u64>, StoreError> {
        let (reply, answer) = mpsc::sync_channel(1);
        self.ask_append(entries, Box::new(move |outcome| drop(reply.send(outcome))));
        answer.recv().unwrap_or_else(|_| Err(ended()))
    }

    /// Begins a new segment with `state`, which must be what all entries before `next` come to. To be done where [`JournalStatus::rotation_due`]
    /// says so, and soon after an opening whose [`Findings::wants_checkpoint`] does.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`]: the log goes on as it was.
    pub async fn rotate(&self, next: u64, state: Vec<u8>) -> Result<Rotation, StoreError> {
        self.ask(move |log| log.rotate(next, &state)).await
    }

    /// As [`Journal::rotate`], for a thread that may wait.
    ///
    /// # Errors
    /// As for [`Journal::rotate`].
    pub fn rotate_blocking(&self, next: u64, state: Vec<u8>) -> Result<Rotation, StoreError> {
        self.ask_blocking(move |log| log.rotate(next, &state))
    }

    /// Seals one segment of a former data key anew, durably; answers whether more are left. Afterwards the keeper of the keys is to be told to
    /// let go of what nothing needs.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`]; calling it again goes on.
    pub fn reseal_some(&self) -> Result<bool, StoreError> {
        self.ask_blocking(Log::reseal_some)
    }

    /// How it stands. Cheap.
    #[must_use]
    pub fn status(&self) -> JournalStatus {
        let seen = self.shared.seen();
        let key = self.shared.read.as_ref().map(|(_, sealer)| sealer.key_id());
        let to_reseal =
            key.map_or(0, |key| seen.segments.iter().filter(|segment| is_to_reseal(segment, key, &seen.sealed_for_good)).count());
        JournalStatus { to_reseal: to_reseal as u64, ..seen.status.clone() }
    }

    /// Gives every entry there is to `each`, from the first segment on, up to what was durable when this was called. Appending goes on meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`] when it cannot be read; [`StoreError::KeyUnavailable`].
    pub fn scan_all(&self, each: &mut dyn FnMut(u64, &[u8])) -> Result<ScanReport, StoreError> {
        let Some((disk, sealer)) = &self.shared.read else { return Ok(ScanReport::default()) };
        let (segments, next) = {
            let seen = self.shared.seen();
            (seen.segments.clone(), seen.status.next)
        };
        let mut course = Course::from(FIRST);
        let mut report = ScanReport::default();
        for segment in &segments {
            let bytes = disk.read(&name_of(segment.number), u64::MAX).map_err(|error| refused(disk.as_ref(), &error))?;
            let end = limit(&segments, segment.number).unwrap_or(next);
            let before = course.lost;
            let walked = course.through(sealer.as_ref(), segment.number, &bytes, Some(end), &mut |replayed| {
                if let Replayed::Entry { sequence, bytes } = replayed {
                    each(sequence, bytes);
                }
            })?;
            report.damaged_segments += u64::from(walked.is_damaged() || course.lost > before);
            report.damage.extend(walked.damage(segment.number, course.lost - before));
        }
        Ok(ScanReport { entries: course.entries, lost: course.lost, ..report })
    }

    /// Ends the writer, after what was asked of it so far. Nothing is to be written for it: the log is whole at any moment.
    pub fn close(&self) {
        if let Writer::Thread { requests, thread } = &self.writer {
            drop(requests.lock().unwrap_or_else(PoisonError::into_inner).take());
            let thread = thread.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(thread) = thread {
                let _ = thread.join();
            }
        }
    }

    async fn ask<T: Send + 'static>(&self, work: impl FnOnce(&mut Log) -> Result<T, StoreError> + Send + 'static) -> Result<T, StoreError> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.ask_for(work, Box::new(move |outcome| drop(reply.send(outcome))));
        answer.await.unwrap_or_else(|_| Err(ended()))
    }

    fn ask_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Log) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = mpsc::sync_channel(1);
        self.ask_for(work, Box::new(move |outcome| drop(reply.send(outcome))));
        answer.recv().unwrap_or_else(|_| Err(ended()))
    }

    fn ask_for<T: 'static>(&self, work: impl FnOnce(&mut Log) -> Result<T, StoreError> + Send + 'static, reply: Reply<T>) {
        if let Writer::Refusing(why) = &self.writer {
            return reply(Err(why.clone()));
        }
        let shared = Arc::clone(&self.shared);
        self.send(Request::Other(Box::new(move |log| {
            let outcome = work(log);
            shared.publish(log);
            reply(outcome);
        })));
    }

    fn ask_append(&self, entries: Vec<Vec<u8>>, reply: Reply<Range<u64>>) {
        if let Writer::Refusing(why) = &self.writer {
            return reply(Err(why.clone()));
        }
        let bytes = size(&entries);
        if bytes > LONGEST_APPEND {
            let cause = format!("a change of {bytes} bytes is too large, {LONGEST_APPEND} is the most");
            return reply(Err(StoreError::Unwritable { path: "the log of changes".to_owned(), cause }));
        }
        if self.shared.waiting.load(Ordering::Relaxed) > WAITING {
            let cause = "more changes wait for the disk than memory is kept for; try again".to_owned();
            return reply(Err(StoreError::Unwritable { path: "the log of changes".to_owned(), cause }));
        }
        self.shared.waiting.fetch_add(bytes, Ordering::Relaxed);
        self.send(Request::Append { entries, reply });
    }

    /// A request whose writer is gone is dropped with its reply, and whoever waits is told.
    fn send(&self, request: Request) {
        match &self.writer {
            Writer::Thread { requests, .. } => {
                if let Some(requests) = requests.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
                    let _ = requests.send(request);
                }
            }
            Writer::Inline(log) => {
                let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
                match request {
                    Request::Append { entries, reply } => commit(&mut log, vec![(entries, reply)], &self.shared),
                    Request::Other(work) => work(&mut log),
                }
                log.prepare();
            }
            Writer::Refusing(_) => {}
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.close();
    }
}

fn ended() -> StoreError {
    StoreError::Unwritable { path: "the log of changes".to_owned(), cause: "whoever writes it has ended".to_owned() }
}

fn size(entries: &[Vec<u8>]) -> usize {
    // With the length before each of them, or many empty ones would weigh nothing.
    entries.iter().map(|entry| entry.len() + 4).sum()
}

/// The writer's thread.
fn write(mut log: Log, inbox: &mpsc::Receiver<Request>, shared: &Shared) {
    while let Ok(request) = inbox.recv() {
        let mut group = Vec::new();
        let mut then = None;
        let mut bytes = 0;
        let mut next = Some(request);
        while let Some(request) = next.take() {
            match request {
                Request::Append { entries, reply } => {
                    bytes += size(&entries);
                    group.push((entries, reply));
                    if bytes < GROUP {
                        next = inbox.try_recv().ok();
                    }
                }
                Request::Other(work) => then = Some(work),
            }
        }
        if !group.is_empty() {
            commit(&mut log, group, shared);
        }
        if let Some(work) = then {
            work(&mut log);
        }
        log.prepare();
        shared.publish(&log);
    }
}

/// Writes what was asked for as one group and tells everybody.
fn commit(log: &mut Log, mut group: Vec<Asked>, shared: &Shared) {
    let completes = log.completes.clone();
    if let Some(completes) = &completes {
        completes.complete(&mut group.iter_mut().flat_map(|(entries, _)| entries));
    }
    let outcome = log.commit(group.iter().flat_map(|(entries, _)| entries));
    if let Some(completes) = &completes {
        completes.settled(outcome.is_ok());
    }
    shared.publish(log);
    let mut at = outcome.as_ref().copied().unwrap_or_default();
    for (entries, reply) in group {
        shared.waiting.fetch_sub(size(&entries), Ordering::Relaxed);
        let numbers = at..at + entries.len() as u64;
        at = numbers.end;
        reply(outcome.clone().map(|_| numbers));
    }
}
