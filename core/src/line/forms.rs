//! The forms in which phone systems write device identifiers, an example of each. The tests hold the gateway to them,
//! and `docs/identifiers.md` is drawn from them.

use alloc::string::String;
use alloc::vec::Vec;

use super::identifier::{Seen, is_line};
use crate::wire::csta::model::Device;

/// The line URI and the number of the client in [`FORMS`].
pub const LINE: (&str, &str) = ("tel:1001;phone-context=dialstring;partition=Staff", "1001");

/// The line URI of the client in [`APPEARANCES`], and the device ID of the line appearance that it controls.
pub const APPEARANCE: (&str, &str) = ("tel:1001;phone-context=dialstring;device=SEP1", "1001:SEP1");

/// An identifier, and what should become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// What the form is called.
    pub name: &'static str,
    /// `typeOfNumber`, if the form has it.
    pub kind: Option<&'static str>,
    /// The identifier.
    pub id: &'static str,
    /// What the client sees: an identifier, `notKnown` or `restricted`.
    pub seen: &'static str,
}

const fn form(name: &'static str, id: &'static str, seen: &'static str) -> Form {
    Form { name, kind: None, id, seen }
}

const fn typed(name: &'static str, kind: &'static str, id: &'static str, seen: &'static str) -> Form {
    Form { name, kind: Some(kind), id, seen }
}

/// The client's own line, as it sees it.
const OWN: &str = "tel:1001;phone-context=dialstring";
const NUMBER: &str = "tel:1002;phone-context=dialstring";
const WORLD: &str = "tel:+49301234";
const NOT_KNOWN: &str = "notKnown";
const RESTRICTED: &str = "restricted";

/// All forms.
pub const FORMS: &[Form] = &[
    form("the own line", "1001", OWN),
    form("the own line, represented", "N<1001>;noa=nk", OWN),
    form("the own line, a URI", "sip:1001@pbx", OWN),
    form("the own line, in a vendor's form", "1001:CM1:192.0.2.10:0", OWN),
    form("diallable digits", "1002", NUMBER),
    form("digits with `*` and `#`", "*21#", "tel:*21#;phone-context=dialstring"),
    form("E.164", "+49301234", WORLD),
    form("with visual separators", "+49 30 1234", WORLD),
    form("with visual separators", "(030) 12-34", "tel:0301234;phone-context=dialstring"),
    form("represented, with a name", "N<1002>Bob", NUMBER),
    form("represented, with parameters", "N<1002>Line71001;displayNumber=1002;uid=ab", NUMBER),
    form("represented, without a name", "N1002", NUMBER),
    form("represented, with a subaddress", "N<+49301234!7>Bob", WORLD),
    form("represented, with extension and agent", "N<+49301234/321%4>Bob", WORLD),
    form("represented, an extension only", "N</321>Bob", "tel:321;phone-context=dialstring"),
    form("represented, a name only", "N<>Bob", NOT_KNOWN),
    form("`tel:`, E.164", "tel:+14255550101", "tel:+14255550101"),
    form(
        "`tel:`, with its context",
        "tel:1002;phone-context=example.com",
        "tel:1002;phone-context=example.com",
    ),
    form("`tel:`, without its context", "tel:1002", NUMBER),
    form("`tel:`, not valid", "tel:+49 30 1234", WORLD),
    form("`sip:`", "sip:bob@example.com", "sip:bob@example.com"),
    form("`sips:`", "sips:bob@example.com;user=phone", "sips:bob@example.com;user=phone"),
    form("`sip:`, not valid", "sip:bob smith@example.com", NOT_KNOWN),
    form("`sip:`, withheld", "sip:anonymous@anonymous.invalid", RESTRICTED),
    form("a vendor's form", "1002:CM1:192.0.2.10:0", NUMBER),
    form("a vendor's form, without an address", "1002:CM1::0", NUMBER),
    form("withheld", "Anonymous", RESTRICTED),
    form("withheld", "Private", RESTRICTED),
    form("not available", "Unavailable", NOT_KNOWN),
    form("a trunk", "T 3/1", NOT_KNOWN),
    form("a trunk that looks like a number", "A100", NOT_KNOWN),
    form("a name", "Dad", NOT_KNOWN),
    form("a name with mark-up", "<b>&\"", NOT_KNOWN),
    typed("dialling number", "dialingNumber", "1002", NUMBER),
    typed("device number", "deviceNumber", "1002", NUMBER),
    typed("public, implicit", "implicitPublic", "0301234", "tel:0301234;phone-context=dialstring"),
    typed("public, unknown", "explicitPublic:unknown", "0301234", "tel:0301234;phone-context=dialstring"),
    typed("public, international", "explicitPublic:international", "49301234", WORLD),
    typed("public, national", "explicitPublic:national", "301234", "tel:301234;phone-context=dialstring"),
    typed("public, of a network", "explicitPublic:networkspecific", "1002", NUMBER),
    typed("public, subscriber", "explicitPublic:subscriber", "1002", NUMBER),
    typed("public, abbreviated", "explicitPublic:abbreviated", "1002", NUMBER),
    typed("private, implicit", "implicitPrivate", "1002", NUMBER),
    typed("private, unknown", "explicitPrivate:unknown", "1002", NUMBER),
    typed("private, level 3", "explicitPrivate:level3RegionalNumber", "1002", NUMBER),
    typed("private, level 2", "explicitPrivate:level2RegionalNumber", "1002", NUMBER),
    typed("private, level 1", "explicitPrivate:level1RegionalNumber", "1002", NUMBER),
    typed("private, specific", "explicitPrivate:pTNSpecificNumber", "1002", NUMBER),
    typed("private, local", "explicitPrivate:localNumber", "1002", NUMBER),
    typed("private, abbreviated", "explicitPrivate:abbreviated", "1002", NUMBER),
    typed("other", "other", "1002:CM1::0", NUMBER),
    typed("other, a name", "other", "Trunk", NOT_KNOWN),
    typed("not in the schema", "deviceID", "1002", NUMBER),
    typed("valid in this call only", "dynamic", "d4", "d4"),
];

