//! State fingerprints: written field by field as fixed-width little-endian, so that they are equal on every machine.

use core::hash::Hasher as _;

use siphasher::sip::SipHasher13;

/// Collects a state's fields into one fingerprint. Never fed from `derive(Hash)`, whose layout is not promised.
pub struct Digester(SipHasher13);

impl Default for Digester {
    fn default() -> Self {
        Self::new()
    }
}

impl Digester {
    /// A digester that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self(SipHasher13::new())
    }

    /// Takes a number.
    pub fn number(&mut self, value: u64) {
        self.0.write(&value.to_le_bytes());
    }

    /// Takes bytes, with their count, so that two neighbours cannot be confused.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.0.write(bytes);
    }

    /// Takes text.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Takes a yes or no.
    pub fn flag(&mut self, value: bool) {
        self.number(u64::from(value));
    }

    /// Takes any value that knows its own fields.
    pub fn value<T: Digest + ?Sized>(&mut self, value: &T) {
        value.digest(self);
    }

    /// The fingerprint.
    #[must_use]
    pub fn finish(&self) -> u64 {
        self.0.finish()
    }
}

/// A value that can be fingerprinted. Implementations destructure `self` without `..`, so that a new field cannot be forgotten.
pub trait Digest {
    /// Feeds every field.
    fn digest(&self, digester: &mut Digester);
}

impl Digest for u64 {
    fn digest(&self, digester: &mut Digester) {
        digester.number(*self);
    }
}

impl Digest for u32 {
    fn digest(&self, digester: &mut Digester) {
        digester.number(u64::from(*self));
    }
}

impl Digest for usize {
    fn digest(&self, digester: &mut Digester) {
        digester.number(u64::try_from(*self).unwrap_or(u64::MAX));
    }
}

impl Digest for bool {
    fn digest(&self, digester: &mut Digester) {
        digester.flag(*self);
    }
}

impl Digest for str {
    fn digest(&self, digester: &mut Digester) {
        digester.text(self);
    }
}

impl Digest for alloc::string::String {
    fn digest(&self, digester: &mut Digester) {
        digester.text(self);
    }
}

impl Digest for [u8] {
    fn digest(&self, digester: &mut Digester) {
        digester.bytes(self);
    }
}

impl Digest for crate::time::Instant {
    fn digest(&self, digester: &mut Digester) {
        digester.number(self.as_micros());
    }
}

impl Digest for crate::time::Duration {
    fn digest(&self, digester: &mut Digester) {
        digester.number(self.as_micros());
    }
}

impl Digest for crate::input::LinkId {
    fn digest(&self, digester: &mut Digester) {
        digester.number(self.number());
    }
}

impl Digest for crate::input::ListenerId {
    fn digest(&self, digester: &mut Digester) {
        digester.number(u64::from(self.place()));
    }
}

impl Digest for core::net::IpAddr {
    fn digest(&self, digester: &mut Digester) {
        match self {
            Self::V4(address) => digester.bytes(&address.octets()),
            Self::V6(address) => digester.bytes(&address.octets()),
        }
    }
}

impl Digest for core::net::SocketAddr {
    fn digest(&self, digester: &mut Digester) {
        digester.value(&self.ip());
        digester.number(u64::from(self.port()));
    }
}

impl<T: Digest + ?Sized> Digest for &T {
    fn digest(&self, digester: &mut Digester) {
        (**self).digest(digester);
    }
}

impl<T: Digest + ?Sized> Digest for alloc::boxed::Box<T> {
    fn digest(&self, digester: &mut Digester) {
        (**self).digest(digester);
    }
}

impl<T: Digest> Digest for Option<T> {
    fn digest(&self, digester: &mut Digester) {
        digester.flag(self.is_some());
        if let Some(value) = self {
            value.digest(digester);
        }
    }
}

/// Feeds a sequence: its length, then each item.
pub fn sequence<'a, T: Digest + 'a>(digester: &mut Digester, items: impl ExactSizeIterator<Item = &'a T>) {
    items.len().digest(digester);
    for item in items {
        item.digest(digester);
    }
}
