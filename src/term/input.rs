//! Events from the terminal, as they come.

use std::{
    io::{self, PipeReader, PipeWriter, pipe},
    thread,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::{Errno, read},
    stdio::stdin,
};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{event::TermEvent, parser::Parser};

/// How long a lone Esc is waited on for the rest of a sequence.
const ESCAPE_WAIT: Duration = Duration::from_millis(50);
/// Pieces that may wait to be parsed; then the terminal is no longer read, so that a paste is held back there and not here.
const WAITING: usize = 16;

/// Reads the terminal on a thread of its own; dropping it ends the thread before it takes another byte.
#[derive(Debug)]
pub struct Input {
    pieces: Receiver<io::Result<Vec<u8>>>,
    parser: Parser,
    /// Held open while this lives; the thread sees it close.
    _alive: PipeWriter,
}

impl Input {
    /// Begins to read; `typed` came in before, while the probes were answered.
    ///
    /// # Errors
    /// When there are no more threads or descriptors to be had.
    pub fn new(typed: &[u8]) -> io::Result<Self> {
        let mut parser = Parser::default();
        parser.feed(typed);
        let (ended, alive) = pipe()?;
        let (sender, pieces) = channel(WAITING);
        thread::Builder::new().name("stellar-input".to_owned()).spawn(move || read_on(&ended, &sender))?;
        Ok(Self { pieces, parser, _alive: alive })
    }

    /// The next event. Cancel safe.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub async fn next(&mut self) -> io::Result<TermEvent> {
        loop {
            if let Some(event) = self.parser.next_event() {
                return Ok(event);
            }
            let piece = if self.parser.waits_for_escape() {
                match tokio::time::timeout(ESCAPE_WAIT, self.pieces.recv()).await {
                    Ok(piece) => piece,
                    Err(_) => {
                        self.parser.flush();
                        continue;
                    }
                }
            } else {
                self.pieces.recv().await
            };
            self.parser.feed(&piece.unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()))?);
        }
    }
}

/// Reads until the terminal is gone or nobody wants to know.
fn read_on(ended: &PipeReader, sender: &Sender<io::Result<Vec<u8>>>) {
    let mut buffer = vec![0_u8; 16 * 1024];
    loop {
        let piece = match wait(ended) {
            Ok(true) => return,
            Ok(false) => match read(stdin(), &mut buffer) {
                Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => Ok(buffer.get(..count).unwrap_or_default().to_vec()),
                Err(Errno::INTR | Errno::AGAIN) => continue,
                Err(error) => Err(error.into()),
            },
            Err(error) => Err(error),
        };
        let over = piece.is_err();
        if sender.blocking_send(piece).is_err() || over {
            return;
        }
    }
}

/// Waits until the terminal can be read (false) or the reading is over (true).
fn wait(ended: &PipeReader) -> io::Result<bool> {
    loop {
        let mut fds = [PollFd::new(ended, PollFlags::IN), PollFd::from_borrowed_fd(stdin(), PollFlags::IN)];
        match poll(&mut fds, None) {
            Ok(_) => return Ok(fds.first().is_some_and(|fd| !fd.revents().is_empty())),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
