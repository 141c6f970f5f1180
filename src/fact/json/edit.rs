//! One value of a JSON text changed in place: every byte outside of it stays.
//!
//! Members that are not there yet are added after the last one, spaced as the ones before. It changes text only; whether the change is a
//! good one is for whoever reads the result.

use super::{error::ValueError, parse_json, scan::Scanner};

/// One step on the way to a place in a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum JsonStep {
    /// The member of this name.
    Member(String),
    /// The item at this index.
    Item(usize),
}

/// Why a place cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonEditError {
    /// The text is no acceptable JSON.
    #[error(transparent)]
    NotJson(#[from] ValueError),
    /// The way leads through something that has no such part.
    #[error("something that is neither an object nor the right list stands in the way")]
    InTheWay,
}

/// Sets the value at a place to this JSON text. Members on the way that are not there are made; items of arrays must be there.
///
/// # Errors
/// [`JsonEditError`] when the text is refused by [`parse_json`], or the way is blocked.
pub fn set_in_json(bytes: &[u8], way: &[JsonStep], value: &str) -> Result<Vec<u8>, JsonEditError> {
    parse_json(bytes)?;
    set_in_read_json(bytes, way, value)
}

/// As [`set_in_json`], of a text that [`parse_json`] took or that was made by this: it is not read once more.
///
/// # Errors
/// [`JsonEditError::InTheWay`].
pub fn set_in_read_json(bytes: &[u8], way: &[JsonStep], value: &str) -> Result<Vec<u8>, JsonEditError> {
    // It was read, so it is UTF-8.
    let whole = std::str::from_utf8(bytes).unwrap_or_default();
    let text = whole.strip_prefix('\u{feff}').unwrap_or(whole);
    let mut scan = Scanner::new(text);
    let edit = find(&mut scan, text, way, value)?;
    let mut out = Vec::with_capacity(bytes.len() + edit.text.len());
    let mark = whole.len() - text.len();
    out.extend_from_slice(bytes.get(..mark + edit.start).unwrap_or_default());
    out.extend_from_slice(edit.text.as_bytes());
    out.extend_from_slice(bytes.get(mark + edit.end..).unwrap_or_default());
    Ok(out)
}

/// The bytes from `start` to `end` become `text`.
struct Edit {
    start: usize,
    end: usize,
    text: String,
}

/// Where the last member of an object stands.
struct Last {
    /// Behind the brace or comma before it.
    after_mark: usize,
    name: usize,
    name_end: usize,
    value: usize,
    end: usize,
    is_first: bool,
}

/// Stands before a value.
fn find(scan: &mut Scanner<'_>, text: &str, way: &[JsonStep], value: &str) -> Result<Edit, JsonEditError> {
    scan.skip_space();
    let start = scan.at();
    match (way.split_first(), scan.peek()) {
        (None, _) => {
            skip(scan)?;
            Ok(Edit { start, end: scan.at(), text: value.to_owned() })
        }
        (Some((JsonStep::Item(index), rest)), Some(b'[')) => {
            scan.take(b'[')?;
            for _ in 0..*index {
                scan.skip_space();
                if scan.peek() == Some(b']') {
                    return Err(JsonEditError::InTheWay);
                }
                skip(scan)?;
                if !scan.take_if(b',') {
                    return Err(JsonEditError::InTheWay);
                }
            }
            scan.skip_space();
            if scan.peek() == Some(b']') { Err(JsonEditError::InTheWay) } else { find(scan, text, rest, value) }
        }
        (Some((JsonStep::Member(name), rest)), Some(b'{')) => member(scan, text, name, rest, value),
        _ => Err(JsonEditError::InTheWay),
    }
}

fn member(scan: &mut Scanner<'_>, text: &str, wanted: &str, rest: &[JsonStep], value: &str) -> Result<Edit, JsonEditError> {
    scan.take(b'{')?;
    let open = scan.at();
    if scan.take_if(b'}') {
        let style = Style::of(text);
        let indent = indent_of_line(text, open);
        let inside = style.object_inside(&indent, wanted, rest, value)?;
        return Ok(Edit { start: open, end: scan.at() - 1, text: inside });
    }
    let (mut after_mark, mut is_first) = (open, true);
    loop {
        scan.skip_space();
        let name_at = scan.at();
        let name = scan.string()?;
        let name_end = scan.at();
        scan.take(b':')?;
        scan.skip_space();
        if name == wanted {
            return find(scan, text, rest, value);
        }
        let value_at = scan.at();
        skip(scan)?;
        let last = Last { after_mark, name: name_at, name_end, value: value_at, end: scan.at(), is_first };
        if scan.take_if(b'}') {
            return append(text, &last, wanted, rest, value);
        }
        scan.take(b',')?;
        (after_mark, is_first) = (scan.at(), false);
    }
}

