//! Puts answers together whose data come in separate messages (`SnapshotDeviceData`, `SnapshotCallData`).

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;

use super::protocol::RequestId;
use crate::wire::csta::emit;
use crate::wire::csta::model::{Namespace, SnapshotData};
use crate::wire::csta::services::Service;
use crate::wire::csta_frame::MAX_DOCUMENT;

/// The most answers that are gathered over one link at a time.
const MAX_GATHERED: usize = 256;

/// The most answers of which parts are kept before a response announces them. Beyond that the oldest are dropped, so
/// that they never displace an answer that was announced.
const MAX_EARLY: usize = 64;

/// The most void names. Beyond that the oldest are dropped.
const MAX_VOID: usize = 1024;

/// An answer being gathered.
struct Gathered {
    service: &'static Service,
    /// The items so far.
    items: Vec<u8>,
    /// The answer's other content.
    beside: Vec<u8>,
    /// Whether there are more items than one document may hold.
    too_many: bool,
    /// Whether a part may be missing, because it could not be attributed to an answer.
    is_broken: bool,
    is_whole: bool,
}

impl Gathered {
    const fn new(service: &'static Service) -> Self {
        Self {
            service,
            items: Vec::new(),
            beside: Vec::new(),
            too_many: false,
            is_broken: false,
            is_whole: false,
        }
    }

    /// Adds a part, if it belongs to this answer.
    fn add(&mut self, data: &SnapshotData<'_>, namespace: Namespace) -> bool {
        if self.service != data.service || self.is_whole {
            return false;
        }
        let before = self.items.len();
        if !self.too_many {
            emit::snapshot_items(&mut self.items, namespace, data);
        }
        if self.items.len() > MAX_DOCUMENT {
            self.items.truncate(before);
            self.too_many = true;
        }
        self.is_whole = data.is_last;
        true
    }
}

/// What a response announces.
#[derive(Clone, Copy)]
pub(super) struct Announced<'a> {
    pub(super) service: &'static Service,
    /// `serviceCrossRefID`.
    pub(super) cross_reference: &'a str,
    /// The response's root.
    pub(super) source: Option<roxmltree::Node<'a, 'a>>,
}

/// All answers being gathered over one link.
#[derive(Default)]
pub(super) struct Gathering {
    /// Those that a response announced, by their `serviceCrossRefID`, with the request they answer.
    announced: BTreeMap<Box<str>, (RequestId, Gathered)>,
    /// Those whose data came before the response that announces them, oldest first.
    early: VecDeque<(Box<str>, Gathered)>,
    /// Void names, oldest first: a `serviceCrossRefID` that stands for more than one answer, or for one whose request
    /// was given up, so that a part with it cannot be attributed. With each, how many last parts are still to come.
    void: VecDeque<(Box<str>, u32)>,
    /// The invoke IDs of requests that were given up and may still be answered in parts.
    missed: BTreeSet<u16>,
    /// The requests that may be answered in parts and have no answer yet. While there are any, parts may come before
    /// the answer that announces them.
    asked: BTreeSet<RequestId>,
}

/// The result of an announcement or a part.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// More is to come.
    Waits,
    /// The answer is complete: a whole response.
    Whole(RequestId, Box<[u8]>),
    /// The answer has more items than are kept.
    TooMuch(RequestId),
    /// It cannot be determined which parts are the answer's.
    Ambiguous(RequestId),
    /// The part belongs to no answer.
    Unexpected,
}

impl Gathering {
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Notes a request that may be answered in parts.
    pub(super) fn expect(&mut self, who: RequestId) {
        self.asked.insert(who);
    }

    /// Notes that a request was answered in one message, or refused.
    pub(super) fn answered(&mut self, who: RequestId) {
        self.asked.remove(&who);
        self.forget_early();
    }

