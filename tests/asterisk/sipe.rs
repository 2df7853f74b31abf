//! SIPE with an Asterisk behind the gateway.

use crate::gateway::Gateway;
use crate::house::House;
use crate::proxy::Proxy;
use crate::window::{SOON, Sipe};

#[test]
fn a_click_in_sipe_rings_the_phone_and_calls_the_number() {
    let house = House::open("sipe");
    let [mut anna, mut bernd] = house.phones(["1001", "1002"]);
    let gateway = Gateway::open("sipe", &house);
    let proxy = Proxy::before_gateway(&gateway.sip, "tel:1001;phone-context=dialstring");
    let mut sipe = Sipe::start("sipe-asterisk", &proxy.address);
    sipe.signs_in();
    sipe.running.tell("call 1002\n");
    anna.answers();
    bernd.answers();
    sipe.reaches("process_csta_make_call_response: SUCCESS", SOON);
    for event in ["<OriginatedEvent ", "<DeliveredEvent ", "<EstablishedEvent "] {
        sipe.reaches(event, SOON);
        sipe.reaches("sipe_csta_update_id_and_status: device_id=(", SOON);
    }
    bernd.hangs_up();
    sipe.reaches("<ConnectionClearedEvent ", SOON);
    anna.shows("CALL_CLOSED");
    sipe.signs_out();
    gateway.close();
}
