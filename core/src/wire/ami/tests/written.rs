//! What is written, and what cannot be.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::value::LONGEST_LINE;
use super::super::write::{Direction, Place, login};
use super::super::*;

const IDS: ActionIds = ActionIds::new(0x0123_4567_89ab_cdef);

fn token(text: &str) -> Token<'_> {
    Token::new(text).unwrap()
}

fn value(text: &str) -> Value<'_> {
    Value::new(text).unwrap()
}

fn place(exten: &str) -> Place<'_> {
    Place { context: token("internal"), exten: token(exten) }
}

/// The lines of an action behind its name and its ID.
#[track_caller]
fn lines(action: &Action<'_>) -> Vec<String> {
    let mut out = b"before".to_vec();
    action.write(IDS, 7, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let begin = format!("beforeAction: {}\r\nActionID: 0123456789abcdef-7\r\n", action.row().name);
    let rest = text.strip_prefix(&begin).unwrap().strip_suffix("\r\n").unwrap();
    rest.split_terminator("\r\n").map(String::from).collect()
}

/// What an action is, and its lines.
type Case<'a> = (Action<'a>, &'a [&'a str]);

#[track_caller]
fn assert_lines(cases: &[Case<'_>]) {
    for (action, expected) in cases {
        assert_eq!(lines(action), *expected, "{action:?}");
    }
}

#[test]
fn actions_of_a_session_are_written_line_by_line() {
    assert_lines(&[
        (Action::Challenge, &["AuthType: MD5"]),
        (Action::Ping, &[]),
        (Action::Probe(Action::Logoff.row()), &[]),
        (Action::Logoff, &[]),
        (Action::Events { mask: "call,user" }, &["EventMask: call,user"]),
    ]);
}

#[test]
fn a_call_is_originated_line_by_line() {
    let variables = [
        Variable { name: "CONNECTEDLINE(num)", value: value("1002") },
        Variable { name: "CONNECTEDLINE(name)", value: value("Becker, Bernd") },
    ];
    let (channel, channel_id, timeout) = (token("PJSIP/1001"), token("gw-1"), 30_000);
    let originate =
        Action::Originate { channel, to: place("1002"), channel_id, timeout, variables: &variables };
    assert_lines(&[(
        originate,
        &[
            "Channel: PJSIP/1001",
            "Context: internal",
            "Exten: 1002",
            "Priority: 1",
            "Timeout: 30000",
            "ChannelId: gw-1",
            "Async: true",
            "Variable: CONNECTEDLINE(num)=1002",
            "Variable: CONNECTEDLINE(name)=Becker\\, Bernd",
        ],
    )]);
}

#[test]
fn actions_on_channels_are_written_line_by_line() {
    let channel = token("PJSIP/1002-0000001f");
    let extra = Some((token("PJSIP/1003-1"), place("8001")));
    assert_lines(&[
        (Action::Hangup { channel, cause: None }, &["Channel: PJSIP/1002-0000001f"]),
        (Action::Hangup { channel, cause: Some(17) }, &["Channel: PJSIP/1002-0000001f", "Cause: 17"]),
        (
            Action::Redirect { channel, to: place("1003"), extra: None },
            &["Channel: PJSIP/1002-0000001f", "Context: internal", "Exten: 1003", "Priority: 1"],
        ),
        (
            Action::Redirect { channel, to: place("8000"), extra },
            &[
                "Channel: PJSIP/1002-0000001f",
                "Context: internal",
                "Exten: 8000",
                "Priority: 1",
                "ExtraChannel: PJSIP/1003-1",
                "ExtraContext: internal",
                "ExtraExten: 8001",
                "ExtraPriority: 1",
            ],
        ),
        (
            Action::BlindTransfer { channel, to: place("1003") },
            &["Channel: PJSIP/1002-0000001f", "Context: internal", "Exten: 1003"],
        ),
        (
            Action::Bridge { one: channel, other: token("PJSIP/1003-1") },
            &["Channel1: PJSIP/1002-0000001f", "Channel2: PJSIP/1003-1", "Tone: no"],
        ),
        (
            Action::PjsipNotify { channel, variables: &[Variable { name: "Event", value: value("talk") }] },
            &["Channel: PJSIP/1002-0000001f", "Variable: Event=talk"],
        ),
        (
            Action::PlayDtmf { channel, digit: token("#"), duration: Some(120), receive: true },
            &["Channel: PJSIP/1002-0000001f", "Digit: #", "Duration: 120", "Receive: true"],
        ),
        (Action::Park { channel, announce: None }, &["Channel: PJSIP/1002-0000001f"]),
    ]);
}

#[test]
fn actions_on_states_are_written_line_by_line() {
    let channel = token("PJSIP/1002-0000001f");
    let (family, key) = (token("CF"), token("1001"));
    assert_lines(&[
        (
            Action::MuteAudio { channel, direction: Direction::In, is_on: true },
            &["Channel: PJSIP/1002-0000001f", "Direction: in", "State: on"],
        ),
        (Action::DbGet { family, key }, &["Family: CF", "Key: 1001"]),
        (Action::DbGetTree { family }, &["Family: CF"]),
        (Action::DbPut { family, key, value: value("a b") }, &["Family: CF", "Key: 1001", "Val: a b"]),
        (Action::DbDel { family, key }, &["Family: CF", "Key: 1001"]),
        (
            Action::Status { channel: None, variables: "CHANNEL(onhold),CHANNEL(endpoint)" },
            &["Variables: CHANNEL(onhold),CHANNEL(endpoint)"],
        ),
        (
            Action::Getvar { channel: Some(channel), variable: "PJSIP_HEADER(read,Allow-Events)" },
            &["Channel: PJSIP/1002-0000001f", "Variable: PJSIP_HEADER(read,Allow-Events)"],
        ),
        (Action::BridgeInfo { bridge: token("87e4-a6") }, &["BridgeUniqueid: 87e4-a6"]),
        (Action::ConfbridgeList { conference: token("8001") }, &["Conference: 8001"]),
        (Action::MailboxCount { mailbox: token("1901@default") }, &["Mailbox: 1901@default"]),
        (Action::CoreShowChannels, &[]),
    ]);
}

#[test]
fn a_login_tells_where_its_key_belongs() {
    let mut out = b"before".to_vec();
    let at = login(value("ctigate"), "call,user", IDS, 2, &mut out).unwrap();
    let (before, after) = out.split_at(at);
    assert!(before.ends_with(b"Username: ctigate\r\nEvents: call,user\r\nKey: "));
    assert_eq!(after, b"\r\n\r\n");
}

#[test]
fn what_would_be_another_line_or_syntax_is_no_value() {
    for (text, character) in
        [("1\r\nX: y", '\r'), ("1\nX", '\n'), ("\0", '\0'), ("\u{85}", '\u{85}'), ("\u{7f}", '\u{7f}')]
    {
        assert_eq!(Value::new(text), Err(Unwritable::Character(character)));
        assert_eq!(Token::new(text), Err(Unwritable::Character(character)));
    }
    for harmless in ["", "1001", "Becker, Bernd & ${X}", "\u{5c71}\u{7530}"] {
        assert_eq!(Value::new(harmless).map(Value::as_str), Ok(harmless));
    }
    for character in
        ['&', ',', '$', '{', '}', '(', ')', '[', ']', '\\', '"', '\'', ' ', '=', '|', '<', '>', '%', '?']
    {
        assert_eq!(Token::new(&format!("1{character}2")), Err(Unwritable::Character(character)));
    }
    for harmless in
        ["+49305551002", "*72#", "PJSIP/D\u{f6}rte_1-0000001f", "Local/2001@internal-00000001;1", "a.b:c"]
    {
        assert_eq!(Token::new(harmless).map(Token::as_str), Ok(harmless));
    }
    assert_eq!(Token::new(""), Err(Unwritable::Empty));
}

/// Reads variables as Asterisk does: commas divide them except in quotes and brackets; quotes and backslashes vanish,
/// and what follows a backslash is taken as it is.
fn divided(text: &str) -> Vec<String> {
    let mut found = alloc::vec![String::new()];
    let (mut quoted, mut round, mut square) = (false, 0_usize, 0_usize);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => found.last_mut().unwrap().extend(letters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted && round == 0 && square == 0 => found.push(String::new()),
            _ => {
                round =
                    if letter == '(' { round + 1 } else { round.saturating_sub(usize::from(letter == ')')) };
                square = if letter == '[' {
                    square + 1
                } else {
                    square.saturating_sub(usize::from(letter == ']'))
                };
                found.last_mut().unwrap().push(letter);
            }
        }
    }
    found
}

