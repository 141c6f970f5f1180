//! Layers of keymaps laid over each other, asked both ways: from key to action and from action to key.

use std::{collections::HashMap, sync::Arc};

use super::{
    chord::{Chord, Keyboard},
    file::{Context, KeymapFile},
};

/// Whose keymap it is; a later one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LayerName {
    /// What everybody starts with.
    Default,
    /// What a persona adds.
    Persona,
    /// What assistive technology needs.
    Assistive,
    /// What a person wrote.
    User,
}

impl LayerName {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Persona => "persona",
            Self::Assistive => "assistive",
            Self::User => "user",
        }
    }
}

/// A key that acts, for listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeymapRow {
    /// Where.
    pub context: Context,
    /// The action's id.
    pub action: Arc<str>,
    /// The key.
    pub chord: Chord,
    /// Who says so.
    pub layer: LayerName,
    /// Whether a plain terminal cannot send it.
    pub extras: bool,
}

/// The keys in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap {
    /// In order of context, action and preference.
    rows: Vec<KeymapRow>,
    actions: HashMap<(Context, Chord), Arc<str>>,
}

impl Keymap {
    /// Lays files over each other, in any order.
    #[must_use]
    pub fn new<'f>(layers: impl IntoIterator<Item = (LayerName, &'f KeymapFile)>) -> Self {
        let mut layers: Vec<(LayerName, &KeymapFile)> = layers.into_iter().collect();
        layers.sort_by_key(|(name, _)| *name);
        // Who has the last word on an action in a context, and on a key in a context.
        let mut said: Vec<(LayerName, Context, Arc<str>, Vec<Chord>)> = Vec::new();
        for (layer, file) in layers {
            for binding in &file.bindings {
                said.retain(|(earlier, context, action, _)| {
                    *earlier == layer || (*context, action.as_ref()) != (binding.context, binding.action.as_ref())
                });
                for (earlier, context, _, chords) in &mut said {
                    if *earlier != layer && *context == binding.context {
                        chords.retain(|chord| !binding.chords.contains(chord));
                    }
                }
                said.push((layer, binding.context, Arc::clone(&binding.action), binding.chords.clone()));
            }
        }
        said.sort_by(|a, b| (a.1, &a.2).cmp(&(b.1, &b.2)));
        let mut keymap = Self::default();
        for (layer, context, action, chords) in said {
            for chord in chords {
                keymap.actions.insert((context, chord), Arc::clone(&action));
                keymap.rows.push(KeymapRow { context, action: Arc::clone(&action), chord, layer, extras: chord.needs_extras() });
            }
        }
        keymap
    }

    /// Whether a layer has a say.
    #[must_use]
    pub fn has(&self, layer: LayerName) -> bool {
        self.rows.iter().any(|row| row.layer == layer)
    }

    /// What a key asks for. `contexts` are those that hold, the innermost first.
    ///
    /// In a text field nothing outside it acts but function keys.
    #[must_use]
    pub fn action(&self, contexts: &[Context], chord: Chord) -> Option<&Arc<str>> {
        let mut in_field = false;
        for context in contexts {
            if in_field && *context != Context::Field && !chord.is_function() {
                return None;
            }
            if let Some(action) = self.actions.get(&(*context, chord)) {
                return Some(action);
            }
            in_field |= *context == Context::Field;
        }
        None
    }

    /// The keys that ask for an action where these contexts hold, the preferred first.
    #[must_use]
    pub fn keys(&self, action: &str, contexts: &[Context]) -> Vec<Chord> {
        let mut keys = Vec::new();
        for context in contexts {
            for row in self.rows.iter().filter(|row| row.context == *context && row.action.as_ref() == action) {
                let reaches = self.action(contexts, row.chord).is_some_and(|reached| reached.as_ref() == action);
                if reaches && !keys.contains(&row.chord) {
                    keys.push(row.chord);
                }
            }
        }
        keys
    }

    /// The first key for an action that this keyboard can send; none when there is none.
    #[must_use]
    pub fn hint(&self, action: &str, contexts: &[Context], keyboard: Keyboard) -> Option<Chord> {
        self.keys(action, contexts).into_iter().find(|chord| chord.works_on(keyboard))
    }

    /// Every key in force, in order of context and action.
    #[must_use]
    pub fn rows(&self) -> &[KeymapRow] {
        &self.rows
    }
}
