//! [`digest!`](crate::digest!) feeds what a digest written by hand would feed, in the order in which the fields are
//! named.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;

use super::*;

#[derive(PartialEq)]
struct Plain {
    second: String,
    first: u64,
    left_out: u64,
    pair: (u32, bool),
}

crate::digest! { struct Plain { first, second => second.len(), left_out: _, pair: (one, _) => one } }

#[derive(PartialEq)]
struct Tuple(u64, u64);

crate::digest! { struct Tuple(one, other: _) }

struct Generic<O> {
    owner: Option<O>,
}

crate::digest! { struct Generic<O> { owner } }

#[derive(PartialEq)]
enum Numbered {
    Unit,
    Named { a: u16, b: Vec<u8>, c: bool },
    Of(u32, u64),
}

crate::digest! { enum Numbered { Unit = 7, Named { b, a => a + 1, c: _ } = 8, Of(one, other: _) = 9 } }

enum Called {
    Idle,
    Busy(u64),
}

impl Called {
    const fn name(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Busy(_) => "busy",
        }
    }
}

crate::digest! { enum Called, Called::name { Idle, Busy(since) } }

enum Bare {
    Short(u32),
    Long(u64),
}

crate::digest! { enum Bare { Short(value), Long(value) } }

fn print(value: &(impl Digest + ?Sized)) -> u64 {
    fed(|digester| digester.value(value))
}

fn fed(feed: impl FnOnce(&mut Digester)) -> u64 {
    let mut digester = Digester::new();
    feed(&mut digester);
    digester.finish()
}

fn numbers(numbers: &[u64]) -> u64 {
    fed(|digester| numbers.iter().for_each(|number| digester.number(*number)))
}

#[test]
fn a_struct_feeds_its_fields_in_the_order_they_are_named_in() {
    let plain = |left_out| Plain { second: "four".into(), first: 1, left_out, pair: (3, true) };
    assert_eq!(print(&plain(0)), numbers(&[1, 4, 3]));
    assert!(plain(9) != plain(0));
    assert_eq!(print(&plain(9)), print(&plain(0)), "a field is left out where it says so");
    assert_ne!(print(&Plain { first: 2, ..plain(0) }), print(&plain(0)));
    assert_eq!(print(&Tuple(1, 2)), numbers(&[1]));
    assert_eq!(print(&Generic { owner: Some(5_u32) }), numbers(&[1, 5]));
}

#[test]
fn an_enum_feeds_its_number_or_its_name_and_then_its_fields() {
    assert_eq!(print(&Numbered::Unit), numbers(&[7]));
    let named = |c| Numbered::Named { a: 1, b: alloc::vec![5, 6], c };
    let by_hand = fed(|digester| {
        digester.number(8);
        digester.bytes(&[5, 6]);
        digester.number(2);
    });
    assert_eq!([print(&named(true)), print(&named(false))], [by_hand; 2]);
    assert_eq!(print(&Numbered::Of(3, 4)), numbers(&[9, 3]));
    assert_eq!(print(&Called::Idle), fed(|digester| digester.text("idle")));
    let busy = fed(|digester| {
        digester.text("busy");
        digester.number(4);
    });
    assert_eq!(print(&Called::Busy(4)), busy);
    assert_eq!([print(&Bare::Short(3)), print(&Bare::Long(3))], [numbers(&[3]); 2]);
}

#[test]
fn lists_feed_their_length_and_arrays_of_a_known_length_do_not() {
    let three = numbers(&[3, 1, 2, 3]);
    assert_eq!(print(&alloc::vec![1_u64, 2, 3]), three);
    assert_eq!(print([1_u32, 2, 3].as_slice()), three);
    assert_eq!(print(&VecDeque::from([1_u16, 2, 3])), three);
    assert_eq!(print(&BTreeSet::from([3_u64, 2, 1])), three);
    assert_eq!(print(&[1_u64, 2, 3]), numbers(&[1, 2, 3]));
    assert_eq!(print(&BTreeMap::from([(4_u64, true), (3, false)])), numbers(&[2, 3, 0, 4, 1]));
    assert_eq!(print(&alloc::vec![1_u8, 2, 3]), fed(|digester| digester.bytes(&[1, 2, 3])));
}
