//! The sessions of a gateway, for people and for programs.

use core::fmt::Display;

use ctigate_core::Instant;
use ctigate_core::engine::{BoundTo, SessionDetails, ShownCall, ShownMonitor, ShownRefusal, ShownSession};

use super::ANSWER_BYTES;
use super::status::{Clocks, NOTHING, align, push, shown, span};
use crate::record::json::Json;

/// Sessions that were found.
pub(super) struct Page {
    pub(super) sessions: Vec<ShownSession>,
    /// Where to go on, if there are more.
    pub(super) next: Option<u32>,
    /// The last sign-in of the user that was refused.
    pub(super) refused: Option<ShownRefusal>,
}

impl Page {
    /// Whether nothing was found.
    pub(super) const fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.refused.is_none()
    }

    /// The page as `show` shows it, with as many of its sessions as an answer has room for.
    pub(super) fn fitted(mut self, show: impl Fn(&Self) -> String) -> String {
        loop {
            let text = show(&self);
            let half = self.sessions.len() / 2;
            if text.len() < ANSWER_BYTES - 1024 || half == 0 {
                return text;
            }
            self.next = self.sessions.get(half).map(|session| session.slot);
            self.sessions.truncate(half);
        }
    }
}

/// The sessions as a table.
pub(super) fn table(page: &Page, clocks: &Clocks) -> String {
    let header = ["USER", "LINE", "DEVICE", "CONNECTION", "MONITORS", "CALLS", "SINCE", "LAST ERROR"];
    let rows = page.sessions.iter().map(|session| row(session, clocks));
    let mut text = String::new();
    align(&mut text, core::iter::once(header.map(String::from)).chain(rows).collect());
    if let Some(next) = page.next {
        push(&mut text, format_args!("\nthere are more: --after {next}\n"));
    }
    text
}

fn row(session: &ShownSession, clocks: &Clocks) -> [String; 8] {
    let ShownSession {
        slot: _,
        user,
        line,
        device,
        connection,
        monitors,
        calls,
        since,
        last_error,
        details: _,
    } = session;
    [
        shown(user),
        named(line),
        named(device),
        connection.as_deref().map_or_else(|| NOTHING.to_owned(), shown),
        monitors.to_string(),
        calls.to_string(),
        clocks.date(*since),
        error(last_error.as_ref(), clocks),
    ]
}

/// A text that may be empty.
fn named(text: &str) -> String {
    if text.is_empty() { NOTHING.to_owned() } else { shown(text) }
}

fn error(last_error: Option<&(String, Instant)>, clocks: &Clocks) -> String {
    last_error.map_or_else(
        || NOTHING.to_owned(),
        |(what, at)| format!("{} ({} ago)", shown(what), span(clocks.ago(*at))),
    )
}

/// Everything that is known of the sessions, a paragraph each.
pub(super) fn paragraphs(page: &Page, clocks: &Clocks) -> String {
    let mut text = String::new();
    for session in &page.sessions {
        if !text.is_empty() {
            text.push('\n');
        }
        paragraph(&mut text, session, clocks);
    }
    if let Some(next) = page.next {
        push(&mut text, format_args!("\nthere are more: --after {next}\n"));
    }
    if let Some(refused) = &page.refused {
        if !text.is_empty() {
            text.push('\n');
        }
        refusal(&mut text, refused, clocks);
    }
    text
}

/// The last refused sign-in of a user, as a paragraph.
fn refusal(text: &mut String, refused: &ShownRefusal, clocks: &Clocks) {
    let mut say = |name: &str, value: &dyn Display| push(text, format_args!("{name:<12}{value}\n"));
    let ShownRefusal { at, user, line, device, status, said, remedy } = refused;
    say("refused", &format_args!("{status}, {}, {} ago", clocks.date(*at), span(clocks.ago(*at))));
    say("user", &shown(user));
    say("line", &named(line));
    if let Some(said) = said {
        say(
            "device",
            &format_args!("{}: the phone system answered {} to SnapshotDevice", named(device), shown(said)),
        );
    }
    say("remedy", remedy);
}

fn paragraph(text: &mut String, session: &ShownSession, clocks: &Clocks) {
    let mut say = |name: &str, value: &dyn Display| push(text, format_args!("{name:<12}{value}\n"));
    let ago = |at: Instant| format!("{}, {} ago", clocks.date(at), span(clocks.ago(at)));
    let Some(details) = session.details.as_deref() else { return };
    let user = match &details.user_id {
        Some(id) => format!("{}, in the directory as {}", shown(&session.user), shown(id)),
        None => shown(&session.user),
    };
    say("user", &user);
    say("line", &named(&session.line));
    let registered = if details.is_registered { "" } else { ", not registered at the phone system" };
    say("device", &format_args!("{}{registered}", named(&session.device)));
    for appearance in &details.appearances {
        say("", &shown(appearance));
    }
    let connection = session.connection.as_deref().map_or_else(
        || "none: no CTI connection was in service".to_owned(),
        |name| format!("{}{}", shown(name), details.connection.as_ref().map_or_else(String::new, state)),
    );
    say("connection", &connection);
    say(
        "peer",
        &details.peer.map_or_else(|| "its SIP connection is gone".to_owned(), |peer| peer.to_string()),
    );
    say("Call-ID", &shown(&details.call_id));
    let phase = if details.is_established { "" } else { ", still signing in" };
    say("since", &format_args!("{}{phase}", ago(session.since)));
    if let (Some(refreshed), Some(expires)) = (details.refreshed, details.expires) {
        say(
            "refreshed",
            &format_args!("{}; ends {} unless refreshed", ago(refreshed), clocks.until(expires)),
        );
    }
    if details.monitors.is_empty() {
        say("monitors", &"none: its client is told no events");
    }
    for monitor in &details.monitors {
        say("monitor", &fed(monitor));
    }
    for ShownCall { id, device, stage } in &details.calls {
        say("call", &format_args!("{} {stage} at {}", shown(id), shown(device)));
    }
    say("last error", &error(session.last_error.as_ref(), clocks));
}

