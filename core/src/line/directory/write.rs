//! Writes a directory file in its canonical form: what says the same is the same text.

use alloc::string::String;
use core::fmt::{self, Write};
use core::hash::Hasher as _;

use siphasher::sip128::{Hasher128 as _, SipHasher13};

use super::{Appearance, AppearanceId, DeviceKind, Directory, Line, LineId, Role};
use crate::plain::{Quoted, deceives};

/// The first line of a directory file.
pub(super) const HEADER: &str = "ctigate directory 1";

/// A value: bare, or in quotation marks if a reader would misunderstand it.
struct Token<'t>(&'t str);

impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unsafe_bare = |character: char| {
            character.is_whitespace() || matches!(character, '"' | '\\' | '=') || deceives(character)
        };
        if self.0.is_empty() || self.0.contains(unsafe_bare) {
            Quoted(self.0).fmt(f)
        } else {
            f.write_str(self.0)
        }
    }
}

/// A hash that text can be written to.
struct TextHash(SipHasher13);

impl Write for TextHash {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

impl Directory {
    /// Appends the directory's canonical text: lines, devices, line appearances and users in order.
    pub fn write(&self, out: &mut String) {
        let written = self.write_to(out);
        debug_assert!(written.is_ok(), "writing to memory cannot fail");
    }

    pub(super) fn text_hash(&self) -> u128 {
        let mut hash = TextHash(SipHasher13::new());
        let written = self.write_to(&mut hash);
        debug_assert!(written.is_ok(), "hashing cannot fail");
        hash.0.finish128().as_u128()
    }

    fn write_to(&self, out: &mut impl Write) -> fmt::Result {
        let mut line = String::new();
        writeln!(out, "{HEADER}")?;
        for id in self.lines() {
            self.write_line(id, &mut line)?;
            flush(&mut line, out)?;
        }
        for id in self.devices() {
            let device = self.device(id);
            write!(line, "device {}", Token(device.name))?;
            if device.kind == DeviceKind::Soft {
                line.push_str(" kind=soft");
            }
            attribute(&mut line, "description", device.description)?;
            flush(&mut line, out)?;
        }
        for id in self.appearances() {
            let appearance = self.appearance(id);
            if appearance.device.is_some() || appearance.device_id.is_some() {
                self.write_appearance(appearance, &mut line)?;
                flush(&mut line, out)?;
            }
        }
        for id in self.users() {
            self.write_user(id, &mut line)?;
            flush(&mut line, out)?;
        }
        Ok(())
    }

    fn write_line(&self, id: LineId, out: &mut String) -> fmt::Result {
        let Line { number, partition, e164, label } = self.line(id);
        write!(out, "line {}", Token(number))?;
        attribute(out, "partition", Some(partition).filter(|partition| !partition.is_empty()))?;
        attribute(out, "e164", e164)?;
        attribute(out, "label", label)
    }

    fn write_appearance(&self, appearance: Appearance<'_>, out: &mut String) -> fmt::Result {
        write!(out, "appearance {}", Token(&self.reference(appearance.line)))?;
        if let Some(device) = appearance.device {
            write!(out, " {} {}", Token(self.device(device).name), appearance.index)?;
        }
        attribute(out, "device_id", appearance.device_id)
    }

    fn write_user(&self, id: super::UserId, out: &mut String) -> fmt::Result {
        let user = self.user(id);
        write!(out, "user {}", Token(user.id))?;
        attribute(out, "mail", user.mail)?;
        for address in self.sip_addresses(id) {
            attribute(out, "sip", Some(address))?;
        }
        attribute(out, "name", user.name)?;
        if !user.enabled {
            out.push_str(" enabled=no");
        }
        if user.role == Role::Administrator {
            out.push_str(" role=administrator");
        }
        for grant in self.grants_of(id) {
            let mut reference = self.reference(grant.line);
            if let Some(device) = grant.device {
                reference.push('@');
                reference.push_str(self.device(device).name);
            }
            attribute(out, "line", Some(&reference))?;
        }
        Ok(())
    }

    /// A reference to a line that no other line can be meant by: `NUMBER` or `NUMBER/PARTITION`.
    #[must_use]
    pub fn reference(&self, line: LineId) -> String {
        let Line { number, partition, .. } = self.line(line);
        let mut reference = String::from(number);
        if !partition.is_empty() || self.lines_numbered(number).nth(1).is_some() {
            reference.push('/');
            reference.push_str(partition);
        }
        reference
    }

    /// A line appearance as references name it: `NUMBER[/PARTITION][@DEVICE]`.
    #[must_use]
    pub fn written(&self, id: AppearanceId) -> String {
        let appearance = self.appearance(id);
        let mut text = self.reference(appearance.line);
        if let Some(device) = appearance.device {
            text.push('@');
            text.push_str(self.device(device).name);
        }
        text
    }
}

fn attribute(out: &mut String, name: &str, value: Option<&str>) -> fmt::Result {
    value.map_or(Ok(()), |value| write!(out, " {name}={}", Token(value)))
}

/// Hands on a line and empties it.
fn flush(line: &mut String, out: &mut impl Write) -> fmt::Result {
    line.push('\n');
    let written = out.write_str(line);
    line.clear();
    written
}
