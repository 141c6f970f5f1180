//! A session as a file: every message that reached the screen, one JSON object a line, and the way back.
//!
//! Invariants: a value is never written - a stand-in of the same kind and width is; the file is its owner's alone (0600); what was
//! recorded and is fed back leads to the same screen. Names of keys and sources are written: they are what a report is about.
//!
//! It keeps no passwords out of what somebody types into a field: that is written as it was typed.

mod fact;
mod line;
mod redact;
mod source;
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
    app::{Effect, Model, Msg, Setup, arrange, update},
    fact::Timestamp,
    keymap::{Keymap, KeymapFile, LayerName, builtin_text},
};

use line::{Header, Line};

/// Writes messages as they come.
#[derive(Debug)]
pub(super) struct Recorder {
    file: BufWriter<File>,
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
        let mut recorder = Self { file: BufWriter::new(file) };
        recorder.put(&Header::of(model))?;
        Ok(recorder)
    }

    /// Writes a message; one that only answers the screen's own question is left out, it comes again by itself.
    ///
    /// # Errors
    /// When the file cannot be written to.
    pub fn write(&mut self, msg: &Msg, now: Timestamp) -> io::Result<()> {
        match Line::of(msg, now) {
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

/// Feeds a recording back and gives the model it leads to, with how many messages there were. Keys are those that are compiled in.
///
/// # Errors
/// A sentence with the line that cannot be read.
pub fn replay(text: &str) -> Result<(Model, usize), String> {
    let mut lines = text.lines().enumerate();
    let wrong = |number: usize, why: &dyn std::fmt::Display| format!("line {}: {why}", number + 1);
    let (number, first) = lines.next().ok_or("the recording is empty")?;
    let header: Header = serde_json::from_str(first).map_err(|error| wrong(number, &error))?;
    let mut model = Model::new(header.setup(default_keymap())?);
    let mut count = 0;
    for (number, text) in lines {
        let line: Line = serde_json::from_str(text).map_err(|error| wrong(number, &error))?;
        let (msg, now) = line.msg().map_err(|why| wrong(number, &why))?;
        feed(&mut model, msg, now);
        count += 1;
    }
    Ok((model, count))
}

/// Updates, and answers the screen's own questions at once.
fn feed(model: &mut Model, msg: Msg, now: Timestamp) {
    for effect in update(model, msg, now) {
        if let Effect::Arrange(question) = effect {
            feed(model, Msg::Arranged(arrange(&question)), now);
        }
    }
}

fn default_keymap() -> Arc<Keymap> {
    let known: Vec<&str> = action::all().map(|spec| spec.id).collect();
    let file = builtin_text("default").and_then(|text| KeymapFile::parse("default", text, &known).ok());
    Arc::new(Keymap::new(file.iter().map(|file| (LayerName::Default, file))))
}

impl Header {
    fn setup(&self, keymap: Arc<Keymap>) -> Result<Setup, String> {
        if self.v != 1 {
            return Err(format!("line 1: version {} is not known here; this program reads version 1", self.v));
        }
        Ok(Setup {
            size: self.size,
            now: Timestamp::from_millis(self.now),
            keymap,
            plain_borders: self.plain_borders,
            persona: self.persona.parse().unwrap_or_default(),
            offline: self.offline,
            mouse: self.mouse,
        })
    }
}
