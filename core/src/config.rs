//! The gateway's configuration as typed values, built from settings that the table of keys has checked.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;

use crate::level::Level;
use crate::line::rules::Rules;
use crate::secret::SecretId;
use crate::setting::{self, Checked, ConfigError, Setting};
use crate::time::Duration;
use crate::wire::csta::guard::XmlLimits;
use crate::wire::csta::services::Features;

mod auto_answer;
mod connection_kind;
mod cross;
mod device_ids;
mod directory;
mod keys;
mod numbers;
mod password;
mod reload;
mod site;

pub use crate::setting::Network;
pub use auto_answer::AutoAnswer;
pub use connection_kind::{Asterisk, ConnectionKind};
pub use device_ids::{DeviceIds, IdRule};
pub use directory::{
    DirectorySources, Identity, Mode, add_entries, check_entries, default_attributes, is_of_directory,
};
pub use keys::{KEYS, MAX_CONNECTIONS, MAX_IN_FILE, MAX_LISTENERS};
pub use password::Password;
pub use reload::{Change, DirectoryVersion, FindDirectory, Reload, change};

/// All of the gateway's configuration. The bounds and default of each field are in [`KEYS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The side of the clients.
    pub sip: Sip,
    /// The side of the phone system.
    pub cti: Cti,
    /// How numbers are rewritten.
    pub numbers: Rules,
    /// Limits.
    pub limits: Limits,
    /// Logging.
    pub log: Log,
    /// Control by the operator.
    pub control: Control,
    /// Where the directory of users and lines comes from, and what it decides.
    pub directory: DirectorySources,
    /// What is kept beyond the end of the program.
    pub store: Store,
}

/// The side of the clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sip {
    /// TCP addresses to listen on.
    pub tcp: Vec<SocketAddr>,
    /// UDP addresses to listen on.
    pub udp: Vec<SocketAddr>,
    /// Our own domain: a dialog-forming INVITE for another host is answered 404. `None`: any host is ours.
    pub domain: Option<String>,
    /// `host:port` for our Contact and Via, if that is not the address a client connected to.
    pub advertised: Option<String>,
    /// Peers that may speak SIP to us; all others are answered 403.
    pub allow: Vec<Network>,
    /// The session interval offered, in seconds (RFC 4028 §4).
    pub session_expires: u32,
    /// The least session interval accepted, in seconds (RFC 4028 §5).
    pub min_session_expires: u32,
    /// The least time that a session lives without a refresh, in seconds.
    pub linger: u32,
    /// How long an event waits after the answer to the request that caused it.
    pub event_delay: Duration,
    /// How long an event over UDP waits for its answer before the next one goes out.
    pub udp_event_timeout: Duration,
    /// How long a message on a connection may take from its first byte to its last.
    pub message_timeout: Duration,
    /// How long a connection that carries no dialog may be silent.
    pub idle_timeout: Duration,
    /// The session interval while the phone system is out of reach, in seconds.
    pub unavailable_expires: u32,
    /// How long a stop waits for clients to answer their BYE.
    pub stop_timeout: Duration,
    /// How long a drain waits for sessions to go elsewhere before it ends the rest.
    pub drain_timeout: Duration,
    /// Whether the gateway answers 503 when it is full or draining; if not, it answers 500.
    pub may_say_503: bool,
}

/// How a session on a CTI connection is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    /// With an application session (ECMA-354).
    Application,
    /// Without one: CSTA begins at once.
    None,
}

/// What happens to the sessions of a CTI connection that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Each takes another connection with its client's next INVITE or re-INVITE.
    Reinvite,
    /// The gateway moves them by itself.
    Rebind,
}

