//! Finds handles by keyed hashes ([`crate::entropy::Entropy::key`]): a table with open addresses, the same on every
//! machine. With 100,000 entries a look-up touches one or two lines of memory, where a tree touches several on its way.

use alloc::vec::Vec;

use crate::slots::Handle;

/// The places of the smallest table; a power of two, as all sizes are.
const LEAST: usize = 16;

type Place<T> = Option<(u128, Handle<T>)>;

/// Handles by keys that nobody can steer. At most half of its places are taken; it never shrinks.
pub(crate) struct Index<T> {
    places: Vec<Place<T>>,
    len: usize,
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Self { places: Vec::new(), len: 0 }
    }
}

impl<T> Index<T> {
    /// How many keys there are.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The handle under `key`.
    pub(crate) fn get(&self, key: u128) -> Option<Handle<T>> {
        let (_, handle) = (*self.places.get(self.find(key)?)?)?;
        Some(handle)
    }

    /// Puts `handle` under `key`, in place of what was there.
    pub(crate) fn insert(&mut self, key: u128, handle: Handle<T>) {
        if self.len.saturating_mul(2) >= self.places.len() {
            self.grow();
        }
        self.put(key, handle);
    }

    /// Forgets `key`, if it is `handle` that it leads to.
    pub(crate) fn remove(&mut self, key: u128, handle: Handle<T>) {
        if self.get(key) != Some(handle) {
            return;
        }
        let Some(mut hole) = self.find(key) else { return };
        // Whatever stands further from its home than the hole does moves back into it, so that no search ends too soon.
        let mut next = self.behind(hole);
        while let Some((moved, _)) = self.places.get(next).copied().flatten() {
            let from_home = self.distance(self.home(moved), next);
            if from_home >= self.distance(hole, next) {
                self.places.swap(hole, next);
                hole = next;
            }
            next = self.behind(next);
        }
        if let Some(place) = self.places.get_mut(hole) {
            *place = None;
        }
        self.len = self.len.saturating_sub(1);
    }

    /// Where `key` stands, or the vacant place where it would; `None` only in a table without places.
    fn find(&self, key: u128) -> Option<usize> {
        let mut at = self.home(key);
        loop {
            match self.places.get(at)? {
                Some((other, _)) if *other != key => at = self.behind(at),
                Some(_) | None => return Some(at),
            }
        }
    }

    fn put(&mut self, key: u128, handle: Handle<T>) {
        if let Some(at) = self.find(key)
            && let Some(place) = self.places.get_mut(at)
        {
            self.len = self.len.saturating_add(usize::from(place.is_none()));
            *place = Some((key, handle));
        }
    }

    fn grow(&mut self) {
        let size = self.places.len().saturating_mul(2).max(LEAST);
        let before = core::mem::replace(&mut self.places, alloc::vec![None; size]);
        self.len = 0;
        for (key, handle) in before.into_iter().flatten() {
            self.put(key, handle);
        }
    }

    fn home(&self, key: u128) -> usize {
        let low = usize::try_from(key & u128::from(u32::MAX)).unwrap_or(0);
        low & self.places.len().wrapping_sub(1)
    }

    fn behind(&self, at: usize) -> usize {
        at.wrapping_add(1) & self.places.len().wrapping_sub(1)
    }

    /// How many steps forward it is from one place to another.
    fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & self.places.len().wrapping_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use super::*;

    #[test]
    fn it_finds_what_a_map_finds_whatever_is_inserted_and_removed() {
        let mut index = Index::<u8>::default();
        let mut map = BTreeMap::new();
        let mut state = 1_u64;
        for round in 0..20_000_u64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Few homes, so that there are long runs which meet and wrap around.
            let key = u128::from(state >> 60) | u128::from(state >> 40 & 31) << 64 | (u128::MAX << 124);
            let handle = Handle::from_number(round);
            match (state >> 33) % 3 {
                0 => {
                    index.insert(key, handle);
                    map.insert(key, handle);
                }
                1 => index.remove(key, handle),
                _ => {
                    if let Some(known) = map.remove(&key) {
                        index.remove(key, known);
                    }
                }
            }
            assert_eq!((index.get(key), index.len()), (map.get(&key).copied(), map.len()));
        }
        assert!(map.iter().all(|(key, handle)| index.get(*key) == Some(*handle)));
        assert!(map.len() > 50, "there were long runs: {}", map.len());
    }

    #[test]
    fn an_empty_index_finds_nothing_and_takes_no_memory() {
        let mut index = Index::<u8>::default();
        index.remove(7, Handle::from_number(7));
        assert_eq!((index.get(7), index.len(), index.places.capacity()), (None, 0, 0));
    }
}
