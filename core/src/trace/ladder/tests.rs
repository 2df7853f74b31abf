use super::*;
use alloc::format;

/// A hand-written run of a gateway; a ladder does not depend on the machine.
fn trace() -> String {
    let frame = |invoke: &str, document: &str| {
        let length = u8::try_from(document.len() + 8).unwrap();
        format!("\\x00\\x00\\x00\\x{length:02x}{invoke}{document}")
    };
    let request = |method: &str, user: &str, call: &str, body: &str| {
        let length = body.len();
        format!(
            "| {method} sip:gw@h SIP/2.0\n| Via: SIP/2.0/TCP h\n| From: \"{user}\" <sip:{user}@h>;tag=1\n\
             | To: <sip:gw@h>\n| Call-ID: {call}\n| CSeq: 1 {method}\n| Content-Type: application/csta+xml\n\
             | Content-Length: {length}\n|\n| {body}\n"
        )
    };
    let answer = |method: &str, user: &str, call: &str, body: &str| {
        request(method, user, call, body).replace(&format!("{method} sip:gw@h SIP/2.0"), "SIP/2.0 200 OK")
    };
    let ask = "<RequestSystemStatus/>";
    let normal =
        "<RequestSystemStatusResponse><systemStatus>normal</systemStatus></RequestSystemStatusResponse>";
    let monitor = "<MonitorStartResponse><monitorCrossRefID>m1</monitorCrossRefID></MonitorStartResponse>";
    let event = |reference: &str| {
        format!("<OfferedEvent><monitorCrossRefID>{reference}</monitorCrossRefID></OfferedEvent>")
    };
    format!(
        "ctigate trace 2\nmachine gateway\nseed {}\nsetting cti.connection[0].address = \"pbx:1040\"\nsegment 1\n\n\
         @0 tick\n> connect #2 pbx:1040\n\n\
         @10 opened #2 peer 192.0.2.9:1040 local 192.0.2.1:9\n\n\
         @20 opened #1 peer 192.0.2.2:4000 local 192.0.2.1:5060 listener 0\n\n\
         @1000030 bytes #1\n{}> write #2\n| {}\n\n\
         @1000040 bytes #2\n| {}\n> write #1\n{}\n\
         @1000050 bytes #1\n{}> write #1\n{}\n\
         @1000060 bytes #2\n| {}\n\n@1000070 bytes #2\n| {}\n\n\
         @1000080 closed #1 broken\n> notify info hidden\n> notify warn told why=x\n\nend\n",
        "00".repeat(32),
        request("INVITE", "alice", "a@h", ask),
        frame("0001", "<MonitorStart/>"),
        frame("0001", monitor),
        answer("INVITE", "alice", "a@h", normal),
        request("OPTIONS", "bob", "b@h", "").replace("| Content-Type: application/csta+xml\n", ""),
        answer("OPTIONS", "bob", "b@h", "").replace("| Content-Type: application/csta+xml\n", ""),
        frame("9999", &event("m1")),
        frame("9999", &event("m2")),
    )
}

fn draw(options: &LadderOptions<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    ladder(&[trace().as_bytes()], options, &mut |line| lines.push(line.into())).unwrap();
    lines
}

/// The lines with short arrows, for readable tests.
fn words(options: &LadderOptions<'_>) -> Vec<String> {
    let squeeze = |line: &String| {
        let words: Vec<_> = line.split([' ', '|']).filter(|word| !word.is_empty()).collect();
        let words =
            words.iter().map(|word| if word.contains("----") { word.trim_matches('-') } else { word });
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    };
    draw(options).iter().map(squeeze).collect()
}

