//! The help texts.

use core::fmt::Write as _;

use ctigate_core::line::directory::import::COLUMNS;
use ctigate_peers::switch::{SWITCH_KEYS, VERBS};

/// The help texts of the commands, in the order of the overview.
const TOPICS: [(&str, &str); 13] = [
    ("run", RUN),
    ("check", CHECK),
    ("directory", DIRECTORY),
    ("dial", DIAL),
    ("explain", EXPLAIN),
    ("ctl", CTL),
    ("switch", SWITCH),
    ("client", CLIENT),
    ("replay", REPLAY),
    ("trace", TRACE),
    ("demo", DEMO),
    ("help", HELP),
    ("version", VERSION),
];

/// The help on `topic`, or the overview; `None` if there is no such command. `program` is the program's name.
pub(crate) fn about(topic: Option<&str>, program: &str) -> Option<String> {
    let text = match topic {
        None => OVERVIEW,
        Some(topic) => TOPICS.iter().find(|(name, _)| *name == topic)?.1,
    };
    let text = text.replace("PROGRAM", program).replace("Requests: ASKING.", &asking());
    let text = text.replace("COLUMNS\n", &columns());
    Some(text.replace("SWITCH-KEYS\n", &switch_keys()).replace("SWITCH-VERBS\n", &switch_verbs()))
}

/// The width that drawn lists of the help are folded to, in characters.
const WIDTH: usize = 100;

/// The keys of the phone system's configuration, each with what it takes and means.
fn switch_keys() -> String {
    let mut out = String::new();
    for key in SWITCH_KEYS {
        let bound = match (key.default, key.required) {
            ("", true) => format!("{}; required", key.takes()),
            ("", false) => key.takes(),
            (default, _) => format!("{}; default {default}", key.takes()),
        };
        entry(&mut out, key.name, &[key.doc, &bound]);
    }
    out
}

/// The columns of a table of users.
fn columns() -> String {
    let mut out = String::new();
    for column in COLUMNS {
        let _to_memory = writeln!(out, "  {:12} {}", column.name, column.doc);
    }
    out
}

/// The verbs of the phone system's control language.
fn switch_verbs() -> String {
    let mut out = String::new();
    for verb in VERBS {
        entry(&mut out, &verb.usage(), &[verb.doc]);
    }
    out
}

/// Writes a heading and, folded and indented, what there is to say about it.
fn entry(out: &mut String, heading: &str, paragraphs: &[&str]) {
    let _to_memory = writeln!(out, "  {heading}");
    for paragraph in paragraphs {
        let mut line = String::from("     ");
        for word in paragraph.split_whitespace() {
            if line.chars().count() + word.chars().count() >= WIDTH {
                let _to_memory = writeln!(out, "{line}");
                line = String::from("     ");
            }
            line.push(' ');
            line.push_str(word);
        }
        let _to_memory = writeln!(out, "{line}");
    }
}

/// The commands of the client that request something, in lines that fit.
fn asking() -> String {
    let mut text = String::from("Requests:");
    let mut column = text.len();
    let mut words = ctigate_peers::client::asking().peekable();
    while let Some(word) = words.next() {
        if column.saturating_add(word.len()) > WIDTH {
            text.push_str("\n ");
            column = 1;
        }
        let end = if words.peek().is_some() { "," } else { "." };
        text = text + " " + word + end;
        column = column.saturating_add(word.len()).saturating_add(2);
    }
    text
}

const OVERVIEW: &str = "\
PROGRAM is an open CTI gateway: clients control phones over SIP and CSTA (remote call control), and the phone system
is reached over CTI connections.

  PROGRAM demo                          see everything work, in this process, on loopback sockets
  PROGRAM check --config gateway.toml   report everything that is wrong with a configuration
  PROGRAM dial NUMBER --config gateway.toml
                                        show what becomes of a number, dialled and shown
  PROGRAM explain --config gateway.toml --user URI
                                        say why somebody would control a line, or would not
  PROGRAM run --config gateway.toml     run the gateway; SIGTERM or Ctrl-C stops it cleanly
  PROGRAM directory import users.csv    make a directory of users and lines; 'directory check', 'list' and 'show'
  PROGRAM ctl status --config gateway.toml
                                        show a running gateway's status; 'ctl reload', 'ctl drain' and more change it
  PROGRAM switch --listen 127.0.0.1:1040
                                        the built-in phone system, for tests
  PROGRAM client --server HOST:PORT --user URI --line URI
                                        a scripted client on this terminal
  PROGRAM replay FILE...                run a recording again and compare
  PROGRAM trace ladder FILE             show a recording as a ladder of messages
  PROGRAM trace redact FILE -o OUT      make a recording safe to share
  PROGRAM --version

