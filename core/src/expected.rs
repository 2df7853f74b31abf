//! What cannot be missing unless the gateway has a fault.

/// An optional value that is there unless the gateway has a fault.
pub(crate) trait Expected: Sized {
    /// Returns the value unchanged. If there is none, a debug build panics and names `what` is missing; a release build
    /// goes on, and its caller does the least harmful thing.
    #[must_use]
    fn expected(self, what: &'static str) -> Self;
}

impl<T> Expected for Option<T> {
    #[inline]
    #[track_caller]
    fn expected(self, what: &'static str) -> Self {
        debug_assert!(self.is_some(), "missing: {what}");
        self
    }
}
