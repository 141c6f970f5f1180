//! Records longer than 4 KiB go to disk in pieces, each sealed by itself.
//!
//! So short because of what sled does with long ones: a page of 128 KiB goes to a file of its own, and where the disk refuses that file, sled
//! never ends the write it began, and whoever flushes or drops the database waits for it for ever. A page has 16 rows, and may have a few more
//! until it is split.
//!
//! Before sealing each piece starts with `[write 8][pieces 2]`, little endian: the number of the write it belongs to, and how many pieces
//! that record has. Pieces of two writes never make one record. A piece that is not full is the last.

use bytes::{Bytes, BytesMut};

use super::{
    error::StoreError,
    names,
    seal::{OVERHEAD, Sealer, Unopened},
};
use crate::engine::world::Rng;

/// The longest sealed piece.
pub const SEALED_MAX: usize = 4 * 1024;
/// What it was before. Records written then are read, and are written anew with shorter ones when they change.
const SEALED_MAX_BEFORE: usize = 64 * 1024;
const HEAD: usize = 8 + 2;
const BODY_MAX: usize = SEALED_MAX - OVERHEAD - HEAD;

/// The largest slab, in bytes.
const SLAB_MAX: usize = 64 * 1024;

/// A row that was read: name and sealed bytes.
pub type SealedRow = (Vec<u8>, Vec<u8>);

/// Memory that the sealed rows of one write share, in place of a piece of memory for each.
#[derive(Default)]
pub struct Slab {
    free: BytesMut,
    last: usize,
}

impl Slab {
    /// Empty, with room for so much. As large as what asks for it at first, so that a write of one row holds no more than that.
    fn room(&mut self, length: usize) -> &mut BytesMut {
        if self.free.capacity() < length {
            self.last = (self.last * 2).min(SLAB_MAX).max(length);
            self.free = BytesMut::with_capacity(self.last);
        }
        &mut self.free
    }
}

/// Seals a body under `name`: the rows to write, in order.
///
/// # Errors
/// When it is longer than 65535 pieces (255 MiB).
pub fn seal(
    slab: &mut Slab,
    sealer: &Sealer,
    rng: &dyn Rng,
    name: &[u8],
    write: u64,
    body: &[u8],
) -> Result<Vec<(Vec<u8>, Bytes)>, StoreError> {
    let too_long = || StoreError::Unwritable { path: "the store".to_owned(), cause: "a record is longer than 255 MiB".to_owned() };
    // A last piece that happens to be full is followed by an empty one, so that a full one always has a successor.
    let count = u16::try_from(body.len() / BODY_MAX + 1).map_err(|_| too_long())?;
    (0..count)
        .map(|number| {
            let start = usize::from(number) * BODY_MAX;
            let part = &body[start..body.len().min(start + BODY_MAX)];
            let row = names::piece(name, number);
            let room = slab.room(part.len() + OVERHEAD + HEAD);
            sealer.seal_into(rng, &row, &[&write.to_le_bytes(), &count.to_le_bytes(), part], room)?;
            Ok((row, room.split().freeze()))
        })
        .collect()
}

/// The sealed bytes of a body of this length, over all its pieces.
pub fn sealed_len(body: usize) -> u64 {
    (body + (body / BODY_MAX + 1) * (OVERHEAD + HEAD)) as u64
}

/// Whether another piece follows this sealed one.
pub fn has_next(sealed_len: usize) -> bool {
    sealed_len == SEALED_MAX || sealed_len == SEALED_MAX_BEFORE
}

/// Opens a record that is one piece into a buffer that may have served before; answers its body. Any other row is not opened by this.
pub fn open_single<'a>(sealer: &Sealer, row: &[u8], sealed: &[u8], plain: &'a mut Vec<u8>) -> Result<&'a [u8], Unopened> {
    let opened = sealer.open_into(row, sealed, plain)?;
    let (head, body) = opened.split_first_chunk::<HEAD>().ok_or(Unopened::Damaged)?;
    let single = head.last_chunk::<2>() == Some(&1_u16.to_le_bytes()) && names::split_piece(row).is_some_and(|(_, number)| number == 0);
    if single { Ok(body) } else { Err(Unopened::Damaged) }
}

