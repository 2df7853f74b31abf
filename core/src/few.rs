//! Short lists stored in place. A line mostly has one monitor and one call; stored elsewhere, each would cost one more
//! cache miss when a quiet phone becomes active.

use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};

use crate::digest::{Digest, Digester};

/// A list that mostly has one item.
#[derive(Clone, Debug, Default)]
pub(crate) enum Few<T> {
    #[default]
    None,
    One(T),
    Many(Vec<T>),
}

impl<T> Few<T> {
    /// Appends an item.
    pub(crate) fn push(&mut self, item: T) {
        *self = match core::mem::take(self) {
            Self::None => Self::One(item),
            Self::One(first) => Self::Many(alloc::vec![first, item]),
            Self::Many(mut items) => {
                items.push(item);
                Self::Many(items)
            }
        };
    }

    /// Removes the first item and returns it.
    pub(crate) fn take_first(&mut self) -> Option<T> {
        match self {
            Self::None => None,
            Self::One(_) => match core::mem::take(self) {
                Self::One(only) => Some(only),
                Self::None | Self::Many(_) => None,
            },
            Self::Many(items) => (!items.is_empty()).then(|| items.remove(0)),
        }
    }

    /// Removes the items for which `keep` returns false.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        match self {
            Self::None => {}
            Self::One(only) => {
                if !keep(only) {
                    *self = Self::None;
                }
            }
            Self::Many(items) => items.retain(keep),
        }
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::None => &[],
            Self::One(only) => core::slice::from_ref(only),
            Self::Many(items) => items,
        }
    }
}

impl<T> DerefMut for Few<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match self {
            Self::None => &mut [],
            Self::One(only) => core::slice::from_mut(only),
            Self::Many(items) => items,
        }
    }
}

impl<T: Digest> Digest for Few<T> {
    fn digest(&self, digester: &mut Digester) {
        (**self).digest(digester);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_a_vector_holds_whatever_is_added_and_taken() {
        let (mut few, mut vector) = (Few::default(), Vec::new());
        let mut state = 1_u64;
        for round in 0..10_000_u64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            match (state >> 33) % 5 {
                0 | 1 => {
                    few.push(round);
                    vector.push(round);
                }
                2 => {
                    let first = (!vector.is_empty()).then(|| vector.remove(0));
                    assert_eq!(few.take_first(), first);
                }
                3 => {
                    few.retain(|item| *item % 3 != state >> 62);
                    vector.retain(|item| *item % 3 != state >> 62);
                }
                _ => {
                    for item in few.iter_mut().chain(&mut vector) {
                        *item += 1;
                    }
                }
            }
            assert_eq!(&*few, &*vector);
            if few.is_empty() && (state >> 40) & 1 == 0 {
                few = Few::default();
            }
        }
    }
}
