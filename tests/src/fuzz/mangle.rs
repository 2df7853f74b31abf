//! Small damage to valid messages.

use super::choices::Choices;

/// Header lines that have an effect.
const LINES: [&str; 31] = [
    "Session-Expires: 60",
    "Session-Expires: 90;refresher=uas",
    "Session-Expires: 1800;refresher=uac",
    "Min-SE: 7200",
    "Supported: 100rel",
    "Require: timer",
    "Require: 100rel",
    "Record-Route: <sip:127.0.0.1:5070;transport=tcp;lr>",
    "Record-Route: <sip:proxy.example.com:5071;lr>,<sip:127.0.0.1:5072;transport=tcp>",
    "Route: <sip:127.0.0.1:5070;lr>",
    "Contact: <sip:127.0.0.1:5073;transport=tcp>",
    "Contact: *",
    "m: <tel:1001>",
    "Content-Type: application/sdp",
    "Content-Type: multipart/mixed;boundary=x",
    "Content-Length: 0",
    "Content-Length: -1",
    "l: 99999",
    "Content-Encoding: gzip",
    "Content-Disposition: icon",
    "Content-Disposition: icon;handling=optional",
    "Max-Forwards: 70",
    "Contact: <sip:127.0.0.1:5073>, <sip:127.0.0.1:5074>",
    "From: \"\\\u{7}\" <sip:alice@example.com>;tag=1",
    "Via: SIP/2.0/TCP 127.0.0.1:49999",
    "Via: SIP/2.0/UDP 127.0.0.1:49999;branch=z9hG4bK1;rport",
    "To: <sip:gw@127.0.0.1>;tag=1",
    "From: <sip:alice@example.com>",
    "CSeq: 1 INFO",
    "CSeq: 4294967295 INVITE",
    "Call-ID: alice-call",
];

/// Values for elements of documents.
const VALUES: [&str; 12] = [
    "",
    "1001",
    "1002",
    "tel:1001;phone-context=dialstring",
    "tel:+14255550100",
    "sip:bob@example.com",
    "17",
    "27",
    "99999999",
    "&amp;&#65;",
    "<x xmlns='u'/>",
    "disabled",
];

/// Damages a message of lines, but mostly leaves it as it is.
pub(super) fn message(choices: &mut Choices<'_>, text: String) -> Vec<u8> {
    if !choices.chance(40) {
        return text.into_bytes();
    }
    let mut bytes = text.into_bytes();
    for _ in 0..=choices.below(3) {
        damage(choices, &mut bytes);
    }
    bytes
}

fn damage(choices: &mut Choices<'_>, bytes: &mut Vec<u8>) {
    let at = line_start(bytes, choices.below(20));
    let end = line_end(bytes, at);
    match choices.below(9) {
        // An additional line.
        0 | 1 => {
            let line = format!("{}\r\n", choices.word(&LINES));
            bytes.splice(at..at, line.into_bytes());
        }
        // Another line in its place.
        2 => {
            let line = format!("{}\r\n", choices.word(&LINES));
            bytes.splice(at..end, line.into_bytes());
        }
        3 => drop(bytes.drain(at..end)),
        // The same line twice.
        4 => {
            let line = bytes.get(at..end).unwrap_or_default().to_vec();
            bytes.splice(at..at, line);
        }
        5 => {
            let raw = choices.raw().to_vec();
            bytes.splice(at..at, raw);
        }
        6 => {
            let value = choices.byte();
            let index = at + choices.below(64);
            bytes.iter_mut().skip(index).take(1).for_each(|byte| *byte = value);
        }
        7 => {
            let cut = usize::from(choices.byte()) * 4;
            bytes.truncate(cut);
        }
        // A digit or letter becomes its successor: another tag, another number, another branch.
        _ => {
            let index = at + choices.below(96);
            bytes.iter_mut().skip(index).take(1).for_each(|byte| *byte ^= 1);
        }
    }
}

/// The position of line number `line`, or of the last one.
fn line_start(bytes: &[u8], line: usize) -> usize {
    let starts = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    core::iter::once(0).chain(starts).take(line + 1).last().unwrap_or(0).min(bytes.len())
}

fn line_end(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    rest.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| start + at + 1)
}

/// Damages a document by replacing the text of an element, but mostly leaves it as it is.
pub(super) fn document(choices: &mut Choices<'_>, mut text: String) -> String {
    if !choices.chance(24) {
        return text;
    }
    let starts: Vec<usize> = text.match_indices('>').map(|(at, _)| at + 1).collect();
    let start = *choices.pick(if starts.is_empty() { &[0] } else { &starts });
    let end = text.get(start..).and_then(|rest| rest.find('<')).map_or(text.len(), |at| start + at);
    text.replace_range(start..end, choices.word(&VALUES));
    text
}
