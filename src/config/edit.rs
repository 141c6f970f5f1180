//! Adding sources to the file: behind everything that is there, whose every byte stays.
//!
//! What would come of it is checked as a whole before anything is written, and the file is replaced in one step, if it is still the one
//! that was looked at.

use std::{
    collections::BTreeSet,
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use toml_edit::{DocumentMut, Item, value};

use super::{
    document::parse,
    file::{LARGEST, create, make_dir, read_config, read_json, read_own, replace},
    key_rule::Surroundings,
    load::{LoadRequest, resolve_dirs},
    problem::{ConfigError, ConfigProblem, clean},
};

/// What would be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceEdit {
    /// The configuration file.
    pub file: PathBuf,
    /// Names of the sources, as the block has them.
    pub names: Vec<String>,
    /// The lines that come behind what is there.
    pub added: String,
    /// The line of the file after which they come; 0: there is no file yet.
    pub after: usize,
    /// Whether the host, watched so far because there was no source, is written down with them.
    pub keeps_host: bool,
    before: Option<Vec<u8>>,
    whole: String,
}

/// Why a source is not added. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The file as it is, or as it would be, is not sound.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The block is none.
    #[error("this is no [[source]] to add: {0}")]
    BadBlock(String),
    /// There is one of that name.
    #[error("there is already a source named {0:?} in {1}")]
    Exists(String, String),
    /// There they are the elements of one value, which is not taken apart.
    #[error("{0} has {1} = [..] in one value, behind which no [[{1}]] can stand; write what is in it as [[{1}]] tables first")]
    InAValue(String, String),
    /// The file changed since it was looked at.
    #[error("{0} was changed meanwhile; nothing was written")]
    Moved(String),
    /// It cannot be written.
    #[error("{} cannot be written: {error}", clean(&path.display().to_string()))]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// Reads a file that holds a block.
///
/// # Errors
/// [`EditError::BadBlock`] when it is not there, too large or no text.
pub fn read_block(path: &Path) -> Result<String, EditError> {
    let shown = clean(&path.display().to_string());
    let bytes = read_own(path).map_err(|error| EditError::BadBlock(format!("{shown} cannot be read: {error}")))?;
    let bytes = bytes.ok_or_else(|| EditError::BadBlock(format!("there is no file {shown}")))?;
    String::from_utf8(bytes).map_err(|_| EditError::BadBlock(format!("{shown} is not UTF-8")))
}

