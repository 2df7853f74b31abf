//! The URIs by which clients name lines: `tel:` URIs (RFC 3966), the same within a `sip:` URI (RFC 3261 19.1.6), and a
//! bare number.
//!
//! More is read than RFC 3966 allows, since clients write it: `tel:+1 (425) 555-0101`, `tel:%2B14255550101`, a local
//! number without its context, a name in place of a number. A control character or a character that turns the direction
//! of text is never accepted, escaped or not; nor is a parameter that says two things.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use super::dial::{MAX_DIGITS, NotDialable, Number, digits, without_password};
use super::escapes::{escape, first_deceiving, unescape};

/// The most bytes of a URI that is read; one that is not a letter, a digit or an unreserved mark counts as three, since
/// it may have to be written as an escape.
pub const MAX_URI: usize = 1_024;

/// The most bytes that fit whatever they are.
const SURELY_FITS: usize = (MAX_URI - "tel:".len()) / 3;

/// The context of a number that is a dial string: the phone system's own name for a line.
const DIAL_STRING: &str = "dialstring";

/// The parameters that are read here, in the order in which they are written (RFC 3966 3).
const KNOWN: [&str; 5] = ["isub", "ext", "phone-context", "device", "partition"];

/// Why a text names no line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTel {
    /// There is nothing before the parameters.
    Empty,
    /// It is longer than [`MAX_URI`], or its number than [`MAX_DIGITS`].
    TooLong,
    /// It has a character that must not be in it, as it is or escaped.
    Character(char),
    /// It is a URI, and neither `tel:`, `sip:` nor `sips:`.
    Scheme,
    /// A percent sign does not begin an escape.
    Escape,
    /// The name of a parameter has other characters than letters, digits, `-`, `.` and `_`.
    Name,
    /// This parameter is there twice, with two values.
    Twice(&'static str),
}

impl fmt::Display for NotTel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("names no number"),
            Self::TooLong => {
                write!(f, "is longer than {MAX_URI} bytes, or its number than {MAX_DIGITS} digits")
            }
            Self::Character(character) => write!(f, "has the character {character:?}"),
            Self::Scheme => f.write_str("is neither a tel: nor a sip: URI"),
            Self::Escape => f.write_str("has a percent sign that begins no escape"),
            Self::Name => f.write_str("has a parameter whose name is not of letters, digits, -, . and _"),
            Self::Twice(name) => write!(f, "has {name} twice, with two values"),
        }
    }
}

/// What a URI names.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Subscriber<'a> {
    /// A number, without visual separators.
    Number(Number),
    /// Something else, with escapes replaced by what they stand for.
    Name(Cow<'a, str>),
}

/// A URI that names a line.
#[derive(Clone, Debug)]
pub struct Tel<'a> {
    subscriber: Subscriber<'a>,
    /// The parameters of the number as they were written, without the first `;`.
    own: &'a str,
    /// Those of the `sip:` URI that the number is in.
    outer: &'a str,
    /// Which of [`KNOWN`] there are, a bit for each.
    has: u8,
}

impl<'a> Tel<'a> {
    /// Reads a `tel:`, `sip:` or `sips:` URI, or a bare number, without the white space around it.
    ///
    /// # Errors
    /// [`NotTel`] if it names nothing, or not clearly.
    pub fn read(text: &'a str) -> Result<Self, NotTel> {
        let text = text.trim_ascii();
        // Whether the scheme is written makes no difference: what is written can be read again.
        let scheme = without_scheme(text);
        let after_scheme = scheme.as_ref().map_or(text, |(_, rest)| rest);
        if after_scheme.len() > SURELY_FITS && weight(after_scheme) > MAX_URI {
            return Err(NotTel::TooLong);
        }
        if let Some(character) = first_deceiving(text) {
            return Err(NotTel::Character(character));
        }
        let (is_sip, rest) = scheme?;
        let (front, own, outer) = parts(rest, is_sip);
        let subscriber = subscriber(front, is_sip)?;
        let mut read = Self { subscriber, own, outer, has: 0 };
        read.has = read.check()?;
        Ok(read)
    }

    /// The number without visual separators, a global one with its `+` (`+14255550101`); or the name that is in its
    /// place.
    #[must_use]
    pub fn subscriber(&self) -> &str {
        match &self.subscriber {
            Subscriber::Number(number) => number,
            Subscriber::Name(name) => name,
        }
    }

