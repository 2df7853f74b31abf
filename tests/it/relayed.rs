//! Relayed services as documents, one service of each shape, written from the standards: what the client sends, what
//! exactly the phone system must get, what it answers, and what exactly the client must get.

use ctigate_core::Duration;
use ctigate_core::setting::Value;
use ctigate_tests::bench::{Bench, Client, PhoneSystem, csta, only};

mod numbers;
mod passing;

/// The line as its client names it, as events name it, and another line.
const LINE: &str = "tel:1001;phone-context=dialstring;partition=P";
const OWN: &str = "tel:1001;phone-context=dialstring";
const OTHER: &str = "tel:1002;phone-context=dialstring";

/// A client that is signed in at a phone system.
struct Desk {
    bench: Bench,
    system: PhoneSystem,
    client: Client,
}

/// One service from end to end: the contents of four documents.
struct Passage<'a> {
    said: &'a str,
    asked: &'a str,
    answered: &'a str,
    heard: &'a str,
}

impl Desk {
    /// A desk whose phone system has these lists of services.
    fn with(services: &str) -> Self {
        Self::set_up(services, &[])
    }

    fn set_up(services: &str, settings: &[(&str, Value)]) -> Self {
        let mut bench = Bench::with(settings);
        let known = "<snapshotServList><snapshotDevice/></snapshotServList>";
        let services = if services.contains("<snapshotDevice/>") {
            services.to_owned()
        } else {
            format!("{known}{services}")
        };
        let system = PhoneSystem::answer_with(&mut bench, &services);
        let mut client = Client::new(&mut bench, "alice");
        client.uri = LINE.into();
        client.sign_in(&mut bench, system);
        Self { bench, system, client }
    }

    /// A desk whose phone system has these call control services.
    fn of_calls(features: &str) -> Self {
        Self::with(&format!("<callControlServList>{features}</callControlServList>"))
    }

    /// A desk whose phone system has these services for devices.
    fn of_devices(features: &str) -> Self {
        Self::with(&format!("<logicalServList>{features}</logicalServList>"))
    }

    /// Asserts that a service passes as given.
    #[track_caller]
    fn passes(&mut self, service: &str, passage: &Passage<'_>) {
        let Self { bench, system, client } = self;
        assert_eq!(client.info(bench, service, passage.said), [], "{service} is for the phone system");
        let response = format!("{service}Response");
        let asked = system.serve(bench, service, |_| csta(&response, passage.answered));
        assert_eq!(asked.document, csta(service, passage.asked));
        assert_eq!(only(&client.heard(bench), 200).body(), written(&response, passage.heard));
        // After this delay events may use what was announced.
        bench.advance(Duration::from_millis(20));
    }

    /// Asserts that a service passes whose response has no content.
    #[track_caller]
    fn does(&mut self, service: &str, said: &str, asked: &str) {
        self.passes(service, &Passage { said, asked, answered: "", heard: "" });
    }

    /// Asserts that a service is refused with this value of an operation error, without a request to the phone system.
    #[track_caller]
    fn refuses(&mut self, service: &str, said: &str, value: &str) {
        let Self { bench, system, client } = self;
        let answers = client.info(bench, service, said);
        assert_eq!(system.asked(bench), [], "{service} {said}");
        let refused = only(&answers, 200);
        assert_eq!(
            refused.body(),
            csta("CSTAErrorCode", &format!("<operation>{value}</operation>")),
            "{said}"
        );
    }
}

/// A document as the gateway writes it.
fn written(root: &str, inside: &str) -> String {
    let document = csta(root, inside);
    if inside.is_empty() { document.replace(&format!("></{root}>"), "/>") } else { document }
}

/// A `ConnectionID` as clients see it.
fn told(name: &str, call: &str, device: &str) -> String {
    format!("<{name}><callID>1{call}</callID><deviceID>{device}</deviceID></{name}>")
}

/// A `ConnectionID` as the phone system knows it.
fn known(name: &str, call: &str, device: &str) -> String {
    format!("<{name}><callID>{call}</callID><deviceID>{device}</deviceID></{name}>")
}

