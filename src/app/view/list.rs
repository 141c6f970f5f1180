//! The list with its title and filter.

use std::cell::RefCell;

use ratatui::{buffer::Buffer, widgets::Widget};
use stellar_widgets::{InsightList, InsightRow, ListStyles, RowSource};

use crate::{
    app::{
        content,
        fuzzy::Fuzzy,
        layout::{ListRegion, PROMPT, Regions},
        model::{Focus, Layer, Model, Pane},
        words,
    },
    fact::FactState,
    theme::{Role, Surface, Theme},
};

use super::{
    looks::{charset, confidence_styles, plain_on},
    put,
};

/// The row above the list: what it is, how many, and the filter.
pub(super) fn title(model: &Model, regions: &Regions, region: &ListRegion, theme: &Theme, buf: &mut Buffer) {
    let area = region.title;
    let mut x = area.x + 1;
    let end = regions.filter.map_or(area.right(), |filter| filter.x.saturating_sub(3));
    if regions.tabs.is_none() {
        x = put(buf, (x, area.y), "Facts", end.saturating_sub(x), theme.role(Role::Heading)) + 2;
    }
    put(buf, (x, area.y), &content::list_info(model), end.saturating_sub(x), theme.role(Role::Dim));
    let Some(filter) = regions.filter else { return };
    let typing = model.focus() == Focus::Layer(Layer::Filter);
    put(buf, (filter.x.saturating_sub(2), filter.y), PROMPT, 2, theme.role(Role::Key));
    if typing {
        buf.set_style(filter, plain_on(theme, Surface::Field));
    }
    super::layer::field(buf, filter, &model.list.filter, theme.role(Role::Text));
}

/// Rows as they are shown: made for those that show, and no other.
struct Rows<'m> {
    model: &'m Model,
    theme: &'m Theme,
    query: RefCell<Option<Fuzzy>>,
}

impl RowSource for Rows<'_> {
    fn len(&self) -> usize {
        self.model.list.rows.len()
    }

    fn row(&self, index: usize) -> InsightRow<'_> {
        let Some(insight) = self.model.list.fact(index) else { return InsightRow::default() };
        let key = insight.key.as_str();
        InsightRow {
            key: key.into(),
            matches: self.query.borrow_mut().as_mut().map(|query| query.ranges(key)).unwrap_or_default(),
            value: words::believed_and_pending(insight).to_string().into(),
            score: insight.confidence.as_ref().map(|confidence| confidence.score),
            age: words::age_cell(insight, self.model.now).into(),
            signs: words::signs(insight).into(),
            words: words::words(insight).into(),
            mark_style: self.theme.role(words::role(insight)),
            dim: insight.state == FactState::Gone || insight.value.is_none(),
        }
    }
}

/// Draws the list.
pub(super) fn rows(model: &Model, region: &ListRegion, theme: &Theme, buf: &mut Buffer) {
    let rows = Rows { model, theme, query: RefCell::new(Fuzzy::new(model.list.filter.text())) };
    let styles = ListStyles {
        header: theme.role(Role::Dim),
        text: theme.role(Role::Text),
        dim: theme.role(Role::Dim),
        matched: theme.role(Role::Match),
        selected: theme.surface(Surface::Selected),
        selected_unfocused: theme.surface(Surface::SelectedIdle),
        confidence: confidence_styles(theme),
    };
    let focused = matches!(model.focus(), Focus::Pane(Pane::List) | Focus::Layer(Layer::Filter));
    let list = InsightList::new(&rows)
        .offset(model.list.offset)
        .selected(Some(model.list.cursor))
        .focused(focused)
        .charset(charset(model))
        .styles(styles);
    (&list).render(region.area, buf);
}
