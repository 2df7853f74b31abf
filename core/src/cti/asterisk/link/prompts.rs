//! Prompts: when a user makes a call, his own phone is called first, and dials once it is answered. It may answer by
//! itself, for a header that it is sent, or when NOTIFY tells it to.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use super::AsteriskLink;
use super::asking::Asked;
use crate::config::AutoAnswer;
use crate::cti::asterisk::calls::Text;
use crate::cti::protocol::Output;
use crate::wire::ami::write::Action;
use crate::wire::ami::{Message, Token, Value, Variable};

/// The prompts that are to be answered by NOTIFY, by the Uniqueids of their channels.
#[derive(Debug, Default)]
pub(super) struct Prompts(BTreeSet<Text>);

crate::digest! { struct Prompts(uniques) }

impl Prompts {
    /// It has ended, or never comes.
    pub(super) fn forget(&mut self, unique: &str) {
        self.0.remove(unique);
    }
}

impl AsteriskLink {
    /// The headers by which the phone behind an endpoint answers, each with the function that adds it.
    pub(super) fn headers_for(&self, endpoint: &str) -> Vec<(&'static str, String)> {
        let auto_answer = &self.settings.auto_answer;
        if auto_answer.is_by_headers(endpoint) { auto_answer.headers.clone() } else { Vec::new() }
    }

    /// The phone behind an endpoint is called by this channel, for its user.
    pub(super) fn prompted(&mut self, endpoint: &str, unique: &Text) {
        let AutoAnswer { by_notify, .. } = self.settings.auto_answer;
        if by_notify && !self.settings.auto_answer.is_by_headers(endpoint) && self.obeys(endpoint) {
            self.prompts.0.insert(unique.clone());
        }
    }

    /// A channel has another state: if the phone of a prompt rings now, it is told to answer, once.
    pub(super) fn answer_prompt(&mut self, event: &Message<'_>, output: &mut Output<'_>) {
        if self.prompts.0.is_empty() {
            return;
        }
        let unique = event.value("Uniqueid").unwrap_or_default();
        match event.event() {
            "Hangup" => self.prompts.forget(unique),
            "Newstate" => {
                let state = event.value("ChannelStateDesc").unwrap_or_default();
                let goes_on = !matches!(state, "Ringing" | "Up");
                if goes_on || !self.prompts.0.remove(unique) || state == "Up" {
                    return;
                }
                let channel = event.value("Channel").and_then(|channel| Token::new(channel).ok());
                if let (Some(channel), Ok(value)) = (channel, Value::new("talk")) {
                    let variables = [Variable { name: "Event", value }];
                    self.send(
                        &Action::PjsipNotify { channel, variables: &variables },
                        Asked::Nothing,
                        output,
                    );
                }
            }
            _ => {}
        }
    }
}
