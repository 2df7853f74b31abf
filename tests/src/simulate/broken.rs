//! Canaries: engines that are broken on purpose, each in one way. A wrapper changes inputs, actions or the observed
//! state, without support in the core. The simulation must detect every one.

mod calls;
mod site;

use std::collections::{BTreeMap, BTreeSet};

use ctigate_core::engine::{Engine, Selection};
use ctigate_core::line::directory::Directory;
use ctigate_core::wire::csta_frame::frame;
use ctigate_core::{Action, Actions, Input, Instant, LinkId, Listen, Machine, Taken, Wake, Why};

use super::inbox::{complete, element, header, root};
use super::seen::Seen;
use site::Site;

/// The way in which an engine is broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Canary {
    /// Not at all.
    #[default]
    Healthy,
    /// Now and then an answer to an INFO is not sent.
    LostAnswer,
    /// Now and then an answer to an INFO is sent twice.
    AnsweredTwice,
    /// Every session is put on the first connection that serves.
    UnfairRotation,
    /// A BYE is answered, but the session stays.
    SessionLeak,
    /// Monitors are not stopped at the phone system.
    MonitorLeak,
    /// It asks to be woken too early.
    StaleWake,
    /// Events go to the dialog of the last request.
    EventToWrongSession,
    /// A call goes over another connection than its session's.
    WrongConnection,
    /// A connection that is dialled again keeps its ID.
    ConnectionIdReused,
    /// Now and then the event of a call's end is dropped.
    ForgottenCall,
    /// Every monitor has the same cross-reference ID.
    SameReference,
    /// Every monitor of a dialog has the ID of its first.
    ReferenceReused,
    /// A node that took a dialog over does not show existing calls.
    TakeoverUnshown,
    /// What began or changed while a monitor was moved is not shown.
    BeginningUnshown,
    /// Every answer to MakeCall names the same call.
    SameCall,
    /// A session is moved from a connection that is in service.
    RestlessSession,
    /// A table counts more than it may hold.
    PassedLimit,
    /// Its behaviour depends on how many engines this process has made.
    OutsideCounter,
    /// Events of a transfer or conference name the second call as the first.
    SwappedOldCalls,
    /// Events of a transfer or conference name an old call as the one that results.
    OldCallKept,
    /// What happens to a call that resulted from others is not told.
    MergedCallDeaf,
    /// A service that is refused is said to be done.
    StaleCallAccepted,
    /// A request about a held and an active call exchanges them.
    SwappedRequest,
    /// A request about two calls names another line's connection in one.
    ForeignConnection,
    /// A phone system tells of a transfer who did it, and not those that stay in the call.
    TransferUntold,
    /// A phone system leaves out a party of a conference.
    ForgottenParty,
    /// A phone system says of a party that stays that it left.
    WrongPartyCleared,
    /// A phone system tells another line of a phone's forwarding.
    ForwardingToWrongLine,
    /// A phone system does not tell that a call is held for a consultation.
    HeldLost,
    /// A phone system does not tell that a call left a phone for another, or for parking.
    DivertedLost,
    /// A phone system tells twice that calls must not disturb.
    DisturbTwice,
    /// A reload leaves users the lines that were taken from them.
    RightsKept,
    /// A reload takes lines from users who may control them.
    OthersEnded,
    /// Users are told apart by capital and small letters.
    UserCase,
    /// A selection is acknowledged before it is kept.
    ChoiceUnkept,
    /// What the store has kept is not in force after a restart.
    ChoiceForgotten,
    /// Sessions do not follow their users' choices.
    ChoiceUnfollowed,
    /// Calls at the device that a session has left are not cleared.
    OldDeviceKept,
}

