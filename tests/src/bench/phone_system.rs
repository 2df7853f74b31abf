//! A hand-driven phone system.

use ctigate_core::LinkId;

use super::Bench;
use crate::sip::{csta, element, root};

/// ECMA-354's namespace.
pub(crate) const SESSION: &str = "http://www.ecma-international.org/standards/ecma-354/appl_session";

/// Every service that the gateway serves.
const ALL_SERVICES: &str = "<monitoringServList><monitorStart/><monitorStop/></monitoringServList>\
    <snapshotServList><snapshotDevice/></snapshotServList><callControlServList><answerCall/>\
    <clearConnection/><holdCall/><makeCall/><retrieveCall/></callControlServList>";

/// One end of a CTI link.
#[derive(Clone, Copy, Debug)]
pub struct PhoneSystem {
    link: LinkId,
}

/// A document that the gateway sent, with its invoke ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The invoke ID.
    pub invoke: u16,
    /// The document.
    pub document: String,
}

impl Asked {
    #[expect(clippy::expect_used, reason = "a test's document is short")]
    fn frame(&self) -> Vec<u8> {
        let length = u16::try_from(self.document.len() + 8).expect("a document that fits");
        let mut frame = vec![0, 0];
        frame.extend_from_slice(&length.to_be_bytes());
        frame.extend_from_slice(format!("{:04}{}", self.invoke, self.document).as_bytes());
        frame
    }

    /// The name of the document's root element.
    #[must_use]
    pub fn root(&self) -> &str {
        root(&self.document)
    }

    /// The text of an element.
    #[must_use]
    pub fn element(&self, name: &str) -> &str {
        element(&self.document, name)
    }
}

impl PhoneSystem {
    /// Opens the connection that the gateway asks for, and brings it into service: application session, features (all
    /// that the gateway serves), registration.
    ///
    /// # Panics
    /// If the gateway does not do its part.
    pub fn answer(bench: &mut Bench) -> Self {
        Self::answer_with(bench, ALL_SERVICES)
    }

    /// The same, with these lists of services.
    ///
    /// # Panics
    /// If the gateway does not do its part.
    #[expect(clippy::expect_used, reason = "a gateway that does not connect fails the test")]
    pub fn answer_with(bench: &mut Bench, services: &str) -> Self {
        let (link, address) = bench.connects().pop().expect("the gateway dials its CTI connection");
        let system = Self::bring_up(bench, link, &address, services);
        bench.heartbeats([system]);
        system
    }

    /// Opens all connections that the gateway asks for, in order, and brings them into service.
    ///
    /// # Panics
    /// If the gateway does not do its part.
    pub fn answer_all(bench: &mut Bench) -> Vec<Self> {
        Self::answer_all_with(bench, ALL_SERVICES)
    }

    /// The same, with these lists of services.
    ///
    /// # Panics
    /// If the gateway does not do its part.
    pub fn answer_all_with(bench: &mut Bench, services: &str) -> Vec<Self> {
        let wanted = bench.connects();
        let systems: Vec<Self> =
            wanted.iter().map(|(link, address)| Self::bring_up(bench, *link, address, services)).collect();
        bench.heartbeats(systems.iter().copied());
        systems
    }

    fn bring_up(bench: &mut Bench, link: LinkId, address: &str, services: &str) -> Self {
        bench.opened(link, address);
        let system = Self { link };
        system.open(bench);
        system.serve(bench, "GetCSTAFeatures", |_| csta("GetCSTAFeaturesResponse", &features(services)));
        // Requests of the first sessions may have come already.
        let asked = system.asked(bench);
        let Some((register, others)) = asked.split_first().filter(|(one, _)| one.root() == "SystemRegister")
        else {
            unexpected("SystemRegister", &asked)
        };
        let registered = csta("SystemRegisterResponse", "<sysStatRegisterID>r1</sysStatRegisterID>");
        system.say(bench, register.invoke, &registered);
        system.put_back(bench, others);
        system
    }

