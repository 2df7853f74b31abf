//! Makes a directory of what a builder has collected: sorts it, finds what is there twice, and follows references.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::mem;

use super::builder::{AppearanceToAdd, Builder, LeftOut};
use super::by_text::ByText;
use super::mistakes::Shown;
use super::reference::Reference;
use super::{
    AppearanceEntry, AppearanceId, DeviceEntry, DeviceId, Directory, LineEntry, LineId, MAX_LINES, Mistakes,
    Place, Span, fold, number,
};

/// A directory in the making.
pub(super) struct Resolver {
    pub(super) from: Builder,
    pub(super) directory: Directory,
    pub(super) left_out: LeftOut,
    /// The keys of lines and devices with mistakes, sorted: nothing more is said of references to them.
    bad_lines: Vec<(Span, Span)>,
    bad_devices: Vec<Span>,
}

/// A line appearance whose references are followed.
#[derive(Clone, Copy, Debug)]
struct Found {
    line: LineId,
    device: Option<DeviceId>,
    index: u32,
    device_id: Span,
    listed: bool,
    place: Place,
}

impl Found {
    fn at(&self) -> (LineId, Option<DeviceId>) {
        (self.line, self.device)
    }
}

impl Resolver {
    pub(super) fn new(mut from: Builder) -> Self {
        let directory = Directory::blank(mem::take(&mut from.texts));
        let (bad_lines, bad_devices) = (Vec::new(), Vec::new());
        Self { from, directory, left_out: LeftOut::default(), bad_lines, bad_devices }
    }

    pub(super) fn finish(mut self) -> (Directory, Mistakes, LeftOut) {
        self.lines();
        self.devices();
        self.appearances();
        self.users();
        let Self { from, mut directory, left_out, .. } = self;
        let mut mistakes = from.mistakes;
        mistakes.sort();
        directory.index();
        (directory, mistakes, left_out)
    }

    fn lines(&mut self) {
        let mut lines = mem::take(&mut self.from.lines);
        let texts = &self.directory.texts;
        let key = |number, partition| (texts.get(number), texts.get(partition));
        // A stable sort: of two that are equal, the one that was added first stays first.
        lines.sort_by(|a, b| key(a.number, a.partition).cmp(&key(b.number, b.partition)));
        let mut kept: Vec<LineEntry> = Vec::with_capacity(lines.len());
        let mut first = Place::default();
        for line in &lines {
            let (dn, partition) = key(line.number, line.partition);
            if line.bad {
                self.bad_lines.push((line.number, line.partition));
            } else if kept.last().is_some_and(|last| key(last.number, last.partition) == (dn, partition)) {
                let at = self.from.mistakes.at(first);
                let what = format_args!(
                    "line {} in partition {}: is there already, in {at}",
                    Shown(dn),
                    Shown(partition)
                );
                self.from.mistakes.add(line.place, what);
            } else {
                let (number, partition, e164, label) = (line.number, line.partition, line.e164, line.label);
                kept.push(LineEntry { number, partition, e164, label });
                first = line.place;
            }
        }
        self.left_out.lines = lines.len().saturating_sub(kept.len());
        let text = |index: usize| kept.get(index).map_or("", |line| self.directory.texts.get(line.number));
        self.directory.by_number = ByText::of(kept.len(), text);
        self.directory.lines = kept;
    }

    fn devices(&mut self) {
        let mut devices = mem::take(&mut self.from.devices);
        let texts = &self.directory.texts;
        devices.sort_by(|a, b| fold::compare(texts.get(a.name), texts.get(b.name)));
        let mut kept: Vec<DeviceEntry> = Vec::with_capacity(devices.len());
        let mut first = Place::default();
        for device in &devices {
            let name = texts.get(device.name);
            if device.bad {
                self.bad_devices.push(device.name);
            } else if kept.last().is_some_and(|last| fold::compare(texts.get(last.name), name).is_eq()) {
                let at = self.from.mistakes.at(first);
                self.from
                    .mistakes
                    .add(device.place, format_args!("device {}: is there already, in {at}", Shown(name)));
            } else {
                kept.push(DeviceEntry {
                    name: device.name,
                    description: device.description,
                    kind: device.kind,
                });
                first = device.place;
            }
        }
        self.left_out.devices = devices.len().saturating_sub(kept.len());
        self.directory.devices = kept;
    }

