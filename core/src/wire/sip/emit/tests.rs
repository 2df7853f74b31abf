use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::message::{Limits, Scratch, Start};
use super::*;

const BYE: &str = "BYE sip:gw@h SIP/2.0\r\nv: VIA\r\nVia: SIP/2.0/TCP p2;branch=z9hG4bK2\r\nf: \"A, B\" <sip:a@b>;tag=1\r\n\
    t: TO\r\nRecord-Route: <sip:p1;lr;sig=x>, <sip:p2>\r\nRecord-Route: <sip:p3>\r\ni: x@y\r\nCSeq: 0007   BYE\r\n\r\n";

fn reply(via: &str, to: &str, tag: Option<&str>, source: Option<&str>) -> String {
    let bytes = BYE.replace("VIA", via).replace("TO", to);
    let mut scratch = Scratch::new();
    let message = Message::parse(bytes.as_bytes(), &mut scratch, Limits::default()).unwrap();
    let mut out = Vec::new();
    reply_head(&mut out, &message, tag, source.map(|source| source.parse().unwrap()));
    String::from_utf8(out).unwrap()
}

fn top_via(via: &str, source: &str) -> String {
    let head = reply(via, "<sip:c@d>", None, Some(source));
    head.lines().next().unwrap().strip_prefix("Via: ").unwrap().into()
}

#[test]
fn a_reply_repeats_what_it_must_byte_for_byte() {
    let via = "SIP/2.0/tcp 127.0.0.1:59982";
    let rest = "Via: SIP/2.0/TCP p2;branch=z9hG4bK2\r\nFrom: \"A, B\" <sip:a@b>;tag=1\r\n";
    let end = "Call-ID: x@y\r\nCSeq: 0007   BYE\r\n";
    let expected = |to: &str| format!("Via: {via}\r\n{rest}To: {to}\r\n{end}");
    assert_eq!(reply(via, "<sip:c@d>", Some("t1"), None), expected("<sip:c@d>;tag=t1"));
    assert_eq!(
        reply(via, "sip:c@d;x=y", Some("t1"), Some("127.0.0.1:59982")),
        expected("sip:c@d;x=y;tag=t1")
    );
    assert_eq!(reply(via, "<sip:c@d>;tag=t0", Some("t1"), None), expected("<sip:c@d>;tag=t0"));
    assert_eq!(reply(via, "<sip:c@d>", None, None), expected("<sip:c@d>"));
    assert_eq!(
        reply("junk", "open <", Some("t"), Some("192.0.2.1:5")),
        format!("Via: junk\r\n{rest}To: open <\r\n{end}")
    );
}

#[test]
fn absent_headers_are_left_out() {
    let mut scratch = Scratch::new();
    let message =
        Message::parse(b"BYE sip:a SIP/2.0\r\nCSeq: 1 BYE\r\n\r\n", &mut scratch, Limits::default()).unwrap();
    let mut out = Vec::new();
    reply_head(&mut out, &message, Some("t"), None);
    assert_eq!(out, b"CSeq: 1 BYE\r\n");
}

/// RFC 3261 18.2.1: a sent-by other than the source address gets `received`.
#[test]
fn received_says_where_a_request_came_from_if_its_via_does_not() {
    assert_eq!(
        top_via("SIP/2.0/UDP 192.0.2.1:5;branch=a", "192.0.2.1:9"),
        "SIP/2.0/UDP 192.0.2.1:5;branch=a"
    );
    assert_eq!(
        top_via("SIP/2.0/UDP host ; branch=a", "192.0.2.1:9"),
        "SIP/2.0/UDP host ; branch=a;received=192.0.2.1"
    );
    assert_eq!(
        top_via("SIP/2.0/UDP 10.0.0.1;received=1.1.1.1;branch=a, SIP/2.0/UDP x", "192.0.2.1:9"),
        "SIP/2.0/UDP 10.0.0.1;branch=a;received=192.0.2.1, SIP/2.0/UDP x"
    );
    assert_eq!(
        top_via("SIP / 2.0 / UDP  h : 5 ;\tX = \"a;, b\" ; branch=a  ,SIP/2.0/UDP  x ;Y", "192.0.2.1:9"),
        "SIP / 2.0 / UDP  h : 5 ;\tX = \"a;, b\" ; branch=a;received=192.0.2.1  ,SIP/2.0/UDP  x ;Y"
    );
    assert_eq!(top_via("SIP/2.0/TCP [2001:DB8:0::1]", "[2001:db8::1]:9"), "SIP/2.0/TCP [2001:DB8:0::1]");
    assert_eq!(top_via("SIP/2.0/TCP [::2]", "[2001:db8::1]:9"), "SIP/2.0/TCP [::2];received=2001:db8::1");
    assert_eq!(top_via("SIP/2.0/TCP 192.0.2.1", "[::ffff:192.0.2.1]:9"), "SIP/2.0/TCP 192.0.2.1");
}

