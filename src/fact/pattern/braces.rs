//! Expansion of `{a,b}` into plain patterns.

use super::KeyError;

/// Every text the braces stand for, first alternatives first.
pub(super) fn expand(text: &str, most: usize) -> Result<Vec<String>, KeyError> {
    check_pairs(text)?;
    let mut done = Vec::new();
    // A stack of texts still to be opened: the first outermost group of each is replaced, its first choice on top.
    let mut waiting = vec![text.to_owned()];
    while let Some(text) = waiting.pop() {
        match first_group(&text) {
            None => done.push(text),
            Some((open, close)) => {
                let (head, inner, tail) = (&text[..open], &text[open + 1..close], &text[close + 1..]);
                for choice in split_choices(inner).into_iter().rev() {
                    waiting.push(format!("{head}{choice}{tail}"));
                }
            }
        }
        if done.len() + waiting.len() > most {
            return Err(KeyError::TooManyAlternatives(most));
        }
    }
    Ok(done)
}

fn check_pairs(text: &str) -> Result<(), KeyError> {
    let mut open = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => open.push(at),
            b'}' if open.pop().is_none() => return Err(KeyError::Brace(at)),
            _ => {}
        }
    }
    open.pop().map_or(Ok(()), |at| Err(KeyError::Brace(at)))
}

/// Where the first outermost group opens and closes.
fn first_group(text: &str) -> Option<(usize, usize)> {
    let open = text.find('{')?;
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some((open, at)),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Splits at the commas that are not inside a further group.
fn split_choices(inner: &str) -> Vec<&str> {
    let (mut choices, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                choices.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    choices.push(&inner[start..]);
    choices
}
