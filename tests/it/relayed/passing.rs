//! Lists that are narrowed, answers that come in parts, and what passes between editions.

use super::*;

/// The namespace of edition 6.
const ED6: &str = "http://www.ecma-international.org/standards/ecma-323/csta/ed6";

#[test]
fn a_device_is_said_to_do_only_what_the_gateway_offers() {
    let services = "<capExchangeServList><getLogicalDeviceInformation/></capExchangeServList>\
                    <callControlServList><makeCall/></callControlServList>";
    let info = |own: &str, group: &str, lists: &str| {
        format!(
            "<deviceCategory>station</deviceCategory><shortFormDeviceID>{own}</shortFormDeviceID>\
             <hasPhysicalElement>true</hasPhysicalElement><acdModels></acdModels><agentLogOnModels></agentLogOnModels>\
             <appearanceAddressable>false</appearanceAddressable><appearanceType>basicStandard</appearanceType>\
             <associatedGroupList><deviceID>{group}</deviceID></associatedGroupList>\
             <maxHeldCalls>2</maxHeldCalls>{lists}"
        )
    };
    Desk::with(services).passes(
        "GetLogicalDeviceInformation",
        &Passage {
            said: &format!("<device>{LINE}</device>"),
            asked: "<device>1001</device>",
            answered: &info(
                "1001",
                "7000",
                "<routeingServList><routeRegister/></routeingServList><logDevServList><callControlServList><makeCall>\
                 <preCallFeature>true</preCallFeature></makeCall><parkCall/></callControlServList><logicalServList>\
                 <getForwarding/></logicalServList><mediaServList><attachMediaService/></mediaServList>\
                 </logDevServList><logDevEvtsList><callControlEvtsList><delivered/><queued/></callControlEvtsList>\
                 </logDevEvtsList><deviceMaintEvtsList><backInService/></deviceMaintEvtsList>",
            ),
            heard: &info(
                OWN,
                "tel:7000;phone-context=dialstring",
                "<logDevServList><callControlServList><makeCall><preCallFeature>true</preCallFeature></makeCall>\
                 </callControlServList></logDevServList><logDevEvtsList><callControlEvtsList><delivered></delivered>\
                 </callControlEvtsList></logDevEvtsList>",
            ),
        },
    );
}

/// A call with the own line and another in it, as a snapshot's items.
fn parties(name: fn(&str, &str, &str) -> String, own: &str, other: &str) -> [String; 2] {
    [(own, "connected"), (other, "hold")].map(|(device, state)| {
        format!(
            "<snapshotCallResponseInfo><deviceOnCall><deviceIdentifier>{device}</deviceIdentifier></deviceOnCall>{}\
             <localConnectionInfo>{state}</localConnectionInfo></snapshotCallResponseInfo>",
            name("callIdentifier", "7", device)
        )
    })
}

/// The other elements of a call.
fn of_the_call(own: &str, other: &str) -> String {
    format!(
        "<callingDevice><deviceIdentifier>{own}</deviceIdentifier></callingDevice><calledDevice><deviceIdentifier>\
         {other}</deviceIdentifier></calledDevice><subjectOfCall>Order</subjectOfCall>"
    )
}

fn whole(items: &str) -> String {
    format!("<crossRefIDorSnapshotData><snapshotData>{items}</snapshotData></crossRefIDorSnapshotData>")
}

/// A client whose line is in the call `7`.
fn in_a_call() -> Desk {
    let mut desk = Desk::with(
        "<monitoringServList><monitorStart/></monitoringServList><snapshotServList><snapshotCall/>\
         <snapshotDevice/></snapshotServList>",
    );
    desk.client.monitor(&mut desk.bench, desk.system, "m1");
    let answered = format!(
        "{}<answeringDevice><deviceIdentifier>1001</deviceIdentifier></answeringDevice><callingDevice>\
         <deviceIdentifier>1001</deviceIdentifier></callingDevice><calledDevice><deviceIdentifier>1002\
         </deviceIdentifier></calledDevice><lastRedirectionDevice><notRequired/></lastRedirectionDevice>\
         <localConnectionInfo>connected</localConnectionInfo><cause>newCall</cause>",
        known("establishedConnection", "7", "1001")
    );
    desk.system.event(&mut desk.bench, "EstablishedEvent", "m1", &answered);
    assert_eq!(desk.client.heard(&mut desk.bench).len(), 1);
    desk
}

