//! `serve` as a systemd user unit: its text, putting it in place, taking it away, looking at it.
//!
//! A unit that is not ours is never written over nor removed: ours is known by its first line.

use std::{
    fs, io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What a unit of ours begins with.
const OURS: &str = "# Made by stellar serve --install; stellar serve --uninstall takes it away.";

/// What is to be served, and where units are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Where units of this user are: `$XDG_CONFIG_HOME/systemd/user`.
    pub dir: PathBuf,
    /// `stellar.service`, or `stellar-PROFILE.service`.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// What comes between the program and `serve`.
    pub flags: Vec<String>,
    /// Variables that say where things are.
    pub variables: Vec<(String, String)>,
}

/// What became of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceReport {
    /// The file.
    pub unit: PathBuf,
    /// Whether a unit of ours is there now.
    pub installed: bool,
    /// What systemd says of it: `active`, `inactive`, `failed`; none where it cannot be asked.
    pub active: Option<String>,
    /// What happened, in a sentence.
    pub message: String,
    /// What is left for a person to run.
    pub run: Vec<String>,
}

/// Why it did not happen.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Somebody else's file.
    #[error("{} is not a unit that stellar made: it is left alone", .0.display())]
    NotOurs(PathBuf),
    /// The disk or a name refuses.
    #[error("{} cannot be written: {}", .0.display(), .1)]
    Io(PathBuf, io::Error),
    /// A path that no unit can name.
    #[error("{0:?} cannot stand in a unit: it has a line break or is no UTF-8")]
    BadPath(String),
    /// systemd refuses; the unit is there.
    #[error("{message}; the unit is at {}", .unit.display())]
    Systemd {
        /// The file.
        unit: PathBuf,
        /// What was said.
        message: String,
        /// What to run by hand.
        run: Vec<String>,
    },
}

/// How a call of systemctl ended.
enum Told {
    /// It is not here.
    Absent,
    Done(String),
    Failed(String),
}

impl Service {
    /// Where its unit is.
    #[must_use]
    pub fn unit(&self) -> PathBuf {
        self.dir.join(&self.name)
    }

    /// The text of its unit.
    ///
    /// # Errors
    /// [`ServiceError::BadPath`]
    pub fn text(&self) -> Result<String, ServiceError> {
        let program = self.program.to_str().ok_or_else(|| ServiceError::BadPath(self.program.display().to_string()))?;
        // Variables are looked for in the arguments, not in the program.
        let mut words = vec![quoted(program)?];
        for flag in &self.flags {
            words.push(quoted(&flag.replace('$', "$$"))?);
        }
        words.push("serve".to_owned());
        let mut text = format!(
            "{OURS}\n[Unit]\nDescription=Stellar keeps facts fresh and sends what waits\n\n\
             [Service]\nType=exec\nExecStart={}\n",
            words.join(" ")
        );
        for (name, value) in &self.variables {
            text += &format!("Environment={}\n", quoted(&format!("{name}={value}"))?);
        }
        // Not after bad usage or a damaged store: those want a person.
        text += "Restart=on-failure\nRestartSec=5s\nRestartPreventExitStatus=2 7\nTimeoutStopSec=30s\n\
                 # A command of an exec source that needs more rights than yours fails under this; then take it out.\nNoNewPrivileges=yes\n\
                 LockPersonality=yes\nRestrictRealtime=yes\nRestrictSUIDSGID=yes\nSystemCallArchitectures=native\nUMask=0077\n\n\
                 [Install]\nWantedBy=default.target\n";
        Ok(text)
    }

