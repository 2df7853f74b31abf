//! The course of the demo: which program starts when.

use core::net::SocketAddr;
use core::time::Duration;
use std::path::Path;
use std::thread::{self, Scope};

use ctigate_core::Transport;
use ctigate_core::config::Config;
use ctigate_core::setting::{ConfigError, Setting, Value};
use ctigate_peers::client::ClientConfig;
use ctigate_peers::switch::SwitchConfig;

use super::actor::{Actor, Ended};
use super::{ALICE, BOB};
use crate::cli::commands::GOOD;
use crate::cli::programs;
use crate::shell::Shell;

/// How long the gateway may take to reach the phone system, and Bob to sign in.
const PATIENCE: Duration = Duration::from_secs(3);
/// What the gateway logs when a connection is in service.
const IN_SERVICE: &str = "name=cti_in_service";
/// What a client prints when its monitor is active.
const WATCHING: &str = "monitor ";

/// The outcome of the demo.
pub(super) struct Outcome {
    /// The programs, in the order in which they started.
    pub(super) ended: Vec<Ended>,
    /// What was expected and did not happen.
    missing: Vec<String>,
}

impl Outcome {
    fn missing(what: String) -> Self {
        Self { ended: Vec::new(), missing: vec![what] }
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

fn any_port(key: &str) -> Setting {
    Setting { key: key.into(), value: Value::List(vec![Value::Text("127.0.0.1:0".into())]) }
}

/// The errors in the demo's own settings.
fn wrong(errors: &[ConfigError]) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

fn address(ready: &programs::Ready, key: &str) -> Result<SocketAddr, Vec<String>> {
    ready.address(key).ok_or_else(|| vec![format!("there is no address for {key}")])
}

/// Plays the demo: the phone system, the gateway (recorded in `folder`), Bob over UDP, Alice over TCP.
///
/// # Errors
/// If it could not begin.
pub(super) fn play(shell: &dyn Shell, folder: &Path) -> Result<Outcome, Vec<String>> {
    let settings = [any_port("listen")];
    let switch = programs::switch(
        &settings,
        SwitchConfig::from_settings(&settings).map_err(|errors| wrong(&errors))?,
    )?;
    let settings = [
        any_port("sip.tcp"),
        any_port("sip.udp"),
        text("cti.connection[0].address", &address(&switch, "listen")?.to_string()),
        text("cti.connection[0].name", "pbx"),
    ];
    let gateway = programs::gateway(
        shell,
        &settings,
        Config::from_settings(&settings).map_err(|errors| wrong(&errors))?,
    )?;
    let (tcp, udp) = (address(&gateway, "sip.tcp")?, address(&gateway, "sip.udp")?);
    thread::scope(|scope| {
        let switch = Actor::start(scope, shell, ("switch", "the built-in phone system"), switch, None, None)?;
        let gateway = match Actor::start(scope, shell, ("gateway", "recorded"), gateway, Some(folder), None) {
            Ok(gateway) => gateway,
            Err(complaints) => {
                switch.stop();
                return Err(complaints);
            }
        };
        let mut outcome = if gateway.log.has(IN_SERVICE, PATIENCE) {
            call(scope, shell, tcp, udp)
        } else {
            Outcome::missing(format!("expected the gateway to reach the phone system within {PATIENCE:?}"))
        };
        outcome.ended.push(gateway.stop());
        outcome.ended.push(switch.stop());
        Ok(outcome)
    })
}

/// Bob signs in; Alice signs in and calls him; both sign out.
fn call<'scope, 'env>(
    scope: &'scope Scope<'scope, 'env>,
    shell: &'env dyn Shell,
    tcp: SocketAddr,
    udp: SocketAddr,
) -> Outcome {
    let client = |person: (&'static str, &'static str), config: ClientConfig, script: &'static str| {
        let ready = programs::client(shell, config)?;
        Actor::start(scope, shell, person, ready, None, Some(programs::lines(script.as_bytes())))
    };
    let mut config = ClientConfig::new(&udp.to_string(), "sip:bob@example.com", &line("1002"));
    config.transport = Transport::Udp;
    let bob = match client(("bob", "1002, over UDP"), config, BOB) {
        Ok(bob) => bob,
        Err(complaints) => return Outcome::missing(complaints.join("; ")),
    };
    if !bob.printed.has(WATCHING, PATIENCE) {
        let missing = Outcome::missing(format!("expected Bob to sign in within {PATIENCE:?}"));
        return Outcome { ended: vec![bob.stop()], ..missing };
    }
    let config = ClientConfig::new(&tcp.to_string(), "sip:alice@example.com", &line("1001"));
    match client(("alice", "1001, over TCP"), config, ALICE) {
        Ok(alice) => Outcome { ended: vec![alice.end(), bob.end()], missing: Vec::new() },
        Err(complaints) => Outcome { ended: vec![bob.stop()], missing: complaints },
    }
}

fn line(number: &str) -> String {
    format!("tel:{number};phone-context=dialstring")
}
