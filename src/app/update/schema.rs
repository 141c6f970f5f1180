//! What of competing values breaks the schema, and where: whoever owns the data directory knows, and is asked what it would say of such a
//! value. Asked once for what is looked at; nothing is decided by asking.

use std::sync::Arc;

use crate::{
    action,
    app::{
        ask::{Answer, Ask},
        content::is_of_change,
        effect::Effect,
        model::{Broken, EngineLife, JobId, Layer, Model},
    },
    fact::{Content, Validity},
};

/// The most values of one conflict that are asked about.
const MOST: usize = 4;

/// Asks about the values of the conflict that is looked at, where a source's value does not fit.
pub(super) fn check(model: &mut Model) -> Vec<Effect> {
    let shared = &model.shared;
    if !model.layers.contains(&Layer::Conflicts) || shared.engine != EngineLife::Running {
        return Vec::new();
    }
    let Some(conflict) = model.conflict().filter(|conflict| !is_of_change(conflict)).map(Arc::clone) else { return Vec::new() };
    let known = model.conflicts.broken.as_ref().is_some_and(|broken| broken.id == conflict.id && broken.digest == conflict.digest);
    let may = action::find("core.conflict.resolve").is_some_and(|spec| shared.persona.may(spec.right));
    let Some(insight) = shared.snapshot.facts.find(&conflict.key).filter(|insight| !known && may && !insight.secret) else {
        return Vec::new();
    };
    let mut values: Vec<String> = Vec::new();
    for view in insight.sources.iter().filter(|view| view.validity == Validity::Invalid) {
        let Content::Value(value) = &view.content else { continue };
        let competes = conflict.candidates.iter().any(|candidate| candidate.sources.contains(&view.source));
        if competes && values.len() < MOST && !values.iter().any(|known| known == value.as_json_text()) {
            values.push(value.as_json_text().to_owned());
        }
    }
    if values.is_empty() {
        return Vec::new();
    }
    let ask = |value: &String| {
        let ask = Ask::new("core.conflict.resolve").text("id", conflict.id.as_str()).text("value", value).flag("dry_run");
        ask.quiet("digest", &*conflict.digest)
    };
    let asked: Vec<(JobId, Ask)> = values.iter().map(ask).map(|ask| (model.shared.ask(&ask), ask)).collect();
    model.conflicts.broken = Some(Broken {
        id: conflict.id.clone(),
        digest: Arc::clone(&conflict.digest),
        jobs: asked.iter().map(|(job, _)| *job).collect(),
        says: Vec::new(),
    });
    asked.into_iter().map(|(job, ask)| Effect::Ask(job, ask)).collect()
}

/// Takes what was answered to such a question; whether it was one.
pub(super) fn answered(model: &mut Model, job: JobId, answer: &Answer) -> bool {
    let Some(broken) = model.conflicts.broken.as_mut() else { return false };
    let Some(at) = broken.jobs.iter().position(|asked| *asked == job) else { return false };
    broken.jobs.remove(at);
    if let Some(trouble) = answer.failure().filter(|trouble| trouble.code == "schema_violation") {
        broken.says.push(trouble.message.clone());
    }
    true
}
