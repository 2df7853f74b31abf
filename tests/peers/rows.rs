//! SIPp asks for each service: one scenario, made from the rows. A service is answered by its response, or by an error of
//! CSTA's where it needs a call that there is not.

use core::fmt::Write as _;
use std::fs;

use ctigate_core::wire::csta::member::{Member, Role};
use ctigate_core::wire::csta::services::{Service, all};
use ctigate_peers::switch::features;

use crate::office::Office;
use crate::program::Folder;
use crate::sipp::{open, play};
use crate::{assert_served_well, file};

/// How many clients play it.
const CLIENTS: usize = 20;

/// Services that need no call, and are refused all the same: there is nothing to pick up or to cancel, nothing that
/// `SetForwarding` without a type could be about, and no number was dialled.
const REFUSED: [&str; 4] = ["GroupPickupCall", "CancelCallBack", "SetForwarding", "GetLastNumberDialed"];

/// The list that a service announces comes in a request of the gateway's, which is answered.
const TAKES_LIST: &str = "  <recv request=\"INFO\"/>
  <send>
    <![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:]
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0

    ]]>
  </send>
";

/// A required member's element; `[field0]` is the client's line in SIPp's scenarios.
fn element(member: &Member) -> String {
    let name = member.name;
    let inside = match member.role {
        Role::Own | Role::OwnCall | Role::Held | Role::Active | Role::Foreign => {
            "<deviceID>tel:[field0];phone-context=dialstring</deviceID>"
        }
        Role::Line { .. } => "tel:[field0];phone-context=dialstring",
        Role::Dialled { .. } | Role::Number => "tel:999;phone-context=dialstring",
        Role::Truth => "true",
        Role::Word(words) => words.first().copied().unwrap_or("normal"),
        Role::Text
        | Role::Count
        | Role::Copied(_)
        | Role::Announced { .. }
        | Role::CrossReference
        | Role::Narrowed
        | Role::Withheld => "1",
    };
    format!("<{name}>{inside}</{name}>")
}

/// Whether the request names a call, of which there is none.
fn needs_a_call(service: &Service) -> bool {
    let names_call = |member: &&Member| {
        matches!(member.role, Role::Own | Role::OwnCall | Role::Held | Role::Active | Role::Foreign)
    };
    service.request.iter().any(|member| names_call(&member))
}

fn document(service: &Service) -> String {
    let members: String = service.request.iter().filter(|member| member.required).map(element).collect();
    let root = service.root;
    let space = "http://www.ecma-international.org/standards/ecma-323/csta/ed3";
    format!("<?xml version=\"1.0\"?><{root} xmlns=\"{space}\">{members}</{root}>")
}

/// What the answer must contain, as SIPp's regular expression in XML.
fn answer(service: &Service) -> String {
    if needs_a_call(service) || REFUSED.contains(&service.root) {
        format!("&lt;({}|CSTAErrorCode)[ &gt;]", service.response_root)
    } else {
        format!("&lt;{}[ &gt;/]", service.response_root)
    }
}

/// The scenario in which a client signs in, asks for each of these services, and signs out.
fn scenario(services: &[&Service]) -> String {
    let template = fs::read_to_string(file("sipp/sign-in.xml")).unwrap();
    let (head, rest) = template.split_once("  <nop>\n    <action><assign assign_to=\"asked\"").unwrap();
    let (ask, tail) = rest.split_once("  <nop next=\"ask\" test=\"again\"/>\n").unwrap();
    let (send, _) = ask.split_once("  <recv ").unwrap();
    let send = send.split_once("  <send ").map(|(_, send)| format!("  <send {send}")).unwrap();
    let (before, document_before) = send.split_once("<?xml ").unwrap();
    let (_, after) = document_before.split_once('\n').unwrap();
    let mut text = String::from(head);
    for (index, service) in services.iter().enumerate() {
        let transaction = format!("info-{index}");
        let before = before.replace("start_txn=\"info\"", &format!("start_txn=\"{transaction}\""));
        write!(text, "{before}{}\n{after}\n", document(service)).unwrap();
        let expected = answer(service);
        writeln!(
            text,
            "  <recv response=\"200\" response_txn=\"{transaction}\"><action><ereg regexp=\"{expected}\" \
             search_in=\"body\" check_it=\"true\" assign_to=\"features\"/></action></recv>"
        )
        .unwrap();
        if service.brings_list() {
            text.push_str(TAKES_LIST);
        }
    }
    text + tail
}

#[test]
fn sipp_asks_for_each_service_by_its_row() {
    let office: Office = open("sipp-rows");
    let served = features();
    let services: Vec<&Service> = all()
        .iter()
        .filter(|service| service.is_relayed() && served.has(service) && service.since <= 3)
        .collect();
    let asked: Vec<&Service> =
        services.into_iter().filter(|service| service.root != "SwitchingFunctionDevices").collect();
    assert!(asked.len() > 35, "{}", asked.len());
    let folder = Folder::new("sipp-rows-scenario");
    let path = folder.write("rows.xml", &scenario(&asked));
    play(&office.sip, &path, CLIENTS, &["-t", "tn", "-max_socket", "1000"]);
    let log = assert_served_well(&office.close());
    let refused = log.matches("name=service_failed").count();
    let answered = asked.len() * CLIENTS - refused;
    let positive = asked.iter().filter(|service| !needs_a_call(service)).count() - REFUSED.len();
    assert!(answered >= positive * CLIENTS, "{answered} of {} were answered", asked.len() * CLIENTS);
}
