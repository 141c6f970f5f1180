//! Signals, as a stream.

use std::io;

use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// What somebody told the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// End: SIGTERM, SIGINT from outside.
    Terminate,
    /// The terminal is gone: SIGHUP.
    Hangup,
    /// The terminal has another size: SIGWINCH.
    Resize,
    /// Stop until continued: SIGTSTP.
    Suspend,
}

/// The signals this program listens to from now on.
#[derive(Debug)]
pub struct Signals {
    terminate: Stream,
    interrupt: Stream,
    hangup: Stream,
    resize: Stream,
    suspend: Stream,
}

impl Signals {
    /// Begins to listen. Needs a tokio runtime.
    ///
    /// # Errors
    /// When a handler cannot be installed.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            resize: signal(SignalKind::window_change())?,
            suspend: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
        })
    }

    /// The next signal. Cancel safe.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            biased;
            _ = self.hangup.recv() => Signal::Hangup,
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.interrupt.recv() => Signal::Terminate,
            _ = self.suspend.recv() => Signal::Suspend,
            _ = self.resize.recv() => Signal::Resize,
        }
    }
}
