//! Messages made from a number: every kind, with values of all sorts.

use alloc::vec::Vec;

use crate::wire::csta::{
    errors::CstaError,
    events::Part,
    model::{
        AutoOriginate, CallEvent, CallEventKind, Connection, Device, Event, LocalConnectionState, Message,
        MonitorFilter, MonitorObject, MonitorType, Party, Redirection, Request, RequestTypes, Response,
        SnapshotItem, StatusFilter, SystemStatus,
    },
    services::Features,
};

/// How many kinds of request, response and event there are.
const KINDS: [u32; 3] = [19, 21, 9];

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

/// Draws values from a number, the same from the same.
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

    /// With the call, the device, or both.
    fn connection(&mut self) -> Connection<'static> {
        let call = self.maybe(Self::text);
        let device = if call.is_none() { Some(self.device()) } else { self.maybe(Self::device) };
        Connection { call, device }
    }

    fn party(&mut self) -> Party<'static> {
        let device = self.device();
        self.one(&[Party::Device(device), Party::NotKnown, Party::Restricted])
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
        self.one(&[drawn, all, Features::NONE])
    }

    fn snapshot_item(&mut self) -> SnapshotItem<'static> {
        let states = self.one(&[0, 1, 2, 8]);
        SnapshotItem {
            connection: self.connection(),
            endpoint: self.maybe(Self::party),
            states: (0..states).map(|_| self.one(LocalConnectionState::ALL)).collect(),
        }
    }
}

/// One message of every kind, drawn from `seed`.
pub(super) fn messages(seed: u64) -> impl Iterator<Item = Message<'static>> {
    let mut c = Chooser(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let requests: Vec<_> = (0..KINDS[0]).map(|kind| Message::Request(request(&mut c, kind))).collect();
    let responses: Vec<_> = (0..KINDS[1]).map(|kind| Message::Response(response(&mut c, kind))).collect();
    let events: Vec<_> = CallEventKind::ALL.iter().map(|kind| Message::Event(event(&mut c, *kind))).collect();
    requests.into_iter().chain(responses).chain(events)
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
        9 => Request::MakeCall {
            calling: c.device(),
            called: if c.yes() { c.device() } else { Device { id: "", type_of_number: None } },
            auto_originate: c.maybe(|c| c.one(AutoOriginate::ALL)),
        },
        10 => Request::AnswerCall { connection: c.connection() },
        11 => Request::ClearConnection { connection: c.connection() },
        12 => Request::HoldCall { connection: c.connection() },
        13 => Request::RetrieveCall { connection: c.connection() },
        14 => Request::StartApplicationSession {
            application: c.text(),
            protocol_version: c.text(),
            duration: c.maybe(Chooser::seconds),
        },
        15 => {
            Request::ResetApplicationSessionTimer { session: c.text(), duration: c.maybe(Chooser::seconds) }
        }
        16 => Request::StopApplicationSession { session: c.text(), reason: c.one(&["", "done"]) },
        17 => Request::ApplicationSessionTerminated { session: c.text() },
        _ => Request::Other { name: "AlternateCall" },
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
        7 => Response::SnapshotDevice((0..c.one(&[0, 1, 5])).map(|_| c.snapshot_item()).collect()),
        8 => Response::MakeCall { calling: c.connection() },
        9 => Response::AnswerCall,
        10 => Response::ClearConnection,
        11 => Response::HoldCall,
        12 => Response::RetrieveCall,
        13 => Response::StartApplicationSession {
            session: c.text(),
            protocol_version: c.text(),
            duration: c.seconds(),
        },
        14 => Response::StartApplicationSessionRefused { error: "serverResourcesBusy" },
        15 => Response::ResetApplicationSessionTimer { duration: c.maybe(Chooser::seconds) },
        16 => Response::ResetApplicationSessionTimerRefused { error: c.text() },
        17 => Response::StopApplicationSession,
        18 => Response::Error(c.one(&CstaError::all().collect::<Vec<_>>())),
        19 => Response::Error(c.one(&[CstaError::UNSPECIFIED, CstaError::RESOURCE_BUSY])),
        _ => Response::Other { name: "AlternateCallResponse" },
    }
}

fn event(c: &mut Chooser, kind: CallEventKind) -> Event<'static> {
    let has = |part| kind.name_of(part).is_some();
    Event::Call(CallEvent {
        kind,
        cross_reference: c.text(),
        connection: c.connection(),
        subject: c.party(),
        calling: has(Part::Calling).then(|| c.party()),
        called: has(Part::Called).then(|| c.party()),
        redirection: has(Part::Redirection).then(|| c.redirection()),
        local: c.maybe(|c| c.one(LocalConnectionState::ALL)),
        cause: c.one(&["normal", "newCall", "lawfulInterception"]),
        source: None,
    })
}
