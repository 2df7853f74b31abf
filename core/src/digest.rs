//! State fingerprints: written field by field as fixed-width little-endian, so that they are equal on every machine.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::hash::Hasher as _;

use siphasher::sip::SipHasher13;

/// Combines a state's fields into one fingerprint. Never fed from `derive(Hash)`, whose layout is not guaranteed.
pub struct Digester(SipHasher13);

impl Default for Digester {
    fn default() -> Self {
        Self::new()
    }
}

impl Digester {
    /// A digester that has been fed nothing.
    #[must_use]
    pub fn new() -> Self {
        Self(SipHasher13::new())
    }

    /// Feeds a number.
    pub fn number(&mut self, value: u64) {
        self.0.write(&value.to_le_bytes());
    }

    /// Feeds bytes, preceded by their count, so that the boundary between two neighbours matters.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.0.write(bytes);
    }

    /// Feeds text.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Feeds a flag.
    pub fn flag(&mut self, value: bool) {
        self.number(u64::from(value));
    }

    /// Feeds a value.
    pub fn value<T: Digest + ?Sized>(&mut self, value: &T) {
        value.digest(self);
    }

    /// The fingerprint.
    #[must_use]
    pub fn finish(&self) -> u64 {
        self.0.finish()
    }
}

/// A value that can be fingerprinted. Mostly implemented by [`digest!`](crate::digest!); an implementation by hand also
/// destructures `self` without `..`, so that no new field is forgotten.
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

// Not for u8: a list of u8 is fed as bytes.
impl Digest for u16 {
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

impl<A: Digest, B: Digest> Digest for (A, B) {
    fn digest(&self, digester: &mut Digester) {
        self.0.digest(digester);
        self.1.digest(digester);
    }
}

/// Feeds each item, without their number, which is constant.
impl<T: Digest, const N: usize> Digest for [T; N] {
    fn digest(&self, digester: &mut Digester) {
        for item in self {
            item.digest(digester);
        }
    }
}

impl<T: Digest> Digest for [T] {
    fn digest(&self, digester: &mut Digester) {
        sequence(digester, self.iter());
    }
}

impl<T> Digest for Vec<T>
where
    [T]: Digest,
{
    fn digest(&self, digester: &mut Digester) {
        self.as_slice().digest(digester);
    }
}

impl<T: Digest> Digest for VecDeque<T> {
    fn digest(&self, digester: &mut Digester) {
        sequence(digester, self.iter());
    }
}

impl<T: Digest> Digest for BTreeSet<T> {
    fn digest(&self, digester: &mut Digester) {
        sequence(digester, self.iter());
    }
}

impl<K: Digest, V: Digest> Digest for BTreeMap<K, V> {
    fn digest(&self, digester: &mut Digester) {
        sequence(digester, self.iter());
    }
}

/// Feeds a sequence: its length, then each item.
pub fn sequence<T: Digest>(digester: &mut Digester, items: impl ExactSizeIterator<Item = T>) {
    items.len().digest(digester);
    for item in items {
        item.digest(digester);
    }
}

/// Implements [`Digest`] for a struct or an enum by destructuring it: a field that is not named does not compile. What
/// is named is fed in the order it is named in.
///
/// A field is written as
///
/// - `field`, fed as it is;
/// - `field => expression`, fed as the value of the expression (`field` is bound by reference);
/// - `field: pattern => expression`, the same for what the pattern binds;
/// - `field: _`, left out on purpose.
///
/// Variants of an enum are distinguished by a number (`Variant { field } = 1`), by a name (`enum State, State::name`),
/// or, without either, by what their fields feed.
#[macro_export]
macro_rules! digest {
    (struct $name:ident $(<$of:ident>)? {
        $($field:ident $(: $pattern:pat)? $(=> $form:expr)?),* $(,)?
    }) => {
        impl $(<$of: $crate::digest::Digest>)? $crate::digest::Digest for $name $(<$of>)? {
            fn digest(&self, digester: &mut $crate::digest::Digester) {
                let Self { $($field $(: $pattern)?),* } = self;
                $($crate::digest!(@feed digester, $field $(: $pattern)? $(=> $form)?);)*
            }
        }
    };
    (struct $name:ident ( $($field:ident $(: $pattern:pat)? $(=> $form:expr)?),* $(,)? )) => {
        impl $crate::digest::Digest for $name {
            fn digest(&self, digester: &mut $crate::digest::Digester) {
                let Self($($crate::digest!(@bind $field $(: $pattern)?)),*) = self;
                $($crate::digest!(@feed digester, $field $(: $pattern)? $(=> $form)?);)*
            }
        }
    };
    (enum $name:ident $(, $tag:path)? {
        $($variant:ident
            $({ $($field:ident $(: $pattern:pat)? $(=> $form:expr)?),* $(,)? })?
            $(( $($item:ident $(: $item_pattern:pat)? $(=> $item_form:expr)?),* $(,)? ))?
            $(= $number:literal)?
        ),* $(,)?
    }) => {
        impl $crate::digest::Digest for $name {
            fn digest(&self, digester: &mut $crate::digest::Digester) {
                $(digester.text($tag(self));)?
                match self {
                    $(Self::$variant
                        $({ $($field $(: $pattern)?),* })?
                        $(($($crate::digest!(@bind $item $(: $item_pattern)?)),*))?
                    => {
                        $(digester.number($number);)?
                        $($($crate::digest!(@feed digester, $field $(: $pattern)? $(=> $form)?);)*)?
                        $($($crate::digest!(@feed digester, $item $(: $item_pattern)? $(=> $item_form)?);)*)?
                    })*
                }
            }
        }
    };
    (@bind $field:ident) => { $field };
    (@bind $field:ident: $pattern:pat) => { $pattern };
    (@feed $digester:ident, $field:ident) => { $digester.value($field) };
    (@feed $digester:ident, $field:ident $(: $pattern:pat)? => $form:expr) => { $digester.value(&$form) };
    (@feed $digester:ident, $field:ident: $pattern:pat) => {};
}

#[cfg(test)]
mod tests;