    /// The number without visual separators; `None` if there is a name in its place.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        if let Subscriber::Number(number) = &self.subscriber { Some(number) } else { None }
    }

    /// Whether it is a global number, which is the same everywhere (RFC 3966 5.1.4).
    #[must_use]
    pub fn is_global(&self) -> bool {
        self.number().is_some_and(|number| number.starts_with('+'))
    }

    /// Whether it says that what it names is a dial string: the number as the phone system reports it.
    #[must_use]
    pub fn is_dial_string(&self) -> bool {
        self.context().is_some_and(|context| context.eq_ignore_ascii_case(DIAL_STRING))
    }

    /// Where a local number is valid (`phone-context`, RFC 3966 5.1.5).
    #[must_use]
    pub fn context(&self) -> Option<Cow<'a, str>> {
        self.known("phone-context")
    }

    /// The extension behind the number (`ext`, RFC 3966 5.3), without visual separators if it is a number.
    #[must_use]
    pub fn ext(&self) -> Option<Cow<'a, str>> {
        self.known("ext").map(|ext| digits(&ext).map_or(ext, |digits| Cow::Owned(digits.as_str().into())))
    }

    /// The ISDN subaddress (`isub`, RFC 3966 5.2).
    #[must_use]
    pub fn isub(&self) -> Option<Cow<'a, str>> {
        self.known("isub")
    }

    /// The name of the device that the line is meant at.
    #[must_use]
    pub fn device(&self) -> Option<Cow<'a, str>> {
        self.known("device")
    }

    /// The partition of the line.
    #[must_use]
    pub fn partition(&self) -> Option<Cow<'a, str>> {
        self.known("partition")
    }

    /// Every parameter of the number, in the order in which they were written: its name as it was written, and its
    /// value, which is empty if it has none.
    pub fn parameters(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
        self.written().map(|(name, value)| (name, unescape(value).unwrap_or_default()))
    }

    /// The same, with values as they were written.
    fn written(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let of_sip = items(self.outer).filter(|(name, _)| is_known(name));
        items(self.own).chain(of_sip)
    }

    /// The value of a parameter that is read here, if it is not empty.
    fn known(&self, name: &str) -> Option<Cow<'a, str>> {
        if self.has & bit_of(name) == 0 {
            return None;
        }
        let named = self.written().filter(|(found, _)| found.eq_ignore_ascii_case(name));
        let mut values = named.map(|(_, value)| unescape(value).unwrap_or_default());
        values.find(|value| !value.is_empty())
    }

    /// Checks the parameters. Returns which of [`KNOWN`] there are.
    fn check(&self) -> Result<u8, NotTel> {
        let (mut has, mut has_twice) = (0, 0);
        for (name, value) in items(self.own).chain(items(self.outer)) {
            let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            if name.is_empty() || !name.bytes().all(is_allowed) {
                return Err(NotTel::Name);
            }
            unescape(value).map_err(|_| NotTel::Escape)?;
            let bit = bit_of(name);
            has_twice |= has & bit;
            has |= bit;
        }
        if has_twice == 0 {
            return Ok(has);
        }
        for name in KNOWN.into_iter().filter(|name| has_twice & bit_of(name) != 0) {
            let mut values = self.parameters().filter(|(found, _)| found.eq_ignore_ascii_case(name));
            let Some((_, first)) = values.next() else { continue };
            if values.any(|(_, other)| !is_same_value(name, &first, &other)) {
                return Err(NotTel::Twice(name));
            }
        }
        Ok(has)
    }

    /// Whether the other has each parameter of this one, with the same value.
    fn is_covered_by(&self, other: &Self) -> bool {
        self.parameters().all(|(name, value)| {
            other
                .parameters()
                .any(|(found, its)| found.eq_ignore_ascii_case(name) && is_same_value(name, &value, &its))
        })
    }
}

/// Two URIs are equal if they name the same line (RFC 3966 4): visual separators, case and the order of the parameters
/// make no difference, and each parameter must be in both.
impl PartialEq for Tel<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.number().is_some() == other.number().is_some()
            && self.subscriber().eq_ignore_ascii_case(other.subscriber())
            && self.is_covered_by(other)
            && other.is_covered_by(self)
    }
}

impl Eq for Tel<'_> {}

