//! The events that mean something to the gateway, and what each of them must have. Others are none of its business.

/// What Asterisk always says of a channel in an event, in this order. (It also says a language and an account code, and
/// newer versions may say more.)
pub(super) const CHANNEL: [&str; 12] = [
    "Channel",
    "ChannelState",
    "ChannelStateDesc",
    "CallerIDNum",
    "CallerIDName",
    "ConnectedLineNum",
    "ConnectedLineName",
    "Context",
    "Exten",
    "Priority",
    "Uniqueid",
    "Linkedid",
];

/// A kind of event.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// Whether it may be an item of a list, which carries the `ActionID` of the action and may lack `Privilege`.
    pub is_item: bool,
    /// What stands before the keys of the channels that it must have: nothing for the one that it is about.
    pub channels: &'static [&'static str],
    /// The same of channels that it may have.
    pub perhaps: &'static [&'static str],
    /// The other keys that it must have.
    pub keys: &'static [&'static str],
}

/// The channel that an event is about.
const ITS: &[&str] = &[""];
const NONE: &[&str] = &[];

/// What Asterisk always says of a bridge.
const BRIDGE: &[&str] =
    &["BridgeUniqueid", "BridgeType", "BridgeTechnology", "BridgeCreator", "BridgeName", "BridgeNumChannels"];
/// What it always says of a conference room and its bridge.
const ROOM: &[&str] = &[
    "Conference",
    "BridgeUniqueid",
    "BridgeType",
    "BridgeTechnology",
    "BridgeCreator",
    "BridgeName",
    "BridgeNumChannels",
];
const PARKED: &[&str] = &["Parkinglot", "ParkingSpace"];
const COMPLETE: &[&str] = &["EventList", "ListItems"];

const fn event(
    name: &'static str,
    channels: &'static [&'static str],
    perhaps: &'static [&'static str],
    keys: &'static [&'static str],
) -> Row {
    Row { name, is_item: false, channels, perhaps, keys }
}