/// The side of the phone system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cti {
    /// The connections; at least one.
    pub connections: heapless::Vec<CtiConnection, MAX_CONNECTIONS>,
    /// The applicationID of the application session.
    pub application: String,
    /// How a connection begins.
    pub session: SessionKind,
    /// The application session duration requested, in seconds.
    pub session_duration: u32,
    /// The edition of ECMA-323 spoken, 3 to 6 (`cti.edition`).
    pub protocol_version: u8,
    /// The interval at which the application session is renewed or, without one, the phone system's status is
    /// requested.
    pub heartbeat: Duration,
    /// How long a heartbeat's answer may take.
    pub heartbeat_timeout: Duration,
    /// How long a service's answer may take.
    pub service_timeout: Duration,
    /// How long a connection may take to open.
    pub connect_timeout: Duration,
    /// The least pause before an attempt to reconnect.
    pub reconnect_min: Duration,
    /// The longest pause between attempts.
    pub reconnect_max: Duration,
    /// Who moves the sessions of a failed connection.
    pub recovery: Recovery,
    /// How many sessions are moved per second.
    pub rebind_rate: u32,
    /// The most unanswered requests of one connection.
    pub window: u16,
    /// The most requests that wait for room in a connection's window.
    pub queue: usize,
    /// The most messages sent over one connection, per second.
    pub rate: Option<u32>,
    /// Whether a sign-in is answered 404 if the phone system does not know the line.
    pub verify_line: bool,
}

/// One CTI connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CtiConnection {
    /// `host:port` to connect to.
    pub address: String,
    /// What logs call it; its address unless named.
    pub name: String,
    /// What its phone system speaks.
    pub kind: ConnectionKind,
    /// The phone system's name: connections naming the same one share callIDs.
    pub switch: String,
    /// Whether users may pick up, and join, calls that their own lines have no part in.
    pub foreign_calls: bool,
    /// Whether the private data of clients' requests go to the phone system.
    pub private_data: bool,
    /// The services and events that the phone system has, if it is not asked for them.
    pub features: Option<Features>,
    /// The login of its application session, or to the manager interface, if it has one.
    pub login: Option<Login>,
    /// The protocol versions offered for the application session, in order of preference; none: that of the edition.
    pub versions: Vec<String>,
    /// What it calls its devices, if not by their numbers.
    pub device_ids: Option<DeviceIds>,
}

/// The form in which a phone system takes a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginKind {
    /// Avaya Application Enablement Services.
    Avaya,
    /// The manager interface of Asterisk.
    Asterisk,
}

/// The login of an application session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Its form.
    pub kind: LoginKind,
    /// The user's name.
    pub user: String,
    /// Where its password is.
    pub password: Password,
    /// The name of the password.
    pub secret: SecretId,
}

/// Limits. Whatever would exceed one is refused with an answer that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Stream connections at a time.
    pub links: usize,
    /// Signed-in sessions at a time.
    pub sessions: usize,
    /// Monitors of one session.
    pub monitors_per_session: usize,
    /// Monitors of one device, of all sessions.
    pub monitors_per_device: usize,
    /// Calls at one device.
    pub calls_per_device: usize,
    /// Users whose choice of a line appearance is remembered.
    pub selections: usize,
    /// `limits.parties`.
    pub parties: usize,
    /// SIP transactions kept at a time.
    pub transactions: usize,
    /// Answers to INVITEs that are repeated to one address by datagram until they are acknowledged.
    pub unacknowledged: usize,
    /// Bytes of one SIP message or CTI frame.
    pub message_bytes: usize,
    /// Header fields of one SIP message.
    pub headers: usize,
    /// Depth of a CSTA document.
    pub xml_depth: usize,
    /// Elements of a CSTA document.
    pub xml_elements: usize,
    /// Attributes of one element.
    pub xml_attributes: usize,
    /// Events that wait for one session.
    pub queued_events: usize,
    /// Bytes of route set and targets that one dialog keeps.
    pub dialog_bytes: usize,
}

/// Control by the operator. The host uses this, as it does [`Log`]; the core does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// The path of the control socket.
    pub socket: Option<String>,
}

/// What is kept beyond the end of the program. The host uses this; the core does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// The path of the file.
    pub path: Option<String>,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// `level=info event=...`.
    Logfmt,
    /// One JSON object a line.
    Json,
}

/// What is logged, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// How lines are written.
    pub format: LogFormat,
    /// The least urgent lines that are logged.
    pub level: Level,
}

