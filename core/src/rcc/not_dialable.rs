//! Why a client's request is refused for a number that it would have the phone system dial, for operators.

use alloc::format;
use alloc::string::{String, ToString as _};

use super::clients::Clients;
use super::control::Control;
use super::history::Why;
use super::noting::{Field, Shown};
use super::session::Carrier;
use crate::action::Level;
use crate::line::dial::dialable;
use crate::line::rules::{Cause, Rules, TOO_LONG_REMEDY};
use crate::step::{SessionId, Step};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::member::Role;
use crate::wire::csta::model::Request;

/// A number that cannot be dialled.
pub(super) struct NotDialled<'r> {
    number: &'r str,
    /// Why, with the rule by which it cannot, if it is one.
    why: String,
    remedy: &'static str,
}

/// Returns the number for which a request was refused with this error. `None` if that was for another reason.
pub(super) fn number_of_refusal<'r>(
    request: &Request<'r>,
    error: CstaError,
    rules: &Rules,
) -> Option<NotDialled<'r>> {
    let Request::Relayed(relayed) = request else { return None };
    let members = relayed.service.request.iter().filter(|member| member.error == error);
    let mut members = members.filter(|member| matches!(member.role, Role::Dialled { .. }));
    members.find_map(|member| relayed.devices(member.name).flatten().find_map(|device| why(device.id, rules)))
}

/// Returns why a number cannot be dialled.
fn why<'r>(number: &'r str, rules: &Rules) -> Option<NotDialled<'r>> {
    let digits = match dialable(number) {
        Ok(digits) => digits,
        Err(why) => return Some(NotDialled { number, why: why.to_string(), remedy: why.remedy() }),
    };
    let outcome = rules.dial(&digits);
    if let Err(why) = outcome.number {
        let why = match outcome.cause {
            Cause::Rule(index) => format!("numbers.dial, rule {index}: {why}"),
            Cause::Back(index) => format!("numbers.shown, rule {index}: {why}"),
            Cause::Nothing | Cause::Emergency => why.to_string(),
        };
        return Some(NotDialled { number, why, remedy: TOO_LONG_REMEDY });
    }
    let remedy = "dial the whole number at once";
    let why = "the rest of a number that is dialled in parts needs DialDigits, which the phone system does not offer";
    number.ends_with(';').then(|| NotDialled { number, why: why.into(), remedy })
}

impl<C: Carrier> Control<C> {
    /// Notes that a client's service was refused for a number that cannot be dialled.
    pub(super) fn note_not_dialled<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &K,
        (session, service): (SessionId, &str),
        error: CstaError,
        not_dialled: &NotDialled<'_>,
    ) {
        step.counters.numbers_not_diallable += 1;
        self.keep_trouble(step.now, session, service, Why::Error(error));
        let NotDialled { number, why, remedy } = not_dialled;
        let device = self.number_of(session);
        let peer = clients.peer(step, self, session);
        let fields: &[Field<'_>] = &[
            ("service", &service),
            ("device", &&*device),
            ("number", number),
            ("error", &error),
            ("why", why),
            ("remedy", remedy),
            ("peer", &Shown(peer)),
        ];
        let count = if peer.is_some() { 7 } else { 6 };
        let fields = fields.get(..count).unwrap_or_default();
        self.note_session(step, (Level::Info, "service_failed"), session, fields);
    }
}
