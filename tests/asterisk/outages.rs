//! Connections that break and stall, and an Asterisk that is restarted, in the middle of calls.

use core::time::Duration;
use std::thread;

use crate::client::Client;
use crate::gateway::Gateway;
use crate::house::House;
use crate::phone::Phone;
use crate::relay::Relay;

/// The gateway notices an outage soon, comes back soon, and moves its sessions by itself.
pub(crate) const QUICK: (&str, &str) = (
    "[[cti.connection]]",
    "[cti]\nheartbeat = 2\nheartbeat_timeout = 1\nreconnect_max = 2\nrecovery = \"rebind\"\n[[cti.connection]]",
);

/// A gateway behind a relay, with phones and clients at 1001, 1002 and 1003; 1001 talks to 1002.
struct Scene {
    anna: Phone,
    bernd: Phone,
    clara: Phone,
    clients: [Client; 3],
    gateway: Gateway,
    relay: Relay,
    _house: House,
}

impl Scene {
    fn open(name: &str) -> Self {
        let house = House::open(name);
        let [mut anna, mut bernd, clara] = house.phones(["1001", "1002", "1003"]);
        let relay = Relay::open(&house.manager());
        let gateway = Gateway::changed(name, &house, &[QUICK, (&house.manager(), &relay.address)]);
        let clients = ["1001", "1002", "1003"].map(|number| Client::signed_in(&gateway, number));
        anna.does("dial", "1002");
        bernd.answers();
        let mut scene = Self { anna, bernd, clara, clients, gateway, relay, _house: house };
        scene.believe(["connected:1002", "connected:1001", "none"]);
        scene
    }

    /// Each client believes in these calls.
    fn believe(&mut self, calls: [&str; 3]) {
        for (client, calls) in self.clients.iter_mut().zip(calls) {
            client.does(&format!("expect calls {calls} 30s"));
        }
    }

    /// The connection comes back.
    fn restore(&self) {
        let times = self.gateway.running.said().matches("name=cti_in_service ").count();
        self.relay.pass();
        self.gateway.running.wait_for_times("name=cti_in_service ", times + 1);
    }

    fn close(self) {
        for client in self.clients {
            client.quit();
        }
        self.gateway.end();
    }
}

#[test]
fn calls_are_kept_over_a_connection_that_is_cut() {
    let mut scene = Scene::open("cut");
    scene.relay.cut();
    scene.gateway.running.wait_for("name=cti_out_of_service");
    scene.clara.does("dial", "1001");
    scene.anna.shows("CALL_INCOMING");
    scene.restore();
    scene.believe(["connected:1002 alerting:1003", "connected:1001", "connected:1001"]);
    for client in &scene.clients {
        assert!(!client.said().contains("event connection-cleared"), "{}", client.said());
    }
    // It can be acted on as before.
    scene.clients[1].does("hangup");
    scene.clara.hangs_up();
    scene.believe(["none", "none", "none"]);
    scene.bernd.shows("CALL_CLOSED");
    scene.close();
}

#[test]
fn calls_are_right_after_a_connection_that_stalled() {
    let mut scene = Scene::open("stalled");
    scene.relay.stall();
    // Nobody tells the gateway of this.
    scene.bernd.hangs_up();
    scene.anna.shows("CALL_CLOSED");
    scene.clara.does("dial", "1002");
    scene.bernd.answers();
    scene.gateway.running.wait_for("name=cti_out_of_service");
    // Neither does a connection help that is opened and stalls too.
    thread::sleep(Duration::from_secs(4));
    scene.believe(["connected:1002", "connected:1001", "none"]);
    scene.restore();
    scene.believe(["none", "connected:1003", "connected:1002"]);
    scene.clients[2].does("hangup");
    scene.believe(["none", "none", "none"]);
    scene.close();
}

#[test]
fn no_call_outlives_a_restart_by_a_minute() {
    let mut house = House::open("restarted");
    let [mut anna, mut bernd] = house.phones(["1001", "1002"]);
    let gateway = Gateway::changed("restarted", &house, &[QUICK]);
    let mut clients = ["1001", "1002"].map(|number| Client::signed_in(&gateway, number));
    anna.does("dial", "1002");
    bernd.answers();
    clients[0].does("expect calls connected:1002 10s");
    clients[1].does("expect calls connected:1001 10s");
    house.console("core restart now");
    for client in &mut clients {
        client.does("expect calls none 60s");
    }
    gateway.running.wait_for("name=cti_out_of_service");
    gateway.running.wait_for_times("name=cti_in_service ", 2);
    house.wait_until_booted();
    drop((anna, bernd));
    let [mut anna, mut bernd] = house.phones(["1001", "1002"]);
    clients[0].tell("call 1002");
    anna.answers();
    bernd.answers();
    clients[0].does("expect calls connected:1002 30s");
    clients[1].does("expect calls connected:1001 30s");
    clients[1].does("hangup");
    for mut client in clients {
        client.does("expect calls none 10s");
        client.quit();
    }
    gateway.end();
}
