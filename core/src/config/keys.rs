//! Every key the gateway knows: the one source of checks, defaults and help.

use super::{auto_answer, connection_kind, password};
use crate::line::dial::MAX_DIGITS;
use crate::line::directory::{MAX_ADDRESSES, MAX_LINES};
use crate::line::rules::{MAX_EMERGENCY, MAX_RULES};
use crate::setting::Key;
use crate::wire::csta::services::FEATURES;

/// The most CTI connections.
pub const MAX_CONNECTIONS: usize = 8;

/// The most addresses of one transport to listen on.
pub const MAX_LISTENERS: usize = 8;

/// The most bytes of a number, and of a pattern for numbers, in the configuration: with visual separators and brackets.
const NUMBER_BYTES: usize = 128;
const PATTERN_BYTES: usize = 512;

/// The most characters of a number, as a bound.
const LONGEST: i64 = 64;
const _: () = assert!(MAX_DIGITS == 64, "the bound of digits and strip");

const fn begins(name: &'static str) -> Key {
    Key::text(
        name,
        NUMBER_BYTES,
        "What a number must begin with; a number with a + only meets a rule that says so.",
    )
}

const fn digits(name: &'static str) -> Key {
    Key::span(name, (1, LONGEST), "characters", "How many characters a number must have; a + counts as one.")
}

const fn pattern(name: &'static str) -> Key {
    Key::text(
        name,
        PATTERN_BYTES,
        "What a number must look like: x is any digit, [1-46] one of several, a * at the end any rest.",
    )
}

const fn strip(name: &'static str) -> Key {
    Key::integer(
        name,
        (0, LONGEST),
        "characters",
        "How many characters are taken away from the beginning; a rule is not for numbers of which it would leave nothing.",
    )
    .default("0")
}

const fn prepend(name: &'static str) -> Key {
    Key::text(name, NUMBER_BYTES, "What is then put before the rest.").default("\"\"")
}
/// The most users, lines, devices and line appearances that one TOML file may have each.
pub const MAX_IN_FILE: usize = 1_000;

/// The most files of `directory.files`.
const MAX_FILES: usize = 64;