/// Writes it as a `tel:` URI without visual separators, its parameters in the order of RFC 3966 3.
impl fmt::Display for Tel<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tel:")?;
        match &self.subscriber {
            Subscriber::Number(number) => f.write_str(number)?,
            Subscriber::Name(name) => escape(name, is_unreserved, f)?,
        }
        let mut all: Vec<_> = self.parameters().collect();
        all.sort_by_cached_key(|(name, _)| {
            let name = name.to_ascii_lowercase();
            // `device` and `partition` have no place of their own.
            let place = KNOWN.iter().take(3).position(|known| *known == name);
            (place.unwrap_or(KNOWN.len()), name)
        });
        for (name, value) in all {
            f.write_char(';')?;
            name.bytes().try_for_each(|byte| f.write_char(char::from(byte.to_ascii_lowercase())))?;
            if !value.is_empty() {
                f.write_char('=')?;
                escape(&value, is_of_parameter, f)?;
            }
        }
        Ok(())
    }
}

/// Whether a URI is a `sip:` or `sips:` URI, and what follows its scheme.
fn without_scheme(text: &str) -> Result<(bool, &str), NotTel> {
    let Some((scheme, rest)) = text.split_once(':') else { return Ok((false, text)) };
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    if is("tel") {
        return Ok((false, rest));
    }
    if is("sip") || is("sips") {
        return Ok((true, rest));
    }
    // `1001:CM1:192.0.2.10:0` and `5551234v:5` have no scheme.
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if is_scheme { Err(NotTel::Scheme) } else { Ok((false, text)) }
}

/// The most bytes that a text takes when it is written behind `tel:`.
fn weight(text: &str) -> usize {
    let bytes = text.bytes().map(|byte| if is_unreserved(byte) || byte == b'%' { 1 } else { 3 });
    bytes.fold("tel:".len(), usize::saturating_add)
}

/// The number, its parameters, and those behind the host. A `sip:` URI without a user has no number.
fn parts(rest: &str, is_sip: bool) -> (&str, &str, &str) {
    let (user, host) = rest.split_once('@').unwrap_or(if is_sip { ("", rest) } else { (rest, "") });
    let (front, own) = user.split_once(';').unwrap_or((user, ""));
    let host = host.split_once('?').map_or(host, |(host, _headers)| host);
    let outer = host.split_once(';').map_or("", |(_host, params)| params);
    (front, own, outer)
}

fn subscriber(front: &str, is_sip: bool) -> Result<Subscriber<'_>, NotTel> {
    let front = if is_sip { without_password(front) } else { front };
    let front = front.trim_ascii();
    match digits(front) {
        // What begins with a letter is a name, even if a phone could dial it.
        Ok(number) if !number.starts_with(|first: char| first.is_ascii_alphabetic()) => {
            return Ok(Subscriber::Number(number));
        }
        Err(NotDialable::TooLong) => return Err(NotTel::TooLong),
        Ok(_) | Err(NotDialable::Empty | NotDialable::Character(_)) => {}
    }
    let name = unescape(front).map_err(|_| NotTel::Escape)?;
    let name =
        if name.len() == name.trim_ascii().len() { name } else { Cow::Owned(name.trim_ascii().into()) };
    if name.bytes().any(|byte| byte.is_ascii_alphanumeric()) || !name.is_ascii() {
        Ok(Subscriber::Name(name))
    } else {
        Err(NotTel::Empty)
    }
}

/// The parameters of a text, without empty ones and the white space around names and values.
fn items(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(';').map(str::trim_ascii).filter(|item| !item.is_empty()).map(|item| {
        let (name, value) = item.split_once('=').unwrap_or((item, ""));
        (name.trim_ascii(), value.trim_ascii())
    })
}

fn is_known(name: &str) -> bool {
    bit_of(name) != 0
}

/// The bit of a parameter that is read here; 0 for others.
fn bit_of(name: &str) -> u8 {
    let index = KNOWN.iter().position(|known| known.eq_ignore_ascii_case(name));
    index.map_or(0, |index| 1 << index)
}

/// Whether two values of a parameter are the same (RFC 3966 4): numbers without visual separators, all else without
/// case.
fn is_same_value(name: &str, one: &str, other: &str) -> bool {
    if one.eq_ignore_ascii_case(other) {
        return true;
    }
    let is_number = name.eq_ignore_ascii_case("ext")
        || (name.eq_ignore_ascii_case("phone-context") && one.starts_with('+') && other.starts_with('+'));
    is_number && digits(one).is_ok_and(|one| digits(other).is_ok_and(|other| one == other))
}

/// What stands in a URI as it is (RFC 3986 2.3, and the marks of RFC 3966 3).
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte)
}

/// What stands in the value of a parameter as it is (RFC 3966 3, `paramchar`).
fn is_of_parameter(byte: u8) -> bool {
    is_unreserved(byte) || b"[]/:&+$".contains(&byte)
}

#[cfg(test)]
mod tests;
