//! Asks a phone system which devices it has: a machine that dials one CTI connection, gets the list of devices and what
//! is known of each, and ends. Each request has its time-out, each pause in the list too, and the list is bounded, so
//! that it ends whatever the phone system does.

mod machine;
mod stations;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::config::Config;
use crate::cti::ConnectionRef;
use crate::cti::news::News;
use crate::cti::pool::{Due, Pool};
use crate::cti::protocol::{Slot, Spare};
use crate::entropy::Seed;
use crate::line::directory::MAX_ENTRIES;
use crate::step::{Shared, Step, TimerKey};
use crate::timer::{Deadline, Timers};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::inventory::{listed, physical_devices};
use crate::wire::csta::model::{Device, Request, Response};
use crate::wire::csta::relayed::{Relayed, Value};
use crate::wire::csta::services;

pub use stations::{Station, Stations};

/// The service that is answered with a list of devices.
const LIST: &str = "GetSwitchingFunctionDevices";

/// The service that tells of one device.
const INFORMATION: &str = "GetLogicalDeviceInformation";

/// The service that tells what a device is.
const PHYSICAL: &str = "GetPhysicalDeviceInformation";

/// The ticket of the request for the list. Those for information are the device's place in the list.
const LIST_TICKET: u32 = u32::MAX;

/// What is added to the place of a device in the tickets of requests for what it is.
const PHYSICAL_TICKET: u32 = 1 << 31;

/// The most messages in which a list may come.
const MAX_PARTS: u32 = 1_000_000;

/// The most requests for information that are under way at a time.
const MAX_ASKED: usize = 32;

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The connection is not in service yet.
    Connecting,
    /// The list was asked for.
    Listing,
    /// The stations are asked for, one by one.
    Asking,
    /// The devices that they are on are asked for, one by one.
    Looking,
    /// It has ended.
    Over,
}

/// Asks one phone system for its devices.
pub struct Inventory {
    shared: Shared,
    state: Asker,
}

/// All but what its parts share.
struct Asker {
    pool: Pool<u32>,
    stage: Stage,
    connection: Option<ConnectionRef>,
    /// The name of the list, once it was announced.
    list: Option<Box<str>>,
    parts: u32,
    /// Whether the last part of the list came.
    is_whole: bool,
    /// When the next part must have come.
    pause: Deadline,
    stations: Stations,
    /// The devices whose models are asked for.
    devices: Vec<Box<str>>,
    /// The next station or device to ask for.
    next: usize,
    /// How many requests for information are under way.
    under_way: usize,
    /// How it ended, until it is taken.
    outcome: Option<Result<Stations, String>>,
}

impl Inventory {
    /// An inventory over the first connection of a configuration. It dials with the first
    /// [`Input::Tick`](crate::Input::Tick).
    #[must_use]
    pub fn new(mut config: Config, seed: Seed) -> Self {
        config.cti.connections.truncate(1);
        let names_devices =
            config.cti.connections.first().is_some_and(|connection| connection.device_ids.is_some());
        let mut shared = Shared::new(config, seed);
        let Shared { config, timers, .. } = &mut shared;
        let pool = Pool::new(config, timers, crate::cti::protocol);
        let state = Asker {
            pool,
            stage: Stage::Connecting,
            connection: None,
            list: None,
            parts: 0,
            is_whole: false,
            pause: Deadline::default(),
            stations: Stations::new(names_devices),
            devices: Vec::new(),
            next: 0,
            under_way: 0,
            outcome: None,
        };
        Self { shared, state }
    }

    /// The stations, or why there are none; once, when it has ended.
    pub const fn take_outcome(&mut self) -> Option<Result<Stations, String>> {
        self.state.outcome.take()
    }
}

impl Asker {
    fn on_bytes(&mut self, step: &mut Step<'_>, index: u8, bytes: &[u8]) -> usize {
        let Some(mut reading) = self.pool.check_out(index) else { return bytes.len() };
        let taken = {
            let mut slot = Slot::default();
            let (taken, news) = self.pool.on_bytes(step, &mut reading, bytes, &mut slot);
            self.on_news(step, news);
            taken
        };
        self.pool.put_back(reading);
        self.tell_more(step, index);
        taken
    }

    /// Handles what the connection has to tell beside a message.
    fn tell_more(&mut self, step: &mut Step<'_>, index: u8) {
        loop {
            let (mut spare, mut slot) = (Spare::default(), Slot::default());
            let Some(news) = self.pool.more(step, index, &mut spare, &mut slot) else { return };
            self.on_news(step, news);
        }
    }

