//! Creates the three machines from settings and makes them ready to run, with open sockets, a console and sources of
//! commands.

use core::net::SocketAddr;
use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread;

use ctigate_core::config::{Config, DirectoryVersion, KEYS, LogFormat, is_of_directory};
use ctigate_core::engine::Engine;
use ctigate_core::inventory::{Inventory, Stations};
use ctigate_core::line::directory::Directory;
use ctigate_core::setting::{ConfigError, Key, Setting, Value};
use ctigate_core::trace::Header;
use ctigate_core::{Level, Listen, Machine, NoRecorder, Recorder, Seed};
use ctigate_peers::client::{CLIENT_KEYS, Client, ClientConfig};
use ctigate_peers::switch::{SWITCH_KEYS, Switch, SwitchConfig};
use rustix::io::retry_on_intr;
use rustix::rand::{GetRandomFlags, getrandom};

use super::prompt::{Face, Shown};
use crate::net::descriptors::Descriptors;
use crate::net::listening;
use crate::net::secrets::Secrets;
use crate::record::console::{Console, Format};
use crate::record::recording;
use crate::shell::{Limits, Listener, Program, QUEUE_BYTES, STALL_LIMIT, Said, Shell, Source};
use crate::store::Store;

mod dialler;
mod inventory;
mod room;

use room::Room;

/// The key of the most links.
const LINKS: &str = "limits.links";
/// The most links of the scripted client, which needs one.
const CLIENT_LINKS: usize = 1;

/// A machine of any kind, as a shell runs it.
pub(crate) type AnyMachine = Box<dyn Machine + Send>;

/// Creates a machine with `make` and a seed from the operating system, and the header for its recording.
///
/// # Errors
/// A message, if the operating system provides no random bytes.
fn born<M: Machine + Send + 'static>(
    name: &str,
    settings: &[Setting],
    make: impl FnOnce(Seed) -> M,
) -> Result<(AnyMachine, Header), Vec<String>> {
    let seed = Seed::new(random().map_err(|complaint| vec![complaint])?);
    // Leaves out empty tables, which set nothing.
    let set = |setting: &&Setting| !matches!(setting.value, Value::Other(_));
    let settings = settings.iter().filter(set).cloned().collect();
    let machine = make(seed);
    let birth = Header { build: machine.build().into(), ..Header::new(name, seed, settings) };
    Ok((Box::new(machine), birth))
}

/// Random bytes from the operating system.
///
/// # Errors
/// A message, if it provides none.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    match retry_on_intr(|| getrandom(&mut bytes, GetRandomFlags::empty())) {
        Ok(got) if got == N => Ok(bytes),
        Ok(got) => Err(format!("the operating system gave {got} random bytes instead of {N}")),
        Err(error) => Err(format!("the operating system gave no random bytes: {error}")),
    }
}

/// A machine with its open sockets and the header for its recording.
pub(crate) struct Ready {
    machine: AnyMachine,
    birth: Header,
    room: Room,
    listens: Vec<Listen>,
    listeners: Vec<Listener>,
    secrets: Secrets,
    store: Store,
}

impl Ready {
    /// Opens all sockets of `machine`, which has so much `room` for links.
    ///
    /// # Errors
    /// A message for each that cannot be opened.
    fn new(machine: AnyMachine, birth: Header, room: Room) -> Result<Self, Vec<String>> {
        let listens = machine.listens();
        match listening::open(&listens) {
            Ok(listeners) => {
                let (secrets, store) = (Secrets::default(), Store::default());
                Ok(Self { machine, birth, room, listens, listeners, secrets, store })
            }
            Err(errors) => Err(errors.iter().map(ToString::to_string).collect()),
        }
    }

    /// The same, which keeps what it wants to keep in `store`.
    #[must_use]
    pub(crate) fn keeping(self, store: Store) -> Self {
        Self { store, ..self }
    }

    /// The address opened for the configuration key `key`, with the port the kernel chose.
    pub(crate) fn address(&self, key: &str) -> Option<SocketAddr> {
        self.addresses(key).next()
    }

    /// The settings that the machine began with, and that differ from the configuration's.
    pub(crate) fn lowered(&self) -> Vec<Setting> {
        let is_lowered = |setting: &&Setting| self.room.is_lowered() && setting.key == LINKS;
        self.birth.settings.iter().filter(is_lowered).cloned().collect()
    }

    /// All addresses opened for the configuration key `key`.
    pub(crate) fn addresses(&self, key: &str) -> impl Iterator<Item = SocketAddr> {
        let opened = self.listens.iter().zip(&self.listeners);
        opened.filter(move |(listen, _)| listen.key == key).map(|(_, listener)| listener.address)
    }

