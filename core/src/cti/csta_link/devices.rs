//! Identifiers of devices that are not their numbers: they are written into requests by a rule, or as the phone system
//! named them when it was asked, so that nothing above the link knows of them.
//!
//! Only numbers are rewritten: an identifier in another form, which the directory or the phone system named, is the
//! phone system's own already.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::mem::take;

use super::waiting::Queued;
use crate::config::{Config, DeviceIds, IdRule, LoginKind};
use crate::cti::protocol::RequestId;
use crate::digest::{Digest as _, Digester};
use crate::line::identifier::{is_number, vendors_number};
use crate::line::type_of_number::DYNAMIC;
use crate::wire::csta::emit::{self, Rewrite};
use crate::wire::csta::model::{Device, Namespace, Request};

/// `typeOfNumber` of an identifier that is not a number (ECMA-323, `DeviceID`).
const OTHER: &str = "other";

/// The most dialled numbers whose identifiers are kept. Beyond that the oldest are forgotten.
const MAX_DIALLED: usize = 4_096;

/// The identifiers of one link's devices.
pub(super) struct Devices {
    /// How they follow from numbers.
    rules: DeviceIds,
    /// Whether the phone system is an Avaya, whose monitors turn the sense of their filters round.
    is_avaya: bool,
    known: Known,
    questions: BTreeMap<Box<str>, Question>,
    /// The number that each question asks for, by invoke ID; also of one that was given up, until its late answer.
    asked: BTreeMap<u16, Box<str>>,
    /// Requests that wait for an answer.
    held: BTreeMap<RequestId, Queued>,
}

/// A question for the identifier of a number.
struct Question {
    invoke: u16,
    /// Whether it is only to be dialled.
    is_dialled: bool,
    /// The requests that wait for the answer, oldest first.
    waiting: Vec<RequestId>,
}

/// The place of an identifier in a document that is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    /// Where it belongs, in bytes.
    at: usize,
    number: Box<str>,
    is_dialled: bool,
}

impl Gap {
    /// The number whose identifier is missing.
    pub(super) fn number(&self) -> &str {
        &self.number
    }
}

/// The identifiers that the phone system named on this connect.
#[derive(Default)]
struct Known {
    by_number: BTreeMap<Box<str>, Box<str>>,
    /// Those that may be forgotten, oldest first.
    passing: VecDeque<Box<str>>,
    /// The most that are kept for good.
    most: usize,
    /// The sum of the fingerprints of all, so that a digest need not go through them.
    fingerprint: u64,
}

impl Known {
    fn fingerprint_of(number: &str, id: &str) -> u64 {
        let mut digester = Digester::new();
        (number, id).digest(&mut digester);
        digester.finish()
    }

    fn forget(&mut self, number: &str) {
        if let Some(id) = self.by_number.remove(number) {
            self.fingerprint = self.fingerprint.wrapping_sub(Self::fingerprint_of(number, &id));
        }
    }

    /// Keeps an identifier: that of a device for good, that of a number to be dialled for a while.
    fn learn(&mut self, number: &str, id: &str, is_dialled: bool) {
        let was_passing = self.passing.iter().position(|passing| **passing == *number);
        let kept_for_good = self.by_number.len().saturating_sub(self.passing.len());
        self.forget(number);
        let is_passing = is_dialled || kept_for_good >= self.most;
        match was_passing {
            Some(index) if !is_passing => {
                self.passing.remove(index);
            }
            None if is_passing => self.passing.push_back(number.into()),
            Some(_) | None => {}
        }
        if self.passing.len() > MAX_DIALLED
            && let Some(oldest) = self.passing.pop_front()
        {
            self.forget(&oldest);
        }
        self.fingerprint = self.fingerprint.wrapping_add(Self::fingerprint_of(number, id));
        self.by_number.insert(number.into(), id.into());
    }
}

/// A request whose identifiers were looked up.
pub(super) enum Filled {
    /// It can be sent.
    Whole(Queued),
    /// It waits for the answer to this question, which was asked already.
    Held,
    /// This must be asked first.
    Ask(Queued, Gap),
}

impl Devices {
    /// Those of the connection at `index`; `None` if all identifiers are numbers, and nothing else is special.
    pub(super) fn new(config: &Config, index: u8) -> Option<Box<Self>> {
        let connection = config.cti.connections.get(usize::from(index))?;
        let is_avaya = connection.login.as_ref().is_some_and(|login| login.kind == LoginKind::Avaya);
        let rules = connection.device_ids.clone();
        if rules.is_none() && !is_avaya {
            return None;
        }
        let numbers = || DeviceIds {
            devices: IdRule::Number,
            dialled: IdRule::Number,
            switch_name: alloc::string::String::new(),
        };
        Some(Box::new(Self {
            rules: rules.unwrap_or_else(numbers),
            is_avaya,
            known: Known { most: config.limits.sessions, ..Known::default() },
            questions: BTreeMap::new(),
            asked: BTreeMap::new(),
            held: BTreeMap::new(),
        }))
    }

