//! Snapshots (ECMA-269, Snapshot Device, Snapshot Call).

use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::emit;
use ctigate_core::wire::csta::errors::CstaError;
use ctigate_core::wire::csta::model::{self, Connection, LocalConnectionState as State, Request};
use ctigate_core::wire::csta::relayed::{Relayed, Value};
use ctigate_core::wire::csta::services::named;

use super::system::static_device;
use super::{MISROUTED, Outcome};
use crate::switch::link::Answer;
use crate::switch::phones::{Call, Connection as Connected, Participation, Party, Phone, Seen};
use crate::switch::report::known;
use crate::switch::{Step, Switch, To, names, permitted};

impl Switch {
    /// Snapshot Device. If the answer is delayed, the snapshot is taken when it is sent. A line of a device that is not
    /// registered, which is what being out of service means there, has none.
    pub(super) fn snapshot_device(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        let Request::SnapshotDevice { device } = *request else { return Err(MISROUTED) };
        let phone = self.device(device).ok_or(CstaError::INVALID_DEVICE_ID)?;
        let is_on_device = self.phones.phone(phone).is_some_and(|phone| phone.device().is_some());
        if is_on_device && self.phones.settings(phone).is_some_and(|settings| !settings.is_in_service()) {
            return Err(CstaError::DEVICE_OUT_OF_SERVICE);
        }
        if self.holds_back(to.0) {
            self.hold_back(step.now, to, Answer::Snapshot(phone));
        } else {
            self.write_snapshot(step, to, phone);
        }
        Ok(())
    }

    /// Answers with one item for each call at a phone.
    pub(in crate::switch) fn write_snapshot(&self, step: &mut Step<'_>, to: To, phone: Handle<Phone>) {
        let Some(service) = named("SnapshotDevice") else { return };
        let own = self.party_device(Party::Phone(phone), "");
        let rows: Vec<Row> = self.phones.snapshot(phone).map(|seen| self.snapshot_row(&seen)).collect();
        let states: Vec<[_; 1]> =
            rows.iter().map(|row| [("compoundCallState", Value::Elements(&row.states))]).collect();
        let flows: Vec<[_; 1]> = rows.iter().map(|row| [("connectionInformation", row.flow)]).collect();
        let media: Vec<[_; 1]> =
            flows.iter().map(|flow| [("deviceMediaInfo", Value::Elements(flow))]).collect();
        let members: Vec<[_; 5]> = rows
            .iter()
            .zip(states.iter().zip(&media))
            .map(|(row, (states, media))| {
                let connection = Connection { call: Some(&row.call), device: Some(static_device(&own)) };
                let permitted = if self.config.permits {
                    permitted::by(row.own, row.participation)
                } else {
                    Value::Nothing
                };
                [
                    ("connectionIdentifier", Value::Connection(connection)),
                    ("endpointDevice", row.endpoint.as_ref().map_or(Value::Nothing, Endpoint::value)),
                    ("localCallState", Value::Elements(states)),
                    ("servicesPermitted", permitted),
                    (
                        "mediaServiceInfoList",
                        if row.flow == Value::Nothing { Value::Nothing } else { Value::Elements(media) },
                    ),
                ]
            })
            .collect();
        let items: Vec<_> =
            members.iter().map(|members| ("snapshotDeviceResponseInfo", Value::Elements(members))).collect();
        let data = [("snapshotData", Value::Elements(&items))];
        self.write_frame(step, to, |out, namespace| {
            let given = [("crossRefIDorSnapshotData", Value::Elements(&data))];
            emit::composed_response(out, namespace, service, &given);
        });
    }

