//! What Asterisk says.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString as _};

use super::AsteriskLink;
use super::asking::{Asked, Then, error_of};
use super::offers;
use super::reader::{DOUBTFUL, EXCEEDED, GREETING};
use super::telling::{Answer, Told};
use crate::cti::asterisk::calls::Outcome;
use crate::cti::asterisk::session::{Ask, Next, PROBES};
use crate::cti::protocol::{Frame, Incoming, Output, RequestId};
use crate::secret::{Fill, Filling};
use crate::wire::ami::write::{self, Action};
use crate::wire::ami::{Kind, Message, Rights, Unwritable, Value};
use crate::wire::csta::errors::CstaError;

/// The classes of events that are asked for. The classes alone keep away half of what Asterisk says; the action `Filter`
/// for each device would cost it far more than the events do (BENCHMARKS.md).
const EVENTS: &str = "system,call,user";

impl AsteriskLink {
    pub(super) fn frame<'d>(&mut self, frame: Frame<'_>, output: &mut Output<'_>) -> Incoming<'d> {
        let why = || String::from_utf8_lossy(frame.bytes).into_owned();
        match (frame.number, frame.lines) {
            (GREETING, _) => {
                let next = self.session.greeted();
                self.go_on(next, output)
            }
            (DOUBTFUL, _) => {
                // A caller may have written it, or a part of it.
                self.want_snapshot(output.now());
                Incoming::Discarded(Cow::Owned(why()))
            }
            (EXCEEDED, _) => Incoming::Discarded(Cow::Owned(why())),
            (_, Some(message)) => match message.kind() {
                Kind::Response(result) => {
                    let is_success = result.eq_ignore_ascii_case("Success");
                    self.response(&message, is_success, output)
                }
                Kind::Event(_) => self.event(&message, output),
            },
            (_, None) => Incoming::Nothing,
        }
    }

