//! What `keymap list`, `theme list` and `theme check` answer with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An action and the keys that ask for it: `core.keymap.read`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeymapPayload {
    /// The action's id.
    pub action: String,
    /// A few words.
    pub title: String,
    /// Its keys in force, in order of context and preference; none when it has none.
    pub keys: Vec<KeyPayload>,
}

/// A key that asks for an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyPayload {
    /// The key: `Ctrl+K`.
    pub chord: String,
    /// Where it acts: `global list overlay conflict queue field`.
    pub context: String,
    /// Who says so: `default persona assistive user`.
    pub layer: String,
    /// Where that is written: a file below the configuration directory, or `built-in NAME`.
    pub origin: String,
    /// Whether every terminal can send it.
    pub anywhere: bool,
    /// Whether this terminal can; left out where there is no terminal to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub here: Option<bool>,
}

/// A theme that can be named: `core.theme.read`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ThemePayload {
    /// The name the configuration asks for it by.
    pub name: String,
    /// What it is for, in a sentence.
    pub about: String,
    /// Where it is written: a file below the configuration directory, or `built-in`.
    pub origin: String,
    /// For which backgrounds it has colours: `dark light any`.
    pub modes: Vec<String>,
    /// Whether the screen is drawn with it.
    pub in_force: bool,
    /// What is wrong with it; left out where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The contrast of a pair that is drawn: `core.theme.check`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContrastPayload {
    /// The theme.
    pub theme: String,
    /// For which background: `dark light any`.
    pub mode: String,
    /// What the text means: `stale`.
    pub role: String,
    /// What is below it: `selected`.
    pub surface: String,
    /// Colour of the text: `#rrggbb`.
    pub fg: String,
    /// Colour below it: `#rrggbb`.
    pub bg: String,
    /// 1 to 21, by WCAG 2.2, rounded down to hundredths.
    pub ratio: f64,
    /// The least that passes.
    pub least: f64,
    /// Whether it passes.
    pub passes: bool,
}
