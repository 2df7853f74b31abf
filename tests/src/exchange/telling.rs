//! The events of an Asterisk that is played.

use super::{Channel, Exchange, Flaw, places};
use crate::ami::push;

/// The bridge in which calls are parked.
const PARKED: &str = "bridge-parking";

/// What stands behind a channel's lines in a list.
const LISTED: &str = "Type: PJSIP\r\nTimeToHangup: 0\r\nData: \r\nSeconds: 1\r\n";

impl Channel {
    /// Its lines, with `of` before their keys.
    fn lines(&self, of: &str) -> String {
        let Self { name, number, exten, unique, linked, state, .. } = self;
        let (state, word) = state.shown();
        format!(
            "{of}Channel: {name}\r\n{of}ChannelState: {state}\r\n{of}ChannelStateDesc: {word}\r\n\
             {of}CallerIDNum: {number}\r\n{of}CallerIDName: <unknown>\r\n{of}ConnectedLineNum: <unknown>\r\n\
             {of}ConnectedLineName: <unknown>\r\n{of}Language: en\r\n{of}AccountCode: \r\n{of}Context: internal\r\n\
             {of}Exten: {exten}\r\n{of}Priority: 1\r\n{of}Uniqueid: {unique}\r\n{of}Linkedid: {linked}\r\n"
        )
    }
}

impl Exchange {
    /// An event about channels, each with what stands before its keys.
    pub(super) fn tell(&mut self, name: &str, channels: &[(&str, &str)], after: &[(&str, &str)]) {
        let mut text = format!("Event: {name}\r\nPrivilege: call,all\r\n");
        for (of, unique) in channels {
            text.push_str(&self.find(unique).map(|channel| channel.lines(of)).unwrap_or_default());
        }
        push(&mut text, after);
        self.out.push_str(&text);
        self.out.push_str("\r\n");
    }

    /// What is told so far, and the lines of a channel.
    pub(super) fn say(&mut self, mut text: String, unique: &str) {
        text.push_str(&self.find(unique).map(|channel| channel.lines("")).unwrap_or_default());
        self.out.push_str(&text);
        self.out.push_str("\r\n");
    }

    /// Says that a channel has ended, which has not, in a message that cannot be trusted: its keys stand in it twice.
    pub fn mistrust(&mut self) {
        let uniques: Vec<String> = self.channels.iter().map(|channel| channel.unique.clone()).collect();
        if let Some(unique) = self.random.pick(&uniques).cloned() {
            self.tell("Hangup", &[("", &unique), ("", &unique)], &[("Cause", "16"), ("Cause-txt", "x")]);
        }
    }

    pub(super) fn tell_bridge(&mut self, name: &str, unique: &str, bridge: u64) {
        let channels = self.channels.iter().filter(|channel| channel.bridge == Some(bridge)).count();
        let (bridge, channels) = (format!("bridge-{bridge}"), channels.to_string());
        let mut text = format!("Event: {name}\r\nPrivilege: call,all\r\n");
        push(&mut text, &[("BridgeUniqueid", &bridge), ("BridgeType", "basic")]);
        push(&mut text, &[("BridgeTechnology", "simple_bridge"), ("BridgeCreator", "<unknown>")]);
        push(&mut text, &[("BridgeName", "<unknown>"), ("BridgeNumChannels", &channels)]);
        self.say(text, unique);
    }

    /// The same for the bridge in which calls are parked.
    pub(super) fn tell_parking(&mut self, name: &str, unique: &str) {
        let channels = self.channels.iter().filter(|channel| channel.is_parked).count().to_string();
        let mut text = format!("Event: {name}\r\nPrivilege: call,all\r\n");
        push(&mut text, &[("BridgeUniqueid", PARKED), ("BridgeType", "parking")]);
        push(&mut text, &[("BridgeTechnology", "holding_bridge"), ("BridgeCreator", "Parking")]);
        push(&mut text, &[("BridgeName", "default"), ("BridgeNumChannels", &channels)]);
        self.say(text, unique);
    }

    pub(super) fn tell_originated(&mut self, action: &str, (unique, to): (&str, &str), good: bool) {
        let name = self.find(unique).map(|channel| channel.name.clone()).unwrap_or_default();
        let (response, reason) = if good { ("Success", "4") } else { ("Failure", "5") };
        let mut text = String::from("Event: OriginateResponse\r\nPrivilege: call,all\r\n");
        push(&mut text, &[("ActionID", action), ("Response", response), ("Channel", &name)]);
        push(&mut text, &[("Context", "from-internal"), ("Exten", to), ("Application", ""), ("Data", "")]);
        push(&mut text, &[("Reason", reason), ("Uniqueid", unique)]);
        push(&mut text, &[("CallerIDNum", "<unknown>"), ("CallerIDName", "<unknown>")]);
        self.out.push_str(&text);
        self.out.push_str("\r\n");
    }

    /// The answer to Status: all channels.
    pub(super) fn list_channels(&mut self, action: &str) {
        let count = self.channels.len();
        let listed = if self.flaw == Flaw::ShortList { count.saturating_sub(1) } else { count };
        let mut text = format!("Response: Success\r\nActionID: {action}\r\nEventList: start\r\n\r\n");
        for channel in self.channels.iter().take(listed) {
            let (dialled, application) = match (&*channel.exten, &channel.room) {
                (exten, Some(_)) => (exten, "ConfBridge"),
                ("s", None) => ("", "AppDial"),
                (exten, None) => (exten, "Dial"),
            };
            let bridge = channel.bridge.map(|bridge| format!("bridge-{bridge}"));
            let parked = channel.is_parked.then(|| PARKED.to_owned());
            let room = channel.room.as_deref().map(places::bridge_of);
            let bridge = bridge.or(parked).or(room).unwrap_or_default();
            let is_held = self.peer(&channel.unique).and_then(|peer| self.find(&peer).map(|peer| peer.holds));
            let variable = format!("CHANNEL(onhold)={}", u8::from(is_held == Some(true)));
            text.push_str("Event: Status\r\nPrivilege: Call\r\n");
            text.push_str(&channel.lines(""));
            push(&mut text, &[("DNID", dialled), ("BridgeID", &bridge), ("Application", application)]);
            text.push_str(LISTED);
            push(&mut text, &[("Variable", &variable), ("ActionID", action)]);
            text.push_str("\r\n");
        }
        self.out.push_str(&text);
        self.end_list("StatusComplete", action, listed);
    }

    /// The answer to `PJSIPShowEndpoints`: all phones, which are registered.
    pub(super) fn list_endpoints(&mut self, action: &str) {
        let mut text = format!("Response: Success\r\nActionID: {action}\r\nEventList: start\r\n\r\n");
        for phone in &self.phones {
            push(&mut text, &[("Event", "EndpointList"), ("ActionID", action), ("ObjectType", "endpoint")]);
            push(&mut text, &[("ObjectName", phone), ("Aor", phone), ("Contacts", "")]);
            push(&mut text, &[("DeviceState", "Not in use")]);
            text.push_str("\r\n");
        }
        self.out.push_str(&text);
        self.end_list("EndpointListComplete", action, self.phones.len());
    }

    pub(super) fn end_list(&mut self, name: &str, action: &str, count: usize) {
        let count = count.to_string();
        push(&mut self.out, &[("Event", name), ("ActionID", action), ("EventList", "Complete")]);
        push(&mut self.out, &[("ListItems", &count)]);
        self.out.push_str("\r\n");
    }
}
