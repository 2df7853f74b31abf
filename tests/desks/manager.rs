//! The manager interface of an Asterisk with many phones, in threads of the measurement: it answers what the gateway
//! asks, and calls go on at it as they were recorded.

use core::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use ctigate_tests::ami::{Channel, caller, event, push};
use ctigate_tests::recordings;

/// The recorded call.
const CALL: &str = "answered-caller-hangs-up";
/// What is another in every call: the two devices, the names of the channels, their Uniqueids, and the bridge.
const BLANKS: [(&str, &str); 5] = [
    ("1001", "{A}"),
    ("1002", "{B}"),
    ("-0000000", "{N}"),
    ("1795965201.", "{U}"),
    ("87e4e3fc-d0a3-43b6-b47b-c9a0c521a633", "bridge{N}"),
];

/// The interface. Its threads end with the process.
pub(crate) struct Manager {
    pub(crate) address: String,
    pub(crate) speaker: Speaker,
    /// When each Originate came.
    pub(crate) originated: Receiver<Instant>,
}

/// Sends events to the gateway.
#[derive(Clone, Default)]
pub(crate) struct Speaker(Arc<Mutex<Option<TcpStream>>>);

impl Speaker {
    pub(crate) fn say(&self, text: &str) -> io::Result<()> {
        match &mut *self.stream() {
            Some(stream) => stream.write_all(text.as_bytes()),
            None => Err(io::Error::other("the gateway is not connected")),
        }
    }

    fn stream(&self) -> MutexGuard<'_, Option<TcpStream>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What there is at this Asterisk.
#[derive(Clone)]
pub(crate) struct House {
    /// The number of the first endpoint, and how many there are.
    pub(crate) first: usize,
    pub(crate) endpoints: usize,
    /// How many of them talk with somebody outside: two channels each.
    pub(crate) talking: usize,
}

impl Manager {
    /// Listens for the gateway's connection.
    pub(crate) fn open(house: House) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        let speaker = Speaker::default();
        let (sender, originated) = channel();
        let served = speaker.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // The connection ends with the gateway.
                let _ = serve(&house, &stream, &served, &sender);
            }
        });
        Ok(Self { address, speaker, originated })
    }
}

fn serve(house: &House, stream: &TcpStream, speaker: &Speaker, sender: &Sender<Instant>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    *speaker.stream() = Some(stream.try_clone()?);
    speaker.say("Asterisk Call Manager/11.0.0\r\n")?;
    loop {
        let mut action = String::new();
        while !action.ends_with("\r\n\r\n") {
            if reader.read_line(&mut action)? == 0 {
                return Ok(());
            }
        }
        let value = |key: &str| {
            let mut lines = action.lines().filter_map(|line| line.split_once(": "));
            lines.find(|(name, _)| *name == key).map_or("", |(_, value)| value)
        };
        if value("Action") == "Originate" && !value("Channel").is_empty() {
            // Nobody may be listening.
            let _ = sender.send(Instant::now());
        }
        speaker.say(&answer(house, value))?;
    }
}

/// What is answered to an action, whose values are told by key.
fn answer<'a>(house: &House, value: impl Fn(&str) -> &'a str) -> String {
    let id = value("ActionID");
    let respond = |result: &str, lines: &[(&str, &str)]| {
        let mut text = format!("Response: {result}\r\nActionID: {id}\r\n");
        push(&mut text, lines);
        text.push_str("\r\n");
        text
    };
    let end = |text: &mut String, name: &str, count: usize| {
        let count = count.to_string();
        let _ = write!(text, "Event: {name}\r\nActionID: {id}\r\n");
        push(text, &[("EventList", "Complete"), ("ListItems", &count)]);
        text.push_str("\r\n");
    };
    match value("Action") {
        "Challenge" => respond("Success", &[("Challenge", "730342727")]),
        "PJSIPShowEndpoints" => {
            let mut text = respond("Success", &[("EventList", "start")]);
            for number in house.first..house.first + house.endpoints {
                let number = number.to_string();
                let _ = write!(text, "Event: EndpointList\r\nActionID: {id}\r\n");
                push(&mut text, &[("ObjectType", "endpoint"), ("ObjectName", &number), ("Aor", &number)]);
                push(&mut text, &[("Contacts", ""), ("DeviceState", "Not in use")]);
                text.push_str("\r\n");
            }
            end(&mut text, "EndpointListComplete", house.endpoints);
            text
        }
        "Status" => {
            let mut text = respond("Success", &[("EventList", "start")]);
            for index in 0..house.talking {
                for lines in talking(house.first + index, index) {
                    let _ = write!(text, "Event: Status\r\nPrivilege: Call\r\n{lines}ActionID: {id}\r\n\r\n");
                }
            }
            end(&mut text, "StatusComplete", 2 * house.talking);
            text
        }
        "Originate" if !value("Channel").is_empty() => {
            let mut text = respond("Success", &[("Message", "Originate successfully queued")]);
            let number = value("Channel").trim_start_matches("PJSIP/");
            let channel = Channel {
                state: "Down",
                ..caller(
                    String::leak(format!("PJSIP/{number}-00000077")),
                    String::leak(number.to_owned()),
                    "9",
                    String::leak(value("ChannelId").to_owned()),
                )
            };
            text.push_str(&event("Newchannel", &[], &[("", &channel)], &[]));
            text.push_str(&event("Hangup", &[], &[("", &channel)], &[("Cause", "17"), ("Cause-txt", "x")]));
            text
        }
        "Login" | "Ping" => respond("Success", &[]),
        "DBGet" => respond("Error", &[("Message", "Database entry not found")]),
        _ => respond("Error", &[("Message", "Channel not specified")]),
    }
}