    fn on_tick(&mut self, step: &mut Step<'_>) {
        let Some((_, key)) = step.timers.pop_due(step.now) else { return };
        let deadline = match key {
            TimerKey::Pending(handle) => self.pool.request_deadline(handle.cast()),
            TimerKey::Connection(index) => self.pool.deadline(index),
            TimerKey::Send(index) => self.pool.send_deadline(index),
            TimerKey::Stop => Some(&mut self.pause),
            TimerKey::Server(_)
            | TimerKey::Client(_)
            | TimerKey::Expiry(_)
            | TimerKey::Refresh(_)
            | TimerKey::Outbox(_)
            | TimerKey::Link(_)
            | TimerKey::Rebind
            | TimerKey::Unlisted => None,
        };
        if let Some(deadline) = deadline {
            Timers::<TimerKey>::fired(deadline);
        }
        match key {
            TimerKey::Pending(handle) => {
                let Some(Due { id, ended, refused }) = self.pool.on_request_due(step, handle.cast()) else {
                    return;
                };
                self.on_refusal(step, ended.ticket, refused);
                if self.stage != Stage::Over {
                    let news = self.pool.abandon(step, ended.connection, id);
                    self.on_news(step, news);
                }
            }
            TimerKey::Connection(index) => {
                let news = self.pool.on_timer(step, index);
                self.on_news(step, news);
            }
            TimerKey::Send(index) => {
                self.pool.on_send_due(step, index);
                self.tell_more(step, index);
            }
            TimerKey::Stop => self.on_pause(step),
            TimerKey::Server(_)
            | TimerKey::Client(_)
            | TimerKey::Expiry(_)
            | TimerKey::Refresh(_)
            | TimerKey::Outbox(_)
            | TimerKey::Link(_)
            | TimerKey::Rebind
            | TimerKey::Unlisted => debug_assert!(false, "an inventory has no such timer"),
        }
    }

    /// No further part of the list came in time.
    fn on_pause(&mut self, step: &mut Step<'_>) {
        let waited = step.config.cti.service_timeout.as_micros() / 1_000_000;
        let parts = self.parts;
        let why = format!("the list of devices breaks off: after {parts} parts nothing came for {waited} s");
        self.end(step, Err(why));
    }

    fn on_news(&mut self, step: &mut Step<'_>, news: News<'_, u32>) {
        match news {
            News::InService(connection) => {
                self.connection = Some(connection);
                self.stage = Stage::Listing;
                self.ask(step, LIST_TICKET, LIST, &[]);
            }
            News::Answer(ended, response) => self.on_answer(step, ended.ticket, &response),
            News::Told { request, .. } => self.on_part(step, &request),
            News::Nothing
            | News::Dialled(_)
            | News::Lost(_)
            | News::Alive(_)
            | News::Event { .. }
            | News::MonitorStopped { .. }
            | News::LateMonitor { .. }
            | News::Status { .. } => {}
        }
    }

    /// Sends a request. Returns whether it is under way.
    fn ask(
        &mut self,
        step: &mut Step<'_>,
        ticket: u32,
        name: &str,
        given: &[(&'static str, Value<'_>)],
    ) -> bool {
        let Some((connection, service)) = self.connection.zip(services::named(name)) else { return false };
        let request = Request::Relayed(Relayed::request(service, given));
        match self.pool.ask(step, connection, ticket, &request) {
            Ok(()) => true,
            Err(error) => {
                self.on_refusal(step, ticket, Some(error));
                false
            }
        }
    }

    fn on_answer(&mut self, step: &mut Step<'_>, ticket: u32, response: &Response<'_>) {
        if let Response::Error(error) = response {
            self.on_refusal(step, ticket, Some(*error));
            return;
        }
        let Response::Relayed(relayed) = response else {
            let why = format!("the phone system answered {}", response.name());
            self.end(step, Err(why));
            return;
        };
        if ticket == LIST_TICKET {
            self.list = relayed.text("serviceCrossRefID").map(Box::from);
            self.await_part(step);
        } else if let Some(index) = ticket.checked_sub(PHYSICAL_TICKET) {
            self.under_way = self.under_way.saturating_sub(1);
            let device = usize::try_from(index).ok().and_then(|index| self.devices.get(index));
            if let (Some(device), Some(model)) = (device, relayed.text("deviceModelName")) {
                self.stations.is_of_model(device, model);
            }
        } else {
            self.under_way = self.under_way.saturating_sub(1);
            let has_physical = relayed.truth("hasPhysicalElement");
            self.stations.learn(ticket, has_physical, physical_devices(relayed));
        }
    }