#[test]
fn a_variable_has_the_value_that_it_is_given() {
    for text in [
        "",
        "Becker, Bernd",
        "1,X=2",
        "O'Neil \"Ev\" C:\\x",
        "\\",
        "\\\\,",
        "\"",
        "(",
        "((,)",
        ")]",
        "[a,b",
        "=a=b",
        "D\u{f6}rte, \u{5c71}",
        "<http://127.0.0.1>;info=alert-autoanswer;delay=0",
    ] {
        let variables = [Variable { name: "CONNECTEDLINE(name)", value: value(text) }];
        let written = lines(&Action::PjsipNotify { channel: token("a"), variables: &variables });
        let sent = written[1].strip_prefix("Variable: ").unwrap();
        assert_eq!(divided(sent), [format!("CONNECTEDLINE(name)={text}")], "{sent}");
    }
}

#[test]
fn a_line_that_asterisk_would_not_read_is_refused_and_nothing_is_written() {
    let longest = "x".repeat(LONGEST_LINE - "Val: ".len());
    let put = |text: &str| {
        let mut out = b"before".to_vec();
        let (family, key) = (token("CF"), token("1"));
        let written = Action::DbPut { family, key, value: value(text) }.write(IDS, 1, &mut out);
        (written, out.len())
    };
    assert!(matches!(put(&longest), (Ok(()), length) if length > LONGEST_LINE));
    let refused = put(&format!("{longest}x"));
    assert_eq!(refused, (Err(Unwritable::LongLine("Val", LONGEST_LINE + 1)), 6));
    assert_eq!(format!("{}", refused.0.unwrap_err()), "the line Val has 1022 bytes, and Asterisk reads 1021");
    let mut out = Vec::new();
    assert!(login(value(&longest), "call", IDS, 1, &mut out).is_err() && out.is_empty());
}

