//! A keymap file: contexts, actions and their keys, checked where they are read.

use std::sync::Arc;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::chord::Chord;

/// Where a key acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Context {
    /// Everywhere outside text fields.
    Global,
    /// In the list of facts.
    List,
    /// In a box over the screen.
    Overlay,
    /// In the conflicts.
    Conflict,
    /// In the queue.
    Queue,
    /// In a text field.
    Field,
}

impl Context {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Global, Self::List, Self::Overlay, Self::Conflict, Self::Queue, Self::Field];

    /// Its name in a keymap file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::List => "list",
            Self::Overlay => "overlay",
            Self::Conflict => "conflict",
            Self::Queue => "queue",
            Self::Field => "field",
        }
    }
}

/// The keys of an action in a context; none: the action has no key there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Where.
    pub context: Context,
    /// The action's id.
    pub action: Arc<str>,
    /// Its keys, the one to be shown first.
    pub chords: Vec<Chord>,
}

/// What is wrong with a keymap file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {message}")]
pub struct KeymapError {
    /// The file's name as it was handed in.
    pub file: String,
    /// One-based.
    pub line: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

/// A keymap as it was written: every action known, no chord twice in a context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeymapFile {
    /// Its name.
    pub name: String,
    /// What it binds.
    pub bindings: Vec<Binding>,
}

impl KeymapFile {
    /// Reads a keymap; `file` names it in errors, `known` are the ids of the actions there are.
    ///
    /// # Errors
    /// [`KeymapError`] for the first thing that is wrong: no TOML, a newer version, an unknown context or action, a key that is
    /// none, one key for two actions.
    pub fn parse(file: &str, text: &str, known: &[&str]) -> Result<Self, KeymapError> {
        Reader { file, text, known }.keymap()
    }
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    known: &'a [&'a str],
}

type Value<'a> = Spanned<DeValue<'a>>;

impl<'a> Reader<'a> {
    fn error(&self, at: usize, message: impl Into<String>) -> KeymapError {
        KeymapError { file: self.file.to_owned(), line: self.line(at), message: message.into() }
    }

    fn line(&self, at: usize) -> usize {
        self.text.get(..at).unwrap_or(self.text).matches('\n').count() + 1
    }

    fn keymap(&self) -> Result<KeymapFile, KeymapError> {
        let root = DeTable::parse(self.text)
            .map_err(|error| {
                let line = error.message().lines().next().unwrap_or("this is no TOML").to_owned();
                self.error(error.span().map_or(0, |span| span.start), line)
            })?
            .into_inner();
        let mut name = String::new();
        let mut bindings = Vec::new();
        for (key, value) in &root {
            let at = value.span().start;
            match key.get_ref().as_ref() {
                "version" => match value.get_ref().as_integer().map(ToString::to_string).as_deref() {
                    Some("1") => {}
                    Some(other) => return Err(self.error(at, format!("version {other} is not known here; this program reads version 1"))),
                    None => return Err(self.error(at, "version is a number: version = 1")),
                },
                "name" => name = value.get_ref().as_str().ok_or_else(|| self.error(at, "name is a text"))?.to_owned(),
                other => match Context::ALL.into_iter().find(|context| context.name() == other) {
                    Some(context) => self.context(context, value, &mut bindings)?,
                    None => return Err(self.unknown(key.span().start, other, &["version", "name", "global", "list", "overlay", "field"])),
                },
            }
        }
        Ok(KeymapFile { name, bindings })
    }

    fn context(&self, context: Context, value: &Value<'a>, bindings: &mut Vec<Binding>) -> Result<(), KeymapError> {
        let Some(table) = value.get_ref().as_table() else {
            return Err(self.error(value.span().start, "a context is a table of actions: \"core.app.quit\" = [\"q\"]"));
        };
        let mut taken: Vec<(Chord, Arc<str>, usize)> = Vec::new();
        for (action, keys) in table {
            let id = action.get_ref().as_ref();
            if !self.known.contains(&id) {
                return Err(self.unknown(action.span().start, id, self.known));
            }
            let action: Arc<str> = id.into();
            let mut chords = Vec::new();
            for (chord, at) in self.chords(keys)? {
                if let Some((_, other, line)) = taken.iter().find(|(held, ..)| *held == chord) {
                    let other_line = if *line == self.line(at) { String::new() } else { format!(" (line {line})") };
                    return Err(self.error(at, format!("{chord} asks for {action} and for {other}{other_line}; a key has one action")));
                }
                taken.push((chord, Arc::clone(&action), self.line(at)));
                chords.push(chord);
            }
            bindings.push(Binding { context, action, chords });
        }
        Ok(())
    }

    /// One key or a list of them, each with where it stands.
    fn chords(&self, value: &Value<'a>) -> Result<Vec<(Chord, usize)>, KeymapError> {
        let one = |value: &Value<'a>| {
            let at = value.span().start;
            let text = value.get_ref().as_str().ok_or_else(|| self.error(at, "keys are texts: [\"Ctrl+K\", \":\"]"))?;
            text.parse::<Chord>().map(|chord| (chord, at)).map_err(|error| self.error(at, error.to_string()))
        };
        match value.get_ref().as_array() {
            Some(keys) => keys.iter().map(one).collect(),
            None => one(value).map(|chord| vec![chord]),
        }
    }

    fn unknown(&self, at: usize, name: &str, known: &[&str]) -> KeymapError {
        let nearest = known.iter().max_by(|a, b| strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b)));
        let hint = nearest.map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default();
        self.error(at, format!("{name:?} is not known here{hint}"))
    }
}
