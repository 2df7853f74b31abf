//! What must come true once the weather is calm.

use std::collections::BTreeMap;

use ctigate_core::engine::View;

use super::Stage;
use crate::simulate::client::Client;
use crate::simulate::plan::{FIRST_PHONE, PHONES};
use crate::simulate::{SECOND, SERVED_WITHIN};
use crate::world::{Fault, World};

impl Stage {
    /// Everybody who wants service has it, within a bounded time.
    ///
    /// # Errors
    /// A fault; that somebody has no service is one.
    pub(in crate::simulate) fn serve(&mut self, world: &mut World, calm_since: u64) -> Result<(), Fault> {
        for client in &mut self.clients {
            if client.plan.stays {
                client.come_back();
                client.doubt();
            } else {
                client.sign_out(world, &self.balancer);
                client.wants = false;
            }
        }
        let limit = calm_since.saturating_add(SERVED_WITHIN);
        self.run_until(world, "every client has service", limit, |stage, _| {
            stage.clients.iter().all(Client::is_served)
        })
        .map_err(|fault| {
            // Whoever waits for an answer has no service: the answer that never came is what is wrong.
            let unanswered = |client: &Client| client.check_answered(world, calm_since).err();
            self.clients.iter().find_map(unanswered).unwrap_or(fault)
        })
    }

    /// Each client's idea of its calls is what the phone system knows.
    ///
    /// # Errors
    /// A fault; a client that believes something else is one.
    pub(in crate::simulate) fn compare(&mut self, world: &mut World) -> Result<(), Fault> {
        for client in &mut self.clients {
            client.hurries = false;
        }
        // Phones that ring by themselves or dial may do so for another while; what was told then arrives.
        let settled = world.now().saturating_add(4 * SECOND);
        self.run_to(world, settled)?;
        // A client that had to begin anew may find the place taken by its old session, which ends unrefreshed.
        let limit = settled.saturating_add(130 * SECOND);
        if self.has_lost_events(world) {
            for client in &mut self.clients {
                client.doubt();
            }
        }
        self.run_until(world, "every client has service still", limit, |stage, _| {
            stage.clients.iter().all(Client::is_served)
        })?;
        let limit = limit.saturating_add(20 * SECOND);
        self.run_until(world, "every client believes what is", limit, |stage, _| {
            stage.clients.iter().all(|client| stage.difference(client).is_none())
        })
        .map_err(|fault| {
            let told = self.clients.iter().find_map(|client| self.difference(client));
            Fault { what: told.unwrap_or(fault.what), ..fault }
        })?;
        for client in self.clients.iter().filter(|client| client.wants) {
            let calls = u64::try_from(client.believes().count()).unwrap_or(0);
            self.report.compared = self.report.compared.saturating_add(1);
            self.report.compared_calls = self.report.compared_calls.saturating_add(calls);
        }
        Ok(())
    }

    /// Whether a node said that it could not send a client all it should know: a table was full, or the phone system
    /// refused for a while to start a monitor again.
    fn has_lost_events(&self, world: &World) -> bool {
        let lost = ["request_unsent", "event_lost", "call_forgotten", "monitor_unmoved"];
        let mut said = self.nodes.iter().flat_map(|node| world.notices(node.host));
        said.any(|said| lost.contains(&said.name))
    }

    /// In what a client's idea of its calls differs from what the phone system behind its session knows.
    fn difference(&self, client: &Client) -> Option<String> {
        let call_id = client.call_id().filter(|_| client.wants)?;
        let seen = self.nodes.get(client.node()?)?.seen.borrow();
        let connection = seen.of_dialog(call_id).and_then(|session| session.connection);
        let place = connection.map(|(place, _)| usize::from(place));
        let switch = place.and_then(|place| self.plan.switch_of(place))?;
        let first = self.plan.connections.iter().position(|(other, _)| *other == switch)?;
        let number: u64 = client.plan.number.parse().ok()?;
        let calls = self.switches.get(switch)?.calls.borrow();
        let own = calls.now.iter().filter(|(phone, _, _)| *phone == number);
        let knows: BTreeMap<String, &str> =
            own.map(|(_, call, state)| (format!("{first}_{call}"), *state)).collect();
        let believes: BTreeMap<String, &str> =
            client.believes().map(|(call, state)| (call.to_owned(), state)).collect();
        (knows != believes).then(|| {
            let user = &client.plan.user;
            format!("{user} believes {believes:?}, the phone system knows {knows:?}\n{}", client.scene())
        })
    }

    /// All hang up and sign out, and every table is empty.
    ///
    /// # Errors
    /// A fault; anything that is left is one.
    pub(in crate::simulate) fn leave(&mut self, world: &mut World, calm_since: u64) -> Result<(), Fault> {
        for phone in FIRST_PHONE..FIRST_PHONE.saturating_add(PHONES) {
            for switch in 0..self.switches.len() {
                // Once for each line.
                for _ in 0..3 {
                    self.tell_switch(world, switch, &format!("hangup {phone}"));
                }
            }
        }
        let soon = world.now().saturating_add(SECOND);
        self.run_to(world, soon)?;
        for client in &mut self.clients {
            client.sign_out(world, &self.balancer);
            client.wants = false;
        }
        let limit = world.now().saturating_add(40 * SECOND);
        self.run_until(world, "every request is answered or given up", limit, |stage, _| {
            stage.clients.iter().all(Client::is_idle)
        })?;
        for client in &self.clients {
            client.check_answered(world, calm_since)?;
            client.hang_up(world);
        }
        // Sessions that nobody speaks of any more end 90 s after their last refresh, and transactions 32 s after that.
        let limit = world.now().saturating_add(140 * SECOND);
        let emptied =
            self.run_until(world, "every table is empty", limit, |stage, world| stage.left(world).is_none());
        emptied.map_err(|fault| {
            let told = self.left(world);
            Fault {
                what: told.map_or(fault.what.clone(), |told| format!("{told}\n{}", world.scene())),
                ..fault
            }
        })
    }

    /// What is left anywhere.
    fn left(&self, world: &World) -> Option<String> {
        for (place, node) in self.nodes.iter().enumerate() {
            let seen = node.seen.borrow();
            let View { links, .. } = seen.view;
            let empty = View { links, timers: seen.connections.len(), ..View::default() };
            if seen.view != empty {
                return Some(format!("node {place} still holds {:?}", seen.view));
            }
        }
        for (place, switch) in self.switches.iter().enumerate() {
            let counts = switch.calls.borrow().counts;
            if counts.is_none_or(|counts| counts.calls > 0) {
                return Some(format!("calls are left at phone system {place}: {counts:?}"));
            }
            if counts.is_some_and(|counts| counts.monitors > 0) && !self.may_leave_monitors(world) {
                return Some(format!("monitors are left at a phone system: {place}, {counts:?}"));
            }
        }
        None
    }

    /// A request that a phone system did not take, did not answer or answered wrongly may have left something there;
    /// that was said.
    fn may_leave_monitors(&self, world: &World) -> bool {
        let given_up = ["monitor_left_behind", "service_timed_out"];
        let said = self.nodes.iter().flat_map(|node| world.notices(node.host));
        said.into_iter().any(|said| given_up.contains(&said.name))
            || self.report.happened.keys().any(|kind| kind.starts_with("SwitchWrong"))
    }
}