    /// Begins a new connect: what was asked before is not known any more.
    pub(super) fn clear(&mut self) {
        self.known = Known { most: self.known.most, ..Known::default() };
        self.questions.clear();
        self.asked.clear();
        self.held.clear();
    }

    /// Whether an invoke ID is that of a question, even if it was given up.
    pub(super) fn is_question(&self, invoke: u16) -> bool {
        self.asked.contains_key(&invoke)
    }

    /// How many questions have no answer yet.
    pub(super) fn asking(&self) -> usize {
        self.questions.len()
    }

    /// How many requests wait for an answer.
    pub(super) fn holding(&self) -> usize {
        self.held.len()
    }

    /// The name of the switch whose devices are asked for.
    pub(super) fn switch_name(&self) -> &str {
        &self.rules.switch_name
    }

    /// Appends a request with the phone system's identifiers. Returns where those are missing that are not known yet.
    pub(super) fn write(&self, out: &mut Vec<u8>, namespace: Namespace, request: &Request<'_>) -> Vec<Gap> {
        let mut naming = Naming { devices: self, is_dialled: false, gaps: Vec::new() };
        if let Request::MonitorStart { object, filter, kind } = *request
            && self.is_avaya
        {
            let what = (object, filter.unwrap_or_default(), kind);
            emit::inverted_monitor_start(out, namespace, what, &mut naming);
        } else {
            emit::request(out, namespace, request, &mut naming);
        }
        naming.gaps
    }

    /// Fills the gaps of a request, or holds it until the answer to a question that was asked already.
    pub(super) fn fill(&mut self, mut queued: Queued) -> Filled {
        let unknown = queued.gaps.iter().find(|gap| !self.known.by_number.contains_key(&gap.number));
        if let Some(gap) = unknown.cloned() {
            let Some(question) = self.questions.get_mut(&gap.number) else { return Filled::Ask(queued, gap) };
            question.is_dialled &= gap.is_dialled;
            question.waiting.push(queued.id);
            self.held.insert(queued.id, queued);
            return Filled::Held;
        }
        let gaps = take(&mut queued.gaps);
        if !gaps.is_empty() {
            let mut whole = Vec::with_capacity(queued.document.len() + gaps.len() * 32);
            let mut rest = &*queued.document;
            let mut before = 0;
            for gap in gaps {
                let (part, behind) = rest.split_at_checked(gap.at - before).unwrap_or((rest, &[]));
                whole.extend_from_slice(part);
                emit::text(&mut whole, self.known.by_number.get(&gap.number).map_or("", |id| id));
                (rest, before) = (behind, gap.at);
            }
            whole.extend_from_slice(rest);
            queued.document = whole.into_boxed_slice();
        }
        Filled::Whole(queued)
    }

    /// Notes that a question was asked, and the request that waits for its answer.
    pub(super) fn asked(&mut self, invoke: u16, gap: Gap, queued: Queued) {
        let Gap { number, is_dialled, .. } = gap;
        self.asked.insert(invoke, number.clone());
        self.questions.insert(number, Question { invoke, is_dialled, waiting: alloc::vec![queued.id] });
        self.held.insert(queued.id, queued);
    }

    /// Takes the answer to a question, in time or late: the identifier, if it has one. Returns the requests that waited
    /// for it, oldest first.
    pub(super) fn answered(&mut self, invoke: u16, id: Option<&str>) -> Vec<Queued> {
        let Some(number) = self.asked.remove(&invoke) else { return Vec::new() };
        let is_this = self.questions.get(&number).is_some_and(|question| question.invoke == invoke);
        let question = if is_this { self.questions.remove(&number) } else { None };
        if let Some(id) = id {
            let is_dialled = question.as_ref().is_none_or(|question| question.is_dialled);
            self.known.learn(&number, id, is_dialled);
        }
        let waiting = question.into_iter().flat_map(|question| question.waiting);
        waiting.filter_map(|id| self.held.remove(&id)).collect()
    }

    /// Gives up a request that waits for an answer. Returns the invoke ID of the question if no other waits for it.
    pub(super) fn abandon(&mut self, id: RequestId) -> Option<u16> {
        let held = self.held.remove(&id)?;
        let asks = |gap: &Gap| self.questions.get(&gap.number).is_some_and(|one| one.waiting.contains(&id));
        let number = held.gaps.into_iter().find(asks)?.number;
        let question = self.questions.get_mut(&number)?;
        question.waiting.retain(|waiting| *waiting != id);
        if !question.waiting.is_empty() {
            return None;
        }
        self.questions.remove(&number).map(|question| question.invoke)
    }

