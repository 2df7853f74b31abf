//! Call control services about two calls, or about a call of others (ECMA-269): Consultation, Alternate, Reconnect,
//! Transfer, Conference, the single step forms, Join, Intrude, Pickup.

use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::time::Instant;
use ctigate_core::wire::csta::errors::CstaError;
use ctigate_core::wire::csta::model::{Connection, LocalConnectionState as State};
use ctigate_core::wire::csta::relayed::{Relayed, Value};

use super::Outcome;
use super::calls::{Meant, connected, held, reason};
use super::system::{error, static_device};
use crate::switch::phones::{Call, Detail, Happening, Participation, Party, Phone, Phones, Refusal};
use crate::switch::{Step, Switch, To, names};

/// The call in which a phone talks.
pub(super) const fn talking(member: &'static str) -> Meant {
    Meant { member, call: connected, none: Refusal::NothingActive }
}

/// The call of a phone that is off hook.
pub(super) const fn active(member: &'static str) -> Meant {
    Meant { member, call: Phones::active, none: Refusal::NothingActive }
}

fn held_or_ringing(phones: &Phones, phone: Handle<Phone>) -> Option<Handle<Call>> {
    phones.newest(phone, &[State::Hold, State::Alerting])
}

/// The held call and the active one.
type Two = (Handle<Call>, Handle<Call>);

impl Switch {
    /// Consultation Call. What the second call may be for is not restricted.
    pub(super) fn consultation_call(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        let (call, phone) = self.named(asked, &talking("existingCall"))?;
        let number = asked.device("consultedDevice").ok_or(CstaError::INVALID_CALLED_DEVICE_ID)?.id;
        let mut told = Vec::new();
        let made = self.phones.consult(step.now, call, phone, number, &mut told).map_err(reason)?;
        self.announce(
            step,
            to,
            asked,
            (["initiatedCall", "initiatedCallInfo"], made, Party::Phone(phone)),
            &told,
        );
        Ok(())
    }

    /// Alternate Call.
    pub(super) fn alternate_call(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        self.with_two(step, to, asked, held_or_ringing, Phones::alternate)
    }

    /// Reconnect Call.
    pub(super) fn reconnect_call(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        self.with_two(step, to, asked, held, |phones, _, calls, phone, told| {
            phones.reconnect(calls, phone, told)
        })
    }

    /// Transfer Call.
    pub(super) fn transfer_call(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        self.merge_two(step, to, asked, "transferredCall", Phones::transfer)
    }

    /// Conference Call.
    pub(super) fn conference_call(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        self.merge_two(step, to, asked, "conferenceCall", |phones, calls, phone, told| {
            phones.conference(calls, phone, told).map(|call| (call, Party::Phone(phone)))
        })
    }

    /// Single Step Transfer Call.
    pub(super) fn single_step_transfer(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        asked: &Relayed<'_>,
    ) -> Outcome {
        let (call, phone) = self.named(asked, &talking("activeCall"))?;
        let number = asked.device("transferredTo").ok_or(CstaError::INVALID_DESTINATION_DEVICE_ID)?.id;
        let mut told = Vec::new();
        let transferred = self.phones.single_step_transfer(step.now, call, phone, number, &mut told);
        let (call, party) = transferred.map_err(destination)?;
        self.accept_merged(step, to, asked, "transferredCall", (call, party), &told);
        self.report(step, &told);
        Ok(())
    }

    /// Single Step Conference Call. Who is added rings, and takes part as soon as it has answered.
    pub(super) fn single_step_conference(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        asked: &Relayed<'_>,
    ) -> Outcome {
        let (call, phone) = self.named(asked, &talking("activeCall"))?;
        let participation = participation(asked)?;
        let number = asked.device("deviceToJoin").ok_or(CstaError::INVALID_DESTINATION_DEVICE_ID)?.id;
        let mut told = Vec::new();
        let added =
            self.phones.single_step_conference(step.now, call, phone, (number, participation), &mut told);
        self.announce(
            step,
            to,
            asked,
            (["conferencedCall", "conferencedCallInfo"], call, added.map_err(destination)?),
            &told,
        );
        Ok(())
    }

    /// Join Call. The default is to prompt: the phone has a call of its own until it goes off hook.
    pub(super) fn join_call(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        let (call, _) = self.of_others(asked, "activeCall", &[State::Connected, State::Hold])?;
        let phone = asked.device("joiningDevice").and_then(|device| self.device(device));
        let phone = phone.ok_or(CstaError::INVALID_DEVICE_ID)?;
        let mut told = Vec::new();
        let participation = participation(asked)?;
        let joined = if asked.text("autoOriginate") == Some("doNotPrompt") {
            self.phones.enter(call, phone, participation, &mut told).map(|()| call)
        } else {
            self.phones.prompt_to_enter(step.now, call, phone, participation, &mut told)
        };
        let call = joined.map_err(reason)?;
        self.announce(
            step,
            to,
            asked,
            (["conferencedCall", "conferencedCallInfo"], call, Party::Phone(phone)),
            &told,
        );
        Ok(())
    }