/// Works out what adding the sources of `block` would write; `rename` names the one that is in it.
///
/// # Errors
/// [`EditError`] with a sentence; the configuration without and with it must be sound.
pub fn plan_sources(request: &LoadRequest<'_>, block: &str, rename: Option<&str>) -> Result<SourceEdit, EditError> {
    let (dirs, _) = resolve_dirs(request)?;
    let file = dirs.expected_config_file;
    let shown = clean(&file.display().to_string());
    let (block, names, has_host) = checked(block, rename)?;
    let before = match read_config(&file, rustix::process::geteuid().as_raw()) {
        Ok(bytes) => Some(bytes),
        Err(problem) if problem.code == "not_found" => None,
        Err(problem) => return Err(ConfigError { file: Some(file), problems: vec![*problem] }.into()),
    };
    let text = match &before {
        Some(bytes) => std::str::from_utf8(bytes).map_err(|_| {
            let problem = ConfigProblem::outside("not_utf8", "", "This file is not UTF-8 text.");
            ConfigError { file: Some(file.clone()), problems: vec![problem] }
        })?,
        None => "",
    };
    let base = file.parent().unwrap_or(Path::new("/")).to_owned();
    let around = Surroundings { base: &base, read_json: &read_json };
    let in_file = |problems| ConfigError { file: Some(file.clone()), problems };
    let now = parse(text, &around).map_err(in_file)?.config;
    // Without a source the host is watched; with the first one that would end in silence.
    let document = text.parse::<DocumentMut>().unwrap_or_default();
    let has_sources = document.contains_key("source");
    if has_sources && let Some(taken) = names.iter().find(|name| now.sources.iter().any(|source| source.name.as_str() == name.as_str())) {
        return Err(EditError::Exists(taken.clone(), shown));
    }
    // Tables cannot come behind a value of the same name.
    let brought = block.parse::<DocumentMut>().unwrap_or_default();
    let in_a_value = |name: &&str| brought.contains_key(name) && document.get(name).is_some_and(|item| !item.is_array_of_tables());
    if let Some(name) = ["source", "key"].iter().find(|name| in_a_value(name)) {
        return Err(EditError::InAValue(shown, (*name).to_owned()));
    }
    let keeps_host = !has_sources && !has_host && !names.iter().any(|name| name == "host");
    let mut added = String::new();
    if before.is_none() {
        added.push_str("version = 1\n");
    } else if !text.is_empty() && !text.ends_with('\n') {
        added.push('\n');
    }
    if keeps_host {
        added.push_str("\n[[source]]\nname = \"host\"\nkind = \"host\"\n");
    }
    added.push('\n');
    added.push_str(&block);
    if text.contains("\r\n") {
        added = added.replace("\r\n", "\n").replace('\n', "\r\n");
    }
    let whole = format!("{text}{added}");
    if whole.len() as u64 > LARGEST {
        return Err(EditError::BadBlock(format!("{shown} would be larger than {LARGEST} bytes")));
    }
    let after = text.lines().count();
    // A place behind the last line of the file would be looked for in vain.
    parse(&whole, &around).map_err(|problems| {
        if problems.iter().all(|problem| problem.line > after) {
            return EditError::BadBlock(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "));
        }
        in_file(problems).into()
    })?;
    Ok(SourceEdit { file, names, added, after, keeps_host, before, whole })
}

/// The block on its own lines with the names in it, and whether one of its sources is this host.
fn checked(block: &str, rename: Option<&str>) -> Result<(String, Vec<String>, bool), EditError> {
    let bad = |why: &str| EditError::BadBlock(why.to_owned());
    let mut document: DocumentMut =
        block.parse().map_err(|error: toml_edit::TomlError| EditError::BadBlock(format!("it is not TOML: {}", error.message())))?;
    if let Some((key, _)) = document.iter().find(|(key, _)| !matches!(*key, "source" | "key")) {
        return Err(EditError::BadBlock(format!("it has {key:?}; only [[source]] and [[key]] can be added")));
    }
    let Some(sources) = document.get_mut("source").and_then(Item::as_array_of_tables_mut).filter(|sources| !sources.is_empty()) else {
        return Err(bad("it has no [[source]]"));
    };
    if let Some(name) = rename {
        if sources.len() > 1 {
            return Err(bad("it has several, so one name does not do"));
        }
        if let Some(source) = sources.get_mut(0) {
            source.insert("name", value(name));
        }
    }
    let text = |table: &toml_edit::Table, key: &str| table.get(key).and_then(Item::as_str).map(str::to_owned);
    let has_host = sources.iter().any(|source| text(source, "kind").as_deref() == Some("host"));
    let names: Vec<String> = sources.iter().filter_map(|source| text(source, "name")).collect();
    if names.iter().collect::<BTreeSet<_>>().len() < sources.len() {
        return Err(bad("every source in it needs a name of its own"));
    }
    let mut lines = document.to_string().trim_matches('\n').to_owned();
    lines.push('\n');
    Ok((lines, names, has_host))
}

impl SourceEdit {
    /// Writes it.
    ///
    /// # Errors
    /// [`EditError::Moved`] when the file is no longer the one that was looked at, [`EditError::Io`] when it cannot be written.
    pub fn apply(&self) -> Result<(), EditError> {
        let failed = |error| EditError::Io { path: self.file.clone(), error };
        let Some(before) = &self.before else {
            if let Some(dir) = self.file.parent() {
                make_dir(dir).map_err(failed)?;
            }
            return create(&self.file, self.whole.as_bytes()).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => EditError::Moved(clean(&self.file.display().to_string())),
                _ => failed(error),
            });
        };
        // A link to the file stays one.
        let path = std::fs::canonicalize(&self.file).map_err(failed)?;
        let mode = std::fs::metadata(&path).map_err(failed)?.permissions().mode() & 0o777;
        if read_own(&path).map_err(failed)?.as_ref() != Some(before) {
            return Err(EditError::Moved(clean(&self.file.display().to_string())));
        }
        replace(&path, self.whole.as_bytes()).map_err(failed)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).map_err(failed)
    }

    /// Every added line behind a `+`, with where they come.
    #[must_use]
    pub fn diff(&self) -> String {
        let shown = clean(&self.file.display().to_string());
        let place = if self.after == 0 { format!("{shown}, a new file") } else { format!("{shown}, after line {}", self.after) };
        let lines: String = self.added.trim_start_matches(['\r', '\n']).lines().map(|line| format!("+{line}\n")).collect();
        format!("@@ {place} @@\n{lines}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "[[source]]\nname = \"wiki\"\nkind = \"file\"\npath = \"wiki.json\"\n";

    fn home(config: Option<&str>) -> (tempfile::TempDir, PathBuf) {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("config.toml");
        if let Some(config) = config {
            create(&file, config.as_bytes()).unwrap();
        }
        (home, file)
    }

    fn plan(file: &Path, block: &str, rename: Option<&str>) -> Result<SourceEdit, EditError> {
        let env = |name: &str| (name == "HOME").then(|| file.parent().unwrap().display().to_string());
        let request = LoadRequest { config_flag: Some(file.to_owned()), ..LoadRequest::new(&env) };
        plan_sources(&request, block, rename)
    }

    #[test]
    fn every_byte_that_is_there_stays() {
        for (before, newline) in [
            (
                "# mine\nversion = 1\n\n[app] # here\ntheme   = \"default\"\n[[source]]\nname='a' # x\nkind='host'\n[queue]\nfactor = 2.0\n# last",
                "\n",
            ),
            ("# dos\r\n[[source]]\r\nname = \"a\"\r\nkind = \"host\"\r\n", "\r\n"),
        ] {
            let (_home, file) = home(Some(before));
            let edit = plan(&file, BLOCK, None).unwrap();
            assert_eq!(std::fs::read_to_string(&file).unwrap(), before, "a plan writes nothing");
            edit.apply().unwrap();
            let after = std::fs::read_to_string(&file).unwrap();
            let tail = after.strip_prefix(before).unwrap();
            assert!(tail.contains(&format!("[[source]]{newline}name = \"wiki\"")), "{tail:?}");
            assert!(!edit.keeps_host && edit.diff().contains("+name = \"wiki\""));
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn the_first_source_does_not_end_the_watch_of_the_host() {
        for config in [None, Some("# nothing\n")] {
            let (_home, file) = home(config);
            let edit = plan(&file, BLOCK, Some("notes")).unwrap();
            assert!(edit.keeps_host);
            edit.apply().unwrap();
            let env = |name: &str| (name == "HOME").then(|| "/nowhere".to_owned());
            let request = LoadRequest { config_flag: Some(file.clone()), ..LoadRequest::new(&env) };
            let loaded = super::super::load::load(&request).unwrap();
            let names: Vec<&str> = loaded.config.sources.iter().map(|source| source.name.as_str()).collect();
            assert_eq!(names, ["host", "notes"]);
        }
    }

    #[test]
    fn what_clashes_or_would_not_be_sound_is_refused_and_nothing_is_written() {
        let sound = "[[source]]\nname = \"wiki\"\nkind = \"host\"\n";
        let table: [(&str, &str, Option<&str>, &str); 10] = [
            (sound, BLOCK, None, "already a source named \"wiki\""),
            (sound, "[app]\ntheme = \"x\"\n", None, "only [[source]] and [[key]]"),
            (sound, "# nothing", None, "no [[source]]"),
            (sound, "[[source]", None, "not TOML"),
            (sound, "[[source]]\nname = \"x\"\nkind = \"file\"\n", None, "path"),
            (sound, BLOCK, Some("No Name"), "name"),
            (sound, "[[source]]\nkind = \"file\"\npath = \"a.json\"\n", None, "a name of its own"),
            ("[[source]]\nname = 3\n", BLOCK, None, "name"),
            ("source = [{ name = \"a\", kind = \"host\" }]\n", BLOCK, None, "source = [..] in one value"),
            (
                "key = [{ match = \"a\", unit = \"x\" }]\n",
                "[[source]]\nname = \"x\"\nkind = \"host\"\n[[key]]\nmatch = \"b\"\n",
                None,
                "key = [..] in one value",
            ),
        ];
        for (config, block, rename, sentence) in table {
            let (_home, file) = home(Some(config));
            let error = plan(&file, block, rename).unwrap_err().to_string();
            assert!(error.contains(sentence), "{error}");
            let place = error.split(".toml:").nth(1).and_then(|place| place.split(':').next()?.parse::<usize>().ok());
            assert!(place.is_none_or(|line| line <= config.lines().count()), "a place that is not in the file: {error}");
            assert_eq!(std::fs::read_to_string(&file).unwrap(), config);
        }
    }

    #[test]
    fn a_file_that_changed_meanwhile_is_left_alone() {
        let (_home, file) = home(Some("# a\n"));
        let edit = plan(&file, BLOCK, None).unwrap();
        std::fs::write(&file, "# b\n").unwrap();
        assert!(matches!(edit.apply(), Err(EditError::Moved(_))));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "# b\n");
        let (_home, file) = home(None);
        let edit = plan(&file, BLOCK, None).unwrap();
        std::fs::write(&file, "# b\n").unwrap();
        assert!(matches!(edit.apply(), Err(EditError::Moved(_))));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "# b\n");
    }
}
