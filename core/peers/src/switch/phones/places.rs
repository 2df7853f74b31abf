//! Places that are no phones: where calls are parked, groups of phones under one number, mailboxes.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::model::LocalConnectionState as State;

use super::{Call, Party, Phone, Phones};
use crate::switch::config::{Hunts, SwitchConfig};

/// What a place is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// One call is parked there.
    Parking,
    /// Calls go on to one of these phones.
    Group {
        /// In which order.
        hunts: Hunts,
        /// The phones.
        members: Vec<Handle<Phone>>,
        /// The member that is next, if they take turns.
        next: usize,
        /// How many calls may wait.
        queue: usize,
    },
    /// Calls are answered and recorded.
    Mailbox,
    /// The number of a line that is on several devices: calls ring at all of these phones.
    Line {
        /// The line's appearances.
        appearances: Vec<Handle<Phone>>,
    },
}

/// A place with a number.
#[derive(Debug)]
pub struct Place {
    /// Its number, which is its device ID.
    pub number: String,
    /// What it is for.
    pub purpose: Use,
    /// The calls that wait there, the longest waiting first.
    pub(super) waiting: VecDeque<Handle<Call>>,
}

ctigate_core::digest! { struct Place { number: _, purpose => purpose.next(), waiting => waiting.len() } }

impl Use {
    /// The member whose turn is next, which is all of it that changes.
    const fn next(&self) -> usize {
        match self {
            Self::Group { next, .. } => *next,
            Self::Parking | Self::Mailbox | Self::Line { .. } => 0,
        }
    }
}

impl Place {
    pub(super) const fn new(number: String, purpose: Use) -> Self {
        Self { number, purpose, waiting: VecDeque::new() }
    }
}

impl Phones {
    /// Sets up the places of `config`.
    pub(super) fn set_up_places(&mut self, config: &SwitchConfig) {
        for number in &config.parking {
            self.set_up(number, Use::Parking);
        }
        if let Some(number) = &config.mailbox {
            self.set_up(number, Use::Mailbox);
        }
        for group in &config.groups {
            let members: Vec<_> = group.members.iter().filter_map(|number| self.find(number)).collect();
            let purpose =
                Use::Group { hunts: group.hunts, members: members.clone(), next: 0, queue: group.queue };
            let Some(index) = self.set_up(&group.number, purpose) else { continue };
            for member in members {
                if let Some(phone) = self.table.get_mut(member) {
                    phone.groups.push(index);
                }
            }
        }
    }

    pub(super) fn set_up(&mut self, number: &str, purpose: Use) -> Option<u16> {
        if self.numbers.contains_key(number) || self.place_numbers.contains_key(number) {
            return None;
        }
        let index = u16::try_from(self.places.len()).ok()?;
        self.places.push(Place::new(String::from(number), purpose));
        self.place_numbers.insert(String::from(number), index);
        Some(index)
    }

    /// The place with this index.
    #[must_use]
    pub fn place(&self, index: u16) -> Option<&Place> {
        self.places.get(usize::from(index))
    }

    /// The index of the place of this number.
    #[must_use]
    pub fn place_named(&self, number: &str) -> Option<u16> {
        self.place_numbers.get(number).copied()
    }

    /// The call parked at a place, or the one that has waited longest.
    #[must_use]
    pub fn first_waiting(&self, index: u16) -> Option<Handle<Call>> {
        self.place(index)?.waiting.front().copied()
    }

    pub(super) fn is_free_for_parking(&self, index: u16) -> bool {
        self.place(index).is_some_and(|place| place.purpose == Use::Parking && place.waiting.is_empty())
    }

    /// Puts a call at the end of a place's queue; returns how many were there before it.
    pub(super) fn enter_place(&mut self, index: u16, call: Handle<Call>) -> usize {
        let Some(place) = self.places.get_mut(usize::from(index)) else { return 0 };
        place.waiting.push_back(call);
        place.waiting.len().saturating_sub(1)
    }

    /// A waiting call has got another handle.
    pub(super) fn rename_waiting(&mut self, index: u16, old: Option<Handle<Call>>, new: Handle<Call>) {
        let Some(place) = self.places.get_mut(usize::from(index)) else { return };
        if let Some(entry) = place.waiting.iter_mut().find(|call| Some(**call) == old) {
            *entry = new;
        }
    }

    pub(super) fn leave_place(&mut self, index: u16, call: Handle<Call>) {
        if let Some(place) = self.places.get_mut(usize::from(index)) {
            place.waiting.retain(|waiting| *waiting != call);
        }
    }

    /// The member of a group that a call goes to next: one that is idle and was not tried for this call. Members that
    /// take turns move on.
    pub(super) fn next_member(&mut self, index: u16, call: Handle<Call>) -> Option<Handle<Phone>> {
        let Use::Group { hunts, members, next, .. } = &self.place(index)?.purpose else { return None };
        let tried = self.calls.get(call).map(|call| call.tried.as_slice()).unwrap_or_default();
        let can = |phone: &Handle<Phone>| self.is_idle_member(*phone, call) && !tried.contains(phone);
        let found = match hunts {
            Hunts::LongestIdle => {
                let idle = |phone: &Handle<Phone>| self.table.get(*phone).map(|phone| phone.idle_since);
                members.iter().copied().filter(can).min_by_key(idle)
            }
            Hunts::InTurn | Hunts::All => {
                let turn = members.iter().cycle().skip(*next).take(members.len());
                turn.copied().find(can)
            }
        }?;
        let position = members.iter().position(|member| *member == found).unwrap_or_default();
        let following = (position + 1) % members.len().max(1);
        if let Some(Place { purpose: Use::Group { next, .. }, .. }) = self.places.get_mut(usize::from(index))
        {
            *next = following;
        }
        if let Some(call) = self.calls.get_mut(call) {
            call.tried.push(found);
        }
        Some(found)
    }

    /// The members of a group that can ring for a call.
    pub(super) fn idle_members(&self, index: u16, call: Handle<Call>) -> Vec<Handle<Phone>> {
        let Some(Use::Group { members, .. }) = self.place(index).map(|place| &place.purpose) else {
            return Vec::new();
        };
        members.iter().copied().filter(|member| self.is_idle_member(*member, call)).collect()
    }

    fn is_idle_member(&self, phone: Handle<Phone>, call: Handle<Call>) -> bool {
        let is_in = self.calls.get(call).is_some_and(|call| call.connection(Party::Phone(phone)).is_some());
        let idle = self.table.get(phone).is_some_and(|phone| phone.calls.is_empty());
        idle && !is_in && self.is_free(phone)
    }

    /// Notes who left a message, or listened to his, when a phone leaves a call that a mailbox has answered.
    pub(super) fn note_message(&mut self, handle: Handle<Call>, party: Party) {
        let Some(call) = self.calls.get(handle) else { return };
        let records = call.parties.iter().any(|one| {
            let Party::Place(index) = one.party else { return false };
            let is_mailbox = self.place(index).is_some_and(|place| place.purpose == Use::Mailbox);
            is_mailbox && one.state == State::Connected && one.party != party
        });
        match (records, call.diverted_by, party) {
            (true, Some(Party::Phone(owner)), _) => self.messages.push((owner, true)),
            (true, None, Party::Phone(owner)) => self.messages.push((owner, false)),
            _ => {}
        }
    }

    /// Takes which phones have a message now, or no longer, in the order in which it came about.
    pub fn take_messages(&mut self) -> Vec<(Handle<Phone>, bool)> {
        core::mem::take(&mut self.messages)
    }
}