    /// What a snapshot says of one call: of the far end only if there is one alone.
    fn snapshot_row(&self, seen: &Seen<'_>) -> Row {
        let others: Vec<_> = seen.others().collect();
        let endpoint = match others.as_slice() {
            [(party, _)] => Some(self.endpoint(seen.call, *party)),
            _ => None,
        };
        let none = others.is_empty().then_some(State::Null);
        let all = [seen.own()].into_iter().chain(others.iter().map(|(_, state)| *state)).chain(none);
        let states = all.map(|state| ("localConnectionState", Value::Text(state.word()))).collect();
        let party = Party::Phone(seen.phone);
        Row {
            call: names::name(seen.handle, self.call_salt),
            own: seen.own(),
            participation: self.phones.participation(seen.handle, party),
            flow: self.flow(seen.handle, party),
            endpoint,
            states,
        }
    }

    /// A far end: of somebody who called from outside, the number.
    fn endpoint(&self, call: &Call, party: Party) -> Endpoint {
        match &call.outside {
            Some(outside) if party == call.calling => {
                outside.number.clone().map_or(Endpoint::Withheld, Endpoint::Device)
            }
            _ => Endpoint::Device(self.party_device(party, &call.dialled)),
        }
    }

    /// Snapshot Call. A callID alone is allowed.
    pub(super) fn snapshot_call(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        let id = asked.connection("snapshotObject").and_then(|named| named.call);
        let id = id.ok_or(CstaError::INVALID_CONNECTION_ID)?;
        let found = names::find(self.phones.calls(), self.call_salt, id);
        let call = found.and_then(|call| self.phones.call(call)).ok_or(CstaError::INVALID_CALL_ID)?;
        let name = |party| self.party_device(party, &call.dialled);
        let permitted = |one: &Connected| {
            let permits = self.config.permits;
            if permits { permitted::by(one.state, one.participation()) } else { Value::Nothing }
        };
        let rows: Vec<_> =
            call.parties().iter().map(|one| (name(one.party), one.state, permitted(one))).collect();
        let calling = match (&call.outside, call.calling) {
            (Some(outside), Party::Trunk(_)) => outside.number.clone(),
            (_, calling) => Some(name(calling)),
        };
        let dialled = call.dialled.clone();
        let connections: Vec<_> =
            rows.iter().map(|(device, state, permitted)| row(id, device, *state, *permitted)).collect();
        let items: Vec<_> =
            connections.iter().map(|row| ("snapshotCallResponseInfo", Value::Elements(row))).collect();
        let data = [("snapshotData", Value::Elements(&items))];
        let mut given = Vec::from([("crossRefIDorSnapshotData", Value::Elements(&data))]);
        given.extend(calling.as_deref().map(|calling| ("callingDevice", Value::Party(known(calling)))));
        if !dialled.is_empty() {
            given.push(("calledDevice", Value::Party(known(&dialled))));
        }
        let data = call.data().clone();
        for name in ["correlatorData", "subjectOfCall", "languagePreferences"] {
            given.extend(data.told(name).map(|(form, value)| (name, form.value(value))));
        }
        self.accept(step, to, asked, &given);
        Ok(())
    }
}

/// What a snapshot says of one call.
struct Row {
    call: String,
    /// The phone's own state.
    own: State,
    participation: Participation,
    /// The direction of the phone's media, if it is not both.
    flow: Value<'static>,
    endpoint: Option<Endpoint>,
    /// The states of all parties, the phone's own first.
    states: Vec<(&'static str, Value<'static>)>,
}

/// A far end.
enum Endpoint {
    Device(String),
    Withheld,
}

impl Endpoint {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Device(id) => Value::Party(known(id)),
            Self::Withheld => Value::Party(model::Party::Restricted),
        }
    }
}

/// One party of a call.
const fn row<'a>(
    call: &'a str,
    device: &'a str,
    state: State,
    permitted: Value<'a>,
) -> [(&'static str, Value<'a>); 4] {
    let identifier = Connection { call: Some(call), device: Some(static_device(device)) };
    [
        ("deviceOnCall", Value::Party(known(device))),
        ("callIdentifier", Value::Connection(identifier)),
        ("localConnectionInfo", Value::Text(state.word())),
        ("servicesPermitted", permitted),
    ]
}
