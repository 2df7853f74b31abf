//! The devices that a phone system lists, and what it says of each (ECMA-269 clause 13).

use super::model::Device;
use super::read;
use super::relayed::Relayed;

/// A device in a list of them (`SwitchingFunctionDevices`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed<'a> {
    /// Its identifier.
    pub device: Device<'a>,
    /// Its category (`deviceCategory`), if it is said.
    pub category: Option<&'a str>,
    /// The name of its model (`deviceModelName`), if it is said.
    pub model: Option<&'a str>,
}

/// The devices in a part of a list. One whose identifier cannot be read is passed over.
pub fn listed<'a>(part: &Relayed<'a>) -> impl Iterator<Item = Listed<'a>> + use<'a> {
    let list = part.source.and_then(|root| read::child(root, "deviceList"));
    let entries = list.into_iter().flat_map(|list| list.children());
    entries.filter(|entry| entry.is_element() && entry.tag_name().name() == "device").filter_map(|entry| {
        let text = |name| read::child_text(entry, name).filter(|text| !text.is_empty());
        let device = read::child(entry, "deviceID").and_then(read::known_device)?;
        Some(Listed { device, category: text("deviceCategory"), model: text("deviceModelName") })
    })
}

/// The physical devices on which a logical device is, by its information (`GetLogicalDeviceInformation`): those other than
/// itself.
pub fn physical_devices<'a>(information: &Relayed<'a>) -> impl Iterator<Item = Device<'a>> + use<'a> {
    let list = information.source.and_then(|root| read::child(root, "otherPhysicalDeviceList"));
    let devices = list.into_iter().flat_map(|list| list.descendants().skip(1));
    devices.filter(|node| node.tag_name().name() == "deviceID").filter_map(read::known_device)
}