/// The lines of two channels that talk with each other.
fn talking(number: usize, index: usize) -> [String; 2] {
    let (own, far) = (format!("31{index}.1"), format!("31{index}.2"));
    let name = format!("PJSIP/{number}-1{index:07x}");
    let trunk = format!("PJSIP/trunk-2{index:07x}");
    let number = number.to_string();
    [(&name, &number, &own), (&trunk, &"0301234".to_owned(), &far)].map(|(name, number, unique)| {
        format!(
            "Channel: {name}\r\nChannelState: 6\r\nChannelStateDesc: Up\r\nCallerIDNum: {number}\r\n\
             CallerIDName: <unknown>\r\nConnectedLineNum: <unknown>\r\nConnectedLineName: <unknown>\r\n\
             Language: en\r\nAccountCode: \r\nContext: from-internal\r\nExten: \r\nPriority: 1\r\n\
             Uniqueid: {unique}\r\nLinkedid: {own}\r\nType: PJSIP\r\nDNID: \r\nEffectiveConnectedLineNum: <unknown>\r\n\
             EffectiveConnectedLineName: <unknown>\r\nTimeToHangup: 0\r\nBridgeID: 87e4e3fc-{index:08x}\r\n\
             Application: \r\nData: \r\nNativeformats: (ulaw)\r\nReadformat: ulaw\r\nReadtrans: \r\n\
             Writeformat: ulaw\r\nWritetrans: \r\nCallgroup: 0\r\nPickupgroup: 0\r\nSeconds: 10\r\n"
        )
    })
}

/// The recorded call, as events that are told again for others.
pub(crate) struct Call {
    /// With a letter in brackets for what is another in every call.
    events: Vec<String>,
    told: usize,
}

impl Call {
    pub(crate) fn recorded() -> io::Result<Self> {
        let all = recordings::asterisk()?;
        let call = all.iter().find(|one| one.name == CALL);
        let stream = call.and_then(|call| call.streams.first()).map(Vec::as_slice).unwrap_or_default();
        let mut text = String::from_utf8_lossy(stream).into_owned();
        for (from, to) in BLANKS {
            text = text.replace(from, to);
        }
        let is_of_call = |message: &&str| {
            let name = message.strip_prefix("Event: ").and_then(|rest| rest.split("\r\n").next());
            name.is_some_and(|name| !matches!(name, "TestEvent" | "FullyBooted" | "CoreShowChannelsComplete"))
        };
        let events = text.split_inclusive("\r\n\r\n").filter(is_of_call).map(str::to_owned).collect();
        Ok(Self { events, told: 0 })
    }

    /// Numbers its calls from here.
    pub(crate) const fn begin_at(&mut self, told: usize) {
        self.told = told;
    }

    /// How many events it has.
    pub(crate) const fn len(&self) -> usize {
        self.events.len()
    }

    /// The events of a new call between two devices: those up to the first with that name, and the others.
    pub(crate) fn between(&mut self, [from, to]: [usize; 2], first: &str) -> [String; 2] {
        self.told += 1;
        let told = self.told;
        let name = format!("Event: {first}\r\n");
        let cut = self.events.iter().position(|event| event.starts_with(&name)).map_or(0, |index| index + 1);
        let (before, after) = self.events.split_at(cut);
        [before, after].map(|events| {
            let text = events.concat().replace("{A}", &from.to_string()).replace("{B}", &to.to_string());
            text.replace("{N}", &format!("-{told:07x}")).replace("{U}", &format!("18{told}."))
        })
    }
}