    /// Whether a reference leads to a line with a mistake of its own.
    fn is_bad_line(&self, reference: &Reference<'_>) -> bool {
        let texts = &self.directory.texts;
        let lines = super::equal(&self.bad_lines, |(number, _)| texts.get(*number).cmp(reference.number));
        let mut lines = self.bad_lines.get(lines).unwrap_or_default().iter();
        lines.any(|(_, partition)| reference.partition.is_none_or(|named| named == texts.get(*partition)))
    }

    /// The line that a reference means. `Err` holds what is wrong, unless it was said already.
    pub(super) fn line(&self, reference: &Reference<'_>) -> Result<LineId, Option<alloc::string::String>> {
        self.directory
            .line_meant(reference)
            .map_err(|why| (!self.is_bad_line(reference)).then(|| self.directory.explain(reference, why)))
    }

    /// The device of this name, in the same way.
    pub(super) fn device(&self, name: &str) -> Result<DeviceId, Option<alloc::string::String>> {
        self.directory.device_named(name).ok_or_else(|| {
            let texts = &self.directory.texts;
            let is_bad =
                self.bad_devices.binary_search_by(|bad| fold::compare(texts.get(*bad), name)).is_ok();
            (!is_bad).then(|| alloc::format!("there is no device {}", Shown(name)))
        })
    }

    fn appearances(&mut self) {
        let given = mem::take(&mut self.from.appearances);
        let mut found = Vec::with_capacity(given.len());
        for appearance in &given {
            match self.follow(appearance) {
                Ok(appearance) => found.push(appearance),
                Err(wrong) => {
                    let line = Shown(self.from.references.get(appearance.line));
                    if let Some(what) = wrong {
                        let what = format_args!("line appearance {line}: {what}");
                        self.from.mistakes.add(appearance.place, what);
                    }
                    self.left_out.appearances = self.left_out.appearances.saturating_add(1);
                }
            }
        }
        found.sort_by_key(|one| (one.at(), !one.listed));
        let merged = self.merge(&found);
        let indexed = self.give_indexes(merged);
        let mut indexed = indexed.into_iter().peekable();
        let mut kept = Vec::with_capacity(self.directory.lines.len().max(found.len()));
        for line in self.directory.lines() {
            let first = kept.len();
            while let Some(one) = indexed.next_if(|one| one.line == line) {
                let Found { line, device, index, device_id, .. } = one;
                kept.push(AppearanceEntry { line, device, index, device_id });
            }
            if kept.len() == first {
                kept.push(AppearanceEntry { line, device: None, index: 0, device_id: Span::default() });
            }
        }
        self.directory.appearances = kept;
    }

    fn follow(&self, given: &AppearanceToAdd) -> Result<Found, Option<alloc::string::String>> {
        if given.bad {
            return Err(None);
        }
        let reference = Reference::read(self.from.references.get(given.line));
        if reference.device.is_some() {
            return Err(Some("must be NUMBER[/PARTITION]; the device has its own place".into()));
        }
        let name = self.from.references.get(given.device);
        let device = if name.is_empty() { None } else { Some(self.device(name)?) };
        let line = self.line(&reference)?;
        let AppearanceToAdd { index, device_id, listed, place, .. } = *given;
        Ok(Found { line, device, index, device_id, listed, place })
    }

