//! What the tests of this room share: a sink into memory, a port that answers with given lines, sample facts.

use std::{cell::RefCell, io::Write, ops::ControlFlow, rc::Rc};

use serde::Serialize;
use serde_json::{Map, Value as Json, value::to_raw_value};

use crate::{
    fact::Timestamp,
    runtime::{Reply, Request, RuntimeError},
    wire::{Envelope, ErrorBody, InsightPayload, Outcome},
};

use super::{
    ask::Port,
    sink::{Sink, Size},
};

/// Ten o'clock.
pub const AT: Timestamp = Timestamp::from_millis(1_767_607_200_000);

/// Bytes written, kept.
#[derive(Clone, Default)]
pub struct Kept(Rc<RefCell<Vec<u8>>>);

impl Kept {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A sink into memory with what it wrote to stdout and stderr.
pub fn sink(terminal: bool) -> (Sink, Kept, Kept) {
    let (out, err) = (Kept::default(), Kept::default());
    let sink = Sink::new(Box::new(out.clone()), Box::new(err.clone()), terminal).sized(Size { rows: 24, columns: 80 });
    (sink, out, err)
}

/// A port that answers every request with the same replies.
pub struct Canned(pub Vec<Reply>);

impl Port for Canned {
    fn call(&self, _: &Request, take: &mut dyn FnMut(Reply) -> ControlFlow<()>) -> Result<(), RuntimeError> {
        let _ = self.0.iter().cloned().try_for_each(take);
        Ok(())
    }
}

/// A line of an answer.
pub fn line(seq: u64, action: &str, payload: &impl Serialize) -> Reply {
    Reply::Line(to_raw_value(&Envelope::new(seq, AT, action, "cli", "sre", Outcome::Ok, payload, None)).unwrap())
}

/// A failing line of an answer.
pub fn error_line(seq: u64, action: &str, code: &str, message: &str) -> Reply {
    let body = Some(ErrorBody::new(code, message));
    Reply::Line(to_raw_value(&Envelope::new(seq, AT, action, "cli", "sre", Outcome::Error, Map::<String, Json>::new(), body)).unwrap())
}

/// The fact of the design's example: believed 3 by prom and cluster, 4 by wiki, wanted 5 by git.
pub fn checkout() -> InsightPayload {
    fact("service/checkout/replicas", "3")
}

/// The same fact under another key and with another value.
pub fn fact(key: &str, value: &str) -> InsightPayload {
    let text = format!(
        r#"{{"key":{key},"value":{value},"state":"fresh","marks":["conflict","drift"],"confidence":0.7405,"band":"medium","p_true":0.8,
        "factors":[
          {{"factor":"freshness","weight":0.35,"value":0.9931,"contribution":0.347585,"signal":"9 s old, half-life 15 min"}},
          {{"factor":"source_trust","weight":0.3,"value":0.58,"contribution":0.174,"signal":"its source is trusted 0.58"}},
          {{"factor":"schema_validity","weight":0.2,"value":0.5,"contribution":0.1,"signal":"there is no schema for it"}},
          {{"factor":"telemetry_alignment","weight":0.1,"value":0.93915,"contribution":0.093915,"signal":"its source answered with 0.94 of full speed"}},
          {{"factor":"user_overrides","weight":0.05,"value":0.5,"contribution":0.025,"signal":"nobody has decided on it yet"}}],
        "agreement":{{"for":2,"against":1}},"age_ms":9000,
        "observed_at":"2026-01-05T09:59:51.000Z","changed_at":"2026-01-05T08:00:00.000Z","ttl_ms":900000,
        "sources":[
          {{"source":"prom","role":"observed","value":{value},"trust":0.58,"score":0.7405,"state":"reachable","observed_at":"2026-01-05T09:59:51.000Z","changed_at":"2026-01-05T08:00:00.000Z","fetched_at":"2026-01-05T09:59:51.000Z","revision":null,"wins":true,"agrees":true}},
          {{"source":"cluster","role":"observed","value":{value},"trust":0.6,"score":0.7,"state":"failing","failing_since":"2026-01-05T09:56:00.000Z","observed_at":"2026-01-05T09:56:00.000Z","changed_at":"2026-01-05T08:00:00.000Z","fetched_at":"2026-01-05T09:56:00.000Z","revision":null,"wins":false,"agrees":true}},
          {{"source":"wiki","role":"observed","value":4,"trust":0.5,"score":0.66,"state":"reachable","observed_at":"2026-01-05T09:58:00.000Z","changed_at":"2026-01-05T08:00:00.000Z","fetched_at":"2026-01-05T09:58:00.000Z","revision":null,"wins":false,"agrees":false}},
          {{"source":"git","role":"declared","value":5,"trust":0.7,"score":null,"state":"reachable","observed_at":"2026-01-05T09:58:00.000Z","changed_at":"2026-01-05T08:00:00.000Z","fetched_at":"2026-01-05T09:58:00.000Z","revision":null,"wins":false,"agrees":false}}],
        "reason_codes":["narrow_margin","declared_differs"],"conflict_id":"c-7f3ak2m9qd","wanted":5}}"#,
        key = serde_json::to_string(key).unwrap()
    );
    serde_json::from_str(&text).unwrap()
}