    /// The program for a shell, recorded in the directory `record`. The addresses that it listens on are logged.
    ///
    /// # Errors
    /// A message, if the recording cannot be begun.
    pub(crate) fn program(
        mut self,
        record: Option<&Path>,
        console: &Console,
        mut sources: Vec<Source>,
    ) -> Result<Program, String> {
        sources.extend(self.store.source());
        let console = &console.clone().of(&self.birth.machine, &self.birth.settings);
        let recorder: Box<dyn Recorder + Send> = match record {
            Some(directory) => Box::new(recording::begin(directory, self.birth, console)?),
            None => Box::new(NoRecorder),
        };
        for (listen, listener) in self.listens.iter().zip(&self.listeners) {
            let fields: &[(&str, &dyn core::fmt::Display)] = &[
                ("key", &listen.key),
                ("transport", &listen.transport.name()),
                ("address", &listener.address),
            ];
            console.tell(Level::Info, "listening", fields);
        }
        self.room.tell(console);
        Ok(Program {
            machine: self.machine,
            recorder,
            console: console.clone(),
            listeners: self.listeners,
            secrets: self.secrets,
            store: self.store,
            sources,
            limits: Limits {
                links: self.room.links(),
                sockets: self.room.sockets(),
                queue_bytes: QUEUE_BYTES,
                stalled: STALL_LIMIT,
            },
        })
    }
}

/// The gateway with these settings, from which the core made `config`. By `directory` its users control lines; without
/// one, any.
///
/// # Errors
/// Messages about sockets, or about random bytes.
pub(crate) fn gateway(
    shell: &dyn Shell,
    settings: &[Setting],
    mut config: Config,
    directory: Option<&Arc<Directory>>,
) -> Result<Ready, Vec<String>> {
    let listeners = config.sip.tcp.len().saturating_add(config.sip.udp.len());
    let descriptors = Descriptors::of_process(listeners, config.cti.connections.len());
    let is_set = settings.iter().any(|setting| setting.key == LINKS);
    let room = Room::new((config.limits.links, is_set), shell.links(), descriptors);
    let mut settings = without_directory(settings);
    if room.is_lowered() {
        // The gateway itself must know, since it opens connections to clients, too; and so must a replay.
        config.limits.links = room.links();
        settings.retain(|setting| setting.key != LINKS);
        let links = i64::try_from(room.links()).unwrap_or(i64::MAX);
        settings.push(Setting { key: LINKS.into(), value: Value::Integer(links) });
    }
    let secrets = secrets_of(&config)?;
    let version = directory.cloned().map(DirectoryVersion::from);
    let make = |seed| with_directory(Engine::new(config, seed), directory);
    let (machine, birth) = born("gateway", &settings, make)?;
    let birth = Header { directory: version, ..birth };
    Ok(Ready { secrets, ..Ready::new(machine, birth, room)? })
}

/// The settings that are not entries of the directory, which may be large: it is recorded beside the trace.
pub(crate) fn without_directory(settings: &[Setting]) -> Vec<Setting> {
    settings.iter().filter(|setting| !is_of_directory(&setting.key)).cloned().collect()
}

fn with_directory(engine: Engine, directory: Option<&Arc<Directory>>) -> Engine {
    match directory {
        Some(directory) => engine.with_directory(Arc::clone(directory)),
        None => engine,
    }
}

/// The gateway with these settings, which dials its CTI connections and listens nowhere.
///
/// # Errors
/// A message about random bytes.
pub(crate) fn dialler(shell: &dyn Shell, settings: &[Setting], config: Config) -> Result<Ready, Vec<String>> {
    let descriptors = Descriptors::of_process(0, config.cti.connections.len());
    let room = Room::new((config.cti.connections.len(), false), shell.links(), descriptors);
    let secrets = secrets_of(&config)?;
    let (machine, birth) = born("gateway", settings, |seed| dialler::Dialler(Engine::new(config, seed)))?;
    Ok(Ready { secrets, ..Ready::new(machine, birth, room)? })
}

/// A machine that asks the phone system of the first connection for its devices, and hands the outcome over.
///
/// # Errors
/// Messages about secrets, or about random bytes.
pub(crate) fn inventory(
    shell: &dyn Shell,
    settings: &[Setting],
    config: Config,
    outcome: SyncSender<Result<Stations, String>>,
) -> Result<Ready, Vec<String>> {
    let room = Room::new((1, false), shell.links(), Descriptors::of_process(0, 1));
    let secrets = secrets_of(&config)?;
    let (machine, birth) = born("inventory", settings, |seed| inventory::HandedOver {
        inventory: Inventory::new(config, seed),
        outcome,
    })?;
    Ok(Ready { secrets, ..Ready::new(machine, birth, room)? })
}

/// Reads the secrets that a configuration names, and has the process leave no core dump if there are any.
fn secrets_of(config: &Config) -> Result<Secrets, Vec<String>> {
    let secrets = Secrets::read(config)?;
    secrets.protect().map_err(|complaint| vec![complaint])?;
    Ok(secrets)
}

/// The phone system with these settings, from which its `config` was made.
///
/// # Errors
/// As for the gateway.
pub(crate) fn switch(settings: &[Setting], config: SwitchConfig) -> Result<Ready, Vec<String>> {
    let listeners = config.cti.len().saturating_add(1);
    let room = Room::new((config.links, true), config.links, Descriptors::of_process(listeners, 0));
    let (machine, birth) = born("switch", settings, |seed| Switch::new(config, seed))?;
    Ready::new(machine, birth, room)
}