    /// Intrude Call.
    pub(super) fn intrude_call(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        let (own, phone) = self.named(asked, &active("intrude"))?;
        let mut told = Vec::new();
        let call = self.phones.intrude(own, phone, participation(asked)?, &mut told).map_err(reason)?;
        self.announce(
            step,
            to,
            asked,
            (["conferencedCall", "conferencedCallInfo"], call, Party::Phone(phone)),
            &told,
        );
        Ok(())
    }

    /// Directed Pickup Call, of a ringing call or of a parked one.
    pub(super) fn directed_pickup(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        let (call, from) = self.of_others(asked, "callToBePickedUp", &[State::Alerting, State::Queued])?;
        let phone = asked.device("requestingDevice").and_then(|device| self.device(device));
        let phone = phone.ok_or(CstaError::INVALID_DEVICE_ID)?;
        self.pick_up(step, to, asked, (call, from), phone)
    }

    /// Group Pickup Call. Each phone has one pickup group; naming another is refused.
    pub(super) fn group_pickup(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        let phone = asked.device("newDestination").and_then(|device| self.device(device));
        let phone = phone.ok_or(CstaError::INVALID_DEVICE_ID)?;
        let group = self.phones.phone(phone).and_then(|phone| phone.pickup_group);
        let named = asked.device("pickGroup").filter(|device| !device.id.is_empty());
        if named.is_some_and(|named| named.id.parse() != Ok(group.unwrap_or_default())) {
            return Err(error("operation", "invalidPickUpDeviceID"));
        }
        let found = self.phones.to_pick_up(phone).ok_or(CstaError::NO_CALL_TO_ANSWER)?;
        self.pick_up(step, to, asked, found, phone)
    }

    fn pick_up(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        asked: &Relayed<'_>,
        (call, from): (Handle<Call>, Party),
        phone: Handle<Phone>,
    ) -> Result<(), CstaError> {
        let mut told = Vec::new();
        self.phones.pick_up(call, from, phone, &mut told).map_err(reason)?;
        self.announce(step, to, asked, (["pickedCall", "pickedCallInfo"], call, Party::Phone(phone)), &told);
        Ok(())
    }

    /// Does something with the two calls of a phone that a request names, and answers without announcing anything.
    fn with_two(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        asked: &Relayed<'_>,
        waiting: fn(&Phones, Handle<Phone>) -> Option<Handle<Call>>,
        act: impl FnOnce(&mut Phones, Instant, Two, Handle<Phone>, &mut Vec<Happening>) -> Result<(), Refusal>,
    ) -> Outcome {
        let (calls, phone) = self.two(asked, waiting)?;
        let mut told = Vec::new();
        act(&mut self.phones, step.now, calls, phone, &mut told).map_err(reason)?;
        self.accept(step, to, asked, &[]);
        self.report(step, &told);
        Ok(())
    }

    /// Makes one call of the two that a request names, and announces a connection of it in `member`.
    fn merge_two(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        asked: &Relayed<'_>,
        member: &'static str,
        merge: impl FnOnce(
            &mut Phones,
            Two,
            Handle<Phone>,
            &mut Vec<Happening>,
        ) -> Result<(Handle<Call>, Party), Refusal>,
    ) -> Outcome {
        let (calls, phone) = self.two(asked, held)?;
        let mut told = Vec::new();
        let merged = merge(&mut self.phones, calls, phone, &mut told).map_err(reason)?;
        self.accept_merged(step, to, asked, member, merged, &told);
        self.report(step, &told);
        Ok(())
    }

    /// The two calls of one phone that a request names: the held one, and the active one.
    fn two(
        &self,
        asked: &Relayed<'_>,
        waiting: fn(&Phones, Handle<Phone>) -> Option<Handle<Call>>,
    ) -> Result<(Two, Handle<Phone>), CstaError> {
        let meant = Meant { member: "heldCall", call: waiting, none: Refusal::NothingHeld };
        let (held, first) = self.named(asked, &meant)?;
        let (active, second) = self.named(asked, &active("activeCall"))?;
        if first != second {
            return Err(error("operation", "notSameDevice"));
        }
        if held == active {
            return Err(error("operation", "invalidActiveConnectionID"));
        }
        Ok(((held, active), first))
    }

