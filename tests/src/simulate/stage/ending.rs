//! What must be reached once the weather is calm.

use std::collections::{BTreeMap, BTreeSet};

use ctigate_core::engine::View;

use super::Stage;
use crate::simulate::client::belief::number;
use crate::simulate::client::{Client, Place};
use crate::simulate::ledger::DRAINED;
use crate::simulate::plan::{FIRST_PHONE, PHONES};
use crate::simulate::{SECOND, SERVED_WITHIN};
use crate::world::{Fault, World};

/// How long it may take, in calm weather and with everything in service, until clients believe the truth: a link that
/// died silently is detected by its heartbeat (17 s), another is dialled (15 s), and the client refreshes (7 s); or 64
/// events wait for a client that answers none, 2 s each.
const COMPARED_WITHIN: u64 = 140 * SECOND;

impl Stage {
    /// Waits until every client that wants service has it and has refreshed, in bounded time.
    ///
    /// # Errors
    /// A fault; that a client has no service is one.
    pub(in crate::simulate) fn serve(&mut self, world: &mut World, calm_since: u64) -> Result<(), Fault> {
        self.set_dues(world);
        for client in &mut self.clients {
            client.asks = false;
            if client.plan.stays {
                client.come_back();
                client.hasten(world.now());
            } else {
                client.sign_out(world, &self.balancer);
                client.wants = false;
            }
        }
        let limit = calm_since.saturating_add(SERVED_WITHIN);
        self.run_until(world, "every client has service", limit, |stage, _| {
            stage.clients.iter().all(|client| client.is_served_since(calm_since))
        })
        .map_err(|fault| {
            // A client that waits for an answer has no service: then the missing answer is the fault.
            let unanswered = |client: &Client| client.check_answered(world, calm_since).err();
            self.clients.iter().find_map(unanswered).unwrap_or(fault)
        })
    }

    /// Checks that each client's idea of its calls is what the phone system knows, or becomes so once it has asked, if
    /// it has an excuse; and with `parties` so for those of its calls: it must know who is in a conference, and of a call
    /// of two who the other is, if it was told that since it was moved last.
    ///
    /// # Errors
    /// A fault; a client that believes something else is one.
    pub(in crate::simulate) fn compare(&mut self, world: &mut World, parties: bool) -> Result<(), Fault> {
        self.refresh_all(world)?;
        let limit = world.now().saturating_add(COMPARED_WITHIN);
        let wrong = |stage: &Self, world: &World, client: &Client| {
            let parties = || stage.wrong_parties(world, client).filter(|_| parties);
            stage.error(world, client).or_else(parties)
        };
        self.run_until(world, "every client believes what it was told", limit, |stage, world| {
            stage.clients.iter().all(|client| wrong(stage, world, client).is_none())
        })
        .map_err(|fault| {
            let told = self.clients.iter().find_map(|client| wrong(self, world, client));
            Fault { what: told.unwrap_or(fault.what), ..fault }
        })?;
        self.note_places();
        if !self.plan.snapshots {
            return Ok(());
        }
        self.ask_where_excused(world)?;
        for client in self.clients.iter().filter(|client| client.wants) {
            let calls = u64::try_from(client.believes().count()).unwrap_or(0);
            self.report.compared = self.report.compared.saturating_add(1);
            self.report.compared_calls = self.report.compared_calls.saturating_add(calls);
        }
        Ok(())
    }

    /// Lets phones that ring or dial finish; then all clients refresh.
    fn refresh_all(&mut self, world: &mut World) -> Result<(), Fault> {
        let settled = world.now().saturating_add(4 * SECOND);
        self.run_to(world, settled)?;
        let limit = settled.saturating_add(60 * SECOND);
        self.run_until(world, "everything has come to its end", limit, |stage, _| stage.is_quiet())?;
        self.check_choices(world)?;
        self.set_dues(world);
        let since = world.now();
        for client in &mut self.clients {
            client.hasten(world.now());
        }
        // A client that had to begin again may find the limit used by its old session, which ends without a refresh.
        let limit = since.saturating_add(130 * SECOND);
        self.run_until(world, "every client has service still", limit, |stage, _| {
            stage.clients.iter().all(|client| client.is_served_since(since))
        })
    }

