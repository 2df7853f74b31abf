//! The status of a gateway, for people and for programs.

use core::fmt::Write as _;
use core::time::Duration;
use std::time::SystemTime;

use ctigate_core::engine::{ConnectionView, Overview};
use ctigate_core::{Instant, plain};

use crate::record::json::Json;
use crate::record::utc;
use crate::shell::Answer;

/// Stands for a missing value.
pub(super) const NOTHING: &str = "-";

/// The machine's time and the wall-clock time of the same moment.
pub(super) struct Clocks {
    pub(super) now: Instant,
    pub(super) wall: SystemTime,
}

impl Clocks {
    /// How long ago something was; zero for the future.
    pub(super) fn ago(&self, at: Instant) -> Duration {
        Duration::from_micros(self.now.since(at).as_micros())
    }

    /// How long it is until something, for people.
    pub(super) fn until(&self, at: Instant) -> String {
        format!("in {}", span(Duration::from_micros(at.since(self.now).as_micros())))
    }

    /// The wall-clock time of something in the past or the future.
    pub(super) fn date(&self, at: Instant) -> String {
        let until = Duration::from_micros(at.since(self.now).as_micros());
        let moment = self.wall.checked_sub(self.ago(at)).and_then(|moment| moment.checked_add(until));
        moment.map(utc::at).unwrap_or_default()
    }
}

/// A span of time for people, in its two largest units.
pub(super) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, hours, _, _) => format!("{days} d {hours} h"),
    }
}

/// The answer as tables; `wall` is the wall clock's time when it was given.
pub(crate) fn table(answer: &Answer, wall: SystemTime) -> String {
    let Answer { now, overview } = answer;
    let clocks = Clocks { now: *now, wall };
    let Overview { phase, phase_since, ends_at, view, connections, counters } = overview;
    let mut text = format!("{phase} for {}", span(clocks.ago(*phase_since)));
    if let Some(ends_at) = ends_at {
        let left = Duration::from_micros(ends_at.since(*now).as_micros());
        push(&mut text, format_args!(", at most {} more", span(left)));
    }
    push(&mut text, format_args!("; up for {}", span(clocks.ago(Instant::ZERO))));
    push(
        &mut text,
        format_args!(
            "\n{} sessions, {} monitors, fed by {} at the phone systems, {} SIP connections, {} requests at the phone \
             systems\n\n",
            view.sessions, view.monitors, view.switch_monitors, view.links, view.pending
        ),
    );
    let header = [
        "CONNECTION",
        "ADDRESS",
        "STATE",
        "ID",
        "SINCE",
        "NEXT DIAL",
        "HEARTBEAT",
        "ROUND TRIP",
        "SESSIONS",
        "LAST FAILURE",
    ];
    let rows = connections.iter().map(|connection| row(connection, &clocks));
    align(&mut text, core::iter::once(header.map(String::from)).chain(rows).collect());
    for one in connections {
        for remark in &one.remarks {
            push(&mut text, format_args!("{}: {remark}\n", shown(&one.name)));
        }
    }
    text.push('\n');
    let named = counters.named().map(|(name, count)| [name.into(), count.to_string()]);
    let refused = counters.refusals().map(|(status, count)| [refusal(status), count.to_string()]);
    align(&mut text, named.into_iter().chain(refused).collect());
    text
}

fn row(connection: &ConnectionView, clocks: &Clocks) -> [String; 10] {
    let ConnectionView {
        name,
        address,
        id,
        state,
        in_service: _,
        features: _,
        since,
        next_dial,
        heartbeat_at,
        round_trip,
        sessions,
        last_failure,
        failed_at,
        features_known: _,
        is_mute,
        remarks: _,
    } = connection;
    let nothing = || NOTHING.to_owned();
    let ago = |at: &Instant| format!("{} ago", span(clocks.ago(*at)));
    let round_trip = round_trip.map(|took| {
        let micros = took.as_micros();
        format!("{}.{:03} ms", micros / 1_000, micros % 1_000)
    });
    let failure = last_failure.as_deref().map(|why| match failed_at {
        Some(at) => format!("{} ({})", shown(why), ago(at)),
        None => shown(why),
    });
    let heartbeat =
        if *is_mute { "not answered".to_owned() } else { heartbeat_at.as_ref().map_or_else(nothing, ago) };
    [
        shown(name),
        shown(address),
        (*state).to_owned(),
        id.to_string(),
        since.map_or_else(nothing, |at| clocks.date(at)),
        next_dial.map_or_else(nothing, |at| clocks.until(at)),
        heartbeat,
        round_trip.unwrap_or_else(nothing),
        sessions.to_string(),
        failure.unwrap_or_else(nothing),
    ]
}