#[test]
fn a_connection_is_cleared_by_its_call_with_all_that_is_said_of_it() {
    let mut desk = Desk::of_calls("<clearConnection/>");
    let name = "connectionToBeCleared";
    let more = "<correlatorData><string>0aff</string></correlatorData><userData><string>48C4</string></userData>\
                <reason>normalClearing</reason>";
    for connection in
        [told(name, "7", LINE), told(name, "7", OTHER), format!("<{name}><callID>17</callID></{name}>")]
    {
        let said = format!("{connection}{more}");
        desk.does("ClearConnection", &said, &format!("{}{more}", known(name, "7", "1001")));
    }
    let said = format!("<{name}><deviceID>{OWN}</deviceID></{name}>{more}");
    desk.does("ClearConnection", &said, &format!("<{name}><deviceID>1001</deviceID></{name}>{more}"));
    let anothers = format!("<{name}><deviceID>{OTHER}</deviceID></{name}>");
    desk.refuses("ClearConnection", &anothers, "privilegeViolationSpecifiedDevice");
    desk.refuses("ClearConnection", more, "invalidConnectionID");
}

#[test]
fn a_consultation_is_dialled_in_digits_and_announced_under_the_line_uri() {
    let more = "<connectionReservation>true</connectionReservation><accountCode>31</accountCode>\
                <authCode>32</authCode><correlatorData><string>01</string></correlatorData>\
                <userData><string>02</string></userData><callCharacteristics><priorityCall>true</priorityCall>\
                </callCharacteristics><mediaCallCharacteristics><mediaClass><voice>true</voice></mediaClass>\
                </mediaCallCharacteristics><callingConnectionInfo><flowDirection>transmitAndReceive</flowDirection>\
                </callingConnectionInfo><consultOptions>transferOnly</consultOptions>\
                <subjectOfCall>Offer &amp; order</subjectOfCall><languagePreferences>de</languagePreferences>";
    let behind = "<mediaCallCharacteristics><mediaClass><voice>true</voice></mediaClass></mediaCallCharacteristics>\
                  <initiatedCallInfo><numberOfChannels>1</numberOfChannels></initiatedCallInfo>";
    let dialled = "<consultedDevice typeOfNumber=\"explicitPublic:international\">tel:+1-425-555-0150;ext=7\
                   </consultedDevice>";
    Desk::of_calls("<consultationCall/>").passes(
        "ConsultationCall",
        &Passage {
            said: &format!("{}{dialled}{more}", told("existingCall", "7", LINE)),
            asked: &format!(
                "{}<consultedDevice>+14255550150</consultedDevice>{more}",
                known("existingCall", "7", "1001")
            ),
            answered: &format!("{}{behind}", known("initiatedCall", "8", "1001")),
            heard: &format!("{}{behind}", told("initiatedCall", "8", LINE)),
        },
    );
}

#[test]
fn two_own_connections_stand_in_the_order_of_their_service() {
    let mut desk = Desk::of_calls("<reconnectCall/><transferCall/>");
    let said = [told("activeCall", "8", OTHER), told("heldCall", "7", LINE)];
    let asked = [known("activeCall", "8", "1001"), known("heldCall", "7", "1001")];
    desk.does("ReconnectCall", &said.concat(), &asked.concat());
    let [active, held] = &said;
    desk.does("ReconnectCall", &format!("{held}{active}"), &asked.concat());
    let [active, held] = &asked;
    let transfer = |said: &str, desk: &mut Desk| {
        desk.passes(
            "TransferCall",
            &Passage {
                said,
                asked: &format!("{held}{active}"),
                answered: &known("transferredCall", "9", "1002"),
                heard: &told("transferredCall", "9", OTHER),
            },
        );
    };
    transfer(&said.concat(), &mut desk);
    let [active, held] = &said;
    transfer(&format!("{held}{active}"), &mut desk);
    desk.refuses("TransferCall", active, "invalidHeldConnectionID");
    desk.refuses("TransferCall", held, "invalidActiveConnectionID");
    let foreign = told("heldCall", "7", LINE).replace("17", "9_7");
    desk.refuses("TransferCall", &format!("{foreign}{active}"), "invalidHeldConnectionID");
    let device = format!("<heldCall><deviceID>{OWN}</deviceID></heldCall>{active}");
    desk.refuses("TransferCall", &device, "invalidHeldConnectionID");
}

