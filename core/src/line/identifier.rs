//! A phone system's identifier of a device, and how a client sees it.
//!
//! A client wants a number that it can look up and dial. Phone systems write numbers in many forms: bare, with visual
//! separators, as a URI, in ECMA-269's switching function representation `N<NUMBER>NAME`, or in a form of their own;
//! and where there is no number, they write the name of a trunk, or a word that says that the number is withheld.

use alloc::vec::Vec;

use super::dial::{MAX_DIGITS, Number, dialable};
use super::rules::{Cause, Outcome, Rules};
use super::type_of_number::{DYNAMIC, INTERNATIONAL};
use super::uri::{write_device_id, write_own_line};
use crate::wire::csta::emit;
use crate::wire::csta::model::Device;
use crate::wire::sip::uri::{Scheme, Uri};

/// The most characters of an identifier that are searched for a number: ECMA-269 10.1 allows 64, and phone systems add
/// parameters of their own.
const MOST: usize = 256;

/// Words that stand for a number that is withheld, in small letters.
const WITHHELD: [&str; 6] = ["anonymous", "private", "restricted", "withheld", "blocked", "suppressed"];

/// What an identifier says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identifier<'a> {
    /// A number, which is the identifier itself.
    Digits(&'a str),
    /// A number that the identifier contains in another form.
    Number(Number),
    /// A URI that a client can use as it is.
    Uri(&'a str),
    /// A name, for which there is no number.
    Name,
    /// The number is withheld.
    Withheld,
}

impl<'a> Identifier<'a> {
    /// Reads the identifier of a device.
    pub(crate) fn read(device: Device<'a>) -> Self {
        let is_international = device.type_of_number == Some(INTERNATIONAL);
        if (!is_international || device.id.starts_with('+')) && is_number(device.id) {
            return Self::Digits(device.id);
        }
        let id = device.id.trim_ascii();
        if id.len() > MOST {
            return Self::Name;
        }
        // A URI may say so too: `sip:anonymous@anonymous.invalid` (RFC 3323 4.1.1.3).
        if WITHHELD.iter().any(|word| word_of(id).eq_ignore_ascii_case(word)) {
            return Self::Withheld;
        }
        if is_usable_uri(id) {
            return Self::Uri(id);
        }
        match number_in(id) {
            Some(number) if is_international => international(&number).map_or(Self::Name, Self::Number),
            Some(number) => Self::Number(number),
            None => Self::Name,
        }
    }
}

/// Whether an identifier is a number as it is written to clients: digits, `*`, `#` and a leading `+`.
pub(crate) fn is_number(id: &str) -> bool {
    let digits = id.strip_prefix('+').unwrap_or(id);
    let plain = digits.len() <= MAX_DIGITS
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'*' || byte == b'#');
    plain && digits.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether an identifier is a valid `sip:` or `sips:` URI, or a valid `tel:` URI that says where its number is valid
/// (RFC 3966 5.1.5).
fn is_usable_uri(id: &str) -> bool {
    let is_clean = id.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"{}|\\^`".contains(&byte));
    let Some(uri) = Uri::parse(id).filter(|_| is_clean) else { return false };
    match uri.scheme {
        Scheme::Sip | Scheme::Sips => !uri.host.is_empty(),
        Scheme::Tel => {
            let number = uri.user.unwrap_or_default();
            let is_placed = number.starts_with('+') || uri.param("phone-context").is_some();
            is_placed && number_of_digits(number).is_some()
        }
        Scheme::Other(_) => false,
    }
}

/// Returns the number in an identifier, in whichever form it is written.
fn number_in(id: &str) -> Option<Number> {
    if let Some(uri) = Uri::parse(id).filter(|uri| !matches!(uri.scheme, Scheme::Other(_))) {
        return uri.user.and_then(number_of_digits);
    }
    if let Some(represented) = id.strip_prefix('N') {
        return in_representation(represented);
    }
    // A vendor's form.
    let vendors = || number_of_digits(id.split_once(':')?.0);
    number_of_digits(id).or_else(vendors)
}

