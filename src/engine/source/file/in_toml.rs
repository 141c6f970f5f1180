//! One value of a TOML file changed in place: comments, order, spelling and line ends of everything else stay.

use serde_json::Value as Json;
use toml_edit::{Array, Datetime, DocumentMut, InlineTable, Item, Table, TableLike, Value as Toml};

use crate::fact::{JsonStep, Value, ValueKind};

/// Sets the value at a place; tables on the way that are not there are made.
///
/// # Errors
/// A sentence: TOML has no form for the value, the way is blocked, or the file could not be kept as it is spelled.
pub(super) fn set_in_toml(bytes: &[u8], way: &[JsonStep], value: &Value) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "this is not UTF-8".to_owned())?;
    let mut document: DocumentMut = text.parse().map_err(|_| "this is not TOML".to_owned())?;
    // The editor writes one kind of line end; it is put back afterwards, and a file with both kinds is left alone.
    let is_dos = text.contains("\r\n");
    let spelled = |document: &DocumentMut| {
        let plain = document.to_string();
        if is_dos { plain.replace('\n', "\r\n") } else { plain }
    };
    if spelled(&document) != text {
        return Err("this file could not be kept as it is spelled: are there two kinds of line ends in it?".to_owned());
    }
    let Some((first, rest)) = way.split_first() else { return Err("a TOML file is a table, which is no single value".to_owned()) };
    let JsonStep::Member(name) = first else { return Err(BLOCKED.to_owned()) };
    set_member(document.as_table_mut(), name, rest, &value.to_json())?;
    Ok(spelled(&document).into_bytes())
}

const BLOCKED: &str = "something that is no table stands where a member should be added";

fn set_member(table: &mut dyn TableLike, name: &str, rest: &[JsonStep], value: &Json) -> Result<(), String> {
    if let Some(item) = table.get_mut(name) {
        return set_item(item, rest, value);
    }
    let mut made = new_item(value)?;
    for step in rest.iter().rev() {
        let JsonStep::Member(inner) = step else { return Err(BLOCKED.to_owned()) };
        let mut parent = Table::new();
        // A table that holds only tables needs no header of its own.
        parent.set_implicit(made.is_table());
        parent.insert(inner, made);
        made = Item::Table(parent);
    }
    table.insert(name, made);
    Ok(())
}

fn set_item(item: &mut Item, rest: &[JsonStep], value: &Json) -> Result<(), String> {
    match (rest.split_first(), item) {
        (None, item) => assign(item, value),
        (Some((JsonStep::Member(name), rest)), Item::Table(table)) => set_member(table, name, rest, value),
        (Some((JsonStep::Item(index), rest)), Item::ArrayOfTables(tables)) => {
            let table = tables.get_mut(*index).ok_or(BLOCKED)?;
            match rest.split_first() {
                Some((JsonStep::Member(name), rest)) => set_member(table, name, rest, value),
                _ => Err("a whole table of a list cannot be changed in place".to_owned()),
            }
        }
        (Some(_), Item::Value(inner)) => set_value(inner, rest, value),
        _ => Err(BLOCKED.to_owned()),
    }
}

fn set_value(here: &mut Toml, way: &[JsonStep], value: &Json) -> Result<(), String> {
    match (way.split_first(), here) {
        (None, here) => replace(here, value),
        (Some((JsonStep::Item(index), rest)), Toml::Array(items)) => set_value(items.get_mut(*index).ok_or(BLOCKED)?, rest, value),
        (Some((JsonStep::Member(name), rest)), Toml::InlineTable(table)) => {
            if let Some(inner) = table.get_mut(name) {
                return set_value(inner, rest, value);
            }
            let mut made = new_value(value)?;
            for step in rest.iter().rev() {
                let JsonStep::Member(inner) = step else { return Err(BLOCKED.to_owned()) };
                made = Toml::InlineTable(InlineTable::from_iter([(inner.as_str(), made)]));
            }
            table.insert(name, made);
            Ok(())
        }
        _ => Err(BLOCKED.to_owned()),
    }
}

/// Gives a place a new value. Tables stay tables where the value is an object, and keep the members that do not change.
fn assign(item: &mut Item, value: &Json) -> Result<(), String> {
    match (item, value) {
        (Item::Value(here), value) => replace(here, value),
        (Item::Table(table), Json::Object(members)) => {
            let gone: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).filter(|name| !members.contains_key(name)).collect();
            for name in gone {
                table.remove(&name);
            }
            members.iter().try_for_each(|(name, member)| match table.get_mut(name) {
                Some(inner) => assign(inner, member),
                None => {
                    table.insert(name, new_item(member)?);
                    Ok(())
                }
            })
        }
        (item, value) => {
            *item = new_item(value)?;
            Ok(())
        }
    }
}

/// Replaces a value where it stands; the space and the comment around it stay, and so does its kind where both fit.
fn replace(here: &mut Toml, value: &Json) -> Result<(), String> {
    if let (Toml::InlineTable(table), Json::Object(members)) = (&mut *here, value) {
        let gone: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).filter(|name| !members.contains_key(name)).collect();
        for name in gone {
            table.remove(&name);
        }
        return members.iter().try_for_each(|(name, member)| match table.get_mut(name) {
            Some(inner) => replace(inner, member),
            None => {
                table.insert(name, new_value(member)?);
                Ok(())
            }
        });
    }
    let mut new = match (&*here, value, new_value(value)?) {
        // A reader of the file may insist on a decimal, or on a date.
        #[expect(clippy::cast_precision_loss, reason = "checked to be exact")]
        (Toml::Float(_), _, Toml::Integer(whole)) if *whole.value() == (*whole.value() as f64) as i64 => Toml::from(*whole.value() as f64),
        (Toml::Datetime(_), Json::String(text), new) => text.parse::<Datetime>().map_or(new, Toml::from),
        (_, _, new) => new,
    };
    *new.decor_mut() = here.decor().clone();
    *here = new;
    Ok(())
}

fn new_item(value: &Json) -> Result<Item, String> {
    new_value(value).map(Item::Value)
}

fn new_value(tree: &Json) -> Result<Toml, String> {
    let plain = Value::from_json(tree);
    Ok(match (tree, plain.kind()) {
        (_, ValueKind::Null) => return Err("TOML has no null".to_owned()),
        (_, ValueKind::Bool) => Toml::from(plain.as_json_text() == "true"),
        (_, ValueKind::Number) => number(plain.as_json_text())?,
        (Json::Array(items), _) => Toml::Array(items.iter().map(new_value).collect::<Result<Array, String>>()?),
        (Json::Object(members), _) => {
            let members: Result<Vec<(&str, Toml)>, String> =
                members.iter().map(|(name, member)| new_value(member).map(|member| (name.as_str(), member))).collect();
            Toml::InlineTable(InlineTable::from_iter(members?))
        }
        _ => Toml::from(plain.plain_text().into_owned()),
    })
}

/// Whether a number comes out exactly is seen when the file is read again; here it only needs a form.
fn number(text: &str) -> Result<Toml, String> {
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(Toml::from(whole));
    }
    text.parse::<f64>().ok().filter(|float| float.is_finite()).map(Toml::from).ok_or_else(|| "TOML has no form for this number".to_owned())
}

#[cfg(test)]
mod tests;