    /// Writes the unit and starts it.
    ///
    /// # Errors
    /// [`ServiceError`]; nothing of somebody else's is touched.
    pub fn install(&self) -> Result<ServiceReport, ServiceError> {
        let unit = self.unit();
        let text = self.text()?;
        if self.found()? == Some(false) {
            return Err(ServiceError::NotOurs(unit));
        }
        write_whole(&self.dir, &unit, &text).map_err(|error| ServiceError::Io(unit.clone(), error))?;
        let steps: [&[&str]; 2] = [&["daemon-reload"], &["enable", "--now", &self.name]];
        let message = match self.systemd(&steps)? {
            Some(_) => {
                format!("{} is installed and runs: it keeps facts fresh and sends what waits, also after you log in again", self.name)
            }
            None => {
                let message = format!("{} is written; systemctl is not here, so nothing was started", unit.display());
                return Ok(ServiceReport { unit, installed: true, active: None, message, run: by_hand(&steps) });
            }
        };
        let run = vec!["loginctl enable-linger".to_owned()];
        Ok(ServiceReport {
            unit,
            installed: true,
            active: self.active(),
            message: format!("{message}. While you are logged out it runs with:"),
            run,
        })
    }

    /// Stops it and removes the unit.
    ///
    /// # Errors
    /// [`ServiceError`]; nothing of somebody else's is touched.
    pub fn uninstall(&self) -> Result<ServiceReport, ServiceError> {
        let unit = self.unit();
        match self.found()? {
            None => {
                let message = format!("there is no {}", unit.display());
                return Ok(ServiceReport { unit, installed: false, active: None, message, run: Vec::new() });
            }
            Some(false) => return Err(ServiceError::NotOurs(unit)),
            Some(true) => {}
        }
        let stopped = match systemctl(&["disable", "--now", &self.name]) {
            Told::Absent | Told::Done(_) => None,
            Told::Failed(why) => Some(why),
        };
        fs::remove_file(&unit).map_err(|error| ServiceError::Io(unit.clone(), error))?;
        let _ = systemctl(&["daemon-reload"]);
        let message = match stopped {
            None => format!("{} is removed; what waits to be sent stays on disk", unit.display()),
            Some(why) => {
                format!("{} is removed, and systemd could not be told ({why}): one that runs goes on until it is ended", unit.display())
            }
        };
        Ok(ServiceReport { unit, installed: false, active: None, message, run: Vec::new() })
    }

    /// How it stands.
    ///
    /// # Errors
    /// When the unit cannot be read.
    pub fn status(&self) -> Result<ServiceReport, ServiceError> {
        let unit = self.unit();
        let found = self.found()?;
        let active = if found.is_some() { self.active() } else { None };
        let message = match (found, active.as_deref()) {
            (None, _) => "not installed: stellar serve --install does it".to_owned(),
            (Some(false), _) => format!("{} is there, and is not a unit that stellar made", unit.display()),
            (Some(true), Some(active)) => format!("{} is installed and {active}", self.name),
            (Some(true), None) => format!("{} is installed; systemd cannot be asked how it runs", self.name),
        };
        Ok(ServiceReport { unit, installed: found == Some(true), active, message, run: Vec::new() })
    }

