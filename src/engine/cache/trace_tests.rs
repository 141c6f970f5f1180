//! Counted by hand, and against a cache that is nothing but a list.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

fn count(trace: &str, capacity: u64) -> (u64, u64, u64) {
    let count = replay_trace(&mut trace.as_bytes(), capacity).unwrap();
    assert_eq!(count.requests, count.hits + count.misses);
    (count.requests, count.hits, count.misses)
}

fn refused(trace: &[u8]) -> (u64, &'static str) {
    match replay_trace(&mut &*trace, 10) {
        Err(TraceError::Malformed { line, what }) => (line, what),
        other => panic!("{other:?}"),
    }
}

#[test]
fn entries_by_hand() {
    // a b c fill it; a is used; d pushes b out; b pushes c out; a is still there.
    assert_eq!(count("a\nb\nc\na\nd\nb\na\n", 3), (7, 2, 5));
    assert_eq!(count("a\na\na", 1), (3, 2, 1));
    assert_eq!(count("a\nb\na\nb\n", 1), (4, 0, 4));
    assert_eq!(count("a\na\n", 0), (2, 0, 2), "nothing fits");
    assert_eq!(count("", 3), (0, 0, 0));
}

#[test]
fn bytes_by_hand() {
    // 4 + 6 fill it; x is used; 5 more push y out; y comes back and pushes x out.
    assert_eq!(count("x,4\ny,6\nx,4\nz,5\ny,6\nx,4\n", 10), (6, 1, 5));
    assert!(replay_trace(&mut &b"x,4\n"[..], 10).unwrap().sized);
}

#[test]
fn what_is_larger_than_the_cache_is_a_miss_and_pushes_nothing_out() {
    assert_eq!(count("a,5\nhuge,11\na,5\nhuge,11\nfull,10\nfull,10\n", 10), (6, 2, 4));
}

#[test]
fn another_size_is_a_hit_and_weighs_from_then_on() {
    // b grows to 8: a, the least recently used, goes at once.
    assert_eq!(count("a,4\nb,4\nb,8\na,4\n", 10), (4, 1, 3));
    // Shrunk, it leaves room for both.
    assert_eq!(count("a,9\na,1\nb,9\na,1\nb,9\n", 10), (5, 3, 2));
    // Grown beyond the cache, it was held until then and is not any more.
    assert_eq!(count("a,4\na,11\na,4\n", 10), (3, 1, 2));
    assert_eq!(count("a,0\na,0\nb,10\na,0\n", 10), (4, 2, 2), "nothing weighs nothing");
}

#[test]
fn line_ends_empty_lines_spaces_and_a_byte_order_mark_are_no_part_of_an_id() {
    assert_eq!(count("\u{FEFF}a\r\n\r\n  a  \r\n\n\ta", 1), (3, 2, 1));
    assert_eq!(count("a,1\r\na , 1 \r\n", 10), (2, 1, 1));
    assert_eq!(count("a b\nab\na b\n", 2), (3, 1, 2), "a space inside is");
    assert_eq!(count("7\n07\n7.0\n", 5), (3, 0, 3), "ids are text, not numbers");
    let bytes = replay_trace(&mut &b"\xFF\xFE\n\xFF\xFE\n"[..], 1).unwrap();
    assert_eq!((bytes.requests, bytes.hits), (2, 1), "or not even text");
}

#[test]
fn a_malformed_line_is_named() {
    assert_eq!(refused(b"a\n\nb,4\n"), (3, "names a size, those before it do not"));
    assert_eq!(refused(b"a,4\nb\n"), (2, "names no size, those before it do"));
    for bad in ["a,", "a,x", "a,-1", "a,1.5", "a,1,2", "a,1 2", "id,size"] {
        assert_eq!(refused(bad.as_bytes()), (1, "has something other than a number of bytes behind its comma"), "{bad}");
    }
    assert_eq!(refused(b"ok,1\n,5\n"), (2, "has no id before its comma"));
    assert_eq!(refused(b"a,18446744073709551616"), (1, "names more bytes than fit in 64 bits"));
    assert_eq!(refused(&vec![b'x'; LONGEST + 1]), (1, "is longer than 64 KiB"));
    let most = u64::MAX;
    assert_eq!(count(&format!("a,{most}\nb,1\nb,{most}\na,1\n"), most), (4, 1, 3), "sums beyond 64 bits");
}

/// The same, written as a person would on paper: the front of the list is the least recently used.
fn on_paper(trace: &[(u8, Option<u64>)], capacity: u64) -> (u64, u64) {
    let (mut list, mut hits, mut misses): (VecDeque<(u8, u64)>, u64, u64) = (VecDeque::new(), 0, 0);
    for (id, size) in trace {
        let weight = size.unwrap_or(1);
        let sum = |list: &VecDeque<(u8, u64)>| list.iter().map(|(_, weight)| weight).sum::<u64>();
        match list.iter().position(|(held, _)| held == id) {
            Some(at) => {
                hits += 1;
                list.remove(at);
                list.push_back((*id, weight));
            }
            None => {
                misses += 1;
                if weight > capacity {
                    continue;
                }
                while sum(&list) + weight > capacity {
                    list.pop_front();
                }
                list.push_back((*id, weight));
            }
        }
        while sum(&list) > capacity {
            list.pop_front();
        }
    }
    (hits, misses)
}

proptest! {
    #[test]
    fn any_trace_counts_as_on_paper(
        ids in proptest::collection::vec((0_u8..24, 0_u64..40), 0..400),
        capacity in 0_u64..120,
        sized: bool,
        ends in proptest::collection::vec(prop_oneof![Just("\n"), Just("\r\n"), Just("\n\n")], 1..5),
    ) {
        let trace: Vec<(u8, Option<u64>)> = ids.into_iter().map(|(id, size)| (id, sized.then_some(size))).collect();
        let mut text = String::new();
        for ((id, size), end) in trace.iter().zip(ends.iter().cycle()) {
            text += &size.map_or_else(|| format!("id-{id}{end}"), |size| format!("id-{id},{size}{end}"));
        }
        let count = replay_trace(&mut text.as_bytes(), capacity).unwrap();
        prop_assert_eq!((count.hits, count.misses), on_paper(&trace, capacity));
        prop_assert_eq!(count.requests, trace.len() as u64);
    }
}
