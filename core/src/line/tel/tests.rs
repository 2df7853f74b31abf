use alloc::format;
use alloc::string::{String, ToString as _};

use super::*;

fn read(text: &str) -> Tel<'_> {
    Tel::read(text).unwrap_or_else(|why| panic!("{text:?}: {why}"))
}

#[test]
fn a_number_is_the_same_however_it_is_written() {
    for text in [
        "tel:+14255550101",
        "tel:+1-425-555-0101",
        "tel:+1.425.555.0101",
        "tel:+1(425)5550101",
        "tel:+1 (425) 555-0101",
        "tel:%2B14255550101",
        "TEL:%2b1%2D425%2d5550101",
        "+1 425 555 0101",
        "sip:+14255550101@example.com;user=phone",
        "sips:+1-425-555-0101:secret@example.com",
        "\r\n  tel:+14255550101\t",
    ] {
        assert_eq!(read(text).number(), Some("+14255550101"), "{text}");
        assert!(read(text).is_global() && !read(text).is_dial_string(), "{text}");
        assert_eq!(read(text), read("tel:+14255550101"), "{text}");
    }
    for (text, number) in [
        ("tel:73124;phone-context=dialstring", "73124"),
        ("tel:*21%23", "*21#"),
        ("5551234v:4", "5551234"),
        ("tel:12b", "12B"),
    ] {
        assert_eq!(read(text).number(), Some(number), "{text}");
        assert!(!read(text).is_global());
    }
}

#[test]
fn what_is_no_number_is_a_name_in_its_place() {
    for (text, name) in [
        ("sip:alice@example.com", "alice"),
        ("sip:al%69ce:secret@example.com", "alice"),
        ("tel:1001:CM1:192.0.2.10:0", "1001:CM1:192.0.2.10:0"),
        ("1001:CM1:192.0.2.10:0", "1001:CM1:192.0.2.10:0"),
        ("tel:A100", "A100"),
        ("tel:%41100", "A100"),
        ("PJSIP/1001", "PJSIP/1001"),
    ] {
        assert_eq!((read(text).subscriber(), read(text).number()), (name, None), "{text}");
    }
}

#[test]
fn parameters_are_read_in_any_case_order_and_escape() {
    for text in [
        "tel:1001;phone-context=dialstring;device=SEP0002FD3BB5C5;partition=BE_BRS_INT;x=1",
        "tel:1001;X=1;PARTITION=BE_BRS_INT;Device=SEP0002FD3BB5C5;Phone-Context=DialString",
        "tel:1001;; partition = BE%5FBRS_INT ;device=%53EP0002FD3BB5C5;x=%31;phone-context=dialstring;",
        "tel:1001;device=SEP0002FD3BB5C5;device=sep0002fd3bb5c5;x=1;partition=BE_BRS_INT;phone-context=dialstring",
        "sip:1001;phone-context=dialstring;x=1@h;user=phone;device=SEP0002FD3BB5C5;partition=BE_BRS_INT?to=x;device=y",
    ] {
        let tel = read(text);
        assert!(tel.is_dial_string(), "{text}");
        assert_eq!(tel.device().as_deref(), Some("SEP0002FD3BB5C5"), "{text}");
        assert_eq!(tel.partition().as_deref(), Some("BE_BRS_INT"), "{text}");
        assert_eq!(
            tel.to_string(),
            read("tel:1001;phone-context=dialstring;device=SEP0002FD3BB5C5;partition=BE_BRS_INT;x=1")
                .to_string()
                .replace("dialstring", &tel.context().unwrap())
                .replace(";device=SEP0002FD3BB5C5", &own(&tel)),
            "{text}"
        );
    }
    let tel = read("tel:+14255550150;ext=5-0150;isub=12%2F3;unknown;other=%C3%BC");
    assert_eq!((tel.ext().as_deref(), tel.isub().as_deref()), (Some("50150"), Some("12/3")));
    assert_eq!(tel.context(), None);
    assert_eq!(read("tel:1;device=;partition").device(), None);
    let kept: Vec<_> = tel.parameters().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(kept, ["ext=5-0150", "isub=12/3", "unknown=", "other=\u{fc}"]);
}

