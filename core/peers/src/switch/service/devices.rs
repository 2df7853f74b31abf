//! What devices there are, and what each can do (ECMA-269, capability exchange).

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::errors::CstaError;
use ctigate_core::wire::csta::model::{Device, Request, Response};
use ctigate_core::wire::csta::relayed::{Relayed, Value};
use ctigate_core::wire::csta::services::named;
use ctigate_core::wire::csta_frame::EVENT_INVOKE;

use super::system::static_device;
use super::{Outcome, features};
use crate::switch::changes::{Given, truth};
use crate::switch::link::{Answer, Link, List};
use crate::switch::phones::{MAX_CALL_BACKS, Party, Phone, Use};
use crate::switch::settings::{MAX_AUTO_ANSWER_RINGS, TYPES};
use crate::switch::{Step, Switch, To};

/// The most lists of devices that are sent at a time.
const MAX_LISTS: usize = 64;

/// A kind of device.
struct Sort {
    /// The category by which clients ask for it (ECMA-323, `ReqDeviceCategory`).
    asked: &'static str,
    /// Its category.
    category: &'static str,
    /// Its type.
    kind: &'static str,
}

const fn sort(asked: &'static str, category: &'static str, kind: &'static str) -> Sort {
    Sort { asked, category, kind }
}

const PHONE: Sort = sort("station", "station", "station");
const TRUNK: Sort = sort("networkInterface", "networkInterface", "trunk");
const GROUP: Sort = sort("groupHunt", "group", "stationGroup");
const PARKING: Sort = sort("park", "park", "parkingDevice");
const MAILBOX: Sort = sort("voiceUnit", "voiceUnit", "other");

/// The categories that a client can ask for (ECMA-323, `ReqDeviceCategory`, up to edition 6).
const CATEGORIES: [&str; 19] = [
    "acd",
    "groupACD",
    "groupHunt",
    "groupPick",
    "groupUser",
    "groupOther",
    "networkInterface",
    "park",
    "routeingDevice",
    "station",
    "voiceUnit",
    "other",
    "genericIV",
    "listenerIV",
    "dtmfIV",
    "promptIV",
    "promptQueue",
    "messageIV",
    "conference",
];