/// RFC 3581 4: `rport` is filled in, and `received` always goes with it.
#[test]
fn rport_is_filled_in_where_it_was_asked_for() {
    assert_eq!(
        top_via("SIP/2.0/UDP 192.0.2.1:5;rport;branch=a", "192.0.2.1:9"),
        "SIP/2.0/UDP 192.0.2.1:5;rport=9;branch=a;received=192.0.2.1"
    );
    assert_eq!(
        top_via("SIP/2.0/UDP h;branch=a; RPORT=1", "192.0.2.1:9"),
        "SIP/2.0/UDP h;branch=a; rport=9;received=192.0.2.1"
    );
}

#[test]
fn record_routes_are_copied_in_order() {
    let mut scratch = Scratch::new();
    let message = Message::parse(BYE.as_bytes(), &mut scratch, Limits::default()).unwrap();
    let mut out = Vec::new();
    record_routes(&mut out, &message);
    assert_eq!(out, b"Record-Route: <sip:p1;lr;sig=x>, <sip:p2>\r\nRecord-Route: <sip:p3>\r\n");
}

#[test]
fn a_csta_body_comes_with_its_three_headers() {
    let mut out = Vec::new();
    response(
        &mut out,
        200,
        "",
        b"CSeq: 1 INFO\r\n",
        &[("Retry-After", &5)],
        Some((media::CSTA_XML, b"<a/>")),
    );
    let expected: &[u8] = b"SIP/2.0 200 OK\r\nCSeq: 1 INFO\r\nRetry-After: 5\r\n\
        Content-Disposition: signal;handling=required\r\nContent-Type: application/csta+xml\r\nContent-Length: 4\r\n\r\n<a/>";
    assert_eq!(out, expected);
}

#[test]
fn quirk_4_an_empty_body_has_no_content_type() {
    for body in [None, Some((media::CSTA_XML, &b""[..]))] {
        let mut out = Vec::new();
        request(&mut out, Method::Bye, "sip:a", b"", &[], body);
        assert_eq!(out, b"BYE sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n");
    }
}

#[test]
fn no_value_can_end_its_line() {
    let mut out = Vec::new();
    response(&mut out, 400, "Bad\r\nX: y", b"", &[("Warning", &"a\nb\rc")], None);
    assert_eq!(out, b"SIP/2.0 400 Bad  X: y\r\nWarning: a b c\r\nContent-Length: 0\r\n\r\n");
}

/// Writes a message from the parts it was read into.
fn emit(message: &Message<'_>) -> Vec<u8> {
    let mut head = Vec::new();
    for line in message.headers.iter() {
        header(&mut head, line.name.text(), &line.value);
    }
    let mut out = Vec::new();
    match message.start {
        Start::Request { method, uri } => {
            push_formatted(&mut out, format_args!("{method} {uri} SIP/2.0\r\n"));
        }
        Start::Response { status, reason } => {
            push_formatted(&mut out, format_args!("SIP/2.0 {status} {reason}\r\n"));
        }
    }
    out.extend_from_slice(&head);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(message.body);
    out
}

/// Builds messages of many shapes, one for each number.
fn generate(mut number: usize) -> Vec<u8> {
    let mut pick = |words: &[&'static str]| {
        let word = words[number % words.len()];
        number /= words.len();
        word
    };
    let mut head = Vec::new();
    header(
        &mut head,
        pick(&["Via", "v"]),
        &pick(&["SIP/2.0/TCP h:1;branch=z9hG4bK7", "SIP/2.0/udp [::1], SIP/2.0/UDP x"]),
    );
    header(
        &mut head,
        "From",
        &pick(&["<sip:a@b>;tag=1", "\"A \\\" , B\" <tel:1;ext=2>;epid=3;tag=x", "sip:a@b;tag=2"]),
    );
    header(&mut head, "To", &pick(&["<sip:a@b>", "tel:1001;tag=z"]));
    header(&mut head, "Call-ID", &"x@y");
    let method = pick(&["INVITE", "INFO", "REFER"]);
    header(&mut head, "CSeq", &format_args!("{} {method}", pick(&["1", "2147483647"])));
    let more: (&str, &dyn Display) =
        (pick(&["X-Empty", "k", "Session-Expires"]), &pick(&["", "90;refresher=uas"]));
    let body = pick(&["", "<a/>", "\r\n\r\n"]);
    let body = Some((pick(&[media::CSTA_XML, "text/plain"]), body.as_bytes()));
    let mut out = Vec::new();
    match pick(&["request", "response"]) {
        "request" => request(&mut out, Method::from_name(method), "sip:gw@h;x=y", &head, &[more], body),
        _ => response(&mut out, 481, "", &head, &[more], body),
    }
    out
}

#[test]
fn parsing_what_was_written_gives_what_was_written_from() {
    for number in 0..3_456 {
        let bytes = generate(number);
        let (mut one, mut two) = (Scratch::new(), Scratch::new());
        let read = Message::parse(&bytes, &mut one, Limits::default()).unwrap();
        assert_eq!(read.flaw, None, "{}", String::from_utf8_lossy(&bytes));
        let written = emit(&read);
        assert_eq!(Message::parse(&written, &mut two, Limits::default()), Ok(read));
    }
}
