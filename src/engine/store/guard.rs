//! The database's panics end here: as an error, on whatever thread they happen, and not as a programmer's text in front of a person.

use std::{
    any::Any,
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Once, mpsc},
    thread,
    time::Duration,
};

use super::error::StoreError;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

static HOOK: Once = Once::new();

/// From now on a panic that is caught here is told by its error alone; any other is told as before.
fn quiet_what_is_caught() {
    // Changing the hook while panicking would be the end of the process.
    if thread::panicking() {
        return;
    }
    HOOK.call_once(|| {
        let telling = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if DEPTH.with(Cell::get) == 0 {
                telling(panic);
            }
        }));
    });
}

/// Runs `work`; its panic becomes [`StoreError::Damaged`].
pub fn guarded<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    quiet_what_is_caught();
    DEPTH.with(|depth| depth.set(depth.get() + 1));
    // What `work` leaves half done belongs to the database, which is given up after this.
    let outcome = catch_unwind(AssertUnwindSafe(work));
    DEPTH.with(|depth| depth.set(depth.get() - 1));
    outcome.unwrap_or_else(|panic| Err(StoreError::Damaged(format!("the database failed: {}", words(panic.as_ref())))))
}

/// Runs `work` guarded on a thread of its own, for at most `limit`; after that the thread is left to itself.
pub fn guarded_within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let (answer, outcome) = mpsc::sync_channel(1);
    thread::Builder::new()
        .name("store-guard".to_owned())
        .spawn(move || {
            // Nobody listens after the limit; what was opened is dropped then.
            let _ = answer.send(guarded(work));
        })
        .map_err(|error| StoreError::Unwritable { path: "the store".to_owned(), cause: format!("no thread to open it on: {error}") })?;
    outcome
        .recv_timeout(limit)
        .unwrap_or_else(|_| Err(StoreError::Damaged(format!("the database did not answer within {} s", limit.as_secs_f32()))))
}

fn words(panic: &(dyn Any + Send)) -> &str {
    panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it gave no reason")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_its_words() {
        let error = guarded::<()>(|| {
            assert_eq!(DEPTH.with(Cell::get), 1);
            panic!("page {} is no page", 7)
        });
        assert_eq!(error, Err(StoreError::Damaged("the database failed: page 7 is no page".to_owned())));
        assert_eq!(DEPTH.with(Cell::get), 0);
        assert_eq!(guarded(|| Ok(3)), Ok(3));
    }

    #[test]
    fn a_panic_on_the_worker_is_an_error_here() {
        let error = guarded_within::<()>(Duration::from_secs(60), || panic!("no"));
        assert_eq!(error, Err(StoreError::Damaged("the database failed: no".to_owned())));
    }

    #[test]
    fn one_that_never_answers_is_given_up() {
        let (release, held) = mpsc::channel::<()>();
        let error = guarded_within(Duration::from_millis(1), move || {
            let _ = held.recv();
            Ok(())
        });
        assert!(matches!(error, Err(StoreError::Damaged(ref words)) if words.contains("did not answer")), "{error:?}");
        drop(release);
    }
}