impl Canary {
    /// All broken ones.
    pub const ALL: [Self; 38] = [
        Self::LostAnswer,
        Self::AnsweredTwice,
        Self::UnfairRotation,
        Self::SessionLeak,
        Self::MonitorLeak,
        Self::StaleWake,
        Self::EventToWrongSession,
        Self::WrongConnection,
        Self::ConnectionIdReused,
        Self::ForgottenCall,
        Self::SameReference,
        Self::ReferenceReused,
        Self::TakeoverUnshown,
        Self::BeginningUnshown,
        Self::SameCall,
        Self::RestlessSession,
        Self::PassedLimit,
        Self::OutsideCounter,
        Self::SwappedOldCalls,
        Self::OldCallKept,
        Self::MergedCallDeaf,
        Self::StaleCallAccepted,
        Self::SwappedRequest,
        Self::ForeignConnection,
        Self::TransferUntold,
        Self::ForgottenParty,
        Self::WrongPartyCleared,
        Self::ForwardingToWrongLine,
        Self::HeldLost,
        Self::DivertedLost,
        Self::DisturbTwice,
        Self::RightsKept,
        Self::OthersEnded,
        Self::UserCase,
        Self::ChoiceUnkept,
        Self::ChoiceForgotten,
        Self::ChoiceUnfollowed,
        Self::OldDeviceKept,
    ];

    /// Whether the phone systems are broken, and the engines are not.
    pub(super) const fn is_of_phone_system(self) -> bool {
        matches!(
            self,
            Self::TransferUntold
                | Self::ForgottenParty
                | Self::WrongPartyCleared
                | Self::ForwardingToWrongLine
                | Self::HeldLost
                | Self::DivertedLost
                | Self::DisturbTwice
        )
    }
}

/// An engine, healthy or not.
pub(super) struct Broken {
    engine: Engine,
    canary: Canary,
    /// The engine's actions.
    inner: Actions,
    /// How many things could have been changed so far.
    count: u64,
    /// The CTI links with their addresses, in the order in which they were dialled.
    cti: Vec<(LinkId, String)>,
    /// The dialog of the last request.
    dialog: String,
    /// The dialogs that were taken over.
    taken_over: BTreeSet<String>,
    /// The first monitor of each dialog.
    monitors: BTreeMap<String, String>,
    /// The calls that resulted from others.
    merged: BTreeSet<String>,
    /// Whether a snapshot came in with this step.
    snapshot: bool,
    /// How many engines this process had made before.
    made: u64,
    site: Site,
}

std::thread_local! {
    static MADE: core::cell::Cell<u64> = const { core::cell::Cell::new(0) };
}

impl Broken {
    pub(super) fn new(engine: Engine, canary: Canary, directory: Option<&Directory>) -> Self {
        let made = MADE.replace(MADE.get().wrapping_add(1));
        Self {
            engine,
            canary,
            inner: Actions::new(),
            count: 0,
            cti: Vec::new(),
            dialog: String::new(),
            taken_over: BTreeSet::new(),
            monitors: BTreeMap::new(),
            merged: BTreeSet::new(),
            snapshot: false,
            made,
            site: Site::new(canary, directory),
        }
    }

