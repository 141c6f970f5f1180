//! List and canvas: side by side, one below the other, or one at a time.

use ratatui::layout::Rect;
use stellar_widgets::{InsightList, InsightRow};

use crate::app::{
    content::{canvas_parts, empty_parts},
    model::{Layer, Model, Pane},
};

use super::{Column, ListBody, ListRegion, Regions, WIDE};

/// Below this height a narrow screen shows one pane at a time.
const TALL: u16 = 18;
/// The least rows of the canvas below the list.
const LEAST_CANVAS: u16 = 7;
/// Cells of the tabs.
const TABS: u16 = 16;

/// Places the panes in what is left between the lines.
pub(super) fn place(model: &Model, body: Rect, regions: &mut Regions) {
    let wide = body.width >= WIDE;
    let tall = body.height >= TALL;
    let canvas = model.canvas.shown || model.pane == Pane::Canvas;
    let title = Rect::new(body.x, body.y, body.width, 1);
    let below = Rect::new(body.x, body.y + 1, body.width, body.height - 1);
    if wide && canvas {
        // The list takes what its columns want, the canvas the rest.
        let left = (body.width / 2).clamp(56, 80);
        place_list(model, Rect { width: left - 1, ..title }, Rect { width: left - 1, ..below }, regions);
        regions.divider = Some(Rect::new(left, body.y, 1, body.height));
        let right = Rect::new(left + 2, body.y, body.width - left - 3, body.height);
        regions.canvas = Some(Column::new(right, canvas_parts(model), model.canvas.scroll));
        return;
    }
    let inside = |area: Rect| Rect::new(area.x + 1, area.y, area.width - 2, area.height);
    let tabbed = Rect::new(title.x, title.y, TABS.min(title.width), 1);
    match model.pane {
        Pane::Canvas => {
            regions.tabs = Some(tabbed);
            regions.canvas = Some(Column::new(inside(below), canvas_parts(model), model.canvas.scroll));
        }
        Pane::List => {
            let mut list = below;
            if canvas && tall && !model.list.rows.is_empty() {
                let height = (below.height / 3).max(LEAST_CANVAS);
                list.height -= height + 1;
                regions.divider = Some(Rect::new(below.x, list.bottom(), below.width, 1));
                let under = Rect::new(below.x, list.bottom() + 1, below.width, height);
                regions.canvas = Some(Column::new(inside(under), canvas_parts(model), model.canvas.scroll));
            }
            let mut list_title = title;
            if !wide {
                regions.tabs = Some(tabbed);
                list_title.x += tabbed.width;
                list_title.width -= tabbed.width;
            }
            place_list(model, list_title, list, regions);
        }
    }
}

fn place_list(model: &Model, title: Rect, area: Rect, regions: &mut Regions) {
    let typing = model.layers.contains(&Layer::Filter);
    if typing || !model.list.filter.text().is_empty() {
        // The right half of the title row, behind its prompt.
        let width = title.width / 2;
        regions.filter = Some(Rect::new(title.right() - width + 2, title.y, width.saturating_sub(3), 1));
    }
    let body = if model.list.rows.is_empty() {
        let inside = Rect::new(area.x + 1, area.y, area.width.saturating_sub(2), area.height);
        ListBody::Empty(Column::new(inside, empty_parts(model), 0))
    } else {
        let nothing: [InsightRow<'_>; 0] = [];
        let rows = InsightList::new(nothing.as_slice()).body(area).rows();
        ListBody::Rows((model.list.offset..model.list.rows.len()).zip(rows).collect())
    };
    regions.list = Some(ListRegion { title, area, body });
}