/// Every key of the gateway's configuration, in the order of the example file.
pub const KEYS: &[Key] = &[
    Key::listen("sip.tcp", "Where SIP clients reach the gateway over TCP; port 0 lets the kernel choose.")
        .list(MAX_LISTENERS).needs_restart(),
    Key::listen("sip.udp", "Where SIP clients reach the gateway over UDP; port 0 lets the kernel choose.")
        .list(MAX_LISTENERS).needs_restart(),
    Key::text(
        "sip.domain",
        255,
        "The gateway's own domain: an INVITE for another host is answered 404. Unset: any host is ours.",
    ),
    Key::target(
        "sip.advertised",
        "What the gateway's Contact and Via headers name, where it is reached through address translation; of several \
         nodes each its own. Unset: the address a client connected to.",
    ),
    Key::network("sip.allow", "Who may speak SIP to the gateway; everybody else is answered 403.")
        .list(64)
        .default("[\"127.0.0.0/8\", \"::1/128\"]"),
    Key::integer(
        "sip.session_expires",
        (90, 86_400),
        "s",
        "The session interval offered to a client that names none (RFC 4028).",
    )
    .default("1800"),
    Key::integer(
        "sip.min_session_expires",
        (90, 86_400),
        "s",
        "The shortest session interval accepted; shorter ones are answered 422 (RFC 4028).",
    )
    .default("90"),
    Key::integer("sip.linger", (90, 86_400), "s", "The least time that a session lives without a refresh.")
        .default("2100"),
    Key::integer(
        "sip.event_delay",
        (0, 1_000),
        "ms",
        "How long an event waits after the answer to the request that caused it.",
    )
    .default("20"),
    Key::integer(
        "sip.udp_event_timeout",
        (100, 32_000),
        "ms",
        "How long an event sent over UDP waits for its answer before the next one goes out.",
    )
    .default("2000"),
    Key::integer(
        "sip.message_timeout",
        (1, 3_600),
        "s",
        "How long a message on a connection may take from its first byte to its last before the connection is closed.",
    )
    .default("30"),
    Key::integer(
        "sip.idle_timeout",
        (1, 86_400),
        "s",
        "How long a connection that carries no dialog may be silent before it is closed; keep-alives count.",
    )
    .default("600"),
    Key::integer(
        "sip.unavailable_expires",
        (90, 86_400),
        "s",
        "The session interval while the phone system is out of reach, so that clients come back soon.",
    )
    .default("90"),
    // The host ends a program that takes more than ten seconds to stop.
    Key::integer("sip.stop_timeout", (1, 8), "s", "How long a stop waits for clients to answer their BYE.")
        .default("3"),
    Key::integer(
        "sip.drain_timeout",
        (1, 86_400),
        "s",
        "How long a drain waits for sessions to go to other nodes with their refresh before it ends the rest.",
    )
    .default("1800"),
    Key::flag(
        "sip.may_say_503",
        "Whether new sessions are refused with 503 when the gateway is full or drains; if a proxy would stop routing to \
         a node that says so, 500. A drain leaves sessions to other nodes only with 503.",
    )
    .default("true"),
    Key::text("cti.application", 64, "The applicationID with which the gateway opens an application session.")
        .default("\"ctigate\"").needs_restart(),
    Key::choice(
        "cti.session",
        &["application", "none"],
        "Whether a connection begins with an application session (ECMA-354) or with CSTA at once.",
    )
    .default("\"application\"").needs_restart(),
    Key::integer("cti.session_duration", (10, 3_600), "s", "The application session duration requested.")
        .default("180").needs_restart(),
    Key::integer("cti.edition", (3, 6), "", "The edition of ECMA-323 spoken to the phone system.")
        .default("3").needs_restart(),
    Key::integer(
        "cti.heartbeat",
        (1, 3_600),
        "s",
        "How often a connection's application session is renewed or, without one, the phone system's status requested.",
    )
    .default("30"),
    Key::integer("cti.heartbeat_timeout", (1, 60), "s", "How long a heartbeat's answer may take.")
        .default("5"),
    // The client gives up its request after 32 s (timer F, RFC 3261 17.1.2.2).
    Key::integer("cti.service_timeout", (1, 30), "s", "How long the phone system may take to answer a service.")
        .default("5"),
    Key::integer("cti.connect_timeout", (1, 60), "s", "How long a connection may take to open.").default("5"),
    Key::integer(
        "cti.reconnect_min",
        (1, 3_600),
        "s",
        "The least pause before an attempt to reconnect. It doubles each time until a heartbeat is answered.",
    )
    .default("1"),
    Key::integer("cti.reconnect_max", (1, 3_600), "s", "The longest pause between attempts to reconnect.")
        .default("60"),
    Key::choice(
        "cti.recovery",
        &["reinvite", "rebind"],
        "Who moves the sessions of a failed connection to others: their clients with their next INVITE, or the gateway.",
    )
    .default("\"reinvite\""),
    Key::integer(
        "cti.rebind_rate",
        (1, 10_000),
        "sessions/s",
        "How fast the gateway moves sessions, whichever connections failed.",
    )
    .default("500"),
    Key::integer("cti.window", (1, 9_000), "requests", "The most requests one connection has unanswered.")
        .default("1000"),
    Key::integer(
        "cti.queue",
        (0, 100_000),
        "requests",
        "The most requests that wait for room in a connection's window.",
    )
    .default("10000"),
    Key::integer(
        "cti.rate",
        (1, 100_000),
        "messages/s",
        "The most messages sent over one connection; what people click goes ahead of monitors and snapshots. Unset: no \
         limit.",
    ).needs_restart(),
    Key::flag("cti.verify_line", "Whether a sign-in is answered 404 if the phone system does not know the line.")
        .default("true"),
    Key::tables(
        "cti.connection[]",
        MAX_CONNECTIONS,
        "The phone system's CTI connections. All are used; new sessions go to each in turn.",
    )
    .required().needs_restart(),
    Key::target("cti.connection[].address", "Where to connect to.").required().needs_restart(),
    Key::choice(
        "cti.connection[].kind",
        &["csta", "asterisk"],
        "What the phone system speaks: CSTA III over TCP, or the manager interface of Asterisk (AMI).",
    )
    .default("\"csta\"").needs_restart(),
    Key::text("cti.connection[].name", 64, "The connection's name in logs. Unset: its address.").needs_restart(),
    Key::text(
        "cti.connection[].switch",
        64,
        "The phone system's name: connections that name the same one share its calls.",
    )
    .default("\"\"").needs_restart(),
    Key::flag(
        "cti.connection[].foreign_calls",
        "Whether users may pick up (DirectedPickupCall) and join (JoinCall) calls that their own lines have no part in.",
    )
    .default("false"),
    Key::flag(
        "cti.connection[].private_data",
        "Whether the private data of clients' requests go to the phone system. Microsoft's never do.",
    )
    .default("false"),
    Key::choice(
        "cti.connection[].login",
        &["none", "avaya"],
        "The login of the application session: none, or that of Avaya Application Enablement Services.",
    )
    .default("\"none\"").needs_restart(),
    Key::text("cti.connection[].user", 128, "The user's name for the login; of an Asterisk, that in manager.conf.")
        .needs_restart(),
    password::FILE,
    password::ENVIRONMENT,
    connection_kind::CONTEXT,
    connection_kind::OBEDIENT,
    connection_kind::OBEDIENT_USER_AGENTS,
    connection_kind::LEARN_OBEDIENCE,
    connection_kind::FAMILIES,
    connection_kind::POLL,
    connection_kind::MAILBOX_CONTEXT,
    connection_kind::PICKUP,
    connection_kind::GROUP_PICKUP,
    connection_kind::ROOMS,
    connection_kind::CHANNELS,
    auto_answer::AUTO_ANSWER,
    auto_answer::CALL_INFO,
    auto_answer::ALERT_INFO,
    auto_answer::ANSWER_PROMPTS,
    Key::text(
        "cti.connection[].protocol",
        512,
        "The protocol versions offered for the application session, separated by spaces. Unset: that of cti.edition.",
    ).needs_restart(),
    Key::text(
        "cti.connection[].device_id",
        128,
        "The phone system's identifier of a device, with {number} for its number, as in \
         \"{number}:CM1:192.0.2.10:0\"; or \"ask\": the phone system is asked for it (Avaya's GetThirdPartyDeviceId). \
         Unset: the number.",
    )
    .needs_restart(),
    Key::text(
        "cti.connection[].dialled_id",
        128,
        "The same for numbers that are dialled. Unset: \"ask\" with device_id = \"ask\", else the number.",
    )
    .needs_restart(),
    Key::text(
        "cti.connection[].switch_name",
        64,
        "With device_id = \"ask\": the name of the switch whose devices are asked for, as the phone system knows it.",
    )
    .needs_restart(),
    Key::choice(
        "cti.connection[].features",
        &FEATURES,
        "The services (MakeCall) and events (DeliveredEvent) that the phone system has, for one that does not tell; with \
         no event, the usual ones. Unset: it is asked.",
    )
    .list(160).needs_restart(),
    Key::text(
        "numbers.emergency",
        NUMBER_BYTES,
        "Numbers that no rule ever rewrites, in any direction: each with all ways in which it is dialled.",
    )
    .list(MAX_EMERGENCY),
    Key::tables(
        "numbers.line[]",
        MAX_RULES,
        "From the number in a line URI to the phone system's number of the line: the first rule for a number applies.",
    ),
    begins("numbers.line[].begins"),
    digits("numbers.line[].digits"),
    pattern("numbers.line[].pattern"),
    strip("numbers.line[].strip"),
    prepend("numbers.line[].prepend"),
    Key::tables("numbers.dial[]", MAX_RULES, "The same from what clients dial to what the phone system dials."),
    begins("numbers.dial[].begins"),
    digits("numbers.dial[].digits"),
    pattern("numbers.dial[].pattern"),
    strip("numbers.dial[].strip"),
    prepend("numbers.dial[].prepend"),
    Key::tables(
        "numbers.shown[]",
        MAX_RULES,
        "The same from what the phone system says to what clients see; what they send back is understood, if a rule or \
         the way back leads there.",
    ),
    begins("numbers.shown[].begins"),
    digits("numbers.shown[].digits"),
    pattern("numbers.shown[].pattern"),
    strip("numbers.shown[].strip"),
    prepend("numbers.shown[].prepend"),
    Key::integer("limits.links", (1, 100_000), "connections", "The most stream connections at a time.")
        .default("10000").needs_restart(),
    Key::integer("limits.sessions", (1, 1_000_000), "sessions", "The most signed-in users at a time.")
        .default("100000").needs_restart(),
    Key::integer("limits.monitors_per_session", (1, 64), "monitors", "The most monitors of one session.")
        .default("4").needs_restart(),
    Key::integer("limits.monitors_per_device", (1, 64), "monitors", "The most monitors of one phone.")
        .default("32"),
    Key::integer("limits.calls_per_device", (1, 256), "calls", "The most calls at one phone.").default("32"),
    Key::integer(
        "limits.selections",
        (1, 1_000_000),
        "users",
        "The most users whose choice of a line appearance is remembered.",
    )
    .default("100000").needs_restart(),
    Key::integer(
        "limits.parties",
        (8, 256),
        "parties",
        "The most parties of one call that count for what a client is shown of it; the phone system's words pass whole.",
    )
    .default("8"),
    Key::integer("limits.transactions", (1, 1_000_000), "transactions", "The most SIP transactions kept at a time.")
        .default("200000").needs_restart(),
    Key::integer(
        "limits.unacknowledged",
        (1, 100_000),
        "answers",
        "The most answers to INVITEs that are repeated to one address by UDP until they are acknowledged; further ones \
         only if their INVITE is.",
    )
    .default("256").needs_restart(),
    Key::integer("limits.message_bytes", (1_024, 65_536), "bytes", "The longest SIP message or CTI frame.")
        .default("65536").needs_restart(),
    Key::integer("limits.headers", (16, 128), "headers", "The most header fields of one SIP message.")
        .default("128").needs_restart(),
    Key::integer("limits.xml_depth", (8, 64), "elements", "How deep a CSTA document may nest.").default("32").needs_restart(),
    Key::integer("limits.xml_elements", (64, 65_536), "elements", "The most elements of one CSTA document.")
        .default("4096").needs_restart(),
    Key::integer("limits.xml_attributes", (4, 64), "attributes", "The most attributes of one element.")
        .default("32").needs_restart(),
    Key::integer("limits.queued_events", (1, 1_024), "events", "The most events that wait for one session.")
        .default("64"),
    Key::integer(
        "limits.dialog_bytes",
        (1_024, 65_536),
        "bytes",
        "The most bytes of route set and targets that one dialog keeps.",
    )
    .default("8192"),
    Key::choice("log.format", &["logfmt", "json"], "How log lines are written.").default("\"logfmt\"").needs_restart(),
    Key::choice("log.level", &["debug", "info", "warn", "error"], "The least urgent lines that are logged.")
        .default("\"info\""),
    Key::text(
        "control.socket",
        107,
        "The path of the Unix-domain socket for 'ctigate ctl', created with mode 0600. Unset: there is none.",
    ).needs_restart(),
    Key::choice(
        "directory.mode",
        &["listed", "open"],
        "Who may sign in: users of the directory, for the lines that it gives them (listed), or whoever may speak SIP, for \
         any line (open). Unset: listed if there is a user. Without one, a gateway that listens on an address that other \
         hosts reach must say open.",
    ),
    Key::text(
        "directory.files",
        4_096,
        "Files with further users, lines, devices and line appearances, relative to this one: TOML with the tables below \
         if the name ends in .toml, otherwise directory files, as 'ctigate directory import' writes them.",
    )
    .list(MAX_FILES),
    Key::text(
        "directory.domains",
        255,
        "The SIP domains of the users: only there the user part of a SIP URI is a user ID. Unset: sip.domain.",
    )
    .list(64),
    Key::choice(
        "directory.identity",
        &["from", "p-asserted-identity"],
        "Where a request says who its user is: in From, or in P-Asserted-Identity if it has one (RFC 3325). Both are \
         believed from peers in sip.allow.",
    )
    .default("\"from\""),
    Key::choice(
        "directory.server",
        &["lcs", "ocs"],
        "What decides if a line is on several devices: ocs, the user has to select one; lcs, a soft phone that is \
         registered, else the hard phone.",
    )
    .default("\"ocs\""),
    Key::text("directory.ldap.id", 1_024, LDAP_ID).default("\"sAMAccountName uid\""),
    Key::text("directory.ldap.name", 1_024, "The same for the display name.").default("\"displayName cn\""),
    Key::text("directory.ldap.mail", 1_024, "The same for the mail address.").default("\"mail\""),
    Key::text("directory.ldap.sip", 1_024, "The same for the SIP address.")
        .default("\"msRTCSIP-PrimaryUserAddress\""),
    Key::text("directory.ldap.line", 1_024, "The same for the line URI, or the line's number.")
        .default("\"msRTCSIP-Line\""),
    Key::text(
        "directory.ldap.number",
        1_024,
        "The same for the telephone number: the line's alias, and the line itself where there is no other.",
    )
    .default("\"telephoneNumber\""),
    Key::tables("user[]", MAX_IN_FILE, "Users. Thousands belong into directory files."),
    Key::text("user[].id", 128, "The user ID, compared without case.").required(),
    Key::text("user[].mail", 254, "The mail address."),
    Key::text("user[].sip", 255, "The SIP addresses, such as \"sip:alice@example.com\".").list(MAX_ADDRESSES),
    Key::text("user[].name", 256, "The display name."),
    Key::flag("user[].enabled", "Whether remote call control is enabled.").default("true"),
    Key::choice("user[].role", &["user", "administrator"], "What the user may do beside that.")
        .default("\"user\""),
    Key::text(
        "user[].lines",
        256,
        "The lines that the user may control: NUMBER, NUMBER/PARTITION where several have the number, with @DEVICE for \
         only that appearance.",
    )
    .list(MAX_LINES),
    Key::tables("line[]", MAX_IN_FILE, "Lines."),
    Key::text("line[].number", 64, "The directory number, as the phone system reports it.").required(),
    Key::text("line[].partition", 64, "The partition that the number is in.").default("\"\""),
    Key::text("line[].e164", 64, "The E.164 number by which the line is known outside, such as \"+14255550101\"."),
    Key::text("line[].label", 256, "The label for people."),
    Key::tables("device[]", MAX_IN_FILE, "Devices."),
    Key::text("device[].name", 64, "The name, such as \"SEP0002FD3BB5C5\", compared without case.").required(),
    Key::choice("device[].kind", &["hard", "soft"], "Whether it is a telephone or a program.")
        .default("\"hard\""),
    Key::text("device[].description", 256, "The description for people."),
    Key::text("device[].lines", 129, "The lines that it carries, as NUMBER or NUMBER/PARTITION, in the order of their indexes.")
        .list(MAX_LINES),
    Key::tables(
        "appearance[]",
        MAX_IN_FILE,
        "Line appearances for which the phone system has a device ID of its own, or with another index.",
    ),
    Key::text("appearance[].line", 129, "The line, as NUMBER or NUMBER/PARTITION.").required(),
    Key::text("appearance[].device", 64, "The device's name. Unset: the line is at no device of the directory."),
    Key::integer("appearance[].index", (1, 1_000), "", "Its place at the device. Unset: that in the device's lines."),
    Key::text(
        "appearance[].device_id",
        128,
        "The device ID at the phone system. Unset: it follows from the line's number.",
    ),
    Key::text(
        "store.path",
        4_095,
        "The path of the file in which users' choices are kept, created with mode 0600. Unset: they are not remembered.",
    )
    .needs_restart(),
];

/// What the first key says for those that follow.
const LDAP_ID: &str = "The LDAP attribute from which an import takes the user ID; of several, separated by blanks, the \
    first that an entry has.";
