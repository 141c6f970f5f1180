//! One run of a command.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, Command},
    time::timeout,
};

use super::{
    super::{SourceError, fail::fail},
    group::Group,
};

/// How long a group that was asked to end may take before it is made to.
const GRACE: Duration = Duration::from_millis(500);
/// Bytes kept of what is not an answer; the rest is read and dropped, so that the command does not block on it.
const MAX_KEPT: usize = 4096;
/// Characters of its first line that are shown.
const MAX_SHOWN: usize = 200;
/// Where programs are looked for when the environment says nothing usable.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A command, ready to be run any number of times.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) directory: PathBuf,
    pub(super) environment: Vec<(String, String)>,
    pub(super) timeout: Duration,
    pub(super) max_output: u64,
    /// What it reads on standard input; none: nothing, it is closed.
    pub(super) input: Option<String>,
}

/// What becomes of output beyond the limit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Surplus {
    /// The command is stopped: half an answer is none.
    Stops,
    /// It is read and dropped, because what the command does counts, not what it says.
    Dropped,
}

/// Why a run has no end to judge.
pub(super) struct Lost {
    pub(super) error: SourceError,
    /// Whether the command was started at all.
    pub(super) started: bool,
}

/// A relative program with a slash starts at the config file's directory, wherever Stellar was started; a bare name is looked for in PATH.
pub(super) fn program(name: &str, base_dir: &Path) -> PathBuf {
    if name.contains('/') { base_dir.join(name) } else { PathBuf::from(name) }
}

/// What a command is given: `HOME PATH LANG` and the listed names, as far as they are set; of PATH the absolute entries only, because a
/// relative one would find programs in whatever directory happens to be current.
pub(super) fn environment(listed: &[String], all: &[(String, String)]) -> Vec<(String, String)> {
    let is_passed = |name: &str| matches!(name, "HOME" | "LANG") || listed.iter().any(|listed| listed == name);
    let mut given: Vec<(String, String)> = all.iter().filter(|(name, _)| name != "PATH" && is_passed(name)).cloned().collect();
    let path = all.iter().find(|(name, _)| name == "PATH").map(|(_, path)| absolute_only(path)).filter(|path| !path.is_empty());
    given.push(("PATH".to_owned(), path.unwrap_or_else(|| DEFAULT_PATH.to_owned())));
    given
}

fn absolute_only(path: &str) -> String {
    path.split(':').filter(|entry| entry.starts_with('/')).collect::<Vec<_>>().join(":")
}

/// What a command left behind.
pub(super) struct Finished {
    pub(super) output: Vec<u8>,
    pub(super) errors: Vec<u8>,
    pub(super) status: std::process::ExitStatus,
}

impl Run {
    /// Runs the command to its end and gives its standard output.
    ///
    /// # Errors
    /// `timeout`, `too_large`, `not_found`, `denied` or `exec_failed`.
    pub(super) async fn output(&self) -> Result<Vec<u8>, SourceError> {
        let finished = self.finished(Surplus::Stops).await.map_err(|lost| lost.error)?;
        self.judge(finished)
    }

    /// Runs the command to its end, whatever that is.
    pub(super) async fn finished(&self, surplus: Surplus) -> Result<Finished, Lost> {
        let mut child = self.spawn().map_err(|error| Lost { error, started: false })?;
        let group = Group::led_by(child.id());
        let ended = timeout(self.timeout, self.finish(&mut child, surplus)).await;
        let error = match ended {
            Ok(Ok(finished)) => {
                // It was waited for, so its id may be another's by now.
                group.release();
                return Ok(finished);
            }
            Ok(Err(error)) => error,
            Err(_) => fail("timeout", format!("the command {} did not end within {:?} and was stopped", self.name(), self.timeout)),
        };
        stop(&mut child, group).await;
        Err(Lost { error, started: true })
    }

    fn spawn(&self) -> Result<Child, SourceError> {
        Command::new(&self.program)
            .args(&self.arguments)
            .current_dir(&self.directory)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(if self.input.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| self.not_started(&error))
    }

