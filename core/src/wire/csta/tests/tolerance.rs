//! Documents that peers write in other ways than this project does.

use alloc::{format, string::String, vec::Vec};

use super::{namespaces, read, write};
use crate::wire::csta::{
    emit::{self, request_with_line},
    errors::CstaError,
    events::FILTER_MEMBERS,
    guard::XmlLimits,
    member::{Member, Role},
    model::{
        Connection, Device, Event, LocalConnectionState, Message, MonitorFilter, MonitorObject, Namespace,
        Party, Request, Response,
    },
    parse::Document,
    services::{self, Features, Service},
};

const LINE: &str = "tel:73124;phone-context=dialstring;partition=BE_BRS_INT";

fn device(id: &str) -> Device<'_> {
    Device { id, type_of_number: None }
}

fn request(text: &str, check: impl FnOnce(Request<'_>)) {
    match read(text).message() {
        Ok(Message::Request(request)) => check(request),
        other => panic!("{other:?}: {text}"),
    }
}

#[test]
fn the_sign_in_of_a_real_client_is_read_and_written_byte_for_byte() {
    let sign_in = r#"<?xml version="1.0"?><RequestSystemStatus xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed3"><extensions><privateData><private><lcs:line xmlns:lcs="http://schemas.microsoft.com/Lcs/2005/04/RCCExtension">tel:73124;phone-context=dialstring;partition=BE_BRS_INT</lcs:line></private></privateData></extensions></RequestSystemStatus>"#;
    let document = read(sign_in);
    assert_eq!(document.line(), Some(LINE));
    assert_eq!(document.namespace(), Some(Namespace::ED3));
    let mut out = alloc::vec::Vec::new();
    request_with_line(&mut out, Namespace::ED3, &Request::RequestSystemStatus { register: None }, LINE);
    assert_eq!(String::from_utf8(out).unwrap(), sign_in);
}

#[test]
fn usual_declarations_are_read_as_unusual_ones_are() {
    let rests = ["<a/>", "\r\n <a/>", "\u{c}<a/>", "\u{feff}<a/>", "x<a/>", "", "<!DOCTYPE a><a/>", "<a>"];
    let more =
        ["<?xml version=\"1.0\"?><a/>", "<?p?><a/>", "<!-- c --><a/>", " <?xml-x?><a/>", "<?xml?><a/>"];
    for rest in rests.into_iter().chain(more) {
        let outcome = |declaration: &str| {
            let text = format!("{declaration}{rest}");
            let document = Document::parse(text.as_bytes(), &XmlLimits::default());
            document.map(|document| String::from(document.name()))
        };
        let unusual = outcome("<?xml version='1.0'?>");
        assert_eq!(outcome(r#"<?xml version="1.0"?>"#), unusual, "{rest:?}");
        assert_eq!(outcome(r#"<?xml version="1.0" encoding="utf-8"?>"#), unusual, "{rest:?}");
    }
}

#[test]
fn the_requests_of_a_real_client_are_read() {
    request(
        r#"<?xml version="1.0"?><MonitorStart xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed3"><monitorObject><deviceObject>tel:73124;phone-context=dialstring;partition=BE_BRS_INT</deviceObject></monitorObject></MonitorStart>"#,
        |request| {
            let object = MonitorObject::Device(device(LINE));
            assert_eq!(request, Request::MonitorStart { object, filter: None, kind: None });
        },
    );
    request(
        r#"<?xml version="1.0"?><MakeCall xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed3"><callingDevice>tel:73124;phone-context=dialstring;partition=BE_BRS_INT</callingDevice><calledDirectoryNumber>tel:+3222220220</calledDirectoryNumber><autoOriginate>doNotPrompt</autoOriginate></MakeCall>"#,
        |request| {
            let Request::Relayed(make) = request else { panic!("{request:?}") };
            assert_eq!(make.device("callingDevice"), Some(device(LINE)));
            assert_eq!(make.device("calledDirectoryNumber"), Some(device("tel:+3222220220")));
            assert_eq!(make.text("autoOriginate"), Some("doNotPrompt"));
        },
    );
}

#[test]
fn byte_order_mark_declaration_prefix_order_and_strangers_do_not_matter() {
    let variants = [
        "<MakeCall><callingDevice>1</callingDevice><calledDirectoryNumber>2</calledDirectoryNumber></MakeCall>",
        "\u{feff}<?xml version='1.0' encoding='UTF-8' standalone=\"yes\"?>\r\n<MakeCall>\r\n  <callingDevice>\r\n 1\t\
         </callingDevice>\n<calledDirectoryNumber> 2 </calledDirectoryNumber></MakeCall>\r\n",
        "<c:MakeCall xmlns:c='http://www.ecma.ch/standards/ecma-323/csta/ed2'><c:calledDirectoryNumber>2\
         </c:calledDirectoryNumber><c:callingDevice>1</c:callingDevice></c:MakeCall>",
        "<MakeCall a='b'><!-- c --><new><callingDevice>3</callingDevice></new><callingDevice>1<!-- c --></callingDevice>\
         <?p i?><calledDirectoryNumber><![CDATA[2]]></calledDirectoryNumber><x:y xmlns:x='z'/></MakeCall>\0",
    ];
    for text in variants {
        request(text, |request| {
            let (calling, called) = (device("1"), device("2"));
            let Request::Relayed(make) = request else { panic!("{request:?}") };
            assert_eq!(make.device("callingDevice"), Some(calling));
            assert_eq!(make.device("calledDirectoryNumber"), Some(called));
            assert_eq!(make.text("autoOriginate"), None);
        });
    }
}

#[test]
fn a_number_in_pieces_is_not_read_as_a_shorter_number() {
    let text = "<MakeCall><callingDevice>12<!-- -->34</callingDevice>\
                <calledDirectoryNumber>2</calledDirectoryNumber></MakeCall>";
    assert_eq!(read(text).message().unwrap_err().error, CstaError::INVALID_CALLING_DEVICE_ID);
}

#[test]
fn the_line_is_found_whatever_its_prefix_and_place_and_not_elsewhere() {
    let with = |private: &str| {
        format!(
            "<GetCSTAFeatures><extensions><privateData><private>{private}</private></privateData></extensions></GetCSTAFeatures>"
        )
    };
    for private in
        ["<line> tel:1 </line>", "<l:line xmlns:l='x'>tel:1</l:line>", "<a><b/><line>tel:1</line></a>"]
    {
        assert_eq!(read(&with(private)).line(), Some("tel:1"));
    }
    assert_eq!(read(&with("<line/>")).line(), None);
    assert_eq!(read("<GetCSTAFeatures><line>tel:1</line></GetCSTAFeatures>").line(), None);
}

#[test]
fn both_styles_and_all_editions_of_the_namespace_are_known_and_no_others() {
    for namespace in namespaces() {
        assert_eq!(Namespace::parse(namespace.uri()), Some(namespace));
        assert_eq!(Namespace::parse(&format!("{}/priv5", namespace.uri())), Some(namespace));
        assert_eq!(Namespace::parse(&format!("{}1", namespace.uri())), None);
    }
    for edition in ["", "1", "7", "x", "\u{e4}"] {
        assert_eq!(
            Namespace::parse(&format!("http://www.ecma.ch/standards/ecma-323/csta/ed{edition}")),
            None
        );
    }
    assert_eq!(Namespace::International(9).uri(), Namespace::ED3.uri());
}

#[test]
fn a_monitor_filter_reads_false_and_missing_as_sent() {
    let text = "<MonitorStart><monitorObject><deviceObject>1</deviceObject></monitorObject><requestedMonitorFilter>\
                <callcontrol><held>true</held><failed>false</failed><transferred>1</transferred><new>?</new></callcontrol>\
                <voice><play>true</play></voice></requestedMonitorFilter></MonitorStart>";
    request(text, |request| {
        let Request::MonitorStart { filter: Some(filter), .. } = request else { panic!("{request:?}") };
        let excluded: alloc::vec::Vec<_> = FILTER_MEMBERS
            .iter()
            .filter(|member| filter.excludes(member.event))
            .map(|member| member.event)
            .collect();
        assert_eq!(excluded, ["HeldEvent", "TransferedEvent"]);
    });
    request(&text.replace("callcontrol", "callControl"), |request| {
        let Request::MonitorStart { filter, .. } = request else { panic!("{request:?}") };
        assert!(filter.is_some_and(|filter| filter.excludes("HeldEvent")));
    });
}

#[test]
fn features_of_a_link_are_read_and_a_member_that_says_false_is_none() {
    let text = "<GetCSTAFeaturesResponse><supportedServices><callControlServList><makeCall>true</makeCall>\
                <holdCall><privateData/></holdCall><answerCall>false</answerCall></callControlServList><snapshotServList>\
                <snapshotDevice/></snapshotServList></supportedServices></GetCSTAFeaturesResponse>";
    let features =
        Features::NONE.with_service("MakeCall").with_service("HoldCall").with_service("SnapshotDevice");
    assert!(
        matches!(read(text).message(), Ok(Message::Response(Response::GetCstaFeatures(read))) if read == features)
    );
}

#[test]
fn a_snapshots_simple_state_is_read_with_this_device_first() {
    use LocalConnectionState::{Alerting, Connected, Hold};
    let snapshot = |state: &str| {
        let text = format!(
            "<SnapshotDeviceResponse><crossRefIDorSnapshotData><snapshotData><snapshotDeviceResponseInfo>\
             <connectionIdentifier><callID>1</callID></connectionIdentifier><localCallState>{state}</localCallState>\
             </snapshotDeviceResponseInfo></snapshotData></crossRefIDorSnapshotData></SnapshotDeviceResponse>"
        );
        match read(&text).message() {
            Ok(Message::Response(Response::SnapshotDevice { items, .. })) => items[0].states.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(snapshot("<simpleCallState>callReceived</simpleCallState>")[..], [Alerting, Connected]);
    assert_eq!(snapshot("<simpleCallState>callEstablishedHeld</simpleCallState>")[..], [Hold, Connected]);
    assert_eq!(snapshot("<simpleCallState>dancing</simpleCallState>")[..], []);
    assert_eq!(snapshot("<unknown/>")[..], []);
    let many = "<localConnectionState>hold</localConnectionState>".repeat(9);
    assert_eq!(snapshot(&format!("<compoundCallState>{many}</compoundCallState>"))[..], [Hold; 8]);
}

#[test]
fn an_event_of_any_name_is_an_event_and_a_type_of_number_is_kept() {
    let text = "<QueuedEvent><monitorCrossRefID>7</monitorCrossRefID></QueuedEvent>";
    assert!(matches!(
        read(text).message(),
        Ok(Message::Event(Event::Other { shape, cross_reference: "7", .. })) if shape.root == "QueuedEvent"
    ));
    let text = "<HeldEvent><monitorCrossRefID>7</monitorCrossRefID><heldConnection><callID>1</callID>\
                <deviceID typeOfNumber='dynamic'>d</deviceID></heldConnection><cause>keyOperation</cause></HeldEvent>";
    let document = read(text);
    let Ok(Message::Event(Event::Call(event))) = document.message() else { panic!("{text}") };
    let dynamic = Device { id: "d", type_of_number: Some("dynamic") };
    assert_eq!(event.connection, Connection { call: Some("1"), device: Some(dynamic) });
    assert_eq!((event.subject, event.local, event.cause), (Party::NotKnown, None, "keyOperation"));
}

#[test]
fn a_session_is_asked_for_with_the_makers_own_data() {
    let mut out = alloc::vec::Vec::new();
    emit::start_application_session(&mut out, "gw", &["v4", "v3"], Some(180), |out| {
        out.extend_from_slice(b"<any/>");
    });
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "<?xml version=\"1.0\"?><StartApplicationSession \
         xmlns=\"http://www.ecma-international.org/standards/ecma-354/appl_session\"><applicationInfo><applicationID>gw\
         </applicationID><applicationSpecificInfo><any/></applicationSpecificInfo></applicationInfo>\
         <requestedProtocolVersions><protocolVersion>v4</protocolVersion><protocolVersion>v3</protocolVersion>\
         </requestedProtocolVersions><requestedSessionDuration>180</requestedSessionDuration></StartApplicationSession>"
    );
}

#[test]
fn no_filter_is_not_an_empty_filter() {
    let start = |filter: &str| {
        format!(
            "<MonitorStart><monitorObject><deviceObject>1</deviceObject></monitorObject>{filter}</MonitorStart>"
        )
    };
    let filter_of = |text: &str| match read(text).message() {
        Ok(Message::Request(Request::MonitorStart { filter, .. })) => filter,
        other => panic!("{other:?}"),
    };
    assert_eq!(filter_of(&start("")), None);
    assert_eq!(filter_of(&start("<requestedMonitorFilter/>")), Some(MonitorFilter::NONE));
}

/// Contents of a device or of a list of devices, valid and invalid.
const DEVICES: [&str; 8] =
    ["", "<i/>", "<i>1<!-- -->2</i>", "<i/><i>12</i>", "12", "1<i/>", "<i>12</i><i/>", "1<!-- -->2"];

#[test]
fn devices_are_refused_or_written_so_that_they_read_the_same() {
    let is_device =
        |member: &&Member| matches!(member.role, Role::Line { .. } | Role::Dialled { .. } | Role::Number);
    let named = |service: &'static Service| service.request.iter().filter(is_device);
    let rows = services::all().iter().flat_map(|service| named(service).map(move |one| (service, one.name)));
    let cases = [3, 6].into_iter().flat_map(|edition| DEVICES.map(|inside| (edition, inside)));
    let inside_of = |other: &Member| {
        if let Role::Word([first, ..]) = other.role {
            first
        } else if matches!(other.role, Role::Own | Role::Foreign) {
            "<callID>7</callID>"
        } else {
            "1"
        }
    };
    for ((service, name), (edition, inside)) in
        rows.flat_map(|row| cases.clone().map(move |case| (row, case)))
    {
        let others = service.request.iter().filter(|other| other.required && other.name != name);
        let others: Vec<String> =
            others.map(|other| format!("<{0}>{1}</{0}>", other.name, inside_of(other))).collect();
        let others = others.concat();
        let namespace = Namespace::International(edition);
        let uri = namespace.uri();
        let text = format!("<{0} xmlns=\"{uri}\">{others}<{name}>{inside}</{name}></{0}>", service.root);
        let document = read(&text);
        let Ok(message) = document.message() else { continue };
        let written = write(namespace, &message);
        let again = read(&written).message().map(|message| write(namespace, &message)).ok();
        assert_eq!(again.as_ref(), Some(&written), "{text}");
    }
}

#[test]
fn a_device_that_is_no_list_is_its_own_text_alone() {
    let uri = Namespace::ED3.uri();
    let text = format!("<GetDoNotDisturb xmlns=\"{uri}\"><device>1001<x>1002</x></device></GetDoNotDisturb>");
    request(&text, |request| {
        let Request::Relayed(relayed) = request else { panic!("{request:?}") };
        assert_eq!(relayed.device("device"), Some(device("1001")));
        assert!(relayed.devices("device").eq([Some(device("1001"))]));
        let written = write(Namespace::ED3, &Message::Request(request));
        assert!(written.ends_with("<device>1001</device></GetDoNotDisturb>"), "{written}");
    });
}

#[test]
fn an_empty_list_has_nobody_in_it() {
    let text = format!(
        "<SetDoNotDisturb xmlns=\"{}\"><device>1001</device><doNotDisturbOn>true</doNotDisturbOn>\
         <callingDeviceList/></SetDoNotDisturb>",
        Namespace::ED3.uri()
    );
    let written = write(Namespace::ED3, &read(&text).message().unwrap());
    assert!(written.ends_with("<callingDeviceList></callingDeviceList></SetDoNotDisturb>"), "{written}");
}
