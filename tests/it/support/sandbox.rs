//! A home nobody else knows, and the real binary run in it with a clean environment.

use std::{
    fs,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::run::{Ran, Running};

/// An empty home with its XDG directories; gone when dropped.
pub struct Sandbox {
    root: TempDir,
}

impl Sandbox {
    /// A home with nothing in it.
    pub fn new() -> Self {
        let root = tempfile::Builder::new().prefix("st").tempdir().expect("a temporary directory");
        for name in ["home", "run"] {
            fs::DirBuilder::new().mode(0o700).create(root.path().join(name)).expect("a directory");
        }
        Self { root }
    }

    /// A home whose configuration file holds this.
    pub fn with_config(text: &str) -> Self {
        let sandbox = Self::new();
        sandbox.write(".config/stellar/config.toml", text);
        sandbox
    }

    /// A path below the home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("home").join(name)
    }

    /// The configuration file.
    pub fn config_file(&self) -> PathBuf {
        self.path(".config/stellar/config.toml")
    }

    /// The default data directory.
    pub fn data_dir(&self) -> PathBuf {
        self.path(".local/share/stellar")
    }

    /// Writes a file below the home, for its owner alone, directories included; replaced in one step.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        let parent = path.parent().expect("below the home");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(parent).expect("directories");
        let aside = parent.join(".new");
        fs::write(&aside, content).expect("a file");
        fs::set_permissions(&aside, fs::Permissions::from_mode(0o600)).expect("its mode");
        fs::rename(&aside, &path).expect("in place");
        path
    }

    /// A command that runs `program` here: no variable of the test's own environment gets through.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LANG", "C.UTF-8")
            .env("HOME", self.root.path().join("home"))
            .env("XDG_RUNTIME_DIR", self.root.path().join("run"))
            .current_dir(self.root.path());
        command
    }

    /// A command of the real binary with these arguments.
    pub fn stellar_command(&self, args: &[&str]) -> Command {
        let mut command = self.command(binary());
        command.args(args);
        command
    }

    /// Runs the real binary to its end.
    pub fn stellar(&self, args: &[&str]) -> Ran {
        Ran::of(self.stellar_command(args))
    }

    /// Starts the real binary beside the test.
    pub fn start(&self, args: &[&str]) -> Running {
        Running::start(self.stellar_command(args))
    }

    /// Starts `stellar serve` and waits until it answers.
    pub fn serve(&self) -> Running {
        let running = self.start(&["serve"]);
        running.wait_for(|line| line.contains(".sock"));
        running
    }

    /// Every file below the data directory with its content, to see that nothing moved.
    pub fn data_files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut open = vec![self.data_dir()];
        let mut found = Vec::new();
        while let Some(directory) = open.pop() {
            for entry in fs::read_dir(directory).expect("the data directory") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    found.push((path.clone(), fs::read(&path).expect("a file")));
                }
            }
        }
        found.sort();
        found
    }
}

/// The binary under test: `STELLAR_BINARY`, or the one cargo built for this test.
pub fn binary() -> PathBuf {
    std::env::var_os("STELLAR_BINARY").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_stellar")), PathBuf::from)
}