'PROGRAM help COMMAND' or 'PROGRAM COMMAND --help' says more.
Exit status: 0 success, 1 failure, 2 an error in the command line, 70 a bug in PROGRAM.
";

const RUN: &str = "\
Runs the gateway.

  PROGRAM run --config gateway.toml
  PROGRAM run --config gateway.toml --record /var/lib/ctigate/traces

  --config FILE   the configuration (TOML); ctigate.example.toml has every key with its meaning
  --record DIR    record everything that happens, in segments DIR/gateway-TIME-0001.trace and so on, which only their
                  owner may read; the recording holds phone numbers, and can be replayed ('PROGRAM help replay');
                  the directory of users and lines is stored beside it, each version once (directory-HASH.directory)

One log line per event goes to standard error, as logfmt or JSON (key log.format). All addresses are opened before
anything starts; one that cannot be is named with its key. On SIGTERM or Ctrl-C every session gets a BYE, within a
bounded time; the second signal ends the process at once. SIGUSR1 drains it, SIGHUP reloads its configuration
('PROGRAM help ctl'); SIGUSR2 is ignored. A full disk, or the limit on file sizes, ends the recording and loses
log lines, not the service.
";

const DIRECTORY: &str = "\
Imports, checks and shows the directory: users, the lines that they may control, and the devices that carry these.

  PROGRAM directory import users.csv --output people.directory
  ldapsearch -LLL ... | PROGRAM directory import --ldif - --output people.directory
  PROGRAM directory import --connection pbx --config gateway.toml --output phones.directory
  PROGRAM directory check people.directory
  PROGRAM directory list --config gateway.toml
  PROGRAM directory show alice --config gateway.toml

  import FILE      makes a directory file of a table: CSV with a header, with commas, semicolons or tabs, in UTF-8,
                   Latin-1 or UTF-16; - is standard input. A row is a user with his line, or only a line. What is wrong
                   is listed with its place, and nothing is written
  check FILE...    says everything that is wrong with directory files (or TOML files with the same tables)
  list FILE...     lists the users and what they may control
  show WHO FILE... shows a user (by user ID, mail or SIP address), a line (by its number) or a device

  --ldif FILE      import: LDIF of an LDAP or Active Directory, as ldapsearch writes it, instead of a table; - is
                   standard input. The keys directory.ldap of a configuration name the attributes; unless they do:
                   sAMAccountName or uid, displayName or cn, mail, msRTCSIP-PrimaryUserAddress, msRTCSIP-Line, and
                   telephoneNumber. Entries without a user ID are ignored
  --connection NAME
                   import: asks the phone system of this connection of the configuration for its devices, instead of a
                   table (GetSwitchingFunctionDevices, and GetLogicalDeviceInformation and GetPhysicalDeviceInformation
                   where it has these). Its stations become lines, on the devices that it names; one whose model
                   is called a soft phone is one; users come from elsewhere
  --record DIR     import --connection: records what the phone system says there, for 'PROGRAM replay' and 'trace'
  --output FILE    import: where to write, unless to standard output; the file is replaced as a whole, or not at all
  --skip           import: writes what has no mistakes, and says how much was left out. Of two that contradict each
                   other the first counts
  --config FILE    the gateway's configuration: for an import the names of attributes, the rules numbers.line for lines
                   given by a global number without extension, and the connection; otherwise the directory that it
                   has, with the files that directory.files names
  --lines          list: the lines, with their devices
  --devices        list: the devices, with their lines

Columns of a table, in any order; id or line must be there:

COLUMNS

Exit status 0, or 1 if something is wrong or not there.
";

const EXPLAIN: &str = "\
Says why a user would control a line by a configuration and its directory, or would not: every step from the From URI to
the line appearance and its device ID at each CTI connection, with what was looked for, where, and what was found; if a
step fails, how the sign-in is refused, what counts it, and the remedy.

  PROGRAM explain --config gateway.toml --user sip:joe@example.com
  PROGRAM explain --config gateway.toml --user sip:joe@example.com --line 'tel:1001;phone-context=dialstring' \\
      --dial '+1 (425) 555-0150'

  --config FILE   the configuration
  --user URI      who signs in: the URI in From or, if directory.identity says so, in P-Asserted-Identity
  --line URI      the line that the client names; all of the user's unless given
  --dial NUMBER   also what would become of this number if the client dialled it
  --peer ADDRESS  also whether sip.allow believes requests from this address
  --json          one JSON object instead of a table