/// The scripted client with this configuration.
///
/// # Errors
/// As for the gateway.
pub(crate) fn client(shell: &dyn Shell, config: ClientConfig) -> Result<Ready, Vec<String>> {
    shown_client(shell, config, Arc::default())
}

/// The same, which shows itself in `face`.
///
/// # Errors
/// As for the gateway.
pub(crate) fn shown_client(
    shell: &dyn Shell,
    config: ClientConfig,
    face: Arc<Face>,
) -> Result<Ready, Vec<String>> {
    let settings = config.settings();
    let (machine, birth) =
        born("client", &settings, |seed| Shown { client: Client::new(config, seed), face })?;
    let room = Room::new((CLIENT_LINKS, false), shell.links(), Descriptors::of_process(1, 1));
    Ready::new(machine, birth, room)
}

/// Creates the machine of a recording.
///
/// # Errors
/// What is wrong with its settings, or that there is no such machine.
pub(crate) fn reborn(birth: &Header) -> Result<Box<dyn Machine>, Vec<ConfigError>> {
    let settings = &birth.settings;
    match birth.machine.as_str() {
        "gateway" => {
            let engine = Engine::new(Config::from_settings(settings)?, birth.seed);
            let directory = birth.directory.as_ref().and_then(DirectoryVersion::directory);
            Ok(Box::new(with_directory(engine, directory)))
        }
        "inventory" => Ok(Box::new(Inventory::new(Config::from_settings(settings)?, birth.seed))),
        "switch" => Ok(Box::new(Switch::new(SwitchConfig::from_settings(settings)?, birth.seed))),
        "client" => Ok(Box::new(Client::new(ClientConfig::from_settings(settings)?, birth.seed))),
        other => Err(vec![ConfigError {
            setting: None,
            key: "machine".into(),
            value: other.into(),
            bound: "it must be gateway, inventory, switch or client".into(),
        }]),
    }
}

/// The keys of a machine's configuration, by the machine's name in recordings; none if there is no such machine.
pub(crate) fn keys(machine: &str) -> &'static [Key] {
    match machine {
        "gateway" | "inventory" => KEYS,
        "switch" => SWITCH_KEYS,
        "client" => CLIENT_KEYS,
        _ => &[],
    }
}

/// The configured format and least level of the log.
pub(crate) const fn log_of(config: &Config) -> (Format, Level) {
    let format = match config.log.format {
        LogFormat::Logfmt => Format::Logfmt,
        LogFormat::Json => Format::Json,
    };
    (format, config.log.level)
}

/// A source of commands: the lines of `text`, and then its end.
pub(crate) fn lines(text: impl BufRead + Send + 'static) -> Source {
    Box::new(move |speaker| {
        let read = move || {
            // Bytes that are not text become a line that the machine rejects.
            for line in text.split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
                if !speaker.say(Said::Line(line)) {
                    return;
                }
            }
            // The machine may have ended.
            let _ = speaker.say(Said::End);
        };
        // Without a thread no line is read: the machine runs, but does not answer its user.
        let _ = thread::Builder::new().name("script".into()).spawn(read);
    })
}

#[cfg(test)]
mod tests {
    use ctigate_core::setting::read_line;

    use super::*;

    struct OneLink;

    impl Shell for OneLink {
        fn program(&self) -> &'static str {
            "ctigate-test"
        }

        fn links(&self) -> usize {
            1
        }

        fn run(&self, _program: Program) -> u8 {
            panic!("nothing is to be run")
        }
    }

    fn settings<const N: usize>(lines: [&str; N]) -> [Setting; N] {
        lines.map(|line| read_line(line).unwrap())
    }

    #[test]
    fn a_recording_names_the_build_of_its_machine_and_bears_it_again() {
        let listen = settings(["listen = [\"127.0.0.1:0\"]"]);
        let switch = switch(&listen, SwitchConfig::from_settings(&listen).unwrap()).unwrap();
        let sip = settings(["sip.tcp = [\"127.0.0.1:0\"]", "cti.connection[0].address = \"127.0.0.1:1\""]);
        let gateway = gateway(&OneLink, &sip, Config::from_settings(&sip).unwrap(), None).unwrap();
        let client = client(&OneLink, ClientConfig::new("h:1", "sip:a@b", "tel:1")).unwrap();
        let (core, peers) = (ctigate_core::BUILD, ctigate_peers::BUILD);
        assert_ne!(core, peers);
        for (Ready { birth, machine, .. }, name, build) in
            [(gateway, "gateway", core), (switch, "switch", peers), (client, "client", peers)]
        {
            assert_eq!((birth.machine.as_str(), birth.build.as_str()), (name, build));
            let again = reborn(&birth).unwrap();
            assert_eq!((again.build(), again.full_digest()), (build, machine.full_digest()), "{name}");
        }
    }
}