    /// Answers the first request of a connection: `StartApplicationSession` or `RequestSystemStatus`.
    ///
    /// # Panics
    /// If the gateway asked for anything else.
    pub fn open(self, bench: &mut Bench) {
        let started = "<sessionID>s1</sessionID><actualProtocolVersion>x</actualProtocolVersion>\
                       <actualSessionDuration>180</actualSessionDuration>";
        let asked = self.asked(bench);
        let [first] = asked.as_slice() else { unexpected("StartApplicationSession", &asked) };
        let answer = match first.root() {
            "StartApplicationSession" => format!(
                "<StartApplicationSessionPosResponse xmlns=\"{SESSION}\">{started}</StartApplicationSessionPosResponse>"
            ),
            "RequestSystemStatus" => is_normal(),
            _ => unexpected("StartApplicationSession", &asked),
        };
        self.say(bench, first.invoke, &answer);
    }

    fn put_back(self, bench: &mut Bench, asked: &[Asked]) {
        for one in asked.iter().rev() {
            let frame = one.frame();
            bench.put_back(self.link, &frame);
        }
    }

    /// The other end of a link that the gateway opened.
    #[must_use]
    pub const fn on(link: LinkId) -> Self {
        Self { link }
    }

    /// The link.
    #[must_use]
    pub const fn link(self) -> LinkId {
        self.link
    }

    /// The documents that the gateway sent since the last call.
    ///
    /// # Panics
    /// If it sent something that is not a frame.
    #[expect(clippy::expect_used, reason = "what the gateway sends must be frames")]
    pub fn asked(self, bench: &mut Bench) -> Vec<Asked> {
        let bytes = bench.received(self.link);
        let mut rest = bytes.as_slice();
        let mut asked = Vec::new();
        while let Some((header, _)) = rest.split_first_chunk::<8>() {
            let [zero, also_zero, high, low, digits @ ..] = *header;
            assert_eq!((zero, also_zero), (0, 0), "a frame begins with two zero bytes");
            let (frame, others) = rest
                .split_at_checked(usize::from(u16::from_be_bytes([high, low])))
                .expect("the frame is whole");
            let invoke = core::str::from_utf8(&digits).ok().and_then(|digits| digits.parse().ok());
            let document = frame.get(8..).map(<[u8]>::to_vec).and_then(|bytes| String::from_utf8(bytes).ok());
            asked.push(Asked { invoke: invoke.expect("four digits"), document: document.expect("UTF-8") });
            rest = others;
        }
        asked
    }

    /// Answers the heartbeats among the documents that the gateway sent, and leaves the others.
    pub(super) fn keep_alive(self, bench: &mut Bench) {
        let beats = ["ResetApplicationSessionTimer", "RequestSystemStatus"];
        let (beats, others): (Vec<Asked>, Vec<Asked>) =
            self.asked(bench).into_iter().partition(|asked| beats.contains(&asked.root()));
        self.put_back(bench, &others);
        let renewed = format!("<ResetApplicationSessionTimerPosResponse xmlns=\"{SESSION}\"/>");
        for beat in beats {
            let answer = if beat.root() == "RequestSystemStatus" { is_normal() } else { renewed.clone() };
            self.say(bench, beat.invoke, &answer);
        }
    }

    /// Answers the only request that the gateway sent, which must be a `service`.
    ///
    /// # Panics
    /// If it sent anything else.
    pub fn serve(self, bench: &mut Bench, service: &str, answer: impl FnOnce(&Asked) -> String) -> Asked {
        let asked = self.asked(bench);
        let [asked] = asked.as_slice() else { unexpected(service, &asked) };
        if asked.root() != service {
            unexpected(service, core::slice::from_ref(asked));
        }
        self.say(bench, asked.invoke, &answer(asked));
        asked.clone()
    }

