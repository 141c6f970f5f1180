//! The demo's directory: configuration, the files that are sources, room for data and state, and a command that uses them.

use std::{
    ffi::OsString,
    fs, io,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use super::server::Sites;
use crate::runtime::clock::mint_id;

const CONFIG: &str = include_str!("config.toml");
const NOTES: &str = include_str!("notes.json");
const GIT: &str = include_str!("git.toml");

/// Variables that would lead a program out of the demo.
const LEADING_OUT: [&str; 3] = ["STELLAR_CONFIG", "STELLAR_PROFILE", "STELLAR_DATA_DIR"];

/// A directory of its own, gone at the end.
pub struct Place(PathBuf);

impl Place {
    /// Makes the directory and writes the configuration for these sites.
    pub fn make(sites: &Sites) -> io::Result<Self> {
        let id = mint_id();
        // The last part is the one that nobody can foresee.
        let root = std::env::temp_dir().join(format!("stellar-demo-{}", id.rsplit('-').next().unwrap_or(&id)));
        // Not `prepare`: what is there already is somebody else's.
        fs::DirBuilder::new().mode(0o700).create(&root)?;
        let place = Self(root);
        let inner = place.config_file();
        let config_dir = inner.parent().unwrap_or(&place.0);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(config_dir)?;
        write(&inner, 0o600, sites.fill(CONFIG).as_bytes())?;
        write(&config_dir.join("notes.json"), 0o600, NOTES.as_bytes())?;
        write(&config_dir.join("git.toml"), 0o600, GIT.as_bytes())?;
        write(&place.command(), 0o700, &place.script()?)?;
        Ok(place)
    }

    pub fn root(&self) -> &Path {
        &self.0
    }

    pub fn config_file(&self) -> PathBuf {
        self.0.join("config/stellar/config.toml")
    }

    pub fn command(&self) -> PathBuf {
        self.0.join("stellar")
    }

    pub fn variable(&self, name: &str) -> Option<Option<String>> {
        if LEADING_OUT.contains(&name) {
            return Some(None);
        }
        let own = self.directories().into_iter().find(|(own, _)| *own == name);
        own.map(|(_, directory)| Some(directory.to_string_lossy().into_owned()))
    }

    fn directories(&self) -> [(&'static str, PathBuf); 3] {
        ["CONFIG", "DATA", "STATE"].map(|what| {
            let variable = match what {
                "CONFIG" => "XDG_CONFIG_HOME",
                "DATA" => "XDG_DATA_HOME",
                _ => "XDG_STATE_HOME",
            };
            (variable, self.0.join(what.to_ascii_lowercase()))
        })
    }

    /// Sets the directories and runs this program with what it is given.
    fn script(&self) -> io::Result<Vec<u8>> {
        let program = std::env::current_exe()?;
        let mut script = OsString::from("#!/bin/sh\n# Stellar on the demo's configuration and data, while the demo runs.\n");
        script.push(format!("unset {}\n", LEADING_OUT.join(" ")));
        let mut line = OsString::from("exec env");
        for (variable, directory) in self.directories() {
            line.push(format!(" {variable}="));
            line.push(quoted(&directory));
        }
        line.push(" ");
        line.push(quoted(&program));
        script.push(line);
        script.push(" \"$@\"\n");
        Ok(script.into_encoded_bytes())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Made by us a moment ago, under a name nobody could foresee; it holds nothing but the demo's.
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "the demo's directory is left behind");
        }
    }
}

/// A path as one word of a shell.
fn quoted(path: &Path) -> OsString {
    let mut word = OsString::from("'");
    for (at, part) in path.as_os_str().to_string_lossy().split('\'').enumerate() {
        if at > 0 {
            word.push("'\\''");
        }
        word.push(part);
    }
    word.push("'");
    word
}

fn write(path: &Path, mode: u32, content: &[u8]) -> io::Result<()> {
    fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?.write_all(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_in_a_path_ends_no_word() {
        assert_eq!(quoted(Path::new("/tmp/it's here")), "'/tmp/it'\\''s here'");
    }

    #[test]
    fn the_configuration_is_sound_and_the_directory_is_gone_afterwards() {
        let place = Place::make(&Sites::for_test()).unwrap();
        let text = fs::read_to_string(place.config_file()).unwrap();
        assert!(!text.contains('@'), "{text}");
        let config = crate::config::check_text(&text, place.config_file().parent().unwrap()).unwrap();
        assert_eq!(config.sources.len(), 6);
        let variable = place.variable("XDG_STATE_HOME").flatten().unwrap();
        assert!(Path::new(&variable).starts_with(place.root()));
        assert_eq!((place.variable("STELLAR_CONFIG"), place.variable("HOME")), (Some(None), None));
        let root = place.root().to_owned();
        drop(place);
        assert!(!root.exists());
    }
}
