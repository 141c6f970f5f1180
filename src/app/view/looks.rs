//! The looks of a theme, as the widgets take them.

use ratatui::style::Style;
use stellar_widgets::{CanvasStyles, Charset, ConfidenceStyles, FactorStyles};

use crate::{
    app::model::Model,
    theme::{Role, Surface, Theme},
};

/// Which characters are drawn with.
pub(super) const fn charset(model: &Model) -> Charset {
    if model.shared.plain_borders { Charset::Ascii } else { Charset::Unicode }
}

/// The looks of bands on any surface.
pub(super) fn confidence_styles(theme: &Theme) -> ConfidenceStyles {
    ConfidenceStyles {
        low: theme.role(Role::Low),
        medium: theme.role(Role::Medium),
        high: theme.role(Role::High),
        track: theme.role(Role::Track),
    }
}

/// The looks of a column of pieces on any surface.
pub(super) fn canvas_styles(theme: &Theme) -> CanvasStyles {
    CanvasStyles {
        heading: theme.role(Role::Heading),
        believed: theme.role(Role::Strong),
        text: theme.role(Role::Text),
        dim: theme.role(Role::Dim),
        series: theme.role(Role::Accent),
        confidence: confidence_styles(theme),
        factors: FactorStyles {
            name: theme.role(Role::Text),
            number: theme.role(Role::Text),
            why: theme.role(Role::Dim),
            sum: theme.role(Role::Strong),
        },
    }
}

/// The look of plain text on a surface.
pub(super) fn plain_on(theme: &Theme, surface: Surface) -> Style {
    theme.on(surface, Role::Text)
}