#[test]
fn a_ladder_shows_who_says_what_to_whom() {
    let expected = [
        "offset clients gateway phone system",
        "0.000000 * connecting to pbx:1040 (pbx:1040), link #2",
        "0.000010 * connected to pbx:1040 (192.0.2.9:1040), link #2",
        "0.000020 * connection from 192.0.2.2:4000, link #1",
        "1.000030 alice --- INVITE RequestSystemStatus >",
        "1.000030 --- 0001 MonitorStart > pbx:1040",
        "1.000040 <-- 0001 MonitorStartResponse pbx:1040",
        "1.000040 alice <-- 200 OK RequestSystemStatusResponse normal",
        "1.000050 bob --- OPTIONS >",
        "1.000050 bob <-- 200 OK (OPTIONS)",
        "1.000060 <-- 9999 OfferedEvent pbx:1040",
        "1.000070 <-- 9999 OfferedEvent pbx:1040",
        "1.000080 * connection to 192.0.2.2:4000 closed, link #1 (broken)",
        "1.000080 * warn told why=x",
    ];
    assert_eq!(words(&LadderOptions::default()), expected);
}

#[test]
fn lanes_stand_below_each_other() {
    let lines = draw(&LadderOptions::default());
    let arrows = lines.iter().filter(|line| line.matches('|').count() == 3);
    let bars = |line: &String| -> Vec<usize> {
        line.chars().enumerate().filter(|(_, character)| *character == '|').map(|(index, _)| index).collect()
    };
    let indexes: BTreeSet<_> = arrows.map(bars).collect();
    assert_eq!(indexes.len(), 1, "{lines:#?}");
}

#[test]
fn a_filter_shows_one_users_dialogs_and_what_the_phone_system_has_to_do_with_them() {
    let alice = [
        "offset clients gateway phone system",
        "1.000030 alice --- INVITE RequestSystemStatus >",
        "1.000030 --- 0001 MonitorStart > pbx:1040",
        "1.000040 <-- 0001 MonitorStartResponse pbx:1040",
        "1.000040 alice <-- 200 OK RequestSystemStatusResponse normal",
        "1.000060 <-- 9999 OfferedEvent pbx:1040",
    ];
    for user in ["alice", "alice@h", "sip:alice@h"] {
        assert_eq!(words(&LadderOptions { user: Some(user), ..LadderOptions::default() }), alice);
    }
    let options = LadderOptions { call_id: Some("b@h"), ..LadderOptions::default() };
    let bob = [
        "offset clients gateway phone system",
        "1.000050 bob --- OPTIONS >",
        "1.000050 bob <-- 200 OK (OPTIONS)",
    ];
    assert_eq!(words(&options), bob);
    let both = LadderOptions { user: Some("alice"), ..options };
    assert_eq!(words(&both).len(), 1);
}

#[test]
fn every_byte_can_be_shown_below_its_message() {
    let lines = draw(&LadderOptions { wire: true, ..LadderOptions::default() });
    let at = lines.iter().position(|line| line.contains("INVITE RequestSystemStatus")).unwrap();
    assert_eq!(lines[at + 1].trim(), "| INVITE sip:gw@h SIP/2.0");
    assert_eq!(lines[at + 10].trim(), "| <RequestSystemStatus/>");
}

#[test]
fn bytes_that_are_no_message_are_called_so() {
    let trace = trace().replace("| OPTIONS sip:gw@h SIP/2.0", "| Nonsense");
    let mut lines = Vec::new();
    ladder(&[trace.as_bytes()], &LadderOptions::default(), &mut |line| lines.push(String::from(line)))
        .unwrap();
    assert!(lines.iter().any(|line| line.contains("(no SIP)")), "{lines:#?}");
}

