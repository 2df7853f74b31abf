//! Answers whose data come in messages of their own (`SnapshotDeviceData`, `SnapshotCallData`), put together.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;

use super::protocol::Asker;
use crate::digest::{Digest, Digester};
use crate::wire::csta::emit;
use crate::wire::csta::model::{Namespace, SnapshotData};
use crate::wire::csta::services::Service;
use crate::wire::csta_frame::MAX_DOCUMENT;

/// The most answers that are gathered over one link at a time.
const MAX_GATHERED: usize = 256;

/// The most answers of which parts are kept before a response announces them, and the most names that are void. More
/// push out the oldest: they never stand in the way of an answer that was announced.
const MAX_EARLY: usize = 16;

/// One answer.
struct Gathered {
    service: &'static Service,
    /// The items so far.
    items: Vec<u8>,
    /// What the answer says beside them.
    beside: Vec<u8>,
    /// Whether there are more of them than one document may hold.
    too_many: bool,
    is_whole: bool,
}

impl Gathered {
    const fn new(service: &'static Service) -> Self {
        Self { service, items: Vec::new(), beside: Vec::new(), too_many: false, is_whole: false }
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
    announced: BTreeMap<Box<str>, (Asker, Gathered)>,
    /// Those whose data came before the response that announces them, oldest first.
    early: VecDeque<(Box<str>, Gathered)>,
    /// Names that stand for more than one answer, or for one that nobody waits for any more, until its last part; oldest
    /// first. Nobody could tell whose a part under such a name is.
    void: VecDeque<Box<str>>,
    /// Who asked for what may be answered so, and has no answer yet: as long as there is somebody, data may come before
    /// the answer that announces them.
    asked: BTreeSet<Asker>,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// More is to come.
    Waits,
    /// All is there: a whole response.
    Whole(Asker, Box<[u8]>),
    /// More came than is kept.
    TooMuch(Asker),
    /// The name means another answer already.
    Ambiguous(Asker),
    /// Nobody waits for it.
    Unexpected,
}

impl Gathering {
    /// Forgets all.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Somebody asked for what may be answered so.
    pub(super) fn expect(&mut self, who: Asker) {
        self.asked.insert(who);
    }

    /// Nobody waits any more, or has another answer.
    pub(super) fn abandon(&mut self, who: Asker) {
        if !self.asked.remove(&who) {
            let mut announced = self.announced.iter();
            let name = announced.find(|(_, (waiting, _))| *waiting == who).map(|(name, _)| name.clone());
            if let Some(name) = name {
                self.announced.remove(&name);
                self.avoid(name);
            }
        }
        self.forget_early();
    }

    /// Data that the last answer did not announce will be announced by none: they must not be found under the same name
    /// later.
    fn forget_early(&mut self) {
        if self.asked.is_empty() {
            self.early.clear();
        }
    }

    /// Whatever comes under this name from now on is nobody's, until its last part.
    fn avoid(&mut self, name: Box<str>) {
        if self.void.len() >= MAX_EARLY {
            self.void.pop_front();
        }
        self.void.push_back(name);
    }

    /// A response announced data.
    pub(super) fn announce(&mut self, who: Asker, announced: Announced<'_>, namespace: Namespace) -> Outcome {
        let outcome = self.name(who, announced, namespace);
        self.asked.remove(&who);
        self.forget_early();
        outcome.unwrap_or_else(|| self.settle(announced.cross_reference, namespace))
    }

    /// Gives an answer its name, if that can be told from others.
    fn name(&mut self, who: Asker, announced: Announced<'_>, namespace: Namespace) -> Option<Outcome> {
        let Announced { service, cross_reference, source } = announced;
        if self.void.iter().any(|name| **name == *cross_reference) {
            return Some(Outcome::Ambiguous(who));
        }
        if self.announced.remove(cross_reference).is_some() {
            self.avoid(cross_reference.into());
            return Some(Outcome::Ambiguous(who));
        }
        if self.announced.len() >= MAX_GATHERED {
            return Some(Outcome::TooMuch(who));
        }
        let mut gathered = self.take_early(cross_reference).unwrap_or_else(|| Gathered::new(service));
        if gathered.service != service {
            return Some(Outcome::Ambiguous(who));
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

    /// A response announced data, and nobody waits for it any more: they are dropped when they come, if they did not yet.
    pub(super) fn disown(&mut self, cross_reference: &str) {
        let is_whole = self.take_early(cross_reference).is_some_and(|gathered| gathered.is_whole);
        let is_anothers = self.announced.remove(cross_reference).is_some();
        let is_void = self.void.iter().any(|name| **name == *cross_reference);
        if !is_void && (is_anothers || !is_whole) {
            self.avoid(cross_reference.into());
        }
    }

    /// A part came.
    pub(super) fn add(&mut self, data: &SnapshotData<'_>, namespace: Namespace) -> Outcome {
        let Some(name) = data.cross_reference.map(Box::from).or_else(|| self.only()) else {
            return Outcome::Unexpected;
        };
        if let Some(place) = self.void.iter().position(|void| *void == name) {
            if data.is_last {
                self.void.remove(place);
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
        if !self.asked.is_empty() && self.add_early(name, data, namespace) {
            Outcome::Waits
        } else {
            Outcome::Unexpected
        }
    }

    /// Edition 6 has a message without a name: it can only belong to the one answer that there is.
    fn only(&self) -> Option<Box<str>> {
        let is_alone = self.announced.len() == 1 && self.asked.is_empty() && self.void.is_empty();
        self.announced.keys().next().filter(|_| is_alone).cloned()
    }

    fn add_early(&mut self, name: Box<str>, data: &SnapshotData<'_>, namespace: Namespace) -> bool {
        if let Some((_, gathered)) = self.early.iter_mut().find(|(early, _)| *early == name) {
            return gathered.add(data, namespace);
        }
        if self.early.len() >= MAX_EARLY {
            self.early.pop_front();
        }
        let mut gathered = Gathered::new(data.service);
        let is_added = gathered.add(data, namespace);
        self.early.push_back((name, gathered));
        is_added
    }

    /// Takes an answer out that is whole.
    fn settle(&mut self, cross_reference: &str, namespace: Namespace) -> Outcome {
        let is_whole = self.announced.get(cross_reference).is_some_and(|(_, gathered)| gathered.is_whole);
        let whole = if is_whole { self.announced.remove(cross_reference) } else { None };
        match whole {
            None => Outcome::Waits,
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

impl Digest for Gathering {
    fn digest(&self, digester: &mut Digester) {
        let Self { announced, early, void, asked } = self;
        digester.value(&announced.len());
        for (name, (Asker(who), gathered)) in announced {
            digester.value(name);
            digester.value(who);
            digester.value(gathered);
        }
        digester.value(&early.len());
        for (name, gathered) in early {
            digester.value(name);
            digester.value(gathered);
        }
        digester.value(&void.len());
        for name in void {
            digester.value(name);
        }
        digester.value(&asked.len());
        for Asker(who) in asked {
            digester.value(who);
        }
    }
}

impl Digest for Gathered {
    fn digest(&self, digester: &mut Digester) {
        let Self { service, items, beside, too_many, is_whole } = self;
        digester.text(service.root);
        digester.bytes(items);
        digester.bytes(beside);
        digester.flag(*too_many);
        digester.flag(*is_whole);
    }
}
