//! Checks the fairness of the rotation: while the same connections are in service, their numbers of turns differ by at
//! most one. Sessions that the gateway moves by itself have a rotation of their own.

use std::collections::BTreeMap;

use crate::simulate::seen::Seen;

/// How many turns each connection has had since the set in service changed.
#[derive(Debug)]
pub(super) struct Fairness {
    /// Whether the gateway moves sessions by itself.
    rebinds: bool,
    turns: BTreeMap<u8, u64>,
    moves: BTreeMap<u8, u64>,
}

impl Fairness {
    pub(super) const fn new(rebinds: bool) -> Self {
        Self { rebinds, turns: BTreeMap::new(), moves: BTreeMap::new() }
    }

    /// Checks one step.
    ///
    /// # Errors
    /// What is unfair.
    pub(super) fn check(&mut self, before: &Seen, now: &Seen) -> Result<(), String> {
        if !before.rotation().eq(self.turns.keys().copied()) {
            self.turns = before.rotation().map(|index| (index, 0)).collect();
            self.moves.clone_from(&self.turns);
        }
        for session in &now.sessions {
            let known = before.session(session.handle);
            let held = known.and_then(|session| session.connection);
            let Some((index, _)) = session.connection.filter(|connection| Some(*connection) != held) else {
                continue;
            };
            let turns = if self.rebinds && known.is_some() { &mut self.moves } else { &mut self.turns };
            match turns.get_mut(&index) {
                Some(turns) => *turns = turns.saturating_add(1),
                None => {
                    return Err(format!(
                        "a session goes to index {index}, which is out of service: {session:?}"
                    ));
                }
            }
            let (least, most) = (turns.values().min(), turns.values().max());
            if most.zip(least).is_some_and(|(most, least)| most - least > 1) {
                return Err(format!("round robin is unfair: turns by index {turns:?}"));
            }
        }
        Ok(())
    }
}
