//! Numbers that cannot be dialled are refused wherever something is dialled.

use ctigate_core::setting::Value;
use ctigate_core::wire::csta::member::{Member, Role};
use ctigate_core::wire::csta::services::{Service, all};
use ctigate_tests::bench::only;

use super::{Desk, LINE};

/// Numbers that no phone can dial.
const NOT_DIALLED: [&str; 5] = ["tel:1800FLOWERS", "tel:+", "sip:alice@example.com", "mailto:1002", "1002+3"];

/// All services that the gateway knows, as a phone system lists them.
fn everything() -> String {
    let mut lists: Vec<(&str, String)> = Vec::new();
    for service in all() {
        let feature = format!("<{}/>", service.feature);
        match lists.iter_mut().find(|(list, _)| *list == service.list) {
            Some((_, features)) => features.push_str(&feature),
            None => lists.push((service.list, feature)),
        }
    }
    let written = lists.iter().map(|(list, features)| format!("<{list}>{features}</{list}>"));
    written.collect::<Vec<_>>().concat()
}

/// A member as a client may write it, with this number where something is dialled.
fn written(member: &Member, number: &str) -> String {
    let connection = "<callID>17</callID>";
    let value = match member.role {
        Role::Own | Role::OwnCall | Role::Held | Role::Active | Role::Foreign | Role::Announced { .. } => {
            connection
        }
        Role::Line { .. } => LINE,
        Role::Dialled { .. } if member.item_in(3).is_some() => {
            let item = member.item_in(3).unwrap_or_default();
            return format!("<{0}><{item}>1003</{item}><{item}>{number}</{item}></{0}>", member.name);
        }
        Role::Dialled { .. } => number,
        Role::Number => "1003",
        Role::Truth => "true",
        Role::Count => "1",
        Role::Word(words) => words.first().copied().unwrap_or("word"),
        Role::Text | Role::Copied(_) | Role::CrossReference | Role::Narrowed | Role::Withheld => "text",
    };
    format!("<{0}>{value}</{0}>", member.name)
}

/// A request with its required members, and `dialled` with this number.
fn request(service: &Service, dialled: &Member, number: &str) -> String {
    let is_there = |member: &&Member| member.required || member.name == dialled.name;
    let number_of = |member: &Member| if member.name == dialled.name { number } else { "1002" };
    service.request.iter().filter(is_there).map(|member| written(member, number_of(member))).collect()
}

#[test]
fn what_cannot_be_dialled_is_refused_in_every_element_that_is_dialled() {
    let mut desk = Desk::set_up(&everything(), &[("cti.connection[0].foreign_calls", Value::Flag(true))]);
    let mut elements = 0;
    for service in all() {
        let dialled = service.request.iter().filter(|member| matches!(member.role, Role::Dialled { .. }));
        for member in dialled {
            for number in NOT_DIALLED {
                let Desk { bench, system, client } = &mut desk;
                let answers = client.info(bench, service.root, &request(service, member, number));
                assert_eq!(system.asked(bench), [], "{} {number}", service.root);
                assert!(only(&answers, 200).element("operation").starts_with("invalid"), "{}", service.root);
            }
            // Only the number was wrong.
            let Desk { bench, system, client } = &mut desk;
            assert_eq!(client.info(bench, service.root, &request(service, member, "tel:1002")), []);
            let asked = system.serve(bench, service.root, |_| {
                super::csta("CSTAErrorCode", "<operation>generic</operation>")
            });
            assert!(asked.document.contains(">1002</"), "{}", asked.document);
            only(&client.heard(bench), 200);
            elements += 1;
        }
    }
    assert_eq!(elements, 15);
}
