//! The first line of a recording: how the screen was set up, its keys included.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    app::{Model, Setup},
    fact::Timestamp,
    keymap::{Binding, Context, Keymap, KeymapFile, LayerName},
};

/// The version that is written.
const VERSION: u32 = 4;

/// A context, an action and its keys.
type Bound = (String, String, Vec<String>);

/// How the screen was set up.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Header {
    v: u32,
    size: (u16, u16),
    now: i64,
    persona: String,
    #[serde(default)]
    user: String,
    offline: bool,
    mouse: bool,
    plain_borders: bool,
    /// The keys in force; version 1 has none, it means those that are compiled in.
    #[serde(default)]
    keys: Vec<Bound>,
}

impl Header {
    pub fn of(model: &Model) -> Self {
        let shared = &model.shared;
        let mut keys: Vec<Bound> = Vec::new();
        for row in shared.keymap.rows() {
            let (context, action, key) = (row.context.name(), row.action.as_ref(), row.chord.to_string());
            match keys.last_mut() {
                Some(last) if last.0 == context && last.1 == action => last.2.push(key),
                _ => keys.push((context.to_owned(), action.to_owned(), vec![key])),
            }
        }
        Self {
            v: VERSION,
            size: model.size,
            now: model.now.as_millis(),
            persona: shared.persona.to_string(),
            user: shared.user.clone(),
            offline: shared.offline,
            mouse: shared.mouse,
            plain_borders: shared.plain_borders,
            keys,
        }
    }

    /// Whether answers about filtered lists were written, because what was typed was not.
    pub fn has_answers(&self) -> bool {
        self.v >= 2
    }

    /// How the screen was set up; `default` are the keys of a recording that names none.
    pub fn setup(&self, default: impl FnOnce() -> Arc<Keymap>) -> Result<Setup, String> {
        if !(1..=VERSION).contains(&self.v) {
            return Err(format!("line 1: version {} is not known here; this program reads versions 1 to {VERSION}", self.v));
        }
        let keymap = if self.v == 1 { default() } else { self.keymap().map_err(|why| format!("line 1: {why}"))? };
        Ok(Setup {
            size: self.size,
            now: Timestamp::from_millis(self.now),
            keymap,
            plain_borders: self.plain_borders,
            persona: self.persona.parse().unwrap_or_default(),
            user: self.user.clone(),
            offline: self.offline,
            mouse: self.mouse,
        })
    }

    fn keymap(&self) -> Result<Arc<Keymap>, String> {
        let binding = |(context, action, keys): &Bound| {
            let context =
                Context::ALL.into_iter().find(|known| known.name() == context).ok_or_else(|| format!("there is no context {context:?}"))?;
            let chords = keys.iter().map(|key| key.parse().map_err(|error: crate::keymap::ChordError| error.to_string()));
            Ok(Binding { context, action: action.as_str().into(), chords: chords.collect::<Result<_, String>>()? })
        };
        let bindings = self.keys.iter().map(binding).collect::<Result<_, String>>()?;
        let file = KeymapFile { name: "recorded".to_owned(), bindings };
        Ok(Arc::new(Keymap::new([(LayerName::Default, &file)])))
    }
}
