//! Checks that a node sends phone systems and clients only what concerns them.

use core::cell::RefCell;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use ctigate_core::{Action, Actions, Input, LinkId};

use super::rights::Rights;
use super::telling;
use crate::simulate::client::belief::{call_ids, element_with, number as device_number};
use crate::simulate::inbox::{branch, complete, element, header, root};
use crate::simulate::ledger::Ledger;
use crate::simulate::plan::{ClientPlan, WorldPlan};
use crate::simulate::seen::{Seen, SeenCalls, SeenSession};

/// The relevant traffic of one run of a node.
pub(super) struct Traffic {
    /// The index of the node.
    index: usize,
    /// The world's time.
    now: u64,
    plan: Rc<WorldPlan>,
    ledger: Rc<RefCell<Ledger>>,
    calls: Vec<Rc<RefCell<SeenCalls>>>,
    /// The connection of each CTI link.
    cti: BTreeMap<LinkId, u8>,
    /// Incomplete messages received on SIP connections.
    heard: BTreeMap<LinkId, Vec<u8>>,
    /// The phones that each dialog has had: what waits to be sent may be about an earlier one.
    phones: BTreeMap<String, BTreeSet<u64>>,
}

impl Traffic {
    pub(super) fn new(
        index: usize,
        plan: Rc<WorldPlan>,
        ledger: Rc<RefCell<Ledger>>,
        calls: Vec<Rc<RefCell<SeenCalls>>>,
    ) -> Self {
        let (cti, heard, phones) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { index, now: 0, plan, ledger, calls, cti, heard, phones }
    }

    /// Checks one step.
    ///
    /// # Errors
    /// A message to someone whom it does not concern.
    pub(super) fn check(
        &mut self,
        at: u64,
        (before, now, rights): (&Seen, &Seen, &Rights),
        input: &Input<'_>,
        actions: &Actions,
    ) -> Result<(), String> {
        self.now = at;
        if rights.is_kept() && before.sessions != now.sessions {
            for session in &now.sessions {
                let phones = self.phones.entry(session.call_id.clone()).or_default();
                phones.extend(session.number.parse::<u64>().ok());
            }
        }
        let heard = self.hear(input);
        let asking = heard.as_deref().and_then(|text| header(text, "Call-ID"));
        let asking = asking.and_then(|call_id| {
            let seen = if now.under(call_id).next().is_some() { now } else { before };
            seen.under(call_id).next().map(|_| (seen, call_id))
        });
        for action in actions.iter() {
            match action {
                Action::Connect { link, address } => self.dialled(link, address),
                Action::Write { link, bytes } | Action::WriteSecret { link, bytes, .. } => {
                    if let Some(index) = self.cti.get(&link) {
                        let Some((seen, call_id)) = asking else { continue };
                        let text = String::from_utf8_lossy(bytes);
                        // The gateway stops monitors and closes sessions on its own behalf.
                        let own = seen
                            .under(call_id)
                            .any(|session| session.connection.is_none_or(|(own, _)| own == *index))
                            || ["<MonitorStop", "ApplicationSession"].iter().any(|name| text.contains(name));
                        if !own {
                            return Err(format!(
                                "a request goes over another connection than its session's: index {index}, {call_id}\n{text}"
                            ));
                        }
                        let line = seen.under(call_id).next().map(|session| session.number.as_str());
                        let asked = heard.as_deref().filter(|text| text.starts_with("INFO "));
                        if let Some((line, asked)) = line.zip(asked) {
                            telling::check_request(line, asked, &text)?;
                            rights.check_request(call_id, asked, &text)?;
                        }
                    } else {
                        self.said((before, now), bytes)?;
                    }
                }
                Action::SendDatagram { bytes, .. } => self.said((before, now), bytes)?,
                Action::Notify(notice) => self.noticed((before, now), notice.name, notice.fields),
                Action::Close { .. }
                | Action::Print { .. }
                | Action::Persist { .. }
                | Action::Reply { .. }
                | Action::Finish { .. } => {}
            }
        }
        Ok(())
    }

    fn dialled(&mut self, link: LinkId, address: &str) {
        if let Some(index) = self.connection_at(address) {
            self.cti.insert(link, index);
        }
    }

