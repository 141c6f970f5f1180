//! Who may do what. A guard rail against slips; the boundary is the operating-system user.

use std::fmt;

use super::spec::Right;

/// In whose role something is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Persona {
    /// Site reliability; the default.
    #[default]
    Sre,
    /// Operates what others built.
    Operator,
    /// Security operations.
    Secops,
    /// Builds the platform.
    PlatformEngineer,
    /// Somebody of another team.
    PartnerDeveloper,
    /// Marks what an assistive client asked for.
    AssistiveBridge,
}

/// Why a text is no persona.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no persona of that name: choose sre, operator, secops, platform-engineer, partner-developer or assistive-bridge")]
pub struct PersonaError;

impl Persona {
    /// Every persona, in the order of the documentation.
    pub const ALL: [Self; 6] =
        [Self::Sre, Self::Operator, Self::Secops, Self::PlatformEngineer, Self::PartnerDeveloper, Self::AssistiveBridge];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sre => "sre",
            Self::Operator => "operator",
            Self::Secops => "secops",
            Self::PlatformEngineer => "platform-engineer",
            Self::PartnerDeveloper => "partner-developer",
            Self::AssistiveBridge => "assistive-bridge",
        }
    }

    /// Whether it may do what needs this right. An assistive client's own persona holds the rights of an operator; in a session it is
    /// judged by the session's persona.
    #[must_use]
    pub const fn may(self, right: Right) -> bool {
        match right {
            Right::Read | Right::Change | Right::Decide => true,
            Right::Runbook => !matches!(self, Self::PartnerDeveloper),
            Right::Maintain => matches!(self, Self::Sre | Self::Secops | Self::PlatformEngineer),
        }
    }
}

impl fmt::Display for Persona {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl std::str::FromStr for Persona {
    type Err = PersonaError;
    fn from_str(name: &str) -> Result<Self, PersonaError> {
        Self::ALL.into_iter().find(|persona| persona.as_str() == name).ok_or(PersonaError)
    }
}
