//! The catalogue of reason codes: a stable code and a sentence each.

use std::{fmt, str::FromStr};

/// Why a fact or a conflict stands as it does. The code is stable; the sentence may improve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReasonCode {
    /// Only one source has it.
    SingleSource,
    /// Every source that has it agrees.
    Agreement,
    /// Values differ and the winner leads by the margin.
    ClearMargin,
    /// Values differ and the lead is below the margin.
    NarrowMargin,
    /// The winner is not green.
    WinnerNotHigh,
    /// The rule says a person decides.
    PolicyAsk,
    /// The rule prefers the winner's source.
    PolicyPrefer,
    /// The rule takes the newest.
    PolicyNewest,
    /// Values differ and the rule merges them; nothing queued to merge.
    PolicyMerge,
    /// Within 0.01 of the best, more sources stand for it.
    MoreSources,
    /// More sources stand for it, and together they outweigh a better score.
    Together,
    /// Equal so far; its source is trusted more.
    MoreTrusted,
    /// Equal so far; it changed more recently.
    NewerChange,
    /// Equal so far; first by name.
    FirstByName,
    /// Past its TTL.
    PastTtl,
    /// The winner's source failed its last fetch.
    SourceUnreachable,
    /// No source has it any more.
    AbsentEverywhere,
    /// A source no longer has it while another does.
    AbsentSomewhere,
    /// A declared source wants another value.
    DeclaredDiffers,
    /// Only declared sources speak of it.
    DeclaredOnly,
    /// A source's clock is ahead of ours.
    ClockSkew,
    /// The value does not fit its schema.
    SchemaInvalid,
    /// Two readings come from the same place and are no second opinion.
    SameOrigin,
    /// A rejected value is still shown because nothing better is known.
    UserRejected,
    /// A person accepted this value.
    UserAccepted,
    /// Its stored record was damaged.
    DamagedRecord,
    /// A queued change met another value than it started from.
    ChangeBaseMoved,
    /// A person had the rule's best value hold.
    DecidedByRule,
    /// A person decided, and a value has moved since.
    Reopened,
    /// A queued change met a target that no longer has the key.
    TargetDeleted,
    /// A source that was not asked since our own change says what that replaced.
    OwnWriteNewer,
}