impl From<&Limits> for XmlLimits {
    fn from(limits: &Limits) -> Self {
        Self {
            bytes: limits.message_bytes,
            depth: limits.xml_depth,
            attributes: limits.xml_attributes,
            elements: limits.xml_elements,
            ..Self::default()
        }
    }
}

impl Config {
    /// Builds the configuration from `settings`, with defaults for the keys they leave out.
    ///
    /// # Errors
    /// Everything that is wrong, at once: values that are not allowed, and values that contradict each other.
    pub fn from_settings(settings: &[Setting]) -> Result<Self, Vec<ConfigError>> {
        let (checked, mut errors) = setting::check(KEYS, settings);
        cross::check(&checked, &mut errors);
        let numbers = numbers::read(&checked, &mut errors);
        if errors.is_empty() { Ok(Self::from_checked(&checked, numbers)) } else { Err(errors) }
    }

    fn from_checked(checked: &Checked, numbers: Rules) -> Self {
        Self {
            sip: Sip::from_checked(checked),
            cti: Cti::from_checked(checked),
            numbers,
            limits: Limits::from_checked(checked),
            log: Log::from_checked(checked),
            control: Control { socket: checked.text("control.socket").map(String::from) },
            directory: DirectorySources::from_checked(checked),
            store: Store { path: checked.text("store.path").map(String::from) },
        }
    }
}

/// The value of `name` as a number of seconds.
fn seconds(checked: &Checked, name: &str) -> Duration {
    Duration::from_secs(checked.number(name))
}

impl Sip {
    fn from_checked(checked: &Checked) -> Self {
        let addresses = |name| checked.texts(name).filter_map(|text| text.parse().ok()).collect();
        Self {
            tcp: addresses("sip.tcp"),
            udp: addresses("sip.udp"),
            domain: checked.text("sip.domain").map(String::from),
            advertised: checked.text("sip.advertised").map(String::from),
            allow: checked.texts("sip.allow").filter_map(Network::parse).collect(),
            session_expires: checked.number("sip.session_expires"),
            min_session_expires: checked.number("sip.min_session_expires"),
            linger: checked.number("sip.linger"),
            event_delay: Duration::from_millis(checked.number("sip.event_delay")),
            udp_event_timeout: Duration::from_millis(checked.number("sip.udp_event_timeout")),
            message_timeout: seconds(checked, "sip.message_timeout"),
            idle_timeout: seconds(checked, "sip.idle_timeout"),
            unavailable_expires: checked.number("sip.unavailable_expires"),
            stop_timeout: seconds(checked, "sip.stop_timeout"),
            drain_timeout: seconds(checked, "sip.drain_timeout"),
            may_say_503: checked.flag("sip.may_say_503"),
        }
    }
}

impl Cti {
    fn from_checked(checked: &Checked) -> Self {
        let text = |name| checked.text(name).map(String::from).unwrap_or_default();
        Self {
            connections: checked
                .tables("cti.connection")
                .take(MAX_CONNECTIONS)
                .zip(0..)
                .map(|(table, index)| CtiConnection::from_checked(checked, (index, &table)))
                .collect(),
            application: text("cti.application"),
            session: match checked.text("cti.session") {
                Some("none") => SessionKind::None,
                _ => SessionKind::Application,
            },
            session_duration: checked.number("cti.session_duration"),
            protocol_version: checked.number("cti.edition"),
            heartbeat: seconds(checked, "cti.heartbeat"),
            heartbeat_timeout: seconds(checked, "cti.heartbeat_timeout"),
            service_timeout: seconds(checked, "cti.service_timeout"),
            connect_timeout: seconds(checked, "cti.connect_timeout"),
            reconnect_min: seconds(checked, "cti.reconnect_min"),
            reconnect_max: seconds(checked, "cti.reconnect_max"),
            recovery: match checked.text("cti.recovery") {
                Some("rebind") => Recovery::Rebind,
                _ => Recovery::Reinvite,
            },
            rebind_rate: checked.number("cti.rebind_rate"),
            window: checked.number("cti.window"),
            queue: checked.number("cti.queue"),
            rate: Some(checked.number("cti.rate")).filter(|rate| *rate > 0),
            verify_line: checked.flag("cti.verify_line"),
        }
    }
}

