//! A writer of XML elements, and of the types that many messages share.

use alloc::vec::Vec;

use super::{
    super::{
        events::{FILTER_MEMBERS, FilterMember, STATUS_MEMBERS},
        model::{
            APPLICATION_SESSION, AVAYA, Connection, Device, MonitorFilter, Namespace, Party, Redirection,
            StatusFilter,
        },
        relayed::Value,
    },
    Rewrite, Shown, text,
};

/// Writes one document.
pub(super) struct Writer<'w, R> {
    pub(super) out: &'w mut Vec<u8>,
    /// The namespace of the document's root.
    pub(super) uri: &'static str,
    /// The edition of ECMA-323 that its reader speaks.
    pub(super) edition: u8,
    pub(super) rewrite: &'w mut R,
}

impl<'w, R: Rewrite> Writer<'w, R> {
    pub(super) const fn new(out: &'w mut Vec<u8>, namespace: Namespace, rewrite: &'w mut R) -> Self {
        Self { out, uri: namespace.uri(), edition: namespace.edition(), rewrite }
    }

    /// A writer for ECMA-354's messages.
    pub(super) const fn of_session(out: &'w mut Vec<u8>, rewrite: &'w mut R) -> Self {
        Self { out, uri: APPLICATION_SESSION, edition: 0, rewrite }
    }

    /// A writer for Avaya's own services.
    pub(super) const fn of_avaya(out: &'w mut Vec<u8>, rewrite: &'w mut R) -> Self {
        Self { out, uri: AVAYA, edition: 0, rewrite }
    }

    /// Writes the XML declaration, and the root with the content that `fill` writes.
    pub(super) fn document(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        self.raw("<?xml version=\"1.0\"?><");
        self.name(name);
        self.raw(" xmlns=\"");
        self.raw(self.uri);
        self.raw("\">");
        let start = self.out.len();
        fill(self);
        if self.out.len() == start {
            self.out.pop();
            self.raw("/>");
        } else {
            self.close(name);
        }
    }

    /// Appends markup unescaped.
    pub(super) fn raw(&mut self, markup: &str) {
        self.out.extend_from_slice(markup.as_bytes());
    }

    pub(super) fn text(&mut self, value: &str) {
        text(self.out, value);
    }

    pub(super) fn open(&mut self, name: &str) {
        self.raw("<");
        self.name(name);
        self.raw(">");
    }

    pub(super) fn close(&mut self, name: &str) {
        self.raw("</");
        self.name(name);
        self.raw(">");
    }

    /// Writes an element without content.
    pub(super) fn empty(&mut self, name: &str) {
        self.raw("<");
        self.name(name);
        self.raw("/>");
    }

    /// Writes an element's name, which comes from the schema or from an XML parser.
    fn name(&mut self, name: &str) {
        debug_assert!(!name.contains(['<', '>', '&', '"', ' ']), "{name} is no name");
        self.raw(name);
    }

    /// Writes an element with the content that `fill` writes.
    pub(super) fn element(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        self.open(name);
        fill(self);
        self.close(name);
    }

    /// Writes an element with text.
    pub(super) fn leaf(&mut self, name: &str, value: &str) {
        self.element(name, |w| w.text(value));
    }

