//! Answers are made into facts where that holds up nobody: what comes over a network or from a command on any thread that may wait, large
//! files one after the other, on one thread that does nothing else.
//!
//! While it is made into facts an answer takes several times its size. Files are there all at once, so what one took the next one finds; what
//! comes over a network is bounded in time, and must not wait for others.
//!
//! Invariants: nothing is waited for on that thread, no file and no connection, so that an answer waits for arithmetic only; work that panics ends
//! itself and no other, and whoever waits for it panics as well.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{OnceLock, mpsc},
    thread,
};

use tokio::sync::oneshot;

use super::{SourceError, fail::fail};

/// From so many bytes on a file is large.
pub const LARGE: u64 = 1 << 20;

type Job = Box<dyn FnOnce() + Send>;

/// Does `work` on an answer off the threads that answer.
///
/// # Errors
/// What the work says; `fault` when the program ends meanwhile.
pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T, SourceError> + Send + 'static) -> Result<T, SourceError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(lost) => lost.try_into_panic().map_or_else(|_| Err(ended_early()), |panic| resume_unwind(panic)),
    }
}

/// Does `work` on a file of so many bytes: on a large one after others.
///
/// # Errors
/// As [`aside`].
pub async fn apart<T: Send + 'static>(
    bytes: u64,
    work: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    let Some(jobs) = (bytes >= LARGE).then(large_files).flatten() else { return aside(work).await };
    let (done, outcome) = oneshot::channel();
    let job = move || {
        // Who gave up waiting does not need the outcome.
        let _ = done.send(catch_unwind(AssertUnwindSafe(work)));
    };
    jobs.send(Box::new(job)).map_err(|_| ended_early())?;
    match outcome.await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(panic)) => resume_unwind(panic),
        Err(_) => Err(ended_early()),
    }
}

fn ended_early() -> SourceError {
    fail("fault", "the answer was not read to its end: the program is ending")
}

/// The thread, started by the first large file; none where the system gives none.
fn large_files() -> Option<&'static mpsc::Sender<Job>> {
    static JOBS: OnceLock<Option<mpsc::Sender<Job>>> = OnceLock::new();
    let start = || {
        let (jobs, inbox) = mpsc::channel::<Job>();
        let run = move || {
            for job in inbox {
                job();
            }
        };
        thread::Builder::new().name("large-files".to_owned()).spawn(run).ok().map(|_| jobs)
    };
    JOBS.get_or_init(start).as_ref()
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn large_ones_share_a_thread_and_a_panic_costs_itself_alone() {
        let place = || Ok(thread::current().id());
        let (one, other) = tokio::join!(apart(LARGE, place), apart(LARGE + 1, place));
        let one = one.unwrap();
        assert_eq!(one, other.unwrap());
        for bytes in [LARGE, 0] {
            let failed = AssertUnwindSafe(apart::<()>(bytes, || panic!("no such fact"))).catch_unwind().await;
            assert_eq!(failed.unwrap_err().downcast_ref(), Some(&"no such fact"), "it is reported by whoever asked");
        }
        assert_eq!(apart(LARGE, place).await.unwrap(), one, "and the next is made where the last one was");
        assert_ne!(apart(LARGE - 1, place).await.unwrap(), one);
        assert_eq!(apart::<()>(LARGE, || Err(fail("not_json", "no"))).await.unwrap_err().code, "not_json");
    }
}
