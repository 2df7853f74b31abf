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
        "time clients gateway phone system",
        "0.000000 * connecting to cti 1 (pbx:1040), link #2",
        "0.000010 * connected to cti 1 (192.0.2.9:1040), link #2",
        "0.000020 * connection from 192.0.2.2:4000, link #1",
        "1.000030 alice --- INVITE RequestSystemStatus >",
        "1.000030 --- 0001 MonitorStart > cti 1",
        "1.000040 <-- 0001 MonitorStartResponse cti 1",
        "1.000040 alice <-- 200 OK RequestSystemStatusResponse normal",
        "1.000050 bob --- OPTIONS >",
        "1.000050 bob <-- 200 OK (OPTIONS)",
        "1.000060 <-- 9999 OfferedEvent cti 1",
        "1.000070 <-- 9999 OfferedEvent cti 1",
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
        "time clients gateway phone system",
        "1.000030 alice --- INVITE RequestSystemStatus >",
        "1.000030 --- 0001 MonitorStart > cti 1",
        "1.000040 <-- 0001 MonitorStartResponse cti 1",
        "1.000040 alice <-- 200 OK RequestSystemStatusResponse normal",
        "1.000060 <-- 9999 OfferedEvent cti 1",
    ];
    for user in ["alice", "alice@h", "sip:alice@h"] {
        assert_eq!(words(&LadderOptions { user: Some(user), ..LadderOptions::default() }), alice);
    }
    let options = LadderOptions { call_id: Some("b@h"), ..LadderOptions::default() };
    let bob = [
        "time clients gateway phone system",
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
