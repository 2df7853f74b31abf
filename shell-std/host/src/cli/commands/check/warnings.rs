//! What is allowed, and hardly meant.

use core::net::SocketAddr;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use ctigate_core::config::{Config, Mode};
use ctigate_core::setting::ConfigError;
use rustix::fs::statvfs;
use rustix::process::{Resource, getrlimit};

use crate::cli::directory::Loaded;
use crate::record::recording::{SEGMENT_BYTES, SEGMENTS};

/// The longest time, in seconds, in which a phone system that hangs should be noticed.
const NOTICED_WITHIN: u64 = 120;
/// Write permission for the group and for others.
const OPEN: u32 = 0o022;

/// The warnings about a configuration, each a line with its place.
pub(super) fn of_configuration(loaded: &Loaded) -> Vec<String> {
    let Loaded { configuration, config, directory } = loaded;
    let warning = |key: &str, value: String, what: String| ConfigError {
        setting: configuration.index(key),
        key: key.into(),
        value,
        bound: format!("warning: {what}"),
    };
    let mut found = Vec::new();
    found.extend(of_access(config).map(|(key, value, what)| warning(key, value, what)));
    // Where it is not written out, the configuration was refused already.
    if let Some((_, address)) = loaded.open_address().filter(|_| config.directory.mode.is_some()) {
        let what = format!("whoever may speak SIP may control any line, also those who reach {address}");
        found.push(warning("directory.mode", "\"open\"".into(), what));
    } else if config.directory.mode == Some(Mode::Listed) && directory.is_empty() {
        let what = "nobody may sign in, since there is no user".into();
        found.push(warning("directory.mode", "\"listed\"".into(), what));
    }
    found.extend(of_heartbeat(config).map(|(value, what)| warning("cti.heartbeat", value, what)));
    if let Some(socket) = &config.control.socket
        && let Some(what) = Path::new(socket).parent().and_then(of_directory)
    {
        found.push(warning("control.socket", format!("{socket:?}"), what));
    }
    configuration.complaints(&found)
}

/// Who may speak SIP: everybody, nobody, or nobody who could.
fn of_access(config: &Config) -> Option<(&'static str, String, String)> {
    let allow: Vec<String> = config.sip.allow.iter().map(ToString::to_string).collect();
    if allow.is_empty() {
        let what = "nobody may speak SIP to the gateway: every request is answered 403";
        return Some(("sip.allow", "[]".into(), what.into()));
    }
    if let Some(all) = allow.iter().find(|network| network.ends_with("/0")) {
        let what = "everybody who reaches the gateway may control every line";
        return Some(("sip.allow", format!("{all:?}"), what.into()));
    }
    let is_loopback = |network: &String| network.starts_with("127.") || *network == "::1/128";
    let tcp = config.sip.tcp.iter().map(|address| ("sip.tcp", address));
    let udp = config.sip.udp.iter().map(|address| ("sip.udp", address));
    let (key, address) = tcp.chain(udp).find(|(_, address)| !address.ip().is_loopback())?;
    let what =
        "other hosts reach this address, but sip.allow has only loopback addresses: they are answered 403";
    allow.iter().all(is_loopback).then(|| (key, quoted(*address), what.into()))
}

fn quoted(address: SocketAddr) -> String {
    format!("\"{address}\"")
}

/// Whether heartbeats come so seldom, or so late, that they are of no use.
fn of_heartbeat(config: &Config) -> Option<(String, String)> {
    let (every, answer) = (config.cti.heartbeat.as_secs(), config.cti.heartbeat_timeout.as_secs());
    let within = every.saturating_add(answer);
    let duration = u64::from(config.cti.session_duration);
    let what = if within > NOTICED_WITHIN {
        format!(
            "a phone system that hangs is noticed after up to {within} s; until then requests go unanswered"
        )
    } else if config.cti.session == ctigate_core::config::SessionKind::Application && within >= duration {
        format!("an answer after {within} s may come when the application session of {duration} s is over")
    } else {
        return None;
    };
    Some((every.to_string(), what))
}

/// Whether others may write to a directory.
fn of_directory(directory: &Path) -> Option<String> {
    let there = fs::metadata(directory).ok()?;
    let mode = there.mode() & 0o7777;
    (mode & OPEN != 0).then(|| {
        format!("others may write to {} (mode {mode:04o}), and so replace what is there", directory.display())
    })
}

/// The warnings about a directory for recordings, each a line.
pub(super) fn of_recording(directory: &Path) -> Vec<String> {
    let most = SEGMENT_BYTES.saturating_mul(SEGMENTS);
    // The directory is made if it is not there.
    let there = directory.ancestors().find(|ancestor| ancestor.is_dir()).unwrap_or(Path::new("."));
    let free = statvfs(there).ok().map(|there| there.f_bavail.saturating_mul(there.f_frsize));
    let file = getrlimit(Resource::Fsize).current;
    let whats = [
        of_directory(there),
        of_room(free, most, "there is room for", "a recording takes up to"),
        of_room(file, SEGMENT_BYTES, "the limit on file sizes (ulimit -f) is", "a segment takes"),
    ];
    let line = |what| format!("--record {}: warning: {what}", directory.display());
    whats.into_iter().flatten().map(line).collect()
}

