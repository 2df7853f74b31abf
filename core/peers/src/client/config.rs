//! The scripted client's configuration.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::SocketAddr;

use ctigate_core::input::Transport;
use ctigate_core::setting::{self, Checked, ConfigError, Key, Setting, Value};
use ctigate_core::time::Duration;
use ctigate_core::wire::sip::Uri;

/// Every key of the scripted client's configuration.
pub const CLIENT_KEYS: &[Key] = &[
    Key::target("server", "The gateway, or the proxy in front of it; over UDP an IP address.").required(),
    Key::choice("transport", &["tcp", "udp"], "What SIP goes over.").default("\"tcp\""),
    Key::text("user", 256, "Who signs in: `sip:alice@example.com`.").required(),
    Key::text("line", 256, "The line to control: `tel:1001;phone-context=dialstring`.").required(),
    Key::text("gateway", 256, "The gateway's URI; unset: `sip:ctigate@` and the server."),
    Key::listen("listen", "Our own address; unset: over UDP one the kernel chooses, over TCP none."),
    Key::integer("timeout_ms", (1, 600_000), "ms", "How long a command may take if it does not say.")
        .default("5000"),
    Key::flag(
        "interactive",
        "Whether a person types the lines, so that one that fails does not end the session.",
    )
    .default("false"),
    Key::choice(
        "reinvite",
        &["new", "same", "never"],
        "How to sign in again when the gateway does not know the session any more (481): in a new dialog, or in the same.",
    )
    .default("\"new\""),
];

/// What a client does when the gateway answers that it does not know its session (481).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reinvite {
    /// It signs in by a new INVITE, in a new dialog (RFC 3261 12.2.1.2), as Communicator does.
    #[default]
    New,
    /// It refreshes at once, by a re-INVITE in the same dialog, as SIPE does.
    Same,
    /// Its session is over.
    Never,
}

impl Reinvite {
    /// All values.
    pub const ALL: [Self; 3] = [Self::New, Self::Same, Self::Never];

    /// Its word in the configuration.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Same => "same",
            Self::Never => "never",
        }
    }

    /// The value with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|value| value.word() == word)
    }
}

/// The configuration of the scripted client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// `host:port` of the gateway, or of the proxy in front of it.
    pub server: String,
    /// The transport of SIP.
    pub transport: Transport,
    /// The user who signs in: `sip:alice@example.com`.
    pub user: String,
    /// The line to control: `tel:1001;phone-context=dialstring`.
    pub line: String,
    /// The gateway's URI; `None` for `sip:ctigate@` and the server.
    pub gateway: Option<String>,
    /// The address to listen on; `None` for one that the kernel chooses (UDP) or for none (TCP).
    pub listen: Option<SocketAddr>,
    /// How long a command may take if it does not say.
    pub timeout: Duration,
    /// Whether a person types the lines, so that one that fails does not end the session.
    pub interactive: bool,
    /// How to sign in again when the gateway answers that it does not know the session (481).
    pub reinvite: Reinvite,
}

impl ClientConfig {
    /// The default configuration, over TCP.
    #[must_use]
    pub fn new(server: &str, user: &str, line: &str) -> Self {
        Self {
            server: server.into(),
            transport: Transport::Tcp,
            user: user.into(),
            line: line.into(),
            gateway: None,
            listen: None,
            timeout: Duration::from_secs(5),
            interactive: false,
            reinvite: Reinvite::New,
        }
    }

