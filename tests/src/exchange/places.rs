//! Numbers of the dialplan at which several people are reached, or meet: a group, a queue, and a conference room.

use super::{Channel, Exchange, NORMAL, State};
use crate::ami::push;

/// The group, all of whose phones ring, and the queue of the same phones, which answers at once.
const GROUP: &str = "2000";
const QUEUE: &str = "2100";
const MEMBERS: [&str; 2] = ["1002", "1003"];

/// How a person's phone ends that rang at a group where another one answered.
const ELSEWHERE: u16 = 26;

/// The conference rooms.
pub(super) fn is_room(number: &str) -> bool {
    number.len() == 4 && number.starts_with("80")
}

pub(super) fn is_group(number: &str) -> bool {
    [GROUP, QUEUE].contains(&number)
}

impl Exchange {
    /// A phone takes no further call: it has as many as it can, or is in a conference room.
    pub(super) fn is_busy(&self, number: &str) -> bool {
        self.of(number).count() >= super::LINES || self.of(number).any(|channel| channel.room.is_some())
    }

    /// The phones of the group or queue that can ring for a caller. If none can, one of them is busy.
    pub(super) fn ring_members(&mut self, from: &str, number: &str) {
        if number == QUEUE && self.find(from).is_some_and(|from| from.state != State::Up) {
            self.become_state(from, State::Up);
        }
        let caller = self.find(from).map(|from| from.number.clone()).unwrap_or_default();
        let mut members = MEMBERS;
        if number == QUEUE {
            members.reverse();
        }
        let others = members.into_iter().filter(|member| *member != caller);
        let free: Vec<&str> = others.clone().filter(|member| !self.is_busy(member)).collect();
        if free.is_empty() {
            for busy in others.take(1) {
                self.ring(from, busy);
            }
            return;
        }
        let made: Vec<String> = free.into_iter().map(|member| self.make_called(from, member)).collect();
        for far in &made {
            self.begin_to_ring(from, far);
        }
    }

    /// One of the phones that ring for a call has answered: the others stop. A queue tells that after the answer, and twice.
    pub(super) fn answered(&mut self, caller: &str, answered: &str) {
        let is_queue = self.find(caller).is_some_and(|caller| caller.exten == QUEUE);
        let answer = |it: &mut Self| {
            let ends = [("", caller), ("Dest", answered)];
            it.tell("DialEnd", &ends, &[("DialStatus", "ANSWER")]);
        };
        if is_queue {
            answer(self);
        }
        self.end_others(caller, answered, if is_queue { 2 } else { 1 });
        if !is_queue {
            answer(self);
        }
    }

    fn end_others(&mut self, caller: &str, answered: &str, times: usize) {
        let is_other = |one: &&Channel| one.caller.as_deref() == Some(caller) && one.unique != answered;
        let others: Vec<String> =
            self.channels.iter().filter(is_other).map(|one| one.unique.clone()).collect();
        for other in others {
            for _ in 0..times {
                self.tell("DialEnd", &[("", caller), ("Dest", &other)], &[("DialStatus", "CANCEL")]);
            }
            self.end(&other, ELSEWHERE);
        }
    }

    /// A channel comes to a conference room.
    pub(super) fn enter_room(&mut self, unique: &str, room: &str) {
        if self.find(unique).is_some_and(|channel| channel.state != State::Up) {
            self.become_state(unique, State::Up);
        }
        let (exten, holds) = (room.to_owned(), false);
        self.change(unique, |channel| {
            channel.room = Some(exten.clone());
            (channel.exten, channel.holds) = (exten, holds);
        });
        let mut names = ["ConfbridgeJoin", "BridgeEnter"];
        if self.random.chance(500) {
            names.reverse();
        }
        for name in names {
            self.tell_room(name, unique, room);
        }
    }

    /// Who is in a room hangs up.
    pub(super) fn leave_room(&mut self, unique: &str) {
        let Some(room) = self.find(unique).and_then(|channel| channel.room.clone()) else { return };
        let mut names = ["ConfbridgeLeave", "BridgeLeave"];
        if self.random.chance(500) {
            names.reverse();
        }
        for name in names {
            self.tell_room(name, unique, &room);
        }
        self.end(unique, NORMAL);
    }

    /// Channels are sent to a conference room. Those who are left alone end.
    pub(super) fn redirect(&mut self, moved: &[String], room: &str) {
        let peers: Vec<String> = moved.iter().filter_map(|one| self.peer(one)).collect();
        for one in moved {
            self.leave(one);
            self.enter_room(one, room);
        }
        for left in peers.iter().filter(|peer| !moved.contains(peer)) {
            self.leave(left);
            self.end(left, NORMAL);
        }
    }

    fn tell_room(&mut self, name: &str, unique: &str, room: &str) {
        let count = self.channels.iter().filter(|channel| channel.room.as_deref() == Some(room)).count();
        let (bridge, count) = (bridge_of(room), count.to_string());
        let mut text = format!("Event: {name}\r\nPrivilege: call,all\r\n");
        if name.starts_with("Confbridge") {
            push(&mut text, &[("Conference", room)]);
        }
        push(&mut text, &[("BridgeUniqueid", &bridge), ("BridgeType", "base")]);
        push(&mut text, &[("BridgeTechnology", "softmix"), ("BridgeCreator", "ConfBridge")]);
        push(&mut text, &[("BridgeName", room), ("BridgeNumChannels", &count)]);
        self.say(text, unique);
    }
}

/// The bridge of a conference room.
pub(super) fn bridge_of(room: &str) -> String {
    format!("bridge-room-{room}")
}
