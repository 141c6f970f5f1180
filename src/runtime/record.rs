//! A session as a file: every message that reached the screen, one JSON object a line, and the way back.
//!
//! Invariants: a value is never written - a stand-in of the same kind and width is; the file is its owner's alone (0600); what was
//! recorded and is fed back leads to the same screen. Names of keys and sources are written: they are what a report is about.
//!
//! What is typed into the filter is replaced as values are; what it found is written instead. What is typed into the palette names
//! actions and is written.

mod answer;
mod header;
mod line;
mod redact;
#[cfg(test)]
mod tests;

use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
    sync::Arc,
};

use crate::{
    action,
    app::{Arrange, Effect, Model, Msg, Snapshot, arrange, update},
    fact::Timestamp,
    keymap::{Keymap, KeymapFile, LayerName, builtin_text},
};

use header::Header;
use line::{Line, is_filtered};

/// Writes messages as they come.
#[derive(Debug)]
pub(super) struct Recorder {
    file: BufWriter<File>,
    shown: Snapshot,
}

impl Recorder {
    /// Begins a recording of a screen that is set up like this.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn new(path: &Path, model: &Model) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        // One that was there before keeps its mode otherwise.
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        let mut recorder = Self { file: BufWriter::new(file), shown: Snapshot::default() };
        recorder.put(&Header::of(model))?;
        Ok(recorder)
    }

    /// Writes a message before the model takes it; one that only answers the screen's own question is left out, it comes again by itself.
    ///
    /// # Errors
    /// When the file cannot be written to.
    pub fn write(&mut self, msg: &Msg, model: &Model, now: Timestamp) -> io::Result<()> {
        match Line::of(msg, model, &mut self.shown, now) {
            Some(line) => self.put(&line),
            None => Ok(()),
        }
    }

    fn put(&mut self, line: &impl serde::Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.file, line)?;
        self.file.write_all(b"\n")?;
        self.file.flush()
    }
}

/// Feeds a recording back and gives the model it leads to, with how many messages there were.
///
/// # Errors
/// A sentence with the line that cannot be read.
pub fn replay(text: &str) -> Result<(Model, usize), String> {
    let mut lines = text.lines().enumerate();
    let wrong = |number: usize, why: &dyn std::fmt::Display| format!("line {}: {why}", number + 1);
    let (number, first) = lines.next().ok_or("the recording is empty")?;
    let header: Header = serde_json::from_str(first).map_err(|error| wrong(number, &error))?;
    let mut model = Model::new(header.setup(default_keymap)?);
    let (mut shown, mut asked) = (Snapshot::default(), None);
    let mut count = 0;
    for (number, text) in lines {
        let line: Line = serde_json::from_str(text).map_err(|error| wrong(number, &error))?;
        let (msg, now) = line.msg(&mut shown, asked.as_ref()).map_err(|why| wrong(number, &why))?;
        feed(&mut model, msg, now, header.has_answers(), &mut asked);
        count += 1;
    }
    Ok((model, count))
}

/// Updates, and answers the screen's own questions at once, but those whose answers were written.
fn feed(model: &mut Model, msg: Msg, now: Timestamp, has_answers: bool, asked: &mut Option<Arrange>) {
    for effect in update(model, msg, now) {
        match effect {
            Effect::Arrange(question) if has_answers && is_filtered(&question.query) => *asked = Some(question),
            Effect::Arrange(question) => feed(model, Msg::Arranged(arrange(&question)), now, has_answers, asked),
            _ => {}
        }
    }
}

fn default_keymap() -> Arc<Keymap> {
    let known: Vec<&str> = action::all().map(|spec| spec.id).collect();
    let file = builtin_text("default").and_then(|text| KeymapFile::parse("default", text, &known).ok());
    Arc::new(Keymap::new(file.iter().map(|file| (LayerName::Default, file))))
}
