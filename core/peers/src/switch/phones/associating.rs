//! Data that a person or a computer associates with a call (ECMA-269, Associate Data).

use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::model::LocalConnectionState as State;

use super::{Call, Detail, Happening, Kind, Party, Phone, Phones, Refusal};

/// The most octets of one sort of data.
pub const MAX_OCTETS: usize = 64;

/// How data are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As octets, in hexadecimal.
    Octets,
    /// The same, in an element of this name within.
    Within(&'static str),
    /// As text.
    Text,
}

/// A sort of data that a call can have.
#[derive(Debug, PartialEq, Eq)]
pub struct Sort {
    /// What people call it.
    pub key: &'static str,
    /// The member of a request that brings it.
    pub member: &'static str,
    /// The member of an event that tells it.
    pub told: &'static str,
    /// How it is written.
    pub form: Form,
    /// The error where it cannot be read.
    pub invalid: &'static str,
}

const fn sort(
    key: &'static str,
    [member, told]: [&'static str; 2],
    form: Form,
    invalid: &'static str,
) -> Sort {
    Sort { key, member, told, form, invalid }
}

/// All sorts.
pub const SORTS: [Sort; 6] = [
    sort("account", ["accountCode", "accountInfo"], Form::Octets, "invalidAccountCode"),
    sort("auth", ["authCode", "authCode"], Form::Octets, "invalidAuthCode"),
    sort("correlator", ["correlatorData", "correlatorData"], Form::Within("string"), "invalidCorrelatorData"),
    sort("qualifying", ["callQualifyingData", "callQualifyingData"], Form::Octets, "invalidParameterValue"),
    sort("subject", ["subjectOfCall", "subjectOfCall"], Form::Text, "invalidParameterValue"),
    sort("languages", ["languagePreferences", "languagePreferences"], Form::Text, "invalidParameterValue"),
];

/// The data of a call, or what is to be changed of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Data {
    /// The values, in the order of [`SORTS`].
    values: [Option<String>; SORTS.len()],
}

ctigate_core::digest! { struct Data { values } }

impl Data {
    /// No data.
    pub(super) const NONE: Self = Self { values: [const { None }; SORTS.len()] };

    /// Those that `read` finds of each sort.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn read<E>(mut read: impl FnMut(&'static Sort) -> Result<Option<String>, E>) -> Result<Self, E> {
        let mut data = Self::default();
        for (value, sort) in data.values.iter_mut().zip(&SORTS) {
            *value = read(sort)?;
        }
        Ok(data)
    }

    /// One value of a sort.
    #[must_use]
    pub fn of(sort: &Sort, value: String) -> Self {
        let mut data = Self::default();
        let place = data.values.iter_mut().zip(&SORTS).find(|(_, other)| *other == sort);
        if let Some((place, _)) = place {
            *place = Some(value);
        }
        data
    }

    /// What there is, with its sort.
    pub fn present(&self) -> impl Iterator<Item = (&'static Sort, &str)> {
        SORTS.iter().zip(&self.values).filter_map(|(sort, value)| Some((sort, value.as_deref()?)))
    }

    /// The value that an event tells in the member of this name.
    #[must_use]
    pub fn told(&self, member: &str) -> Option<(Form, &str)> {
        self.present().find(|(sort, _)| sort.told == member).map(|(sort, value)| (sort.form, value))
    }

    /// The same, and of what there is not, that of `other`.
    #[must_use]
    pub(super) fn or(mut self, other: Self) -> Self {
        for (value, other) in self.values.iter_mut().zip(other.values) {
            *value = value.take().or(other);
        }
        self
    }

    /// Takes over what is new, and returns it.
    fn update(&mut self, with: Self) -> Self {
        let mut changed = Self::default();
        for ((old, new), change) in self.values.iter_mut().zip(with.values).zip(&mut changed.values) {
            if new.is_some() && *old != new {
                old.clone_from(&new);
                *change = new;
            }
        }
        changed
    }
}

impl Phones {
    /// Associates data with a call; what the call had before of other sorts stays.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] if the phone is not in the call.
    pub fn associate(
        &mut self,
        call: Handle<Call>,
        phone: Handle<Phone>,
        data: Data,
        told: &mut Vec<Happening>,
    ) -> Result<(), Refusal> {
        if self.state(call, phone) == State::Null {
            return Err(Refusal::WrongState);
        }
        let changed = self.calls.get_mut(call).map(|call| call.data.update(data)).unwrap_or_default();
        if changed.present().next().is_some() {
            let party = Party::Phone(phone);
            self.tell_more(call, Kind::CallInformation, party, "", Detail::Data(changed), told);
        }
        Ok(())
    }
}
