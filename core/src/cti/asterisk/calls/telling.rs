//! Telling: each device in a conversation hears of what happens to the others.

use alloc::vec::Vec;

use super::Calls;
use super::news::{Kind, Moved, News, Who};
use super::tables::{Call, Party, Talk};
use crate::slots::Handle;
use crate::wire::csta::model::{CallEventKind, LocalConnectionState as State};

/// What happened to a party.
pub(super) struct About<'a> {
    pub(super) kind: Kind,
    /// The party.
    pub(super) who: &'a Who,
    pub(super) cause: &'static str,
    /// Where the call goes, or who was added.
    pub(super) new_party: Option<&'a Who>,
}

impl<'a> About<'a> {
    /// An event about a party.
    pub(super) const fn call(kind: CallEventKind, who: &'a Who, cause: &'static str) -> Self {
        Self { kind: Kind::Call(kind), who, cause, new_party: None }
    }
}

impl Calls {
    /// The calls of a conversation.
    pub(super) fn talk_of(&self, talk: Handle<Talk>) -> &[Handle<Call>] {
        self.talks.get(talk).map_or(&[], |talk| &talk.calls)
    }

    /// The calls of the conversation that a call is part of.
    pub(super) fn together(&self, call: Handle<Call>) -> &[Handle<Call>] {
        self.entries.get(call).map_or(&[], |call| self.talk_of(call.talk))
    }

    /// All parties of the conversation that a call is part of, each with its call.
    pub(super) fn parties(&self, call: Handle<Call>) -> impl Iterator<Item = (Handle<Call>, &Party)> {
        self.together(call)
            .iter()
            .filter_map(|handle| Some((*handle, self.entries.get(*handle)?)))
            .flat_map(|(handle, call)| call.parties.iter().map(move |party| (handle, party)))
    }

    /// Tells everybody in the conversation what happened to a party of `call`.
    pub(super) fn tell(&self, call: Handle<Call>, about: &About<'_>, news: &mut Vec<News>) {
        self.tell_those(self.together(call), call, about, news);
    }

    /// Tells those in `viewers` what happened to a party of `call`.
    pub(super) fn tell_those(
        &self,
        viewers: &[Handle<Call>],
        call: Handle<Call>,
        about: &About<'_>,
        news: &mut Vec<News>,
    ) {
        for handle in viewers {
            let Some(viewing) = self.entries.get(*handle) else { continue };
            for party in viewing.parties.iter().filter(|party| party.is_told) {
                let is_own = *handle == call && party.who.device == about.who.device;
                if is_own || party.state != State::Null {
                    news.push(seen(viewing, party, about));
                }
            }
        }
    }

    /// Tells everybody in the conversation of `call` that it has other parties than before. `old` are those in it
    /// now, each with the call that it was in.
    pub(super) fn tell_list(
        &self,
        call: Handle<Call>,
        about: &About<'_>,
        old: &[Moved],
        news: &mut Vec<News>,
    ) {
        let from = news.len();
        self.tell(call, about, news);
        for told in news.iter_mut().skip(from) {
            told.list = old.to_vec();
        }
    }

    /// Those who are in the conversation of a call, each with the call that it knows.
    pub(super) fn list(&self, call: Handle<Call>) -> Vec<Moved> {
        let present = self.parties(call).filter(|(_, party)| party.state != State::Null && !party.is_place);
        present
            .map(|(handle, party)| Moved {
                party: party.who.clone(),
                old: self.entries.get(handle).map(|call| call.id),
            })
            .collect()
    }
}

/// What a party of a call is told.
pub(super) fn seen(viewing: &Call, viewer: &Party, about: &About<'_>) -> News {
    News {
        device: viewer.who.device.clone(),
        kind: about.kind,
        call: viewing.id,
        second: None,
        subject: about.who.clone(),
        new_party: about.new_party.cloned().unwrap_or_default(),
        list: Vec::new(),
        calling: viewing.calling.clone(),
        called: viewing.called.clone(),
        redirected: viewing.redirected.clone(),
        local: viewer.state,
        cause: about.cause,
    }
}