impl CtiConnection {
    fn from_checked(checked: &Checked, (index, table): (u8, &str)) -> Self {
        let text = |field: &str| checked.text(&alloc::format!("{table}.{field}")).map(String::from);
        let flag = |field: &str| checked.flag(&alloc::format!("{table}.{field}"));
        let address = text("address").unwrap_or_default();
        let name = text("name").unwrap_or_else(|| address.clone());
        let kind = ConnectionKind::from_checked(checked, table);
        // Nothing says which connections lead to one Asterisk.
        let unnamed = match kind {
            ConnectionKind::Csta => String::new(),
            ConnectionKind::Asterisk(_) => alloc::format!("{index} {name}"),
        };
        let login = match (&kind, text("login").as_deref()) {
            (ConnectionKind::Asterisk(_), _) => Some(LoginKind::Asterisk),
            (ConnectionKind::Csta, Some("avaya")) => Some(LoginKind::Avaya),
            (ConnectionKind::Csta, _) => None,
        };
        Self {
            name,
            kind,
            switch: text("switch").filter(|switch| !switch.is_empty()).unwrap_or(unnamed),
            foreign_calls: flag("foreign_calls"),
            private_data: flag("private_data"),
            features: features(checked, table),
            versions: versions(text("protocol").as_deref().unwrap_or_default()),
            device_ids: DeviceIds::from_checked(checked, table),
            login: login.map(|kind| Login {
                kind,
                user: text("user").unwrap_or_default(),
                password: Password::from_checked(checked, table),
                secret: SecretId(index),
            }),
            address,
        }
    }
}

/// The protocol versions named in a text, whole: `ed3/priv5` stands for the URI of ECMA-323 that ends so.
fn versions(text: &str) -> Vec<String> {
    let whole = |version: &str| {
        if version.starts_with("ed") {
            alloc::format!("http://www.ecma-international.org/standards/ecma-323/csta/{version}")
        } else {
            String::from(version)
        }
    };
    text.split_ascii_whitespace().map(whole).collect()
}

/// The services and events that `features` names.
fn features(checked: &Checked, table: &str) -> Option<Features> {
    let key = alloc::format!("{table}.features");
    let named = checked.texts(&key);
    let named = named.fold(Features::NONE, |all, name| all.with_service(name).with_event(name));
    (named != Features::NONE).then_some(named)
}

impl Limits {
    fn from_checked(checked: &Checked) -> Self {
        Self {
            links: checked.number("limits.links"),
            sessions: checked.number("limits.sessions"),
            monitors_per_session: checked.number("limits.monitors_per_session"),
            monitors_per_device: checked.number("limits.monitors_per_device"),
            calls_per_device: checked.number("limits.calls_per_device"),
            selections: checked.number("limits.selections"),
            parties: checked.number("limits.parties"),
            transactions: checked.number("limits.transactions"),
            unacknowledged: checked.number("limits.unacknowledged"),
            message_bytes: checked.number("limits.message_bytes"),
            headers: checked.number("limits.headers"),
            xml_depth: checked.number("limits.xml_depth"),
            xml_elements: checked.number("limits.xml_elements"),
            xml_attributes: checked.number("limits.xml_attributes"),
            queued_events: checked.number("limits.queued_events"),
            dialog_bytes: checked.number("limits.dialog_bytes"),
        }
    }
}

impl Log {
    fn from_checked(checked: &Checked) -> Self {
        Self {
            format: match checked.text("log.format") {
                Some("json") => LogFormat::Json,
                _ => LogFormat::Logfmt,
            },
            level: match checked.text("log.level") {
                Some("debug") => Level::Debug,
                Some("warn") => Level::Warn,
                Some("error") => Level::Error,
                _ => Level::Info,
            },
        }
    }
}

/// Every key with what it takes, its default and what it does.
#[must_use]
pub fn help() -> String {
    setting::help(KEYS)
}

#[cfg(test)]
mod tests;