    /// Writes an element with text, if there is any.
    pub(super) fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.leaf(name, value);
        }
    }

    pub(super) fn truth(&mut self, name: &str, value: bool) {
        self.leaf(name, if value { "true" } else { "false" });
    }

    pub(super) fn seconds(&mut self, name: &str, value: Option<u32>) {
        if let Some(value) = value {
            self.leaf(name, &alloc::format!("{value}"));
        }
    }

    pub(super) fn cross_reference(&mut self, id: &str) {
        self.open("monitorCrossRefID");
        self.rewrite.cross_reference(id, self.out);
        self.close("monitorCrossRefID");
    }

    /// Writes a `DeviceID`.
    pub(super) fn device(&mut self, name: &str, device: Device<'_>) {
        self.device_tag(name, device);
        self.rewrite.device(device, self.out);
        self.close(name);
    }

    /// Writes a device, or what stands for one that is unknown or withheld, where the schema has the choice.
    pub(super) fn shown_device(&mut self, name: &str, device: Device<'_>) {
        match self.rewrite.shown(device) {
            Shown::Device => self.device(name, device),
            Shown::NotKnown => self.empty("notKnown"),
            Shown::Restricted => self.empty("restricted"),
        }
    }

    /// Writes a `ConnectionID`: the call first.
    pub(super) fn connection(&mut self, name: &str, connection: Connection<'_>) {
        self.open(name);
        if let Some(call) = connection.call {
            self.open("callID");
            self.rewrite.call(call, self.out);
            self.close("callID");
        }
        if let Some(device) = connection.device {
            self.device_tag("deviceID", device);
            self.rewrite.connection_device(device, self.out);
            self.close("deviceID");
        }
        self.close(name);
    }

    /// Writes a `ConnectionID` of the user's own line in a response that announces it.
    pub(super) fn own_connection(&mut self, name: &str, connection: Connection<'_>) {
        self.open(name);
        if let Some(call) = connection.call {
            self.open("callID");
            self.rewrite.call(call, self.out);
            self.close("callID");
        }
        // If the rewriter names the own line by itself, the name is written even if the other side left it out.
        let unnamed = Device { id: "", type_of_number: None };
        if let Some(device) = connection.device.or((!self.rewrite.keeps_own_device()).then_some(unnamed)) {
            self.own_device_tag(device);
            self.rewrite.own_device(device, self.out);
            self.close("deviceID");
        }
        self.close(name);
    }

    fn own_device_tag(&mut self, device: Device<'_>) {
        let kind = device.type_of_number.filter(|_| self.rewrite.keeps_own_device());
        self.raw("<deviceID");
        if let Some(kind) = kind {
            self.raw(" typeOfNumber=\"");
            self.text(kind);
            self.raw("\"");
        }
        self.raw(">");
    }

    fn device_tag(&mut self, name: &str, device: Device<'_>) {
        self.raw("<");
        self.name(name);
        if let Some(kind) = self.rewrite.type_of_number(device) {
            self.raw(" typeOfNumber=\"");
            self.text(kind);
            self.raw("\"");
        }
        self.raw(">");
    }

    /// Writes a device that may be unknown or withheld.
    pub(super) fn party(&mut self, name: &str, party: Party<'_>) {
        self.element(name, |w| match party {
            Party::Device(device) => w.shown_device("deviceIdentifier", device),
            Party::NotKnown => w.empty("notKnown"),
            Party::Restricted => w.empty("restricted"),
        });
    }

    pub(super) fn redirection(&mut self, name: &str, redirection: Redirection<'_>) {
        self.element(name, |w| match redirection {
            Redirection::NumberDialed(device) => w.shown_device("numberDialed", device),
            Redirection::NotKnown => w.empty("notKnown"),
            Redirection::NotRequired => w.empty("notRequired"),
            Redirection::NotSpecified => w.empty("notSpecified"),
            Redirection::Restricted => w.empty("restricted"),
        });
    }

    /// Writes an element with a value given to it; several devices become several elements.
    pub(super) fn value(&mut self, name: &str, value: Value<'_>) {
        match value {
            Value::Connection(connection) => self.connection(name, connection),
            Value::Device(device) => self.device(name, device),
            Value::Devices(devices) => devices.iter().for_each(|device| self.device(name, *device)),
            Value::Party(party) => self.party(name, party),
            Value::Redirection(redirection) => self.redirection(name, redirection),
            Value::Text(text) => self.leaf(name, text),
            Value::Within(inner, text) => self.element(name, |w| w.leaf(inner, text)),
            Value::Elements([]) => self.empty(name),
            Value::Elements(inner) => self.element(name, |w| {
                for (name, value) in inner {
                    w.value(name, *value);
                }
            }),
            Value::Nothing => {}
        }
    }

    /// Writes a monitor filter, which names what is filtered out.
    pub(super) fn monitor_filter(&mut self, name: &str, filter: MonitorFilter) {
        self.filter_members(name, |_, bit| filter.0 >> bit & 1 == 1);
    }

    /// Writes a monitor filter of inverted sense, which names what is sent: of a phone's own events, those that `filter`
    /// does not exclude.
    pub(super) fn wanted_events(&mut self, name: &str, filter: MonitorFilter) {
        const GROUPS: [&str; 3] = ["callcontrol", "physicalDeviceFeature", "logicalDeviceFeature"];
        self.filter_members(name, |member, bit| GROUPS.contains(&member.group) && filter.0 >> bit & 1 == 0);
    }

    fn filter_members(&mut self, name: &str, is_named: impl Fn(&FilterMember, u32) -> bool) {
        self.element(name, |w| {
            let mut group = "";
            let named =
                FILTER_MEMBERS.iter().zip(0..u64::BITS).filter(|(member, bit)| is_named(member, *bit));
            for (member, _) in named {
                w.next_group(&mut group, member.group);
                w.truth(member.member, true);
            }
            w.next_group(&mut group, "");
        });
    }

    /// Writes a status filter with all its members.
    pub(super) fn status_filter(&mut self, name: &str, filter: StatusFilter) {
        self.element(name, |w| {
            for (member, status) in STATUS_MEMBERS {
                w.truth(member, filter.excludes(status));
            }
        });
    }

    /// Closes the open group and opens `next`, unless they are the same. An empty name means no group.
    pub(super) fn next_group(&mut self, group: &mut &'static str, next: &'static str) {
        // Neighbours in a table mostly share the same static text.
        if core::ptr::eq(*group, next) || *group == next {
            return;
        }
        if !group.is_empty() {
            self.close(group);
        }
        if !next.is_empty() {
            self.open(next);
        }
        *group = next;
    }
}
