//! Clients as remote call control sees them. What carries their sessions implements [`Clients`]: today the user agent,
//! in SIP dialogs ([`crate::uacsta`]).

use core::net::SocketAddr;

use super::control::{Control, News};
use super::session::Carrier;
use crate::step::{ClientRequestId, SessionId, Step};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::Response;

/// A request to be answered; `R` is a request at hand.
pub(crate) enum Asked<'r, R> {
    /// The request of this step.
    AtHand(&'r R),
    /// A held request. If it no longer exists, the answer is dropped.
    Held(ClientRequestId),
}

/// The answer to a request.
#[derive(Clone, Copy)]
pub(crate) enum Answer<'a> {
    /// A response of the gateway's own.
    Own(&'a Response<'a>),
    /// A phone system's response, to be rewritten for the client.
    Relayed(&'a Response<'a>),
    /// A CSTAErrorCode.
    Error(CstaError),
}

/// What a phone system said of a session's line when it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    /// It knows the line, or it did not say that it does not.
    Known,
    /// The line's device is not registered.
    Unregistered,
    /// It does not know the line.
    Unknown(CstaError),
}

/// What carries the sessions of clients. Each method may use remote call control, which gives no news meanwhile that it
/// is not asked for.
pub(crate) trait Clients<C: Carrier>: Sized {
    /// A request at hand, which is gone after this step unless it is held.
    type Received<'m>;

    /// Tells a client news. Its session exists.
    fn tell(&mut self, step: &mut Step<'_>, control: &mut Control<C>, news: &News<'_>);

    /// Holds a request, to be answered later. Returns `None` if there is no room: it is refused then.
    fn hold(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<C>,
        received: &Self::Received<'_>,
        session: SessionId,
    ) -> Option<ClientRequestId>;

    /// Whether the answer to a held request can reach its client.
    fn reaches(&self, step: &Step<'_>, request: ClientRequestId) -> bool;

    /// Answers a request of a session, which may have ended since.
    fn answer(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<C>,
        session: SessionId,
        asked: Asked<'_, Self::Received<'_>>,
        answer: Answer<'_>,
    );

    /// The address that a session's client was last heard from, if there is one, for logs.
    fn peer(&self, step: &Step<'_>, control: &Control<C>, session: SessionId) -> Option<SocketAddr>;

    /// Lets the events follow that wait for an answer ([`Carrier::expect_announcement`]). It has been given.
    fn announced(&mut self, step: &mut Step<'_>, control: &mut Control<C>, session: SessionId);

    /// Continues with a session whose line was checked.
    fn on_line_checked(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<C>,
        session: SessionId,
        checked: Checked,
    );

    /// Lets a session go on, move or end by the present directory, which has changed.
    fn check_right(&mut self, step: &mut Step<'_>, control: &mut Control<C>, session: SessionId);

    /// Looks at a portion of the clients' connections by the present configuration, which has changed; `slot` is the
    /// first. Returns the first of the next portion, if there is one.
    fn check_links(&mut self, step: &mut Step<'_>, slot: u32) -> Option<u32>;

    /// Ends a session on the gateway's initiative.
    fn sign_out(&mut self, step: &mut Step<'_>, control: &mut Control<C>, session: SessionId, why: &str);
}
