use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::super::address::NameAddress;
use super::super::framer::HeadEnd;
use super::super::session::{Refresher, SessionExpires};
use super::super::uri::{Scheme, Uri};
use super::*;

/// A sign-in as SIPE writes it.
const INVITE: &str = "INVITE sip:gw@127.0.0.1:17061 SIP/2.0\r\n\
    Via: SIP/2.0/tcp 127.0.0.1:59982\r\n\
    From: <sip:alice@example.com>;tag=624596613;epid=cf0b98dadeb9\r\n\
    To: <sip:gw@127.0.0.1:17061>\r\n\
    Max-Forwards: 70\r\n\
    CSeq: 1 INVITE\r\n\
    Call-ID: 2BA9gF2B8aF584i99C4m8CFFtF7AEb9FCDx4623x\r\n\
    Contact: <sip:alice@example.com:59982;maddr=127.0.0.1;transport=tcp>;proxy=replace\r\n\
    Supported: timer\r\n\
    Content-Disposition: signal;handling=required\r\n\
    Content-Type: application/csta+xml\r\n\
    Content-Length: 4\r\n\r\n<a/>";

/// A request with these header lines instead of the usual ones, and no body.
fn request(lines: &str) -> String {
    format!("INFO sip:gw@h SIP/2.0\r\n{lines}\r\n\r\n")
}

const ORDINARY: [&str; 5] = [
    "Via: SIP/2.0/UDP h;branch=z9hG4bK1",
    "From: <sip:a@b>;tag=1",
    "To: <sip:c@d>",
    "Call-ID: x",
    "CSeq: 7 INFO",
];

/// An ordinary request, with one line replaced.
fn with(index: usize, line: &str) -> String {
    let mut lines = ORDINARY;
    lines[index] = line;
    request(&lines.join("\r\n"))
}

/// An ordinary request, with lines added.
fn and(lines: &str) -> String {
    request(&format!("{}\r\n{lines}", ORDINARY.join("\r\n")))
}