/// Returns the number in ECMA-269's switching function representation, after the `N` (10.1.2): a number, which is in
/// angle brackets if a name follows, with a subaddress after `!`, a type of number after `&`, an extension after `/`
/// and an agent after `%`. If there is only an extension, that is the number.
fn in_representation(text: &str) -> Option<Number> {
    let inside = match text.strip_prefix('<') {
        Some(rest) => rest.split_once('>')?.0,
        None => text.split_once(';').map_or(text, |(number, _)| number),
    };
    let end = inside.find(['!', '&', '/', '%']).unwrap_or(inside.len());
    let (number, rest) = inside.split_at_checked(end)?;
    number_of_digits(number).or_else(|| {
        let (_, extension) = rest.split_once('/')?;
        let end = extension.find(['!', '&', '%']).unwrap_or(extension.len());
        number_of_digits(extension.get(..end)?)
    })
}

/// Returns the number that `text` is, without visual separators. A text that begins with a letter is a name, even if a
/// phone could dial it.
fn number_of_digits(text: &str) -> Option<Number> {
    let begins = text.bytes().next().is_some_and(|first| !first.is_ascii_alphabetic());
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    if begins && has_digit { dialable(text).ok() } else { None }
}

/// Returns a number with the sign for a country code.
fn international(number: &str) -> Option<Number> {
    let mut whole = Number::new();
    whole.push('+').ok()?;
    whole.push_str(number.trim_start_matches('+')).ok()?;
    Some(whole)
}

/// Returns the word that an identifier consists of, without scheme, host and parameters.
fn word_of(id: &str) -> &str {
    let rest = ["tel:", "sip:", "sips:"].iter().find_map(|scheme| {
        let (head, rest) = id.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(rest)
    });
    let rest = rest.or_else(|| id.strip_prefix("N<")).unwrap_or(id);
    let end = rest.find(['@', ';', '>', ':']).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default().trim_ascii()
}

/// Whether an identifier is that of the line which the phone system knows by `line`, a number or an identifier in a
/// vendor's form, in whichever form it is written. Two identifiers in a vendor's form are different devices, even if
/// they have the same number: a line may be on several.
pub(crate) fn is_line(device: Device<'_>, line: &str) -> bool {
    if device.id == line {
        return true;
    }
    if line.is_empty() || device.type_of_number == Some(DYNAMIC) {
        return false;
    }
    let number = match vendors_number(line) {
        Some(_) if vendors_number(device.id).is_some() => return false,
        Some(number) => number,
        None => line,
    };
    match Identifier::read(device) {
        Identifier::Digits(digits) => digits == number,
        Identifier::Number(digits) => digits == number,
        Identifier::Uri(uri) => is_number_of_uri(uri, number),
        Identifier::Name | Identifier::Withheld => word_of(device.id) == number,
    }
}

/// Returns the number of an identifier in a vendor's form, `NUMBER:SWITCH:ADDRESS:INSTANCE`.
pub(crate) fn vendors_number(id: &str) -> Option<&str> {
    let (number, _) = id.split_once(':')?;
    is_number(number).then_some(number)
}

/// Returns the number of the line, if an identifier is that of the same line at another device.
fn other_appearance<'a>(device: Device<'a>, line: &str) -> Option<&'a str> {
    let number = vendors_number(device.id).filter(|_| device.id != line)?;
    (vendors_number(line) == Some(number)).then_some(number)
}

/// Whether an identifier contains a number, and not that of the line.
pub(crate) fn is_other_number(device: Device<'_>, line: &str) -> bool {
    with_number(device, |number| number != line).unwrap_or(false) && !is_line(device, line)
}

/// Calls `act` with the number in an identifier, if there is one.
pub(crate) fn with_number<R>(device: Device<'_>, act: impl FnOnce(&str) -> R) -> Option<R> {
    if device.type_of_number == Some(DYNAMIC) {
        return None;
    }
    match Identifier::read(device) {
        Identifier::Digits(digits) => Some(act(digits)),
        Identifier::Number(digits) => Some(act(&digits)),
        Identifier::Uri(uri) => {
            let number = Uri::parse(uri)?.user.and_then(number_of_digits)?;
            Some(act(&number))
        }
        Identifier::Name | Identifier::Withheld => None,
    }
}

fn is_number_of_uri(uri: &str, number: &str) -> bool {
    let user = Uri::parse(uri).and_then(|uri| uri.user);
    user == Some(number) || user.and_then(number_of_digits).is_some_and(|digits| digits == number)
}

