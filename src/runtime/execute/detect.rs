//! `source detect`

use crate::{
    action::args::SourceDetectArgs,
    config::check_text,
    engine::source::detect::{DetectError, Detector},
    wire::{DetectPayload, DetectedPayload},
};

use super::answer::{Answer, Failed};

/// Suggestions, the surest first, then what was seen on the way.
pub async fn detect(answer: &mut Answer<'_>, args: &SourceDetectArgs) -> Result<(), Failed> {
    if answer.offline() && Detector::is_address(&args.target) {
        return Err(Failed::new("offline", "--offline was given: no address is looked at"));
    }
    let mut found = answer.handle.detector().detect(&args.target, args.refresh).await?;
    // What a rule of the user's makes may be no source at all: nobody should find that out later.
    let base = answer.context.config.base_dir.clone();
    let mut refused = Vec::new();
    found.suggestions.retain(|suggestion| match check_text(&suggestion.block, &base) {
        Ok(_) => true,
        Err(error) => {
            let first = error.problems.first().map(ToString::to_string).unwrap_or_default();
            refused.push(format!("the suggestion of {} for {} is left out: {first}", suggestion.detector, suggestion.place));
            false
        }
    });
    found.problems.extend(refused);
    for suggestion in &found.suggestions {
        if answer.line(&DetectPayload::of(suggestion)).await.is_break() {
            return Ok(());
        }
    }
    let now = answer.handle.now();
    let _ = answer.line_of("core.source.detected", now, &DetectedPayload::of(&found)).await;
    Ok(())
}

impl From<DetectError> for Failed {
    fn from(error: DetectError) -> Self {
        let code = match &error {
            DetectError::Missing(_) => "no_such_target",
            DetectError::Unreadable(..) => "unreadable",
            DetectError::BadTarget(_) => "bad_target",
            DetectError::Failed(_) => "source_failed",
        };
        Self::new(code, error.to_string())
    }
}
