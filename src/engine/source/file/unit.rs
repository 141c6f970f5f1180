//! A unit of systemd: sections with settings; a setting given more than once is a list.

use serde_json::{Map, Value as Json};

/// What it says, `{"Service": {"Restart": "always"}}`.
///
/// # Errors
/// The line that is neither a section nor a setting, from 1 on.
pub(super) fn parse(text: &str) -> Result<Json, usize> {
    let mut sections: Map<String, Json> = Map::new();
    let mut section = None;
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = Some(name.to_owned());
            sections.entry(name).or_insert_with(|| Json::Object(Map::new()));
            continue;
        }
        let (name, value) = line.split_once('=').ok_or(index + 1)?;
        let mut value = value.trim().to_owned();
        // A backslash at the end takes the next line in.
        while let Some(kept) = value.strip_suffix('\\') {
            let more = lines.next().map_or("", |(_, more)| more.trim());
            value = format!("{} {more}", kept.trim_end());
        }
        let settings = section.as_ref().and_then(|name| sections.get_mut(name)).and_then(Json::as_object_mut).ok_or(index + 1)?;
        add(settings, name.trim(), value);
    }
    Ok(Json::Object(sections))
}

fn add(settings: &mut Map<String, Json>, name: &str, value: String) {
    match settings.get_mut(name) {
        None => {
            settings.insert(name.to_owned(), Json::String(value));
        }
        Some(Json::Array(list)) => list.push(Json::String(value)),
        Some(one) => *one = Json::Array(vec![one.take(), Json::String(value)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_settings_lists_and_long_lines() {
        let text = "# x\n[Unit]\nAfter=a\nAfter=b\n[Service]\nExecStart=/bin/a \\\n  --b\n; y\nRestart = always\n";
        let read = parse(text).unwrap();
        assert_eq!(read, serde_json::json!({"Unit": {"After": ["a", "b"]}, "Service": {"ExecStart": "/bin/a --b", "Restart": "always"}}));
        assert_eq!(parse("A=1"), Err(1));
        assert_eq!(parse("[A]\nnothing"), Err(2));
        assert!(parse("[A]\nB=\\").is_ok());
    }
}
