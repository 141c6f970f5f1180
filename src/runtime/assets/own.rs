//! A person's own files: below the configuration directory, by name, no longer than they may be.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::AssetProblem;

/// The longest file that is read.
const LONGEST: u64 = 1024 * 1024;
/// The most files of a folder that are looked at.
const MOST: usize = 256;

/// A person's file of this name: its path as text and its content; none when there is none.
pub(super) fn file(config_dir: &Path, folder: &str, name: &str, problems: &mut Vec<AssetProblem>) -> Option<(String, String)> {
    // A name is no path: nothing outside the folder is read.
    if !is_name(name) {
        let message = format!("{name:?} is no name for a file in {folder}/: letters, digits, - and _ make one");
        problems.push(AssetProblem { file: String::new(), line: 0, message });
        return None;
    }
    let shown = format!("{folder}/{name}.toml");
    let mut say = |message: String| problems.push(AssetProblem { file: shown.clone(), line: 0, message });
    let path = config_dir.join(folder).join(format!("{name}.toml"));
    match fs::metadata(&path) {
        Ok(about) if about.len() > LONGEST => {
            say("has more than 1 MiB; it is left out".to_owned());
            None
        }
        // Reading a pipe or a device would wait for ever.
        Ok(about) if !about.is_file() => {
            say("is no file; it is left out".to_owned());
            None
        }
        Ok(_) => match fs::read_to_string(&path) {
            Ok(text) => Some((shown, text)),
            Err(error) => {
                say(format!("cannot be read: {error}"));
                None
            }
        },
        Err(_) => None,
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_'))
}

/// The names of a person's files in a folder, in order.
pub(super) fn names(config_dir: &Path, folder: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(config_dir.join(folder)) else { return Vec::new() };
    let stem = |path: PathBuf| path.extension().is_some_and(|end| end == "toml").then(|| path.file_stem()?.to_str().map(str::to_owned))?;
    let mut names: Vec<String> = entries.take(MOST).filter_map(|entry| stem(entry.ok()?.path())).filter(|name| is_name(name)).collect();
    names.sort();
    names
}
