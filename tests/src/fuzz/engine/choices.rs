//! Choices read from bytes.

/// What is left to choose from.
pub(super) struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte; 0 when there is none.
    pub(super) const fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    /// A number below `bound`, which is small.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()).checked_rem(bound).unwrap_or(0)
    }

    /// Yes, in so many of 256 cases; no when there are no more choices.
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
    pub(super) fn word(&mut self, all: &[&'static str]) -> &'static str {
        self.pick::<&str>(all)
    }

    /// Some bytes as they are, at most 255.
    pub(super) fn raw(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte());
        let (raw, rest) = self.0.split_at_checked(length).unwrap_or((self.0, &[]));
        self.0 = rest;
        raw
    }
}
