//! Deals with the news of the user agent.

use core::net::SocketAddr;

use super::{Control, Leg, Uacsta};
use crate::input::ListenerId;
use crate::sip::user_agent::{News, Origin, Read, on_datagram};
use crate::slots::AnyHandle;
use crate::step::Step;
use crate::wire::sip::{Frame, Limits, Message, ParseError, Scratch};

impl Uacsta {
    /// Processes at most one message from a SIP link. Its reader is checked out meanwhile.
    pub(crate) fn on_bytes(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        (handle, bytes): (AnyHandle, &[u8]),
        scratch: &mut Scratch,
    ) -> usize {
        let Some(mut reader) = self.ua.links.check_out(handle.cast()) else { return bytes.len() };
        let origin = reader.origin;
        let (taken, read) = reader.read(step, bytes, scratch);
        let ends = match read {
            Read::Nothing => false,
            Read::Ends => true,
            Read::Message(frame, is_last) => {
                self.on_message(step, control, origin, frame, scratch).is_err() || is_last
            }
        };
        if self.ua.links.check_in(step, reader, ends) { bytes.len() } else { taken }
    }

    /// Processes a datagram.
    pub(crate) fn on_datagram(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        (listener, peer, bytes): (ListenerId, SocketAddr, &[u8]),
        scratch: &mut Scratch,
    ) {
        if let Some(origin) = on_datagram(step, listener, peer, bytes) {
            // An error has been logged, and a datagram does not harm the next.
            let _ = self.on_message(step, control, origin, Frame::datagram(bytes), scratch);
        }
    }

    /// Processes one SIP message. An error says that it is none: what follows it on a stream cannot be trusted.
    fn on_message(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        origin: Origin,
        frame: Frame<'_>,
        scratch: &mut Scratch,
    ) -> Result<(), ParseError> {
        let limits = Limits { headers: step.config.limits.headers, head: step.config.limits.message_bytes };
        // By reference, since a message is large.
        match &Message::from_frame(frame, scratch, limits) {
            Ok(message) => {
                let news = self.ua.on_message(step, &mut control.sessions, origin, message);
                self.on_news(step, control, &news);
                Ok(())
            }
            Err(error) => {
                step.counters.messages_discarded += 1;
                if origin.allowed {
                    step.discard(&origin.peer, error);
                } else {
                    step.note_unlisted(origin.peer, &[("discarded", error)]);
                }
                Err(*error)
            }
        }
    }

    fn on_news(&mut self, step: &mut Step<'_>, control: &mut Control<Leg>, news: &News<'_>) {
        match news {
            News::Nothing => {}
            News::SignIn(received) => self.on_sign_in(step, control, received),
            News::Takeover(received, tag) => self.on_takeover(step, control, received, tag),
            News::InSession(received, session) => self.on_in_session(step, control, received, *session),
            News::Over(session, why) => self.end_session(step, control, *session, why),
        }
    }
}