    /// Lets clients with an excuse ask for their calls; after that all must believe the truth.
    fn ask_where_excused(&mut self, world: &mut World) -> Result<(), Fault> {
        let wait = self.clients.iter().any(|client| client.wants && client.waits_for_old(world));
        if wait {
            let drained = world.now().saturating_add(DRAINED);
            self.run_to(world, drained)?;
        }
        let crowded: Vec<bool> = self.clients.iter().map(|client| self.has_too_many_calls(client)).collect();
        for (client, crowded) in self.clients.iter_mut().zip(crowded).filter(|(client, _)| client.wants) {
            let excuse = client.excuse(world);
            match excuse {
                Some(excuse) => self.report.meet(&format!("excuse {excuse:?}")),
                None => self.report.told = self.report.told.saturating_add(1),
            }
            if excuse.is_some() || crowded || client.has_ghosts() {
                client.doubt_parties();
                client.make_sure(excuse);
            }
        }
        let limit = world.now().saturating_add(COMPARED_WITHIN);
        self.run_until(world, "every client believes what is", limit, |stage, _| {
            let sure = |client: &Client| client.is_served() && stage.difference(client).is_none();
            stage.clients.iter().all(sure)
        })
        .map_err(|fault| {
            let told = self.clients.iter().find_map(|client| self.difference(client));
            Fault { what: told.unwrap_or(fault.what), ..fault }
        })
    }

    /// A wrong belief of a client that has no excuse.
    fn error(&self, world: &World, client: &Client) -> Option<String> {
        let excused =
            !self.plan.snapshots || client.excuse(world).is_some() || self.has_too_many_calls(client);
        if excused { None } else { self.difference(client) }
    }

    /// Whether the client's phone ever had more calls than a node keeps, or the client knew as many as that: some that
    /// ended while its monitor was being moved, and one that it made meanwhile.
    fn has_too_many_calls(&self, client: &Client) -> bool {
        if client.believed_most() >= self.plan.bounds.calls_per_device {
            return true;
        }
        let number = client.plan.number.parse().unwrap_or(0);
        // With a directory, its phone may have been any.
        let is_its = |phone: u64| phone == number || client.plan.named.is_some();
        self.switches.iter().any(|one| {
            let calls = one.calls.borrow();
            let mut most = calls.most.iter().filter(|(phone, _)| is_its(**phone));
            most.any(|(_, most)| *most > self.plan.bounds.calls_per_device)
        })
    }

    /// The difference between a client's idea of its calls and the state of its session's phone system, if any.
    fn difference(&self, client: &Client) -> Option<String> {
        let (first, switch) = self.switch_of(client)?;
        let number = self.phone_of(client)?;
        let calls = self.switches.get(switch)?.calls.borrow();
        let own = calls.now.iter().filter(|(phone, _, _)| *phone == number);
        let knows: BTreeMap<String, &str> =
            own.map(|(_, call, state)| (format!("{first}_{call}"), *state)).collect();
        let believes: BTreeMap<String, &str> =
            client.believes().map(|(call, state)| (call.to_owned(), state)).collect();
        let ghost = |call: &String| !knows.contains_key(call) && client.may_be_ghost(call);
        let sure = believes.iter().filter(|(call, _)| !ghost(call));
        (!sure.eq(knows.iter())).then(|| {
            let user = &client.plan.user;
            format!("{user} believes {believes:?}, the phone system knows {knows:?}\n{}", client.scene())
        })
    }

    /// The phone that a client controls.
    fn phone_of(&self, client: &Client) -> Option<u64> {
        if client.plan.named.is_none() {
            return client.plan.number.parse().ok();
        }
        let seen = self.nodes.get(client.node()?)?.seen.borrow();
        seen.of_dialog(client.call_id()?, client.tag()?)?.number.parse().ok()
    }

    /// Where a client's session is.
    fn place(&self, client: &Client) -> Option<Place> {
        let node = client.node()?;
        let seen = self.nodes.get(node)?.seen.borrow();
        let session = seen.of_dialog(client.call_id()?, client.tag()?)?;
        Some((node, session.handle, session.connection?))
    }

    /// Notes where the clients' sessions are. While one is moved, some changes are not told: who the other is in a call of
    /// two, and what is set at a phone.
    fn note_places(&mut self) {
        let places: Vec<_> = self.clients.iter().map(|client| self.place(client)).collect();
        for (client, place) in self.clients.iter_mut().zip(places) {
            if client.place != place {
                client.forget_pairs();
            }
            client.place = place;
        }
    }