    pub(super) const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Changes the observed state.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "each canary spoils one thing; the others leave it as it is"
    )]
    pub(super) fn distort(&self, seen: &mut Seen) {
        self.site.distort(seen);
        match self.canary {
            Canary::UnfairRotation => {
                let first = seen
                    .in_service()
                    .next()
                    .and_then(|index| Some((index, seen.connections.get(usize::from(index))?.id)));
                for session in &mut seen.sessions {
                    session.connection = session.connection.and(first);
                }
            }
            Canary::ConnectionIdReused => {
                for connection in &mut seen.connections {
                    connection.id = connection.id.min(2);
                }
            }
            Canary::RestlessSession if self.count > 3 => {
                for session in &mut seen.sessions {
                    session.connection =
                        session.connection.map(|(index, id)| (index, id.wrapping_add(1_000)));
                }
            }
            Canary::PassedLimit if self.count > 3 => {
                seen.view.sessions = seen.view.sessions.saturating_add(101);
            }
            _ => {}
        }
    }

    /// Whether to change this one.
    const fn now_and_then(&mut self) -> bool {
        self.count = self.count.wrapping_add(1);
        self.count.is_multiple_of(3)
    }

    /// Swallows an input: a BYE on a stream is answered and dropped.
    fn swallow(input: &Input<'_>, actions: &mut Actions) -> Option<Taken> {
        let Input::Bytes { link, bytes } = input else { return None };
        let length = complete(bytes).filter(|_| bytes.starts_with(b"BYE "))?;
        let text = core::str::from_utf8(bytes.get(..length)?).ok()?;
        let mut answer = String::from("SIP/2.0 200 OK\r\n");
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            answer = format!("{answer}{name}: {}\r\n", header(text, name).unwrap_or_default());
        }
        answer.push_str("Content-Length: 0\r\n\r\n");
        actions.write(*link, answer.as_bytes());
        Some(Taken(length))
    }

    /// Changes a message to a client; `None` if it is not sent.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "each canary spoils one thing; the others leave it as it is"
    )]
    fn spoil(&mut self, text: &str) -> Option<Vec<u8>> {
        let mut out = text.to_owned();
        let answers = text.starts_with("SIP/2.0 200")
            && header(text, "CSeq").is_some_and(|cseq| cseq.ends_with("INFO"));
        let canary = self.canary;
        match canary {
            // An answer to MonitorStart is kept, since otherwise its events would be detected first.
            Canary::LostAnswer
                if answers && !text.contains("MonitorStartResponse") && self.now_and_then() =>
            {
                return None;
            }
            Canary::AnsweredTwice if answers && self.now_and_then() => out.push_str(text),
            Canary::EventToWrongSession if text.starts_with("INFO ") => {
                let call_id = header(text, "Call-ID").unwrap_or_default();
                if self.dialog != call_id && !self.dialog.is_empty() {
                    out = text.replace(call_id, &self.dialog);
                }
            }
            Canary::SameReference => {
                let reference = element(text, "monitorCrossRefID");
                out = reference.map_or(out, |reference| text.replace(reference, "99fda87c"));
            }
            Canary::ReferenceReused if text.contains("MonitorStartResponse") => {
                let reference = element(text, "monitorCrossRefID").unwrap_or_default();
                let call_id = header(text, "Call-ID").unwrap_or_default().to_owned();
                let first = self.monitors.entry(call_id).or_insert_with(|| reference.to_owned());
                out = text.replace(reference, first);
            }
            Canary::TakeoverUnshown | Canary::BeginningUnshown if self.conceals(text) => return None,
            Canary::SameCall if text.contains("MakeCallResponse") => {
                let call = element(text, "callID").unwrap_or_default();
                // As long as before, so that Content-Length stays correct.
                out = text.replace(call, &"7".repeat(call.len()));
            }
            Canary::OldDeviceKept if self.site.conceals(text) => return None,
            Canary::RestlessSession | Canary::PassedLimit => self.count = self.count.wrapping_add(1),
            _ => out = self.spoil_calls(text)?,
        }
        Some(out.into_bytes())
    }

    /// Whether to hold back this event, which comes from a snapshot.
    fn conceals(&self, text: &str) -> bool {
        let shows = text.starts_with("INFO ") && self.snapshot && root(text) != "ConnectionClearedEvent";
        let call_id = header(text, "Call-ID").unwrap_or_default();
        shows && (self.canary == Canary::BeginningUnshown || self.taken_over.contains(call_id))
    }

    fn is_cti(&self, link: LinkId) -> bool {
        self.cti.iter().any(|(known, _)| *known == link)
    }

    /// The link for a request to a phone system: that of another connection, if it is a call to be misdirected.
    fn strayed(&self, link: LinkId, text: &str) -> LinkId {
        let strays = self.canary == Canary::WrongConnection && text.contains("<MakeCall");
        let own = self.cti.iter().find(|(known, _)| *known == link).map(|(_, address)| address);
        let other = self.cti.iter().rfind(|(_, address)| Some(address) != own).map(|(other, _)| *other);
        other.filter(|_| strays).unwrap_or(link)
    }

    /// Replaces a MonitorStop by a harmless request.
    fn keep_monitor(bytes: &[u8], actions: &mut Actions, link: LinkId) {
        let digits = bytes.get(4..8).and_then(|digits| core::str::from_utf8(digits).ok());
        let invoke = digits.and_then(|digits| digits.parse().ok()).unwrap_or(1);
        let ask =
            "<RequestSystemStatus xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\"/>";
        actions.write_with(link, |out| {
            let framed = frame(out, invoke, |out| out.extend_from_slice(ask.as_bytes()));
            debug_assert!(framed.is_ok(), "it is short");
        });
    }

    fn pass(&mut self, actions: &mut Actions) {
        let inner = core::mem::take(&mut self.inner);
        for action in inner.iter() {
            match action {
                Action::Connect { link, address } => {
                    self.cti.push((link, address.to_owned()));
                    super::pass(action, actions);
                }
                Action::Write { link, bytes } | Action::WriteSecret { link, bytes, .. } => {
                    let cti = self.is_cti(link);
                    let text = String::from_utf8_lossy(bytes);
                    if self.canary == Canary::MonitorLeak && cti && text.contains("<MonitorStop ") {
                        Self::keep_monitor(bytes, actions, link);
                    } else if cti && self.spoil_request(link, bytes, &text, actions) {
                        // It is sent.
                    } else if cti {
                        actions.write(self.strayed(link, &text), bytes);
                    } else if let Some(text) = self.spoil(&text) {
                        actions.write(link, &text);
                    }
                }
                Action::SendDatagram { listener, peer, bytes } => {
                    if let Some(text) = self.spoil(&String::from_utf8_lossy(bytes)) {
                        actions.send_datagram(listener, peer, &text);
                    }
                }
                Action::Notify(notice) => {
                    self.site.note(notice.name, notice.fields);
                    if notice.name == "dialog_taken_over" {
                        self.taken_over.extend(super::field(notice.fields, "call_id"));
                    }
                    super::pass(action, actions);
                }
                Action::Reply { .. } if self.site.withholds(&action) => {}
                Action::Close { .. }
                | Action::Print { .. }
                | Action::Persist { .. }
                | Action::Reply { .. }
                | Action::Finish { .. } => {
                    super::pass(action, actions);
                }
            }
        }
        self.inner = inner;
    }

    /// Whether an input is the event of a call's end that is to be dropped.
    fn forgets(&mut self, input: &Input<'_>) -> bool {
        let Input::Bytes { link, bytes } = input else { return false };
        let text = String::from_utf8_lossy(bytes);
        let whole =
            bytes.get(2..4).map(|length| length.iter().fold(0, |sum, byte| sum * 256 + usize::from(*byte)));
        let ends = text.contains("<ConnectionClearedEvent") && whole == Some(bytes.len());
        self.is_cti(*link) && ends && self.now_and_then()
    }
}