/// Whether there is less room than is needed, both in bytes.
fn of_room(room: Option<u64>, needed: u64, has: &str, takes: &str) -> Option<String> {
    let room = room.filter(|room| *room < needed)?;
    let mib = |bytes: u64| bytes / (1024 * 1024);
    Some(format!("{has} {} MiB, {takes} {} MiB: it ends when that is full", mib(room), mib(needed)))
}

#[cfg(test)]
mod tests {
    use ctigate_core::line::directory::Directory;

    use super::*;
    use crate::cli::configuration::Configuration;

    const GOOD: &str = "[sip]\ntcp = [\"127.0.0.1:5060\"]\n[[cti.connection]]\naddress = \"pbx:1040\"\n";

    fn warned(text: &str) -> Vec<String> {
        let configuration = Configuration::parse("c".into(), text.into()).unwrap();
        let config = Config::from_settings(configuration.settings()).unwrap();
        of_configuration(&Loaded { configuration, config, directory: Directory::empty() })
    }

    #[test]
    fn what_is_hardly_meant_is_warned_of_at_its_place() {
        assert_eq!(warned(GOOD), [""; 0]);
        let allow = |networks: &str| GOOD.replace("[[cti", &format!("allow = [{networks}]\n[[cti"));
        let all = [
            "c:3:9: sip.allow = \"0.0.0.0/0\": warning: everybody who reaches the gateway may control every line",
        ];
        assert_eq!(warned(&allow("\"192.0.2.0/24\", \"0.0.0.0/0\"")), all);
        let lan = GOOD.replace("127.0.0.1", "192.0.2.1");
        let [what] = warned(&lan).try_into().unwrap();
        assert!(
            what.starts_with("c:2:7: sip.tcp = \"192.0.2.1:5060\": warning: other hosts reach "),
            "{what}"
        );
        assert_eq!(warned(&lan.replace("[[cti", "allow = [\"192.0.2.0/24\"]\n[[cti")), [""; 0]);
        let [what] = warned(&allow("")).try_into().unwrap();
        assert!(what.ends_with(": sip.allow = []: warning: nobody may speak SIP to the gateway: every request is answered 403"), "{what}");
    }

    #[test]
    fn a_mode_that_lets_in_strangers_or_nobody_is_warned_of() {
        let mode = |text: &str, mode: &str| warned(&format!("{text}[directory]\nmode = \"{mode}\"\n"));
        assert_eq!(mode(GOOD, "open"), [""; 0]);
        let lan =
            GOOD.replace("127.0.0.1", "192.0.2.1").replace("[[cti", "allow = [\"192.0.2.0/24\"]\n[[cti");
        let expected = "c:7:8: directory.mode = \"open\": warning: whoever may speak SIP may control any line, also those \
            who reach 192.0.2.1:5060";
        assert_eq!(mode(&lan, "open"), [expected]);
        let expected =
            "c:6:8: directory.mode = \"listed\": warning: nobody may sign in, since there is no user";
        assert_eq!(mode(GOOD, "listed"), [expected]);
    }

    #[test]
    fn a_heartbeat_that_comes_too_seldom_or_too_late_is_warned_of() {
        let heartbeat = |more: &str| warned(&format!("{GOOD}[cti]\n{more}\n"));
        assert_eq!(heartbeat("heartbeat = 60"), [""; 0]);
        let [what] = heartbeat("heartbeat = 900\nsession_duration = 3600").try_into().unwrap();
        assert!(
            what.contains(
                "cti.heartbeat = 900: warning: a phone system that hangs is noticed after up to 905 s"
            ),
            "{what}"
        );
        let [what] = heartbeat("heartbeat = 59\nsession_duration = 60").try_into().unwrap();
        assert!(what.contains(": warning: an answer after 64 s may come when "), "{what}");
        assert_eq!(heartbeat("heartbeat = 59\nsession_duration = 60\nsession = \"none\""), [""; 0]);
    }

    #[test]
    fn a_recording_without_room_is_warned_of() {
        assert_eq!(of_room(Some(10), 10, "", ""), None);
        assert_eq!(of_room(None, 10, "", ""), None);
        let what = of_room(Some(3 << 20), 16 << 30, "there is room for", "a recording takes up to").unwrap();
        assert_eq!(
            what,
            "there is room for 3 MiB, a recording takes up to 16384 MiB: it ends when that is full"
        );
    }

    #[test]
    fn a_directory_that_others_may_write_to_is_warned_of() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = std::env::temp_dir().join(format!("ctigate-open-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let mut said = Vec::new();
        for mode in [0o755, 0o775, 0o1777] {
            fs::set_permissions(&directory, fs::Permissions::from_mode(mode)).unwrap();
            said.push(of_directory(&directory).is_some());
        }
        let socket = format!("{GOOD}[control]\nsocket = \"{}/s\"\n", directory.display());
        let [what] = warned(&socket).try_into().unwrap();
        fs::remove_dir_all(&directory).unwrap();
        assert_eq!(said, [false, true, true]);
        assert!(what.starts_with("c:6:10: control.socket = ") && what.contains("(mode 1777)"), "{what}");
    }
}
