//! Entering the terminal, and leaving it as it was, whatever happens.

use std::{
    io,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
};

use rustix::{
    process::{Signal, getpid, kill_process},
    stdio::{stdin, stdout},
};
use tokio::sync::Notify;

use super::probe::{Capabilities, PROBES};

/// Whether the terminal is ours now.
static ENTERED: AtomicBool = AtomicBool::new(false);
/// Whether a panic took it from us.
static LOST: Notify = Notify::const_new();
/// The panic hook is installed once.
static HOOK: Once = Once::new();

/// Alternate screen, focus reports, bracketed paste.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?1004h\x1b[?2004h\x1b[?25l";
/// Presses, drags and the wheel, by cells.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1002l\x1b[?1000l";
/// Keys told apart: the kitty protocol's first level.
const KITTY_ON: &[u8] = b"\x1b[>1u";
const KITTY_OFF: &[u8] = b"\x1b[<u";
const OTHER_KEYS_ON: &[u8] = b"\x1b[>4;2m";
const OTHER_KEYS_OFF: &[u8] = b"\x1b[>4m";

/// What is undone, in this order, each step by itself: none of them minds not having been done, but the pop of the kitty
/// protocol, which an untouched stack ignores.
const UNDO: [&[u8]; 9] =
    [b"\x1b[?2026l", KITTY_OFF, OTHER_KEYS_OFF, MOUSE_OFF, b"\x1b[?2004l", b"\x1b[?1004l", b"\x1b[0m", b"\x1b[?25h", b"\x1b[?1049l"];

/// Whether standard input and output are a terminal, so that there can be a screen.
#[must_use]
pub fn is_terminal() -> bool {
    rustix::termios::isatty(stdin()) && rustix::termios::isatty(stdout())
}

/// Columns and rows; none when there is no terminal.
#[must_use]
pub fn size() -> Option<(u16, u16)> {
    let size = rustix::termios::tcgetwinsize(stdout()).ok()?;
    Some((size.ws_col, size.ws_row))
}

/// Ends when a panic in some thread has made the terminal whole. Whoever draws enters again, or leaves. Cancel safe.
pub async fn terminal_lost() {
    LOST.notified().await;
}

/// The terminal while it is ours. Dropping it leaves it as it was.
#[derive(Debug)]
pub struct Guard {
    mouse: bool,
    found: Capabilities,
}

impl Guard {
    /// Takes the terminal and sends the questions of [`PROBES`] in the same write; their answers are to be read next.
    ///
    /// # Errors
    /// When it cannot be put into raw mode or written to; then it is left as it was.
    pub fn enter(mouse: bool) -> io::Result<Self> {
        let guard = Self { mouse, found: Capabilities::default() };
        guard.take(PROBES)?;
        // Last, so that it runs before any hook that prints.
        HOOK.call_once(|| {
            let printing = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                let ours = restore();
                printing(panic);
                if ours {
                    LOST.notify_one();
                }
            }));
        });
        Ok(guard)
    }

    /// Takes what the terminal said: keys are told apart from now on where it can.
    ///
    /// # Errors
    /// When it cannot be written to.
    pub fn use_capabilities(&mut self, found: Capabilities) -> io::Result<()> {
        self.found = found;
        write_all(self.keyboard_on())
    }

    /// Turns mouse reports on or off.
    ///
    /// # Errors
    /// When it cannot be written to.
    pub fn set_mouse(&mut self, mouse: bool) -> io::Result<()> {
        self.mouse = mouse;
        write_all(if mouse { MOUSE_ON } else { MOUSE_OFF })
    }

    /// Gives the terminal back for a while: to a shell, to an editor.
    pub fn leave(&self) {
        restore();
    }

    /// Takes it again after [`Guard::leave`] or after [`terminal_lost`]. Everything on it must be drawn again.
    ///
    /// # Errors
    /// As for [`Guard::enter`].
    pub fn enter_again(&self) -> io::Result<()> {
        self.take(self.keyboard_on())
    }

    /// Gives it back, stops this process until it is continued, and takes it again.
    ///
    /// # Errors
    /// As for [`Guard::enter`].
    pub fn suspend(&self) -> io::Result<()> {
        self.leave();
        kill_process(getpid(), Signal::STOP)?;
        self.enter_again()
    }

    /// Writes a frame.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        write_all(bytes)
    }

    fn keyboard_on(&self) -> &'static [u8] {
        if self.found.kitty {
            KITTY_ON
        } else if self.found.modify_other_keys {
            OTHER_KEYS_ON
        } else {
            b""
        }
    }

    fn take(&self, more: &[u8]) -> io::Result<()> {
        crossterm::terminal::enable_raw_mode()?;
        ENTERED.store(true, Ordering::SeqCst);
        let bytes = [ENTER, if self.mouse { MOUSE_ON } else { b"" }, more].concat();
        write_all(&bytes).inspect_err(|_| {
            restore();
        })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// Undoes every step, each one even if another fails; whether the terminal was ours.
fn restore() -> bool {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return false;
    }
    for step in UNDO {
        // A terminal that is gone cannot be told anything; the rest is still tried.
        drop(write_all(step));
    }
    drop(crossterm::terminal::disable_raw_mode());
    true
}

/// Writes past the locks of the standard library, which the thread that panics may hold.
fn write_all(mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(stdout(), bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::AGAIN) => {
                // Somebody made the terminal non-blocking: wait until it takes more.
                let mut fds = [rustix::event::PollFd::from_borrowed_fd(stdout(), rustix::event::PollFlags::OUT)];
                rustix::event::poll(&mut fds, None)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
