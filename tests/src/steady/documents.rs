//! What the phone system and the clients of a steady gateway say.

/// The phone system's response to HoldCall.
pub(super) const HELD: &str = "<?xml version=\"1.0\"?><HoldCallResponse \
    xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\"/>";

/// The phone system's response to `GenerateDigits`.
pub(super) const DIGITS: &str = "<?xml version=\"1.0\"?><GenerateDigitsResponse \
    xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\"/>";

/// The phone system's response to `TransferCall`.
pub(super) const TRANSFERRED: &str = "<?xml version=\"1.0\"?><TransferCallResponse \
    xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\"><transferredCall><callID>77</callID>\
    <deviceID>2003</deviceID></transferredCall><connections><connectionListItem><newConnection><callID>77</callID>\
    <deviceID>2002</deviceID></newConnection></connectionListItem><connectionListItem><newConnection><callID>77</callID>\
    <deviceID>2003</deviceID></newConnection></connectionListItem></connections></TransferCallResponse>";

pub(super) fn connection(name: &str, call: &str, device: &str) -> String {
    format!("<{name}><callID>{call}</callID><deviceID>{device}</deviceID></{name}>")
}

/// A conference of this many parties, the user's line among them, which keeps its callID.
pub(super) fn conferenced(user: usize, parties: usize) -> String {
    let own = number_of(user);
    let device =
        |name: &str, number: &str| format!("<{name}><deviceIdentifier>{number}</deviceIdentifier></{name}>");
    let item = |number: &str| {
        let (new, old) =
            (connection("newConnection", "77", number), connection("oldConnection", "77", number));
        format!(
            "<connectionListItem>{new}{old}<endpoint><deviceID>{number}</deviceID></endpoint></connectionListItem>"
        )
    };
    let others: String = (1..parties).map(|party| item(&format!("{}", 2_000 + party))).collect();
    format!(
        "<monitorCrossRefID>m{user}</monitorCrossRefID>{}{}{}<conferenceConnections>{}{others}\
         </conferenceConnections><localConnectionInfo>connected</localConnectionInfo><cause>conference</cause>",
        connection("primaryOldCall", "77", &own),
        device("conferencingDevice", &own),
        device("addedParty", "2001"),
        item(&own),
    )
}

/// The number of a user's line.
pub(super) fn number_of(user: usize) -> String {
    format!("{}", 1_000_000 + user)
}

/// A user's line URI.
pub(super) fn line_of(user: usize) -> String {
    format!("tel:{};phone-context=dialstring", number_of(user))
}