    /// Whether a client that heeds something was told of every change.
    fn heeds_all(&self, world: &World, client: &Client) -> bool {
        let dialog = client.node().zip(client.call_id());
        let unmoved = dialog.is_none_or(|(node, call_id)| self.ledger.borrow().was_unmoved(node, call_id));
        let stays = client.place.is_some() && client.place == self.place(client);
        stays && !unmoved && client.excuse(world).is_none()
    }

    /// The phone system of a client's session, as the index of its first connection and its own.
    fn switch_of(&self, client: &Client) -> Option<(usize, usize)> {
        let call_id = client.call_id().filter(|_| client.wants)?;
        let seen = self.nodes.get(client.node()?)?.seen.borrow();
        let connection = seen.of_dialog(call_id, client.tag()?).and_then(|session| session.connection);
        let index = connection.map(|(index, _)| usize::from(index));
        let switch = index.and_then(|index| self.plan.switch_of(index))?;
        let first = self.plan.connections.iter().position(|(other, _)| *other == switch)?;
        Some((first, switch))
    }

    /// Calls of which a client believes that others take part in them than do, or does not know who does, if any.
    fn wrong_parties(&self, world: &World, client: &Client) -> Option<String> {
        let (_, switch) = self.switch_of(client)?;
        let own = self.phone_of(client)?.to_string();
        let dialog = client.node().zip(client.call_id());
        let is_told = dialog.is_some_and(|(node, call_id)| self.ledger.borrow().tells_parties(node, call_id));
        let is_sure = self.plan.snapshots && is_told && client.excuse(world).is_none();
        if !is_sure || client.plan.looks_like_another(&own) || self.has_too_many_calls(client) {
            return None;
        }
        let calls = self.switches.get(switch)?.calls.borrow();
        let stays = self.heeds_all(world, client);
        let phones = FIRST_PHONE..FIRST_PHONE.saturating_add(PHONES);
        let phones: BTreeSet<String> = phones.map(|phone| phone.to_string()).collect();
        let shown = number(&client.plan.line());
        client.believes_parties().find_map(|(call, parties)| {
            let phone = |party: &String| if *party == shown { own.clone() } else { party.clone() };
            let parties: Option<BTreeSet<String>> = parties.map(|parties| parties.iter().map(phone).collect());
            let raw = call.split_once('_')?.1;
            let knows = calls.parties(raw);
            let was_conference = parties.as_ref().is_some_and(|parties| parties.len() > 2);
            let is_conference = calls.is_conference(raw);
            let believes: Option<BTreeSet<String>> =
                parties.map(|parties| parties.intersection(&phones).cloned().collect());
            let must_be_right = is_conference || was_conference || (believes.is_some() && stays);
            (must_be_right && believes.as_ref() != Some(&knows)).then(|| {
                let user = &client.plan.user;
                format!(
                    "{user} believes in the parties {believes:?} of {call}, the phone system knows {knows:?}\n{}",
                    client.scene()
                )
            })
        })
    }

    /// Changes what is set at the phones, and checks that exactly the clients of each line are told, once.
    ///
    /// # Errors
    /// A fault; a client that was told something else is one.
    pub(in crate::simulate) fn compare_settings(&mut self, world: &mut World) -> Result<(), Fault> {
        for switch in &self.switches {
            switch.calls.borrow_mut().heed_settings();
        }
        self.note_places();
        self.clients.iter_mut().for_each(Client::heed_settings);
        self.set_phones(world);
        let soon = world.now().saturating_add(2 * SECOND);
        self.run_to(world, soon)?;
        let limit = world.now().saturating_add(COMPARED_WITHIN);
        self.run_until(world, "every client was told what is set", limit, |stage, world| {
            stage.clients.iter().all(|client| stage.wrong_settings(world, client).is_none())
        })
        .map_err(|fault| {
            let told = self.clients.iter().find_map(|client| self.wrong_settings(world, client));
            Fault { what: told.unwrap_or(fault.what), ..fault }
        })?;
        self.report.settings = self.clients.iter().map(|client| client.settings().len()).sum();
        Ok(())
    }

