//! The hand-driven Asterisk at the bench, at the other end of the gateway's manager interface.

use core::fmt::Write as _;

use super::Bench;
use crate::ami::push;
use ctigate_core::Duration;
use ctigate_core::LinkId;

/// What a new Asterisk answers to each action of the beginning that it does not list anything for.
const ACCEPTED: &str = "Success";

/// An action that the gateway sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acted(String);

impl Acted {
    /// The action's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.value("Action")
    }

    /// The first value of a key; empty if there is none.
    #[must_use]
    pub fn value(&self, key: &str) -> &str {
        self.lines().find(|(name, _)| *name == key).map_or("", |(_, value)| value)
    }

    /// All values of a key.
    #[must_use]
    pub fn values(&self, key: &str) -> Vec<&str> {
        self.lines().filter(|(name, _)| *name == key).map(|(_, value)| value).collect()
    }

    fn lines(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.lines().filter_map(|line| line.split_once(": "))
    }
}

/// The Asterisk at the other end of a link.
#[derive(Clone, Copy, Debug)]
pub struct Asterisk {
    link: LinkId,
}

impl Asterisk {
    /// Opens the connection that the gateway asks for, and greets.
    ///
    /// # Panics
    /// If the gateway does not dial.
    #[expect(clippy::expect_used, reason = "a gateway that does not connect fails the test")]
    pub fn greet(bench: &mut Bench) -> Self {
        let (link, address) = bench.connects().pop().expect("the gateway dials its CTI connection");
        Self::greet_over(bench, link, &address)
    }

    /// Opens the connection that the gateway asks for, and says nothing yet.
    ///
    /// # Panics
    /// If the gateway does not dial.
    #[expect(clippy::expect_used, reason = "a gateway that does not connect fails the test")]
    pub fn open(bench: &mut Bench) -> Self {
        let (link, address) = bench.connects().pop().expect("the gateway dials its CTI connection");
        bench.opened(link, &address);
        Self { link }
    }

    fn greet_over(bench: &mut Bench, link: LinkId, address: &str) -> Self {
        bench.opened(link, address);
        let asterisk = Self { link };
        asterisk.say(bench, "Asterisk Call Manager/11.0.0\r\n");
        asterisk
    }

    /// The same for each connection that the gateway asks for, in order; each has these endpoints and no channels.
    ///
    /// # Panics
    /// If the gateway does not do its part, or asks for another number of connections.
    pub fn answer_all<const COUNT: usize>(
        bench: &mut Bench,
        endpoints: [&[(&str, &str)]; COUNT],
    ) -> [Self; COUNT] {
        let mut wanted = bench.connects().into_iter();
        endpoints.map(|endpoints| {
            let (link, address) = wanted.next().unwrap_or_else(|| unexpected(&[]));
            let asterisk = Self::greet_over(bench, link, &address);
            asterisk.begin(bench, endpoints, &[]);
            asterisk
        })
    }

    /// The same, and accepts the login of a user with all rights, with these endpoints and channels.
    ///
    /// # Panics
    /// If the gateway does not do its part.
    pub fn answer(bench: &mut Bench, endpoints: &[(&str, &str)], channels: &[&str]) -> Self {
        let asterisk = Self::greet(bench);
        asterisk.begin(bench, endpoints, channels);
        asterisk
    }

    fn begin(self, bench: &mut Bench, endpoints: &[(&str, &str)], channels: &[&str]) {
        self.log_in(bench);
        for probe in self.acted(bench) {
            self.refuse(bench, &probe, "Channel not specified");
        }
        let actions = self.acted(bench);
        let (show, status) = match actions.as_slice() {
            [show, status] => (show, status),
            [show, contacts, status] => {
                self.list_contacts(bench, contacts, &[]);
                (show, status)
            }
            _ => unexpected(&actions),
        };
        self.list_endpoints(bench, show, endpoints);
        self.list_channels(bench, status, channels);
    }

    /// Accepts a login.
    ///
    /// # Panics
    /// If the gateway does not log in.
    pub fn log_in(self, bench: &mut Bench) {
        let challenge = self.only(bench, "Challenge");
        self.accept(bench, &challenge, &[("Challenge", "730342727")]);
        let login = self.only(bench, "Login");
        self.accept(bench, &login, &[("Message", "Authentication accepted")]);
        let lines = "Uptime: 1\r\nLastReload: 1\r\nStatus: Fully Booted\r\n\r\n";
        self.say(bench, &format!("Event: FullyBooted\r\nPrivilege: system,all\r\n{lines}"));
    }

    /// Lists endpoints, each with its state.
    pub fn list_endpoints(self, bench: &mut Bench, asked: &Acted, endpoints: &[(&str, &str)]) {
        self.accept(bench, asked, &[("EventList", "start")]);
        for (name, state) in endpoints {
            let lines = [
                ("ObjectType", "endpoint"),
                ("ObjectName", name),
                ("Aor", name),
                ("Contacts", ""),
                ("DeviceState", state),
            ];
            self.item(bench, asked, "EndpointList", &lines);
        }
        self.end(bench, asked, "EndpointListComplete", endpoints.len());
    }