#[test]
fn a_call_is_shown_to_one_who_is_in_it() {
    let mut desk = in_a_call();
    let answered =
        format!("{}{}", whole(&parties(known, "1001", "1002").concat()), of_the_call("1001", "1002"));
    let heard = format!("{}{}", whole(&parties(told, OWN, OTHER).concat()), of_the_call(OWN, OTHER));
    let said = "<snapshotObject><callID>17</callID></snapshotObject>";
    let asked = known("snapshotObject", "7", "1001");
    desk.passes("SnapshotCall", &Passage { said, asked: &asked, answered: &answered, heard: &heard });
    desk.refuses("SnapshotCall", "<snapshotObject><callID>18</callID></snapshotObject>", "invalidCallID");
}

/// The answer to a `SnapshotCall` whose data come in two parts, announced with `beside` in addition to their name.
fn gathered(beside: &str) -> String {
    let Desk { mut bench, system, mut client } = in_a_call();
    let said = "<snapshotObject><callID>17</callID></snapshotObject>";
    assert_eq!(client.info(&mut bench, "SnapshotCall", said), []);
    let reference = "<serviceCrossRefID>x1</serviceCrossRefID>";
    let announced = format!("<crossRefIDorSnapshotData>{reference}</crossRefIDorSnapshotData>{beside}");
    system.serve(&mut bench, "SnapshotCall", |_| csta("SnapshotCallResponse", &announced));
    for (item, number) in parties(known, "1001", "1002").iter().zip(1..) {
        assert_eq!(client.heard(&mut bench), []);
        let part = format!(
            "{reference}<segmentID>{number}</segmentID><lastSegment>{}</lastSegment>\
             <snapshotData>{item}</snapshotData>",
            number == 2
        );
        system.say(&mut bench, 9999, &csta("SnapshotCallData", &part));
    }
    only(&client.heard(&mut bench), 200).body().to_owned()
}

#[test]
fn a_call_s_data_that_come_in_parts_are_put_together() {
    let heard = whole(&parties(told, OWN, OTHER).concat());
    assert_eq!(gathered(""), csta("SnapshotCallResponse", &heard));
}

#[test]
fn what_is_told_beside_data_that_follow_stands_behind_them() {
    let heard = format!("{}{}", whole(&parties(told, OWN, OTHER).concat()), of_the_call(OWN, OTHER));
    assert_eq!(gathered(&of_the_call("1001", "1002")), csta("SnapshotCallResponse", &heard));
}

#[test]
fn a_list_of_devices_comes_in_requests_to_the_client() {
    let mut desk = Desk::with(
        "<capExchangeServList><getSwitchingFunctionDevices/><switchingFunctionDevices/></capExchangeServList>",
    );
    let category = "<requestedDeviceCategory>station</requestedDeviceCategory>";
    let reference = "<serviceCrossRefID>x1</serviceCrossRefID>";
    desk.passes(
        "GetSwitchingFunctionDevices",
        &Passage {
            said: category,
            asked: &format!("<requestedDeviceID>1001</requestedDeviceID>{category}"),
            answered: reference,
            heard: reference,
        },
    );
    let anothers = format!("<requestedDeviceID>{OTHER}</requestedDeviceID>");
    desk.refuses("GetSwitchingFunctionDevices", &anothers, "privilegeViolationSpecifiedDevice");
    let part = |number: u8, is_last: bool, device: &str, group: &str| {
        let inside = format!(
            "{reference}<segmentID>{number}</segmentID><lastSegment>{is_last}</lastSegment><deviceList><device>\
             <deviceID>{device}</deviceID><deviceCategory>station</deviceCategory><namedDeviceTypes>line\
             </namedDeviceTypes><deviceModelName>Desk 1001</deviceModelName><nidGroup>{group}</nidGroup>\
             </device></deviceList>"
        );
        csta("SwitchingFunctionDevices", &inside)
    };
    let Desk { bench, system, client } = &mut desk;
    let group = "tel:7000;phone-context=dialstring";
    for (number, is_last, device, told) in [(1, false, "1001", OWN), (2, true, "1002", OTHER)] {
        system.say(bench, 9999, &part(number, is_last, device, "7000"));
        let [request] = client.heard(bench).try_into().expect("one request");
        assert_eq!((request.method(), request.body()), ("INFO", &*part(number, is_last, told, group)));
        client.say(bench, &request.answered(200));
    }
    system.say(bench, 9999, &part(3, true, "1003", "7000"));
    assert_eq!(client.heard(bench), [], "the list has come to its end");
}

