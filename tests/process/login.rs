//! A phone system that wants a login: the password reaches it, and nothing else.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::Command;

use crate::command;
use crate::program::{Folder, Running, output};

const PASSWORD: &str = "a&\u{2039}\"\u{fc}";
const ESCAPED: &str = "a&amp;\u{2039}&quot;\u{fc}";
/// The password as a log quotes it.
const QUOTED: &str = "a&\u{2039}\\\"\u{fc}";
/// The password in base64 (RFC 4648, 4).
const BASE64: &str = "YSbigLkiw7w=";

/// The environment variable with the password.
const VARIABLE: &str = "CTIGATE_TEST_PASSWORD";

/// A file with the password, and the line of a configuration that names it.
fn in_file(folder: &Folder, mode: u32) -> String {
    let password = folder.write("password", &format!("{PASSWORD}\n"));
    fs::set_permissions(&password, fs::Permissions::from_mode(mode)).unwrap();
    format!("password_file = \"{password}\"")
}

/// A configuration with a login over a connection to `cti`, with the password where the line `place` says.
fn configured(folder: &Folder, cti: &str, place: &str) -> String {
    let text = format!(
        "[sip]\ntcp = [\"127.0.0.1:0\"]\n[log]\nlevel = \"debug\"\n[control]\nsocket = \"{}\"\n\
         [[cti.connection]]\naddress = \"{cti}\"\nlogin = \"avaya\"\nuser = \"cti & co\"\n\
         protocol = \"ed3/priv5 ed3/priv4\"\n{place}\n",
        folder.path("control.sock")
    );
    folder.write("gateway.toml", &text)
}

/// Reads one frame: its invoke ID and document.
fn frame(stream: &mut TcpStream) -> (String, String) {
    let mut head = [0; 8];
    stream.read_exact(&mut head).unwrap();
    let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
    let mut document = vec![0; length - 8];
    stream.read_exact(&mut document).unwrap();
    (String::from_utf8(head[4..].to_vec()).unwrap(), String::from_utf8(document).unwrap())
}

fn say(stream: &mut TcpStream, invoke: &str, document: &str) {
    let length = u16::try_from(document.len() + 8).unwrap();
    let frame = [&[0, 0], &length.to_be_bytes()[..], invoke.as_bytes(), document.as_bytes()].concat();
    stream.write_all(&frame).unwrap();
}

/// All that a run said and wrote, but for the password file.
fn written(folder: &Folder) -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(folder.text()).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.is_file() && !path.ends_with("password"));
    files.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect()
}

#[test]
fn a_password_reaches_the_phone_system_and_nothing_else() {
    let folder = Folder::new("login");
    let place = in_file(&folder, 0o600);
    reaches_the_phone_system_only(&folder, &place, &mut command());
}

#[test]
fn a_password_of_the_environment_reaches_the_phone_system_and_nothing_else() {
    let folder = Folder::new("login-env");
    let place = format!("password_env = \"{VARIABLE}\"");
    reaches_the_phone_system_only(&folder, &place, command().env(VARIABLE, PASSWORD));
}

/// Runs the gateway by this command.
fn reaches_the_phone_system_only(folder: &Folder, place: &str, command: &mut Command) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let file = configured(folder, &listener.local_addr().unwrap().to_string(), place);
    let gateway = Running::spawn(command.args(["run", "--config", &file, "--record", folder.text()]));
    let (mut stream, _) = listener.accept().unwrap();

    let (invoke, document) = frame(&mut stream);
    let namespace = "http://www.ecma-international.org/standards/ecma-323/csta";
    for part in [
        "<SessionLoginInfo xmlns=\"http://www.avaya.com/csta\"><userName>cti &amp; co</userName>".to_owned(),
        format!("<password>{ESCAPED}</password>"),
        format!("<protocolVersion>{namespace}/ed3/priv5</protocolVersion>"),
        format!("<protocolVersion>{namespace}/ed3/priv4</protocolVersion>"),
    ] {
        assert!(document.contains(&part), "{part} in {document}");
    }
    let session = "http://www.ecma-international.org/standards/ecma-354/appl_session";
    let opened = format!(
        "<StartApplicationSessionPosResponse xmlns=\"{session}\"><sessionID>1</sessionID>\
         <actualProtocolVersion>{namespace}/ed3/priv5</actualProtocolVersion>\
         <actualSessionDuration>180</actualSessionDuration></StartApplicationSessionPosResponse>"
    );
    say(&mut stream, &invoke, &opened);
    let (invoke, _) = frame(&mut stream);
    let refused =
        format!("<CSTAErrorCode xmlns=\"{namespace}/ed3\"><operation>generic</operation></CSTAErrorCode>");
    say(&mut stream, &invoke, &refused);
    gateway.wait_for("name=cti_in_service");

    let limits = fs::read_to_string(format!("/proc/{}/limits", gateway.id())).unwrap();
    // What the environment holds is the system administrator's alone to see.
    let environment = fs::metadata(format!("/proc/{}/environ", gateway.id())).unwrap();
    assert_eq!(environment.uid(), 0);
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert!(core.split_whitespace().any(|word| word == "0"), "{core}");

    let (_, status, _) = output(&["ctl", "status", "--socket", &folder.path("control.sock")]);
    let mut gateway = gateway;
    gateway.signal("TERM");
    gateway.end_within(core::time::Duration::from_secs(15));
    folder.write("said", &gateway.said());
    folder.write("status", &status);
    let trace = folder.only("trace");
    assert_eq!(output(&["replay", &trace]).0, 0);
    let (_, ladder, _) = output(&["trace", "ladder", "--wire", &trace]);
    assert!(ladder.contains("<password></password>"), "{ladder}");
    folder.write("ladder", &ladder);
    for (name, bytes) in written(folder) {
        for secret in [PASSWORD, ESCAPED, QUOTED, BASE64] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "the password is in {name}");
        }
    }
}

#[test]
fn a_password_file_that_everybody_can_read_is_refused_by_check_and_run() {
    let folder = Folder::new("open-password");
    let file = configured(&folder, "127.0.0.1:1", &in_file(&folder, 0o644));
    for command in ["check", "run"] {
        let (status, out, err) = output(&[command, "--config", &file]);
        assert_eq!(status, 1, "{out}{err}");
        assert!(err.contains("everybody has access to it (mode 0644); chmod o-rwx"), "{err}");
    }
}

#[test]
fn a_variable_without_a_password_is_refused_by_check_and_run() {
    let folder = Folder::new("no-variable");
    let file = configured(&folder, "127.0.0.1:1", &format!("password_env = \"{VARIABLE}\""));
    let key = format!("cti.connection[0].password_env = \"{VARIABLE}\"");
    for (value, why) in [
        (None, "there is no such environment variable"),
        (Some(""), "the environment variable is empty"),
        (Some("hidden\nhidden"), "must be a password of 1 to 1024 bytes on one line"),
    ] {
        for word in ["check", "run"] {
            let mut started = command();
            started.args([word, "--config", &file]).env_remove(VARIABLE);
            started.envs(value.map(|value| (VARIABLE, value)));
            let ended = started.output().unwrap();
            let said = String::from_utf8([ended.stdout, ended.stderr].concat()).unwrap();
            assert_eq!(ended.status.code(), Some(1), "{said}");
            assert!(said.contains(&format!("{key}: {why}")), "{said}");
            assert!(!said.contains("hidden"), "{said}");
        }
    }
}