fn parse<T>(bytes: impl AsRef<[u8]>, look: impl FnOnce(&Message<'_>) -> T) -> Result<T, ParseError> {
    let mut scratch = Scratch::new();
    Message::parse(bytes.as_ref(), &mut scratch, Limits::default()).map(|message| look(&message))
}

fn flaw(bytes: impl AsRef<[u8]>) -> Option<Flaw> {
    parse(bytes, |message| message.flaw).unwrap()
}

#[test]
fn a_sign_in_is_read_without_a_copy() {
    let mut scratch = Scratch::new();
    let message = Message::parse(INVITE.as_bytes(), &mut scratch, Limits::default()).unwrap();
    assert_eq!(message.flaw, None);
    assert_eq!(message.start, Start::Request { method: Method::Invite, uri: "sip:gw@127.0.0.1:17061" });
    assert_eq!(message.headers.len(), 11);
    let via = message.via().unwrap();
    assert_eq!((via.host, via.port, via.branch), ("127.0.0.1", Some(59982), None));
    let from = message.from().unwrap();
    assert_eq!(
        (from.uri, from.tag(), from.param("epid")),
        ("sip:alice@example.com", Some("624596613"), Some("cf0b98dadeb9"))
    );
    assert_eq!(message.to().unwrap().tag(), None);
    assert_eq!(message.cseq(), Some(CSeq { number: 1, method: Method::Invite }));
    assert_eq!(message.contact().unwrap().params, ";proxy=replace");
    assert_eq!(
        Uri::parse(message.contact().unwrap().uri).unwrap().host_port(5060),
        Some(("127.0.0.1", 59982))
    );
    assert!(message.supports("TIMER") && !message.supports("100rel"));
    assert_eq!(message.csta_body(), Some(&b"<a/>"[..]));
    assert_eq!(scratch.text.capacity(), 0);
}

#[test]
fn a_response_is_read() {
    let bytes = "SIP/2.0 200 All is well\r\nv: SIP/2.0/TCP h\r\nf: <sip:a@b>;tag=1\r\nt: <sip:c@d>;tag=2\r\ni: x\r\n\
        CSeq: 1 INVITE\r\nx: 1800;refresher=uac\r\nMin-SE: 90\r\nAllow: INVITE, INFO\r\nAllow: UPDATE\r\nl: 0\r\n\r\n";
    parse(bytes, |message| {
        assert_eq!(message.flaw, None);
        assert_eq!(message.start, Start::Response { status: 200, reason: "All is well" });
        let expires = SessionExpires { seconds: 1800, refresher: Some(Refresher::Uac) };
        assert_eq!((message.session_expires(), message.min_se()), (Some(expires), Some(90)));
        assert!(
            message.allows(Method::Update) && message.allows(Method::Info) && !message.allows(Method::Bye)
        );
    })
    .unwrap();
    let bare = parse("SIP/2.0 200\r\n\r\n", |message| (message.status(), message.method().is_none()));
    assert_eq!(bare, Ok((Some(200), true)));
}

#[test]
fn quirk_9_folded_lines_compact_names_and_odd_spacing_are_read() {
    let bytes = "INFO  sip:gw@h SIP/2.0\r\nTO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\n\
        f: \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\nl: 0\r\n\
        i  : 0ha0isndaksdj\r\ncseq: 0009\r\n  INFO\r\nv:  SIP  / 2.0\r\n  / UDP\r\n    192.0.2.2;branch=390skdjuw\r\n\
        s :\r\nNewFangledHeader:   newfangled value\r\n continued newfangled value\r\n\
        Via: SIP / 2.0 / TCP  one.example.com : 5070;branch=z9hG4bK1 , SIP/2.0/UDP two\r\n\r\n";
    parse(bytes.replacen("  ", " ", 1), |message| {
        assert_eq!(message.flaw, None);
        assert_eq!(message.to().unwrap().tag(), Some("1918181833n"));
        assert_eq!(message.from().unwrap().display(), "J Rosenberg \\\\\\\"");
        assert_eq!(message.from().unwrap().tag(), Some("98asjd8"));
        assert_eq!(message.cseq().unwrap().number, 9);
        assert_eq!(message.via().unwrap().host, "192.0.2.2");
        let vias: Vec<&str> = message.vias().collect();
        assert_eq!(vias[1..], ["SIP / 2.0 / TCP  one.example.com : 5070;branch=z9hG4bK1", "SIP/2.0/UDP two"]);
        assert_eq!(message.header(Name::Subject), Some(""));
        let folded = message.header(Name::Other("newfangledheader"));
        assert_eq!(folded, Some("newfangled value continued newfangled value"));
    })
    .unwrap();
    assert_eq!(flaw(bytes), Some(Flaw::RequestLine));
}

#[test]
fn route_values_are_kept_byte_for_byte() {
    let routes = "<sip:p@h:1;lr;ms-route-sig=aA,b>;x=\"1,2\" ,  \"a, b\" <sip:q;lr>";
    let bytes = and(&format!("Record-Route: {routes}\r\nRoute: <sip:r>\r\nRecord-Route:<sip:s>"));
    parse(bytes, |message| {
        let records: Vec<&str> = message.record_routes().collect();
        assert_eq!(records, ["<sip:p@h:1;lr;ms-route-sig=aA,b>;x=\"1,2\"", "\"a, b\" <sip:q;lr>", "<sip:s>"]);
        assert_eq!(message.routes().collect::<Vec<_>>(), ["<sip:r>"]);
        assert_eq!(NameAddress::parse(records[0]).unwrap().uri, "sip:p@h:1;lr;ms-route-sig=aA,b");
    })
    .unwrap();
}

#[test]
fn each_missing_repeated_or_malformed_header_is_named() {
    let names = [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq];
    let bad = ["Via: HTTP/1.1 h", "From: \"x <sip:a@b>", "To: nobody", "Call-ID:", "CSeq: 4294967296 INFO"];
    for (index, name) in names.into_iter().enumerate() {
        assert_eq!(flaw(with(index, "Z: y")), Some(Flaw::Missing(name)));
        assert_eq!(flaw(with(index, bad[index])), Some(Flaw::Malformed(name)));
        let repeated = flaw(and(ORDINARY[index]));
        assert_eq!(repeated, (name != Name::Via).then_some(Flaw::Repeated(name)));
    }
    for cseq in
        ["CSeq: INFO", "CSeq: -1 INFO", "CSeq: 1", "CSeq: 1 IN FO", "CSeq: x INFO", "CSeq: 2147483648 INFO"]
    {
        assert_eq!(flaw(with(4, cseq)), Some(Flaw::Malformed(Name::CSeq)), "{cseq}");
    }
    assert_eq!(flaw(with(4, "CSeq: 2147483647 INFO")), None);
    assert_eq!(flaw(with(4, "CSeq: 7 info")), Some(Flaw::CSeqMethod));
    assert_eq!(Flaw::Missing(Name::CallId).to_string(), "Missing Call-ID Header");
    assert_eq!(Flaw::CSeqMethod.status(), 400);
}

#[test]
fn with_a_flaw_the_other_headers_can_still_be_used_for_an_answer() {
    let bytes =
        and("no colon here\r\n folded behind it\r\n: nameless\r\nBad Name: 1\r\nZ: a\u{1}b\r\nY: c\rd");
    parse(bytes, |message| {
        assert_eq!(message.flaw, Some(Flaw::HeaderLine));
        assert_eq!(message.cseq().unwrap().number, 7);
        assert_eq!(message.header(Name::Other("z")), Some("a b"));
        assert_eq!(message.header(Name::Other("Y")), Some("c d"));
        assert_eq!(message.headers.len(), 7);
    })
    .unwrap();
    let mut bytes = and("Z: caf").into_bytes();
    bytes.truncate(bytes.len() - 4);
    bytes.extend_from_slice(b"\xe9\r\n\r\n");
    assert_eq!(flaw(&bytes), Some(Flaw::NotUtf8));
    assert_eq!(flaw(and("Z: caf\u{e9}")), None);
    assert_eq!(flaw(and("Z: \0")), Some(Flaw::ControlCharacter));
    assert_eq!(flaw(with(0, " Via: folded under the request line")), Some(Flaw::HeaderLine));
}

#[test]
fn a_version_other_than_2_0_is_told_apart() {
    for version in ["SIP/3.0", "SIP/2.01", "sip/1.0", "HTTP/1.1"] {
        let bytes = and("Z: \u{1}").replace("SIP/2.0\r\nVia", &format!("{version}\r\nVia"));
        assert_eq!(flaw(&bytes), Some(Flaw::Version), "{version}");
    }
    assert_eq!(Flaw::Version.status(), 505);
    assert_eq!(flaw(and("Z: y").replace("SIP/2.0\r\nVia", "sip/2.0\r\nVia")), None);
}

#[test]
fn the_body_is_cut_to_content_length_and_must_reach_it() {
    let body = |lines: &str| {
        parse(and(lines) + "0123456789", |message| (message.body.to_vec(), message.flaw)).unwrap()
    };
    assert_eq!(body("Content-Length: 4"), (b"0123".to_vec(), None));
    assert_eq!(body("Z: y"), (b"0123456789".to_vec(), None));
    assert_eq!(body("l: 11").1, Some(Flaw::BodyCut));
    for bad in ["l: -999", "l: four", "l: 1\r\nl: 2", "l:"] {
        assert_eq!(body(bad).1, Some(Flaw::Malformed(Name::ContentLength)), "{bad}");
    }
}

#[test]
fn lines_may_end_with_lf_alone_and_begin_behind_line_ends() {
    let bytes = format!("\r\n\n{}", INVITE.replace("\r\n", "\n"));
    parse(bytes, |message| {
        assert_eq!((message.flaw, message.headers.len(), message.body), (None, 11, &b"<a/>"[..]));
    })
    .unwrap();
}

#[test]
fn what_is_not_sip_is_refused() {
    for bad in [
        "hello",
        "GET / HTTP",
        "INVITE sip:a@b",
        "SIP/2.0 20 OK\r\n\r\n",
        "SIP/2.0 2000 OK\r\n\r\n",
        "SIP/2.0 999 X\r\n\r\n",
        "IN\u{e9} sip:a SIP/2.0\r\n\r\n",
        " INVITE sip:a SIP/2.0\r\n\r\n",
    ] {
        assert_eq!(parse(bad, |_| ()), Err(ParseError::StartLine), "{bad}");
    }
    for empty in ["", "\r\n\r\n", "\n"] {
        assert_eq!(parse(empty, |_| ()), Err(ParseError::Empty));
    }
    let limits = Limits { head: 100, ..Limits::default() };
    assert_eq!(Message::parse(INVITE.as_bytes(), &mut Scratch::new(), limits), Err(ParseError::TooLarge));
}

#[test]
fn headers_beyond_the_limit_are_left_out_and_blamed() {
    let lines = |count: usize| and(&(0..count).map(|n| format!("X{n}: y")).collect::<Vec<_>>().join("\r\n"));
    let read = |count, limit| {
        let limits = Limits { headers: limit, ..Limits::default() };
        let bytes = lines(count);
        let mut scratch = Scratch::new();
        let message = Message::parse(bytes.as_bytes(), &mut scratch, limits).unwrap();
        (message.headers.len(), message.flaw)
    };
    assert_eq!(read(15, 20), (20, None));
    assert_eq!(read(16, 20), (20, Some(Flaw::TooManyHeaders)));
    assert_eq!(read(123, 500), (128, None));
    assert_eq!(read(124, 500), (128, Some(Flaw::TooManyHeaders)));
}

#[test]
fn a_message_cut_anywhere_is_read_or_refused_but_never_without_a_flaw_in_its_head() {
    let head = INVITE.len() - 4;
    for end in 0..INVITE.len() {
        match parse(&INVITE.as_bytes()[..end], |message| message.flaw) {
            Ok(flaw) if end < head => assert!(flaw.is_some(), "cut at {end}"),
            Ok(flaw) => assert_eq!(flaw, Some(Flaw::BodyCut), "cut at {end}"),
            Err(error) => assert!(end <= "INVITE sip:gw@127.0.0.1:17061 SIP/".len(), "cut at {end}: {error}"),
        }
    }
}

/// The headers of a head as httparse reads them; `None` if the head needs normalizing.
fn by_httparse(head: &[u8]) -> Option<Vec<(String, String)>> {
    let mut room = [httparse::EMPTY_HEADER; 256];
    let httparse::Status::Complete((_, headers)) = httparse::parse_headers(head, &mut room).ok()? else {
        return None;
    };
    let each = headers.iter().map(|header| {
        let name = Name::from_text(header.name).text().to_ascii_lowercase();
        Some((name, core::str::from_utf8(header.value).ok()?.trim_matches([' ', '\t']).into()))
    });
    each.collect()
}

#[test]
fn a_head_is_read_in_place_just_when_httparse_can_read_it() {
    let (line, lines) = INVITE.split_at(INVITE.find("Via").unwrap());
    let mut random = 1_u64;
    let mut below = |bound: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % bound
    };
    let pieces =
        ["\n", "\r", "\r\n", " ", "\t", ":", "\u{e9}", "\0", "\x7f", "l: 4\r\n", "X#|:y\n", "\r\n\r\n", "S"];
    let (mut in_place, mut not) = (0, 0);
    for _ in 0..20_000 {
        let mut bytes = lines.as_bytes().to_vec();
        for _ in 0..=below(3) {
            let from = below(bytes.len());
            let to = from + below(3).min(bytes.len() - from);
            bytes.splice(from..to, pieces[below(pieces.len())].bytes());
        }
        if below(8) == 0 {
            let index = below(bytes.len());
            bytes[index] = 0xe9;
        }
        let end = HeadEnd::default().search(&bytes).unwrap_or(bytes.len());
        let plain = by_httparse(&bytes[..end]);
        let whole = [line.as_bytes(), &bytes[..end]].concat();
        let mut lines = Lines::new();
        let read = read_in_place(&whole, Limits::default(), &mut lines).unwrap();
        let headers = read.map(|(_, head)| {
            let headers = Headers::new(head, &lines);
            let each = headers.iter();
            each.map(|header| (header.name.text().to_ascii_lowercase(), header.value.into())).collect()
        });
        assert_eq!(headers, plain, "{}", whole.escape_ascii());
        *(if headers.is_some() { &mut in_place } else { &mut not }) += 1;
    }
    assert!(in_place > 2_000 && not > 2_000, "{in_place} were in order, {not} were not");
}

