//! Which meaning is drawn on which surface.

use super::role::{Role, Surface};

use Role::{
    Accent, Border, Conflict, Dim, Drift, Error, Heading, High, Key, Label, Locked, Low, Match, Medium, Offline, Pending, Stale, Strong,
    Text, Track,
};

/// Every pair that a view draws: a view draws no other, and a test of the views holds both ways.
pub const DRAWN: [(Surface, &[Role]); 6] = [
    (
        Surface::Screen,
        &[
            Text, Dim, Strong, Heading, Accent, Border, Match, High, Medium, Low, Track, Conflict, Drift, Pending, Locked, Stale, Offline,
            Error, Key,
        ],
    ),
    (Surface::Bar, &[Text, Dim, Accent, Conflict, Drift, Pending, Offline, Error, Key, Label]),
    (
        Surface::Selected,
        &[Text, Strong, Dim, Match, High, Medium, Low, Track, Conflict, Drift, Pending, Locked, Stale, Offline, Error, Key],
    ),
    (Surface::SelectedIdle, &[Text, Dim, Match, High, Medium, Low, Track, Conflict, Drift, Pending, Locked, Stale, Offline, Error]),
    (
        Surface::Overlay,
        &[
            Text, Dim, Strong, Heading, Border, Match, High, Medium, Low, Track, Conflict, Drift, Pending, Locked, Stale, Offline, Error,
            Key, Label,
        ],
    ),
    (Surface::Field, &[Text]),
];

/// Whether a view draws this meaning on this surface.
#[must_use]
pub fn is_drawn(surface: Surface, role: Role) -> bool {
    DRAWN.iter().any(|(below, roles)| *below == surface && roles.contains(&role))
}
