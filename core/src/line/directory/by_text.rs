//! Finding entries by a text, without a search through the list that they are in.

use hashbrown::HashTable;

use super::{fold, number};

/// Of the entries of a list the first with each text. What counts as the same text is for the caller to say; texts that
/// are the same but for their case must be found under either.
#[derive(Clone, Debug)]
pub(super) struct ByText(HashTable<u32>);

impl ByText {
    /// An index of nothing.
    pub(super) const fn new() -> Self {
        Self(HashTable::new())
    }

    /// An index of a list of so many entries; `text` is that of one of them, and equal ones are next to each other.
    pub(super) fn of<'t>(count: usize, text: impl Fn(usize) -> &'t str) -> Self {
        let mut table = HashTable::with_capacity(count);
        let hash_at = |index: &u32| fold::hash(text(super::position(*index)));
        for index in 0..count {
            let is_first = index.checked_sub(1).is_none_or(|before| text(before) != text(index));
            if is_first {
                table.insert_unique(fold::hash(text(index)), number(index), hash_at);
            }
        }
        Self(table)
    }

    /// The first entry with a text, which `is_it` recognizes.
    pub(super) fn find(&self, text: &str, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        let found = self.0.find(fold::hash(text), |index| is_it(super::position(*index)));
        found.map(|index| super::position(*index))
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn every_text_of_a_long_list_is_found_at_its_first_place() {
        let texts: Vec<String> =
            (0..3_000).map(|entry| format!("sip:User.{}@example.com", entry / 2)).collect();
        let index = ByText::of(texts.len(), |entry| &texts[entry]);
        for (entry, text) in texts.iter().enumerate() {
            let first = Some(entry / 2 * 2);
            assert_eq!(index.find(text, |found| texts[found] == *text), first, "{text}");
            let small = text.to_ascii_lowercase();
            assert_eq!(
                index.find(&small, |found| texts[found].eq_ignore_ascii_case(&small)),
                first,
                "{small}"
            );
        }
        assert_eq!(index.find("sip:user.1500@example.com", |_| false), None);
    }
}
