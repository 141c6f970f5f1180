//! A pseudo-terminal with a program in it, and what stands on its screen.

use std::{
    io::{Read as _, Write as _},
    num::NonZero,
    process::Command,
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::{
    process::{Pid, Signal, WaitOptions, kill_process},
    termios::LocalModes,
};

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(180);
/// So long may an end take; nothing healthy comes near.
const ENDS_WITHIN: Duration = Duration::from_secs(60);

/// A program on a terminal of its own.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn std::io::Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    /// Everything the program wrote.
    pub written: Vec<u8>,
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

impl Terminal {
    /// Starts a program.
    pub fn start(command: &Command, columns: u16, rows: u16) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).expect("a pseudo-terminal");
        let mut builder = CommandBuilder::new(command.get_program());
        builder.args(command.get_args());
        builder.env_clear();
        builder.env("TERM", "xterm-256color");
        for (name, value) in command.get_envs() {
            builder.env(name, value.expect("a value"));
        }
        builder.cwd(command.get_current_dir().expect("a directory"));
        let child = pair.slave.spawn_command(builder).expect("the program");
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 65_536];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let writer = pair.master.take_writer().expect("a writer");
        let parser = vt100::Parser::new(NonZero::new(rows).expect("rows"), NonZero::new(columns).expect("columns"), 0);
        Self { master: pair.master, writer, child, output, parser, written: Vec::new() }
    }

    /// Presses keys: bytes as a terminal sends them.
    pub fn send(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).expect("the terminal takes keys");
        self.writer.flush().expect("the terminal takes keys");
    }

    /// The text of the screen.
    pub fn text(&self) -> String {
        self.parser.screen().contents()
    }

    /// What the terminal itself is in.
    pub fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// Waits until the screen shows what is expected.
    pub fn wait_for(&mut self, what: &str, expected: impl Fn(&vt100::Screen) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !expected(self.parser.screen()) {
            match self.output.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(bytes) => {
                    self.written.extend_from_slice(&bytes);
                    self.parser.process(&bytes);
                }
                Err(RecvTimeoutError::Timeout) => {
                    panic!("{what} did not come; the screen of {:?} is\n{}|", self.screen().size(), self.text())
                }
                Err(RecvTimeoutError::Disconnected) => panic!("{what} did not come, the program ended; the screen is\n{}", self.text()),
            }
        }
    }

    /// Waits until a text stands on the screen.
    pub fn wait_for_text(&mut self, text: &str) {
        self.wait_for(text, |screen| screen.contents().contains(text));
    }

    /// Waits until a text no longer stands on the screen.
    pub fn wait_until_gone(&mut self, text: &str) {
        self.wait_for(&format!("the end of {text}"), |screen| !screen.contents().contains(text));
    }

    /// Presses Esc and waits until what was open is gone. It is there first: what was not drawn yet is gone as well, and a key right behind
    /// Esc is another key.
    pub fn close(&mut self, text: &str) {
        self.wait_for_text(text);
        self.send(b"\x1b");
        self.wait_until_gone(text);
    }

    /// Quits as a person does: the end is a good one, and the terminal is as it was.
    pub fn quit(&mut self) {
        self.send(b"q");
        assert_eq!(self.wait_for_end(), 0);
        self.assert_restored();
    }

    /// Gives it another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.master.resize(size(columns, rows)).expect("another size");
        self.parser.screen_mut().set_size(NonZero::new(rows).expect("rows"), NonZero::new(columns).expect("columns"));
    }

    fn pid(&self) -> Pid {
        let id = self.child.process_id().expect("a process");
        Pid::from_raw(i32::try_from(id).expect("an id")).expect("an id")
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("a signal");
    }

    /// Waits until the program has stopped itself.
    pub fn wait_until_stopped(&self) {
        let (_, status) = rustix::process::waitpid(Some(self.pid()), WaitOptions::UNTRACED).expect("a state").expect("a state");
        assert!(status.stopped(), "{status:?}");
    }

    /// Waits for the end; the exit code and everything it wrote.
    pub fn wait_for_end(&mut self) -> u32 {
        let until = Instant::now() + ENDS_WITHIN;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                break status;
            }
            // What it says meanwhile is read, or it could not go on.
            if let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(20)) {
                self.written.extend_from_slice(&bytes);
                self.parser.process(&bytes);
            }
            assert!(Instant::now() < until, "it does not end:\n{}", self.text());
        };
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(500)) {
            self.written.extend_from_slice(&bytes);
            self.parser.process(&bytes);
        }
        status.exit_code()
    }

    /// Whether the terminal takes lines and echoes, as a shell finds it.
    pub fn is_cooked(&self) -> bool {
        let flags = self.master.get_termios().expect("the terminal's settings").local_flags.bits();
        let wanted = (LocalModes::ICANON | LocalModes::ECHO).bits();
        flags & wanted == wanted
    }

    /// Says what is still different from a terminal nobody touched.
    pub fn assert_restored(&self) {
        let screen = self.screen();
        assert!(!screen.alternate_screen(), "the alternate screen stayed");
        assert!(!screen.hide_cursor(), "the cursor stayed hidden");
        assert!(!screen.bracketed_paste(), "bracketed paste stayed");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse stayed");
        assert!(self.is_cooked(), "raw mode stayed");
        let last = |on: &[u8], off: &[u8]| (find_last(&self.written, on), find_last(&self.written, off));
        let (on, off) = last(b"\x1b[?1004h", b"\x1b[?1004l");
        assert!(off > on, "focus reports stayed");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Whatever the test found, nothing is left running.
        let _ = self.child.kill();
    }
}

fn find_last(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).rposition(|window| window == wanted)
}
