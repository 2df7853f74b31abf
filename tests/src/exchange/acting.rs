//! What an Asterisk that is played does when the manager interface asks for it.

use super::{Exchange, State};
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
            ("Hangup" | "PJSIPNotify" | "BlindTransfer", None) if !action.value("Channel").is_empty() => {
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
        let number = action.value("Channel").trim_start_matches("PJSIP/").to_owned();
        let (to, unique) = (action.value("Exten").to_owned(), action.value("ChannelId").to_owned());
        if self.of(&number).count() >= super::LINES {
            // The phone is busy: there is no channel, or it ends at once.
            let made = self.enter(&number, "s", (unique.clone(), unique), State::Down);
            self.tell_originated(id, (&made, &to), false);
            self.end(&made, super::BUSY);
            return;
        }
        let made = self.enter(&number, "s", (unique.clone(), unique), State::Down);
        let prompt = (to, id.to_owned());
        self.change(&made, |channel| channel.prompt = Some(prompt));
        self.tell("DialBegin", &[("Dest", &made)], &[("DialString", &number)]);
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