    /// Answers a MonitorStart.
    pub fn start_monitor(self, bench: &mut Bench, cross_reference: &str) -> Asked {
        let named = format!("<monitorCrossRefID>{cross_reference}</monitorCrossRefID>");
        self.serve(bench, "MonitorStart", |_| csta("MonitorStartResponse", &named))
    }

    /// Answers a SnapshotDevice without calls.
    pub fn knows_line(self, bench: &mut Bench) -> Asked {
        self.has_calls(bench, &[])
    }

    /// Answers a SnapshotDevice with these calls, each with its callID, the far end, and the states of line and far
    /// end.
    pub fn has_calls(self, bench: &mut Bench, calls: &[(&str, &str, [&str; 2])]) -> Asked {
        self.serve(bench, "SnapshotDevice", |asked| snapshot(asked.element("snapshotObject"), calls))
    }

    /// Sends a document with an invoke ID.
    pub fn say(self, bench: &mut Bench, invoke: u16, document: &str) {
        let frame = Asked { invoke, document: document.into() }.frame();
        bench.send(self.link, &frame);
    }

    /// The same, before the gateway handles anything that is due.
    pub fn interject(self, bench: &mut Bench, invoke: u16, document: &str) {
        let frame = Asked { invoke, document: document.into() }.frame();
        bench.input(ctigate_core::Input::Bytes { link: self.link, bytes: &frame });
    }

    /// Sends an event: `children` follow the cross-reference.
    pub fn event(self, bench: &mut Bench, name: &str, cross_reference: &str, children: &str) {
        let named = format!("<monitorCrossRefID>{cross_reference}</monitorCrossRefID>{children}");
        self.say(bench, 9999, &csta(name, &named));
    }
}

/// The answer to RequestSystemStatus of a phone system that works normally.
fn is_normal() -> String {
    csta("RequestSystemStatusResponse", "<systemStatus>normal</systemStatus>")
}

/// A `SnapshotDeviceResponse` for a line: each call has its callID, the far end, and the states of line and far end.
#[must_use]
pub fn snapshot(line: &str, calls: &[(&str, &str, [&str; 2])]) -> String {
    let item = |(call, far, [own, other]): &(&str, &str, [&str; 2])| {
        format!(
            "<snapshotDeviceResponseInfo><connectionIdentifier><callID>{call}</callID><deviceID>{line}</deviceID>\
             </connectionIdentifier><endpointDevice><deviceIdentifier>{far}</deviceIdentifier></endpointDevice>\
             <localCallState><compoundCallState><localConnectionState>{own}</localConnectionState>\
             <localConnectionState>{other}</localConnectionState></compoundCallState></localCallState>\
             </snapshotDeviceResponseInfo>"
        )
    };
    let items: String = calls.iter().map(item).collect();
    let list = if items.is_empty() {
        "<snapshotData/>".into()
    } else {
        format!("<snapshotData>{items}</snapshotData>")
    };
    let data = format!("<crossRefIDorSnapshotData>{list}</crossRefIDorSnapshotData>");
    csta("SnapshotDeviceResponse", &data)
}

/// A CSTAErrorCode.
#[must_use]
pub fn csta_error(category: &str, value: &str) -> String {
    csta("CSTAErrorCode", &format!("<{category}>{value}</{category}>"))
}

/// The features of a phone system with these services.
fn features(services: &str) -> String {
    format!(
        "<supportedServices>{services}</supportedServices>\
         <supportedEvents><callControlEvtsList><connectionCleared/><delivered/><established/><failed/><held/>\
         <netwReached/><originated/><retrieved/><serviceInitiated/></callControlEvtsList></supportedEvents>",
    )
}

#[expect(clippy::panic, reason = "what the gateway asks is what the test is about")]
fn unexpected(wanted: &str, asked: &[Asked]) -> ! {
    panic!("the phone system should be asked for {wanted}, and nothing else: {asked:#?}");
}
