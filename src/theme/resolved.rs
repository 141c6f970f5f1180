//! A theme brought to what one terminal can show.

use ratatui::style::{Color, Modifier, Style};

use super::{
    color::ColorDepth,
    file::{Paint, PaletteColor, ThemeFile, Variant, VariantName},
    role::{Role, Surface},
};

/// Styles by meaning, ready to draw with.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    name: String,
    roles: [Style; Role::ALL.len()],
    surfaces: [Style; Surface::ALL.len()],
}

impl Theme {
    /// Takes the variant for a background from a theme and brings its colours to a depth.
    ///
    /// Falls back to the other variant where the theme has only that one. Without colours what is selected is reversed and what
    /// was matched is underlined, so that both can still be seen.
    #[must_use]
    pub fn resolve(file: &ThemeFile, light: bool, depth: ColorDepth) -> Self {
        let order = if light {
            [VariantName::Light, VariantName::Any, VariantName::Dark]
        } else {
            [VariantName::Dark, VariantName::Any, VariantName::Light]
        };
        let variant = order.into_iter().find_map(|name| file.variants.get(&name));
        let roles = Role::ALL.map(|role| role_style(variant, role, depth));
        let surfaces = Surface::ALL.map(|surface| surface_style(variant, surface, depth));
        Self { name: file.name.clone(), roles, surfaces }
    }

    /// The theme's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How a meaning looks: the colour of its text and its modifiers, no background.
    #[must_use]
    pub fn role(&self, role: Role) -> Style {
        self.roles.get(role as usize).copied().unwrap_or_default()
    }

    /// How a surface looks: its background and modifiers, and the colour of plain text on it.
    #[must_use]
    pub fn surface(&self, surface: Surface) -> Style {
        self.surfaces.get(surface as usize).copied().unwrap_or_default()
    }

    /// A meaning on a surface.
    #[must_use]
    pub fn on(&self, surface: Surface, role: Role) -> Style {
        self.surface(surface).patch(self.role(role))
    }
}

fn role_style(variant: Option<&Variant>, role: Role, depth: ColorDepth) -> Style {
    let paint = variant.and_then(|variant| variant.roles.get(&role)).copied().unwrap_or_default();
    let mut style = Style::new().add_modifier(paint.modifier);
    if let Some(color) = color(&paint, depth) {
        style = style.fg(color);
    } else if depth == ColorDepth::None && role == Role::Match {
        style = style.add_modifier(Modifier::UNDERLINED);
    }
    style
}

fn surface_style(variant: Option<&Variant>, surface: Surface, depth: ColorDepth) -> Style {
    let paint = variant.and_then(|variant| variant.surfaces.get(&surface)).copied().unwrap_or_default();
    let mut style = Style::new().add_modifier(paint.modifier);
    if let Some(color) = color(&paint, depth) {
        style = style.bg(color);
    } else if depth == ColorDepth::None && surface == Surface::Selected {
        style = style.add_modifier(Modifier::REVERSED);
    }
    style
}

fn color(paint: &Paint, depth: ColorDepth) -> Option<Color> {
    let PaletteColor { rgb, ansi } = paint.color?;
    match depth {
        ColorDepth::None => None,
        ColorDepth::Ansi16 => Some(ansi),
        ColorDepth::Ansi256 => Some(Color::Indexed(rgb.to_256())),
        ColorDepth::True => Some(Color::Rgb(rgb.0, rgb.1, rgb.2)),
    }
}
