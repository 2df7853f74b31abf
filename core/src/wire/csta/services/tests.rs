use alloc::vec::Vec;

use super::super::member::MAX_MEMBERS;
use super::*;

#[test]
fn each_service_and_event_is_one_bit_of_its_own() {
    assert_eq!((all().len(), EVENTS.len()), (102, 53));
    let mut set = Features::NONE;
    for service in all() {
        assert!(!set.has_service(service.root), "{} twice", service.root);
        set = set.with_service(service.root);
        assert!(set.has_service(service.root) && set.has(service));
        assert_eq!(named(service.root), Some(service));
    }
    for entry in EVENTS {
        assert!(!set.has_event(entry.root), "{} twice", entry.root);
        set = set.with_event(entry.root);
        assert!(set.has_event(entry.root));
    }
    assert_eq!(set, Features::ALL);
    assert_eq!((set.services().count(), set.events().count()), (102, 53));
}

#[test]
fn an_unknown_name_is_in_no_set() {
    assert_eq!(Features::NONE.with_service("DanceCall").with_event("DancedEvent"), Features::NONE);
    assert!(!Features::ALL.has_service("DanceCall") && !Features::ALL.has_event("DancedEvent"));
}

#[test]
fn an_intersection_has_what_both_have() {
    let one = Features::NONE.with_service("MakeCall").with_service("HoldCall").with_event("HeldEvent");
    let other = Features::NONE.with_service("MakeCall").with_event("HeldEvent").with_event("FailedEvent");
    let both = Features::NONE.with_service("MakeCall").with_event("HeldEvent");
    assert_eq!(one.intersection(other), both);
    assert_eq!(both.intersection(one.union(other)), both);
}

#[test]
fn an_edition_has_the_services_that_it_or_an_earlier_one_added() {
    for edition in 0..=9 {
        let found: Vec<&str> = Features::ALL.of_edition(edition).services().map(|one| one.root).collect();
        let added = all().iter().filter(|service| service.since <= edition);
        assert_eq!(found, added.map(|service| service.root).collect::<Vec<_>>(), "{edition}");
    }
    assert_eq!(Features::NONE.with_event("HeldEvent").of_edition(0).events().count(), 1);
}

#[test]
fn no_message_has_more_members_than_are_located_nor_one_twice() {
    for service in all() {
        for members in [service.request, service.response] {
            assert!(members.len() <= MAX_MEMBERS, "{}", service.root);
            for (index, member) in members.iter().enumerate() {
                assert!(members[..index].iter().all(|other| !other.is_named(member.name)), "{}", member.name);
                assert!((2..=6).contains(&member.since) && !member.name.is_empty());
            }
        }
    }
}

#[test]
fn a_relayed_service_says_whose_it_is() {
    for service in all().iter().filter(|service| service.served == Served::Relayed) {
        let names_the_line = service.request.iter().any(|member| {
            matches!(member.role, Role::Own | Role::OwnCall | Role::Held | Role::Active | Role::Line { .. })
        });
        assert!(names_the_line, "{}", service.root);
        // If a request has two connections, they are the own line's held and active ones, or the second is foreign.
        let plain = service.request.iter().filter(|member| member.role == Role::Own).count();
        assert!(plain <= 1, "{}", service.root);
        let foreign = service.request.iter().any(|member| member.role == Role::Foreign);
        let line = service.request.iter().any(|member| matches!(member.role, Role::Line { .. }));
        assert!(!foreign || line, "{}: nothing ties a foreign connection to the own line", service.root);
    }
}

#[test]
fn what_decides_on_dialling_is_a_truth_value_of_the_same_service() {
    for service in all() {
        for member in service.request {
            if let Role::Dialled { only_if: Some(name), .. } = member.role {
                let decides = service.request.iter().find(|member| member.name == name);
                assert_eq!(decides.map(|member| member.role), Some(Role::Truth), "{}", service.root);
            }
        }
    }
}

#[test]
fn the_names_of_features_are_those_of_all_services_and_events() {
    let services = all().iter().map(|service| service.root);
    assert!(FEATURES.iter().copied().eq(services.chain(EVENTS.iter().map(|event| event.root))));
}
