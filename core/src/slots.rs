//! Tables with a limit, whose handles carry a generation, so that a stale handle finds nothing rather than another
//! entry. Each table keeps the fingerprint of its contents up to date; that costs as much as the entries touched.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use slab::Slab;

use crate::digest::{Digest, Digester};

/// Identifies an entry, `#slot.generation`. It may outlive the entry.
pub struct Handle<T> {
    slot: u32,
    generation: u32,
    of: PhantomData<fn() -> T>,
}

/// A handle of an entry in a table that the handle does not name: its holder knows which.
pub(crate) type AnyHandle = Handle<()>;

impl<T> Handle<T> {
    /// The handle that [`Handle::number`] returned `number` for.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        let [s0, s1, s2, s3, high @ ..] = number.to_le_bytes();
        Self {
            slot: u32::from_le_bytes([s0, s1, s2, s3]),
            generation: u32::from_le_bytes(high),
            of: PhantomData,
        }
    }

    /// The same handle, with another type of entry: for queues that name entries of several tables.
    #[must_use]
    pub const fn cast<U>(self) -> Handle<U> {
        Handle { slot: self.slot, generation: self.generation, of: PhantomData }
    }

    /// Slot and generation in one number, for identifiers on the wire.
    #[must_use]
    pub fn number(self) -> u64 {
        (u64::from(self.generation) << 32) | u64::from(self.slot)
    }
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Handle<T> {}

impl<T> PartialEq for Handle<T> {
    fn eq(&self, other: &Self) -> bool {
        self.slot == other.slot && self.generation == other.generation
    }
}

impl<T> Eq for Handle<T> {}

impl<T> PartialOrd for Handle<T> {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Handle<T> {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        (self.slot, self.generation).cmp(&(other.slot, other.generation))
    }
}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<T> fmt::Display for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}.{}", self.slot, self.generation)
    }
}

impl<T> Digest for Handle<T> {
    fn digest(&self, digester: &mut Digester) {
        digester.number(self.number());
    }
}

/// The order of the fields puts the occupancy, the generation and the first fields of `T` into one cache line, at whose
/// beginning the entry is aligned.
#[repr(C, align(64))]
struct Entry<T> {
    /// The fingerprint of the entry that is included in the table's sum, if one is.
    counted: Option<u64>,
    generation: u32,
    value: T,
}

/// The number of entries in a piece of a table.
const PIECE: usize = 256;

/// A table of at most `limit` entries. It grows by pieces and never moves an entry, so that the cost of growing does
/// not depend on the number of entries.
pub struct Slots<T> {
    pieces: Vec<Slab<Entry<T>>>,
    /// The indexes of the pieces that have room; the last is filled first.
    open: Vec<usize>,
    count: usize,
    limit: usize,
    next_generation: u32,
    /// The sum of all `counted`.
    sum: u64,
    /// The slots touched since the last fold, each once.
    touched: Vec<u32>,
    /// One bit per slot: whether it is in `touched`.
    marked: Vec<u64>,
    /// One more than the highest slot ever used.
    used: u32,
}

/// The piece of a slot, and the index in that piece.
fn piece_of(slot: u32) -> Option<(usize, usize)> {
    let slot = usize::try_from(slot).ok()?;
    Some((slot / PIECE, slot % PIECE))
}

/// The index of the word with a slot's mark, and the bit in that word.
fn mark_of(slot: u32) -> (usize, u64) {
    (usize::try_from(slot / u64::BITS).unwrap_or(usize::MAX), 1 << (slot % u64::BITS))
}