fn state(bound: &BoundTo) -> String {
    let BoundTo { id, state, in_service, is_replaced } = bound;
    let more = match (in_service, is_replaced) {
        (true, _) => "",
        (false, true) => ", which was lost and is back: the client has to sign in or refresh",
        (false, false) => ", which is out of service",
    };
    format!(" (connection ID {id}), {state}{more}")
}

fn fed(monitor: &ShownMonitor) -> String {
    let ShownMonitor { id, source, is_up_to_date } = monitor;
    let source = source.as_ref().map_or_else(
        || "fed by nothing".to_owned(),
        |source| {
            let (device, connection) = (shown(&source.device), shown(&source.connection));
            match &source.id {
                Some(id) => format!("fed by monitor {} of {device} at {connection}", shown(id)),
                None => format!("waits for the monitor of {device} at {connection} to be started"),
            }
        },
    );
    let behind = if *is_up_to_date { "" } else { "; its client is still to be told what changed" };
    format!("{id}, {source}{behind}")
}

/// The sessions as one JSON object, in one line.
pub(super) fn json(page: &Page, clocks: &Clocks) -> String {
    let sessions = page.sessions.iter().map(|session| one_as_json(session, clocks)).collect();
    let next = page.next.map_or(Json::Null, |next| Json::Number(next.into()));
    let refused = page.refused.as_ref().map(|refused| ("refused", refusal_as_json(refused, clocks)));
    let members = [("sessions", Json::List(sessions)), ("next", next)].into_iter().chain(refused);
    format!("{}\n", Json::Object(members.map(|(name, value)| (name.into(), value)).collect()))
}

fn refusal_as_json(refused: &ShownRefusal, clocks: &Clocks) -> Json {
    let ShownRefusal { at, user, line, device, status, said, remedy } = refused;
    Json::object([
        ("at", Json::Text(clocks.date(*at))),
        ("user", Json::Text(user.clone())),
        ("line", Json::Text(line.clone())),
        ("device", Json::Text(device.clone())),
        ("status", Json::Text(status.clone())),
        ("said", Json::text(said.as_deref())),
        ("remedy", Json::Text((*remedy).into())),
    ])
}

fn one_as_json(session: &ShownSession, clocks: &Clocks) -> Json {
    let ShownSession { slot: _, user, line, device, connection, monitors, calls, since, last_error, details } =
        session;
    let (error, failed_at) = last_error.as_ref().map(|(what, at)| (what.as_str(), clocks.date(*at))).unzip();
    let mut members = vec![
        ("user".into(), Json::Text(user.clone())),
        ("line".into(), Json::Text(line.clone())),
        ("device".into(), Json::Text(device.clone())),
        ("connection".into(), Json::text(connection.as_deref())),
        ("since".into(), Json::Text(clocks.date(*since))),
        ("last_error".into(), Json::text(error)),
        ("failed_at".into(), Json::text(failed_at)),
    ];
    match details.as_deref() {
        None => {
            members.push(("monitors".into(), Json::count(*monitors)));
            members.push(("calls".into(), Json::count(*calls)));
        }
        Some(details) => {
            members.extend(details_as_json(details, clocks).map(|(key, value)| (key.into(), value)));
        }
    }
    Json::Object(members)
}

fn details_as_json(details: &SessionDetails, clocks: &Clocks) -> [(&'static str, Json); 11] {
    let SessionDetails {
        user_id,
        appearances,
        call_id,
        peer,
        is_established,
        is_registered,
        connection,
        refreshed,
        expires,
        monitors,
        calls,
    } = details;
    let date = |at: &Option<Instant>| Json::text(at.map(|at| clocks.date(at)));
    let bound = connection.as_ref().map_or(Json::Null, |bound| {
        Json::object([
            ("id", Json::Number(bound.id)),
            ("state", Json::Text(bound.state.into())),
            ("in_service", Json::Flag(bound.in_service)),
            ("replaced", Json::Flag(bound.is_replaced)),
        ])
    });
    [
        ("user_id", Json::text(user_id.as_deref())),
        ("appearances", Json::List(appearances.iter().map(|one| Json::Text(one.clone())).collect())),
        ("call_id", Json::Text(call_id.clone())),
        ("peer", Json::text(peer.map(|peer| peer.to_string()))),
        ("established", Json::Flag(*is_established)),
        ("registered", Json::Flag(*is_registered)),
        ("bound", bound),
        ("refreshed_at", date(refreshed)),
        ("expires_at", date(expires)),
        ("monitors", Json::List(monitors.iter().map(monitor_as_json).collect())),
        ("calls", Json::List(calls.iter().map(call_as_json).collect())),
    ]
}

fn monitor_as_json(monitor: &ShownMonitor) -> Json {
    let source = monitor.source.as_ref().map_or(Json::Null, |source| {
        Json::object([
            ("connection", Json::Text(source.connection.clone())),
            ("device", Json::Text(source.device.clone())),
            ("id", Json::text(source.id.as_deref())),
        ])
    });
    Json::object([
        ("id", Json::Text(monitor.id.clone())),
        ("source", source),
        ("up_to_date", Json::Flag(monitor.is_up_to_date)),
    ])
}

fn call_as_json(call: &ShownCall) -> Json {
    Json::object([
        ("id", Json::Text(call.id.clone())),
        ("device", Json::Text(call.device.clone())),
        ("stage", Json::Text(call.stage.into())),
    ])
}
