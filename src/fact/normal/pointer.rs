//! Places of a tree named by JSON pointers (RFC 6901), left out of comparison.

use serde_json::Value as Tree;

/// A string no reader makes: the mark before something that is neither a number nor another mark, so it cannot come from outside.
const BLANK: &str = "\u{f8ff}(ignored)\u{f8ff}(ignored)";

/// Blanks the place the pointer names. Places are dropped only after all are blanked, so that indices keep their meaning.
pub(super) fn blank(tree: &mut Tree, pointer: &str) {
    if let Some(place) = tree.pointer_mut(pointer) {
        *place = Tree::String(BLANK.to_owned());
    }
}

/// Drops every blanked member and item.
pub(super) fn drop_blanks(tree: &mut Tree) {
    let is_blank = |tree: &Tree| matches!(tree, Tree::String(text) if text == BLANK);
    match tree {
        Tree::Array(items) => {
            items.retain(|item| !is_blank(item));
            items.iter_mut().for_each(drop_blanks);
        }
        Tree::Object(members) => {
            members.retain(|_, value| !is_blank(value));
            members.values_mut().for_each(drop_blanks);
        }
        _ => {}
    }
}
