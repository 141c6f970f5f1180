//! A process of the real binary: run to its end, or running beside the test.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::process::ExitStatusExt as _,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use serde_json::Value;

/// How long anything may take before the test calls it stuck. Not a timing assertion: nothing healthy comes near.
const STUCK: Duration = Duration::from_secs(180);

/// How a process ended and what it said.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; 128 and the number if a signal ended it.
    pub code: i32,
    /// Its stdout.
    pub stdout: String,
    /// Its stderr.
    pub stderr: String,
}

impl Ran {
    /// Runs the command to its end with nothing on stdin.
    pub fn of(command: Command) -> Self {
        Self::fed(command, b"")
    }

    /// Runs the command to its end with this on stdin.
    pub fn fed(mut command: Command, stdin: &[u8]) -> Self {
        let pipe = if stdin.is_empty() { Stdio::null() } else { Stdio::piped() };
        let mut child = command.stdin(pipe).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        if let Some(mut pipe) = child.stdin.take() {
            let bytes = stdin.to_vec();
            // A program that reads no further is none of the test's business here.
            thread::spawn(move || drop(pipe.write_all(&bytes)));
        }
        let stdout = read_all(child.stdout.take().expect("piped"));
        let stderr = read_all(child.stderr.take().expect("piped"));
        let both = stdout.recv_timeout(STUCK).and_then(|out| Ok((out, stderr.recv_timeout(STUCK)?)));
        let Ok((stdout, stderr)) = both else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("stuck: {command:?}");
        };
        Self { code: exit_code(&mut child), stdout, stderr }
    }

    /// Checks the exit code and hands itself on.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "exit code\nstdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// Its stdout as JSON lines, checked to be envelopes that count from 1.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        let lines: Vec<Value> = self
            .stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line:?}\nstderr: {}", self.stderr)))
            .collect();
        for (index, line) in lines.iter().enumerate() {
            assert_eq!((&line["v"], &line["seq"]), (&Value::from(1), &Value::from(index + 1)), "{line}");
            assert!(line["payload"].is_object(), "{line}");
            let ts = line["ts"].as_str().unwrap_or_default();
            assert!(ts.len() == 24 && ts.ends_with('Z') && &ts[19..20] == ".", "UTC with milliseconds: {line}");
        }
        lines
    }

    /// The payloads of its lines.
    #[track_caller]
    pub fn payloads(&self) -> Vec<Value> {
        self.lines().into_iter().map(|mut line| line["payload"].take()).collect()
    }

    /// The one payload whose `key` this is.
    #[track_caller]
    pub fn fact(&self, key: &str) -> Value {
        let mut found: Vec<Value> = self.payloads().into_iter().filter(|payload| payload["key"] == key).collect();
        assert_eq!(found.len(), 1, "{key} once in\n{}\nstderr: {}", self.stdout, self.stderr);
        found.remove(0)
    }

    /// The stable code of the error on the last line; its sentence must be on stderr too.
    #[track_caller]
    pub fn error_code(&self) -> String {
        let lines = self.lines();
        let error = &lines.last().unwrap_or_else(|| panic!("no line\nstderr: {}", self.stderr))["error"];
        let message = error["message"].as_str().unwrap_or_else(|| panic!("no error in {}", self.stdout));
        assert!(self.stderr.contains(message), "{message:?} is not on stderr: {}", self.stderr);
        error["code"].as_str().expect("a code").to_owned()
    }
}

fn exit_code(child: &mut Child) -> i32 {
    let status = child.wait().expect("a child of ours");
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

fn read_all(mut pipe: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        let _ = sender.send(String::from_utf8(bytes).expect("output is UTF-8"));
    });
    receiver
}

/// A process beside the test, killed when dropped.
pub struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    /// Starts the command; what it says on stdout and stderr can be waited for.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let (sender, lines) = channel();
        let pipes: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().expect("piped")), Box::new(child.stderr.take().expect("piped"))];
        for pipe in pipes {
            let sender = sender.clone();
            thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        Self { child, lines }
    }

    /// Waits until it says a line that fits, and returns it.
    #[track_caller]
    pub fn wait_for(&self, fits: impl Fn(&str) -> bool) -> String {
        let mut heard = Vec::new();
        loop {
            match self.lines.recv_timeout(STUCK) {
                Ok(line) if fits(&line) => return line,
                Ok(line) => heard.push(line),
                Err(_) => panic!("it never said so; it said {heard:#?}"),
            }
        }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as `kill -9` does.
    pub fn kill(mut self) {
        self.child.kill().expect("a child of ours");
        self.child.wait().expect("a child of ours");
    }

    /// Asks it to end as a supervisor does, waits, and returns its exit code.
    pub fn terminate(mut self) -> i32 {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("a child of ours");
        // Both pipes close when it is gone.
        loop {
            match self.lines.recv_timeout(STUCK) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end when asked to"),
            }
        }
        exit_code(&mut self.child)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