What users selected, and which devices are registered, is known to the running gateway only: 'PROGRAM ctl explain'
takes the same options and asks it. docs/line-appearances.md has every case and every refusal.

Exit status 0 if the user would control a line, and the number can be dialled; 1 if not.
";

const CTL: &str = "\
Controls a running gateway over its control socket (key control.socket).

  PROGRAM ctl status --socket /run/ctigate/control.sock
  PROGRAM ctl status --json --config gateway.toml
  PROGRAM ctl sessions --connection pbx --config gateway.toml
  PROGRAM ctl session alice --config gateway.toml
  PROGRAM ctl explain --user sip:alice@example.com --config gateway.toml
  PROGRAM ctl drain --config gateway.toml
  PROGRAM ctl undrain --config gateway.toml
  PROGRAM ctl stop --config gateway.toml
  PROGRAM ctl reload --config gateway.toml
  PROGRAM ctl redial NAME --config gateway.toml
  PROGRAM ctl select alice SEP0002FD3BB5C5:1 --config gateway.toml
  PROGRAM ctl selections --config gateway.toml
  PROGRAM ctl log debug --config gateway.toml

  status         the gateway's phase, since when, and how long it is up; the CTI connections (state, connection ID,
                 since when, the next dial of one that is down, last heartbeat and its round trip, sessions, why each
                 last failed), the sessions, and what was counted since the gateway started
  sessions       the sessions: user, line, device (by what the phone system knows it), CTI connection, monitors, calls,
                 since when, and what last went wrong. --user (a URI, its user part, or a user ID of the directory),
                 --line (a URI or a number), --device (also by its name in the directory) and --connection show those to
                 which all that is given applies; --limit N at most so many (100 unless given, at most 1000), --after N
                 those that follow, as the last line says
  session USER   all that is known of a user's sessions: what feeds each monitor, the calls, whether the device is
                 registered, the last refresh, what last went wrong; and how the user's last sign-in was refused, if it
                 was
  explain        why a user would control a line now, or would not ('PROGRAM help explain'), by the directory, the
                 choices and the devices that the gateway knows: --user URI [--line URI] [--dial NUMBER]
                 [--peer ADDRESS]
  drain          no new sessions: INVITE and OPTIONS are answered 503; requests in dialogs are served, refreshes by
                 re-INVITE are answered 503 too, so that a proxy gives them to another node (if sip.may_say_503 is
                 false, they are served); sessions left after sip.drain_timeout get a BYE, and the program ends
  undrain        ends a drain: sessions begin again, and those that are left stay
  stop           every session gets a BYE now, as on SIGTERM
  reload         reads the configuration and the files of its directory again, as on SIGHUP: if anything is wrong,
                 nothing changes, and every mistake is told; keys that need a restart are named;
                 sessions whose users may not control their lines any more get a BYE, others go on
  redial NAME    dials the CTI connection of this name now, if it is down, and not after its pause
  select USER CHOICE
                 from now on, the user (given by the user ID, without case) controls the line appearance
                 DEVICE[:INDEX], whatever the line URI says; 'automatic' ends that, and sessions whose line URI names
                 no line that the user may control get a BYE; the answer comes once the choice is in the store (key
                 store.path), from where it comes back after a restart; without a store, or without users in the
                 directory (directory.mode), it is refused
  selections     the choices that are in force, one line for each user; for all others, the line URI decides
  log LEVEL      lines of this level (debug, info, warn, error) and above are logged from now on, until the gateway
                 ends; then log.level counts again
  --json         one JSON object instead of tables; times are UTC, spans in the unit their names end in
  --socket PATH  where the socket is
  --config FILE  the gateway's configuration, which says where the socket is

Exit status 0 and the answer, or 1 and an error message; 1 also if 'explain' says that a sign-in would be refused.
";