/// How the two calls of a transfer or a conference may come about.
const TWO_CALLS: &[Given<'static>] =
    &[("consultationCall", truth(true)), ("holdCallMakeCall", truth(true)), ("alternateCall", truth(true))];

impl Switch {
    /// Get Logical Device Information.
    pub(super) fn get_logical_information(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        asked: &Relayed<'_>,
    ) -> Outcome {
        let phone = self.informed_of(asked)?;
        let is_shared = self.phones.phone(phone).is_some_and(Phone::is_shared);
        let device = self.phones.phone(phone).and_then(Phone::device).map(String::from);
        let on = device.as_deref().map(|device| [("deviceID", Value::Device(static_device(device)))]);
        let counts = [
            ("maxCallbacks", MAX_CALL_BACKS),
            ("maxAutoAnswerRings", usize::from(MAX_AUTO_ANSWER_RINGS)),
            ("maxActiveCalls", self.phones.most_calls(phone)),
            ("maxHeldCalls", self.phones.most_calls(phone)),
            ("maxFwdSettings", TYPES.len()),
            ("maxDevicesInConf", self.config.parties),
        ];
        let counts = counts.map(|(name, count)| (name, count.to_string()));
        let services = lists(&["callControlServList", "callAssociatedServList", "logicalServList"]);
        let events = lists(&["callControlEvtsList", "callAssociatedEvtsList", "logicalEvtsList"]);
        let maintenance = lists(&["deviceMaintEvtsList"]);
        let (services, events) = (elements(&services), elements(&events));
        let mut given = Vec::from([
            ("deviceCategory", Value::Text("station")),
            ("namedDeviceTypes", Value::Text("station")),
            ("hasPhysicalElement", truth(device.is_none())),
            ("acdModels", Value::Elements(&[])),
            ("agentLogOnModels", Value::Elements(&[])),
            ("appearanceAddressable", truth(false)),
            ("appearanceType", Value::Text(if is_shared { "basicBridged" } else { "selectedStandard" })),
            ("transAndConfSetup", Value::Elements(TWO_CALLS)),
            ("mediaClassSupport", Value::Elements(const { &[("voice", truth(true))] })),
            ("logDevServList", Value::Elements(&services)),
            ("logDevEvtsList", Value::Elements(&events)),
        ]);
        given.extend(on.as_ref().map(|on| ("otherPhysicalDeviceList", Value::Elements(on))));
        given.extend(elements(&maintenance));
        given.extend(counts.iter().map(|(name, count)| (*name, Value::Text(count))));
        self.accept(step, to, asked, &given);
        Ok(())
    }

    /// Get Physical Device Information.
    pub(super) fn get_physical_information(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        asked: &Relayed<'_>,
    ) -> Outcome {
        let phone = self.looked_at(asked)?;
        let model = self.phones.phone(phone).map(|phone| phone.model.clone()).unwrap_or_default();
        let lists = lists(&["physDevServList", "physDevEvtsList"]);
        let mut given = Vec::from([
            ("deviceCategory", Value::Text("station")),
            ("namedDeviceTypes", Value::Text("station")),
            ("hasLogicalElement", truth(true)),
            ("deviceModelName", Value::Text(&model)),
            ("maxDisplays", Value::Text("0")),
            ("maxButtons", Value::Text("0")),
            ("maxLamps", Value::Text("1")),
            ("maxRingPatterns", Value::Text("1")),
        ]);
        given.extend(elements(&lists));
        self.accept(step, to, asked, &given);
        Ok(())
    }

    /// The phone that a request is about, in service or not.
    fn informed_of(&self, asked: &Relayed<'_>) -> Result<Handle<Phone>, CstaError> {
        let phone = asked.device("device").and_then(|device| self.device(device));
        phone.ok_or(CstaError::INVALID_DEVICE_ID)
    }

    /// The phone that a request for a physical device is about: a device by itself, or any line of a device.
    fn looked_at(&self, asked: &Relayed<'_>) -> Result<Handle<Phone>, CstaError> {
        let on = |id: &str| {
            let phones = self.phones.all();
            let all = (0..phones.slots()).filter_map(|slot| phones.at(slot));
            let is_line_of =
                |phone: &Handle<Phone>| self.phones.phone(*phone).and_then(Phone::device) == Some(id);
            all.into_iter().find(is_line_of)
        };
        let device = || on(asked.device("device")?.id);
        self.informed_of(asked).or_else(|error| device().ok_or(error))
    }

    /// Get Switching Function Devices. The devices follow in messages of their own.
    pub(super) fn get_devices(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        let category = asked.text("requestedDeviceCategory").map(|asked| {
            let known = CATEGORIES.iter().copied().find(|category| *category == asked);
            known.ok_or(CstaError::INVALID_PARAMETER_VALUE)
        });
        let category = category.transpose()?;
        let one = asked.device("requestedDeviceID").filter(|device| !device.id.is_empty());
        let one = one.map(|device| self.position(device).ok_or(CstaError::INVALID_DEVICE_ID)).transpose()?;
        let (next, end) = self.positions(category, one);
        let link = self.links.get(to.0).and_then(Link::cti);
        let delayed = link.into_iter().flat_map(|cti| &cti.delayed);
        let announced = delayed.filter(|delayed| matches!(delayed.answer, Answer::List(_))).count();
        if self.lists.len().saturating_add(announced) >= MAX_LISTS {
            return Err(CstaError::OUTSTANDING_REQUEST_LIMIT_EXCEEDED);
        }
        self.last_list = self.last_list.wrapping_add(1);
        let epoch = link.map_or(0, |cti| cti.epoch);
        let list = List { link: to.0, epoch, id: self.last_list, next, end, category, segments: 0 };
        if self.holds_back(to.0) {
            self.hold_back(step.now, to, Answer::List(list));
        } else {
            self.announce_list(step, to, list);
        }
        Ok(())
    }

    /// The message that brings devices is not one that a client may send.
    pub(super) fn devices_told(&mut self, step: &mut Step<'_>, to: To, _: &Relayed<'_>) -> Outcome {
        self.client_error(step, to.0, "a client sent a request that only a switch sends");
        Err(CstaError::SERVICE_NOT_SUPPORTED)
    }

    /// Answers with the name of a list, and begins to send it.
    pub(in crate::switch) fn announce_list(&mut self, step: &mut Step<'_>, to: To, list: List) {
        let Some(service) = named("GetSwitchingFunctionDevices") else { return };
        let id = list.id.to_string();
        let given = [("serviceCrossRefID", Value::Text(&id))];
        self.write_response(step, to, &Response::Relayed(Relayed::response(service, &given)));
        self.lists.push_back(list);
    }

    /// Sends the next message of one list, if there is any; lists take turns.
    pub(in crate::switch) fn send_segment(&mut self, step: &mut Step<'_>) -> bool {
        let Some(list) = self.lists.pop_front() else { return false };
        let alive = self.links.get(list.link).and_then(Link::cti).is_some_and(|cti| cti.epoch == list.epoch);
        if !alive {
            return true;
        }
        let fits = |at: &u32| self.listed_at(&list, *at).is_some();
        let rest = (list.next..list.end).filter(fits);
        let part: Vec<u32> = rest.take(self.config.segment.saturating_add(1)).collect();
        let (now, next) = part.split_at(part.len().min(self.config.segment));
        let segments = list.segments.saturating_add(1);
        let more = next.first().map(|next| List { next: *next, segments, ..list });
        self.write_segment(step, &List { segments, ..list }, now, more.is_none());
        self.lists.extend(more);
        true
    }

    fn write_segment(&self, step: &mut Step<'_>, list: &List, positions: &[u32], is_last: bool) {
        let Some(service) = named("SwitchingFunctionDevices") else { return };
        let devices: Vec<_> = positions.iter().filter_map(|at| self.listed_at(list, *at)).collect();
        let members = devices.iter().map(|(id, sort)| {
            [
                ("deviceID", Value::Device(static_device(id))),
                ("deviceCategory", Value::Text(sort.category)),
                ("namedDeviceTypes", Value::Text(sort.kind)),
            ]
        });
        let members: Vec<[Given<'_>; 3]> = members.collect();
        let items: Vec<Given<'_>> = members.iter().map(|one| ("device", Value::Elements(one))).collect();
        let (id, segment) = (list.id.to_string(), list.segments.to_string());
        let given = [
            ("serviceCrossRefID", Value::Text(&id)),
            ("segmentID", Value::Text(&segment)),
            ("lastSegment", truth(is_last)),
            ("deviceList", Value::Elements(&items)),
        ];
        let request = Request::Relayed(Relayed::request(service, &given));
        self.say(step, list.link, EVENT_INVOKE, &request);
    }

    /// The device at a position, if the list is to have it.
    fn listed_at(&self, list: &List, at: u32) -> Option<(String, Sort)> {
        let (party, sort) = self.device_at(at)?;
        let fits = list.category.is_none_or(|category| category == sort.asked);
        fits.then(|| (self.party_device(party, ""), sort))
    }

    /// The device at a position: the phones, behind them the trunks, if there are any, then the other numbers.
    fn device_at(&self, at: u32) -> Option<(Party, Sort)> {
        let (phones, trunks) = (self.phones.all(), self.trunks());
        let Some(behind) = at.checked_sub(phones.slots()) else {
            return Some((Party::Phone(phones.at(at)?), PHONE));
        };
        let Some(index) = behind.checked_sub(trunks) else {
            return Some((Party::Trunk(u16::try_from(behind).ok()?.checked_add(1)?), TRUNK));
        };
        let index = u16::try_from(index).ok()?;
        let sort = match self.phones.place(index)?.purpose {
            Use::Group { .. } => GROUP,
            Use::Parking => PARKING,
            Use::Mailbox => MAILBOX,
            // Its appearances are devices, among the phones.
            Use::Line { .. } => return None,
        };
        Some((Party::Place(index), sort))
    }

    /// How many trunks there are.
    fn trunks(&self) -> u32 {
        if self.config.trunk_prefix.is_some() { u32::from(self.config.trunks) } else { 0 }
    }

    /// The position of a device.
    fn position(&self, device: Device<'_>) -> Option<u32> {
        if let Some(phone) = self.device(device) {
            return u32::try_from(phone.number() & u64::from(u32::MAX)).ok();
        }
        let phones = self.phones.all().slots();
        let named = |at: &u32| {
            self.device_at(*at).is_some_and(|(party, _)| self.party_device(party, "") == device.id)
        };
        (phones..self.behind_last()).find(named)
    }

    /// The position behind the last device.
    fn behind_last(&self) -> u32 {
        let places = u32::try_from(self.phones.places()).unwrap_or(u32::MAX);
        self.phones.all().slots().saturating_add(self.trunks()).saturating_add(places)
    }

    /// The positions at which the devices are that a client asked for: from, and behind the last.
    fn positions(&self, category: Option<&str>, one: Option<u32>) -> (u32, u32) {
        let phones = self.phones.all().slots();
        match (one, category) {
            (Some(at), _) => (at, at.saturating_add(1)),
            (None, Some("station")) => (0, phones),
            (None, Some(_)) => (phones, self.behind_last()),
            (None, None) => (0, self.behind_last()),
        }
    }
}

/// The lists of these names, each with the services and events of it that there are; without those that are empty.
fn lists(names: &[&'static str]) -> Vec<(&'static str, Vec<Given<'static>>)> {
    let all = features();
    let present = names.iter().map(|name| {
        let services = all.services().filter(|service| service.list == *name).map(|service| service.feature);
        let events = all.events().filter(|event| event.list == *name).map(|event| event.feature);
        (*name, services.chain(events).map(|feature| (feature, Value::Elements(&[]))).collect())
    });
    present.filter(|(_, members): &(_, Vec<Given<'static>>)| !members.is_empty()).collect()
}

/// Lists as the members of an element.
fn elements<'a>(lists: &'a [(&'static str, Vec<Given<'static>>)]) -> Vec<Given<'a>> {
    lists.iter().map(|(name, members)| (*name, Value::Elements(members))).collect()
}