#[test]
fn the_connections_of_a_conference_are_named_for_the_client() {
    let item = |inside: &str| format!("<connectionListItem>{inside}</connectionListItem>");
    let listed = |own: &str, other: &str, number: &str, name: fn(&str, &str, &str) -> String, kind: &str| {
        let first = format!(
            "{}{}<endpoint><deviceID{kind}>{own}</deviceID></endpoint>",
            name("newConnection", "9", own),
            name("oldConnection", "7", own),
        );
        let second = format!(
            "{}<endpoint><deviceID{kind}>{other}</deviceID></endpoint><associatedNID><deviceID>{number}</deviceID>\
             </associatedNID><resultingConnectionInfo><numberOfChannels>1</numberOfChannels>\
             </resultingConnectionInfo>",
            name("newConnection", "9", other),
        );
        let dynamic = "<deviceID typeOfNumber=\"dynamic\">d 1</deviceID>";
        let third = format!(
            "{}<endpoint><notKnown/></endpoint>",
            name("newConnection", "9", "x").replace("<deviceID>x</deviceID>", dynamic)
        );
        format!(
            "{}<connections>{}{}{}</connections><conferenceCallInfo><numberOfChannels>2</numberOfChannels>\
             </conferenceCallInfo>",
            name("conferenceCall", "9", other),
            item(&first),
            item(&second),
            item(&third)
        )
    };
    let kind = " typeOfNumber=\"dialingNumber\"";
    // An empty element is written with both tags.
    let heard =
        listed(OWN, OTHER, "tel:+14255550150", told, "").replace("<notKnown/>", "<notKnown></notKnown>");
    Desk::of_calls("<conferenceCall/>").passes(
        "ConferenceCall",
        &Passage {
            said: &format!("{}{}", told("heldCall", "7", LINE), told("activeCall", "8", LINE)),
            asked: &format!("{}{}", known("heldCall", "7", "1001"), known("activeCall", "8", "1001")),
            answered: &listed("1001", "1002", "+14255550150", known, kind),
            heard: &heard,
        },
    );
}

#[test]
fn a_call_is_made_from_the_own_line_with_all_that_is_said_of_it() {
    let mut desk = Desk::of_calls("<makeCall/>");
    let more = "<accountCode>31</accountCode><authCode>32</authCode><autoOriginate>doNotPrompt</autoOriginate>\
                <correlatorData><string>01</string></correlatorData><userData><string>02</string></userData>\
                <callCharacteristics><priorityCall>true</priorityCall></callCharacteristics>\
                <mediaCallCharacteristics><mediaClass><voice>true</voice></mediaClass></mediaCallCharacteristics>\
                <callingConnectionInfo><numberOfChannels>1</numberOfChannels></callingConnectionInfo>\
                <subjectOfCall>Order</subjectOfCall><languagePreferences>de</languagePreferences>";
    let made = |line: &str, number: &str| {
        format!(
            "<callingDevice>{line}</callingDevice><calledDirectoryNumber>{number}</calledDirectoryNumber>{more}"
        )
    };
    let behind = "<initiatedCallInfo><numberOfChannels>1</numberOfChannels></initiatedCallInfo>";
    desk.passes(
        "MakeCall",
        &Passage {
            said: &made(OWN, OTHER),
            asked: &made("1001", "1002"),
            answered: &format!("{}{behind}", known("callingDevice", "7", "1001")),
            heard: &format!("{}{behind}", told("callingDevice", "7", LINE)),
        },
    );
    desk.refuses("MakeCall", &made(OTHER, "1003"), "privilegeViolationCallingDevice");
    desk.refuses("MakeCall", &made(OWN, ""), "invalidCalledDeviceID");
}

#[test]
fn a_number_to_be_completed_is_passed_where_digits_can_follow() {
    let made = |line: &str, number: &str| {
        format!(
            "<callingDevice>{line}</callingDevice><calledDirectoryNumber>{number}</calledDirectoryNumber>"
        )
    };
    for (said, asked) in [("", ""), ("tel:0-04;", "004;"), ("tel:1002", "1002")] {
        Desk::of_calls("<dialDigits/><makeCall/>").passes(
            "MakeCall",
            &Passage {
                said: &made(LINE, said),
                asked: &made("1001", asked),
                answered: &known("callingDevice", "7", "1001"),
                heard: &told("callingDevice", "7", LINE),
            },
        );
    }
}