const CHECK: &str = "\
Reports everything that is wrong with a configuration, each error with line, column, key, value and bound; and warns of
what is allowed but hardly meant: everybody or nobody may speak SIP, an address in the LAN with the loopback addresses
as the only peers, a directory that others may write to, heartbeats of no use, a recording without room, number rules
that never apply, and those of which a number that is shown would be dialled as another one.

  PROGRAM check --config gateway.toml
  PROGRAM check --config gateway.toml --record /var/lib/ctigate/traces --deny-warnings
  PROGRAM check --config gateway.toml --connect

  gateway.toml:12:9: limits.links = 0: must be a whole number from 1 to 100000 connections
  gateway.toml:3:9: sip.allow = \"0.0.0.0/0\": warning: everybody who reaches the gateway may control every line

  --config FILE    the configuration
  --record DIR     where the gateway would record
  --connect        dials each CTI connection and says which of the services that the gateway knows it offers, and which
                   it refuses, and what else is amiss, such as rights that are missing; nothing is listened on
  --deny-warnings  a warning is a failure

Exit status 0 if nothing is wrong, and all connections came into service; warnings alone change nothing, unless they are
denied: then it is 1.
";

const DIAL: &str = "\
Shows step by step what becomes of a number by the number rules of a configuration: what the phone system dials if a
client dials it, what a line URI with it means, and how clients see it if the phone system says it.

  PROGRAM dial '+1 (425) 555-0150' --config gateway.toml
  PROGRAM dial 'tel:+49-30-1234-567' --config gateway.toml
  PROGRAM dial 4567 --config gateway.toml

  NUMBER         a number as a client or the phone system writes it: bare, a tel: or a sip: URI
  --config FILE  the configuration

Three tables have the rules, and of each the first rule that is for a number applies, and no other:

  [[numbers.line]]           from the number in a line URI to the phone system's number of the line
  [[numbers.dial]]           from what a client dials to what the phone system dials
  [[numbers.shown]]          from what the phone system says to what clients see
  begins = \"+49 30 1234\"    what a number must begin with (a number with a + only meets a rule that says so)
  digits = \"4-6\"           how many characters it must have; a + counts as one
  pattern = \"+49301234x*\"  what it must look like: x is any digit, [1-46] one of several, a * at the end any rest
  strip = 8                  how many characters are taken away from the beginning
  prepend = \"0\"            what is then put before the rest

The numbers of numbers.emergency are never rewritten. A number that clients are shown leads back when they dial it, by a
rule of numbers.dial or else by itself. docs/numbers.md has the rules of a site from its beginning to its end.

Exit status 0 if the number can be dialled, or 1 and why not.
";

const SWITCH: &str = "\
Runs the built-in phone system: a CTI server (CSTA III over TCP) with phones 1001 to 1010, or those of a
configuration.

  PROGRAM switch --listen 127.0.0.1:1040
  PROGRAM switch --listen 127.0.0.1:1040 --control 127.0.0.1:1041 --config phones.toml
  PROGRAM switch --config switch.toml

  --listen ADDRESS:PORT    where CTI links are accepted, unless the configuration says it in `listen`; with port 0 the
                           kernel chooses one, which the log shows
  --control ADDRESS:PORT   where lines of text control the phones, for example with: nc 127.0.0.1 1041
  --config FILE            phones and how they behave (TOML)

Keys of the configuration; docs/examples/switch.example.toml has them all:

SWITCH-KEYS

Lines of text, one by one answered by 'ok' or 'error'; docs/switch.md has an example of each:

SWITCH-VERBS
";

const CLIENT: &str = "\
Runs a scripted client: signs in at a gateway, controls one line, prints each event as one line.

  PROGRAM client --server 127.0.0.1:5060 --user sip:alice@example.com \\
      --line 'tel:1001;phone-context=dialstring'

Commands are read, one per line, from standard input or --script FILE:

  call 1002                  dial
  wait established 5s        wait until this happens; fail after five seconds
  expect delivered calling=1001 called=1002
                             the same, with values that the event must have
  expect no held 200ms       fail if this happens in that time
  hold 2                     calls have short numbers, which 'calls' shows
  sleep 200ms
  help [COMMAND]             list the commands, or say more about one, with an example
  quit                       sign out; so does the end of the script

Requests: ASKING.

docs/client.md says what each does. At a terminal there are a prompt, a history, completion (Tab) and colours (unless
NO_COLOR is set); Ctrl-C abandons the line, twice signs out, and Ctrl-D signs out.

  --server HOST:PORT     the gateway
  --user URI             who signs in
  --line URI             the line to control
  --transport tcp|udp    tcp unless given
  --script FILE          commands from a file instead of standard input
  --reinvite new|same|never
                         how to sign in again when the gateway does not know the session any more (481): in a new dialog
                         (new, unless given) as Communicator does, in the same one as SIPE does, or not at all

