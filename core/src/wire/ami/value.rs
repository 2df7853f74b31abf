//! Values that can be written to AMI: what a value must not hold, its type cannot hold.

use core::fmt;

use crate::text::push_number;
use alloc::vec::Vec;

/// The most bytes of a line that is written, without its end. Asterisk reads 1,024 with it.
pub const LONGEST_LINE: usize = 1_021;

/// Why something cannot be written. Nothing of the action is written then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwritable {
    /// A value holds this character, which would end the line or be taken for syntax.
    Character(char),
    /// A value that must name something is empty.
    Empty,
    /// The line of this key has so many bytes.
    LongLine(&'static str, usize),
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character(character) => {
                write!(f, "the character {} cannot be sent to Asterisk here", character.escape_default())
            }
            Self::Empty => f.write_str("an empty name cannot be sent to Asterisk"),
            Self::LongLine(key, length) => {
                write!(f, "the line {key} has {length} bytes, and Asterisk reads {LONGEST_LINE}")
            }
        }
    }
}

impl core::error::Error for Unwritable {}

/// Text without controls, so that it stays in its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a>(&'a str);

impl<'a> Value<'a> {
    /// A value of this text.
    ///
    /// # Errors
    /// [`Unwritable::Character`] for the first control in it, such as CR, LF and NUL.
    pub fn new(text: &'a str) -> Result<Self, Unwritable> {
        text.chars()
            .find(|one| one.is_control())
            .map_or(Ok(Self(text)), |one| Err(Unwritable::Character(one)))
    }

    /// The text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

/// A name without anything that Asterisk could take for syntax: a channel, a device, a context, a number to dial, a
/// family and a key of its database. It has letters, digits and `+ * # - _ . : ; @ /`, so neither `&` nor `,` nor `$`,
/// `{`, a bracket, a quote, a backslash or a blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a>(&'a str);

impl<'a> Token<'a> {
    /// A name of this text.
    ///
    /// # Errors
    /// [`Unwritable::Character`] for the first that it may not have, [`Unwritable::Empty`] if it has none.
    pub fn new(text: &'a str) -> Result<Self, Unwritable> {
        let is_harmless = |one: char| one.is_alphanumeric() || "+*#-_.:;@/".contains(one);
        match text.chars().find(|one| !is_harmless(*one)) {
            Some(character) => Err(Unwritable::Character(character)),
            None if text.is_empty() => Err(Unwritable::Empty),
            None => Ok(Self(text)),
        }
    }

    /// The text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

/// A channel variable, or a function of a channel, that is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable<'a> {
    /// Its name, which never comes from anybody else.
    pub name: &'static str,
    /// What it is set to.
    pub value: Value<'a>,
}

/// What is taken for syntax in the value of a variable: a comma begins another variable, unless it stands between quotes
/// or in brackets, and a backslash takes that meaning from what follows it.
const SYNTAX: [char; 7] = ['\\', '"', ',', '(', ')', '[', ']'];

impl Variable<'_> {
    /// Appends `name=value`, with what would be taken for syntax escaped.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.name.as_bytes());
        out.push(b'=');
        let mut rest = self.value.as_str();
        while let Some(at) = rest.find(SYNTAX) {
            let (before, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
            let (mark, after) = after.split_at_checked(1).unwrap_or((after, ""));
            out.extend_from_slice(before.as_bytes());
            out.push(b'\\');
            out.extend_from_slice(mark.as_bytes());
            rest = after;
        }
        out.extend_from_slice(rest.as_bytes());
    }
}

/// The IDs of the actions of one connect. Their first half is a secret, so that nobody who writes into the stream can
/// guess one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActionIds {
    secret: u64,
}

crate::digest! { struct ActionIds { secret } }

impl ActionIds {
    /// IDs with this secret, which is drawn for the connect.
    #[must_use]
    pub const fn new(secret: u64) -> Self {
        Self { secret }
    }

    /// Appends the ID of the action with this number.
    pub(super) fn write(self, number: u64, out: &mut Vec<u8>) {
        crate::text::push_hex(out, &self.secret.to_be_bytes());
        out.push(b'-');
        push_number(out, number);
    }

    /// The number of the action that has this ID; nothing if no action can have it.
    #[must_use]
    pub fn number(self, id: &str) -> Option<u64> {
        let (secret, number) = id.split_once('-')?;
        let is_written = |digits: &str, length| {
            digits.len() == length && digits.bytes().all(|one| matches!(one, b'0'..=b'9' | b'a'..=b'f'))
        };
        let is_ours = is_written(secret, 16) && u64::from_str_radix(secret, 16) == Ok(self.secret);
        let is_number =
            number.bytes().all(|digit| digit.is_ascii_digit()) && (number == "0" || !number.starts_with('0'));
        if is_ours && is_number { number.parse().ok() } else { None }
    }
}