/// The parameter `device` as often as a URI has it.
fn own(tel: &Tel<'_>) -> String {
    tel.parameters()
        .filter(|(name, _)| name.eq_ignore_ascii_case("device"))
        .fold(String::new(), |all, (_, value)| all + ";device=" + &value)
}

#[test]
fn a_parameter_that_says_two_things_is_refused() {
    for (text, name) in [
        ("tel:1001;device=A;device=B", "device"),
        ("tel:1001;device=A;DEVICE=", "device"),
        ("tel:1001;partition=A;x;%70artition=B;Partition=B", ""),
        ("tel:1001;partition=A;x;Partition=B", "partition"),
        ("tel:1;phone-context=dialstring;phone-context=example.com", "phone-context"),
        ("tel:1;ext=1;ext=2", "ext"),
        ("sip:1;device=A@h;device=B", "device"),
    ] {
        let expected = if name.is_empty() { NotTel::Name } else { NotTel::Twice(name) };
        assert_eq!(Tel::read(text).err(), Some(expected), "{text}");
    }
    assert!(Tel::read("tel:1;ext=1-2;ext=12;phone-context=+1-2;phone-context=+12").is_ok());
}

#[test]
fn control_and_bidi_characters_are_refused_wherever_they_are() {
    for character in
        ["\0", "\r", "\n", "\t", "\u{1b}", "\u{7f}", "\u{85}", "\u{202e}", "\u{2066}", "\u{200f}"]
    {
        let escaped = character.bytes().fold(String::new(), |all, byte| all + &format!("%{byte:02x}"));
        for form in [character, &escaped] {
            for text in [
                format!("tel:10{form}01"),
                format!("tel:1001;device=a{form}b"),
                format!("tel:1001;x{form}y=1"),
                format!("sip:1001@example.com;x={form}y"),
                format!("10{form}01"),
            ] {
                let found = Tel::read(&text).err();
                assert_eq!(found, Some(NotTel::Character(character.chars().next().unwrap())), "{text:?}");
            }
        }
    }
}

#[test]
fn what_names_no_line_is_refused_and_told_apart() {
    for (text, why) in [
        ("", NotTel::Empty),
        ("tel:", NotTel::Empty),
        ("tel:;phone-context=dialstring", NotTel::Empty),
        ("+", NotTel::Empty),
        ("()", NotTel::Empty),
        ("sip:gateway.example.com", NotTel::Empty),
        ("sip:@h", NotTel::Empty),
        ("mailto:alice", NotTel::Scheme),
        ("tel:1;x=%zz", NotTel::Escape),
        ("tel:al%ice", NotTel::Escape),
        ("tel:1;a b=1", NotTel::Name),
        ("tel:1;=1", NotTel::Name),
        (&*"1".repeat(65), NotTel::TooLong),
        (&*("tel:1;x=".to_string() + &"y".repeat(1_024)), NotTel::TooLong),
    ] {
        assert_eq!(Tel::read(text).err(), Some(why), "{text}");
    }
}

#[test]
fn the_longest_uri_can_be_read_again_as_it_is_written() {
    for begins in ["alice;x=", "tel:alice;x=", "al%69ce;x=\u{e4}", "42;x=", "tel:+4-2;x=:"] {
        let read = |length: usize| begins.to_string() + &"y".repeat(length);
        let longest = (0..1_100).rev().map(read).find(|text| Tel::read(text).is_ok());
        let longest = longest.unwrap_or_default();
        let tel = Tel::read(&longest).unwrap();
        assert!(longest.len() > 990, "{longest}");
        assert_eq!(Tel::read(&tel.to_string()), Ok(tel.clone()), "{longest}");
    }
}

