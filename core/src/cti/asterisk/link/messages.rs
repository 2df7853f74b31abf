//! Messages that wait in a line's mailbox, which has the line's number.

use alloc::format;

use super::asking::{Asked, Then};
use super::settings::{MESSAGES, truth};
use super::telling::{Answer, Told};
use super::{AsteriskLink, documents};
use crate::cti::asterisk::calls::Text;
use crate::cti::protocol::{Output, RequestId};
use crate::wire::ami::write::Action;
use crate::wire::ami::{Message, Token};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Device, Party};
use crate::wire::csta::relayed::{Relayed, Value};
use crate::wire::csta::services::Service;

impl AsteriskLink {
    /// Asks how many messages wait for a line.
    pub(super) fn count_messages(
        &mut self,
        id: RequestId,
        asked: &Relayed<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), CstaError> {
        let line = asked.device("device").ok_or(CstaError::INVALID_DEVICE_ID)?.id;
        let mailbox = format!("{line}@{}", self.settings.mailbox_context);
        let mailbox = Token::new(&mailbox).map_err(|_| CstaError::INVALID_DEVICE_ID)?;
        let asking = Asked::Service(id, Then::Counted(asked.service));
        let sent = self.send(&Action::MailboxCount { mailbox }, asking, output);
        sent.map(|_| ()).ok_or(CstaError::INVALID_DEVICE_ID)
    }

    /// The messages were counted.
    pub(super) fn counted(&mut self, id: RequestId, service: &'static Service, response: &Message<'_>) {
        let count = |key| response.value(key).and_then(|count| count.parse::<u32>().ok()).unwrap_or(0);
        let waits = count("NewMessages") > 0 || count("UrgMessages") > 0;
        let document = documents::response(service, &[("messageWaitingOn", truth(waits))]);
        self.told.push_back(Told::Answer(id, Answer::Document(document)));
    }

    /// What waits in a mailbox has changed (event `MessageWaiting`): the line's clients are told if that is new.
    pub(super) fn message_waiting(&mut self, event: &Message<'_>) {
        let mailbox = event.value("Mailbox").unwrap_or_default();
        let Some((line, context)) = mailbox.split_once('@') else { return };
        let waits = event.value("Waiting").is_some_and(|waiting| waiting != "0");
        if context != self.settings.mailbox_context || self.monitors.of(line).is_empty() {
            return;
        }
        let line = Text::from(line);
        if self.known.note(&(MESSAGES, line.clone()), if waits { "1" } else { "0" }).is_none() {
            return;
        }
        let party = Party::Device(Device { id: &line, type_of_number: None });
        let given = [("targetDevice", Value::Party(party)), ("messageWaitingOn", truth(waits))];
        self.tell_monitors(&line, "MessageWaitingEvent", &given);
    }
}