/// A configured text, safe for people.
pub(super) fn shown(text: &str) -> String {
    plain::line(text).into_owned()
}

/// The name of the count of refusals with this status.
fn refusal(status: u16) -> String {
    if status == 0 { "refused_otherwise".into() } else { format!("refused_{status}") }
}

/// Appends rows with aligned columns.
pub(super) fn align<const N: usize>(text: &mut String, rows: Vec<[String; N]>) {
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in rows {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            push(&mut line, format_args!("{cell:<width$}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

pub(super) fn push(text: &mut String, more: core::fmt::Arguments<'_>) {
    let written = text.write_fmt(more);
    debug_assert!(written.is_ok(), "writing to memory cannot fail");
}

/// The answer as one JSON object, in one line; `wall` is the wall clock's time when it was given.
pub(crate) fn json(answer: &Answer, wall: SystemTime) -> String {
    let Answer { now, overview } = answer;
    let clocks = Clocks { now: *now, wall };
    let Overview { phase, phase_since, ends_at, view, connections, counters } = overview;
    let date = |at: &Option<Instant>| Json::text(at.map(|at| clocks.date(at)));
    let named = counters.named().into_iter().map(|(name, count)| (name.into(), Json::Number(count)));
    let refused = counters.refusals().map(|(status, count)| (refusal(status).into(), Json::Number(count)));
    let connections = connections.iter().map(|one| {
        Json::object([
            ("name", Json::Text(one.name.to_string())),
            ("address", Json::Text(one.address.to_string())),
            ("state", Json::Text(one.state.into())),
            ("in_service", Json::Flag(one.in_service)),
            ("id", Json::Number(one.id)),
            ("since", date(&one.since)),
            ("next_dial_at", date(&one.next_dial)),
            ("heartbeat_at", date(&one.heartbeat_at)),
            ("round_trip_us", one.round_trip.map_or(Json::Null, |took| Json::Number(took.as_micros()))),
            ("sessions", Json::count(one.sessions)),
            ("last_failure", Json::text(one.last_failure.as_deref())),
            ("failed_at", date(&one.failed_at)),
            ("features", Json::Text(one.features_known.into())),
            ("heartbeats_unanswered", Json::Flag(one.is_mute)),
            (
                "remarks",
                Json::List(one.remarks.iter().map(|remark| Json::Text(remark.to_string())).collect()),
            ),
        ])
    });
    let status = Json::object([
        ("time", Json::Text(utc::at(wall))),
        ("started", Json::Text(clocks.date(Instant::ZERO))),
        ("phase", Json::Text((*phase).into())),
        ("phase_since", Json::Text(clocks.date(*phase_since))),
        ("ends_at", date(ends_at)),
        ("sessions", Json::count(view.sessions)),
        ("monitors", Json::count(view.monitors)),
        ("switch_monitors", Json::count(view.switch_monitors)),
        ("links", Json::count(view.links)),
        ("pending", Json::count(view.pending)),
        ("server_transactions", Json::count(view.server_transactions)),
        ("client_transactions", Json::count(view.client_transactions)),
        ("connections", Json::List(connections.collect())),
        ("counters", Json::Object(named.chain(refused).collect())),
    ]);
    format!("{status}\n")
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use ctigate_core::engine::{Counters, View};
    use ctigate_core::wire::csta::services::Features;

    use super::*;

    fn answer() -> (Answer, SystemTime) {
        let second = |second: u64| Instant::from_micros(second * 1_000_000);
        let served = ConnectionView {
            name: "pbx \"one\"".into(),
            address: "pbx:1040".into(),
            id: 7,
            state: "InService",
            in_service: true,
            features: Features::NONE,
            since: Some(second(100)),
            next_dial: None,
            heartbeat_at: Some(second(3_690)),
            round_trip: Some(ctigate_core::Duration::from_micros(1_250)),
            sessions: 3,
            last_failure: None,
            failed_at: None,
            features_known: "reported",
            is_mute: false,
            remarks: Vec::new(),
        };
        let down = ConnectionView {
            name: "two\u{1b}[2J".into(),
            state: "Down",
            in_service: false,
            since: Some(second(3_595)),
            next_dial: Some(second(3_712)),
            heartbeat_at: None,
            round_trip: None,
            sessions: 0,
            last_failure: Some("connecting took too long".into()),
            failed_at: Some(second(3_595)),
            ..served.clone()
        };
        let mut counters = Counters::default();
        counters.sign_ins = 4;
        let overview = Overview {
            phase: "Draining",
            phase_since: second(3_680),
            ends_at: Some(second(3_760)),
            view: View { sessions: 3, monitors: 3, switch_monitors: 2, ..View::default() },
            connections: vec![served, down],
            counters,
        };
        (Answer { now: second(3_700), overview }, UNIX_EPOCH + Duration::from_hours(492_324))
    }

    #[test]
    fn the_table_turns_the_machines_time_into_the_wall_clocks() {
        let (answer, wall) = answer();
        let text = table(&answer, wall);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "Draining for 20 s, at most 1 min 0 s more; up for 1 h 1 min");
        assert!(lines[1].contains("3 monitors, fed by 2 at the phone systems,"), "{}", lines[1]);
        assert_eq!(lines[3].split_whitespace().next(), Some("CONNECTION"));
        let cells: Vec<_> = lines[4].split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
        assert_eq!(
            cells,
            [
                "pbx \"one\"",
                "pbx:1040",
                "InService",
                "7",
                "2026-03-01T11:00:00.000Z",
                "-",
                "10 s ago",
                "1.250 ms",
                "3",
                "-"
            ]
        );
        assert!(lines[5].contains("  in 12 s  "), "{}", lines[5]);
        assert!(
            lines[5].starts_with("two\\u001b[2J")
                && lines[5].ends_with("connecting took too long (1 min 45 s ago)")
        );
        assert!(text.lines().any(|line| line.split_whitespace().eq(["sign_ins", "4"])), "{text}");
    }

    #[test]
    fn what_is_remarkable_about_a_phone_system_follows_the_table() {
        let (mut answer, wall) = answer();
        let one = &mut answer.overview.connections[0];
        one.is_mute = true;
        one.features_known = "presumed";
        one.remarks = vec!["answers no heartbeats".into(), "refuses more monitors".into()];
        let text = table(&answer, wall);
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[4].contains("  not answered  "), "{}", lines[4]);
        assert_eq!(lines[6..8], ["pbx \"one\": answers no heartbeats", "pbx \"one\": refuses more monitors"]);
        let text = json(&answer, wall);
        let remarks = "\"features\":\"presumed\",\"heartbeats_unanswered\":true,\"remarks\":[\"answers no heartbeats\",";
        assert!(text.contains(remarks), "{text}");
    }

    #[test]
    fn json_says_the_same() {
        let (answer, wall) = answer();
        let text = json(&answer, wall);
        for part in [
            "\"phase\":\"Draining\",\"phase_since\":\"2026-03-01T11:59:40.000Z\",\"ends_at\":\"2026-03-01T12:01:00.000Z\",\"sessions\":3,",
            "{\"name\":\"pbx \\\"one\\\"\",\"address\":\"pbx:1040\",\"state\":\"InService\",\"in_service\":true,\"id\":7,",
            "\"since\":\"2026-03-01T11:00:00.000Z\",\"next_dial_at\":null,\"heartbeat_at\":\"2026-03-01T11:59:50.000Z\",\"round_trip_us\":1250,",
            "\"last_failure\":null,\"failed_at\":null,\"features\":\"reported\",\"heartbeats_unanswered\":false,\"remarks\":[]}",
            "\"name\":\"two\\u001b[2J\"",
            "\"next_dial_at\":\"2026-03-01T12:00:12.000Z\"",
            "\"sign_ins\":4,",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
}
