//! Phones that announce in their calls that they obey NOTIFY: when they are called, when their users click, and when they
//! call.

use crate::gateway::Gateway;
use crate::house::House;
use crate::obedient::{self, Obedient};
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
    // Somebody who knows the phone lets it answer.
    let name = manager.channels().into_iter().find(|(name, _)| name.starts_with("PJSIP/1006")).unwrap().0;
    let channel = Token::new(&name).unwrap();
    let variables = [Variable { name: "Event", value: Value::new("talk").unwrap() }];
    manager.send(&Action::PjsipNotify { channel, variables: &variables });
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
