//! An index from keyed hashes ([`crate::entropy::Entropy::key`]) to handles. With 100,000 entries a look-up touches one
//! or two cache lines, where a tree touches several. Nothing iterates over it, so its order does not matter.

use hashbrown::HashTable;

use crate::slots::Handle;

/// Handles by key. A key cannot be predicted by a peer, so it serves as its own hash. It is stored in halves, so that
/// an entry has no padding.
pub(crate) struct Index<T>(HashTable<([u64; 2], Handle<T>)>);

impl<T> Default for Index<T> {
    fn default() -> Self {
        Self(HashTable::new())
    }
}

fn halves(key: u128) -> [u64; 2] {
    [key, key >> 64].map(|half| u64::try_from(half & u128::from(u64::MAX)).unwrap_or(0))
}

const fn hash([half, _]: [u64; 2]) -> u64 {
    half
}

impl<T> Index<T> {
    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The handle under `key`.
    pub(crate) fn get(&self, key: u128) -> Option<Handle<T>> {
        let key = halves(key);
        self.0.find(hash(key), |(other, _)| *other == key).map(|(_, handle)| *handle)
    }

    /// Puts `handle` under `key`, replacing what was there.
    pub(crate) fn insert(&mut self, key: u128, handle: Handle<T>) {
        let key = halves(key);
        self.0
            .entry(hash(key), |(other, _)| *other == key, |(other, _)| hash(*other))
            .and_modify(|entry| entry.1 = handle)
            .or_insert((key, handle));
    }

    /// Removes `key` if it leads to `handle`.
    pub(crate) fn remove(&mut self, key: u128, handle: Handle<T>) {
        let key = halves(key);
        if let Ok(entry) = self.0.find_entry(hash(key), |entry| *entry == (key, handle)) {
            entry.remove();
        }
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
            // Few different hashes, so that many keys share one.
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
        assert!(map.len() > 50, "there were many keys: {}", map.len());
    }

    #[test]
    fn an_empty_index_finds_nothing_and_takes_no_memory() {
        let mut index = Index::<u8>::default();
        index.remove(7, Handle::from_number(7));
        assert_eq!((index.get(7), index.len(), index.0.capacity()), (None, 0, 0));
    }
}
