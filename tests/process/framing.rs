//! Connections that the gateway ends: what was to be sent arrives before the end, whatever the peer still sends.

use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Instant;

use crate::office;
use crate::program::{Folder, Running};

/// How many requests come before the one that breaks the stream.
const REQUESTS: usize = 2_000;

/// A gateway with these lines in the SIP part of its configuration, and a connection to it.
fn gateway(name: &str, lines: &str) -> (Folder, Running, TcpStream) {
    let folder = Folder::new(name);
    let text = office::config_with(lines, "127.0.0.1:0", "127.0.0.1:9");
    let gateway = Running::start(&["run", "--config", &folder.write("gateway.toml", &text)], "");
    let stream = TcpStream::connect(gateway.wait_for("key=sip.tcp transport=TCP address=")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    (folder, gateway, stream)
}

/// A request with this Content-Length.
fn options(number: usize, length: &str) -> String {
    format!(
        "OPTIONS sip:gw@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK{number}\r\n\
         From: <sip:alice@example.com>;tag=1\r\nTo: <sip:gw@127.0.0.1>\r\nCall-ID: 1\r\nCSeq: {number} OPTIONS\r\n\
         Max-Forwards: 70\r\nContent-Length: {length}\r\n\r\n"
    )
}

#[test]
fn a_stream_that_breaks_gets_every_answer_and_its_400_and_no_reset() {
    let (_folder, mut gateway, mut stream) = gateway("broken", "");
    let requests: String = (1..=REQUESTS).map(|number| options(number, "0")).collect();
    let stream_behind = options(REQUESTS + 2, "0").repeat(20_000);
    let mut writer = stream.try_clone().unwrap();
    let writing = thread::spawn(move || {
        writer.write_all(requests.as_bytes()).unwrap();
        writer.write_all(options(REQUESTS + 1, "-1").as_bytes()).unwrap();
        // A peer that sends on does not know yet; the gateway may stop listening to it after a while.
        let _ = writer.write_all(stream_behind.as_bytes());
    });
    let mut answers = String::new();
    stream.read_to_string(&mut answers).expect("an end, and no reset");
    assert_eq!(answers.matches("SIP/2.0 200 OK\r\n").count(), REQUESTS);
    let (_, last) = answers.rsplit_once("SIP/2.0 ").unwrap();
    assert!(last.starts_with("400 Malformed Content-Length Header\r\n"), "{last}");
    drop(stream);
    writing.join().unwrap();
    gateway.wait_for("name=link_broken");
    gateway.signal("TERM");
    assert_eq!(gateway.end(), 0);
}

#[test]
fn partial_messages_and_silent_connections_end_in_time() {
    for (name, lines, said, notice) in [
        ("partial", "message_timeout = 1\n", "OPTIONS sip:gw@127.0.0.1 SIP/2.0\r\n", "name=link_broken"),
        ("silent", "idle_timeout = 1\n", "", "name=link_closed"),
    ] {
        let (_folder, mut gateway, mut stream) = gateway(name, lines);
        let began = Instant::now();
        stream.write_all(said.as_bytes()).unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap(), 0, "{name}");
        assert!(began.elapsed() >= Duration::from_millis(900), "{name}: {:?}", began.elapsed());
        gateway.wait_for(notice);
        gateway.signal("TERM");
        assert_eq!(gateway.end(), 0);
    }
}
