//! One pattern without braces, taken apart into segments.

/// What one segment of a pattern asks for.
#[derive(Debug)]
pub(super) enum Segment {
    /// Exactly this text.
    Literal(Box<str>),
    /// Any one segment: `*`.
    Any,
    /// Any number of segments: `**`.
    Deep,
    /// Texts with a star between each and the next; at least two, some may be empty.
    Mixed(Box<[Box<str>]>),
}

/// A pattern without braces.
#[derive(Debug)]
pub(super) struct Glob(pub(super) Box<[Segment]>);

/// Where to go on from when a later segment does not fit: the `**` took too little.
struct Retry<'k> {
    segment: usize,
    start: usize,
    took: &'k str,
    captures: usize,
}

impl Glob {
    /// Takes a checked pattern apart.
    pub(super) fn new(text: &str) -> Self {
        Self(text.split('/').map(Segment::new).collect())
    }

    /// The leading segments without a wildcard.
    pub(super) fn literal_prefix(&self) -> Vec<&str> {
        self.0.iter().map_while(|segment| if let Segment::Literal(text) = segment { Some(&**text) } else { None }).collect()
    }

    /// Whether it has no wildcard at all.
    pub(super) fn is_literal(&self) -> bool {
        self.0.iter().all(|segment| matches!(segment, Segment::Literal(_)))
    }

    /// Whether the key fits; on success `captures` holds what the stars stand for.
    pub(super) fn run<'k>(&self, key: &'k str, mut captures: Option<&mut Vec<&'k str>>) -> bool {
        // `at` is the byte where the next segment of the key starts; one past the end when there is none.
        let (mut at, mut index) = (0, 0);
        let mut retry: Option<Retry<'k>> = None;
        loop {
            let fits = match self.0.get(index) {
                Some(Segment::Deep) => {
                    let captured = captures.as_deref_mut().map_or(0, |captures| {
                        captures.push("");
                        captures.len()
                    });
                    retry = Some(Retry { segment: index, start: at, took: "", captures: captured });
                    index += 1;
                    continue;
                }
                Some(segment) => next_segment(key, at).is_some_and(|text| {
                    at += text.len() + 1;
                    segment.fits(text, captures.as_deref_mut())
                }),
                None => at > key.len(),
            };
            if fits {
                if index >= self.0.len() {
                    return true;
                }
                index += 1;
                continue;
            }
            // Only the last `**` needs to take more: what an earlier one would gain, the later one can take as well.
            let Some(last) = &mut retry else { return false };
            let end = last.start + last.took.len() + usize::from(!last.took.is_empty());
            let Some(more) = next_segment(key, end) else { return false };
            at = end + more.len() + 1;
            last.took = &key[last.start..end + more.len()];
            index = last.segment + 1;
            if let Some(captures) = captures.as_deref_mut() {
                captures.truncate(last.captures);
                if let Some(own) = captures.last_mut() {
                    *own = last.took;
                }
            }
        }
    }
}

/// The segment of the key that starts at this byte.
fn next_segment(key: &str, at: usize) -> Option<&str> {
    key.get(at..)?.split('/').next().filter(|text| !text.is_empty())
}

impl Segment {
    fn new(text: &str) -> Self {
        if text == "**" {
            Self::Deep
        } else if text.bytes().all(|byte| byte == b'*') {
            Self::Any
        } else if text.contains('*') {
            let parts: Vec<Box<str>> = text.split('*').map(Box::from).collect();
            let last = parts.len() - 1;
            // Two stars side by side leave an empty text between them: together they are one.
            Self::Mixed(
                parts
                    .into_iter()
                    .enumerate()
                    .filter(|(at, part)| *at == 0 || *at == last || !part.is_empty())
                    .map(|(_, part)| part)
                    .collect(),
            )
        } else {
            Self::Literal(text.into())
        }
    }

    fn fits<'k>(&self, text: &'k str, captures: Option<&mut Vec<&'k str>>) -> bool {
        match self {
            Self::Literal(literal) => **literal == *text,
            Self::Any => {
                if let Some(captures) = captures {
                    captures.push(text);
                }
                true
            }
            Self::Mixed(parts) => fits_parts(parts, text, captures),
            Self::Deep => false,
        }
    }
}

/// Finds each text as far left as it goes, the first at the start and the last at the end.
fn fits_parts<'k>(parts: &[Box<str>], text: &'k str, mut captures: Option<&mut Vec<&'k str>>) -> bool {
    let [first, middle @ .., last] = parts else { return false };
    let Some(mut rest) = text.strip_prefix(&**first).and_then(|rest| rest.strip_suffix(&**last)) else { return false };
    for part in middle {
        let Some((before, after)) = rest.split_once(&**part) else { return false };
        if let Some(captures) = captures.as_deref_mut() {
            captures.push(before);
        }
        rest = after;
    }
    if let Some(captures) = captures {
        captures.push(rest);
    }
    true
}
