//! Checks across settings: each is valid by itself, but they contradict each other.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::SocketAddr;

use super::{auto_answer, connection_kind, device_ids, password};
use crate::setting::{Checked, ConfigError};

/// Appends an error for each pair of settings that contradict each other.
pub(super) fn check(checked: &Checked, errors: &mut Vec<ConfigError>) {
    let mut order = |lesser: &str, relation: fn(i64, i64) -> bool, must: &str, greater: &str| {
        if checked.is_sound(lesser)
            && checked.is_sound(greater)
            && !relation(checked.integer(lesser), checked.integer(greater))
        {
            let greater_value = checked.integer(greater);
            errors.push(checked.error(lesser, format!("must {must} {greater}, which is {greater_value}")));
        }
    };
    let at_most = |lesser, greater| lesser <= greater;
    order("sip.min_session_expires", at_most, "be at most", "sip.session_expires");
    order("sip.unavailable_expires", at_most, "be at most", "sip.session_expires");
    order("cti.heartbeat_timeout", at_most, "be at most", "cti.heartbeat");
    order("cti.reconnect_min", at_most, "be at most", "cti.reconnect_max");
    // Without an application session there is nothing to renew in time.
    if checked.text("cti.session") != Some("none") {
        order("cti.heartbeat", |lesser, greater| lesser < greater, "be less than", "cti.session_duration");
    }
    check_domain(checked, errors);
    check_listeners(checked, errors);
    check_addresses(checked, errors);
    check_names(checked, errors);
    check_paths(checked, errors);
    check_logins(checked, errors);
    device_ids::check(checked, errors);
}

/// A login needs a user and a password, and an application session to log in to.
fn check_logins(checked: &Checked, errors: &mut Vec<ConfigError>) {
    for table in checked.tables("cti.connection") {
        let key = |field: &str| format!("{table}.{field}");
        let is_asterisk = checked.text(&key("kind")) == Some("asterisk");
        let has_login = checked.text(&key("login")).is_some_and(|login| login != "none");
        let asking = if is_asterisk { "kind" } else { "login" };
        if has_login || is_asterisk {
            if checked.text(&key("user")).is_none_or(str::is_empty) {
                errors.push(checked.error(&key(asking), format!("needs {}", key("user"))));
            }
            password::check(checked, &table, &key(asking), errors);
        }
        auto_answer::check(checked, &table, errors);
        if is_asterisk {
            connection_kind::check(checked, &table, errors);
        }
        if is_asterisk && has_login {
            errors
                .push(checked.error(&key("login"), "belongs to CSTA: an Asterisk has one login only".into()));
        }
        if !is_asterisk && has_login && checked.text("cti.session") == Some("none") {
            errors.push(checked.error(&key("login"), "needs cti.session = \"application\"".into()));
        }
    }
}

/// The domain is compared with the host of a Request-URI. One that is not a valid host would match no INVITE.
fn check_domain(checked: &Checked, errors: &mut Vec<ConfigError>) {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || ".-_[]:".contains(letter);
    let wrong = |domain: &str| domain.is_empty() || !domain.chars().all(allowed);
    if checked.is_sound("sip.domain") && checked.text("sip.domain").is_some_and(wrong) {
        errors.push(
            checked.error("sip.domain", "must be a host's name or address, such as \"example.com\"".into()),
        );
    }
}

/// A relative path would mean a different file for each program, depending on its working directory.
fn check_paths(checked: &Checked, errors: &mut Vec<ConfigError>) {
    let wrong = |path: &str| !path.starts_with('/') || path.contains('\0');
    for (key, example) in
        [("control.socket", "/run/ctigate/control.sock"), ("store.path", "/var/lib/ctigate/store.redb")]
    {
        if checked.is_sound(key) && checked.text(key).is_some_and(wrong) {
            let what = format!("must be a path that begins with /, such as \"{example}\"");
            errors.push(checked.error(key, what));
        }
    }
}

fn check_listeners(checked: &Checked, errors: &mut Vec<ConfigError>) {
    let keys = ["sip.tcp", "sip.udp"];
    for key in keys {
        let addresses: Vec<SocketAddr> =
            checked.texts(key).filter_map(|address| address.parse().ok()).collect();
        for (index, address) in addresses.iter().enumerate() {
            if address.port() != 0 && addresses.iter().take(index).any(|earlier| earlier == address) {
                errors.push(checked.error(key, format!("names {address} twice")));
            }
        }
    }
    // A datagram does not say which of our addresses it was sent to, so there would be no address for Contact.
    let unspecified =
        |address: &str| address.parse().is_ok_and(|address: SocketAddr| address.ip().is_unspecified());
    if checked.text("sip.advertised").is_none()
        && let Some(address) = checked.texts("sip.udp").find(|address| unspecified(address))
    {
        let what = format!(
            "names {address}, which clients cannot use: sip.advertised must name an address that they can reach"
        );
        errors.push(checked.error("sip.udp", what));
    }
    let none = keys.iter().all(|key| checked.is_sound(key) && checked.texts(key).next().is_none());
    if none {
        errors.push(checked.error(
            "sip.tcp",
            "is missing: sip.tcp or sip.udp must name an address to listen on, such as [\"127.0.0.1:5060\"]".into(),
        ));
    }
}

/// Two connections must not lead to the same host and port, however they are written: the phone system would see one
/// application twice.
fn check_addresses(checked: &Checked, errors: &mut Vec<ConfigError>) {
    let mut addresses: BTreeMap<String, String> = BTreeMap::new();
    for table in checked.tables("cti.connection") {
        let key = format!("{table}.address");
        let Some(address) = checked.text(&key).map(unified) else { continue };
        if let Some(other) = addresses.get(&address) {
            errors
                .push(checked.error(&key, format!("is {other}'s address too; give each connection its own")));
        } else {
            addresses.insert(address, table);
        }
    }
}

/// The canonical form of an address: an IPv6 address can be written in many ways, an IPv4 address can be mapped to
/// IPv6, and host names are case-insensitive.
fn unified(address: &str) -> String {
    let address = address.trim();
    match address.parse::<SocketAddr>() {
        Ok(SocketAddr::V6(socket)) => match socket.ip().to_ipv4_mapped() {
            Some(ip) => SocketAddr::new(ip.into(), socket.port()).to_string(),
            None => socket.to_string(),
        },
        Ok(SocketAddr::V4(_)) | Err(_) => address.to_ascii_lowercase(),
    }
}

/// Connections must have different names, since logs and status identify them by name. The name defaults to the
/// address.
fn check_names(checked: &Checked, errors: &mut Vec<ConfigError>) {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for table in checked.tables("cti.connection") {
        let key = ["name", "address"].map(|field| format!("{table}.{field}"));
        let Some((key, name)) = key.iter().find_map(|key| Some((key, checked.text(key)?.to_string()))) else {
            continue;
        };
        match names.get(&name) {
            // Both names default to the same address, which is reported already.
            Some(other) if key.ends_with(".address") && checked.text(&format!("{other}.name")).is_none() => {}
            Some(other) => {
                errors
                    .push(checked.error(key, format!("is {other}'s name too; give each connection its own")));
            }
            None => {
                names.insert(name, table);
            }
        }
    }
}
