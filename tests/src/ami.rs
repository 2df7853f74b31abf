//! Events of the manager interface, as Asterisk writes them.

use core::fmt::Write as _;

/// A channel.
#[derive(Clone)]
pub struct Channel {
    /// Its name.
    pub name: &'static str,
    /// The number of its device.
    pub number: &'static str,
    /// What it dials.
    pub exten: &'static str,
    /// Its Uniqueid.
    pub unique: &'static str,
    /// Its Linkedid.
    pub linked: &'static str,
    /// Its state, in words.
    pub state: &'static str,
    /// The number that is connected, as its phone shows it.
    pub connected: &'static str,
}

/// A channel that calls `exten`, the first of its call.
#[must_use]
pub const fn caller(
    name: &'static str,
    number: &'static str,
    exten: &'static str,
    unique: &'static str,
) -> Channel {
    Channel { name, number, exten, unique, linked: unique, state: "Ring", connected: "<unknown>" }
}

/// A channel that is called in the call of another.
#[must_use]
pub const fn called(name: &'static str, number: &'static str, unique: &'static str, of: &Channel) -> Channel {
    Channel { name, number, exten: "s", unique, linked: of.linked, state: "Down", connected: "<unknown>" }
}

/// The technology of a bridge in which two talk.
pub const TALK: &str = "simple_bridge";
/// That of a conference room.
pub const ROOM: &str = "softmix";
/// That of a place where calls are parked.
pub const PARKING: &str = "holding_bridge";

impl Channel {
    /// Its lines, with `of` before their keys.
    #[must_use]
    pub fn lines(&self, of: &str) -> String {
        let Self { name, number, exten, unique, linked, state, connected } = self;
        format!(
            "{of}Channel: {name}\r\n{of}ChannelState: 0\r\n{of}ChannelStateDesc: {state}\r\n\
             {of}CallerIDNum: {number}\r\n{of}CallerIDName: <unknown>\r\n\
             {of}ConnectedLineNum: {connected}\r\n{of}ConnectedLineName: <unknown>\r\n\
             {of}Language: en\r\n{of}AccountCode: \r\n{of}Context: internal\r\n{of}Exten: {exten}\r\n\
             {of}Priority: 1\r\n{of}Uniqueid: {unique}\r\n{of}Linkedid: {linked}\r\n"
        )
    }
}

/// An event with these lines before those of its channels, and behind them; `channels` are each with what stands before
/// their keys.
#[must_use]
pub fn event(
    name: &str,
    before: &[(&str, &str)],
    channels: &[(&str, &Channel)],
    after: &[(&str, &str)],
) -> String {
    let mut event = format!("Event: {name}\r\nPrivilege: call,all\r\n");
    push(&mut event, before);
    for (of, channel) in channels {
        event.push_str(&channel.lines(of));
    }
    push(&mut event, after);
    event.push_str("\r\n");
    event
}

/// Appends lines.
pub fn push(text: &mut String, lines: &[(&str, &str)]) {
    for (key, value) in lines {
        // Writing to a string does not fail.
        let _ = write!(text, "{key}: {value}\r\n");
    }
}

/// What an event says of a bridge.
#[must_use]
pub fn bridge<'a>(unique: &'a str, technology: &'a str) -> [(&'static str, &'a str); 6] {
    let creator = if technology == ROOM { "ConfBridge" } else { "<unknown>" };
    [
        ("BridgeUniqueid", unique),
        ("BridgeType", "basic"),
        ("BridgeTechnology", technology),
        ("BridgeCreator", creator),
        ("BridgeName", "<unknown>"),
        ("BridgeNumChannels", "1"),
    ]
}
