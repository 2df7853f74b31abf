//! Sample messages drawn from a number: every kind, with values of all sorts.

use alloc::vec::Vec;

use crate::wire::csta::{
    errors::CstaError,
    events::Part,
    member::{Member, Names, Role},
    model::{
        CallEvent, CallEventKind, Connection, Device, Event, ListItem, LocalConnectionState, Message,
        MonitorFilter, MonitorObject, MonitorType, Party, Redirection, Request, RequestTypes, Response,
        SnapshotItem, StatusFilter, SystemStatus,
    },
    relayed::{Relayed, Value},
    services::{self, Features, Served, Service},
};

/// How many kinds of request and of response there are, apart from the relayed ones.
const KINDS: [u32; 2] = [15, 18];

const TEXTS: [&str; 10] = [
    "1",
    "0_99f261b4",
    "99fda87c",
    "tel:73124;phone-context=dialstring;partition=BE_BRS_INT",
    "a & b < c > d \" e ' f",
    "]]> &amp; <!-- -->",
    "J\u{fc}rgen \u{1f4de}",
    "tab\tline\nreturn\rend",
    "+14255550150",
    "tel:5555551234v:41234",
];

const TYPES: [&str; 4] = ["dialingNumber", "explicitPublic:international", "other", "a\"b&c<d"];

/// Draws values as a function of a number.
struct Chooser(u64);

impl Chooser {
    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn one<T: Copy>(&mut self, values: &[T]) -> T {
        values[usize::try_from(self.bits() >> 33).unwrap() % values.len()]
    }

    fn yes(&mut self) -> bool {
        self.one(&[false, true])
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.yes().then(|| make(self))
    }

    fn text(&mut self) -> &'static str {
        self.one(&TEXTS)
    }

    fn device(&mut self) -> Device<'static> {
        Device { id: self.text(), type_of_number: self.maybe(|c| c.one(&TYPES)) }
    }

    /// A connection with the call, the device, or both.
    fn connection(&mut self) -> Connection<'static> {
        let call = self.maybe(Self::text);
        let device = if call.is_none() { Some(self.device()) } else { self.maybe(Self::device) };
        Connection { call, device }
    }

    fn party(&mut self) -> Party<'static> {
        let device = self.device();
        self.one(&[Party::Device(device), Party::NotKnown, Party::Restricted])
    }

    fn list(&mut self) -> &'static [ListItem<'static>] {
        let item = |c: &mut Self| ListItem {
            new: c.maybe(Self::connection),
            old: c.maybe(Self::connection),
            endpoint: c.maybe(Self::party),
        };
        Vec::leak((0..self.one(&[0, 1, 3])).map(|_| item(self)).collect())
    }

    fn redirection(&mut self) -> Redirection<'static> {
        let number = Redirection::NumberDialed(self.device());
        let not = [
            Redirection::NotKnown,
            Redirection::NotRequired,
            Redirection::NotSpecified,
            Redirection::Restricted,
        ];
        if self.yes() { number } else { self.one(&not) }
    }

    fn monitor_filter(&mut self) -> MonitorFilter {
        MonitorFilter(self.bits() & ((1 << 53) - 1))
    }

    fn status_filter(&mut self) -> StatusFilter {
        StatusFilter(u16::try_from(self.bits() & 0x1ff).unwrap())
    }

    fn seconds(&mut self) -> u32 {
        self.one(&[0, 180, 600, u32::MAX])
    }

    fn features(&mut self) -> Features {
        let all = Features::ALL;
        let drawn = Features {
            services: (u128::from(self.bits()) << 64 | u128::from(self.bits())) & all.services,
            events: self.bits() & all.events,
        };
        let drawn = self.one(&[drawn, all, Features::NONE]);
        // Features of later editions are not written in earlier ones.
        drawn.of_edition(2)
    }

    fn snapshot_item(&mut self) -> SnapshotItem<'static> {
        let states = self.one(&[0, 1, 2, 8]);
        SnapshotItem {
            connection: self.connection(),
            endpoint: self.maybe(Self::party),
            states: (0..states).map(|_| self.one(LocalConnectionState::ALL)).collect(),
            source: None,
        }
    }
}

