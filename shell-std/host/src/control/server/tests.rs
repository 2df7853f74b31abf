use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::super::ask;
use super::*;
use crate::record::console::Format;
use crate::shell::Spoken;

/// The path of a socket for one test.
fn place(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("ctigate-control-{}-{name}", std::process::id()))
}

fn console() -> Console {
    Console::new(Box::new(io::sink()), Box::new(io::sink()), Format::Logfmt, Level::Info)
}

/// Serves a socket for a machine that never answers; returns the commands it gets.
fn serve(name: &str) -> (Server, PathBuf, std::sync::mpsc::Receiver<Said>) {
    let path = place(name);
    let server = Server::new(ControlSocket::open(&path).unwrap(), &console());
    let (told, heard) = std::sync::mpsc::channel();
    let speaker = Speaker::new(move |spoken| match spoken {
        Spoken::Command(said) => told.send(said).is_ok(),
        Spoken::Asked(..) | Spoken::Persisted(..) | Spoken::Question(_) => false,
    });
    server.source().unwrap()(speaker);
    (server, path, heard)
}

fn say(path: &std::path::Path, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(path).unwrap();
    // The server may stop reading before everything is sent.
    let _ = stream.write_all(bytes);
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    // If the server did not read everything, the connection is reset.
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[test]
fn commands_are_passed_on_and_a_machine_that_is_gone_has_stopped() {
    let (_server, path, heard) = serve("commands");
    assert_eq!(ask(&path, &Request::Drain).as_deref(), Ok("stopped\n"));
    assert_eq!(ask(&path, &Request::Stop).as_deref(), Ok("stopped\n"));
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), [Said::Drain, Said::Stop]);
    let refused = ask(&path, &Request::Status).unwrap_err();
    assert!(refused.ends_with(": the gateway does not answer"), "{refused}");
}

#[test]
fn a_gateway_that_is_too_busy_to_answer_is_not_said_to_have_stopped() {
    let path = place("busy");
    let server = Server::new(ControlSocket::open(&path).unwrap(), &console());
    let (keep, kept) = std::sync::mpsc::channel();
    server.source().unwrap()(Speaker::new(move |spoken| keep.send(spoken).is_ok()));
    assert_eq!(ask(&path, &Request::Drain).as_deref(), Ok("sent, but the gateway is too busy to answer\n"));
    assert!(matches!(kept.try_recv(), Ok(Spoken::Command(Said::Drain))));
}

#[test]
fn nonsense_is_refused_and_obeyed_by_nobody() {
    let (_server, path, heard) = serve("nonsense");
    for nonsense in [&b"dance\n"[..], b"\xff\xfe\n", b"", b"status", b"STOP\n", b"stop \n", b"\n"] {
        assert!(say(&path, nonsense).starts_with("failed "), "{nonsense:?}");
    }
    say(&path, &vec![b'x'; 100_000]);
    assert_eq!(heard.try_iter().count(), 0);
}

#[test]
fn who_says_nothing_keeps_nobody_from_being_answered() {
    let (_server, path, _heard) = serve("stalled");
    let stalled: Vec<_> = (1..TALKS).map(|_| UnixStream::connect(&path).unwrap()).collect();
    assert_eq!(ask(&path, &Request::Drain).as_deref(), Ok("stopped\n"));
    drop(stalled);
}

#[test]
fn the_socket_is_its_owners_alone_and_gone_in_the_end() {
    let (server, path, _heard) = serve("mode");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    drop(server);
    assert!(!path.exists());
}

#[test]
fn a_socket_that_somebody_answers_on_is_left_alone_and_a_stale_one_is_replaced() {
    let (server, path, _heard) = serve("stale");
    let refused = ControlSocket::open(&path).map(|_| ()).unwrap_err();
    assert!(refused.contains("a program answers there"), "{refused}");
    assert!(say(&path, b"drain\n").starts_with("ok"), "it still answers");
    drop(server);
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "what a program that was killed leaves");
    drop(ControlSocket::open(&path).unwrap());
    fs::write(&path, "not a socket").unwrap();
    let refused = ControlSocket::open(&path).map(|_| ()).unwrap_err();
    assert!(refused.contains("that is not a socket"), "{refused}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "not a socket");
    fs::remove_file(&path).unwrap();
}

#[test]
fn a_path_that_another_program_has_taken_over_is_left_to_it() {
    let path = place("taken-over");
    let socket = ControlSocket::open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, "another's").unwrap();
    drop(socket);
    assert!(path.exists());
    fs::remove_file(&path).unwrap();
}
