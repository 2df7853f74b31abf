//! Sessions go to the connections in service in turn: while the same are in service, the turns that each has had differ
//! by at most one. Sessions that the gateway moves by itself have turns of their own.

use std::collections::BTreeMap;

use crate::simulate::seen::Seen;

/// How many turns each place has had since the set in service changed.
#[derive(Debug, Default)]
pub(super) struct Fairness {
    turns: BTreeMap<u8, u64>,
    moves: BTreeMap<u8, u64>,
}

impl Fairness {
    /// Looks at one step.
    ///
    /// # Errors
    /// What is unfair.
    pub(super) fn check(&mut self, before: &Seen, now: &Seen, by_itself: bool) -> Result<(), String> {
        if !before.rotation().eq(self.turns.keys().copied()) {
            self.turns = before.rotation().map(|place| (place, 0)).collect();
            self.moves.clone_from(&self.turns);
        }
        let turns = if by_itself { &mut self.moves } else { &mut self.turns };
        let mut turned = false;
        for session in &now.sessions {
            let held = before.session(session.handle).and_then(|session| session.connection);
            let Some((place, _)) = session.connection.filter(|connection| Some(*connection) != held) else {
                continue;
            };
            turned = true;
            match turns.get_mut(&place) {
                Some(turns) => *turns = turns.saturating_add(1),
                None => {
                    return Err(format!(
                        "a session goes to place {place}, which is out of service: {session:?}"
                    ));
                }
            }
        }
        let (least, most) = (turns.values().min(), turns.values().max());
        match (least, most) {
            (Some(least), Some(most)) if turned && most.saturating_sub(*least) > 1 => {
                Err(format!("round robin is unfair: turns by place {turns:?}"))
            }
            _ => Ok(()),
        }
    }
}
