//! Events from the terminal, as they come.

use std::{io, os::fd::BorrowedFd, time::Duration};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::{Errno, read},
    stdio::stdin,
};
use tokio::io::{Interest, unix::AsyncFd};

use super::{event::TermEvent, parser::Parser};

/// How long a lone Esc is waited on for the rest of a sequence.
const ESCAPE_WAIT: Duration = Duration::from_millis(50);
/// The most that is read in one turn, so that a paste cannot keep everything else waiting.
const TURN: usize = 256 * 1024;

/// Reads the terminal without a thread; waiting for it is cancel safe.
#[derive(Debug)]
pub struct Input {
    fd: AsyncFd<BorrowedFd<'static>>,
    parser: Parser,
}

impl Input {
    /// Begins to read; `typed` came in before, while the probes were answered. Needs a tokio runtime.
    ///
    /// # Errors
    /// When standard input cannot be waited for.
    pub fn new(typed: &[u8]) -> io::Result<Self> {
        let mut parser = Parser::default();
        parser.feed(typed);
        Ok(Self { fd: AsyncFd::register_with_interest(stdin(), Interest::READABLE)?, parser })
    }

    /// The next event.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub async fn next(&mut self) -> io::Result<TermEvent> {
        loop {
            if let Some(event) = self.parser.next_event() {
                return Ok(event);
            }
            let mut ready = if self.parser.waits_for_escape() {
                match tokio::time::timeout(ESCAPE_WAIT, self.fd.readable()).await {
                    Ok(ready) => ready?,
                    Err(_) => {
                        self.parser.flush();
                        continue;
                    }
                }
            } else {
                self.fd.readable().await?
            };
            let mut buffer = [0_u8; 16 * 1024];
            let mut taken = 0;
            // The descriptor blocks: it is read only while something is there, and told to wait again when nothing is.
            while taken < TURN {
                if !readable_now()? {
                    ready.clear_ready();
                    break;
                }
                match read(stdin(), &mut buffer) {
                    Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                    Ok(count) => {
                        self.parser.feed(buffer.get(..count).unwrap_or_default());
                        taken += count;
                    }
                    Err(Errno::INTR | Errno::AGAIN) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }
}

/// Whether a read would give something at once.
fn readable_now() -> io::Result<bool> {
    let mut fds = [PollFd::from_borrowed_fd(stdin(), PollFlags::IN)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    match poll(&mut fds, Some(&now)) {
        Ok(count) => Ok(count > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
