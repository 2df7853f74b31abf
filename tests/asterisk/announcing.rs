//! Phones that announce in their calls that they obey NOTIFY: when they are called, when their users click, and when they
//! call.

use core::time::Duration;
use std::thread;
use std::time::Instant;

use crate::client::Client;
use crate::gateway::Gateway;
use crate::house::House;
use crate::manager::Manager;
use crate::obedient::{self, Obedient};
use crate::phone::Phone;
use ctigate_core::wire::ami::write::Action;
use ctigate_core::wire::ami::{Token, Value, Variable};

/// What the dialplan tells of a phone.
fn told(number: &str, obeys: &str) -> [String; 4] {
    let (talk, hold) = (format!("Talk: {obeys}"), format!("Hold: {obeys}"));
    ["UserEvent: PhoneObeys".into(), format!("Endpoint: {number}"), talk, hold]
}

fn parts(told: &[String; 4]) -> [&str; 4] {
    told.each_ref().map(|part| &**part)
}

/// Lets the phones of an endpoint answer once so many ring, as somebody does who knows them.
fn lets_answer(manager: &mut Manager, number: &str, count: usize) {
    let begins = format!("PJSIP/{number}-");
    let began = Instant::now();
    let names = loop {
        let rings = |(name, state): &(String, String)| name.starts_with(&begins) && state == "Ringing";
        let names: Vec<_> = manager.channels().into_iter().filter(rings).map(|(name, _)| name).collect();
        if names.len() == count {
            break names;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{number} does not ring");
        thread::sleep(Duration::from_millis(20));
    };
    for name in names {
        let channel = Token::new(&name).unwrap();
        let variables = [Variable { name: "Event", value: Value::new("talk").unwrap() }];
        manager.send(&Action::PjsipNotify { channel, variables: &variables });
    }
}

/// The documented configuration, in which no phone is known to obey.
const UNKNOWN: (&str, &str) = ("obedient = [\"1006\"]", "obedient = []");

#[test]
fn a_phone_that_announced_that_it_obeys_is_held_by_its_client() {
    let house = House::open("announces");
    let [mut anna] = house.phones(["1001"]);
    let mut frank = Obedient::switched_on(&house);
    let gateway = Gateway::changed("announces", &house, &[UNKNOWN]);
    let mut client = gateway.client(
        "1006",
        "expect delivered 10s\nanswer\nexpect error operation/serviceNotSupported\nexpect established 10s\n\
         expect device-caps-changed 5s\nhold\nexpect held 5s\nretrieve\nexpect retrieved 5s\nhangup\n\
         expect cleared 5s\n",
    );
    client.wait_for("monitor xref=");
    let mut manager = house.watch();
    anna.does("dial", "1006");
    client.wait_for("serviceNotSupported");
    lets_answer(&mut manager, "1006", 1);
    manager.wait_for(&parts(&told("1006", "yes")));
    assert_eq!(client.end(), 0, "{}\n{}", client.said(), gateway.running.said());
    manager.wait_for(&parts(&told("1001", "no")));
    frank.assert_content(&house);
    gateway.close();
}

#[test]
fn a_phone_announces_that_it_obeys_when_its_user_clicks() {
    let house = House::open("announces-prompted");
    let [mut bernd] = house.phones(["1002"]);
    let mut frank = Obedient::switched_on(&house);
    let answers = ("obedient = [\"1006\"]", "auto_answer = [\"1006\"]");
    let gateway = Gateway::changed("announces-prompted", &house, &[answers]);
    let mut client = gateway.client(
        "1006",
        "call 1002\nexpect delivered 10s\nexpect established 10s\nhold\nexpect held 5s\nretrieve\n\
         expect retrieved 5s\nhangup\nexpect cleared 5s\n",
    );
    bernd.answers();
    assert_eq!(client.end(), 0, "{}\n{}", client.said(), gateway.running.said());
    frank.assert_content(&house);
    gateway.close();
}

#[test]
fn a_phone_announces_that_it_obeys_when_it_calls() {
    let house = House::open("announces-calling");
    let [mut bernd] = house.phones(["1002"]);
    let mut manager = house.watch();
    let mut dora = obedient::calling(&house, "1004", "1002");
    manager.wait_for(&parts(&told("1004", "yes")));
    bernd.answers();
    bernd.hangs_up();
    assert_eq!(dora.end(), 0, "{}", dora.said());
    manager.wait_for(&parts(&told("1002", "no")));
}

#[test]
fn a_phone_that_was_called_and_transferred_still_obeys() {
    let house = House::open("announces-transferred");
    let [mut anna, mut bernd] = house.phones(["1001", "1002"]);
    let mut frank = Obedient::switched_on(&house);
    let gateway = Gateway::changed("announces-transferred", &house, &[UNKNOWN]);
    let mut client = gateway.client(
        "1006",
        "expect delivered 10s\nexpect device-caps-changed 10s\nexpect transfered 10s\nexpect established 10s\nhold\n\
         expect held 5s\nretrieve\nexpect retrieved 5s\nhangup\nexpect cleared 5s\n",
    );
    let mut boss = Client::signed_in(&gateway, "1001");
    client.wait_for("monitor xref=");
    let mut manager = house.watch();
    anna.does("dial", "1006");
    client.wait_for("delivered");
    lets_answer(&mut manager, "1006", 1);
    // The two are not connected before the dialplan has looked at the answer.
    manager.wait_for(&["Event: BridgeEnter", "Channel: PJSIP/1001-"]);
    boss.does("transfer-to 1002");
    bernd.answers();
    manager.wait_for(&parts(&told("1006", "yes")));
    assert_eq!(client.end(), 0, "{}\n{}", client.said(), gateway.running.said());
    boss.does("expect calls none 10s");
    boss.quit();
    frank.assert_content(&house);
    gateway.close();
}

#[test]
fn one_of_several_phones_of_an_endpoint_announces_nothing() {
    let house = House::open("announces-several");
    let [mut anna] = house.phones(["1001"]);
    let mut eve = Obedient::of(&house, "1005");
    let mut manager = house.watch();
    let mut another = None;
    for (count, obeys) in [(1, "yes"), (2, "no")] {
        anna.does("dial", "1005");
        lets_answer(&mut manager, "1005", count);
        manager.wait_for(&parts(&told("1005", obeys)));
        anna.hangs_up();
        eve.assert_content(&house);
        // This one does not obey, and loses the call.
        another.get_or_insert_with(|| Phone::at(&house, "1005", 13));
    }
}

#[test]
fn a_phone_whose_user_agent_obeys_is_told_to_answer() {
    let house = House::open("user-agents");
    let [mut anna] = house.phones(["1001"]);
    let mut frank = Obedient::switched_on(&house);
    let agents = ("obedient = [\"1006\"]", "obedient_user_agents = [\"SIPp\"]\nlearn_obedience = false");
    let gateway = Gateway::changed("user-agents", &house, &[agents]);
    let mut client = gateway.client(
        "1006",
        "expect delivered 10s\nanswer\nexpect established 10s\nhold\nexpect held 5s\nhangup\nexpect cleared 5s\n",
    );
    let mut other = gateway.client("1001", "expect established 10s\nhold\nexpect error\n");
    client.wait_for("monitor xref=");
    other.wait_for("monitor xref=");
    anna.does("dial", "1006");
    assert_eq!(client.end(), 0, "{}\n{}", client.said(), gateway.running.said());
    assert_eq!(other.end(), 0, "{}\n{}", other.said(), gateway.running.said());
    frank.assert_content(&house);
    gateway.close();
}