const fn item(name: &'static str, channels: &'static [&'static str], keys: &'static [&'static str]) -> Row {
    Row { name, is_item: true, channels, perhaps: NONE, keys }
}

/// Every kind, by name. What is not among them is dropped; the answer to `PJSIPShowEndpoint` is not, because it has
/// passwords.
pub const ROWS: &[Row] = &[
    item("AorList", NONE, &["ObjectName", "Contacts"]),
    item("AorListComplete", NONE, COMPLETE),
    event(
        "AttendedTransfer",
        &["OrigTransferer", "SecondTransferer"],
        &["Transferee", "TransferTarget"],
        &["Result", "IsExternal", "DestType"],
    ),
    event(
        "BlindTransfer",
        &["Transferer"],
        &["Transferee"],
        &["Result", "IsExternal", "Context", "Extension"],
    ),
    event("BridgeCreate", NONE, NONE, BRIDGE),
    event("BridgeDestroy", NONE, NONE, BRIDGE),
    event("BridgeEnter", ITS, NONE, BRIDGE),
    item("BridgeInfoChannel", ITS, NONE),
    item("BridgeInfoComplete", NONE, COMPLETE),
    event("BridgeLeave", ITS, NONE, BRIDGE),
    item("BridgeListComplete", NONE, COMPLETE),
    item("BridgeListItem", NONE, BRIDGE),
    event("BridgeMerge", NONE, NONE, &["ToBridgeUniqueid", "FromBridgeUniqueid"]),
    event("ConfbridgeEnd", NONE, NONE, ROOM),
    event("ConfbridgeJoin", ITS, NONE, ROOM),
    event("ConfbridgeLeave", ITS, NONE, ROOM),
    item("ConfbridgeList", ITS, &["Conference"]),
    item("ConfbridgeListComplete", NONE, COMPLETE),
    item("ConfbridgeListRooms", NONE, &["Conference", "Parties"]),
    item("ConfbridgeListRoomsComplete", NONE, COMPLETE),
    event("ConfbridgeStart", NONE, NONE, ROOM),
    item("ContactList", NONE, &["ObjectName", "Endpoint", "Uri", "Status"]),
    item("ContactListComplete", NONE, COMPLETE),
    event("ContactStatus", NONE, NONE, &["URI", "ContactStatus", "AOR", "EndpointName"]),
    item("ContactStatusDetail", NONE, &["AOR", "URI", "Status", "EndpointName"]),
    item("ContactStatusDetailComplete", NONE, COMPLETE),
    item("CoreShowChannel", ITS, &["Application", "ApplicationData", "Duration", "BridgeId"]),
    item("CoreShowChannelMapComplete", NONE, COMPLETE),
    item("CoreShowChannelsComplete", NONE, COMPLETE),
    item("DBGetComplete", NONE, COMPLETE),
    item("DBGetResponse", NONE, &["Family", "Key", "Val"]),
    item("DBGetTreeComplete", NONE, COMPLETE),
    item("DBGetTreeResponse", NONE, &["Key", "Val"]),
    item("DeviceStateChange", NONE, &["Device", "State"]),
    item("DeviceStateListComplete", NONE, COMPLETE),
    event("DialBegin", &["Dest"], ITS, &["DialString"]),
    event("DialEnd", &["Dest"], ITS, &["DialStatus"]),
    event("DialState", &["Dest"], ITS, &["DialStatus"]),
    item("EndpointList", NONE, &["ObjectName", "Aor", "Contacts", "DeviceState"]),
    item("EndpointListComplete", NONE, COMPLETE),
    item("ExtensionStateListComplete", NONE, COMPLETE),
    item("ExtensionStatus", NONE, &["Exten", "Context", "Hint", "Status"]),
    event("FullyBooted", NONE, NONE, &["Status"]),
    event("Hangup", ITS, NONE, &["Cause", "Cause-txt"]),
    event("HangupRequest", ITS, NONE, NONE),
    event("Hold", ITS, NONE, NONE),
    event("LocalBridge", &["LocalOne", "LocalTwo"], NONE, &["Context", "Exten", "LocalOptimization"]),
    event("LocalOptimizationBegin", &["LocalOne", "LocalTwo"], &["Source"], &["Id"]),
    event("LocalOptimizationEnd", &["LocalOne", "LocalTwo"], NONE, &["Id"]),
    event("MessageWaiting", NONE, ITS, &["Mailbox", "Waiting"]),
    event("NewCallerid", ITS, NONE, &["CID-CallingPres"]),
    event("NewConnectedLine", ITS, NONE, NONE),
    event("Newchannel", ITS, NONE, NONE),
    event("Newstate", ITS, NONE, NONE),
    event(
        "OriginateResponse",
        NONE,
        NONE,
        &["Response", "Channel", "Reason", "Uniqueid", "CallerIDNum", "CallerIDName"],
    ),
    item("ParkedCall", &["Parkee"], PARKED),
    event("ParkedCallGiveUp", &["Parkee"], NONE, PARKED),
    event("ParkedCallSwap", &["Parkee"], NONE, PARKED),
    event("ParkedCallTimeOut", &["Parkee"], NONE, PARKED),
    item("ParkedCallsComplete", NONE, &["EventList"]),
    event("Pickup", &["", "Target"], NONE, NONE),
    event("Reload", NONE, NONE, &["Module", "Status"]),
    event("Rename", NONE, NONE, &["Channel", "Newname", "Uniqueid"]),
    event("Shutdown", NONE, NONE, &["Shutdown", "Restart"]),
    item("Status", ITS, &["Application", "Data", "Seconds", "ActionID"]),
    item("StatusComplete", NONE, COMPLETE),
    event("UnParkedCall", &["Parkee", "Retriever"], NONE, PARKED),
    event("Unhold", ITS, NONE, NONE),
    event("UserEvent", NONE, ITS, &["UserEvent"]),
];

/// The row of an event's name.
pub(super) fn row(name: &[u8]) -> Option<&'static Row> {
    let at = ROWS.binary_search_by(|row| row.name.as_bytes().cmp(name)).ok()?;
    ROWS.get(at)
}

/// Whether a message may have a key several times: those of variables, and `SetVar` and `Output` of lists.
pub(super) fn may_repeat(key: &[u8]) -> bool {
    let variable = key.len().checked_sub("Variable".len()).and_then(|at| key.get(at..));
    variable.is_some_and(|end| end.eq_ignore_ascii_case(b"Variable"))
        || key.eq_ignore_ascii_case(b"SetVar")
        || key.eq_ignore_ascii_case(b"Output")
}