    /// The call of others that a request names, and the party of it. A device alone stands for its only call in one of
    /// `states`.
    fn of_others(
        &self,
        asked: &Relayed<'_>,
        member: &str,
        states: &[State],
    ) -> Result<(Handle<Call>, Party), CstaError> {
        let named = asked.connection(member).ok_or(CstaError::INVALID_CONNECTION_ID)?;
        let device = named.device.ok_or(CstaError::INVALID_CONNECTION_ID)?;
        if let Some(id) = named.call {
            let call =
                names::find(self.phones.calls(), self.call_salt, id).ok_or(CstaError::INVALID_CALL_ID)?;
            let party = self.party_at(call, device.id).ok_or(CstaError::INVALID_CONNECTION_ID)?;
            return Ok((call, party));
        }
        let line = self.phones.appearances(device.id).iter().copied();
        let at_line =
            line.filter_map(|phone| Some((self.phones.newest(phone, states)?, Party::Phone(phone))));
        if let Some(found) = at_line.min() {
            return Ok(found);
        }
        if let Some(place) = self.phones.place_named(device.id) {
            let call = self.phones.first_waiting(place).ok_or(CstaError::NO_CALL_TO_ANSWER)?;
            return Ok((call, Party::Place(place)));
        }
        let phone = self.device(device).ok_or(CstaError::INVALID_DEVICE_ID)?;
        let call = self.phones.newest(phone, states).ok_or(CstaError::NO_CALL_TO_ANSWER)?;
        Ok((call, Party::Phone(phone)))
    }

    /// Accepts a request and announces a connection, and then reports what happened.
    fn announce(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        asked: &Relayed<'_>,
        ([member, info], call, party): ([&'static str; 2], Handle<Call>, Party),
        told: &[Happening],
    ) {
        let flow = self.flow(call, party);
        let (call, device) = self.spelt(call, party);
        self.accept(step, to, asked, &[(member, connection(&call, &device)), (info, flow)]);
        self.report(step, told);
    }

    /// The direction of a party's media in a call, as `ConnectionInformation`; nothing if it is both.
    pub(in crate::switch) fn flow(&self, call: Handle<Call>, party: Party) -> Value<'static> {
        let flow = self.phones.participation(call, party).flow();
        flow.map_or(Value::Nothing, |flow| Value::Within("flowDirection", flow))
    }

    /// A call's ID, and the device ID of a party of it.
    pub(super) fn spelt(&self, call: Handle<Call>, party: Party) -> (String, String) {
        (names::name(call, self.call_salt), self.party_device(party, ""))
    }

    /// Accepts a request after which calls became one: the connection that results, and the list of all.
    fn accept_merged(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        asked: &Relayed<'_>,
        member: &'static str,
        (call, party): (Handle<Call>, Party),
        told: &[Happening],
    ) {
        let (id, device) = self.spelt(call, party);
        let merged = told.iter().find_map(|happening| {
            if let Detail::Merged(merged) = &happening.detail { Some(merged) } else { None }
        });
        let list = merged.map(|merged| merged.list.as_slice()).unwrap_or_default();
        let spelt: Vec<_> = list
            .iter()
            .map(|one| {
                let old = one.old.map(|old| names::name(old, self.call_salt));
                (self.party_device(one.party, ""), old)
            })
            .collect();
        let moves: Vec<[_; 2]> = spelt
            .iter()
            .map(|(device, old)| {
                let old = old.as_deref().map_or(Value::Nothing, |old| connection(old, device));
                [("newConnection", connection(&id, device)), ("oldConnection", old)]
            })
            .collect();
        let items: Vec<_> =
            moves.iter().map(|moved| ("connectionListItem", Value::Elements(moved))).collect();
        let given = [(member, connection(&id, &device)), ("connections", Value::Elements(&items))];
        self.accept(step, to, asked, &given);
    }
}

const fn connection<'a>(call: &'a str, device: &'a str) -> Value<'a> {
    Value::Connection(Connection { call: Some(call), device: Some(static_device(device)) })
}

/// How a party is to take part in a call.
fn participation(asked: &Relayed<'_>) -> Result<Participation, CstaError> {
    let word = asked.text("participationType").unwrap_or("active");
    Participation::from_word(word).ok_or(CstaError::INVALID_PARAMETER_VALUE)
}

/// The error where a number that a call is to go to is refused.
pub(super) fn destination(refusal: Refusal) -> CstaError {
    if refusal == Refusal::NotANumber { CstaError::INVALID_DESTINATION_DEVICE_ID } else { reason(refusal) }
}
