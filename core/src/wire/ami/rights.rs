//! The rights of a user, as the configuration of Asterisk names them.

/// A set of rights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights(u8);

crate::digest! { struct Rights(bits => u64::from(*bits)) }

/// The names, in the order of the bits.
const NAMES: [&str; 8] = ["system", "call", "user", "agent", "dtmf", "reporting", "originate", "config"];

impl Rights {
    /// No right.
    pub const NONE: Self = Self(0);
    /// `system`.
    pub const SYSTEM: Self = Self(1);
    /// `call`.
    pub const CALL: Self = Self(1 << 1);
    /// `user`.
    pub const USER: Self = Self(1 << 2);
    /// `agent`.
    pub const AGENT: Self = Self(1 << 3);
    /// `dtmf`.
    pub const DTMF: Self = Self(1 << 4);
    /// `reporting`.
    pub const REPORTING: Self = Self(1 << 5);
    /// `originate`.
    pub const ORIGINATE: Self = Self(1 << 6);
    /// `config`.
    pub const CONFIG: Self = Self(1 << 7);

    /// These and those.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether one of `needed` is among these, or none is needed.
    #[must_use]
    pub const fn allow(self, needed: Self) -> bool {
        needed.0 == 0 || self.0 & needed.0 != 0
    }

    /// The rights named in a list with commas, such as a setting `write`. `all` means all;
    /// names of other rights are passed over.
    #[must_use]
    pub fn named(list: &str) -> Self {
        list.split(',').map(str::trim).fold(Self::NONE, |rights, name| {
            let bit = NAMES.iter().position(|known| name.eq_ignore_ascii_case(known));
            match bit {
                Some(bit) => rights.or(Self(1_u8 << bit)),
                None if name.eq_ignore_ascii_case("all") => Self(u8::MAX),
                None => rights,
            }
        })
    }

    /// Their names.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let has = move |(bit, name)| (self.0 & (1_u8 << bit) != 0).then_some(name);
        NAMES.into_iter().enumerate().filter_map(has)
    }
}