/// Adds a member after the last one, spaced as that is.
fn append(text: &str, last: &Last, name: &str, rest: &[JsonStep], value: &str) -> Result<Edit, JsonEditError> {
    let between = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let (gap, colon) = (between(last.after_mark, last.name), between(last.name_end, last.value));
    let mut style = Style::of(text);
    style.colon = colon.to_owned();
    let gap = if gap.is_empty() && last.is_first && colon.ends_with(' ') { " " } else { gap };
    let indent = match gap.rsplit_once('\n') {
        Some((_, indent)) => indent.to_owned(),
        None => {
            style.newline = None;
            String::new()
        }
    };
    let added = style.member(&indent, name, rest, value)?;
    Ok(Edit { start: last.end, end: last.end, text: format!(",{gap}{added}") })
}

/// How a document is laid out, for what is added to it.
struct Style {
    /// What ends a line; none where everything is on one.
    newline: Option<&'static str>,
    unit: String,
    colon: String,
}

impl Style {
    fn of(text: &str) -> Self {
        let inside = text.trim();
        let newline = inside.contains('\n').then(|| if inside.contains("\r\n") { "\r\n" } else { "\n" });
        let indents = text.lines().skip(1).filter(|line| !line.trim().is_empty()).map(indent_at_start);
        let unit = indents.filter(|indent| !indent.is_empty()).min_by_key(|indent| indent.len());
        let colon = if newline.is_some() || text.contains("\": ") { ": " } else { ":" };
        Self { newline, unit: unit.unwrap_or("  ").to_owned(), colon: colon.to_owned() }
    }

    /// A member, and the objects that the rest of the way needs. `indent` is that of its line.
    fn member(&self, indent: &str, name: &str, rest: &[JsonStep], value: &str) -> Result<String, JsonEditError> {
        // A name out of a key holds nothing that needs more than the plain escapes of JSON.
        let name = serde_json::Value::from(name);
        let inner = match rest.split_first() {
            None => value.to_owned(),
            Some((JsonStep::Member(next), rest)) => format!("{{{}}}", self.object_inside(indent, next, rest, value)?),
            Some((JsonStep::Item(_), _)) => return Err(JsonEditError::InTheWay),
        };
        Ok(format!("{name}{}{inner}", self.colon))
    }

    /// What stands between the braces of an object with one member. `indent` is that of the line its opening brace is on.
    fn object_inside(&self, indent: &str, name: &str, rest: &[JsonStep], value: &str) -> Result<String, JsonEditError> {
        let Some(newline) = self.newline else { return self.member("", name, rest, value) };
        let deeper = format!("{indent}{}", self.unit);
        Ok(format!("{newline}{deeper}{}{newline}{indent}", self.member(&deeper, name, rest, value)?))
    }
}

fn indent_at_start(line: &str) -> &str {
    let end = line.find(|char| char != ' ' && char != '\t').unwrap_or(line.len());
    line.get(..end).unwrap_or_default()
}

/// The white space at the start of the line this byte is on.
fn indent_of_line(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or_default();
    let line = before.rsplit_once('\n').map_or(before, |(_, line)| line);
    indent_at_start(line).to_owned()
}

/// Passes over a value. The document was read before, so it nests no deeper than that allows.
fn skip(scan: &mut Scanner<'_>) -> Result<(), JsonEditError> {
    scan.skip_space();
    match scan.peek() {
        Some(b'"') => _ = scan.string()?,
        Some(b't') => scan.word("true")?,
        Some(b'f') => scan.word("false")?,
        Some(b'n') => scan.word("null")?,
        Some(b'[') => {
            scan.take(b'[')?;
            if !scan.take_if(b']') {
                loop {
                    skip(scan)?;
                    if scan.take_if(b']') {
                        break;
                    }
                    scan.take(b',')?;
                }
            }
        }
        Some(b'{') => {
            scan.take(b'{')?;
            if !scan.take_if(b'}') {
                loop {
                    scan.skip_space();
                    scan.string()?;
                    scan.take(b':')?;
                    skip(scan)?;
                    if scan.take_if(b'}') {
                        break;
                    }
                    scan.take(b',')?;
                }
            }
        }
        _ => _ = scan.number()?,
    }
    Ok(())
}

#[cfg(test)]
mod tests;
