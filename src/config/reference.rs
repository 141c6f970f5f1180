//! The tables of `docs/configuration.md`, drawn from the table of settings.

use super::{
    setting::{Fallback, SettingSpec},
    settings::{SETTINGS, TABLES},
};

/// The reference of one table of the file as Markdown: what it is for, then a row for each setting.
///
/// Returns nothing for a table there is not.
#[must_use]
pub fn reference_table(table: &str) -> Option<String> {
    let (_, about) = TABLES.iter().find(|(name, _)| *name == table)?;
    let mut text = format!("{about}\n\n| setting | takes | default | what it does |\n| --- | --- | --- | --- |\n");
    for spec in SETTINGS.iter().filter(|spec| spec.table == table) {
        text.push_str(&row(spec));
    }
    Some(text)
}

fn row(spec: &SettingSpec) -> String {
    let fallback = match spec.fallback {
        Fallback::Value(value) => format!("`{value}`"),
        Fallback::Nothing(_) => "not set".to_owned(),
        Fallback::Required(_) => "required".to_owned(),
        Fallback::Depends(how, _) => how.to_owned(),
    };
    let kinds = if spec.kinds.is_empty() { String::new() } else { format!(" For {} only.", spec.kinds.join(", ")) };
    format!("| `{}` | {} | {fallback} | {}{kinds} |\n", spec.key, spec.takes, spec.doc)
}
