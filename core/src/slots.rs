//! Tables with a limit, whose handles carry a generation: a stale handle finds nothing, never somebody else's entry.
//! Each table keeps the fingerprint of its contents up to date, at the cost of the entries touched.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use slab::Slab;

use crate::digest::{Digest, Digester};

/// The place of an entry, `#slot.generation`. Outlives the entry without harm.
pub struct Handle<T> {
    slot: u32,
    generation: u32,
    of: PhantomData<fn() -> T>,
}

impl<T> Handle<T> {
    /// The handle that [`Handle::number`] was made of; whether it finds anything is the table's to say.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        let [s0, s1, s2, s3, high @ ..] = number.to_le_bytes();
        Self {
            slot: u32::from_le_bytes([s0, s1, s2, s3]),
            generation: u32::from_le_bytes(high),
            of: PhantomData,
        }
    }

    /// Both halves in one number, for wire identifiers.
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

/// In this order, so that whether a slot is taken, its generation and what `T` has first are fetched together.
#[repr(C)]
struct Entry<T> {
    /// The fingerprint that is part of the table's sum, once it is.
    counted: Option<u64>,
    generation: u32,
    value: T,
}

/// A table of at most `limit` entries.
pub struct Slots<T> {
    entries: Slab<Entry<T>>,
    limit: usize,
    next_generation: u32,
    /// The sum of all `counted`.
    sum: u64,
    /// The slots touched since the last fold, each once.
    touched: Vec<u32>,
    /// A bit for each slot: whether it is in `touched`.
    marked: Vec<u64>,
    /// One more than the highest slot ever used.
    used: u32,
}

/// Where a slot's mark is: the place of its word, and the bit in it.
fn mark_of(slot: u32) -> (usize, u64) {
    (usize::try_from(slot / u64::BITS).unwrap_or(usize::MAX), 1 << (slot % u64::BITS))
}

/// The table is full; the refusal changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl<T: Digest> Slots<T> {
    /// An empty table of at most `limit` entries.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            entries: Slab::new(),
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
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether there is no room for one more.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.entries.len() >= self.limit
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// [`Full`] when the table holds as many as its limit says.
    pub fn insert(&mut self, value: T) -> Result<Handle<T>, Full> {
        if self.is_full() {
            return Err(Full);
        }
        let generation = self.next_generation;
        let slot = u32::try_from(self.entries.vacant_key()).map_err(|_| Full)?;
        self.next_generation = self.next_generation.wrapping_add(1).max(1);
        self.entries.insert(Entry { counted: None, generation, value });
        self.used = self.used.max(slot.saturating_add(1));
        self.touch(slot);
        Ok(Handle { slot, generation, of: PhantomData })
    }

    /// The entry, unless the handle is stale.
    #[must_use]
    pub fn get(&self, handle: Handle<T>) -> Option<&T> {
        let entry = self.entries.get(usize::try_from(handle.slot).ok()?)?;
        (entry.generation == handle.generation).then_some(&entry.value)
    }

    /// The entry, to be changed, unless the handle is stale.
    pub fn get_mut(&mut self, handle: Handle<T>) -> Option<&mut T> {
        self.get(handle)?;
        self.touch(handle.slot);
        Some(&mut self.entries.get_mut(usize::try_from(handle.slot).ok()?)?.value)
    }

    fn touch(&mut self, slot: u32) {
        let (place, bit) = mark_of(slot);
        if self.marked.len() <= place {
            self.marked.resize(place.saturating_add(1), 0);
        }
        if let Some(marked) = self.marked.get_mut(place)
            && *marked & bit == 0
        {
            *marked |= bit;
            self.touched.push(slot);
        }
    }

    /// Takes the entry out, unless the handle is stale.
    pub fn remove(&mut self, handle: Handle<T>) -> Option<T> {
        self.get(handle)?;
        let entry = self.entries.try_remove(usize::try_from(handle.slot).ok()?)?;
        self.sum = self.sum.wrapping_sub(entry.counted.unwrap_or(0));
        Some(entry.value)
    }

    /// One more than the highest slot ever used: a job walks `at(0)` to `at(slots() - 1)` in portions.
    #[must_use]
    pub const fn slots(&self) -> u32 {
        self.used
    }

    /// The entry now in `slot`, if there is one.
    #[must_use]
    pub fn at(&self, slot: u32) -> Option<Handle<T>> {
        let entry = self.entries.get(usize::try_from(slot).ok()?)?;
        Some(Handle { slot, generation: entry.generation, of: PhantomData })
    }

    /// All entries, in the order of their slots.
    pub fn iter(&self) -> impl Iterator<Item = (Handle<T>, &T)> {
        self.entries.iter().filter_map(|(slot, entry)| {
            let slot = u32::try_from(slot).ok()?;
            Some((Handle { slot, generation: entry.generation, of: PhantomData }, &entry.value))
        })
    }

    fn fingerprint(slot: u32, entry: &Entry<T>) -> u64 {
        let mut digester = Digester::new();
        digester.number(u64::from(slot));
        digester.number(u64::from(entry.generation));
        entry.value.digest(&mut digester);
        digester.finish()
    }

    /// The contents' fingerprint; costs what was touched since the last call.
    pub fn fold(&mut self) -> u64 {
        while let Some(slot) = self.touched.pop() {
            let (place, bit) = mark_of(slot);
            if let Some(marked) = self.marked.get_mut(place) {
                *marked &= !bit;
            }
            let Ok(place) = usize::try_from(slot) else { continue };
            if let Some(entry) = self.entries.get_mut(place) {
                let fresh = Self::fingerprint(slot, entry);
                self.sum = self.sum.wrapping_sub(entry.counted.unwrap_or(0)).wrapping_add(fresh);
                entry.counted = Some(fresh);
            }
        }
        self.sum
    }

    /// The same fingerprint, computed anew.
    #[must_use]
    pub fn recompute(&self) -> u64 {
        self.entries.iter().fold(0, |sum, (slot, entry)| {
            u32::try_from(slot).map_or(sum, |slot| sum.wrapping_add(Self::fingerprint(slot, entry)))
        })
    }
}
