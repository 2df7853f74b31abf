//! The stations of a phone system, as lines and devices of a directory.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use crate::line::directory::{Builder, DeviceKind, NewAppearance, NewDevice, NewLine, Place};
use crate::line::identifier::{vendors_number, with_number};
use crate::wire::csta::inventory::Listed;
use crate::wire::csta::model::Device;

/// What the name of a model has in it that is a soft phone, in small letters: CSTA has no other word for it.
const SOFT: [&str; 8] = [
    "softphone",
    "soft phone",
    "soft-phone",
    "softclient",
    "soft client",
    "ip communicator",
    "client services framework",
    "jabber",
];

/// Whether a model is a soft phone, by its name.
fn kind_of(model: &str) -> DeviceKind {
    let model = model.to_lowercase();
    if SOFT.iter().any(|soft| model.contains(soft)) { DeviceKind::Soft } else { DeviceKind::Hard }
}

/// A station: a line, as the phone system names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Station {
    /// Its identifier.
    pub id: Box<str>,
    /// Its number; the identifier, if there is no number in it.
    pub number: Box<str>,
    /// The name of the model; empty if it is not known.
    pub model: Box<str>,
    /// The identifiers of the devices that it is on, other than itself.
    pub devices: Vec<Box<str>>,
    /// Whether it is a device by itself.
    pub is_device: bool,
}

/// All stations of a phone system, in the order of its list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stations {
    list: Vec<Station>,
    /// Their identifiers.
    known: BTreeSet<Box<str>>,
    /// The names of the models of devices of which their information says it.
    models: BTreeMap<Box<str>, Box<str>>,
    /// How many devices are of another kind: trunks, groups, places to park.
    others: usize,
    /// Of how many stations the phone system said no more than that they are there.
    unknown: usize,
    /// Whether the connection's configuration says what the phone system calls a number.
    names_devices: bool,
}

impl Stations {
    pub(super) fn new(names_devices: bool) -> Self {
        Self { names_devices, ..Self::default() }
    }

    /// How many stations there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is no station.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The stations.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Station> {
        self.list.iter()
    }

    /// How many devices were listed.
    pub(super) const fn seen(&self) -> usize {
        self.list.len() + self.others
    }

    pub(super) fn id(&self, index: usize) -> Option<&str> {
        self.list.get(index).map(|station| &*station.id)
    }

    /// Adds a device of the list, if it is a station and new.
    pub(super) fn add(&mut self, listed: &Listed<'_>) {
        let Listed { device, category, model } = *listed;
        if category.is_some_and(|category| category != "station") {
            self.others = self.others.saturating_add(1);
            return;
        }
        if self.known.insert(device.id.into()) {
            let number =
                with_number(device, |number| Box::<str>::from(number)).unwrap_or_else(|| device.id.into());
            let model = model.unwrap_or_default().into();
            self.list.push(Station { id: device.id.into(), number, model, ..Station::default() });
        }
    }

    /// Notes what the phone system says of a station.
    pub(super) fn learn<'a>(
        &mut self,
        index: u32,
        has_physical: Option<bool>,
        devices: impl Iterator<Item = Device<'a>>,
    ) {
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        let Some(station) = self.list.get_mut(index) else { return };
        station.devices = devices.map(|device| device.id.into()).collect();
        station.is_device = has_physical == Some(true);
    }

    /// The devices that stations are on whose models are not known.
    pub(super) fn without_model(&self) -> Vec<Box<str>> {
        let by_itself = |station: &Station| station.is_device || station.devices.is_empty();
        let stations = self.list.iter().filter(|station| by_itself(station) && station.model.is_empty());
        let others = self.list.iter().flat_map(|station| &station.devices);
        let all: BTreeSet<&Box<str>> = stations.map(|station| &station.id).chain(others).collect();
        all.into_iter().cloned().collect()
    }

    /// Notes of what model a device is.
    pub(super) fn is_of_model(&mut self, device: &str, model: &str) {
        self.models.insert(device.into(), model.into());
    }

    /// Notes that the phone system does not say more of a station, or not in time.
    pub(super) const fn unknown(&mut self) {
        self.unknown = self.unknown.saturating_add(1);
    }

    /// Adds lines, devices and line appearances to a directory; `name` is the phone system's in mistakes, where a place
    /// is that in its list.
    ///
    /// A station is a line, on the devices that it is said to be on. Of two with one number, each is a device. An
    /// identifier that is not the number is that of the line appearance, unless the connection's configuration says how
    /// identifiers follow from numbers.
    pub fn add_to(&self, builder: &mut Builder, name: &str) {
        let file = builder.file(name);
        let mut count: BTreeMap<&str, usize> = BTreeMap::new();
        for station in &self.list {
            *count.entry(&station.number).or_default() += 1;
        }
        let mut devices: BTreeMap<&str, (Place, &str, Vec<&str>)> = BTreeMap::new();
        let mut lines: BTreeSet<&str> = BTreeSet::new();
        for (station, index) in self.list.iter().zip(1..) {
            let (place, line) = (Place::new(file, index), &*station.number);
            if lines.insert(line) {
                builder.line(place, &NewLine { number: line, ..NewLine::default() });
            }
            let is_shared = count.get(line).is_some_and(|count| *count > 1);
            let is_device = station.is_device || (is_shared && station.devices.is_empty());
            let itself = is_device.then_some(&*station.id);
            let mut on: Vec<&str> =
                itself.into_iter().chain(station.devices.iter().map(|id| &**id)).collect();
            for device in &on {
                let entry = devices.entry(device);
                let (.., carried) = entry.or_insert_with(|| (place, &*station.model, Vec::new()));
                if !carried.contains(&line) {
                    carried.push(line);
                }
            }
            if !self.names_devices && vendors_number(&station.id).is_some() {
                if on.is_empty() {
                    on.push("");
                }
                let device_id = &*station.id;
                for device in on {
                    builder.appearance(place, &NewAppearance { line, device, index: 0, device_id });
                }
            }
        }
        for (name, (place, description, lines)) in &devices {
            let description = self.models.get(*name).map_or(*description, |model| model);
            let device = NewDevice { name, description, lines, kind: kind_of(description) };
            builder.device(*place, &device);
        }
    }

    /// What is remarkable about them, for people; empty if nothing is.
    #[must_use]
    pub fn remarks(&self) -> String {
        let mut remarks: Vec<String> = Vec::new();
        if self.others > 0 {
            remarks.push(alloc::format!("{} devices that are no stations are left out", self.others));
        }
        if self.unknown > 0 {
            remarks
                .push(alloc::format!("of {} stations it did not say what devices they are on", self.unknown));
        }
        remarks.join("; ")
    }
}

crate::digest! { struct Station { id, number, model, devices, is_device } }

crate::digest! { struct Stations {
    list,
    models,
    known: _, // It follows from the stations.
    others,
    unknown,
    names_devices: _, // Configured.
} }
