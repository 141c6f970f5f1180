//! The catalogue of reason codes: a stable code and a sentence each.

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
}