    /// What a client without an excuse was told of what is set at its phone, if it is not what was set.
    fn wrong_settings(&self, world: &World, client: &Client) -> Option<String> {
        let (_, switch) = self.switch_of(client).filter(|_| self.heeds_all(world, client))?;
        let calls = self.switches.get(switch)?.calls.borrow();
        let phone = self.phone_of(client)?;
        let (set, earlier) = calls.changes(phone);
        // What is forwarded to itself shows as the line that the client named.
        let (own, shown) = (phone.to_string(), number(&client.plan.line()));
        let in_its_terms = |set: &String| match set.strip_suffix(&shown) {
            Some(before) => format!("{before}{own}"),
            None => set.clone(),
        };
        let heard: Vec<String> = client.settings().iter().map(in_its_terms).collect();
        let set: Vec<String> = set.iter().map(in_its_terms).collect();
        // A slow client is still told of earlier changes, first of those at the phone system that its session was at.
        let before = |change: &&String| {
            let mut elsewhere = self.switches.iter().enumerate().filter(|(other, _)| *other != switch);
            elsewhere.any(|(_, other)| {
                let calls = other.calls.borrow();
                let (set, earlier) = calls.changes(phone);
                set.iter().take(earlier).any(|set| in_its_terms(set) == **change)
            })
        };
        let late = heard.iter().take_while(before).count();
        let is_right =
            |heard: &[String]| set.ends_with(heard) && heard.len() >= set.len().saturating_sub(earlier);
        let right = (0..=late).any(|late| heard.get(late..).is_some_and(is_right));
        (!right).then(|| {
            let user = &client.plan.user;
            format!(
                "{user} was told of the settings {heard:?}, at its phone {set:?} was set\n{}",
                client.scene()
            )
        })
    }

    /// Lets all clients hang up and sign out, and checks that every table is empty.
    ///
    /// # Errors
    /// A fault; anything that is left is one.
    pub(in crate::simulate) fn leave(&mut self, world: &mut World, calm_since: u64) -> Result<(), Fault> {
        // A request to a node that died may be carried out at the next one, as long as it is retransmitted.
        let limit = world.now().saturating_add(60 * SECOND);
        self.run_until(world, "nothing is asked for any more", limit, |stage, _| {
            stage.clients.iter().all(Client::is_idle)
        })?;
        self.clear_phones(world);
        let soon = world.now().saturating_add(SECOND);
        self.run_to(world, soon)?;
        for client in &mut self.clients {
            client.sign_out(world, &self.balancer);
            client.wants = false;
        }
        self.check_choices(world)?;
        let limit = world.now().saturating_add(40 * SECOND);
        self.run_until(world, "every request is answered or given up", limit, |stage, _| {
            stage.clients.iter().all(Client::is_idle)
        })?;
        for client in &self.clients {
            client.check_answered(world, calm_since)?;
            client.hang_up(world);
        }
        // Abandoned sessions end 90 s after their last refresh, and transactions 32 s after that.
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
        for (index, node) in self.nodes.iter().enumerate() {
            let seen = node.seen.borrow();
            let View { links, .. } = seen.view;
            // A connection that carries no dialog waits for the end of its silence.
            let empty = View { links, timers: seen.connections.len() + links, ..View::default() };
            if seen.view != empty {
                return Some(format!("node {index} still holds {:?}", seen.view));
            }
        }
        for (index, switch) in self.switches.iter().enumerate() {
            let counts = switch.calls.borrow().counts;
            if counts.is_none_or(|counts| counts.calls > 0) {
                return Some(format!("calls are left at phone system {index}: {counts:?}"));
            }
            if counts.is_some_and(|counts| counts.monitors > 0) && !self.may_leave_monitors(world) {
                return Some(format!("monitors are left at a phone system: {index}, {counts:?}"));
            }
        }
        None
    }

    /// Whether phone systems may have kept monitors: because a request could not be sent, was not answered or answered
    /// wrongly, which was logged; or because, without application sessions, they do not notice that a link's other end
    /// is gone.
    fn may_leave_monitors(&self, world: &World) -> bool {
        let given_up = ["monitor_left_behind", "service_timed_out"];
        let said = self.nodes.iter().flat_map(|node| world.notices(node.host));
        said.into_iter().any(|said| given_up.contains(&said.name))
            || self.report.happened.keys().any(|kind| kind.starts_with("SwitchWrong"))
            || (self.plan.has_no_sessions()
                && ["NodeCrash", "NodeStop", "NodeDrain", "HalfOpen"]
                    .iter()
                    .any(|kind| self.report.happened.contains_key(*kind)))
    }
}