/// One message of every kind, drawn from `seed`.
pub(super) fn messages(seed: u64) -> impl Iterator<Item = Message<'static>> {
    let mut c = Chooser(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let requests: Vec<_> = (0..KINDS[0]).map(|kind| Message::Request(request(&mut c, kind))).collect();
    let responses: Vec<_> = (0..KINDS[1]).map(|kind| Message::Response(response(&mut c, kind))).collect();
    let events: Vec<_> = CallEventKind::ALL.iter().map(|kind| Message::Event(event(&mut c, *kind))).collect();
    let relayed: Vec<_> = services::all()
        .iter()
        .filter(|service| service.is_relayed())
        .flat_map(|service| relayed(&mut c, service))
        .collect();
    requests.into_iter().chain(responses).chain(events).chain(relayed)
}

/// A relayed service's request and response: all required members, and some of the others.
fn relayed(c: &mut Chooser, service: &'static Service) -> Vec<Message<'static>> {
    let request = members(c, service.request);
    let mut messages = alloc::vec![Message::Request(Request::Relayed(Relayed::request(service, request)))];
    if service.served == Served::Relayed {
        let response = members(c, service.response);
        messages.push(Message::Response(Response::Relayed(Relayed::response(service, response))));
    }
    messages
}

/// The values of a message's members, leaked until the test ends.
fn members(c: &mut Chooser, members: &[Member]) -> &'static [(&'static str, Value<'static>)] {
    let mut values = Vec::new();
    for member in members {
        if member.since <= 3
            && (member.required || c.yes())
            && let Some(value) = value(c, member)
        {
            values.push((member.name, value));
        }
    }
    Vec::leak(values)
}

fn value(c: &mut Chooser, member: &Member) -> Option<Value<'static>> {
    Some(match member.role {
        Role::Own
        | Role::OwnCall
        | Role::Held
        | Role::Active
        | Role::Foreign
        | Role::Announced { .. }
        | Role::Copied(Names::Connection) => Value::Connection(c.connection()),
        Role::Dialled { in_part: true, .. } if c.yes() => {
            Value::Device(Device { id: "", type_of_number: None })
        }
        Role::Dialled { .. } | Role::Number if member.item_in(3).is_some() => {
            Value::Devices(Vec::leak((0..c.one(&[1, 3])).map(|_| c.device()).collect()))
        }
        Role::Line { .. } | Role::Dialled { .. } | Role::Number | Role::Copied(Names::Device) => {
            Value::Device(c.device())
        }
        Role::Truth => Value::Text(c.one(&["true", "false"])),
        Role::Count => Value::Text(c.one(&["0", "7", "100"])),
        Role::Word(words) if !words.is_empty() => Value::Text(c.one(words)),
        Role::Text | Role::Word(_) | Role::CrossReference => Value::Text(c.text()),
        Role::Copied(_) if member.required => Value::Text(c.text()),
        Role::Copied(_) | Role::Narrowed | Role::Withheld => return None,
    })
}