    /// The index of the connection with this address, which is also its name.
    fn connection_at(&self, address: &str) -> Option<u8> {
        let mut connections = self.plan.connections.iter();
        let index = connections.position(|(switch, port)| address == format!("switch{switch}:{port}"));
        index.and_then(|index| u8::try_from(index).ok())
    }

    /// The SIP message of this step's input, if any.
    fn hear(&mut self, input: &Input<'_>) -> Option<String> {
        match input {
            Input::Datagram { bytes, .. } => Some(String::from_utf8_lossy(bytes).into_owned()),
            Input::Bytes { link, bytes } if !self.cti.contains_key(link) => {
                let held = self.heard.entry(*link).or_default();
                held.extend_from_slice(bytes);
                let length = complete(held)?;
                let message: Vec<u8> = held.drain(..length).collect();
                Some(String::from_utf8_lossy(&message).into_owned())
            }
            Input::Closed { link, .. } => {
                self.heard.remove(link);
                None
            }
            Input::Bytes { .. }
            | Input::Tick
            | Input::Listening { .. }
            | Input::Opened { .. }
            | Input::Command { .. }
            | Input::Persisted { .. }
            | Input::Restored { .. }
            | Input::Clock { .. } => None,
        }
    }

    /// Checks a message to a client.
    fn said(&self, (before, now): (&Seen, &Seen), bytes: &[u8]) -> Result<(), String> {
        let text = String::from_utf8_lossy(bytes);
        let call_id = header(&text, "Call-ID").unwrap_or_default();
        let cseq = header(&text, "CSeq").unwrap_or_default();
        if text.starts_with("INFO ") {
            return self.event(now, call_id, &text);
        }
        if !text.starts_with("SIP/2.0 200") {
            return Ok(());
        }
        // A re-INVITE that arrives after the BYE may cause a takeover: then the BYE's answer is retransmitted although
        // there is a session.
        let ends = cseq.ends_with("BYE") && self.ledger.borrow_mut().say_bye(call_id, branch(&text));
        if ends && now.under(call_id).count() > before.under(call_id).count().saturating_sub(1) {
            return Err(format!("a session outlives its BYE: {call_id}"));
        }
        let ledger = &mut *self.ledger.borrow_mut();
        if text.contains("MonitorStartResponse")
            && let Some(reference) = element(&text, "monitorCrossRefID")
        {
            ledger.announce_reference(reference, call_id, branch(&text))?;
        }
        if text.contains("MakeCallResponse")
            && let Some(call) = element(&text, "callID")
        {
            ledger.announce_call(call, (call_id, cseq))?;
        }
        Ok(())
    }

    /// Notes a notice about a takeover, or about a message to a client that was lost.
    fn noticed(&self, (before, now): (&Seen, &Seen), name: &'static str, fields: &str) {
        let ledger = &mut *self.ledger.borrow_mut();
        let field = |name: &str| crate::simulate::field(fields, name).unwrap_or_default();
        match name {
            "dialog_taken_over" => ledger.take_over(self.now, self.index, &field("call_id")),
            "request_unsent" if field("method") != "INFO" => {}
            "parties_unknown" => ledger.leave_unintroduced(self.index, &field("call_id")),
            "monitor_unmoved" => ledger.leave_unmoved(self.index, &field("call_id")),
            "request_unsent" | "event_lost" | "calls_unverified" => {
                let cti = self.connection_at(&field("cti"));
                let session_named = field("session");
                for session in now.sessions.iter().chain(&before.sessions) {
                    let named = session.is_shown_as(&session_named);
                    // A notice about one session names its connection too.
                    let fed = session_named.is_empty()
                        && cti.is_some()
                        && session.connection.map(|(index, _)| index) == cti;
                    if named || fed {
                        ledger.lose(self.now, self.index, &session.call_id, name);
                    }
                }
            }
            "link_closed" if field("bytes_lost") != "0" => {
                for session in &before.sessions {
                    if self.plan.is_address_of(&field("target"), &session.call_id) {
                        ledger.lose(self.now, self.index, &session.call_id, name);
                    }
                }
            }
            _ => {}
        }
    }