#[test]
fn anothers_call_is_picked_up_only_where_the_administrator_allows_it() {
    let services = "<callControlServList><directedPickupCall/></callControlServList>";
    let more = "<correlatorData><string>01</string></correlatorData><userData><string>02</string></userData>";
    let picked = "<pickedCallInfo><numberOfChannels>1</numberOfChannels></pickedCallInfo>";
    let name = "callToBePickedUp";
    let said = format!("{}<requestingDevice>{LINE}</requestingDevice>{more}", told(name, "5", OTHER));
    Desk::with(services).refuses("DirectedPickupCall", &said, "privilegeViolationSpecifiedDevice");

    let allowed = [("cti.connection[0].foreign_calls", Value::Flag(true))];
    let mut desk = Desk::set_up(services, &allowed);
    let asked = format!("{}<requestingDevice>1001</requestingDevice>{more}", known(name, "5", "1002"));
    desk.passes(
        "DirectedPickupCall",
        &Passage {
            said: &said,
            asked: &asked,
            answered: &format!("{}{picked}", known("pickedCall", "6", "1001")),
            heard: &format!("{}{picked}", told("pickedCall", "6", LINE)),
        },
    );
    desk.does("DirectedPickupCall", &said, &asked);
    let for_another = said.replace(LINE, OTHER);
    desk.refuses("DirectedPickupCall", &for_another, "privilegeViolationSpecifiedDevice");
    desk.refuses("DirectedPickupCall", &told(name, "5", OTHER), "invalidDeviceID");
}

#[test]
fn a_call_is_cleared_for_all_only_by_one_who_is_in_it() {
    let mut desk = Desk::with(
        "<monitoringServList><monitorStart/></monitoringServList><callControlServList><clearCall/><makeCall/>\
         </callControlServList>",
    );
    desk.client.monitor(&mut desk.bench, desk.system, "m1");
    let said =
        "<callToBeCleared><callID>17</callID></callToBeCleared><userData><string>02</string></userData>";
    desk.refuses("ClearCall", said, "invalidCallID");
    let made = |line: &str| {
        format!("<callingDevice>{line}</callingDevice><calledDirectoryNumber>1002</calledDirectoryNumber>")
    };
    desk.passes(
        "MakeCall",
        &Passage {
            said: &made(LINE),
            asked: &made("1001"),
            answered: &known("callingDevice", "7", "1001"),
            heard: &told("callingDevice", "7", LINE),
        },
    );
    let asked = format!("{}<userData><string>02</string></userData>", known("callToBeCleared", "7", "1001"));
    desk.does("ClearCall", said, &asked);
    let device = format!("<callToBeCleared><deviceID>{OWN}</deviceID></callToBeCleared>");
    desk.refuses("ClearCall", &device, "invalidCallID");
}

#[test]
fn a_line_is_forwarded_to_digits_and_set_back_again() {
    let mut desk = Desk::of_devices("<setForwarding/>");
    let set = |line: &str, to: &str| {
        format!(
            "<device>{line}</device><forwardingType>forwardNoAns</forwardingType>\
             <activateForward>true</activateForward>{to}<ringCount>4</ringCount>"
        )
    };
    let to = |number: &str| format!("<forwardDN>{number}</forwardDN>");
    desk.does("SetForwarding", &set(LINE, &to("tel:+1 (425) 555.0150")), &set("1001", &to("+14255550150")));
    // The phone system's default setting has neither type nor number.
    let default = "<activateForward>true</activateForward>";
    desk.does(
        "SetForwarding",
        &format!("<device>{OWN}</device>{default}"),
        &format!("<device>1001</device>{default}"),
    );
    let off = |set: &str| set.replace("true", "false");
    desk.does("SetForwarding", &off(&set(LINE, "")), &off(&set("1001", "")));
    // Nothing is dialled when it is reset, whatever the element contains.
    desk.does(
        "SetForwarding",
        &off(&set(LINE, &to("sip:voicemail@b"))),
        &off(&set("1001", &to("voicemail"))),
    );
    desk.refuses("SetForwarding", &set(LINE, &to("sip:voicemail@b")), "invalidForwardingDestination");
    desk.refuses("SetForwarding", &set(OTHER, &to("1003")), "privilegeViolationSpecifiedDevice");
    let unheard_of = set(LINE, &to("1003")).replace("forwardNoAns", "forwardAtNight");
    desk.refuses("SetForwarding", &unheard_of, "invalidParameterValue");
}

