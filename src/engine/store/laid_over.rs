//! Rows of a database with changes laid over them that it does not have yet: what a scan gives while they wait.

use std::{cmp::Ordering, iter::Peekable, ops::ControlFlow, vec};

use bytes::Bytes;

use super::rows::EachRow;

/// A row that waits: its name, and what it is to hold.
pub type WaitingRow = (Vec<u8>, Option<Bytes>);

/// Gives rows of both to one closure, in one order; of two of one name only that which waits.
pub struct LaidOver<'a> {
    waiting: Peekable<vec::IntoIter<WaitingRow>>,
    /// What a name that comes first is, compared with one that comes later.
    first: Ordering,
    each: EachRow<'a>,
    stopped: bool,
}

impl<'a> LaidOver<'a> {
    /// Over rows that come in the order of their names, as `waiting` does.
    pub fn forward(waiting: Vec<WaitingRow>, each: EachRow<'a>) -> Self {
        Self { waiting: waiting.into_iter().peekable(), first: Ordering::Less, each, stopped: false }
    }

    /// Over rows that come from the last to the first; `waiting` is in the order of its names here too.
    pub fn backward(mut waiting: Vec<WaitingRow>, each: EachRow<'a>) -> Self {
        waiting.reverse();
        Self { waiting: waiting.into_iter().peekable(), first: Ordering::Greater, each, stopped: false }
    }

    /// The next row of the database.
    pub fn row(&mut self, name: &[u8], bytes: &[u8]) -> ControlFlow<()> {
        let first = self.first;
        while let Some(earlier) = self.waiting.next_if(|(waiting, _)| waiting.as_slice().cmp(name) == first) {
            self.give(earlier)?;
        }
        match self.waiting.next_if(|(waiting, _)| waiting == name) {
            Some(instead) => self.give(instead),
            None => self.pass(name, bytes),
        }
    }

    /// What comes after the last row of the database.
    pub fn rest(mut self) {
        while let Some(later) = self.waiting.next().filter(|_| !self.stopped) {
            let _ = self.give(later);
        }
    }

    fn give(&mut self, (name, bytes): WaitingRow) -> ControlFlow<()> {
        match bytes {
            Some(bytes) => self.pass(&name, &bytes),
            None => ControlFlow::Continue(()),
        }
    }

    fn pass(&mut self, name: &[u8], bytes: &[u8]) -> ControlFlow<()> {
        let flow = (self.each)(name, bytes);
        self.stopped |= flow.is_break();
        flow
    }
}