A line that fails ends the session, unless it was typed at a terminal. Exit status 1 when a line failed, the sign-in
did, or something went wrong that no line expected, so that it serves in tests and in monitoring.
";

const REPLAY: &str = "\
Runs a recording again in a new engine and compares every action and the state.

  PROGRAM replay traces/gateway-20260102T030405.678Z-*.trace

Give the segments of a run in order; several runs are replayed one after the other. Exit status 0 and the count of
steps, or 1 and the first difference: the line, what was recorded, what was replayed. A recording that ended in an
internal error ends with the input that caused it: replaying it shows the same error, with exit status 70, or says that
this version has none there.
";

const TRACE: &str = "\
Shows or redacts a recording.

  PROGRAM trace ladder FILE...                             one line per message
  PROGRAM trace ladder FILE... --line 1001 --since 09:30 --until 09:45
  PROGRAM trace redact FILE... -o shareable.trace

  --user USER      only this user's dialogs (alice, alice@example.com or a whole URI), and what the phone system has to
                   do with them
  --line LINE      the same for a line (1001 or a whole URI)
  --call-id ID     the same for one dialog
  --since TIME     only what happened then or later: seconds since the run began (12.5), a local time (09:30 or
                   09:30:15.250), or a date and a time (2026-03-01T09:30, with a Z at its end for UTC)
  --until TIME     only what happened before
  --wire           every byte

Each line of a ladder has the local time, the seconds since the run began, who sent what to whom, and what it is about:
who calls whom, the call, the error. Lines are as wide as the terminal or as the environment variable COLUMNS says; of
160 characters where neither says it. Several runs are shown one after the other.

Redacting replaces numbers, names and addresses consistently, and leaves number rules out; the result can still be
replayed.
";

const DEMO: &str = "\
Runs the gateway, the built-in phone system and three scripted clients in this process, on loopback sockets whose ports
the kernel chooses. First act: Alice calls Bob, who answers; she holds and retrieves. Second act: she consults Carol and
transfers Bob to her, Carol makes it a conference, Bob's phone forwards by its key, a CTI connection dies and the calls
go on. The gateway's recording is shown as a ladder, with the story between its lines, and replayed.

  PROGRAM demo
  PROGRAM demo --wire            every byte
  PROGRAM demo --record DIR      keep the recording

Exit status 0 if everything went as expected.
";

const HELP: &str = "\
Shows help.

  PROGRAM help            the commands
  PROGRAM help COMMAND    more about one command
";

const VERSION: &str = "\
Shows the version and the builds of the machines. A replay also compares states if the build is the recording's.

  PROGRAM --version
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_help_that_shows_the_program_by_its_name() {
        for (topic, _) in TOPICS {
            let text = about(Some(topic), "ctigate-std").unwrap();
            assert!(text.contains("  ctigate-std "), "{topic}");
            assert!(!text.contains("PROGRAM"), "{topic}");
        }
        assert!(about(Some("nonsense"), "ctigate").is_none());
    }

    #[test]
    fn the_client_s_help_names_every_command_that_asks_for_something() {
        let text = about(Some("client"), "ctigate").unwrap();
        assert!(ctigate_peers::client::asking().all(|word| text.contains(word)), "{text}");
        assert!(text.contains("Requests: call, answer,"), "{text}");
    }

    #[test]
    fn the_phone_system_s_help_teaches_every_key_and_verb() {
        let text = about(Some("switch"), "ctigate").unwrap();
        let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for key in SWITCH_KEYS {
            assert!(text.contains(&format!("\n  {}\n", key.name)), "{}", key.name);
            assert!(folded.contains(key.doc) && folded.contains(&key.takes()), "{}", key.name);
        }
        for verb in VERBS {
            assert!(text.contains(&format!("\n  {}\n", verb.usage())), "{}", verb.word);
            assert!(folded.contains(verb.doc), "{}", verb.word);
        }
    }

    #[test]
    fn help_fits_a_terminal_of_120_columns() {
        for topic in TOPICS.iter().map(|(topic, _)| Some(*topic)).chain([None]) {
            let text = about(topic, "ctigate-std").unwrap();
            assert!(text.lines().all(|line| line.chars().count() <= 120), "{topic:?}");
        }
    }
}
