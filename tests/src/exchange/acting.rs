//! What an Asterisk that is played does when the manager interface asks for it.

use super::{Exchange, State, places};
use crate::ami::push;
use crate::bench::Acted;

impl Exchange {
    /// Greets over a new connection. What it had said over one before is lost.
    pub fn greet(&mut self) {
        self.out.clear();
        self.out.push_str("Asterisk Call Manager/11.0.0\r\n");
    }

    /// Does what it is asked for, and answers.
    pub fn act(&mut self, action: &Acted) {
        let id = action.value("ActionID").to_owned();
        let channel = self.meant(action.value("Channel"));
        match (action.name(), channel) {
            ("Challenge", _) => self.respond(&id, "Success", &[("Challenge", "730342727")]),
            ("Login" | "Ping", _) => self.respond(&id, "Success", &[]),
            ("PJSIPShowEndpoints", _) => self.list_endpoints(&id),
            ("Status", _) => self.list_channels(&id),
            ("DBGet", _) => self.respond(&id, "Error", &[("Message", "Database entry not found")]),
            ("DBGetTree", _) => {
                self.respond(&id, "Success", &[("EventList", "start")]);
                self.end_list("DBGetTreeComplete", &id, 0);
            }
            ("Originate", _) if !action.value("Channel").is_empty() => self.originate(&id, action),
            ("Hangup", Some(unique)) => {
                self.respond(&id, "Success", &[("Message", "Channel Hungup")]);
                self.end_one(&unique);
            }
            ("PJSIPNotify", Some(unique)) => {
                self.respond(&id, "Success", &[("Message", "NOTIFY sent")]);
                self.notify(&unique, action.value("Variable"));
            }
            ("BlindTransfer", Some(unique)) => {
                if self.peer(&unique).is_none() {
                    self.respond(&id, "Error", &[("Message", "Transfer failed")]);
                    return;
                }
                self.respond(&id, "Success", &[("Message", "Transfer succeeded")]);
                self.transfer_one(&unique, action.value("Exten"));
            }
            ("Redirect", Some(unique)) if places::is_room(action.value("Exten")) => {
                let extra = action.value("ExtraChannel");
                let extra = self.meant(extra).filter(|_| !extra.is_empty());
                let moved: Vec<String> = [Some(unique), extra].into_iter().flatten().collect();
                // What is shown of a phone that holds in a room was not recorded.
                if moved.iter().any(|one| self.find(one).is_some_and(|channel| channel.holds)) {
                    self.respond(&id, "Error", &[("Message", "Redirect failed")]);
                } else {
                    self.respond(&id, "Success", &[("Message", "Redirect successful")]);
                    self.redirect(&moved, action.value("Exten"));
                }
            }
            ("Bridge", _) if !action.value("Channel1").is_empty() => {
                let ends = [action.value("Channel1"), action.value("Channel2")].map(|end| self.meant(end));
                let is_done = matches!(&ends, [Some(one), Some(other)] if self.can_connect(one, other));
                if is_done {
                    self.respond(&id, "Success", &[("Message", "Channels have been bridged")]);
                } else {
                    self.respond(&id, "Error", &[("Message", "Bridge failed")]);
                }
                if let ([Some(one), Some(other)], true) = (ends, is_done) {
                    self.connect(&one, &other);
                }
            }
            ("Hangup" | "PJSIPNotify" | "BlindTransfer" | "Redirect", None)
                if !action.value("Channel").is_empty() =>
            {
                self.respond(&id, "Error", &[("Message", "No such channel")]);
            }
            // So a right is found to be there.
            _ => self.respond(&id, "Error", &[("Message", "Channel not specified")]),
        }
    }

    fn respond(&mut self, id: &str, response: &str, lines: &[(&str, &str)]) {
        push(&mut self.out, &[("Response", response), ("ActionID", id)]);
        push(&mut self.out, lines);
        self.out.push_str("\r\n");
    }

    /// The Uniqueid of the channel that is named by it, or by its name.
    fn meant(&self, named: &str) -> Option<String> {
        let is_it = |channel: &&super::Channel| channel.unique == named || channel.name == named;
        self.channels.iter().find(is_it).map(|channel| channel.unique.clone())
    }

    fn originate(&mut self, id: &str, action: &Acted) {
        self.respond(id, "Success", &[("Message", "Originate successfully queued")]);
        let number = action.value("Channel").trim_start_matches("PJSIP/");
        self.prompt(number, action.value("Exten"), (action.value("ChannelId"), id));
    }

    /// A phone is called, and calls a number when it has answered. The channel's Uniqueid and the `ActionID` are given.
    pub fn prompt(&mut self, number: &str, to: &str, (unique, id): (&str, &str)) {
        let made = self.enter(number, "s", (unique.to_owned(), unique.to_owned()), State::Down);
        let is_busy = self.of(number).count() > super::LINES;
        if is_busy || self.of(number).any(|channel| channel.room.is_some()) {
            // The phone is busy: there is no channel, or it ends at once.
            self.tell_originated(id, (&made, to), false);
            self.end(&made, super::BUSY);
            return;
        }
        let prompt = (to.to_owned(), id.to_owned());
        self.change(&made, |channel| channel.prompt = Some(prompt));
        self.tell("DialBegin", &[("Dest", &made)], &[("DialString", number)]);
        self.become_state(&made, State::Ringing);
    }

    /// A phone that obeys answers, holds or retrieves.
    fn notify(&mut self, unique: &str, variable: &str) {
        let Some(channel) = self.find(unique).cloned() else { return };
        match variable {
            "Event=talk" if channel.state == State::Ringing => self.answer_one(unique),
            "Event=talk" if channel.holds => {
                self.hold(&channel.number);
                self.hold_one(unique, false);
            }
            "Event=hold" if channel.bridge.is_some() && !channel.holds => self.hold_one(unique, true),
            _ => {}
        }
    }
}