    /// Does what the beginning of the session needs next.
    fn go_on<'d>(&mut self, next: Next, output: &mut Output<'_>) -> Incoming<'d> {
        match next {
            Next::Wait => Incoming::Nothing,
            Next::Send(ask) => {
                let sent = match ask {
                    Ask::Challenge => Ok(self.send(&Action::Challenge, Asked::Begin(ask), output).is_some()),
                    Ask::Login(challenge) => self.log_in(challenge, output).map(|()| true),
                    Ask::Probe(_) => Ok(false),
                };
                match sent {
                    Ok(_) => Incoming::Nothing,
                    Err(why) => Incoming::Failed(Cow::Owned(why.to_string())),
                }
            }
            Next::SendProbes => {
                for (index, (_, row)) in PROBES.iter().enumerate() {
                    self.send(&Action::Probe(*row), Asked::Begin(Ask::Probe(index)), output);
                }
                Incoming::Begun
            }
            Next::Open(rights) => {
                if rights.allow(Rights::SYSTEM) {
                    self.send(&Action::PjsipShowEndpoints, Asked::Endpoints, output);
                    self.list_contacts(output);
                }
                self.take_snapshot(output);
                self.begin_polling(output.now());
                Incoming::Nothing
            }
            Next::Refused(why) => Incoming::Failed(Cow::Owned(why.to_string())),
        }
    }

    fn log_in(&mut self, challenge: u64, output: &mut Output<'_>) -> Result<(), Unwritable> {
        let user = Value::new(&self.user)?;
        let (ids, number, secret) = (self.ids, self.last + 1, self.secret);
        output.try_write_secret_with(|out| {
            let at = write::login(user, EVENTS, ids, number, out)?;
            Ok(Fill { secret, at, filling: Filling::Md5 { challenge } })
        })?;
        self.last = number;
        self.asked.insert(number, Asked::Begin(Ask::Login(challenge)));
        Ok(())
    }

    fn response<'d>(
        &mut self,
        response: &Message<'_>,
        is_success: bool,
        output: &mut Output<'_>,
    ) -> Incoming<'d> {
        let number = response.action_id().and_then(|id| self.ids.number(id));
        let Some((number, asked)) = number.and_then(|number| Some((number, self.asked.remove(&number)?)))
        else {
            return Incoming::Unexpected;
        };
        match asked {
            Asked::Begin(ask) => {
                let next = self.session.responded(ask, response);
                self.go_on(next, output)
            }
            Asked::Heartbeat => Incoming::Alive,
            Asked::Setting(id, kind, line) if !is_success => {
                // It is not in the database.
                self.has_read(id, kind, &line, "");
                Incoming::Nothing
            }
            Asked::Snapshot | Asked::Endpoints | Asked::Contacts | Asked::Settings | Asked::Setting(..)
                if is_success =>
            {
                // The items of the list carry its number.
                self.asked.insert(number, asked);
                Incoming::Nothing
            }
            Asked::Snapshot => {
                let said = response.value("Message").unwrap_or_default();
                let why = format!("Asterisk does not list its channels ({said}): write = call is needed");
                Incoming::Failed(Cow::Owned(why))
            }
            Asked::Contacts => {
                // There are none.
                self.learn_contacts();
                Incoming::Nothing
            }
            Asked::Settings => {
                self.refuses_settings();
                Incoming::Nothing
            }
            Asked::Endpoints | Asked::Nothing | Asked::Setting(..) => Incoming::Nothing,
            Asked::Service(id, then) => {
                self.by_request.remove(&id);
                self.served((id, then), response, is_success, output);
                Incoming::Nothing
            }
        }
    }

    /// Asterisk has answered the last action of a service.
    fn served(
        &mut self,
        (id, then): (RequestId, Then),
        response: &Message<'_>,
        is_success: bool,
        output: &mut Output<'_>,
    ) {
        let answer = match then {
            Then::Made(unique) if !is_success => return self.not_made(&unique, error_of(response)),
            Then::Made(_) => return,
            // What is not there need not be deleted.
            Then::Set(service, kind, line, value) if is_success || value.is_empty() => {
                self.told.push_back(Told::Answer(id, Answer::Done(service)));
                return self.changed(kind, &line, &value);
            }
            Then::Muted(service, device, is_on) if is_success => {
                self.told.push_back(Told::Answer(id, Answer::Done(service)));
                return self.has_muted(&device, is_on);
            }
            Then::Counted(service) if is_success => return self.counted(id, service, response),
            _ if !is_success => Answer::Error(error_of(response)),
            Then::Done(service)
            | Then::Set(service, ..)
            | Then::Muted(service, ..)
            | Then::Counted(service) => Answer::Done(service),
            Then::Named(service, member, call, device) => Answer::Named(service, member, call, device),
            Then::Gathered { service, call, device, waiting, room } => {
                self.gather(&waiting, &room, output);
                Answer::Named(service, "conferenceCall", call, device)
            }
        };
        self.told.push_back(Told::Answer(id, answer));
    }

    fn event<'d>(&mut self, event: &Message<'_>, output: &mut Output<'_>) -> Incoming<'d> {
        match event.event() {
            name @ ("Status"
            | "StatusComplete"
            | "EndpointList"
            | "EndpointListComplete"
            | "ContactList"
            | "ContactListComplete"
            | "DBGetResponse"
            | "DBGetComplete"
            | "DBGetTreeResponse"
            | "DBGetTreeComplete") => self.item(name, event, output),
            "UserEvent" => {
                match event.value("UserEvent") {
                    Some("AstDBChanged") => self.entry_changed(event),
                    Some("PhoneObeys") => self.has_announced(event),
                    _ => {}
                }
                Incoming::Nothing
            }
            "FullyBooted" => {
                self.session.booted();
                Incoming::Nothing
            }
            "ContactStatus" => {
                self.contact_changed(event, output.now());
                Incoming::Nothing
            }
            "MessageWaiting" => {
                self.message_waiting(event);
                Incoming::Nothing
            }
            "OriginateResponse" => {
                self.originated(event);
                Incoming::Nothing
            }
            "DeviceStateChange" => {
                self.endpoints.changed(event);
                self.hinted(event.value("Device").unwrap_or_default(), output);
                Incoming::Nothing
            }
            name => {
                let mut news = core::mem::take(&mut self.news);
                let unique = event.value("Uniqueid");
                let mute = self.mute_device_of(unique);
                let outcome = self.calls.event(event, &mut news);
                self.spread(&mut news);
                self.news = news;
                self.follow_mute(mute.or_else(|| self.mute_device_of(unique)));
                self.answer_prompt(event, output);
                if name == "Newchannel"
                    && let Some(unique) = event.value("Uniqueid")
                {
                    self.made(unique);
                }
                match outcome {
                    Outcome::Taken => {}
                    Outcome::Unknown => self.want_snapshot(output.now()),
                    Outcome::Full(most) => {
                        let why = format!("there are more than {most} channels: a call is not shown");
                        return Incoming::Discarded(Cow::Owned(why));
                    }
                }
                Incoming::Nothing
            }
        }
    }

    /// An item of a list that was asked for, or its end.
    fn item<'d>(&mut self, name: &str, item: &Message<'_>, output: &mut Output<'_>) -> Incoming<'d> {
        let number = item.action_id().and_then(|id| self.ids.number(id));
        let Some((number, asked)) = number.and_then(|number| Some((number, self.asked.get(&number)?))) else {
            // What was asked for has come already.
            return if name == "DBGetComplete" { Incoming::Nothing } else { Incoming::Unexpected };
        };
        match (asked, name) {
            (Asked::Snapshot, "Status") => {
                self.calls.listed(item);
                Incoming::Nothing
            }
            (Asked::Snapshot, "StatusComplete") => {
                self.asked.remove(&number);
                self.end_snapshot();
                self.follow_mutes();
                if self.serves {
                    return Incoming::Nothing;
                }
                self.serves = true;
                let features = offers::features(self.session.rights(), &self.settings);
                Incoming::Ready(Some(features))
            }
            (Asked::Setting(id, kind, line), "DBGetResponse") => {
                let (id, kind, line) = (*id, *kind, line.clone());
                self.asked.remove(&number);
                self.has_read(id, kind, &line, item.value("Val").unwrap_or_default());
                Incoming::Nothing
            }
            (Asked::Settings, "DBGetTreeResponse") => {
                self.setting_listed(item);
                Incoming::Nothing
            }
            (Asked::Settings, "DBGetTreeComplete") => {
                self.asked.remove(&number);
                self.end_settings(item, output);
                Incoming::Nothing
            }
            (Asked::Endpoints, "EndpointList") => {
                self.endpoints.listed(item);
                Incoming::Nothing
            }
            (Asked::Endpoints, "EndpointListComplete") => {
                self.asked.remove(&number);
                self.endpoints.complete();
                Incoming::Nothing
            }
            (Asked::Contacts, "ContactList") => {
                self.contact(item);
                Incoming::Nothing
            }
            (Asked::Contacts, "ContactListComplete") => {
                self.asked.remove(&number);
                self.end_contacts(item, output.now());
                Incoming::Nothing
            }
            _ => Incoming::Unexpected,
        }
    }

    /// A channel that was asked for was answered, or failed. Whether it was there before shows in the calls.
    fn originated(&mut self, event: &Message<'_>) {
        let is_ours = event.action_id().and_then(|id| self.ids.number(id)).is_some();
        let has_failed =
            event.value("Response").is_some_and(|response| response.eq_ignore_ascii_case("Failure"));
        if let Some(unique) = event.value("Uniqueid").filter(|_| is_ours && has_failed) {
            self.not_made(unique, CstaError::CALLING_DEVICE_OUT_OF_SERVICE);
        }
    }
}