    /// Replaces the identifiers in a message of the phone system by their numbers, if `line::identifier` does not read
    /// them as they are. The result is in `room` if there was any.
    pub(super) fn numbered<'b>(&self, bytes: &'b [u8], room: &'b mut Vec<u8>) -> &'b [u8] {
        let rules = [&self.rules.devices, &self.rules.dialled];
        let mut forms = rules.into_iter().filter_map(|rule| match rule {
            IdRule::Form { before, after } if !before.is_empty() || !after.starts_with(':') => {
                Some((before.as_str(), after.as_str()))
            }
            IdRule::Form { .. } | IdRule::Number | IdRule::Asked => None,
        });
        let forms: [Option<(&str, &str)>; 2] = [forms.next(), forms.next()];
        if forms == [None, None] {
            return bytes;
        }
        let mut copied = 0;
        let mut at = 0;
        while let Some(begin) = memchr::memchr(b'>', bytes.get(at..).unwrap_or_default()) {
            let begin = at + begin + 1;
            let rest = bytes.get(begin..).unwrap_or_default();
            let Some(length) = memchr::memchr(b'<', rest) else { break };
            at = begin + length;
            let text = core::str::from_utf8(rest.get(..length).unwrap_or_default()).unwrap_or_default();
            let number = forms.iter().flatten().find_map(|form| number_in(text.trim_ascii(), *form));
            if let Some(number) = number {
                room.extend_from_slice(bytes.get(copied..begin).unwrap_or_default());
                room.extend_from_slice(number.as_bytes());
                copied = at;
            }
        }
        if copied == 0 {
            return bytes;
        }
        room.extend_from_slice(bytes.get(copied..).unwrap_or_default());
        room
    }

    /// The rule for a device that is named by its number.
    fn rule(&self, device: Device<'_>, is_dialled: bool) -> Option<&IdRule> {
        if device.type_of_number == Some(DYNAMIC) || !is_number(device.id) {
            return None;
        }
        let rule = if is_dialled { &self.rules.dialled } else { &self.rules.devices };
        Some(rule).filter(|rule| **rule != IdRule::Number)
    }
}

/// The number in an identifier of this form, which has no characters that XML escapes.
fn number_in<'t>(text: &'t str, (before, after): (&str, &str)) -> Option<&'t str> {
    let number = text.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    number.filter(|number| is_number(number))
}

/// Writes the phone system's identifiers in place of numbers.
struct Naming<'a> {
    devices: &'a Devices,
    is_dialled: bool,
    gaps: Vec<Gap>,
}

impl Rewrite for Naming<'_> {
    fn cross_reference(&mut self, id: &str, out: &mut Vec<u8>) {
        emit::text(out, id);
    }

    fn call(&mut self, call: &str, out: &mut Vec<u8>) {
        emit::text(out, call);
    }

    fn device(&mut self, device: Device<'_>, out: &mut Vec<u8>) {
        match self.devices.rule(device, self.is_dialled) {
            None | Some(IdRule::Number) => emit::text(out, device.id),
            Some(IdRule::Form { before, after }) => {
                for part in [before, device.id, after] {
                    emit::text(out, part);
                }
            }
            Some(IdRule::Asked) => {
                if let Some(id) = self.devices.known.by_number.get(device.id) {
                    emit::text(out, id);
                } else {
                    let number = device.id.into();
                    self.gaps.push(Gap { at: out.len(), number, is_dialled: self.is_dialled });
                }
            }
        }
    }

    fn keeps_type_of_number(&mut self, _: Device<'_>) -> bool {
        true
    }

    fn type_of_number<'d>(&mut self, device: Device<'d>) -> Option<&'d str> {
        let is_other = self.devices.rule(device, self.is_dialled).is_some()
            || (self.devices.is_avaya && vendors_number(device.id).is_some());
        if is_other { Some(OTHER) } else { device.type_of_number }
    }

    fn dials(&mut self, is_dialled: bool) {
        self.is_dialled = is_dialled;
    }
}

crate::digest! { struct Devices {
    rules: _, // Configured.
    is_avaya: _, // Configured.
    known,
    questions,
    asked,
    held,
} }

crate::digest! { struct Question { invoke, is_dialled, waiting } }

crate::digest! { struct Gap { at, number, is_dialled } }

crate::digest! { struct Known { by_number: _, passing => passing.len(), most, fingerprint } }
