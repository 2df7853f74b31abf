//! A gateway, a phone system that offers and answers every service, and one client of the line `1001`.

use ctigate_core::Duration;
use ctigate_core::setting::Value;
use ctigate_core::wire::csta::services::{Service, all};
use ctigate_tests::bench::{Asked, Bench, Client, PhoneSystem, Sip, only};

/// The client's line as it signs in, which is more than a number.
pub(super) const LINE: &str = "tel:1001;phone-context=dialstring;partition=P";
/// The line in events and responses.
pub(super) const SHOWN_LINE: &str = "tel:1001;phone-context=dialstring";
/// Another line, as clients name it.
pub(super) const OTHER: &str = "tel:1002;phone-context=dialstring";

/// The gateway between a phone system and a client, which may use different editions.
pub(super) struct Desk {
    pub(super) bench: Bench,
    pub(super) system: PhoneSystem,
    pub(super) client: Client,
    /// The client's edition of ECMA-323.
    pub(super) spoken: u8,
    /// The phone system's edition.
    pub(super) link: u8,
}

/// A document of an edition.
pub(super) fn document(edition: u8, root: &str, inside: &str) -> String {
    let uri = format!("http://www.ecma-international.org/standards/ecma-323/csta/ed{edition}");
    let head = format!("<?xml version=\"1.0\"?><{root} xmlns=\"{uri}\"");
    if inside.is_empty() { format!("{head}/>") } else { format!("{head}>{inside}</{root}>") }
}

/// The `supportedServices` of a phone system that has those services which the gateway may request and for which `has`
/// returns true.
pub(super) fn lists(has: impl Fn(&Service) -> bool) -> String {
    let mut text = String::new();
    let mut open = "";
    for service in all().iter().filter(|service| service.needs_link() && has(service)) {
        if service.list != open {
            if !open.is_empty() {
                text.extend(["</", open, ">"]);
            }
            open = service.list;
            text.extend(["<", open, ">"]);
        }
        text.extend(["<", service.feature, "/>"]);
    }
    if open.is_empty() { text } else { format!("{text}</{open}>") }
}

/// A setting that is true.
pub(super) const fn yes(key: &str) -> (&str, Value) {
    (key, Value::Flag(true))
}

impl Desk {
    /// A desk with these settings and these lists of services.
    pub(super) fn with(link: u8, spoken: u8, lists: &str, more: &[(&str, Value)]) -> Self {
        let edition = [("cti.edition", Value::Integer(link.into()))];
        let settings: Vec<(&str, Value)> = edition.into_iter().chain(more.iter().cloned()).collect();
        let mut bench = Bench::with(&settings);
        let system = PhoneSystem::answer_with(&mut bench, lists);
        let mut client = Client::new(&mut bench, "alice");
        client.uri = LINE.into();
        client.sign_in(&mut bench, system);
        bench.notices();
        Self { bench, system, client, spoken, link }
    }

    /// A desk with all services, where calls of others may be picked up.
    pub(super) fn new(link: u8, spoken: u8) -> Self {
        Self::with(link, spoken, &lists(|_| true), &[yes("cti.connection[0].foreign_calls")])
    }

    /// The same, with a client that monitors its line, which is in the calls 7 and 8.
    pub(super) fn with_calls(link: u8, spoken: u8) -> Self {
        let mut desk = Self::new(link, spoken);
        desk.is_in_calls();
        desk
    }

    /// Lets the client monitor its line, which is in the calls 7 and 8.
    pub(super) fn is_in_calls(&mut self) {
        self.client.monitor(&mut self.bench, self.system, "m1");
        for call in ["7", "8"] {
            self.held(call);
            assert_eq!(self.heard_roots(), ["HeldEvent"]);
        }
        self.bench.notices();
    }

    /// The phone system reports that the line has put a call on hold.
    pub(super) fn held(&mut self, call: &str) {
        let inside = format!(
            "<heldConnection><callID>{call}</callID><deviceID>1001</deviceID></heldConnection>\
             <holdingDevice><deviceIdentifier>1001</deviceIdentifier></holdingDevice><cause>normal</cause>"
        );
        self.system.event(&mut self.bench, "HeldEvent", "m1", &inside);
    }

    /// The names of the documents that the client got since the last call.
    pub(super) fn heard_roots(&mut self) -> Vec<String> {
        self.client.heard(&mut self.bench).iter().map(|sip| sip.root().to_owned()).collect()
    }

    /// Sends a request of the client; returns what it gets at once.
    pub(super) fn ask(&mut self, root: &str, inside: &str) -> Vec<Sip> {
        let body = document(self.spoken, root, inside);
        self.client.send(&mut self.bench, "INFO", &body)
    }

    /// Sends a request of the client; returns the one request that the phone system gets.
    #[track_caller]
    pub(super) fn passed(&mut self, root: &str, inside: &str) -> Asked {
        let early = self.ask(root, inside);
        assert_eq!(early, [], "{root} {inside} is not the gateway's to answer");
        let asked = self.system.asked(&mut self.bench);
        let [asked] = <[Asked; 1]>::try_from(asked).expect("one question");
        assert_eq!(asked.root(), root);
        asked
    }

    /// Lets the phone system answer; returns what the client gets at once.
    pub(super) fn says(&mut self, asked: &Asked, root: &str, inside: &str) -> Vec<Sip> {
        let answer = document(self.link, root, inside);
        self.system.say(&mut self.bench, asked.invoke, &answer);
        self.client.heard(&mut self.bench)
    }

    /// Lets the phone system answer with a response that announces nothing.
    #[track_caller]
    pub(super) fn agrees(&mut self, asked: &Asked) {
        let response = format!("{}Response", asked.root());
        let answers = self.says(asked, &response, "");
        assert_eq!(only(&answers, 200).root(), response);
    }

    /// Sends a request of the client, which the gateway must refuse with this error without any other effect.
    #[track_caller]
    pub(super) fn refuses(&mut self, root: &str, inside: &str, value: &str) {
        self.bench.notices();
        let before = self.bench.engine().view();
        let answers = self.ask(root, inside);
        let answer = only(&answers, 200);
        assert_eq!((answer.root(), error(&answer)), ("CSTAErrorCode", value), "{root} {inside}");
        assert_eq!(self.system.asked(&mut self.bench), [], "{root} {inside}");
        let notices = self.bench.notices();
        let told = notices
            .iter()
            .any(|notice| notice.starts_with("service_refused ") || notice.starts_with("service_failed "));
        assert!(told, "{root} {inside}: {notices:?}");
        assert_eq!(self.bench.engine().view(), before, "{root} {inside}");
    }

    /// Lets the time pass during which events wait after a response.
    pub(super) fn wait(&mut self) {
        self.bench.advance(Duration::from_millis(20));
    }

    /// Whether a discarded message was logged.
    pub(super) fn was_discarded(&mut self) -> bool {
        self.bench.notices().iter().any(|notice| notice.starts_with("message_discarded "))
    }
}

/// The value of a CSTAErrorCode, or its category if that has no values.
pub(super) fn error(answer: &Sip) -> &str {
    let inside = answer.body().split_once("CSTAErrorCode").map_or("", |(_, inside)| inside);
    let inside = inside.split_once('>').map_or("", |(_, inside)| inside);
    let (tag, rest) = inside.strip_prefix('<').and_then(|rest| rest.split_once('>')).unwrap_or_default();
    tag.strip_suffix('/').unwrap_or_else(|| rest.split('<').next().unwrap_or_default())
}
