//! The choice between several devices with the same line (system requirement L3).

use crate::line::directory::DeviceKind;

/// The server that users sign in through, which decides how a device is chosen if a line is on several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerType {
    /// Live Communications Server: a soft phone that is registered, else the hard phone.
    Lcs,
    /// Office Communications Server and later: the user has to select one.
    #[default]
    Ocs,
}

/// Whether a device is registered at the phone system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registered {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// Nobody asked yet.
    NotAsked,
}

/// A line appearance that may be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// The kind of its device.
    pub(super) kind: DeviceKind,
    /// Whether its device is registered.
    pub(super) registered: Registered,
}

/// Which of the candidates is meant, by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preferred {
    /// There is only this one.
    Only(usize),
    /// The only soft phone that is registered.
    SoftPhone(usize),
    /// The only hard phone; no soft phone is registered.
    HardPhone(usize),
    /// It depends on whether this one is registered.
    Depends(usize),
    /// Several could be meant.
    Ambiguous,
}

/// Chooses among the candidates.
pub(super) fn choose(server: ServerType, candidates: &[Candidate]) -> Preferred {
    if candidates.len() == 1 {
        return Preferred::Only(0);
    }
    if server == ServerType::Ocs {
        return Preferred::Ambiguous;
    }
    let soft = |registered| {
        let wanted = Candidate { kind: DeviceKind::Soft, registered };
        candidates.iter().enumerate().filter(move |(_, one)| **one == wanted).map(|(index, _)| index)
    };
    if let Some(first) = soft(Registered::NotAsked).next() {
        return Preferred::Depends(first);
    }
    let mut registered = soft(Registered::Yes);
    match (registered.next(), registered.next()) {
        (Some(only), None) => return Preferred::SoftPhone(only),
        (Some(_), Some(_)) => return Preferred::Ambiguous,
        (None, _) => {}
    }
    let mut hard = candidates.iter().enumerate().filter(|(_, one)| one.kind == DeviceKind::Hard);
    match (hard.next(), hard.next()) {
        (Some((only, _)), None) => Preferred::HardPhone(only),
        _ => Preferred::Ambiguous,
    }
}
