//! Users from an LDAP directory: slapd with a people's branch, asked by ldapsearch, imported from standard input.

use core::fmt::Write as _;
use core::time::Duration;
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Instant;

use crate::program::{Folder, Running, output};
use crate::{command, installed};

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many ports are tried, as a free one may be taken before it is used.
const ATTEMPTS: usize = 20;

/// Attributes as Active Directory and its extension for remote call control have them.
const SCHEMA: &str = "\
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.6.24.1.1 NAME 'msRTCSIP-PrimaryUserAddress' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.6.24.1.2 NAME 'msRTCSIP-Line' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.6.24.1.3 NAME 'rccUser' SUP top AUXILIARY
  MAY ( sAMAccountName $ msRTCSIP-PrimaryUserAddress $ msRTCSIP-Line ) )
";

/// A running slapd with users.
struct Slapd {
    url: String,
    _running: Running,
    _folder: Folder,
}

/// Ten users: with a line URI or only a number, inside or global, with a name that is no ASCII.
fn people() -> String {
    let mut ldif = String::from(
        "dn: dc=example,dc=com\nobjectClass: domain\ndc: example\n\n\
         dn: ou=people,dc=example,dc=com\nobjectClass: organizationalUnit\nou: people\n\n",
    );
    for user in 0..10 {
        let _to_memory = write!(
            ldif,
            "dn: uid=user{user},ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nobjectClass: rccUser\n\
             uid: {user}\nsAMAccountName: user{user}\nsn: Jörg\ncn: Jörg {user}\nmail: user{user}@example.com\n\
             msRTCSIP-PrimaryUserAddress: sip:user{user}@example.com\ntelephoneNumber: +1 425 555 010{user}\n\
             description: {}\n",
            "what makes a line that ldapsearch folds, ".repeat(4)
        );
        let line = match user % 3 {
            0 => format!("msRTCSIP-Line: tel:+1425555010{user};ext=10{user}\n"),
            1 => format!("msRTCSIP-Line: tel:10{user};phone-context=dialstring;device=SEP{user}\n"),
            _ => String::new(),
        };
        ldif.extend([&line, "\n"]);
    }
    ldif
}

impl Slapd {
    fn start(name: &str) -> Self {
        let folder = Folder::new(&format!("{name}-slapd"));
        let schema = folder.write("rcc.schema", SCHEMA);
        let data = folder.path("data");
        std::fs::create_dir(&data).unwrap();
        let config = format!(
            "include /etc/ldap/schema/core.schema\ninclude /etc/ldap/schema/cosine.schema\n\
             include /etc/ldap/schema/inetorgperson.schema\ninclude {schema}\nmodulepath /usr/lib/ldap\n\
             moduleload back_mdb\npidfile {}\ndatabase mdb\nsuffix dc=example,dc=com\ndirectory {data}\n",
            folder.path("slapd.pid")
        );
        let config = folder.write("slapd.conf", &config);
        let people = folder.write("people.ldif", &people());
        let added = installed("slapadd", "slapd").args(["-f", &config, "-l", &people]).output().unwrap();
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        for _ in 0..ATTEMPTS {
            let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
            let url = format!("ldap://{address}");
            installed("slapd", "slapd");
            let mut command = installed("setpriv", "util-linux");
            command.args(["--pdeathsig", "TERM", "slapd", "-d", "0", "-f", &config, "-h", &url]);
            let mut running = Running::spawn(&mut command);
            let began = Instant::now();
            while TcpStream::connect(&address).is_err() {
                if running.ended_within(Duration::from_millis(20)).is_some() {
                    break;
                }
                assert!(began.elapsed() < PATIENCE, "slapd does not listen:\n{}", running.said());
            }
            if running.ended_within(Duration::from_millis(1)).is_none() {
                return Self { url, _running: running, _folder: folder };
            }
        }
        panic!("slapd does not start");
    }

    /// Searches as an administrator does, and pipes what is found into an import.
    fn import(&self, filter: &str, arguments: &[&str]) -> (bool, String) {
        let mut search = installed("ldapsearch", "ldap-utils");
        search.args(["-LLL", "-x", "-H", &self.url, "-b", "dc=example,dc=com", filter]);
        let mut search = search.stdout(Stdio::piped()).spawn().unwrap();
        let mut import = command();
        import.args(["directory", "import", "--ldif", "-"]).args(arguments);
        let done = import.stdin(search.stdout.take().unwrap()).output().unwrap();
        assert!(search.wait().unwrap().success());
        (done.status.success(), String::from_utf8(done.stderr).unwrap())
    }
}

#[test]
fn users_come_from_slapd_with_their_lines() {
    let slapd = Slapd::start("imported");
    let folder = Folder::new("imported");
    let people = folder.path("people.directory");
    let (good, said) = slapd.import("(objectClass=*)", &["--output", &people]);
    assert!(good, "{said}");
    assert!(said.contains(": 10 users, 10 lines, 3 devices, 10 line appearances"), "{said}");
    assert!(said.contains("standard input: 2 entries without a user ID were ignored"), "{said}");
    let (status, listed, err) = output(&["directory", "list", &people]);
    assert_eq!((status, err.as_str()), (0, ""));
    for (user, line) in ["100", "101@SEP1", "+14255550102", "103", "104@SEP4"].iter().enumerate() {
        let row = format!("user{user}  Jörg {user}  yes      ");
        let found = listed.lines().find_map(|shown| shown.strip_prefix(&row));
        // All that a user may control is shown by the line where it is all of the line.
        let line = line.split('@').next().unwrap();
        assert_eq!(found, Some(line), "{listed}");
    }
    let (_, shown, _) = output(&["directory", "show", "user4@example.com", &people]);
    assert!(shown.contains("104   +14255550104         SEP4:1  hard"), "{shown}");
    let (status, _, err) = output(&["directory", "check", &people]);
    assert_eq!(status, 0, "{err}");
}

#[test]
fn a_search_that_finds_nobody_replaces_no_directory() {
    let slapd = Slapd::start("nobody");
    let folder = Folder::new("nobody");
    let people = folder.write("people.directory", "as it was");
    let (good, said) = slapd.import("(uid=nobody)", &["--output", &people]);
    assert!(!good && said.contains("there is no user in it: nothing is written"), "{said}");
    assert_eq!(std::fs::read_to_string(&people).unwrap(), "as it was");
}

#[test]
fn attributes_of_slapd_are_named_by_keys() {
    let slapd = Slapd::start("keys");
    let folder = Folder::new("keys");
    let config = "[sip]\ntcp = [\"127.0.0.1:0\"]\n[[cti.connection]]\naddress = \"127.0.0.1:9\"\n\
        [directory.ldap]\nid = \"uid\"\nline = \"none telephoneNumber\"\n";
    let (config, people) = (folder.write("gateway.toml", config), folder.path("people.directory"));
    let (good, said) = slapd.import("(uid=*)", &["--config", &config, "--output", &people]);
    assert!(good, "{said}");
    let (_, listed, _) = output(&["directory", "list", &people]);
    assert!(listed.contains("\n7     Jörg 7  yes      +14255550107\n"), "{listed}");
}
