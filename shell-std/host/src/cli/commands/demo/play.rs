//! The course of the demo: which program starts when.

use core::net::SocketAddr;
use std::path::Path;
use std::thread::{self, Scope};
use std::time::{SystemTime, UNIX_EPOCH};

use ctigate_core::Transport;
use ctigate_core::config::Config;
use ctigate_core::setting::{ConfigError, Setting, Value};
use ctigate_peers::client::ClientConfig;
use ctigate_peers::switch::SwitchConfig;

use super::actor::{Actor, Ended};
use super::cast::{Cast, PATIENCE};
use super::story::STEPS;
use crate::cli::commands::GOOD;
use crate::cli::programs;
use crate::shell::Shell;

/// How many CTI connections there are.
const CONNECTIONS: usize = 2;
/// What the gateway logs when a connection is in service.
const IN_SERVICE: &str = "name=cti_in_service";
/// What a client prints when its monitor is active.
const WATCHING: &str = "monitor ";

/// The outcome of the demo.
pub(super) struct Outcome {
    /// The programs, in the order in which they started.
    pub(super) ended: Vec<Ended>,
    /// When each step began, in microseconds since 1970, and what it says.
    pub(super) told: Vec<(u64, &'static str)>,
    /// What was expected and did not happen.
    missing: Vec<String>,
}

impl Outcome {
    fn missing(what: String) -> Self {
        Self { ended: Vec::new(), told: Vec::new(), missing: vec![what] }
    }

    /// Everything that did not go as expected.
    pub(super) fn wrong(&self) -> Vec<String> {
        let mut wrong = self.missing.clone();
        for ended in self.ended.iter().filter(|ended| ended.status != GOOD) {
            let Ended { name, status, .. } = ended;
            wrong.push(format!("expected {name} to end with exit status 0; it was {status}. Its output:"));
            wrong.extend(ended.printed.iter().chain(&ended.log).map(|line| format!("  {line}")));
        }
        wrong
    }
}

fn text(key: &str, value: &str) -> Setting {
    Setting { key: key.into(), value: Value::Text(value.into()) }
}

fn any_ports(key: &str, count: usize) -> Setting {
    Setting { key: key.into(), value: Value::List(vec![Value::Text("127.0.0.1:0".into()); count]) }
}

fn any_port(key: &str) -> Setting {
    any_ports(key, 1)
}

/// The errors in the demo's own settings.
fn wrong(errors: &[ConfigError]) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

fn address(ready: &programs::Ready, key: &str) -> Result<SocketAddr, Vec<String>> {
    ready.address(key).ok_or_else(|| vec![format!("there is no address for {key}")])
}

/// The settings of the gateway: two connections to the phone system, whose sessions move if one dies.
fn gateway_settings(cti: &[SocketAddr]) -> Vec<Setting> {
    let connection =
        |index: usize, field: &str, value: &str| text(&format!("cti.connection[{index}].{field}"), value);
    let mut settings = vec![any_port("sip.tcp"), any_port("sip.udp"), text("cti.recovery", "rebind")];
    for (index, address) in cti.iter().enumerate() {
        settings.push(connection(index, "address", &address.to_string()));
        settings.push(connection(index, "name", &format!("pbx-{}", index + 1)));
        settings.push(connection(index, "switch", "pbx"));
    }
    settings
}

/// Plays the demo: the phone system, the gateway (recorded in `folder`), and the people.
///
/// # Errors
/// If it could not begin.
pub(super) fn play(shell: &dyn Shell, folder: &Path) -> Result<Outcome, Vec<String>> {
    let settings = [any_ports("listen", CONNECTIONS)];
    let switch = programs::switch(
        &settings,
        SwitchConfig::from_settings(&settings).map_err(|errors| wrong(&errors))?,
    )?;
    let settings = gateway_settings(&switch.addresses("listen").collect::<Vec<_>>());
    let gateway = programs::gateway(
        shell,
        &settings,
        Config::from_settings(&settings).map_err(|errors| wrong(&errors))?,
        None,
    )?;
    let addresses = (address(&gateway, "sip.tcp")?, address(&gateway, "sip.udp")?);
    thread::scope(|scope| {
        let switch = Actor::start(scope, shell, ("switch", "the built-in phone system"), switch, None)?;
        let gateway = match Actor::start(scope, shell, ("gateway", "recorded"), gateway, Some(folder)) {
            Ok(gateway) => gateway,
            Err(complaints) => {
                switch.stop();
                return Err(complaints);
            }
        };
        if !gateway.log.has_times(IN_SERVICE, CONNECTIONS, PATIENCE) {
            let missing = format!("expected the gateway to reach the phone system within {PATIENCE:?}");
            let outcome = Outcome::missing(missing);
            return Ok(Outcome { ended: vec![gateway.stop(), switch.stop()], ..outcome });
        }
        Ok(match sign_in(scope, shell, addresses) {
            Ok(clients) => tell(Cast { switch, gateway, clients }),
            Err((mut ended, missing)) => {
                ended.extend([gateway.stop(), switch.stop()]);
                Outcome { ended, ..Outcome::missing(missing) }
            }
        })
    })
}

/// The people sign in, one after another: Alice and Carol over TCP, Bob over UDP.
fn sign_in<'scope, 'env>(
    scope: &'scope Scope<'scope, 'env>,
    shell: &'env dyn Shell,
    (tcp, udp): (SocketAddr, SocketAddr),
) -> Result<[Actor<'scope>; 3], (Vec<Ended>, String)> {
    let people = [
        (("alice", "1001, over TCP"), "1001", tcp, Transport::Tcp),
        (("bob", "1002, over UDP"), "1002", udp, Transport::Udp),
        (("carol", "1003, over TCP"), "1003", tcp, Transport::Tcp),
    ];
    let mut signed_in: Vec<Actor<'scope>> = Vec::new();
    let mut missing = String::from("somebody is not there");
    for (person, number, server, transport) in people {
        let user = format!("sip:{}@example.com", person.0);
        let mut config = ClientConfig::new(&server.to_string(), &user, &line(number));
        config.transport = transport;
        let ready = programs::client(shell, config);
        match ready.and_then(|ready| Actor::start(scope, shell, person, ready, None)) {
            Ok(actor) => {
                let watches = actor.printed.has(WATCHING, PATIENCE);
                signed_in.push(actor);
                if !watches {
                    missing = format!("expected {} to sign in within {PATIENCE:?}", person.0);
                    break;
                }
            }
            Err(complaints) => {
                missing = complaints.join("; ");
                break;
            }
        }
    }
    signed_in
        .try_into()
        .map_err(|actors: Vec<Actor<'scope>>| (actors.into_iter().map(Actor::stop).collect(), missing))
}

/// Tells the story, step by step, up to the first that fails.
fn tell(cast: Cast<'_>) -> Outcome {
    let mut told = Vec::new();
    let mut missing = Vec::new();
    for step in STEPS {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        told.push((u64::try_from(since.as_micros()).unwrap_or_default(), step.says));
        if let Err(what) = cast.perform(step) {
            missing.push(what);
            break;
        }
    }
    Outcome { ended: cast.end(), told, missing }
}

fn line(number: &str) -> String {
    format!("tel:{number};phone-context=dialstring")
}