    /// A message to a client in which its own line is called as the phone system calls it.
    fn in_phones_terms<'t>(&self, (call_id, phone): (&str, u64), text: &'t str) -> Cow<'t, str> {
        let named = self.plan.client_of(call_id).and_then(|client| client.named.as_ref());
        let Some(named) = named else { return Cow::Borrowed(text) };
        let shown = named.uri.split(";device=").next().unwrap_or_default();
        let phone = format!("tel:{phone};phone-context=dialstring");
        Cow::Owned(text.replace(&format!(">{shown}<"), &format!(">{phone}<")))
    }

    /// The phones that a session has had: what waits to be sent may be about an earlier one.
    fn phones_of(&self, session: &SeenSession) -> BTreeSet<u64> {
        let earlier = self.phones.get(&session.call_id).into_iter().flatten().copied();
        earlier.chain(session.number.parse::<u64>().ok()).collect()
    }

    /// Checks an event of a transfer or a conference against what was at a phone system.
    fn check_merger(&self, call_id: &str, phones: &BTreeSet<u64>, text: &str) -> Result<(), String> {
        let index = element(text, "callID").and_then(|call| call.split_once('_')?.0.parse().ok());
        let switch = index.and_then(|index| self.plan.switch_of(index));
        let Some(calls) = switch.and_then(|switch| self.calls.get(switch)) else { return Ok(()) };
        let calls = calls.borrow();
        let check =
            |phone: &u64| telling::check_merger(&calls, &self.in_phones_terms((call_id, *phone), text));
        let mut outcomes = phones.iter().map(check);
        let first = outcomes.next().unwrap_or(Ok(()));
        if outcomes.any(|outcome| outcome.is_ok()) { Ok(()) } else { first }
    }

    /// Checks that an event goes to the session to which its monitor was announced, and is about a call in which its
    /// line took part.
    fn event(&self, now: &Seen, call_id: &str, text: &str) -> Result<(), String> {
        let Some(reference) = element(text, "monitorCrossRefID") else { return Ok(()) };
        let ledger = &mut *self.ledger.borrow_mut();
        let via = header(text, "Via").unwrap_or_default();
        let is_first = ledger.event(self.now, self.index, (call_id, via), root(text) == "MonitorStop");
        let owner = ledger.owner(reference, call_id);
        if owner != Some(call_id) {
            return Err(format!(
                "an event reaches a session that it does not belong to: {reference} is of {owner:?}\n{text}"
            ));
        }
        let Some(session) = now.under(call_id).next().filter(|_| is_first) else { return Ok(()) };
        let phones = self.phones_of(session);
        let named = self.plan.client_of(call_id).filter(|client| client.named.is_some());
        let is_ambiguous =
            |client: &ClientPlan| phones.iter().any(|phone| client.looks_like_another(&phone.to_string()));
        if named.is_some_and(is_ambiguous) {
            return Ok(());
        }
        let line = named.map_or_else(|| session.number.clone(), |client| device_number(&client.line()));
        telling::check_subject(&line, text)?;
        if ["TransferedEvent", "ConferencedEvent"].contains(&root(text)) {
            self.check_merger(call_id, &phones, text)?;
        }
        // An event about calls that became one names calls in which the line had no part, beside one in which it had.
        let mut named = call_ids(text).into_iter().filter_map(|call| call.split_once('_')).peekable();
        if named.peek().is_none() {
            return Ok(());
        }
        let mut took_part = named.map(|(index, call)| {
            let switch = index.parse().ok().and_then(|index| self.plan.switch_of(index));
            let calls = switch.and_then(|switch| self.calls.get(switch));
            calls.is_some_and(|calls| {
                let ever = &calls.borrow().ever;
                phones.iter().any(|phone| ever.contains(&(call.to_owned(), *phone)))
            })
        });
        // A call that begins and ends in one step of the phone system is only seen in its events.
        let own = element_with(text, "deviceID").is_some_and(|id| device_number(id) == line);
        if own || took_part.any(|took_part| took_part) {
            return Ok(());
        }
        Err(format!(
            "an event reaches a session that it does not belong to: {phones:?} never was in the call\n{text}"
        ))
    }
}
