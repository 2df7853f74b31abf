//! The link protocol for Asterisk: requests of CSTA become actions of the manager interface, and its events become those
//! of CSTA, by the call model.
//!
//! Much is answered here, since Asterisk has neither monitors nor snapshots of devices: what it tells of all channels
//! is kept as calls, and whoever asks is answered from there. What could not be trusted, or was not understood, is
//! followed by one list of all channels, which puts right what is known.

mod asking;
mod documents;
mod endpoints;
mod messages;
mod monitors;
mod mutes;
mod offers;
mod pace;
mod phones;
mod polling;
mod prompts;
mod reader;
mod reading;
mod services;
mod settings;
mod snapshots;
mod telling;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use asking::{Asked, Making};
use endpoints::{Endpoints, Standing};
use monitors::Monitors;
use mutes::Mutes;
use pace::Pace;
use phones::Phones;
use polling::Polling;
use prompts::Prompts;
use settings::{Asking, Known};
use telling::Told;

use super::calls::{Calls, News, Text};
use super::session::{REST, Session};
use crate::config::{Asterisk, Config, ConnectionKind};
use crate::cti::protocol::{
    Frame, Incoming, LinkProtocol, Output, Reader, Refused, RequestId, Slot, Spare, Urgency,
};
use crate::digest::Digester;
use crate::secret::SecretId;
use crate::time::{Duration, Instant};
use crate::wire::ami::{Action, ActionIds};
use crate::wire::csta::model::Request;
use crate::wire::csta::services::Features;

/// If so many actions were never answered, the link is opened again.
const MOST_ASKED: usize = 10_000;

/// The protocol of one link to an Asterisk.
pub(crate) struct AsteriskLink {
    user: Box<str>,
    secret: SecretId,
    settings: Asterisk,
    session: Session,
    ids: ActionIds,
    /// The number of the last action.
    last: u64,
    /// The actions without an answer, by their numbers.
    asked: BTreeMap<u64, Asked>,
    /// The action, of those for a request, whose answer is the request's.
    by_request: BTreeMap<RequestId, u64>,
    /// The channels that were asked for and are not there yet, by their Uniqueid.
    making: BTreeMap<Text, Making>,
    /// Those whose phones are told to answer.
    prompts: Prompts,
    /// The microphones that are muted.
    mutes: Mutes,
    calls: Calls,
    monitors: Monitors,
    endpoints: Endpoints,
    /// When the channels are listed.
    snapshots: Pace,
    phones: Phones,
    polling: Polling,
    /// Settings of lines that are being read, by the requests that ask for them.
    asking: BTreeMap<RequestId, Asking>,
    /// What is known of settings.
    known: Known,
    /// What is to be told.
    told: VecDeque<Told>,
    /// What an event means, while it is told.
    news: Vec<News>,
    /// Whether the link is in service.
    serves: bool,
    /// The fingerprint of calls and monitors.
    tables: u64,
    /// What a phone cannot do that does not obey NOTIFY.
    by_phone: Features,
}

crate::digest! { struct AsteriskLink {
    user: _, // Configured.
    secret: _, // Configured.
    settings: _, // Configured.
    session,
    ids,
    last,
    asked,
    by_request: _, // It follows from `asked`.
    making,
    prompts,
    mutes,
    calls: _, // In `tables`.
    monitors: _, // In `tables`.
    endpoints,
    snapshots,
    phones,
    polling,
    asking,
    known,
    told,
    news: _, // It is empty between steps.
    serves,
    tables,
    by_phone: _, // Always the same.
} }

impl AsteriskLink {
    /// The protocol of the connection at `index`.
    pub(crate) fn new(config: &Config, index: u8) -> Self {
        let connection = config.cti.connections.get(usize::from(index));
        let settings = match connection.map(|one| &one.kind) {
            Some(ConnectionKind::Asterisk(settings)) => (**settings).clone(),
            Some(ConnectionKind::Csta) | None => Asterisk::default(),
        };
        let login = connection.and_then(|one| one.login.as_ref());
        Self {
            user: login.map(|login| login.user.as_str()).unwrap_or_default().into(),
            secret: SecretId(index),
            session: Session::default(),
            ids: ActionIds::default(),
            last: 0,
            asked: BTreeMap::new(),
            by_request: BTreeMap::new(),
            making: BTreeMap::new(),
            prompts: Prompts::default(),
            mutes: Mutes::default(),
            calls: Calls::new(settings.channels),
            monitors: Monitors::new(settings.channels),
            endpoints: Endpoints::default(),
            snapshots: Pace::default(),
            phones: Phones::default(),
            polling: Polling::default(),
            asking: BTreeMap::new(),
            known: Known::default(),
            told: VecDeque::new(),
            news: Vec::new(),
            serves: false,
            tables: 0,
            by_phone: offers::by_phone(),
            settings,
        }
    }