fn request(c: &mut Chooser, kind: u32) -> Request<'static> {
    match kind {
        0 => Request::RequestSystemStatus { register: c.maybe(Chooser::text) },
        1 => Request::SystemStatus { register: c.maybe(Chooser::text), status: c.one(SystemStatus::ALL) },
        2 => Request::SystemRegister {
            types: RequestTypes {
                system_status: c.yes(),
                request_system_status: c.yes(),
                switching_function_caps_changed: c.yes(),
                switching_function_devices_changed: c.yes(),
            },
            filter: c.maybe(Chooser::status_filter),
        },
        3 => Request::SystemRegisterCancel { register: c.text() },
        4 => Request::SystemRegisterAbort { register: c.text() },
        5 => Request::GetCstaFeatures,
        6 => Request::MonitorStart {
            object: if c.yes() {
                MonitorObject::Device(c.device())
            } else {
                MonitorObject::Call(c.connection())
            },
            filter: c.maybe(Chooser::monitor_filter),
            kind: c.maybe(|c| c.one(MonitorType::ALL)),
        },
        7 => Request::MonitorStop { cross_reference: c.text() },
        8 => Request::SnapshotDevice { device: c.device() },
        9 => Request::ChangeMonitorFilter { cross_reference: c.text(), filter: c.monitor_filter() },
        10 => Request::StartApplicationSession {
            application: c.text(),
            protocol_version: c.text(),
            duration: c.maybe(Chooser::seconds),
        },
        11 => {
            Request::ResetApplicationSessionTimer { session: c.text(), duration: c.maybe(Chooser::seconds) }
        }
        12 => Request::StopApplicationSession { session: c.text(), reason: c.one(&["", "done"]) },
        13 => Request::ApplicationSessionTerminated { session: c.text(), reason: c.text() },
        _ => Request::Other { name: "DanceCall" },
    }
}

fn response(c: &mut Chooser, kind: u32) -> Response<'static> {
    match kind {
        0 => Response::RequestSystemStatus { status: c.one(SystemStatus::ALL) },
        1 => Response::SystemStatus,
        2 => Response::SystemRegister { register: c.text(), filter: c.maybe(Chooser::status_filter) },
        3 => Response::SystemRegisterCancel,
        4 => Response::GetCstaFeatures(c.features()),
        5 => Response::MonitorStart { cross_reference: c.text(), filter: c.maybe(Chooser::monitor_filter) },
        6 => Response::MonitorStop,
        7 => Response::SnapshotDevice {
            items: (0..c.one(&[0, 1, 5])).map(|_| c.snapshot_item()).collect(),
            source: None,
        },
        8 => Response::ChangeMonitorFilter { filter: c.maybe(Chooser::monitor_filter) },
        9 => Response::DataFollow {
            service: services::named(c.one(&["SnapshotDevice", "SnapshotCall"])).unwrap(),
            cross_reference: c.text(),
            source: None,
        },
        10 => Response::StartApplicationSession {
            session: c.text(),
            protocol_version: c.text(),
            duration: c.seconds(),
        },
        11 => Response::StartApplicationSessionRefused { error: "serverResourcesBusy" },
        12 => Response::ResetApplicationSessionTimer { duration: c.maybe(Chooser::seconds) },
        13 => Response::ResetApplicationSessionTimerRefused { error: c.text() },
        14 => Response::StopApplicationSession,
        15 => Response::Error(c.one(&CstaError::all().collect::<Vec<_>>())),
        16 => Response::Error(c.one(&[CstaError::UNSPECIFIED, CstaError::RESOURCE_BUSY])),
        _ => Response::Other { name: "DanceCallResponse" },
    }
}

fn event(c: &mut Chooser, kind: CallEventKind) -> Event<'static> {
    let has = |part| kind.name_of(part).is_some();
    Event::Call(CallEvent {
        kind,
        cross_reference: c.text(),
        connection: c.connection(),
        second: has(Part::SecondConnection).then(|| c.connection()),
        subject: if has(Part::Subject) { c.party() } else { Party::NotKnown },
        new_party: has(Part::NewParty).then(|| c.party()),
        given_list: if has(Part::List) { c.list() } else { &[] },
        calling: has(Part::Calling).then(|| c.party()),
        called: has(Part::Called).then(|| c.party()),
        redirection: has(Part::Redirection).then(|| c.redirection()),
        local: if has(Part::LocalState) { c.maybe(|c| c.one(LocalConnectionState::ALL)) } else { None },
        cause: c.one(&["normal", "newCall", "lawfulInterception"]),
        source: None,
    })
}
