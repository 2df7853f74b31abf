//! Answers whose data come in messages of their own (`SnapshotDeviceData`, `SnapshotCallData`), put together.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::protocol::Asker;
use crate::digest::{Digest, Digester};
use crate::wire::csta::emit;
use crate::wire::csta::model::{Namespace, SnapshotData};
use crate::wire::csta::services::Service;
use crate::wire::csta_frame::MAX_DOCUMENT;

/// The most answers that are gathered over one link at a time.
const MAX_GATHERED: usize = 256;

/// One answer.
struct Gathered {
    /// Who waits for it; nobody yet where the data came before the answer that announces them.
    who: Option<Asker>,
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
        Self { who: None, service, items: Vec::new(), beside: Vec::new(), too_many: false, is_whole: false }
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
    /// By their `serviceCrossRefID`.
    all: BTreeMap<Box<str>, Gathered>,
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
    /// Nobody waits for it.
    Unexpected,
}

impl Gathering {
    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.all.clear();
        self.asked.clear();
    }

    /// Somebody asked for what may be answered so.
    pub(super) fn expect(&mut self, who: Asker) {
        self.asked.insert(who);
    }

    /// Nobody waits any more, or has another answer.
    pub(super) fn abandon(&mut self, who: Asker) {
        self.all.retain(|_, gathered| gathered.who != Some(who));
        self.answered(who);
    }

    /// There is an answer. Data that the last one did not announce will be announced by none: they must not be found
    /// under the same name later.
    fn answered(&mut self, who: Asker) {
        self.asked.remove(&who);
        if self.asked.is_empty() {
            self.all.retain(|_, gathered| gathered.who.is_some());
        }
    }

    /// A response announced data.
    pub(super) fn announce(&mut self, who: Asker, announced: Announced<'_>, namespace: Namespace) -> Outcome {
        let outcome = self.name(who, announced, namespace);
        self.answered(who);
        match outcome {
            Some(too_much) => too_much,
            None => self.settle(announced.cross_reference, namespace),
        }
    }

    /// Gives an answer its name, if that can be told from others.
    fn name(&mut self, who: Asker, announced: Announced<'_>, namespace: Namespace) -> Option<Outcome> {
        let Announced { service, cross_reference, source } = announced;
        if self.all.len() >= MAX_GATHERED && !self.all.contains_key(cross_reference) {
            return Some(Outcome::TooMuch(who));
        }
        let entry = self.all.entry(Box::from(cross_reference));
        let gathered = entry.or_insert_with(|| Gathered::new(service));
        if gathered.who.is_some() || gathered.service != service {
            // The name means something else already: nobody could tell the two apart.
            return Some(Outcome::TooMuch(who));
        }
        gathered.who = Some(who);
        if let Some(root) = source {
            emit::beside_snapshot(&mut gathered.beside, namespace, root);
        }
        None
    }

    /// A part came.
    pub(super) fn add(&mut self, data: &SnapshotData<'_>, namespace: Namespace) -> Outcome {
        // Edition 6 has a message without a name: it can only belong to the one answer there is.
        let only = match self.all.len() {
            1 => self.all.keys().next().cloned(),
            _ => None,
        };
        let Some(name) = data.cross_reference.map(Box::from).or(only) else { return Outcome::Unexpected };
        let has_room = self.all.len() < MAX_GATHERED && !self.asked.is_empty();
        if !self.all.contains_key(&name) && !has_room {
            return Outcome::Unexpected;
        }
        let service = data.service;
        let gathered = self.all.entry(name.clone()).or_insert_with(|| Gathered::new(service));
        if gathered.service != service || gathered.is_whole {
            return Outcome::Unexpected;
        }
        let before = gathered.items.len();
        if !gathered.too_many {
            emit::snapshot_items(&mut gathered.items, namespace, data);
        }
        if gathered.items.len() > MAX_DOCUMENT {
            gathered.items.truncate(before);
            gathered.too_many = true;
        }
        gathered.is_whole = data.is_last;
        self.settle(&name, namespace)
    }

    /// Takes an answer out that is whole and waited for.
    fn settle(&mut self, cross_reference: &str, namespace: Namespace) -> Outcome {
        let gathered = self.all.get(cross_reference);
        let Some(who) = gathered.filter(|gathered| gathered.is_whole).and_then(|gathered| gathered.who)
        else {
            return Outcome::Waits;
        };
        match self.all.remove(cross_reference) {
            Some(gathered) if !gathered.too_many => {
                let mut whole = Vec::new();
                emit::whole_snapshot(
                    &mut whole,
                    namespace,
                    gathered.service,
                    (&gathered.items, &gathered.beside),
                );
                Outcome::Whole(who, whole.into_boxed_slice())
            }
            _ => Outcome::TooMuch(who),
        }
    }
}

impl Digest for Gathering {
    fn digest(&self, digester: &mut Digester) {
        let Self { all, asked } = self;
        digester.value(&all.len());
        for (name, Gathered { who, service, items, beside, too_many, is_whole }) in all {
            digester.value(name);
            digester.value(&who.map(|Asker(who)| who));
            digester.text(service.root);
            digester.bytes(items);
            digester.bytes(beside);
            digester.flag(*too_many);
            digester.flag(*is_whole);
        }
        digester.value(&asked.len());
        for Asker(who) in asked {
            digester.value(who);
        }
    }
}