#[test]
fn a_line_is_not_to_be_disturbed_by_callers_of_a_list() {
    let set = |line: &str, first: &str, second: &str| {
        format!(
            "<device>{line}</device><doNotDisturbOn>true</doNotDisturbOn><callOrigination><internal>true</internal>\
             <external>false</external></callOrigination><callingDeviceList>{first}{second}</callingDeviceList>"
        )
    };
    let caller = |number: &str| format!("<callingDevice>{number}</callingDevice>");
    let abroad =
        "<callingDevice typeOfNumber=\"explicitPublic:international\">tel:+14255550150</callingDevice>";
    let mut desk = Desk::of_devices("<setDoNotDisturb/>");
    desk.does(
        "SetDoNotDisturb",
        &set(LINE, &caller(OTHER), abroad),
        &set("1001", &caller("1002"), &caller("+14255550150")),
    );
    let off = |line: &str| format!("<device>{line}</device><doNotDisturbOn>false</doNotDisturbOn>");
    desk.does("SetDoNotDisturb", &off(LINE), &off("1001"));
    desk.refuses("SetDoNotDisturb", &off(OTHER), "privilegeViolationSpecifiedDevice");
    // A truncated list would mean something else.
    desk.refuses("SetDoNotDisturb", &set(LINE, &caller(OTHER), &caller("tel:;ext=1")), "invalidDeviceID");
    desk.refuses(
        "SetDoNotDisturb",
        &set(LINE, &caller(OTHER), &caller("1003").repeat(64)),
        "invalidDeviceID",
    );
    desk.refuses(
        "SetDoNotDisturb",
        &format!("<device>{LINE}</device>"),
        "atLeastOneConditionalParameterNotProvided",
    );
}

#[test]
fn a_line_s_forwardings_are_shown_as_the_client_knows_numbers() {
    let list = |tag: &str, own: &str, first: &str, second: &str| {
        format!(
            "<forwardingList><forwardListItem><forwardingType>forwardBusy</forwardingType>\
             <forwardStatus>true</forwardStatus><forwardDN{tag}>{first}</forwardDN>\
             <forwardDefault>forwardDN</forwardDefault><ringCount>4</ringCount></forwardListItem><forwardListItem>\
             <forwardStatus>false</forwardStatus><forwardDN>{second}</forwardDN></forwardListItem>\
             <forwardListItem><forwardStatus>true</forwardStatus><forwardDN>{own}</forwardDN></forwardListItem>\
             </forwardingList>"
        )
    };
    Desk::of_devices("<getForwarding/>").passes(
        "GetForwarding",
        &Passage {
            said: &format!("<device>{LINE}</device>"),
            asked: "<device>1001</device>",
            answered: &list(" typeOfNumber=\"dialingNumber\"", "1001", "1002", "+14255550150"),
            heard: &list("", OWN, OTHER, "tel:+14255550150"),
        },
    );
}

#[test]
fn a_group_s_call_is_picked_up_to_the_own_line() {
    let mut desk = Desk::of_calls("<groupPickupCall/>");
    let picked = |line: &str, group: &str| {
        format!(
            "<newDestination>{line}</newDestination><pickGroup>{group}</pickGroup>\
             <userData><string>02</string></userData>"
        )
    };
    desk.passes(
        "GroupPickupCall",
        &Passage {
            said: &picked(LINE, "tel:7000;phone-context=dialstring"),
            asked: &picked("1001", "7000"),
            answered: &known("pickedCall", "6", "1001"),
            heard: &told("pickedCall", "6", LINE),
        },
    );
    let alone = |line: &str| format!("<newDestination>{line}</newDestination>");
    desk.does("GroupPickupCall", &alone(LINE), &alone("1001"));
    desk.refuses("GroupPickupCall", &alone(OTHER), "privilegeViolationSpecifiedDevice");
}
