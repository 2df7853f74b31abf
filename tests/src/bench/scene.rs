//! The initial states of most tests, each in one call.

use ctigate_core::Duration;
use ctigate_core::setting::Value;

use super::{Bench, Client, PhoneSystem};

/// The children of a `HeldEvent` after its cross-reference: the line 1001 has put the call 7 on hold.
pub const HELD: &str = "<heldConnection><callID>7</callID><deviceID>1001</deviceID></heldConnection>\
    <holdingDevice><deviceIdentifier>1001</deviceIdentifier></holdingDevice>\
    <localConnectionInfo>hold</localConnectionInfo><cause>normal</cause>";

impl Bench {
    /// A gateway in service with these settings, and its phone system.
    ///
    /// # Panics
    /// If the configuration is wrong, or the gateway does not do its part.
    #[must_use]
    pub fn in_service(more: &[(&str, Value)]) -> (Self, PhoneSystem) {
        let mut bench = Self::with(more);
        let system = PhoneSystem::answer(&mut bench);
        (bench, system)
    }

    /// The same, and a client over a stream that has not signed in.
    ///
    /// # Panics
    /// If the configuration is wrong, or the gateway does not do its part.
    #[must_use]
    pub fn with_client(more: &[(&str, Value)]) -> (Self, PhoneSystem, Client) {
        let (mut bench, system) = Self::in_service(more);
        let client = Client::new(&mut bench, "alice");
        (bench, system, client)
    }

    /// The same, and the client has signed in.
    ///
    /// # Panics
    /// If the configuration is wrong, or the gateway does not do its part.
    #[must_use]
    pub fn signed_in(more: &[(&str, Value)]) -> (Self, PhoneSystem, Client) {
        let (mut bench, system, mut client) = Self::with_client(more);
        client.sign_in(&mut bench, system);
        (bench, system, client)
    }

    /// The same, and the client has a monitor, which the phone system calls `m1`; the ID that the client holds.
    ///
    /// # Panics
    /// If the configuration is wrong, or the gateway does not do its part.
    #[must_use]
    pub fn monitored(more: &[(&str, Value)]) -> (Self, PhoneSystem, Client, String) {
        let (mut bench, system, mut client) = Self::signed_in(more);
        let id = client.monitor(&mut bench, system, "m1");
        (bench, system, client, id)
    }

    /// A gateway with as many CTI connections as the settings name, all in service.
    ///
    /// # Panics
    /// If they are not as many as expected, or the gateway does not do its part.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a gateway that does not connect fails the test")]
    pub fn with_systems<const COUNT: usize>(more: &[(&str, Value)]) -> (Self, [PhoneSystem; COUNT]) {
        let mut bench = Self::with(more);
        let systems = PhoneSystem::answer_all(&mut bench);
        (bench, systems.try_into().expect("as many connections as expected"))
    }
}

impl Client {
    /// Another client over a stream of its own, for the line of this number.
    pub fn of_line(bench: &mut Bench, name: &str, number: usize) -> Self {
        let mut client = Self::new(bench, name);
        client.uri = format!("tel:{number};phone-context=dialstring");
        client
    }

    /// `count` clients with lines of their own from this number on, signed in at the phone systems in turn, with
    /// monitors; each is returned with the ID that it holds. The phone systems name the monitors `m0`, `m1` and so on.
    ///
    /// # Panics
    /// If the gateway does not do its part.
    pub fn many(
        bench: &mut Bench,
        systems: &[PhoneSystem],
        count: usize,
        first: usize,
    ) -> Vec<(Self, String)> {
        let one = |(index, system): (usize, &PhoneSystem)| {
            let mut client = Self::of_line(bench, &format!("user{index}"), first + index);
            client.sign_in(bench, *system);
            let id = client.monitor(bench, *system, &format!("m{index}"));
            (client, id)
        };
        systems.iter().cycle().take(count).enumerate().map(one).collect()
    }
}

impl PhoneSystem {
    /// Lets the connection fail, be dialled again and come into service; returns the new one.
    ///
    /// # Panics
    /// If the gateway does not do its part.
    #[must_use]
    pub fn reconnected(self, bench: &mut Bench) -> Self {
        bench.heartbeats(None);
        bench.close(self.link());
        bench.advance(Duration::from_secs(3));
        bench.await_dialling();
        Self::answer(bench)
    }
}