    /// Lists contacts, each with its endpoint and its user agent.
    ///
    /// # Panics
    /// If something else was asked for.
    pub fn list_contacts(self, bench: &mut Bench, asked: &Acted, contacts: &[(&str, &str)]) {
        assert_eq!(asked.name(), "PJSIPShowContacts");
        if contacts.is_empty() {
            return self.refuse(bench, asked, "No Contacts found");
        }
        self.list_some_contacts(bench, asked, contacts);
        self.end_contacts(bench, asked, contacts.len());
    }

    /// Begins to list contacts, and does not come to the end.
    pub fn list_some_contacts(self, bench: &mut Bench, asked: &Acted, contacts: &[(&str, &str)]) {
        self.accept(bench, asked, &[("EventList", "start")]);
        for (endpoint, agent) in contacts {
            let lines = [
                ("ObjectType", "contact"),
                ("ObjectName", endpoint),
                ("Endpoint", endpoint),
                ("Uri", "sip:phone@192.0.2.1"),
                ("UserAgent", agent),
                ("Status", "NonQualified"),
            ];
            self.item(bench, asked, "ContactList", &lines);
        }
    }

    /// Ends a list of so many contacts.
    pub fn end_contacts(self, bench: &mut Bench, asked: &Acted, count: usize) {
        self.end(bench, asked, "ContactListComplete", count);
    }

    /// Lists channels, each with the lines that stand behind its event.
    pub fn list_channels(self, bench: &mut Bench, asked: &Acted, channels: &[&str]) {
        self.accept(bench, asked, &[("EventList", "start")]);
        for lines in channels {
            let mut text = format!("Event: Status\r\nPrivilege: Call\r\n{lines}");
            push(&mut text, &[("ActionID", asked.value("ActionID"))]);
            text.push_str("\r\n");
            self.say(bench, &text);
        }
        self.end(bench, asked, "StatusComplete", channels.len());
    }

    fn item(self, bench: &mut Bench, asked: &Acted, name: &str, lines: &[(&str, &str)]) {
        let mut text = format!("Event: {name}\r\nActionID: {}\r\n", asked.value("ActionID"));
        push(&mut text, lines);
        text.push_str("\r\n");
        self.say(bench, &text);
    }

    fn end(self, bench: &mut Bench, asked: &Acted, name: &str, count: usize) {
        self.item(bench, asked, name, &[("EventList", "Complete"), ("ListItems", &count.to_string())]);
    }

    /// The actions that the gateway sent since the last call.
    ///
    /// # Panics
    /// If what it sent is no text, or ends inside an action.
    #[expect(clippy::expect_used, reason = "what the gateway sends must be actions")]
    pub fn acted(self, bench: &mut Bench) -> Vec<Acted> {
        let text = String::from_utf8(bench.received(self.link)).expect("actions are text");
        let mut actions: Vec<&str> = text.split("\r\n\r\n").collect();
        assert_eq!(actions.pop(), Some(""), "the last action is whole: {text}");
        actions.into_iter().map(|action| Acted(action.to_owned())).collect()
    }

    /// The actions that the gateway sends in the next seconds, but for its heartbeats, which are answered.
    pub fn acted_within(self, bench: &mut Bench, seconds: u64) -> Vec<Acted> {
        let mut acted = Vec::new();
        for _ in 0..seconds {
            bench.advance(Duration::from_secs(1));
            for action in self.acted(bench) {
                if action.name() == "Ping" {
                    self.accept(bench, &action, &[("Ping", "Pong")]);
                } else {
                    acted.push(action);
                }
            }
        }
        acted
    }

    /// The only action that the gateway sent.
    ///
    /// # Panics
    /// If it sent anything else.
    pub fn only(self, bench: &mut Bench, name: &str) -> Acted {
        let actions = self.acted(bench);
        match actions.as_slice() {
            [action] if action.name() == name => action.clone(),
            _ => unexpected(&actions),
        }
    }

    /// Says that an action succeeded.
    pub fn accept(self, bench: &mut Bench, action: &Acted, lines: &[(&str, &str)]) {
        self.respond(bench, action, ACCEPTED, lines);
    }

    /// Says that an action failed.
    pub fn refuse(self, bench: &mut Bench, action: &Acted, message: &str) {
        self.respond(bench, action, "Error", &[("Message", message)]);
    }

    fn respond(self, bench: &mut Bench, action: &Acted, result: &str, lines: &[(&str, &str)]) {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = write!(text, "Response: {result}\r\nActionID: {}\r\n", action.value("ActionID"));
        push(&mut text, lines);
        text.push_str("\r\n");
        self.say(bench, &text);
    }

    /// Sends text.
    pub fn say(self, bench: &mut Bench, text: &str) {
        bench.send(self.link, text.as_bytes());
    }

    /// The link.
    #[must_use]
    pub const fn link(self) -> LinkId {
        self.link
    }
}

#[expect(clippy::panic, reason = "it fails the test")]
fn unexpected(actions: &[Acted]) -> ! {
    panic!("other actions were expected: {actions:#?}")
}
