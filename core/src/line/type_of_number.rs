//! The attribute `typeOfNumber` of a device identifier (ECMA-323, `DeviceID` and `LocalDeviceID`).

use crate::wire::csta::model::Device;

/// A value of `typeOfNumber`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TypeOfNumber {
    /// None was given, which means `dialingNumber`.
    #[default]
    Unstated,
    /// A value with this index in [`VALUES`].
    Stated(u8),
}

/// The type of an identifier that is only valid in one call, and only as a part of a ConnectionID.
pub(crate) const DYNAMIC: &str = "dynamic";

/// The type of a number that begins with a country code.
pub(crate) const INTERNATIONAL: &str = "explicitPublic:international";

/// The values of the schema, and one that some peers use though the schema does not have it (`deviceID`).
pub(crate) const VALUES: [&str; 20] = [
    "dialingNumber",
    "deviceNumber",
    "implicitPublic",
    "explicitPublic:unknown",
    INTERNATIONAL,
    "explicitPublic:national",
    "explicitPublic:networkspecific",
    "explicitPublic:subscriber",
    "explicitPublic:abbreviated",
    "implicitPrivate",
    "explicitPrivate:unknown",
    "explicitPrivate:level3RegionalNumber",
    "explicitPrivate:level2RegionalNumber",
    "explicitPrivate:level1RegionalNumber",
    "explicitPrivate:pTNSpecificNumber",
    "explicitPrivate:localNumber",
    "explicitPrivate:abbreviated",
    "other",
    DYNAMIC,
    "deviceID",
];

impl TypeOfNumber {
    /// Returns the type of a device. A value that no table knows counts as none.
    pub(crate) fn of(device: Device<'_>) -> Self {
        let Some(word) = device.type_of_number else { return Self::Unstated };
        let known = VALUES.iter().zip(0..).find(|(value, _)| **value == word);
        known.map_or(Self::Unstated, |(_, index)| Self::Stated(index))
    }

    /// Returns the value as the schema spells it, if there is one.
    pub(crate) fn word(self) -> Option<&'static str> {
        match self {
            Self::Unstated => None,
            Self::Stated(index) => VALUES.get(usize::from(index)).copied(),
        }
    }
}