/// Whether these bytes are a snapshot of a line's calls.
fn shows_calls(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).contains("<SnapshotDeviceResponse")
}

impl Machine for Broken {
    fn listens(&self) -> Vec<Listen> {
        self.engine.listens()
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "each canary spoils one thing; the others leave it as it is"
    )]
    fn step(&mut self, now: Instant, input: Input<'_>, actions: &mut Actions) -> Taken {
        match self.canary {
            Canary::Healthy | Canary::StaleWake => return self.engine.step(now, input, actions),
            canary if canary.is_of_phone_system() => return self.engine.step(now, input, actions),
            Canary::UnfairRotation | Canary::ConnectionIdReused => {
                return self.engine.step(now, input, actions);
            }
            Canary::SessionLeak => {
                if let Some(taken) = Self::swallow(&input, actions) {
                    return taken;
                }
            }
            Canary::ForgottenCall => {
                if let Input::Bytes { bytes, .. } = input
                    && self.forgets(&input)
                {
                    return Taken(bytes.len());
                }
            }
            Canary::OutsideCounter if input == Input::Tick && self.made % 2 == 1 => {
                actions.print(format_args!("{}", self.made));
            }
            _ => {}
        }
        if let Input::Bytes { bytes, .. } | Input::Datagram { bytes, .. } = input
            && let Some(call_id) = core::str::from_utf8(bytes).ok().and_then(|text| header(text, "Call-ID"))
        {
            call_id.clone_into(&mut self.dialog);
        }
        self.snapshot = matches!(input, Input::Bytes { bytes, .. } if shows_calls(bytes));
        self.inner.clear();
        let taken = self.misguided(now, input);
        self.site.hasten(&input, &self.inner, actions);
        self.pass(actions);
        taken
    }

    fn selections(&self, after: &str, most: usize) -> Vec<Selection> {
        Machine::selections(&self.engine, after, most)
    }

    fn next_wake(&self) -> Option<Wake> {
        let wake = self.engine.next_wake()?;
        if self.canary == Canary::StaleWake && matches!(wake.why, Why::Timer(_)) {
            let at = Instant::from_micros(wake.at.as_micros().saturating_sub(1_000));
            return Some(Wake { at, why: wake.why });
        }
        Some(wake)
    }

    fn digest(&mut self) -> u64 {
        self.engine.digest()
    }

    fn full_digest(&self) -> u64 {
        self.engine.full_digest()
    }
}
