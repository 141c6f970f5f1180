//! Being told to end: SIGINT, SIGTERM, SIGHUP.

use std::{
    future::Future,
    net::Shutdown,
    os::unix::net::UnixStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::signal::unix::{SignalKind, signal};

/// Ends with the first SIGINT, SIGTERM or SIGHUP from now on; never, where signals cannot be had.
pub fn told_to_end() -> impl Future<Output = ()> {
    // Taken over before the future is first polled: a signal right after the start must already end it in order.
    let signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
    async move {
        let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = signals else { return std::future::pending().await };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// Ends the reading of a stream that has no end of its own when a signal comes; says afterwards whether one did.
pub fn end_with_signal(stream: &UnixStream) -> std::io::Result<Arc<AtomicBool>> {
    let told = Arc::new(AtomicBool::new(false));
    let (stream, flag) = (stream.try_clone()?, Arc::clone(&told));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let end = {
        let _inside = runtime.enter();
        told_to_end()
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(end);
        flag.store(true, Ordering::SeqCst);
        // The reader sees the end of the stream; a stream that is gone already needs no more.
        let _ = stream.shutdown(Shutdown::Both);
    })?;
    Ok(told)
}