/// A run with a clock, in which alice, whose line is 1001, and bob, whose line is 1002, sign in, and alice calls bob.
fn call() -> String {
    let frame = |invoke: &str, document: &str| {
        let length = document.len() + 8;
        format!("| \\x00\\x00\\x{:02x}\\x{:02x}{invoke}{document}\n", length / 256, length % 256)
    };
    let request = |method: &str, user: &str, body: &str| {
        format!(
            "| {method} sip:gw@h SIP/2.0\n| Via: SIP/2.0/TCP h\n| From: <sip:{user}@h>;tag=1\n| To: <sip:gw@h>\n\
             | Call-ID: {user}-call\n| CSeq: 1 {method}\n| Content-Type: application/csta+xml\n\
             | Content-Length: {}\n|\n| {body}\n",
            body.len()
        )
    };
    let sign_in = |line: &str| {
        format!(
            "<RequestSystemStatus><extensions><privateData><private><line>tel:{line};phone-context=dialstring</line>\
             </private></privateData></extensions></RequestSystemStatus>"
        )
    };
    let start =
        "<MonitorStart><monitorObject><deviceObject>1001</deviceObject></monitorObject></MonitorStart>";
    let started = "<MonitorStartResponse><monitorCrossRefID>m1</monitorCrossRefID></MonitorStartResponse>";
    let dial = |scheme: &str| {
        format!(
            "<MakeCall><callingDevice>{scheme}1001</callingDevice>\
             <calledDirectoryNumber>{scheme}1002</calledDirectoryNumber></MakeCall>"
        )
    };
    let refused =
        "<CSTAErrorCode><stateIncompatibility>invalidDeviceState</stateIncompatibility></CSTAErrorCode>";
    let event = "<DeliveredEvent><monitorCrossRefID>m1</monitorCrossRefID><connection><callID>77</callID>\
                 <deviceID>1002</deviceID></connection><callingDevice><deviceIdentifier>1001</deviceIdentifier>\
                 </callingDevice><calledDevice><deviceIdentifier>1002</deviceIdentifier></calledDevice>\
                 <cause>transfer</cause></DeliveredEvent>";
    let answer = request("INFO", "alice", refused).replace("INFO sip:gw@h SIP/2.0", "SIP/2.0 200 OK");
    format!(
        "ctigate trace 2\nmachine gateway\nseed {}\nsetting cti.connection[0].address = \"pbx:1040\"\n\
         setting cti.connection[0].name = \"pbx1\"\nsegment 1\n\n\
         @0 tick\n> connect #2 pbx:1040\n\n@10 opened #2 peer 192.0.2.9:1040 local 192.0.2.1:9\n\n\
         @20 clock 1735689599000020\n\n@30 opened #1 peer 192.0.2.2:4000 local 192.0.2.1:5060 listener 0\n\n\
         @500000 bytes #1\n{}\n@600000 bytes #1\n{}\n@700000 tick\n> write #2\n{}\n@800000 bytes #2\n{}\n\
         @1500000 bytes #1\n{}> write #2\n{}\n@1600000 bytes #2\n{}> write #1\n{}\n@2000000 bytes #2\n{}\nend\n",
        "00".repeat(32),
        request("INVITE", "alice", &sign_in("1001")),
        request("INVITE", "bob", &sign_in("1002")),
        frame("0001", start),
        frame("0001", started),
        request("INFO", "alice", &dial("tel:")),
        frame("0002", &dial("")),
        frame("0002", refused),
        answer,
        frame("9999", event),
    )
}

fn drawn(options: &LadderOptions<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    ladder(&[call().as_bytes()], options, &mut |line| lines.push(line.into())).unwrap();
    lines
}

#[test]
fn a_row_tells_who_calls_whom_the_call_and_the_full_error() {
    let text = drawn(&LadderOptions { width: 300, ..LadderOptions::default() }).join("\n");
    for row in [
        "--- INFO MakeCall 1001 \u{2192} 1002 -",
        "--- 0002 MakeCall 1001 \u{2192} 1002 -",
        "<-- 0002 CSTAErrorCode stateIncompatibility/invalidDeviceState -",
        "<-- 200 OK CSTAErrorCode stateIncompatibility/invalidDeviceState -",
        "<-- 9999 DeliveredEvent 1001 \u{2192} 1002 call 77 (transfer) -",
        "--- 0001 MonitorStart at 1001 -",
        "| pbx1",
    ] {
        assert!(text.contains(row), "{row} is not in:\n{text}");
    }
}

