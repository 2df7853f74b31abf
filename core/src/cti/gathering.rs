//! Answers whose data come in messages of their own (`SnapshotDeviceData`, `SnapshotCallData`), put together.

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

/// The most answers of which parts are kept before a response announces them. More push out the oldest: they never
/// stand in the way of an answer that was announced.
const MAX_EARLY: usize = 64;

/// The most names that are void. More push out the oldest.
const MAX_VOID: usize = 1024;

/// One answer.
struct Gathered {
    service: &'static Service,
    /// The items so far.
    items: Vec<u8>,
    /// What the answer says beside them.
    beside: Vec<u8>,
    /// Whether there are more of them than one document may hold.
    too_many: bool,
    /// Whether a part may have been left out, since nobody could say whose it is.
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

    /// Takes a part, if it is one of this answer.
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

/// All answers that are gathered over one link.
#[derive(Default)]
pub(super) struct Gathering {
    /// Those that a response announced, by their `serviceCrossRefID`, and who waits for them.
    announced: BTreeMap<Box<str>, (RequestId, Gathered)>,
    /// Those whose data came before the response that announces them, oldest first.
    early: VecDeque<(Box<str>, Gathered)>,
    /// Names that stand for more than one answer, or for one that nobody waits for any more, and how many last parts
    /// are still to come under each; oldest first. Nobody could tell whose a part under such a name is.
    void: VecDeque<(Box<str>, u32)>,
    /// The invoke IDs of requests that nobody waits for any more, and that may still be answered so.
    missed: BTreeSet<u16>,
    /// Who asked for what may be answered so, and has no answer yet: as long as there is somebody, data may come before
    /// the answer that announces them.
    asked: BTreeSet<RequestId>,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// More is to come.
    Waits,
    /// All is there: a whole response.
    Whole(RequestId, Box<[u8]>),
    /// More came than is kept.
    TooMuch(RequestId),
    /// Nobody can say which data are the answer's.
    Ambiguous(RequestId),
    /// Nobody waits for it.
    Unexpected,
}

impl Gathering {
    /// Forgets all.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Somebody asked for what may be answered so.
    pub(super) fn expect(&mut self, who: RequestId) {
        self.asked.insert(who);
    }

    /// There is another answer.
    pub(super) fn answered(&mut self, who: RequestId) {
        self.asked.remove(&who);
        self.forget_early();
    }

    /// Nobody waits any more for what was asked under this invoke ID, if it was sent.
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

    /// There is an answer for which nobody waits any more.
    pub(super) fn came_late(&mut self, invoke: u16, cross_reference: Option<&str>) {
        if let Some(name) = cross_reference {
            self.disown(name);
        }
        self.missed.remove(&invoke);
        self.forget_early();
    }

    /// Data that the last answer did not announce will be announced by none: they must not be found under the same name
    /// later.
    fn forget_early(&mut self) {
        if self.asked.is_empty() && self.missed.is_empty() {
            self.early.clear();
        }
    }

    /// Whatever comes under this name is nobody's, until so many more last parts have come.
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

    /// One last part has come under a void name.
    fn is_past(&mut self, place: usize) {
        if let Some((_, due)) = self.void.get_mut(place) {
            *due = due.saturating_sub(1);
            if *due == 0 {
                self.void.remove(place);
            }
        }
    }

    /// A response announced data.
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

    /// Gives an answer its name, if that can be told from others.
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
        let place = self.early.iter().position(|(name, _)| **name == *cross_reference)?;
        self.early.remove(place).map(|(_, gathered)| gathered)
    }

    /// A response announced data, and nobody waits for it any more: they are dropped when they come, if they did not
    /// yet.
    fn disown(&mut self, cross_reference: &str) {
        let is_whole = self.take_early(cross_reference).is_some_and(|gathered| gathered.is_whole);
        let is_anothers = self.announced.remove(cross_reference).is_some();
        let due = u32::from(is_anothers).saturating_add(u32::from(!is_whole));
        if due > 0 {
            self.avoid(cross_reference, due);
        }
    }

    /// A part came.
    pub(super) fn add(&mut self, data: &SnapshotData<'_>, namespace: Namespace) -> Outcome {
        let Some(name) = data.cross_reference.map(Box::from).or_else(|| self.only()) else {
            self.on_nameless(data.is_last);
            return Outcome::Unexpected;
        };
        if let Some(place) = self.void.iter().position(|(void, _)| *void == name) {
            if data.is_last {
                self.is_past(place);
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

    /// Edition 6 has a message without a name: it can only belong to the one answer that there is.
    fn only(&self) -> Option<Box<str>> {
        let is_alone = self.announced.len() == 1
            && self.asked.is_empty()
            && self.missed.is_empty()
            && self.void.is_empty()
            && self.early.is_empty();
        self.announced.keys().next().filter(|_| is_alone).cloned()
    }

    /// A part came without a name, and nobody can say whose it is: every answer may lack it. With its last part, one of
    /// those that nobody waits for may be past; otherwise one that never comes would be waited for until the end.
    fn on_nameless(&mut self, is_last: bool) {
        for (_, gathered) in self.announced.values_mut() {
            gathered.is_broken = true;
        }
        if is_last && self.missed.pop_first().is_none() {
            self.is_past(0);
        }
        self.forget_early();
    }

    /// Keeps a part that a response may announce. Where only answers are due that nobody waits for, or where one under
    /// that name is whole, it is nobody's: only its name is of use.
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

    /// Takes an answer out that is whole.
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