/// The table is full and was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl<T: Digest> Slots<T> {
    /// An empty table of at most `limit` entries.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            pieces: Vec::new(),
            open: Vec::new(),
            count: 0,
            limit,
            next_generation: 1,
            sum: 0,
            touched: Vec::new(),
            marked: Vec::new(),
            used: 0,
        }
    }

    /// How many entries there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no entry.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether there is no room for another entry.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.count >= self.limit
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// [`Full`] if the table has reached its limit.
    pub fn insert(&mut self, value: T) -> Result<Handle<T>, Full> {
        if self.is_full() {
            return Err(Full);
        }
        let index = self.open_piece();
        let piece = self.pieces.get_mut(index).ok_or(Full)?;
        let slot = u32::try_from(index * PIECE + piece.vacant_key()).map_err(|_| Full)?;
        let generation = self.next_generation;
        self.next_generation = self.next_generation.wrapping_add(1).max(1);
        piece.insert(Entry { counted: None, generation, value });
        if piece.len() == PIECE {
            self.open.pop();
        }
        self.count += 1;
        self.used = self.used.max(slot.saturating_add(1));
        self.touch(slot);
        Ok(Handle { slot, generation, of: PhantomData })
    }

    /// The index of a piece with room.
    fn open_piece(&mut self) -> usize {
        if let Some(index) = self.open.last() {
            return *index;
        }
        let index = self.pieces.len();
        self.pieces.push(Slab::with_capacity(PIECE.min(self.limit - self.count)));
        self.open.push(index);
        index
    }

    fn entry(&self, slot: u32) -> Option<&Entry<T>> {
        let (piece, index) = piece_of(slot)?;
        self.pieces.get(piece)?.get(index)
    }

    fn entry_mut(&mut self, slot: u32) -> Option<&mut Entry<T>> {
        let (piece, index) = piece_of(slot)?;
        self.pieces.get_mut(piece)?.get_mut(index)
    }

    /// All entries, with their slots.
    fn entries(&self) -> impl Iterator<Item = (u32, &Entry<T>)> {
        self.pieces.iter().enumerate().flat_map(|(piece, entries)| {
            entries
                .iter()
                .filter_map(move |(index, entry)| Some((u32::try_from(piece * PIECE + index).ok()?, entry)))
        })
    }

    /// The entry, unless the handle is stale.
    #[must_use]
    pub fn get(&self, handle: Handle<T>) -> Option<&T> {
        let entry = self.entry(handle.slot)?;
        (entry.generation == handle.generation).then_some(&entry.value)
    }

    /// The entry, for changing it, unless the handle is stale.
    pub fn get_mut(&mut self, handle: Handle<T>) -> Option<&mut T> {
        self.get(handle)?;
        self.touch(handle.slot);
        Some(&mut self.entry_mut(handle.slot)?.value)
    }

    fn touch(&mut self, slot: u32) {
        let (index, bit) = mark_of(slot);
        if self.marked.len() <= index {
            self.marked.resize(index.saturating_add(1), 0);
        }
        if let Some(marked) = self.marked.get_mut(index)
            && *marked & bit == 0
        {
            *marked |= bit;
            self.touched.push(slot);
        }
    }

    /// Removes the entry and returns it, unless the handle is stale.
    pub fn remove(&mut self, handle: Handle<T>) -> Option<T> {
        self.get(handle)?;
        let (index, slot) = piece_of(handle.slot)?;
        let piece = self.pieces.get_mut(index)?;
        if piece.len() == PIECE {
            self.open.push(index);
        }
        let entry = piece.try_remove(slot)?;
        self.count -= 1;
        self.sum = self.sum.wrapping_sub(entry.counted.unwrap_or(0));
        Some(entry.value)
    }

    /// One more than the highest slot ever used. A job visits `at(0)` to `at(slots() - 1)` in portions.
    #[must_use]
    pub const fn slots(&self) -> u32 {
        self.used
    }

    /// The handle of the entry in `slot`, if there is one.
    #[must_use]
    pub fn at(&self, slot: u32) -> Option<Handle<T>> {
        let entry = self.entry(slot)?;
        Some(Handle { slot, generation: entry.generation, of: PhantomData })
    }

    /// All entries, in the order of their slots.
    pub fn iter(&self) -> impl Iterator<Item = (Handle<T>, &T)> {
        self.entries().map(|(slot, entry)| {
            (Handle { slot, generation: entry.generation, of: PhantomData }, &entry.value)
        })
    }

    fn fingerprint(slot: u32, entry: &Entry<T>) -> u64 {
        let mut digester = Digester::new();
        digester.number(u64::from(slot));
        digester.number(u64::from(entry.generation));
        entry.value.digest(&mut digester);
        digester.finish()
    }

    /// The fingerprint of the contents; costs as much as the entries touched since the last call.
    pub fn fold(&mut self) -> u64 {
        while let Some(slot) = self.touched.pop() {
            let (index, bit) = mark_of(slot);
            if let Some(marked) = self.marked.get_mut(index) {
                *marked &= !bit;
            }
            if let Some(entry) = self.entry_mut(slot) {
                let fresh = Self::fingerprint(slot, entry);
                let before = entry.counted.replace(fresh).unwrap_or(0);
                self.sum = self.sum.wrapping_sub(before).wrapping_add(fresh);
            }
        }
        self.sum
    }

    /// The same fingerprint, recomputed from all entries.
    #[must_use]
    pub fn recompute(&self) -> u64 {
        self.entries().fold(0, |sum, (slot, entry)| sum.wrapping_add(Self::fingerprint(slot, entry)))
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use super::*;

    #[test]
    fn it_holds_what_a_map_holds_and_no_stale_handle_finds_anything() {
        let limit = 3 * PIECE + 10;
        let (mut table, mut map, mut stale) = (Slots::new(limit), BTreeMap::new(), Vec::new());
        let mut dice = 1_u64;
        for round in 0..20_000_u64 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // First more entries are added than removed, then the reverse, and so on.
            let adds = (dice >> 33) % 8 < if (round / 3_000) % 2 == 0 { 5 } else { 3 };
            if adds {
                match table.insert(round) {
                    Ok(handle) => assert_eq!(map.insert(handle, round), None),
                    Err(Full) => assert_eq!(map.len(), limit),
                }
            } else if let Some(handle) =
                map.keys().nth(usize::try_from(dice >> 40).unwrap() % map.len().max(1))
            {
                let handle = *handle;
                assert_eq!(table.remove(handle), map.remove(&handle));
                stale.push(handle);
            }
            assert_eq!((table.len(), table.is_full()), (map.len(), map.len() == limit));
        }
        let used = usize::try_from(table.slots()).unwrap();
        assert!(used > 2 * PIECE && used <= limit, "several pieces were used, and none in vain: {used}");
        assert!(
            table.iter().map(|(handle, value)| (handle, *value)).eq(map.clone()),
            "in the order of slots"
        );
        for handle in stale {
            assert_eq!(table.get(handle), None);
            assert_eq!(table.get_mut(handle), None);
            assert_eq!(table.remove(handle), None);
        }
        for (handle, value) in &map {
            assert_eq!((table.get(*handle), table.at(handle.slot)), (Some(value), Some(*handle)));
            *table.get_mut(*handle).unwrap() += 1;
        }
        assert!(map.iter().all(|(handle, value)| table.get(*handle) == Some(&(value + 1))));
        assert_eq!((table.len(), table.fold()), (map.len(), table.recompute()));
    }

    #[test]
    fn an_entry_begins_a_line_of_memory_and_its_piece_is_made_whole_so_that_it_is_never_moved() {
        assert_eq!((align_of::<Entry<u8>>(), align_of::<Entry<u64>>()), (64, 64));
        let mut table = Slots::new(4 * PIECE);
        let rooms = |table: &Slots<u64>| -> Vec<_> { table.pieces.iter().map(Slab::capacity).collect() };
        table.insert(0).unwrap();
        assert_eq!(rooms(&table), [PIECE], "before there is need of more than one");
        while table.insert(0).is_ok() {}
        assert_eq!((table.len(), rooms(&table)), (4 * PIECE, [PIECE; 4].to_vec()));
    }

    #[test]
    fn the_fingerprint_that_is_kept_is_the_one_that_is_computed_anew() {
        let mut table = Slots::new(2 * PIECE);
        let handles: Vec<_> = (0..2 * PIECE).map(|_| table.insert(0_u64).unwrap()).collect();
        let mut before = table.fold();
        assert_eq!(before, table.recompute());
        for (index, handle) in handles.into_iter().enumerate() {
            match index % 4 {
                0 => drop(table.remove(handle)),
                1 => *table.get_mut(handle).unwrap() += 1,
                // Removed before its change was included in the sum.
                2 => {
                    *table.get_mut(handle).unwrap() += 1;
                    table.remove(handle);
                }
                _ => {
                    table.remove(handle);
                    table.insert(0).unwrap();
                }
            }
            let after = table.fold();
            assert_eq!(after, table.recompute(), "{index}");
            assert_ne!(after, before, "{index}: what was changed shows");
            before = after;
        }
    }

    #[test]
    fn a_table_takes_as_many_entries_as_its_limit_says() {
        for limit in [0, 1, PIECE - 1, PIECE, PIECE + 1] {
            let mut slots = Slots::new(limit);
            let handles: Vec<_> = (0..limit).map(|_| slots.insert(0_u64).unwrap()).collect();
            assert_eq!(slots.insert(0), Err(Full), "{limit}");
            for handle in handles {
                assert!(slots.remove(handle).is_some() && slots.insert(1).is_ok(), "{limit}");
            }
            assert_eq!(usize::try_from(slots.slots()), Ok(limit), "no slot is used while another is free");
        }
    }
}