/// The same for the client of [`APPEARANCE`], whose line is at several devices: what the phone system says of its own
/// line appearance, and of others. That of the same line at another device is never as the own one.
pub const APPEARANCES: &[Form] = &[
    form("the own line appearance", "1001:SEP1", OWN),
    form("the own line", "1001", OWN),
    form("the own line, represented", "N<1001>;noa=nk", OWN),
    form(
        "the own line at another device",
        "1001:SEP2",
        "tel:1001;phone-context=dialstring;device-id=1001:SEP2",
    ),
    form(
        "the same, in Avaya's form",
        "1001:CM1:192.0.2.10:1",
        "tel:1001;phone-context=dialstring;device-id=1001:CM1:192.0.2.10:1",
    ),
    form(
        "the same, with characters that a URI cannot have",
        "1001:Room 2;<b>",
        "tel:1001;phone-context=dialstring;device-id=1001:Room%202%3B%3Cb%3E",
    ),
    typed(
        "the same, of another type",
        "other",
        "1001:SEP2",
        "tel:1001;phone-context=dialstring;device-id=1001:SEP2",
    ),
    form("another line", "1002:SEP1", NUMBER),
    form("another line, by its number", "1002", NUMBER),
];

impl Form {
    /// The device as the phone system writes it.
    #[must_use]
    pub const fn device(&self) -> Device<'static> {
        Device { id: self.id, type_of_number: self.kind }
    }

    /// What the client of `line` sees, a line URI and the phone system's identifier: of [`LINE`] or [`APPEARANCE`].
    #[must_use]
    pub fn as_seen_by(&self, line: (&str, &str)) -> String {
        let seen = Seen::by_client(self.device(), line.1);
        match seen {
            Seen::NotKnown => return String::from(NOT_KNOWN),
            Seen::Restricted => return String::from(RESTRICTED),
            Seen::Line | Seen::Appearance(_) | Seen::Number(_) | Seen::Unchanged => {}
        }
        let mut out = Vec::new();
        seen.write(self.device(), line.0, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// Whether it is the own line of the client of `line`.
    #[must_use]
    pub fn is_own_of(&self, line: (&str, &str)) -> bool {
        is_line(self.device(), line.1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::type_of_number::VALUES;
    use super::*;

    #[test]
    fn every_form_of_an_identifier_is_seen_as_a_client_can_use_it() {
        for form in FORMS {
            assert_eq!(form.as_seen_by(LINE), form.seen, "{form:?}");
            assert_eq!(form.is_own_of(LINE), form.name.starts_with("the own line"), "{form:?}");
        }
    }

    #[test]
    fn another_appearance_of_a_line_is_never_seen_as_the_own_one() {
        for form in APPEARANCES {
            assert_eq!(form.as_seen_by(APPEARANCE), form.seen, "{form:?}");
            assert_eq!(form.is_own_of(APPEARANCE), form.seen == OWN, "{form:?}");
        }
    }

    #[test]
    fn every_value_of_type_of_number_has_a_form() {
        for value in VALUES {
            assert!(FORMS.iter().any(|form| form.kind == Some(value)), "{value}");
        }
    }

    #[test]
    fn any_text_is_seen_as_a_valid_uri_or_not_at_all() {
        for id in [
            "",
            " ",
            "N",
            "N<",
            "N<1",
            "N<>",
            ":",
            ";",
            "tel:",
            "sip:",
            "sip:@",
            "+",
            "#",
            "\u{9b}1",
            "1\u{202e}2",
        ] {
            let form = Form { name: "", kind: None, id, seen: "" };
            let seen = form.as_seen_by(LINE);
            let is_hidden = [NOT_KNOWN, RESTRICTED].contains(&seen.as_str());
            assert!(
                is_hidden
                    || seen == "tel:1;phone-context=dialstring"
                    || seen == "tel:#;phone-context=dialstring",
                "{id:?} {seen}"
            );
        }
        let long = "1".repeat(65).leak();
        assert_eq!(form("longer than any number", long, "").as_seen_by(LINE), NOT_KNOWN);
    }
}