    /// Sends an action. Returns its number; `None` if it cannot be written.
    fn send(&mut self, action: &Action<'_>, asked: Asked, output: &mut Output<'_>) -> Option<u64> {
        let number = self.last + 1;
        output.try_write_with(|out| action.write(self.ids, number, out)).ok()?;
        self.last = number;
        if let Asked::Service(id, _) = asked {
            self.by_request.insert(id, number);
        }
        self.asked.insert(number, asked);
        Some(number)
    }

    /// Brings the fingerprint of the tables up to date.
    fn settle(&mut self) {
        let mut digester = Digester::new();
        digester.number(self.calls.fold());
        digester.number(self.monitors.fold());
        self.tables = digester.finish();
    }
}

impl LinkProtocol for AsteriskLink {
    fn reader(&self) -> Box<dyn Reader> {
        Box::new(reader::AmiReader::default())
    }

    /// Asterisk speaks first. What was known of calls is kept: the list of channels tells what became of them.
    fn open(&mut self, output: &mut Output<'_>) {
        self.session.opened();
        self.ids = ActionIds::new(output.unguessable(b"ami"));
        self.asked.clear();
        self.by_request.clear();
        self.making.clear();
        self.prompts = Prompts::default();
        self.told.clear();
        self.asking.clear();
        self.known = Known::default();
        self.monitors.clear(&mut self.calls);
        self.endpoints = Endpoints::default();
        self.snapshots = Pace::default();
        self.phones = Phones::default();
        self.polling = Polling::default();
        self.serves = false;
        self.settle();
    }

    fn request(
        &mut self,
        id: RequestId,
        _urgency: Urgency,
        request: &Request<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Refused> {
        let asked = self.ask(id, request, output);
        self.settle();
        asked
    }

    fn read<'d, 'b: 'd>(
        &mut self,
        frame: Frame<'b>,
        _spare: &'b mut Spare,
        _slot: &'d mut Slot<'b>,
        output: &mut Output<'_>,
    ) -> Incoming<'d> {
        let incoming = self.frame(frame, output);
        self.settle();
        incoming
    }

    fn has_more(&self) -> bool {
        !self.told.is_empty()
    }

    fn more<'d, 'b: 'd>(
        &mut self,
        spare: &'b mut Spare,
        slot: &'d mut Slot<'b>,
        _output: &mut Output<'_>,
    ) -> Incoming<'d> {
        self.told.pop_front().map_or(Incoming::Nothing, |told| self.tell(told, spare, slot))
    }

    fn abandon(&mut self, id: RequestId, output: &mut Output<'_>) {
        self.give_up(id, output);
        self.settle();
    }

    fn next_send(&self, _now: Instant) -> Option<Instant> {
        let dues = [self.snapshots.due(), self.phones.pace.due(), self.polling.pace.due()];
        dues.into_iter().flatten().min()
    }

    fn on_send_due(&mut self, output: &mut Output<'_>) {
        if self.snapshots.is_due(output.now()) {
            self.take_snapshot(output);
        }
        if self.phones.pace.is_due(output.now()) {
            self.list_contacts(output);
        }
        if self.polling.pace.is_due(output.now()) {
            self.poll(output);
        }
        self.settle();
    }

    fn is_worn_out(&self) -> bool {
        self.asked.len() > MOST_ASKED
    }

    fn heartbeat(&mut self, output: &mut Output<'_>) {
        self.send(&Action::Ping, Asked::Heartbeat, output);
    }

    fn longest_silence(&self) -> Option<Duration> {
        None
    }

    fn rest(&self) -> Duration {
        if self.session.is_refused() { REST } else { Duration::ZERO }
    }

    fn remarks(&self) -> Vec<Cow<'static, str>> {
        let rights = self.session.rights();
        let unheard = offers::unheard(self.session.hears_system());
        let lacking = offers::lacking(rights, &self.settings);
        let unpolled = offers::unpolled(self.polling.is_refused);
        lacking.chain(offers::unlisted(rights)).chain(unheard).chain(unpolled).map(Cow::Owned).collect()
    }

    fn knows(&self, device: &str) -> Option<bool> {
        match self.endpoints.standing(device) {
            Standing::Present | Standing::Unregistered => Some(true),
            Standing::Unknown => Some(false),
            Standing::NotTold => None,
        }
    }

    fn devices_differ(&self) -> bool {
        self.settings.may_obey()
    }

    fn lacks(&self, device: &str) -> Features {
        if self.obeys(device) { Features::NONE } else { self.by_phone }
    }

    fn close(&mut self, output: &mut Output<'_>) {
        self.send(&Action::Logoff, Asked::Nothing, output);
    }
}
