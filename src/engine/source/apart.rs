//! Large answers are made into facts one after the other, on one thread that does nothing else.
//!
//! While it is made into facts an answer takes several times its size, and an allocator gives memory back to the thread that took it. Made on any
//! thread, as many as there are would each keep what the largest answer took; so what one took the next one finds.
//!
//! Invariants: nothing is waited for on that thread, no file and no connection, so that an answer waits for arithmetic only; work that panics ends
//! itself and no other.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{OnceLock, mpsc},
    thread,
};

use tokio::sync::oneshot;

/// From so many bytes on an answer is large.
pub const LARGE: u64 = 1 << 20;

type Job = Box<dyn FnOnce() + Send>;

/// Does `work` on an answer of so many bytes where it holds up nobody; none when it panicked.
pub async fn apart<T: Send + 'static>(bytes: u64, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let Some(jobs) = (bytes >= LARGE).then(large_answers).flatten() else {
        return tokio::task::spawn_blocking(work).await.ok();
    };
    let (done, outcome) = oneshot::channel();
    let job = move || {
        // Who gave up waiting does not need the outcome.
        let _ = done.send(work());
    };
    jobs.send(Box::new(job)).ok()?;
    outcome.await.ok()
}

/// The thread, started by the first large answer; none where the system gives none.
fn large_answers() -> Option<&'static mpsc::Sender<Job>> {
    static JOBS: OnceLock<Option<mpsc::Sender<Job>>> = OnceLock::new();
    let start = || {
        let (jobs, inbox) = mpsc::channel::<Job>();
        let run = move || {
            for job in inbox {
                // Whoever waits is told by the answer that does not come.
                let _ = catch_unwind(AssertUnwindSafe(job));
            }
        };
        thread::Builder::new().name("large-answers".to_owned()).spawn(run).ok().map(|_| jobs)
    };
    JOBS.get_or_init(start).as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn large_ones_share_a_thread_and_a_panic_costs_itself_alone() {
        let place = || thread::current().id();
        let (one, other) = tokio::join!(apart(LARGE, place), apart(LARGE + 1, place));
        assert!(one.is_some() && one == other);
        assert_eq!(apart::<()>(LARGE, || panic!("no such fact")).await, None);
        assert_eq!(apart(LARGE, place).await, one, "and the next is made where the last one was");
        let small = apart(LARGE - 1, place).await;
        assert!(small.is_some() && small != one);
    }
}