/// What a phone system that speaks edition 3 gets of a `SetDisplay` in this edition, with `more` in addition to what
/// every edition has.
fn shown(settings: &[(&str, Value)], edition: Option<&str>, more: &str) -> String {
    let services = "<physDevServList><setDisplay/></physDevServList>";
    let mut desk = Desk::set_up(services, settings);
    let Desk { bench, system, client } = &mut desk;
    let inside = format!("<device>{LINE}</device><contentsOfDisplay>a</contentsOfDisplay>{more}");
    let ours = csta("SetDisplay", &inside);
    let body = match edition {
        Some(uri) => ours.replace("http://www.ecma-international.org/standards/ecma-323/csta/ed3", uri),
        None => ours,
    };
    assert_eq!(client.send(bench, "INFO", &body), []);
    let asked = system.serve(bench, "SetDisplay", |_| csta("SetDisplayResponse", ""));
    only(&client.heard(bench), 200);
    let head = csta("SetDisplay", "<device>1001</device><contentsOfDisplay>a</contentsOfDisplay>");
    let (head, end) = head.split_at(head.len() - "</SetDisplay>".len());
    let rest = asked.document.strip_prefix(head).and_then(|rest| rest.strip_suffix(end));
    rest.expect("the members that every edition has").to_owned()
}

#[test]
fn what_one_edition_has_more_passes_between_equal_editions_alone() {
    let later = "<offset>2</offset><characterSet>unicode</characterSet>";
    let unheard_of = "<colour><deeply>red</deeply></colour>";
    let both = format!("{later}{unheard_of}");
    assert_eq!(shown(&[], None, &both), both);
    assert_eq!(shown(&[], Some(ED6), &both), "<offset>2</offset>");
}

#[test]
fn a_destination_is_a_list_where_the_phone_system_s_edition_has_one() {
    let deflected = |connection: &str, to: &str| format!("{connection}<newDestination>{to}</newDestination>");
    let said = |to: &str| deflected(&told("callToBeDiverted", "7", LINE), to);
    let asked = |to: &str| deflected(&known("callToBeDiverted", "7", "1001"), to);
    let one = "<device>tel:1002</device>";
    let two = "<device>tel:1002</device><device typeOfNumber=\"other\">tel:1003</device>";
    let mut desk = Desk::of_calls("<deflectCall/>");
    desk.does("DeflectCall", &said("tel:1002"), &asked("1002"));
    desk.does("DeflectCall", &said(one), &asked("1002"));
    desk.refuses("DeflectCall", &said(two), "invalidDestinationDeviceID");

    let services = "<callControlServList><deflectCall/></callControlServList>";
    let mut desk = Desk::set_up(services, &[("cti.edition", Value::Integer(6))]);
    let Desk { bench, system, client } = &mut desk;
    for (to, passed) in [
        ("tel:1002", "<device>1002</device>"),
        (one, "<device>1002</device>"),
        (two, "<device>1002</device><device>1003</device>"),
    ] {
        assert_eq!(client.info(bench, "DeflectCall", &said(to)), []);
        let served = system.serve(bench, "DeflectCall", |_| csta("DeflectCallResponse", ""));
        assert_eq!(served.document, csta("DeflectCall", &asked(passed)).replace("csta/ed3", "csta/ed6"));
        assert_eq!(only(&client.heard(bench), 200).body(), written("DeflectCallResponse", ""));
    }
}

#[test]
fn private_data_pass_where_that_is_allowed_but_never_microsoft_s() {
    let line =
        "<lcs:line xmlns:lcs=\"http://schemas.microsoft.com/Lcs/2005/04/RCCExtension\">tel:1001</lcs:line>";
    let others = "<v:tone xmlns:v=\"urn:vendor\">3</v:tone>";
    let data = |inside: &str| {
        format!("<extensions><privateData><private>{inside}</private></privateData></extensions>")
    };
    let both = data(&format!("{line}{others}"));
    assert_eq!(shown(&[], None, &both), "");
    let allowed = [("cti.connection[0].private_data", Value::Flag(true))];
    for edition in [None, Some(ED6)] {
        assert_eq!(shown(&allowed, edition, &both), data(others));
        assert_eq!(shown(&allowed, edition, &data(line)), "");
    }
}