    /// Notes that a request was given up, with its invoke ID if it was sent.
    pub(super) fn abandon(&mut self, who: RequestId, invoke: Option<u16>) {
        if self.asked.remove(&who) {
            self.missed.extend(invoke);
        } else {
            let mut announced = self.announced.iter();
            let name = announced.find(|(_, (waiting, _))| *waiting == who).map(|(name, _)| name.clone());
            if let Some(name) = name {
                self.announced.remove(&name);
                self.avoid(&name, 1);
            }
        }
        self.forget_early();
    }

    /// Notes the late answer to a request that was given up.
    pub(super) fn came_late(&mut self, invoke: u16, cross_reference: Option<&str>) {
        if let Some(name) = cross_reference {
            self.disown(name);
        }
        self.missed.remove(&invoke);
        self.forget_early();
    }

    /// If no request is left that may be answered in parts, drops the parts that no answer announced: they must not be
    /// found under the same name later.
    fn forget_early(&mut self) {
        if self.asked.is_empty() && self.missed.is_empty() {
            self.early.clear();
        }
    }

    /// Makes a name void until `last_parts` more last parts have come.
    fn avoid(&mut self, name: &str, last_parts: u32) {
        if let Some((_, due)) = self.void.iter_mut().find(|(void, _)| **void == *name) {
            *due = due.saturating_add(last_parts);
            return;
        }
        if self.void.len() >= MAX_VOID {
            self.void.pop_front();
        }
        self.void.push_back((name.into(), last_parts));
    }

    fn is_void(&self, name: &str) -> bool {
        self.void.iter().any(|(void, _)| **void == *name)
    }

    /// Counts a last part under a void name.
    fn is_past(&mut self, index: usize) {
        if let Some((_, due)) = self.void.get_mut(index) {
            *due = due.saturating_sub(1);
            if *due == 0 {
                self.void.remove(index);
            }
        }
    }

    /// Takes a response that announces parts.
    pub(super) fn announce(
        &mut self,
        who: RequestId,
        announced: Announced<'_>,
        namespace: Namespace,
    ) -> Outcome {
        let outcome = self.name(who, announced, namespace);
        self.answered(who);
        outcome.unwrap_or_else(|| self.settle(announced.cross_reference, namespace))
    }

    /// Registers an answer under its name, if the name is unambiguous.
    fn name(&mut self, who: RequestId, announced: Announced<'_>, namespace: Namespace) -> Option<Outcome> {
        let Announced { service, cross_reference, source } = announced;
        let early = self.take_early(cross_reference);
        let due = u32::from(!early.as_ref().is_some_and(|early| early.is_whole));
        if self.is_void(cross_reference) {
            self.avoid(cross_reference, due);
            return Some(Outcome::Ambiguous(who));
        }
        if self.announced.remove(cross_reference).is_some() {
            self.avoid(cross_reference, 2);
            return Some(Outcome::Ambiguous(who));
        }
        let mut gathered = early.unwrap_or_else(|| Gathered::new(service));
        let is_full = self.announced.len() >= MAX_GATHERED;
        if is_full || gathered.service != service {
            if due > 0 {
                self.avoid(cross_reference, due);
            }
            return Some(if is_full { Outcome::TooMuch(who) } else { Outcome::Ambiguous(who) });
        }
        if let Some(root) = source {
            emit::beside_snapshot(&mut gathered.beside, namespace, root);
        }
        self.announced.insert(cross_reference.into(), (who, gathered));
        None
    }

    fn take_early(&mut self, cross_reference: &str) -> Option<Gathered> {
        let index = self.early.iter().position(|(name, _)| **name == *cross_reference)?;
        self.early.remove(index).map(|(_, gathered)| gathered)
    }

    /// Takes a late response that announces parts: they are dropped as they come.
    fn disown(&mut self, cross_reference: &str) {
        let is_whole = self.take_early(cross_reference).is_some_and(|gathered| gathered.is_whole);
        let is_anothers = self.announced.remove(cross_reference).is_some();
        let due = u32::from(is_anothers).saturating_add(u32::from(!is_whole));
        if due > 0 {
            self.avoid(cross_reference, due);
        }
    }

