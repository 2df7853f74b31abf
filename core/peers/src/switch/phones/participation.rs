//! How a party takes part in a call (ECMA-269, participationType).

use ctigate_core::slots::Handle;

use super::{Call, Connection, Party, Phone, Phones, Refusal};

/// What a party hears and says in a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Participation {
    /// It hears the others, and is heard.
    #[default]
    Active,
    /// It hears the others, and is not heard.
    Silent,
    /// It neither hears nor is heard.
    None,
}

ctigate_core::digest! { enum Participation { Active = 0, Silent = 1, None = 2 } }

impl Participation {
    /// The participation that the schema's `ParticipationType` calls by this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "active" => Some(Self::Active),
            "silent" => Some(Self::Silent),
            "none" => Some(Self::None),
            _ => None,
        }
    }

    /// The direction of its media, as the schema's `flowDirection` spells it, if it is not both.
    #[must_use]
    pub const fn flow(self) -> Option<&'static str> {
        match self {
            Self::Active => None,
            Self::Silent => Some("receive"),
            Self::None => Some("none"),
        }
    }

    /// The cause of the event that tells of a party that came into a call, unless it came silently: `usual`.
    pub(super) const fn cause(self, usual: &'static str) -> &'static str {
        match self {
            Self::Silent => "silentParticipation",
            Self::Active | Self::None => usual,
        }
    }
}

impl Connection {
    /// How the party takes part.
    #[must_use]
    pub const fn participation(&self) -> Participation {
        self.participation
    }

    /// Whether others hear the party, as soon as it is connected.
    pub(super) fn talks(&self) -> bool {
        self.participation == Participation::Active
    }
}

impl Call {
    /// The parties between which the call is: without those who only listen, who do not keep it alive.
    pub(super) fn talking(&self) -> impl Iterator<Item = &Connection> {
        self.reached().filter(|connection| connection.talks())
    }
}

impl Phones {
    /// How a party takes part in a call.
    #[must_use]
    pub fn participation(&self, call: Handle<Call>, party: Party) -> Participation {
        let connection = self.call(call).and_then(|call| call.connection(party));
        connection.map(|connection| connection.participation).unwrap_or_default()
    }

    /// Checks that a phone may do what concerns the other parties of a call.
    ///
    /// # Errors
    /// [`Refusal::OnlyListens`].
    pub(super) fn may_act(&self, call: Handle<Call>, phone: Handle<Phone>) -> Result<(), Refusal> {
        match self.participation(call, Party::Phone(phone)) {
            Participation::Active => Ok(()),
            Participation::Silent | Participation::None => Err(Refusal::OnlyListens),
        }
    }
}