#[test]
fn headers_are_found_by_name_wherever_and_however_often_they_stand() {
    let bytes = and("X-A: 1\r\nVIA: two\r\nRoute: <a>\r\nx-b: 2\r\nv: three\r\nx-a: 3\r\nRoute:");
    parse(bytes, |message| {
        let all = |name| message.headers_named(name).collect::<Vec<_>>();
        assert_eq!(all(Name::Via), ["SIP/2.0/UDP h;branch=z9hG4bK1", "two", "three"]);
        assert_eq!(all(Name::Route), ["<a>", ""]);
        assert_eq!(all(Name::Other("X-a")), ["1", "3"]);
        assert_eq!(all(Name::CSeq), ["7 INFO"]);
        assert_eq!(all(Name::Event), [""; 0]);
        assert_eq!(message.header(Name::Other("x-B")), Some("2"));
        assert_eq!((message.header(Name::Route), message.header(Name::Event)), (Some("<a>"), None));
    })
    .unwrap();
}

#[test]
fn a_byte_changed_anywhere_is_no_reason_to_panic() {
    for index in 0..INVITE.len() {
        for byte in *b"\0\n\r\t \"<>,;:=[]@/%\x7f\x80\xff0a" {
            let mut bytes = INVITE.as_bytes().to_vec();
            bytes[index] = byte;
            let _ = parse(&bytes, |message| {
                for item in message.record_routes().chain(message.routes()).chain(message.requires()) {
                    let _ = NameAddress::parse(item);
                }
                let scheme = message.uri().and_then(Uri::parse).map(|uri| uri.scheme);
                let known = !matches!(scheme, Some(Scheme::Other(_)) | None);
                (known, message.contact().is_some(), message.csta_body().is_some(), message.min_se())
            });
        }
    }
}