impl ReasonCode {
    /// All of them.
    pub const ALL: [Self; 31] = [
        Self::SingleSource,
        Self::Agreement,
        Self::ClearMargin,
        Self::NarrowMargin,
        Self::WinnerNotHigh,
        Self::PolicyAsk,
        Self::PolicyPrefer,
        Self::PolicyNewest,
        Self::PolicyMerge,
        Self::MoreSources,
        Self::Together,
        Self::MoreTrusted,
        Self::NewerChange,
        Self::FirstByName,
        Self::PastTtl,
        Self::SourceUnreachable,
        Self::AbsentEverywhere,
        Self::AbsentSomewhere,
        Self::DeclaredDiffers,
        Self::DeclaredOnly,
        Self::ClockSkew,
        Self::SchemaInvalid,
        Self::SameOrigin,
        Self::UserRejected,
        Self::UserAccepted,
        Self::DamagedRecord,
        Self::ChangeBaseMoved,
        Self::DecidedByRule,
        Self::Reopened,
        Self::TargetDeleted,
        Self::OwnWriteNewer,
    ];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::SingleSource => "single_source",
            Self::Agreement => "agreement",
            Self::ClearMargin => "clear_margin",
            Self::NarrowMargin => "narrow_margin",
            Self::WinnerNotHigh => "winner_not_high",
            Self::PolicyAsk => "policy_ask",
            Self::PolicyPrefer => "policy_prefer",
            Self::PolicyNewest => "policy_newest",
            Self::PolicyMerge => "policy_merge",
            Self::MoreSources => "more_sources",
            Self::Together => "together",
            Self::MoreTrusted => "more_trusted",
            Self::NewerChange => "newer_change",
            Self::FirstByName => "first_by_name",
            Self::PastTtl => "past_ttl",
            Self::SourceUnreachable => "source_unreachable",
            Self::AbsentEverywhere => "absent_everywhere",
            Self::AbsentSomewhere => "absent_somewhere",
            Self::DeclaredDiffers => "declared_differs",
            Self::DeclaredOnly => "declared_only",
            Self::ClockSkew => "clock_skew",
            Self::SchemaInvalid => "schema_invalid",
            Self::SameOrigin => "same_origin",
            Self::UserRejected => "user_rejected",
            Self::UserAccepted => "user_accepted",
            Self::DamagedRecord => "damaged_record",
            Self::ChangeBaseMoved => "change_base_moved",
            Self::DecidedByRule => "decided_by_rule",
            Self::Reopened => "reopened",
            Self::TargetDeleted => "target_deleted",
            Self::OwnWriteNewer => "own_write_newer",
        }
    }

    /// One plain sentence.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::SingleSource => "Only one source has it.",
            Self::Agreement => "Every source that has it agrees.",
            Self::ClearMargin => "Values differ, and this one leads clearly.",
            Self::NarrowMargin => "Values differ, and the lead is too small to decide by rule.",
            Self::WinnerNotHigh => "Values differ, and even the best one is not believed enough to decide by rule.",
            Self::PolicyAsk => "Values differ, and the rule for this key asks a person.",
            Self::PolicyPrefer => "The rule for this key prefers this source.",
            Self::PolicyNewest => "The rule for this key takes the newest change.",
            Self::PolicyMerge => "Values differ, and the rule for this key merges changes; none is queued that could be merged.",
            Self::MoreSources => "Scores are as good as equal; more sources stand for this value.",
            Self::Together => "More sources stand for this value, and together they outweigh a better score.",
            Self::MoreTrusted => "Scores are as good as equal; the source of this value is trusted more.",
            Self::NewerChange => "Scores are as good as equal; this value changed more recently.",
            Self::FirstByName => "Everything else is equal; the source of this value comes first by name.",
            Self::PastTtl => "It is older than it may be to count as fresh.",
            Self::SourceUnreachable => "Its source could not be reached last time; this is what it said before.",
            Self::AbsentEverywhere => "No source has it any more; this is the last value.",
            Self::AbsentSomewhere => "A source no longer has it while another does.",
            Self::DeclaredDiffers => "A declared source wants another value.",
            Self::DeclaredOnly => "It is declared, but no source has observed it.",
            Self::ClockSkew => "A source dates it in the future; its clock is ahead of ours.",
            Self::SchemaInvalid => "The value does not fit its schema.",
            Self::SameOrigin => "Some sources read it from the same place and count as one.",
            Self::UserRejected => "A person rejected this value; it is shown because nothing better is known.",
            Self::UserAccepted => "A person accepted this value.",
            Self::DamagedRecord => "Its stored record was damaged.",
            Self::ChangeBaseMoved => "A queued change met another value at its target than it started from.",
            Self::DecidedByRule => "A person had the best value of the rule hold; nobody said that it is right.",
            Self::Reopened => "A person decided before, and a value has moved since.",
            Self::TargetDeleted => "A queued change met a target that does not have it any more.",
            Self::OwnWriteNewer => {
                "A source that was not asked since your change still says what that replaced; it counts again from its next answer on."
            }
        }
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

/// A text that is no reason code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no reason code")]
pub struct ReasonCodeError(pub String);

impl FromStr for ReasonCode {
    type Err = ReasonCodeError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|reason| reason.code() == text).ok_or_else(|| ReasonCodeError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_reason_has_its_own_code_and_one_sentence() {
        let codes: HashSet<_> = ReasonCode::ALL.iter().map(|reason| reason.code()).collect();
        let sentences: HashSet<_> = ReasonCode::ALL.iter().map(|reason| reason.sentence()).collect();
        assert_eq!((codes.len(), sentences.len()), (ReasonCode::ALL.len(), ReasonCode::ALL.len()));
        for (at, reason) in ReasonCode::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, at, "ALL is in order and leaves none out");
            assert_eq!(reason.code().parse(), Ok(reason));
            assert!(reason.code().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
            assert!(reason.sentence().ends_with('.') && !reason.sentence().contains('\n'));
        }
        assert!("Agreement".parse::<ReasonCode>().is_err());
    }
}