    /// Builds the configuration from `settings`.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn from_settings(settings: &[Setting]) -> Result<Self, Vec<ConfigError>> {
        let (checked, mut errors) = setting::check(CLIENT_KEYS, settings);
        let text = |key: &str| checked.text(key).map(String::from);
        let udp = checked.text("transport") == Some("udp");
        let config = Self {
            server: text("server").unwrap_or_default(),
            transport: if udp { Transport::Udp } else { Transport::Tcp },
            user: text("user").unwrap_or_default(),
            line: text("line").unwrap_or_default(),
            gateway: text("gateway"),
            listen: checked.text("listen").and_then(|address| address.parse().ok()),
            timeout: Duration::from_millis(checked.number("timeout_ms")),
            interactive: checked.flag("interactive"),
            reinvite: checked.text("reinvite").and_then(Reinvite::from_word).unwrap_or_default(),
        };
        config.cross_check(&checked, &mut errors);
        if errors.is_empty() { Ok(config) } else { Err(errors) }
    }

    fn cross_check(&self, checked: &Checked, errors: &mut Vec<ConfigError>) {
        let mut need = |key: &str, sound: bool, bound: &str| {
            if checked.value(key).is_some() && checked.is_sound(key) && !sound {
                errors.push(checked.error(key, bound.into()));
            }
        };
        let names_user = Uri::parse(&self.user).is_some_and(|uri| uri.user.is_some() && !uri.host.is_empty());
        need("user", names_user, "must be a SIP URI with a user, such as sip:alice@example.com");
        let address = self.transport == Transport::Tcp || self.peer().is_some();
        need(
            "server",
            address,
            "must be an IP address and a port, such as 127.0.0.1:5060, when the transport is udp",
        );
        let gateway = self.gateway.as_deref().is_none_or(|gateway| Uri::parse(gateway).is_some());
        need("gateway", gateway, "must be a URI, such as sip:gateway@example.com");
        let line = !self.line.is_empty() && !self.line.contains([' ', '<', '>', '\r', '\n']);
        need("line", line, "must be a line URI, such as tel:1001;phone-context=dialstring");
    }

    /// The settings of this configuration, for recordings.
    #[must_use]
    pub fn settings(&self) -> Vec<Setting> {
        let Self { server, transport, user, line, gateway, listen, timeout, interactive, reinvite } = self;
        let text = |key: &str, value: &str| Setting { key: key.into(), value: Value::Text(value.into()) };
        let mut settings = alloc::vec![
            text("server", server),
            text("transport", if *transport == Transport::Udp { "udp" } else { "tcp" }),
            text("user", user),
            text("line", line),
        ];
        settings.extend(gateway.as_deref().map(|gateway| text("gateway", gateway)));
        settings.extend(listen.map(|listen| text("listen", &listen.to_string())));
        let millis = i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX);
        settings.push(Setting { key: "timeout_ms".into(), value: Value::Integer(millis) });
        settings.push(Setting { key: "interactive".into(), value: Value::Flag(*interactive) });
        settings.push(text("reinvite", reinvite.word()));
        settings
    }

    /// The gateway's URI.
    pub(super) fn gateway_uri(&self) -> String {
        self.gateway.clone().unwrap_or_else(|| format!("sip:ctigate@{}", self.server))
    }

    /// The server, if it is an address.
    pub(super) fn peer(&self) -> Option<SocketAddr> {
        self.server.parse().ok()
    }

    /// The address to listen on, if any.
    pub(super) fn listens_at(&self) -> Option<SocketAddr> {
        let any = match (self.transport, self.peer()) {
            (Transport::Udp, Some(SocketAddr::V4(peer))) if peer.ip().is_loopback() => "127.0.0.1:0",
            (Transport::Udp, Some(SocketAddr::V6(peer))) if peer.ip().is_loopback() => "[::1]:0",
            (Transport::Udp, Some(SocketAddr::V6(_))) => "[::]:0",
            (Transport::Udp, Some(SocketAddr::V4(_)) | None) => "0.0.0.0:0",
            (Transport::Tcp, _) => return self.listen,
        };
        self.listen.or_else(|| any.parse().ok())
    }
}

ctigate_core::digest! { struct ClientConfig {
    server,
    user,
    line,
    transport => transport.name(),
    gateway,
    listen,
    timeout,
    interactive,
    reinvite => reinvite.word(),
} }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_survives_its_settings() {
        let mut config = ClientConfig::new("gw.example.com:5060", "sip:alice@example.com", "tel:1001");
        assert_eq!(ClientConfig::from_settings(&config.settings()), Ok(config.clone()));
        config.transport = Transport::Udp;
        config.server = "192.0.2.1:5060".into();
        config.gateway = Some("sip:8000@example.com".into());
        config.listen = "127.0.0.1:5070".parse().ok();
        config.timeout = Duration::from_millis(250);
        config.interactive = true;
        config.reinvite = Reinvite::Same;
        assert_eq!(ClientConfig::from_settings(&config.settings()), Ok(config));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let mut config = ClientConfig::new("name:5060", "alice", "tel:1 2");
        config.transport = Transport::Udp;
        config.gateway = Some("nowhere".into());
        let errors = ClientConfig::from_settings(&config.settings()).unwrap_err();
        let keys: Vec<&str> = errors.iter().map(|error| error.key.as_str()).collect();
        assert_eq!(keys, ["user", "server", "gateway", "line"]);
    }
}