#[test]
fn uris_are_compared_by_rfc_3966() {
    for (one, other, is_equal) in [
        ("tel:+1-201-555-0123", "tel:+12015550123", true),
        ("tel:7042;phone-context=example.com", "TEL:70-42;PHONE-CONTEXT=Example.COM", true),
        ("tel:7042;phone-context=+1-201", "tel:7042;phone-context=+1201", true),
        ("tel:1;a=1;b=2", "tel:1;b=2;a=1", true),
        ("tel:+1;ext=4-2", "tel:+1;ext=42", true),
        ("tel:12c", "tel:12C", true),
        ("tel:1", "tel:+1", false),
        ("tel:1;a=1", "tel:1", false),
        ("tel:1;a=1", "tel:1;a=2", false),
        ("tel:1;a", "tel:1;b", false),
        ("tel:7042;phone-context=+1-201", "tel:7042;phone-context=+1202", false),
        ("tel:7042", "tel:7042;phone-context=example.com", false),
    ] {
        assert_eq!(read(one) == read(other), is_equal, "{one} {other}");
        assert_eq!(read(other) == read(one), is_equal, "{other} {one}");
    }
}

#[test]
fn a_uri_is_written_with_its_parameters_in_order() {
    for (text, written) in [
        ("tel:+1 (425) 555-0101", "tel:+14255550101"),
        ("sip:1001@h;user=phone;partition=A", "tel:1001;partition=A"),
        (
            "1;z=1;Phone-Context=x.example;B;ext=7;isub=a%3bb",
            "tel:1;isub=a%3Bb;ext=7;phone-context=x.example;b;z=1",
        ),
        ("sip:al ice@h", "tel:al%20ice"),
        ("tel:1;x=a=b?\u{fc}", "tel:1;x=a%3Db%3F%C3%BC"),
    ] {
        assert_eq!(read(text).to_string(), written);
    }
}

/// Pieces of which the property test makes URIs: those with a meaning, and those that try to hide one.
const PIECES: &[&str] = &[
    "tel:",
    "TEL:",
    "sip:",
    "sips:",
    "+",
    "1",
    "42",
    "*",
    "#",
    "A",
    "d",
    "-",
    ".",
    "(",
    ")",
    " ",
    "%2B",
    "%23",
    "%41",
    "%3b",
    "%3D",
    "%40",
    "%25",
    "%00",
    "%C3%BC",
    "%c3",
    "\u{fc}",
    ";",
    ";",
    ";",
    "=",
    "=",
    "@",
    "?",
    ":",
    "v:",
    "/",
    "\"",
    "<",
    "&",
    "ext=",
    "isub=",
    "phone-context=",
    "Device=",
    "device=",
    "partition=",
    "PARTITION=",
    "dialstring",
    "example.com",
    "x",
    "alice",
    "user=phone",
    "\r\n",
    "\t",
    "\u{202e}",
    "\u{0}",
];

#[test]
fn a_uri_read_and_written_again_is_equal() {
    let (mut state, mut count) = (1_u64, 0);
    let mut below = |end: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % end
    };
    for _ in 0..200_000 {
        let pieces = below(14);
        let text = (0..pieces).fold(String::new(), |text, _| text + PIECES[below(PIECES.len())]);
        let Ok(tel) = Tel::read(&text) else { continue };
        count += 1;
        let written = tel.to_string();
        let again = Tel::read(&written).unwrap_or_else(|why| panic!("{text:?} {written:?}: {why}"));
        assert_eq!(again, tel, "{text:?} {written:?}");
        assert_eq!(again.to_string(), written, "{text:?}");
        assert!(written.bytes().all(|byte| byte.is_ascii_graphic()), "{text:?} {written:?}");
        assert!(!tel.subscriber().chars().any(crate::plain::deceives), "{text:?}");
        assert_eq!(tel.number().is_some(), again.number().is_some(), "{text:?}");
        let said = |tel: &Tel<'_>| [tel.device(), tel.partition()].map(|value| value.map(String::from));
        assert_eq!(said(&tel), said(&again), "{text:?}");
    }
    assert!(count > 20_000, "{count} of the texts are URIs");
}