    /// Whether a unit is there, and then whether it is ours.
    fn found(&self) -> Result<Option<bool>, ServiceError> {
        let unit = self.unit();
        match fs::read(&unit) {
            Ok(bytes) => Ok(Some(bytes.split(|byte| *byte == b'\n').next() == Some(OURS.as_bytes()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ServiceError::Io(unit, error)),
        }
    }

    /// Does the steps; none when systemctl is not here.
    fn systemd(&self, steps: &[&[&str]]) -> Result<Option<()>, ServiceError> {
        for step in steps {
            match systemctl(step) {
                Told::Absent => return Ok(None),
                Told::Done(_) => {}
                Told::Failed(message) => return Err(ServiceError::Systemd { unit: self.unit(), message, run: by_hand(steps) }),
            }
        }
        Ok(Some(()))
    }

    fn active(&self) -> Option<String> {
        match systemctl(&["show", "--property=ActiveState", "--value", &self.name]) {
            Told::Done(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }
}

fn by_hand(steps: &[&[&str]]) -> Vec<String> {
    steps.iter().map(|step| format!("systemctl --user {}", step.join(" "))).collect()
}

fn systemctl(step: &[&str]) -> Told {
    let mut command = Command::new("systemctl");
    match command.arg("--user").args(step).stdin(Stdio::null()).output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Told::Absent,
        Err(error) => Told::Failed(format!("systemctl cannot be run: {error}")),
        Ok(ran) if ran.status.success() => Told::Done(String::from_utf8_lossy(&ran.stdout).trim().to_owned()),
        Ok(ran) => {
            let said = String::from_utf8_lossy(&ran.stderr);
            Told::Failed(format!("systemctl --user {}: {}", step.join(" "), said.trim().lines().next().unwrap_or("it failed")))
        }
    }
}

/// Puts the file in place whole or not at all.
fn write_whole(dir: &Path, unit: &Path, text: &str) -> io::Result<()> {
    use io::Write as _;
    fs::create_dir_all(dir)?;
    let aside = unit.with_extension("service.new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o644).open(&aside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&aside, unit)
}

/// A word as systemd reads it back: no specifier and no escape is in it.
fn quoted(word: &str) -> Result<String, ServiceError> {
    if word.contains(['\n', '\r', '\0']) {
        return Err(ServiceError::BadPath(word.to_owned()));
    }
    let plain = |char: char| char.is_ascii_alphanumeric() || "/._-+=:,@".contains(char);
    let text = word.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
    Ok(if !word.is_empty() && word.chars().all(plain) { text } else { format!("\"{text}\"") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(dir: &Path) -> Service {
        Service {
            dir: dir.join("systemd/user"),
            name: "stellar.service".to_owned(),
            program: "/opt/a b/50%/$x/stellar".into(),
            flags: vec!["--config".to_owned(), "/home/anna/my \"own\" \\ $config.toml".to_owned()],
            variables: vec![("XDG_DATA_HOME".to_owned(), "/data/$HOME/100%".to_owned())],
        }
    }

    #[test]
    fn a_unit_says_what_runs_and_nothing_in_a_path_means_anything() {
        let text = service(Path::new("/c")).text().unwrap();
        assert!(text.starts_with(OURS), "{text}");
        let line = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
        assert_eq!(
            line("ExecStart="),
            "ExecStart=\"/opt/a b/50%%/$x/stellar\" --config \"/home/anna/my \\\"own\\\" \\\\ $$config.toml\" serve"
        );
        assert_eq!(line("Environment="), "Environment=\"XDG_DATA_HOME=/data/$HOME/100%%\"");
        assert!(line("Restart=").ends_with("on-failure"));
        let broken = Service { program: "/a\nExecStartPre=/bin/false".into(), ..service(Path::new("/c")) };
        assert!(matches!(broken.text(), Err(ServiceError::BadPath(_))));
    }

    #[test]
    fn systemd_finds_nothing_wrong_with_it_and_reads_the_program_as_it_is() {
        use std::os::unix::fs::symlink;
        let home = tempfile::tempdir().unwrap();
        let strange = home.path().join("a b 50% $x \\ \"q\"");
        fs::create_dir(&strange).unwrap();
        symlink("/bin/sh", strange.join("stellar")).unwrap();
        let service = Service { program: strange.join("stellar"), ..service(home.path()) };
        write_whole(&service.dir, &service.unit(), &service.text().unwrap()).unwrap();
        let verify = |unit: &Path| {
            let mut command = Command::new("systemd-analyze");
            command
                .args(["--user", "--man=no", "verify"])
                .arg(unit)
                .env("SYSTEMD_LOG_LEVEL", "warning")
                .env("XDG_RUNTIME_DIR", home.path());
            command.output()
        };
        // Where systemd is not, nobody can be asked.
        let Ok(ran) = verify(&service.unit()) else { return };
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(ran.status.success() && said.is_empty(), "{said}");
        // It does look: a program that is not there is found.
        fs::remove_file(strange.join("stellar")).unwrap();
        assert!(!verify(&service.unit()).unwrap().status.success());
    }

    #[test]
    fn a_unit_that_is_not_ours_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let service = service(home.path());
        fs::create_dir_all(&service.dir).unwrap();
        fs::write(service.unit(), "[Service]\nExecStart=/bin/true\n").unwrap();
        assert!(matches!(service.install(), Err(ServiceError::NotOurs(_))));
        assert!(matches!(service.uninstall(), Err(ServiceError::NotOurs(_))));
        assert!(!service.status().unwrap().installed);
        assert_eq!(fs::read_to_string(service.unit()).unwrap(), "[Service]\nExecStart=/bin/true\n");
    }
}