/// How a client sees a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen<'a> {
    /// As its own line.
    Line,
    /// As its own line, by this number, at another device: that is never its own connection.
    Appearance(&'a str),
    /// By a number.
    Number(Identifier<'a>),
    /// Unchanged: by a URI, or by an identifier that means something in this call only.
    Unchanged,
    /// Not at all: there is no number.
    NotKnown,
    /// Not at all: the number is withheld.
    Restricted,
}

impl<'a> Seen<'a> {
    /// Returns how a client of the line `number` sees a device.
    pub(crate) fn by_client(device: Device<'a>, number: &str) -> Self {
        if device.type_of_number == Some(DYNAMIC) {
            return Self::Unchanged;
        }
        if is_line(device, number) {
            return Self::Line;
        }
        if let Some(number) = other_appearance(device, number) {
            return Self::Appearance(number);
        }
        match Identifier::read(device) {
            known @ (Identifier::Digits(_) | Identifier::Number(_)) => Self::Number(known),
            Identifier::Uri(_) => Self::Unchanged,
            Identifier::Name => Self::NotKnown,
            Identifier::Withheld => Self::Restricted,
        }
    }

    /// Appends the text that stands for the device, for a client whose line URI is `line`. A device without a number
    /// keeps its identifier: a ConnectionID needs one, and it is given back as it came.
    pub(crate) fn write(&self, device: Device<'_>, line: &str, out: &mut Vec<u8>) {
        match self {
            Self::Line => write_own_line(line, out),
            Self::Appearance(number) => {
                write_number(number, out);
                write_device_id(device.id, out);
            }
            Self::Number(Identifier::Digits(digits)) => write_number(digits, out),
            Self::Number(Identifier::Number(digits)) => write_number(digits, out),
            Self::Unchanged if device.type_of_number != Some(DYNAMIC) => {
                emit::text(out, device.id.trim_ascii());
            }
            Self::Number(_) | Self::Unchanged | Self::NotKnown | Self::Restricted => {
                emit::text(out, device.id);
            }
        }
    }

    /// Appends the text that stands for a device outside a ConnectionID: as [`Self::write`], but a number as the rules
    /// for numbers that are shown to clients have it.
    pub(crate) fn write_shown(&self, device: Device<'_>, (line, rules): (&str, &Rules), out: &mut Vec<u8>) {
        if rules.shows_all_as_they_are() {
            return self.write(device, line, out);
        }
        let is_rewritten = match self {
            Self::Appearance(number) => {
                let is_rewritten = write_by(rules, number, out);
                if is_rewritten {
                    write_device_id(device.id, out);
                }
                is_rewritten
            }
            Self::Number(Identifier::Digits(digits)) => write_by(rules, digits, out),
            Self::Number(Identifier::Number(digits)) => write_by(rules, digits, out),
            // Of a URI with a type of number it would not be known whether that still applies.
            Self::Unchanged if device.type_of_number.is_none() => {
                with_number(device, |number| write_by(rules, number, out)).unwrap_or_default()
            }
            Self::Number(_) | Self::Unchanged | Self::Line | Self::NotKnown | Self::Restricted => false,
        };
        if !is_rewritten {
            self.write(device, line, out);
        }
    }

    /// Whether the text is the phone system's own, so that its `typeOfNumber` still applies.
    pub(crate) const fn is_as_it_came(&self) -> bool {
        matches!(self, Self::Unchanged | Self::NotKnown | Self::Restricted)
    }
}

/// Writes a number as a rule has it. Returns whether there is such a rule, and what it makes is not too long.
fn write_by(rules: &Rules, number: &str, out: &mut Vec<u8>) -> bool {
    let Outcome { cause: Cause::Rule(_), number: Ok(shown) } = rules.shown(number) else { return false };
    write_number(&shown, out);
    true
}

/// Writes a number as a `tel:` URI (RFC 3966): an E.164 number as it is, another as a dial string.
fn write_number(number: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"tel:");
    emit::text(out, number);
    if !number.starts_with('+') {
        out.extend_from_slice(b";phone-context=dialstring");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_a_vendor_s_identifier_is_known_by_that_and_by_its_number() {
        let line = "1001:CM1:192.0.2.10:0";
        let is = |id| is_line(Device { id, type_of_number: None }, line);
        for own in [line, "1001", "N<1001>;noa=nk", "tel:1001", "sip:1001@pbx"] {
            assert!(is(own), "{own}");
        }
        for other in ["1001:CM1:192.0.2.10:1", "1002", "1002:CM1:192.0.2.10:0", "10011", "CM1"] {
            assert!(!is(other), "{other}");
        }
    }
}
