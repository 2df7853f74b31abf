//! Deals with the news of the user agent.

use super::{Gateway, Step};
use crate::rcc::session::Carrier;
use crate::rcc::sessions::Sessions;
use crate::sip::user_agent::{Leg, Legs, News, Origin, Phase, Read};
use crate::slots::AnyHandle;
use crate::step::SessionId;
use crate::wire::sip::{Frame, Limits, Message, Scratch};

impl Gateway {
    /// Processes at most one message from a SIP link. Its reader is checked out meanwhile.
    pub(super) fn on_sip_bytes(
        &mut self,
        step: &mut Step<'_>,
        handle: AnyHandle,
        bytes: &[u8],
        scratch: &mut Scratch,
    ) -> usize {
        let Some(mut reader) = self.ua.links.check_out(handle.cast()) else { return bytes.len() };
        let origin = reader.origin;
        let (taken, read) = reader.read(step, bytes);
        let ends = match read {
            Read::Nothing => false,
            Read::Ends => true,
            Read::Message(frame, is_last) => {
                self.on_sip_message(step, origin, frame, scratch);
                is_last
            }
        };
        if self.ua.links.check_in(step, reader, ends) { bytes.len() } else { taken }
    }

    /// Processes one SIP message.
    pub(super) fn on_sip_message(
        &mut self,
        step: &mut Step<'_>,
        origin: Origin,
        frame: Frame<'_>,
        scratch: &mut Scratch,
    ) {
        let limits = Limits { headers: step.config.limits.headers, head: step.config.limits.message_bytes };
        // By reference, since a message is large.
        match &Message::from_frame(frame, scratch, limits) {
            Ok(message) => {
                let news = self.ua.on_message(step, &mut self.control.sessions, origin, message);
                self.on_sip_news(step, &news);
            }
            Err(error) => {
                step.counters.messages_discarded += 1;
                step.discard(&origin.peer, error);
            }
        }
    }

    fn on_sip_news(&mut self, step: &mut Step<'_>, news: &News<'_>) {
        match news {
            News::Nothing => {}
            News::SignIn(received) => self.on_sign_in(step, received),
            News::Takeover(received, tag) => self.on_takeover(step, received, tag),
            News::InSession(received, session) => self.on_in_session(step, received, *session),
            News::Over(session, why) => self.end_session(step, *session, why),
        }
    }
}

impl Carrier for Leg {
    fn line(&self) -> &str {
        self.dialog.line()
    }

    fn set_line(&mut self, line: &str) {
        self.dialog.set_line(line);
    }

    fn user(&self) -> &str {
        self.dialog.user()
    }

    fn base(&self) -> &str {
        self.dialog.local_tag()
    }

    fn is_established(&self) -> bool {
        self.phase == Phase::Established
    }
}

impl Legs for Sessions<Leg> {
    fn leg(&self, session: SessionId) -> Option<&Leg> {
        self.get(session).map(|session| &session.carrier)
    }

    fn leg_mut(&mut self, session: SessionId) -> Option<&mut Leg> {
        self.get_mut(session).map(|session| &mut session.carrier)
    }
}
