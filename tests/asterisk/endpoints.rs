//! One endpoint with several phones, and one number at several endpoints.

use crate::client::Client;
use crate::gateway::Gateway;
use crate::house::House;
use crate::phone::Phone;

#[test]
fn two_phones_of_one_endpoint_ring_as_one_line_and_one_answers() {
    let house = House::open("contacts");
    let [mut anna] = house.phones(["1001"]);
    let mut phones = [5, 55].map(|place| Phone::at(&house, "1005", place));
    let gateway = Gateway::open("contacts", &house);
    let mut clients = ["1001", "1005"].map(|number| Client::signed_in(&gateway, number));
    // One answers and the caller hangs up; then the other answers and hangs up.
    for is_caller in [true, false] {
        let [one, other] = &mut phones;
        anna.does("dial", "1005");
        one.shows("CALL_INCOMING");
        other.shows("CALL_INCOMING");
        clients[1].does("expect calls alerting:1001 10s");
        one.does("accept", "");
        one.shows("CALL_ESTABLISHED");
        other.shows("CALL_CLOSED");
        clients[0].does("expect calls connected:1005 10s");
        clients[1].does("expect calls connected:1001 10s");
        if is_caller { &mut anna } else { &mut *one }.hangs_up();
        for client in &mut clients {
            client.does("expect calls none 10s");
        }
        one.shows("CALL_CLOSED");
        phones.reverse();
    }
    for client in clients {
        client.quit();
    }
    gateway.close();
}

/// Number 1010 at the endpoints 1002 and 1003.
const DIALPLAN: &str =
    "\n[internal](+)\nexten => 1010,1,Dial(PJSIP/1002&PJSIP/1003,30,tT)\n same => n,Hangup(19)\n";

/// Two users, each of whom controls it at one of them.
const DIRECTORY: &str = "
[directory]
domains = [\"example.com\"]
[[line]]
number = \"1010\"
[[device]]
name = \"DESK\"
[[device]]
name = \"LAB\"
[[appearance]]
line = \"1010\"
device = \"DESK\"
index = 1
device_id = \"1002\"
[[appearance]]
line = \"1010\"
device = \"LAB\"
index = 1
device_id = \"1003\"
[[user]]
id = \"bernd\"
lines = [\"1010@DESK\"]
[[user]]
id = \"clara\"
lines = [\"1010@LAB\"]
[[cti.connection]]";

#[test]
fn a_number_at_two_endpoints_is_two_line_appearances() {
    let house = House::with("appearances", &[("extensions.conf", DIALPLAN)]);
    let [mut anna, mut bernd, mut clara] = house.phones(["1001", "1002", "1003"]);
    let gateway = Gateway::changed("appearances", &house, &[("[[cti.connection]]", DIRECTORY)]);
    let mut clients = ["bernd", "clara"].map(|user| Client::of(&gateway, user, "1010"));
    anna.does("dial", "1010");
    bernd.shows("CALL_INCOMING");
    clara.shows("CALL_INCOMING");
    for client in &mut clients {
        client.does("expect calls alerting:* 10s");
    }
    clara.does("accept", "");
    clients[0].does("expect calls none 10s");
    clients[1].does("expect calls connected:1001 10s");
    clients[1].does("hangup");
    clients[1].does("expect calls none 10s");
    anna.shows("CALL_CLOSED");
    // Each acts at its own endpoint.
    clients[0].tell("call 1001");
    bernd.answers();
    anna.answers();
    clients[0].does("expect calls connected:1001 10s");
    clients[1].does("expect calls none 1s");
    clients[0].does("hangup");
    for mut client in clients {
        client.does("expect calls none 10s");
        client.quit();
    }
    gateway.close();
}