    /// Makes one of an appearance in a device's list and of the entry that amends it.
    fn merge(&mut self, found: &[Found]) -> Vec<Found> {
        let mut merged: Vec<Found> = Vec::with_capacity(found.len());
        for one in found {
            match merged.last_mut() {
                Some(last) if last.at() == one.at() && last.listed && !one.listed => {
                    let index = if one.index > 0 { one.index } else { last.index };
                    *last = Found { index, ..*one };
                }
                Some(last) if last.at() == one.at() => {
                    let at = self.from.mistakes.at(last.place);
                    self.complain(one, format_args!("is there already, in {at}"));
                }
                Some(last) if last.line == one.line && last.device.is_none() => {
                    let at = self.from.mistakes.at(last.place);
                    self.complain(one, format_args!("has a device, and one in {at} has none"));
                }
                _ => merged.push(*one),
            }
        }
        merged
    }

    fn complain(&mut self, one: &Found, what: core::fmt::Arguments<'_>) {
        let line = self.directory.line(one.line);
        let (number, partition) = (line.number, line.partition);
        let device = one.device.map_or("", |device| self.directory.device(device).name);
        let (slash, at) =
            (if partition.is_empty() { "" } else { "/" }, if device.is_empty() { "" } else { "@" });
        let what = format_args!("line appearance {number}{slash}{partition}{at}{device}: {what}");
        self.from.mistakes.add(one.place, what);
        self.left_out.appearances = self.left_out.appearances.saturating_add(1);
    }

    /// Gives an index to those at devices that have none, and takes out those whose index is another's.
    fn give_indexes(&mut self, mut found: Vec<Found>) -> Vec<Found> {
        found.sort_by_key(|one| (one.device, one.index, one.line));
        let mut kept: Vec<Found> = Vec::with_capacity(found.len());
        for group in found.chunk_by(|one, next| one.device == next.device) {
            if group.first().is_none_or(|one| one.device.is_none()) {
                kept.extend_from_slice(group);
                continue;
            }
            // Those without an index come first.
            let taken: BTreeSet<u32> = match group.first() {
                Some(Found { index: 0, .. }) => group.iter().map(|one| one.index).collect(),
                _ => BTreeSet::new(),
            };
            let mut free = (1..).filter(|index| !taken.contains(index));
            let mut last: Option<Found> = None;
            for one in group {
                let index = if one.index > 0 { one.index } else { free.next().unwrap_or_default() };
                match last {
                    Some(last) if last.index == one.index && one.index > 0 => {
                        let at = self.from.mistakes.at(last.place);
                        self.complain(one, format_args!("has index {index}, as the one in {at}"));
                    }
                    _ if super::position(index) > MAX_LINES => {
                        self.complain(one, format_args!("is one too many: a device has at most {MAX_LINES}"));
                    }
                    _ => {
                        kept.push(Found { index, ..*one });
                        last = Some(*one);
                    }
                }
            }
        }
        kept.sort_by_key(Found::at);
        kept
    }
}

impl Directory {
    /// Makes the indexes that follow from the entries, and the hash.
    fn index(&mut self) {
        let text = |index: usize| self.users.get(index).map_or("", |user| self.texts.get(user.id));
        self.by_id = ByText::of(self.users.len(), text);
        let alias = |line: &LineId| self.line(*line).e164;
        let mut by_alias: Vec<LineId> = self.lines().filter(|line| alias(line).is_some()).collect();
        by_alias.sort_by(|a, b| alias(a).cmp(&alias(b)));
        self.by_alias = by_alias;
        let carried = |id: &AppearanceId| self.appearance(*id).device.is_some();
        let mut by_device: Vec<AppearanceId> = self.appearances().filter(carried).collect();
        by_device.sort_by_key(|id| {
            let appearance = self.appearance(*id);
            (appearance.device, appearance.index)
        });
        self.by_device = by_device;
        let mut by_grant = Vec::with_capacity(self.grants.len());
        for user in self.users() {
            by_grant.extend(self.grants_of(user).iter().map(|grant| (grant.line, user)));
        }
        by_grant.sort_unstable();
        by_grant.dedup();
        self.by_grant = by_grant;
        self.hash = self.text_hash();
    }
}

/// The index of an entry in a list of those to add.
pub(super) fn numbered<T>(list: &[T]) -> impl Iterator<Item = (u32, &T)> {
    list.iter().enumerate().map(|(index, entry)| (number(index), entry))
}
