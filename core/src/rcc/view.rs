//! How the phone system's identifiers appear to one client.

use alloc::vec::Vec;

use super::reference::{Reference, write_call};
use super::session::{Carrier, Session};
use crate::config::Config;
use crate::line::identifier::Seen;
use crate::line::rules::Rules;
use crate::wire::csta::emit::{self, Rewrite, Shown};
use crate::wire::csta::model::Device;
use crate::wire::csta::relayed::Relayed;
use crate::wire::csta::services::Features;

/// One client's view: its line, its monitor, and the phone system whose calls it sees.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientView<'a> {
    /// The line URI as the client sent it.
    pub(crate) line: &'a str,
    /// The number by which the phone system knows it.
    pub(crate) number: &'a str,
    /// The number of the phone system, which is in front of its callIDs.
    pub(crate) switch: u8,
    /// How numbers are shown.
    rules: &'a Rules,
    /// The client's own `monitorCrossRefID`, in an event.
    pub(crate) cross_reference: Option<Reference>,
    /// The edition of ECMA-323 agreed with the phone system.
    agreed: u8,
    /// The features that the client may be told its device has.
    offered: Features,
}

impl<'a> ClientView<'a> {
    /// Creates a client's view of the phone system `switch`.
    pub(crate) fn new<C: Carrier>(
        config: &'a Config,
        session: &'a Session<C>,
        switch: u8,
        cross_reference: Option<Reference>,
    ) -> Self {
        let (line, number) = (session.line(), session.number());
        let (rules, agreed) = (&config.numbers, config.cti.protocol_version);
        Self { line, number, switch, rules, cross_reference, agreed, offered: Features::NONE }
    }

    /// Adds the features that a device may be said to have, as far as the client's edition has them.
    pub(crate) fn offering<C>(self, session: &Session<C>, features: Features) -> Self {
        Self { offered: features.of_edition(session.namespace.edition()), ..self }
    }
}

/// Returns a message of the phone system with its edition, which is `agreed` if the message does not tell.
pub(crate) fn in_agreed_edition<'a>(relayed: &Relayed<'a>, agreed: u8) -> Relayed<'a> {
    let edition = if relayed.edition == 0 { agreed } else { relayed.edition };
    Relayed { edition, ..*relayed }
}

impl Rewrite for ClientView<'_> {
    fn cross_reference(&mut self, _id: &str, out: &mut Vec<u8>) {
        if let Some(cross_reference) = self.cross_reference {
            cross_reference.write(out);
        }
    }

    fn call(&mut self, call: &str, out: &mut Vec<u8>) {
        write_call(call, self.switch, out);
    }

    fn device(&mut self, device: Device<'_>, out: &mut Vec<u8>) {
        Seen::by_client(device, self.number).write_shown(device, (self.line, self.rules), out);
    }

    /// Writes the number as it is: the phone system must know what it is given back.
    fn connection_device(&mut self, device: Device<'_>, out: &mut Vec<u8>) {
        Seen::by_client(device, self.number).write(device, self.line, out);
    }

    fn shown(&mut self, device: Device<'_>) -> Shown {
        match Seen::by_client(device, self.number) {
            Seen::NotKnown => Shown::NotKnown,
            Seen::Restricted => Shown::Restricted,
            Seen::Line | Seen::Appearance(_) | Seen::Number(_) | Seen::Unchanged => Shown::Device,
        }
    }

    fn keeps_type_of_number(&mut self, device: Device<'_>) -> bool {
        Seen::by_client(device, self.number).is_as_it_came()
    }

    /// Writes the line URI byte for byte in a response that announces the line's own connection, whatever the phone
    /// system calls it: SIPE would not recognize it otherwise. Events drop partition and device.
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