    /// A request was refused or, without an error, not answered in time. Without the list there is nothing; what is not
    /// said of a device is left out.
    fn on_refusal(&mut self, step: &mut Step<'_>, ticket: u32, error: Option<CstaError>) {
        if ticket != LIST_TICKET {
            self.under_way = self.under_way.saturating_sub(1);
            if ticket < PHYSICAL_TICKET {
                self.stations.unknown();
            }
            return;
        }
        let why = match error {
            Some(error) => format!("the phone system refused {LIST}: {error}"),
            None => format!("the phone system did not answer {LIST} in time"),
        };
        self.end(step, Err(why));
    }

    /// A part of the list; it may come before the answer that announces it.
    fn on_part(&mut self, step: &mut Step<'_>, part: &Relayed<'_>) {
        let is_ours = self.list.is_none() || self.list.as_deref() == part.text("serviceCrossRefID");
        if self.stage != Stage::Listing || !is_ours || self.is_whole {
            return;
        }
        for device in listed(part) {
            if self.stations.seen() >= MAX_ENTRIES {
                return self.end(step, Err(format!("the phone system has more than {MAX_ENTRIES} devices")));
            }
            self.stations.add(&device);
        }
        self.parts = self.parts.saturating_add(1);
        if self.parts >= MAX_PARTS {
            return self.end(step, Err(format!("the list of devices has more than {MAX_PARTS} parts")));
        }
        self.is_whole = part.truth("lastSegment") != Some(false);
        self.await_part(step);
    }

    fn await_part(&mut self, step: &mut Step<'_>) {
        if self.is_whole {
            step.timers.cancel(&mut self.pause, TimerKey::Stop);
        } else {
            let at = step.now + step.config.cti.service_timeout;
            step.timers.set(&mut self.pause, TimerKey::Stop, at);
        }
    }

    /// Does what can be done next.
    fn go_on(&mut self, step: &mut Step<'_>) {
        if self.stage == Stage::Over {
            return;
        }
        if let Some(why) = self.pool.at(0).and_then(|one| one.last_failure.clone()) {
            let why: Cow<'static, str> = why;
            return self.end(step, Err(String::from(why)));
        }
        if self.stage == Stage::Listing && self.is_whole && self.list.is_some() {
            self.stage = Stage::Asking;
        }
        if self.stage == Stage::Asking {
            self.ask_more(step);
            if self.under_way == 0 && self.next >= self.stations.len() {
                (self.stage, self.next) = (Stage::Looking, 0);
                self.devices = self.stations.without_model();
            }
        }
        if self.stage == Stage::Looking {
            self.look_at_more(step);
            if self.under_way == 0 && self.next >= self.devices.len() {
                let stations = core::mem::take(&mut self.stations);
                self.end(step, Ok(stations));
            }
        }
    }

    /// Asks for the next devices, if the phone system can tell of them.
    fn ask_more(&mut self, step: &mut Step<'_>) {
        let features = self.pool.at(0).map(|one| one.features_of("")).unwrap_or_default();
        let can_tell = features.has_service(INFORMATION);
        while can_tell && self.under_way < MAX_ASKED {
            let Some(id) = self.stations.id(self.next) else { return };
            let id = Box::<str>::from(id);
            let ticket = u32::try_from(self.next).unwrap_or(LIST_TICKET);
            self.next += 1;
            self.under_way += 1;
            let device = Device { id: &id, type_of_number: None };
            self.ask(step, ticket, INFORMATION, &[("device", Value::Device(device))]);
        }
        if !can_tell {
            self.next = self.stations.len();
        }
    }

    /// Asks for the models of the next devices, if the phone system can tell.
    fn look_at_more(&mut self, step: &mut Step<'_>) {
        let features = self.pool.at(0).map(|one| one.features_of("")).unwrap_or_default();
        if !features.has_service(PHYSICAL) {
            self.next = self.devices.len();
        }
        while self.under_way < MAX_ASKED {
            let Some(id) = self.devices.get(self.next).cloned() else { return };
            let ticket = u32::try_from(self.next).unwrap_or_default().saturating_add(PHYSICAL_TICKET);
            self.next += 1;
            self.under_way += 1;
            let device = Device { id: &id, type_of_number: None };
            self.ask(step, ticket, PHYSICAL, &[("device", Value::Device(device))]);
        }
    }

    /// Ends, with this outcome.
    fn end(&mut self, step: &mut Step<'_>, outcome: Result<Stations, String>) {
        if self.stage == Stage::Over {
            return;
        }
        self.stage = Stage::Over;
        let status = u8::from(outcome.is_err());
        self.outcome = Some(outcome);
        self.pool.leave(step);
        step.actions.finish(status);
    }
}
