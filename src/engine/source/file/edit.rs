//! The new content of a file: one value changed, everything else as it was.

use std::path::Path;

use crate::fact::{JsonStep, Value, set_in_read_json};

use super::in_toml::set_in_toml;

/// The file's bytes with the value at the place changed; they were read before.
///
/// # Errors
/// A sentence why that cannot be done.
pub(super) fn edited(path: &Path, bytes: &[u8], way: &[JsonStep], value: &Value) -> Result<Vec<u8>, String> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("json") => set_in_read_json(bytes, way, value.as_json_text()).map_err(|error| error.to_string()),
        Some("toml") => set_in_toml(bytes, way, value),
        _ => Err("YAML files are read-only here: their comments and spelling could not be kept".to_owned()),
    }
}