/// Opens the pieces found under `name`, given in the order of their rows.
pub fn open<'a>(sealer: &Sealer, rows: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Result<Vec<u8>, Unopened> {
    let mut body = Vec::new();
    let mut first = None;
    let mut next: u16 = 0;
    for (row, sealed) in rows {
        let mut plain = sealer.open(row, sealed)?;
        let head: [u8; HEAD] = *plain.first_chunk().ok_or(Unopened::Damaged)?;
        let (_, number) = names::split_piece(row).ok_or(Unopened::Damaged)?;
        if number != next || *first.get_or_insert(head) != head {
            return Err(Unopened::Damaged);
        }
        next = number.checked_add(1).ok_or(Unopened::Damaged)?;
        if number == 0 {
            plain.drain(..HEAD);
            body = plain;
        } else {
            body.extend_from_slice(&plain[HEAD..]);
        }
    }
    let expected = first.and_then(|head| head.last_chunk::<2>().copied()).map(u16::from_le_bytes);
    if expected == Some(next) { Ok(body) } else { Err(Unopened::Damaged) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::world::SeededRng;

    type Rows = Vec<(Vec<u8>, Bytes)>;

    fn sealed(write: u64, length: usize) -> (Sealer, Rows, Vec<u8>) {
        let sealer = Sealer::new(1, &[3; 32]);
        let body: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let rows = seal(&mut Slab::default(), &sealer, &SeededRng::new(write), b"\x01n", write, &body).unwrap();
        (sealer, rows, body)
    }

    fn reopen(sealer: &Sealer, rows: &Rows) -> Result<Vec<u8>, Unopened> {
        open(sealer, rows.iter().map(|(row, sealed)| (row.as_slice(), &sealed[..])))
    }

    #[test]
    fn bodies_around_the_edges_come_back_and_no_piece_is_too_long() {
        for (length, pieces) in
            [(0, 1), (1, 1), (BODY_MAX - 1, 1), (BODY_MAX, 2), (BODY_MAX + 1, 2), (2 * BODY_MAX, 3), (3 * BODY_MAX + 5, 4), (200_000, 50)]
        {
            let (sealer, rows, body) = sealed(1, length);
            assert_eq!(rows.len(), pieces, "{length}");
            assert_eq!(sealed_len(length), rows.iter().map(|(_, sealed)| sealed.len() as u64).sum::<u64>());
            assert_eq!(reopen(&sealer, &rows).unwrap(), body);
            let mut buffer = vec![1; 100];
            let (row, first) = &rows[0];
            assert_eq!(open_single(&sealer, row, first, &mut buffer).ok(), (pieces == 1).then_some(body.as_slice()));
            for (at, (_, sealed)) in rows.iter().enumerate() {
                assert!(sealed.len() <= SEALED_MAX);
                assert_eq!(has_next(sealed.len()), at + 1 < pieces, "{length}");
            }
        }
    }

    #[test]
    fn pieces_as_long_as_they_were_before_are_read() {
        let (sealer, name, body) = (Sealer::new(1, &[3; 32]), b"\x01n", [7; 70_000]);
        let first = SEALED_MAX_BEFORE - OVERHEAD - HEAD;
        let row = |number: u16, part: &[u8]| {
            let row = names::piece(name, number);
            let head: [&[u8]; 3] = [&9_u64.to_le_bytes(), &2_u16.to_le_bytes(), part];
            let sealed = sealer.seal_parts(&SeededRng::new(1), &row, &head).unwrap();
            (row, Bytes::from(sealed))
        };
        let rows = vec![row(0, &body[..first]), row(1, &body[first..])];
        assert!(has_next(rows[0].1.len()) && !has_next(rows[1].1.len()));
        assert_eq!(reopen(&sealer, &rows).unwrap(), body);
    }

    #[test]
    fn a_missing_a_swapped_or_an_older_piece_is_damage() {
        let (sealer, rows, _) = sealed(1, 200_000);
        assert_eq!(reopen(&sealer, &rows[..3].to_vec()), Err(Unopened::Damaged));
        assert_eq!(reopen(&sealer, &rows[1..].to_vec()), Err(Unopened::Damaged));
        assert_eq!(reopen(&sealer, &Vec::new()), Err(Unopened::Damaged));
        let mut swapped = rows.clone();
        (swapped[1].1, swapped[2].1) = (rows[2].1.clone(), rows[1].1.clone());
        assert_eq!(reopen(&sealer, &swapped), Err(Unopened::Damaged));
        let mut mixed = rows;
        mixed[2] = sealed(2, 200_000).1[2].clone();
        assert_eq!(reopen(&sealer, &mixed), Err(Unopened::Damaged));
    }
}
