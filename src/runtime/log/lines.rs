//! From an event to one harmless line: time, level, message, fields.

use std::{
    fmt::{self, Write as _},
    io::Write,
};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer, Registry,
    filter::{LevelFilter, Targets},
    layer::{Context, SubscriberExt as _},
};

use crate::{fact::Timestamp, runtime::clock::now, text::SafeText};

/// Writes what this program says at `level` and above; other crates log addresses and headers, so they are not heard.
pub fn subscriber<W: Write + Clone + Send + Sync + 'static>(writer: W, level: LevelFilter) -> impl Subscriber + Send + Sync {
    Registry::default().with(Lines { writer }.with_filter(Targets::new().with_target(env!("CARGO_PKG_NAME"), level)))
}

struct Lines<W> {
    writer: W,
}

impl<S: Subscriber, W: Write + Clone + 'static> Layer<S> for Lines<W> {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let line = line(event, now());
        // Nobody can be told of it here, and a log is no reason to stop.
        let _ = self.writer.clone().write_all(line.as_bytes());
    }
}

fn line(event: &Event<'_>, at: Timestamp) -> String {
    let mut fields = Fields::default();
    event.record(&mut fields);
    let text = format!("{} {:<5} {}{}", at.to_rfc3339(), event.metadata().level().as_str(), fields.message, fields.others);
    format!("{}\n", SafeText::line(&text))
}

#[derive(Default)]
struct Fields {
    message: String,
    others: String,
}

impl Fields {
    fn put(&mut self, field: &Field, text: &str) {
        if field.name() == "message" {
            text.clone_into(&mut self.message);
            return;
        }
        let name = field.name();
        let bare = !text.is_empty() && !text.contains(|char: char| char.is_whitespace() || matches!(char, '"' | '='));
        // Writing to a String cannot fail.
        let _ = if bare { write!(self.others, " {name}={text}") } else { write!(self.others, " {name}={text:?}") };
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, &format!("{value:?}"));
    }
}
