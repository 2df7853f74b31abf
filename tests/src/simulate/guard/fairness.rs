//! Sessions go to the connections in service in turn: while the same are in service, the turns that each has had differ
//! by at most one.

use std::collections::BTreeMap;

use crate::simulate::seen::Seen;

/// How many turns each place has had since the set in service changed.
#[derive(Debug, Default)]
pub(super) struct Fairness {
    turns: BTreeMap<u8, u64>,
}

impl Fairness {
    /// Looks at one step.
    ///
    /// # Errors
    /// What is unfair.
    pub(super) fn check(&mut self, before: &Seen, now: &Seen) -> Result<(), String> {
        if !before.in_service().eq(self.turns.keys().copied()) {
            self.turns = before.in_service().map(|place| (place, 0)).collect();
        }
        let mut turned = false;
        for session in &now.sessions {
            let held = before.session(session.handle).and_then(|session| session.connection);
            let Some((place, _)) = session.connection.filter(|connection| Some(*connection) != held) else {
                continue;
            };
            turned = true;
            match self.turns.get_mut(&place) {
                Some(turns) => *turns = turns.saturating_add(1),
                None => {
                    return Err(format!(
                        "a session goes to place {place}, which is out of service: {session:?}"
                    ));
                }
            }
        }
        let (least, most) = (self.turns.values().min(), self.turns.values().max());
        match (least, most) {
            (Some(least), Some(most)) if turned && most.saturating_sub(*least) > 1 => {
                Err(format!("round robin is unfair: turns by place {:?}", self.turns))
            }
            _ => Ok(()),
        }
    }
}