#[test]
fn an_id_that_no_action_has_is_not_taken_for_one() {
    for number in [0, 7, u64::MAX] {
        let mut out = Vec::new();
        IDS.write(number, &mut out);
        let id = String::from_utf8(out).unwrap();
        assert_eq!(IDS.number(&id), Some(number));
        assert_eq!(ActionIds::new(1).number(&id), None);
    }
    let others = [
        "",
        "7",
        "a1",
        "-7",
        "0123456789abcdef",
        "0123456789abcdef-",
        "123456789abcdef-7",
        "0123456789ABCDEF-7",
        "0123456789abcdef-07",
        "0123456789abcdef-+7",
        "+123456789abcdef-7",
        "0123456789abcdef-99999999999999999999",
    ];
    for other in others {
        assert_eq!(IDS.number(other), None, "{other}");
    }
}

#[test]
fn rights_are_sets_of_names() {
    let rights = Rights::named("system, call,Originate,nonsense");
    assert_eq!(rights.names().collect::<Vec<_>>(), ["system", "call", "originate"]);
    assert!(rights.allow(Rights::NONE) && rights.allow(Rights::REPORTING.or(Rights::CALL)));
    assert!(!rights.allow(Rights::REPORTING));
    assert_eq!(Rights::named("all").names().count(), 8);
    assert!(!Rights::NONE.allow(Action::Ping.row().rights.or(Rights::CALL)));
}