    fn not_started(&self, error: &std::io::Error) -> SourceError {
        let name = self.name();
        match error.kind() {
            ErrorKind::NotFound if !self.directory.is_dir() => {
                fail("not_found", format!("the directory {:?} to run {name} in is not there", self.directory))
            }
            ErrorKind::NotFound => {
                fail("not_found", format!("the command {name} was not found: give its full path, or see that PATH names its directory"))
            }
            ErrorKind::PermissionDenied => fail("denied", format!("the command {name} may not be run: permission denied")),
            _ => fail("exec_failed", format!("the command {name} cannot be started: {error}")),
        }
    }

    /// Reads both outputs to their ends, then waits. In this order: until it is waited for, the leader's id belongs to nobody else.
    async fn finish(&self, child: &mut Child, surplus: Surplus) -> Result<Finished, SourceError> {
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        if let (Some(mut stdin), Some(input)) = (stdin, self.input.clone()) {
            // Beside the reading, or a command that talks before it listens would wait for ever. One that does not listen is free not to.
            tokio::spawn(async move { stdin.write_all(input.as_bytes()).await });
        }
        let errors = tokio::spawn(async move {
            match stderr {
                Some(stderr) => first_bytes(stderr).await,
                None => Vec::new(),
            }
        });
        let output = match stdout {
            Some(stdout) if surplus == Surplus::Dropped => first_bytes(stdout).await,
            Some(stdout) => self.bounded(stdout).await?,
            None => Vec::new(),
        };
        let status = child
            .wait()
            .await
            .map_err(|error| fail("exec_failed", format!("the command {} cannot be waited for: {error}", self.name())))?;
        // A process it left behind may hold standard error open; what was said so far is enough.
        let abort = errors.abort_handle();
        let errors = timeout(GRACE, errors).await.ok().and_then(Result::ok).unwrap_or_default();
        abort.abort();
        Ok(Finished { output, errors, status })
    }

    async fn bounded(&self, stdout: impl AsyncRead + Unpin) -> Result<Vec<u8>, SourceError> {
        let mut output = Vec::new();
        let limit = self.max_output.saturating_add(1);
        let read = stdout.take(limit).read_to_end(&mut output).await;
        read.map_err(|error| fail("exec_failed", format!("the output of {} cannot be read: {error}", self.name())))?;
        if output.len() as u64 > self.max_output {
            let why = format!("the command {} wrote more than max_output = {} bytes and was stopped", self.name(), self.max_output);
            return Err(fail("too_large", why));
        }
        Ok(output)
    }

    fn judge(&self, finished: Finished) -> Result<Vec<u8>, SourceError> {
        if finished.status.success() {
            return Ok(finished.output);
        }
        let how = match finished.status.code() {
            Some(code) => format!("ended with exit code {code}"),
            None => format!("was ended by {}", finished.status),
        };
        let said = first_line(&finished.errors).map(|line| format!(": {line}")).unwrap_or_default();
        Err(fail("exec_failed", format!("the command {} {how}{said}", self.name())))
    }

    /// The program's name; never the arguments, which may hold secrets.
    fn name(&self) -> String {
        format!("{:?}", self.program.to_string_lossy())
    }
}

/// Asks the group to end, then makes it.
async fn stop(child: &mut Child, group: Group) {
    group.terminate();
    // Only the leader's end can be seen from here; the group may outlive it, so it is killed in any case.
    let _ = timeout(GRACE, wait_without_reaping(child)).await;
    group.kill();
    let _ = child.wait().await;
    group.release();
}

/// Waits for the leader's end but leaves its id taken, so that the group can still be named safely.
async fn wait_without_reaping(child: &Child) {
    let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw) else { return };
    let options = rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOWAIT | rustix::process::WaitIdOptions::NOHANG;
    while let Ok(None) = rustix::process::waitid(rustix::process::WaitId::Pid(pid), options) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn first_bytes(mut from: impl AsyncRead + Unpin) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut buffer = [0_u8; 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let room = MAX_KEPT.saturating_sub(kept.len()).min(count);
        kept.extend_from_slice(buffer.get(..room).unwrap_or_default());
    }
    kept
}

pub(super) fn first_line(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(line.chars().take(MAX_SHOWN).collect())
}
