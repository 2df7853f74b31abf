//! How the phone system's identifiers look to one client.

use alloc::vec::Vec;

use super::device::{write_number, write_own_line};
use super::session::{Carrier, Session};
use crate::text::push_hex;
use crate::wire::csta::emit::{self, Rewrite};
use crate::wire::csta::model::Device;
use crate::wire::csta::relayed::Relayed;
use crate::wire::csta::services::Features;

/// One client's view: its line, its monitor, and the prefix that tells calls of different phone systems apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientView<'a> {
    /// The line URI as the client sent it.
    pub(crate) line: &'a str,
    /// The number the phone system knows it by.
    pub(crate) number: &'a str,
    /// Which phone system's calls: `0_` in front of its callIDs.
    pub(crate) switch: u8,
    /// The client's own `monitorCrossRefID`.
    pub(crate) cross_reference: u32,
    /// The edition of ECMA-323 that was agreed with the phone system.
    agreed: u8,
    /// What the client may be told that a device of its can do.
    offered: Features,
}

impl<'a> ClientView<'a> {
    /// What a session's client sees of the phone system `switch`, with which `agreed` is the edition.
    pub(crate) fn new<C: Carrier>(
        session: &'a Session<C>,
        (switch, agreed): (u8, u8),
        cross_reference: u32,
    ) -> Self {
        let (line, number) = (session.line(), session.number());
        Self { line, number, switch, cross_reference, agreed, offered: Features::NONE }
    }

    /// The same, and a device may be said to have these features, as far as the client's edition has them.
    pub(crate) fn offering<C>(self, session: &Session<C>, features: Features) -> Self {
        Self { offered: features.of_edition(session.namespace.edition()), ..self }
    }
}

/// What came of the phone system, where it does not say its edition in the one that was `agreed`.
pub(crate) fn in_agreed_edition<'a>(relayed: &Relayed<'a>, agreed: u8) -> Relayed<'a> {
    let edition = if relayed.edition == 0 { agreed } else { relayed.edition };
    Relayed { edition, ..*relayed }
}

impl Rewrite for ClientView<'_> {
    fn cross_reference(&mut self, _id: &str, out: &mut Vec<u8>) {
        push_hex(out, &self.cross_reference.to_be_bytes());
    }

    fn call(&mut self, call: &str, out: &mut Vec<u8>) {
        out.push(b'0'.wrapping_add(self.switch));
        out.push(b'_');
        emit::text(out, call);
    }

    fn device(&mut self, device: Device<'_>, out: &mut Vec<u8>) {
        if device.type_of_number == Some("dynamic") {
            emit::text(out, device.id);
        } else if device.id != self.number {
            write_number(device.id, out);
        } else {
            write_own_line(self.line, out);
        }
    }

    fn keeps_type_of_number(&mut self, device: Device<'_>) -> bool {
        device.type_of_number == Some("dynamic")
    }

    /// A response that announces the own line's connection repeats the line URI byte for byte, whatever the phone
    /// system calls the connection: SIPE would not know it otherwise. Events drop partition and device.
    fn own_device(&mut self, _device: Device<'_>, out: &mut Vec<u8>) {
        emit::text(out, self.line);
    }

    fn keeps_own_device(&self) -> bool {
        false
    }

    fn agreed_edition(&self) -> Option<u8> {
        Some(self.agreed)
    }

    fn offers(&self, list: &str, feature: &str) -> bool {
        self.offered.has_feature(list, feature)
    }
}

/// Eight lower-case hexadecimal digits, as clients know cross-reference IDs.
pub(crate) fn hexadecimal(value: u32) -> heapless::String<8> {
    use core::fmt::Write as _;

    let mut digits = heapless::String::new();
    let _fits = write!(digits, "{value:08x}");
    digits
}

/// The number eight hexadecimal digits stand for.
pub(crate) fn read_hexadecimal(text: &str) -> Option<u32> {
    (text.len() == 8).then(|| u32::from_str_radix(text, 16).ok()).flatten()
}

/// The phone system's callID inside a client's, if it is one of this phone system.
pub(crate) fn call_of(call: &str, switch: u8) -> Option<&str> {
    let rest = call.strip_prefix(char::from(b'0'.wrapping_add(switch)))?;
    rest.strip_prefix('_').filter(|call| !call.is_empty())
}
