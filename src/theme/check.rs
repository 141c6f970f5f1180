//! Whether what a theme draws can be read.

use super::{
    color::{Rgb, contrast_ratio},
    drawn::is_drawn,
    file::{ThemeFile, VariantName},
    role::{Role, Surface},
};

/// The least contrast of text (WCAG 2.2, success criterion 1.4.3, level AA).
pub const LEAST_CONTRAST: f64 = 4.5;

/// The contrast of one meaning on one surface.
#[derive(Clone, Debug, PartialEq)]
pub struct Contrast {
    /// For which background.
    pub variant: VariantName,
    /// The meaning.
    pub role: Role,
    /// What is below it.
    pub surface: Surface,
    /// The text's colour.
    pub fg: Rgb,
    /// The surface's colour.
    pub bg: Rgb,
    /// 1 to 21.
    pub ratio: f64,
}

impl Contrast {
    /// Whether it can be read.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.ratio >= LEAST_CONTRAST
    }
}

/// The contrast of every pair that is drawn, the least first.
///
/// Pairs where either has no colour of its own are left out: the terminal's own colours are not known here.
#[must_use]
pub fn check(file: &ThemeFile) -> Vec<Contrast> {
    let mut pairs = Vec::new();
    for (name, variant) in &file.variants {
        for (surface, below) in &variant.surfaces {
            for (role, above) in variant.roles.iter().filter(|(role, _)| is_drawn(*surface, **role)) {
                let (Some(fg), Some(bg)) = (above.color, below.color) else { continue };
                let ratio = contrast_ratio(fg.rgb, bg.rgb);
                pairs.push(Contrast { variant: *name, role: *role, surface: *surface, fg: fg.rgb, bg: bg.rgb, ratio });
            }
        }
    }
    pairs.sort_by(|a, b| a.ratio.total_cmp(&b.ratio));
    pairs
}