#[test]
fn the_local_time_stands_beside_the_offset_and_the_date_where_it_changes() {
    let winter = |unix: u64| if unix < 1_735_689_600 { 3_600 } else { -5_400 };
    let options = LadderOptions { ahead: Some(&winter), ..LadderOptions::default() };
    let lines = drawn(&options);
    assert!(lines[0].starts_with("local time        offset clients"), "{}", lines[0]);
    let times: Vec<&str> = lines[1..].iter().map(|line| line.get(..24).unwrap_or(line)).collect();
    let expected = [
        "2025-01-01 (UTC+01:00)",
        "00:59:59.000    0.000000",
        "00:59:59.000    0.000010",
        "00:59:59.000    0.000030",
        "00:59:59.500    0.500000",
        "00:59:59.600    0.600000",
        "00:59:59.700    0.700000",
        "00:59:59.800    0.800000",
        "2024-12-31 (UTC-01:30)",
        "22:30:00.500    1.500000",
        "22:30:00.500    1.500000",
    ];
    assert_eq!(times[..expected.len()], expected);
    assert!(drawn(&LadderOptions::default())[0].starts_with("UTC "));
}

#[test]
fn a_line_is_its_dialogs_and_what_the_phone_system_has_to_do_with_them() {
    for line in ["1001", "tel:1001;phone-context=dialstring"] {
        let text =
            drawn(&LadderOptions { line: Some(line), width: 300, ..LadderOptions::default() }).join("\n");
        for row in
            ["alice", "INFO MakeCall", "0001 MonitorStart at", "MonitorStartResponse", "DeliveredEvent"]
        {
            assert!(text.contains(row), "{row} of {line} is not in:\n{text}");
        }
        assert!(!text.contains("bob") && !text.contains("connecting"), "{text}");
    }
    let others = drawn(&LadderOptions { line: Some("1002"), ..LadderOptions::default() }).join("\n");
    assert!(others.contains("bob") && !others.contains("alice") && !others.contains("pbx1"), "{others}");
    let nobody = drawn(&LadderOptions { line: Some("1003"), ..LadderOptions::default() });
    assert_eq!(nobody.len(), 1, "{nobody:?}");
}

#[test]
fn a_time_span_is_drawn_alone_and_what_came_before_it_still_counts() {
    let from = Moment::Offset(Instant::from_micros(1_600_000));
    let lines = drawn(&LadderOptions { line: Some("1001"), since: Some(from), ..LadderOptions::default() });
    let text = lines.join("\n");
    assert!(text.contains("9999 DeliveredEvent") && text.contains("0002 CSTAErrorCode"), "{text}");
    assert!(!text.contains("MakeCall"), "{text}");
    let (since, until) = (Moment::Unix(1_735_689_599_500_000), Moment::Unix(1_735_689_599_600_000));
    let options = LadderOptions { since: Some(since), until: Some(until), ..LadderOptions::default() };
    let text = drawn(&options).join("\n");
    assert!(text.contains("alice") && !text.contains("bob") && !text.contains("connecting"), "{text}");
    assert_eq!(began(&[call().as_bytes()]).unwrap(), Some(1_735_689_599_000_000));
    assert_eq!(began(&[trace().as_bytes()]).unwrap(), None);
}

#[test]
fn lines_are_as_wide_as_the_terminal_or_as_is_usual() {
    let widest = |width: usize| {
        let lines = drawn(&LadderOptions { width, ..LadderOptions::default() });
        let rows = lines.iter().skip(1).filter(|line| !line.contains("* ") && !line.contains("(UTC"));
        rows.map(|line| line.chars().count()).max().unwrap()
    };
    assert!((155..=160).contains(&widest(0)), "{}", widest(0));
    for width in [80, 100, 120, 132, 200, 300] {
        assert!(widest(width) <= width, "{} of {width}", widest(width));
    }
    assert!(widest(200) > 190, "{}", widest(200));
    let narrow = drawn(&LadderOptions { width: 80, ..LadderOptions::default() }).join("\n");
    assert!(narrow.contains("pbx1         <-- 0002 MakeCall 1001 \u{2192} 1002\n"), "{narrow}");
    assert!(narrow.contains("alice        --> INFO MakeCall 1001 \u{2192} 1002\n"), "{narrow}");
}