    /// Takes a part.
    pub(super) fn add(&mut self, data: &SnapshotData<'_>, namespace: Namespace) -> Outcome {
        let Some(name) = data.cross_reference.map(Box::from).or_else(|| self.only()) else {
            self.on_nameless(data.is_last);
            return Outcome::Unexpected;
        };
        if let Some(index) = self.void.iter().position(|(void, _)| *void == name) {
            if data.is_last {
                self.is_past(index);
            }
            return Outcome::Unexpected;
        }
        if let Some((_, gathered)) = self.announced.get_mut(&name) {
            return if gathered.add(data, namespace) {
                self.settle(&name, namespace)
            } else {
                Outcome::Unexpected
            };
        }
        let may_be_announced = !self.asked.is_empty() || !self.missed.is_empty();
        if may_be_announced && self.add_early(name, data, namespace) {
            Outcome::Waits
        } else {
            Outcome::Unexpected
        }
    }

    /// The name of the only answer there is. In edition 6 a part may lack its name; then it can only belong to this
    /// one.
    fn only(&self) -> Option<Box<str>> {
        let is_alone = self.announced.len() == 1
            && self.asked.is_empty()
            && self.missed.is_empty()
            && self.void.is_empty()
            && self.early.is_empty();
        self.announced.keys().next().filter(|_| is_alone).cloned()
    }

    /// Takes a part without a name that cannot be attributed: any answer may now lack it. A last part may end an answer
    /// that was given up; if it were not counted as such, that answer's last part would be expected for ever.
    fn on_nameless(&mut self, is_last: bool) {
        for (_, gathered) in self.announced.values_mut() {
            gathered.is_broken = true;
        }
        if is_last && self.missed.pop_first().is_none() {
            self.is_past(0);
        }
        self.forget_early();
    }

    /// Keeps a part that a response may announce. If only late answers are due, or an answer with that name is
    /// complete, the part belongs to none: only its name is noted.
    fn add_early(&mut self, name: Box<str>, data: &SnapshotData<'_>, namespace: Namespace) -> bool {
        let is_nobodys = self.asked.is_empty();
        if let Some((_, gathered)) = self.early.iter_mut().find(|(early, _)| *early == name) {
            gathered.is_broken |= is_nobodys || gathered.is_whole;
            return gathered.add(data, namespace) && !is_nobodys;
        }
        if self.early.len() >= MAX_EARLY
            && let Some((oldest, pushed_out)) = self.early.pop_front()
            && !pushed_out.is_whole
        {
            self.avoid(&oldest, 1);
        }
        let mut gathered = Gathered::new(data.service);
        gathered.is_broken = is_nobodys;
        let is_added = gathered.add(data, namespace);
        self.early.push_back((name, gathered));
        is_added && !is_nobodys
    }

    /// Removes an answer that is complete and returns it.
    fn settle(&mut self, cross_reference: &str, namespace: Namespace) -> Outcome {
        let is_whole = self.announced.get(cross_reference).is_some_and(|(_, gathered)| gathered.is_whole);
        let whole = if is_whole { self.announced.remove(cross_reference) } else { None };
        match whole {
            None => Outcome::Waits,
            Some((who, gathered)) if gathered.is_broken => Outcome::Ambiguous(who),
            Some((who, gathered)) if gathered.too_many => Outcome::TooMuch(who),
            Some((who, gathered)) => {
                let mut whole = Vec::new();
                emit::whole_snapshot(
                    &mut whole,
                    namespace,
                    gathered.service,
                    (&gathered.items, &gathered.beside),
                );
                Outcome::Whole(who, whole.into_boxed_slice())
            }
        }
    }
}

crate::digest! { struct Gathering { announced, early, void, missed, asked } }

crate::digest! { struct Gathered { service => service.root, items, beside, too_many, is_broken, is_whole } }
