//! The call model of Asterisk, and what it has said to each line, written as a desk phone would show it.

use core::fmt::Write as _;
use std::collections::BTreeMap;

use ctigate_core::cti::asterisk::calls::{Calls, Kind, News, Outcome, Purposed, Redirected, Who};
use ctigate_core::wire::ami::{Message, Read, Reader};
use ctigate_core::wire::csta::model::LocalConnectionState as State;
use ctigate_tests::recordings::Step;

/// The lines.
pub(crate) const LINES: [&str; 6] = ["1001", "1002", "1003", "1004", "1005", "1006"];

/// The machine, and what it has said to each device.
pub(crate) struct World {
    pub(crate) calls: Calls,
    /// The lines.
    pub(crate) lines: Vec<String>,
    /// The readers of the connections that are open.
    pub(crate) readers: Vec<Reader>,
    pub(crate) news: Vec<News>,
    /// The letters of calls, by their callIDs.
    pub(crate) letters: Vec<String>,
    pub(crate) told: BTreeMap<String, Vec<String>>,
    /// All that was said.
    pub(crate) said: Vec<News>,
    /// Whether a snapshot is due.
    pub(crate) lost: bool,
    /// Whether events may be missing.
    pub(crate) is_lenient: bool,
    /// Whether there was no room for a channel.
    pub(crate) is_full: bool,
    /// The states of its own connections that each device believes in, by what it was told.
    pub(crate) believed: BTreeMap<(String, String), State>,
    /// The `ActionID` of the list of channels that is being read, if one is.
    pub(crate) list: Option<String>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::of(1_000)
    }

    /// A world with room for so many channels.
    pub(crate) fn of(limit: usize) -> Self {
        let mut calls = Calls::new(limit);
        for line in LINES {
            calls.watch(line, true);
        }
        Self {
            calls,
            lines: LINES.map(str::to_owned).into(),
            readers: Vec::new(),
            news: Vec::new(),
            letters: Vec::new(),
            told: BTreeMap::new(),
            said: Vec::new(),
            lost: false,
            is_lenient: false,
            is_full: false,
            believed: BTreeMap::new(),
            list: None,
        }
    }

    /// Writes down what was said.
    pub(crate) fn hear(&mut self) {
        for news in core::mem::take(&mut self.news) {
            self.believe(&news);
            let line = self.line(&news);
            self.told.entry(news.device.to_string()).or_default().push(line);
            self.said.push(news);
        }
    }

    /// What a device believes in after an event.
    fn believe(&mut self, news: &News) {
        let key = |call: &dyn ToString| (news.device.to_string(), call.to_string());
        if news.local == State::Null {
            self.believed.remove(&key(&news.call));
            if let Some(second) = &news.second {
                self.believed.remove(&key(second));
            }
        } else {
            self.believed.insert(key(&news.call), news.local);
        }
    }

    /// What each device believes in is what there is.
    pub(crate) fn assert_believed(&self) {
        let is = self.lines.iter().flat_map(|line| {
            let at = self.calls.at(line);
            at.map(|call| ((line.clone(), call.call.to_string()), call.states[0]))
        });
        let is: BTreeMap<_, _> = is.filter(|(_, state)| *state != State::Fail).collect();
        assert_eq!(self.believed, is);
    }

    /// Nothing is left, neither here nor at the devices.
    pub(crate) fn assert_over(&self, story: &str) {
        assert!(self.calls.is_empty(), "{story}: {:?}", self.calls);
        assert!(self.believed.is_empty(), "{story}: {:?}", self.believed);
    }

    /// The letter of a call, in the order in which calls are heard of.
    fn letter(&mut self, call: &impl ToString) -> char {
        let call = call.to_string();
        let place = self.letters.iter().position(|known| *known == call).unwrap_or_else(|| {
            self.letters.push(call);
            self.letters.len() - 1
        });
        char::from(b'A' + u8::try_from(place % 26).unwrap())
    }

    /// `A Delivered 1002 1001>1002 connected newCall`: call, event, subject, calling and called number, the state of
    /// the device's own connection, cause; and where the call came from, goes to, and whom it joins.
    fn line(&mut self, news: &News) -> String {
        let kind = match news.kind {
            Kind::Call(kind) => kind.word().trim_end_matches("Event"),
            Kind::Queued => "Queued",
        };
        let mut line = format!(
            "{} {kind} {} {}>{} {} {}",
            self.letter(&news.call),
            shown(&news.subject),
            shown(&news.calling),
            shown(&news.called),
            news.local.word(),
            news.cause
        );
        if let Some(second) = &news.second {
            write!(line, " and {}", self.letter(second)).unwrap();
        }
        match &news.redirected {
            Redirected::No => {}
            Redirected::From(number) => write!(line, " from {number}").unwrap(),
            Redirected::Perhaps => line.push_str(" perhaps redirected"),
        }
        if news.new_party != Who::default() {
            write!(line, " to {}", shown(&news.new_party)).unwrap();
        }
        for (moved, start) in news.list.iter().zip([":"].into_iter().chain(core::iter::repeat(""))) {
            let old = moved.old.as_ref().map_or('-', |old| self.letter(old));
            write!(line, "{start} {}={old}", shown(&moved.party)).unwrap();
        }
        line
    }

    /// A step of a recording.
    pub(crate) fn step(&mut self, step: &Step) {
        match step {
            Step::Opened => {
                self.readers.push(Reader::default());
                self.lost = true;
            }
            Step::Ended => {
                self.readers.pop();
            }
            Step::Seen(_) => {}
            Step::Sent(bytes) => self.asked(bytes),
            Step::Came(bytes) => self.came(bytes),
        }
        if !self.news.is_empty() {
            self.hear();
            self.assert_believed();
        }
    }

    /// What the gateway would note with an action.
    fn asked(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let value = |key| text.split("\r\n").find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
        match value("Action") {
            Some("Originate") => {
                let purpose = match value("Exten") {
                    Some(number) => Purposed::Call(number.into()),
                    None => Purposed::Invitation("".into()),
                };
                self.calls.expect(value("ChannelId").unwrap_or_default(), purpose);
            }
            // The list of CoreShowChannels lacks little of that of Status.
            Some("Status" | "CoreShowChannels") => {
                self.calls.begin_snapshot();
                self.list = value("ActionID").map(str::to_owned);
            }
            _ => {}
        }
    }

    fn came(&mut self, bytes: &[u8]) {
        let mut reader = self.readers.pop().unwrap();
        let mut rest = bytes;
        while !rest.is_empty() {
            let (taken, read) = reader.push(rest);
            match read {
                Read::Incomplete | Read::Greeting(_) => {}
                Read::Message(message) => self.read(&message),
                Read::Rejected(_) => self.lost = true,
                Read::Broken => panic!("the stream is broken"),
            }
            rest = &rest[taken..];
        }
        self.readers.push(reader);
    }

    fn read(&mut self, message: &Message<'_>) {
        if message.event() == "OriginateResponse" && message.value("Response") == Some("Failure") {
            self.calls.forget(message.value("Uniqueid").unwrap_or_default());
        }
        let is_listed = self.list.is_some() && message.action_id() == self.list.as_deref();
        match message.event() {
            "Status" | "CoreShowChannel" if is_listed => {
                let outcome = self.calls.listed(message);
                assert!(outcome == Outcome::Taken || self.is_lenient, "{outcome:?} {message:?}");
            }
            "StatusComplete" | "CoreShowChannelsComplete" if is_listed => {
                self.calls.end_snapshot(&mut self.news);
                self.lost = false;
                self.list = None;
            }
            _ => {
                let outcome = self.calls.event(message, &mut self.news);
                self.is_full |= matches!(outcome, Outcome::Full(_));
                let may_miss = self.lost || self.is_lenient;
                assert!(outcome == Outcome::Taken || may_miss, "{outcome:?} {message:?}");
            }
        }
    }

    /// All that was said, a block for each device.
    pub(crate) fn heard(&self) -> String {
        let mut heard = String::new();
        for (device, lines) in &self.told {
            writeln!(heard, "{device}").unwrap();
            for line in lines {
                writeln!(heard, "  {line}").unwrap();
            }
        }
        heard
    }
}

fn shown(who: &Who) -> &str {
    match (&*who.number, &*who.device) {
        ("", "") => "?",
        ("", device) => device,
        (number, _) => number,
    }
}
