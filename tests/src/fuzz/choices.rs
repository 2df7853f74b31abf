//! Choices read from bytes.

/// The bytes that are left.
pub(super) struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte; 0 if there is none.
    pub(super) const fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    /// A number below `bound`, which must be small.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()).checked_rem(bound).unwrap_or(0)
    }

    /// True in `of_256` of 256 cases; false if no choices are left.
    pub(super) const fn chance(&mut self, of_256: u8) -> bool {
        !self.is_empty() && self.byte() < of_256
    }

    /// One of `all`.
    ///
    /// # Panics
    /// If there is none.
    #[expect(clippy::expect_used, reason = "lists of choices are constants, and not empty")]
    pub(super) fn pick<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        all.get(self.below(all.len())).expect("something to choose from")
    }

    /// One of `all` words.
    pub(super) fn word<'t>(&mut self, all: &[&'t str]) -> &'t str {
        self.pick::<&str>(all)
    }

    /// Some bytes verbatim: up to 254 after their count, or more after 255 and the two bytes of their count.
    pub(super) fn raw(&mut self) -> &'a [u8] {
        let length = match self.byte() {
            LONG => usize::from(u16::from_be_bytes([self.byte(), self.byte()])),
            short => usize::from(short),
        };
        let (raw, rest) = self.0.split_at_checked(length).unwrap_or((self.0, &[]));
        self.0 = rest;
        raw
    }
}

/// The count after which a longer count follows.
const LONG: u8 = u8::MAX;

/// `before`, then bytes as [`Choices::raw`] reads them, as many as can be counted.
pub(super) fn raw(before: &[u8], bytes: &[u8]) -> Vec<u8> {
    let count = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    let mut out = before.to_vec();
    out.push(LONG);
    out.extend(count.to_be_bytes());
    out.extend(bytes.iter().take(usize::from(count)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_bytes_are_read_as_they_were_written() {
        for length in [0, 1, 254, 255, 256, 5_000, 70_000] {
            let mut written = raw(&[8], &vec![7; length]);
            written.push(9);
            let mut choices = Choices::new(&written);
            assert_eq!(choices.byte(), 8);
            assert_eq!(choices.raw().len(), length.min(65_535));
            assert_eq!(choices.byte(), 9);
        }
        assert_eq!(Choices::new(&[2, 5, 6, 7]).raw(), [5, 6]);
        assert_eq!(Choices::new(&[9, 5]).raw(), [5]);
    }
}
