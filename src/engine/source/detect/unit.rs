//! Units of systemd: how one is set up, and a command that says how it fares. Its environment and command lines are never taken.

use super::{
    super::file::Format,
    block::{Block, segment, step},
    signal::Signal,
    suggestion::Suggestion,
};

/// Settings that are worth a fact and hold no secret: section and name.
const TAKEN: [(&str, &str); 11] = [
    ("Unit", "Description"),
    ("Service", "Type"),
    ("Service", "Restart"),
    ("Service", "RestartSec"),
    ("Service", "User"),
    ("Service", "MemoryMax"),
    ("Timer", "OnCalendar"),
    ("Timer", "OnUnitActiveSec"),
    ("Timer", "Unit"),
    ("Socket", "ListenStream"),
    ("Install", "WantedBy"),
];

pub(super) fn detect(signal: &Signal) -> Vec<Suggestion> {
    let Some(path) = signal.path().filter(|path| Format::of(path) == Some(Format::Unit)) else { return Vec::new() };
    let own = ["Unit", "Service", "Timer", "Socket", "Mount", "Path", "Slice", "Install"];
    if !own.iter().any(|section| signal.body.get(section).is_some()) {
        return Vec::new();
    }
    let unit = signal.file_name();
    let mut block = Block::file(&format!("unit-{unit}"), path).text("role", "declared");
    for (section, name) in TAKEN {
        if let (Some(_), Some(step)) = (signal.body.pointer(&format!("/{section}/{name}")), step(name)) {
            block =
                block.map("", &format!("unit/{}/{}", segment(unit), segment(&name.to_ascii_lowercase())), &format!("$.{section}{step}"));
        }
    }
    let mut found = Vec::new();
    if block.has_maps() {
        found.push(block.suggest("systemd", signal, 0.85).because("file_name").because("declared").because("secrets_left_out"));
    }
    // A template has no state of its own, and only a name systemd takes may become an argument.
    let is_name = unit.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, ':' | '_' | '.' | '-' | '@'));
    if is_name && !unit.starts_with('-') && !unit.contains("@.") {
        let command = ["systemctl", "list-units", "--all", "--no-pager", "--output=json", unit];
        let asking = Block::exec(&format!("systemctl-{unit}"), &command).map("$[*]", "unit/{$.unit}/active", "$.active").map(
            "$[*]",
            "unit/{$.unit}/sub",
            "$.sub",
        );
        found.push(asking.suggest("systemd", signal, 0.6).because("file_name").because("asks_systemd"));
    }
    found
}
