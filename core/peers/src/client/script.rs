//! The script's language: one command per line. The commands are in `commands`.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use ctigate_core::time::Duration;
use ctigate_core::wire::csta::events::shapes;
use ctigate_core::wire::csta::model::LocalConnectionState as State;

use super::commands::{self, Command, Does, Given};
use super::happening::{Wanted, plain};

/// The names that can be waited for, besides events.
pub(super) const RESULTS: &[&str] = &[
    "signed-in",
    "signed-out",
    "refreshed",
    "reinvite",
    "ended",
    "features",
    "monitor",
    "monitor-stopped",
    "made",
    "ok",
    "call",
    "snapshot",
    "devices",
    "system-status",
    "response",
    "error",
    "refused",
    "no-answer",
];

/// Other names of events.
const SHORT: &[(&str, &str)] =
    &[("cleared", "connectioncleared"), ("initiated", "serviceinitiated"), ("transferred", "transfered")];

/// A request for a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// The command.
    pub(super) command: &'static Command,
    /// Its arguments.
    pub(super) given: Vec<Given>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// An empty line or a comment.
    Empty,
    /// Request a service, which needs a session.
    Service(Order),
    /// Show the calls.
    Calls,
    /// Wait for something, for this time or the default time.
    Wait(Wanted, Option<Duration>),
    /// Watch that it does not happen, for this time or the default time.
    Never(Wanted, Option<Duration>),
    /// Wait until these are the calls, for this time or the default time.
    Picture(Vec<String>, Option<Duration>),
    /// Do nothing.
    Sleep(Duration),
    /// Sign out and end.
    Quit,
    /// List the commands, or say more about one.
    Help(String),
}

/// Reads a line.
///
/// # Errors
/// What is wrong with it, for people.
pub(super) fn parse(line: &str) -> Result<Line, String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(Line::Empty);
    }
    let Some((command, text)) = commands::find(line) else {
        let word = line.split([' ', '\t']).next().unwrap_or_default();
        return Err(format!("'{word}' is no command: {}", commands::words()));
    };
    let given = commands::take(command, text)?;
    match command.does {
        Does::Asks(_) => Ok(Line::Service(Order { command, given })),
        Does::Shows => Ok(Line::Calls),
        Does::Waits => wait(text),
        Does::Sleeps => {
            duration(text).map(Line::Sleep).ok_or_else(|| format!("'{text}' is no time: 200ms, 5s, 2m"))
        }
        Does::Helps => Ok(Line::Help(text.into())),
        Does::Quits => Ok(Line::Quit),
    }
}

/// The root of the event that goes by this name: with or without `Event`, in any case, with or without hyphens.
pub(super) fn event_named(name: &str) -> Option<&'static str> {
    let name = long(name);
    shapes().map(|shape| shape.root).find(|root| plain(root) == name)
}

/// A name as [`plain`] returns it, with the short ones replaced.
fn long(name: &str) -> String {
    let name = plain(name);
    SHORT.iter().find(|(short, _)| *short == name).map_or(name, |(_, long)| (*long).to_string())
}

/// Reads `[no] EVENT [WORD...] [key=value...] [TIME]`, or `calls STATE:NUMBERS... [TIME]`.
fn wait(text: &str) -> Result<Line, String> {
    let mut words = text.split_whitespace();
    let mut event = words.next().unwrap_or_default();
    let never = event == "no";
    if never {
        event = words.next().ok_or_else(|| String::from("'no' needs an event: expect no held 200ms"))?;
    }
    let picture = event == "calls" && !never;
    let name = long(event);
    let result = RESULTS.iter().any(|known| plain(known) == name);
    if !picture && !result && event_named(event).is_none() && !event.ends_with("Event") {
        return Err(format!(
            "'{event}' is no event: delivered, established, held, ..., or {}",
            RESULTS.join(", ")
        ));
    }
    let mut wanted = Wanted { name, words: Vec::new(), filters: Vec::new() };
    let mut time = None;
    for word in words {
        if time.is_some() {
            return Err(format!("'{word}' follows the time"));
        }
        match (word.split_once('='), duration_with_unit(word)) {
            (Some((key, value)), _) => wanted.filters.push((key.into(), value.into())),
            (None, Some(span)) => time = Some(span),
            // An error is its category and its value, as clients show it: operation/generic.
            (None, None) if result => wanted.words.extend(word.split('/').map(String::from)),
            (None, None) => wanted.words.push(word.into()),
        }
    }
    if picture {
        return outline(wanted.words).map(|calls| Line::Picture(calls, time));
    }
    Ok(if never { Line::Never(wanted, time) } else { Line::Wait(wanted, time) })
}

/// Checks that each is a call: `STATE:NUMBER[/STATE]+NUMBER...`; `none` is none.
fn outline(mut calls: Vec<String>) -> Result<Vec<String>, String> {
    calls.retain(|call| call != "none");
    match calls.iter().find(|call| !is_call(call)) {
        Some(call) => Err(format!("'{call}' is no call: hold:1002, connected:1002/hold+1003")),
        None => Ok(calls),
    }
}

fn is_call(text: &str) -> bool {
    let is_state = |word: &str| State::from_word(word).is_some();
    text.split_once(':').is_some_and(|(state, with)| {
        let mut parties = with.split('+').map(|party| party.split_once('/'));
        is_state(state)
            && parties.all(|party| party.is_none_or(|(_, state)| is_state(state) || state == "unknown"))
    })
}

/// Reads a time such as `200ms`, `5s` or `2m`; a bare number is in seconds.
fn duration(text: &str) -> Option<Duration> {
    duration_with_unit(text).or_else(|| text.parse().ok().map(Duration::from_secs))
}

fn duration_with_unit(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let number: u64 = digits.parse().ok()?;
    match text.strip_prefix(digits)? {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.saturating_mul(60))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read() {
        let order = |line, word: &str, text: &str| match parse(line) {
            Ok(Line::Service(order)) => {
                let given: Vec<Given> =
                    if text.is_empty() { Vec::new() } else { [Given::Text(text.into())].into() };
                let asked: Vec<Given> =
                    order.given.into_iter().filter(|given| *given != Given::Nothing).collect();
                assert_eq!((order.command.word, asked), (word, given));
            }
            other => panic!("{line}: {other:?}"),
        };
        order("  call 1002 ", "call", "tel:1002");
        order("hangup", "hangup", "");
        order("raw <a b='c d'/>", "raw", "<a b='c d'/>");
        assert_eq!(parse("# a comment"), Ok(Line::Empty));
        assert_eq!(parse("sleep 200ms"), Ok(Line::Sleep(Duration::from_millis(200))));
        assert_eq!(parse("sleep 2"), Ok(Line::Sleep(Duration::from_secs(2))));
        assert_eq!(parse("quit"), Ok(Line::Quit));
    }

    #[test]
    fn every_command_of_the_table_is_read_as_its_example_has_it() {
        for command in commands::COMMANDS {
            let example = command.example;
            assert!(example.starts_with(command.word), "{example}");
            let read = parse(example).unwrap_or_else(|error| panic!("{example}: {error}"));
            if let Line::Service(order) = read {
                assert_eq!(order.command, command, "{example}");
            }
        }
    }

    #[test]
    fn waits_have_names_words_filters_and_a_time() {
        let wanted = |name: &str, words: &[&str], filters: &[(&str, &str)]| Wanted {
            name: name.into(),
            words: words.iter().map(|word| String::from(*word)).collect(),
            filters: filters.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
        };
        let five = Some(Duration::from_secs(5));
        assert_eq!(parse("wait established 5s"), Ok(Line::Wait(wanted("established", &[], &[]), five)));
        let filters = [("calling", "1001"), ("called", "1002")];
        assert_eq!(
            parse("expect DeliveredEvent calling=1001 called=1002 300ms"),
            Ok(Line::Wait(wanted("delivered", &[], &filters), Some(Duration::from_millis(300))))
        );
        assert_eq!(parse("wait cleared"), Ok(Line::Wait(wanted("connectioncleared", &[], &[]), None)));
        let words = ["operation", "generic"];
        assert_eq!(
            parse("expect error operation generic"),
            Ok(Line::Wait(wanted("error", &words, &[]), None))
        );
        assert_eq!(
            parse("expect refused 404 1m"),
            Ok(Line::Wait(wanted("refused", &["404"], &[]), Some(Duration::from_secs(60))))
        );
        assert!(parse("wait OfferedEvent").is_ok());
    }

    #[test]
    fn every_event_of_the_rows_is_known_by_its_short_name_in_any_case() {
        for shape in shapes() {
            let short = shape.root.strip_suffix("Event").unwrap_or(shape.root);
            for name in [short, shape.root, &short.to_lowercase(), &short.to_uppercase()] {
                let wanted = Wanted { name: plain(short), words: Vec::new(), filters: Vec::new() };
                assert_eq!(parse(&format!("wait {name}")), Ok(Line::Wait(wanted, None)), "{name}");
                assert_eq!(event_named(name), Some(shape.root));
            }
        }
        assert_eq!(event_named("transferred"), Some("TransferedEvent"));
    }

    #[test]
    fn what_must_not_happen_and_which_calls_there_must_be_can_be_expected() {
        let Ok(Line::Never(wanted, time)) = parse("expect no held call=1 200ms") else { panic!() };
        assert_eq!((wanted.name.as_str(), wanted.filters.len()), ("held", 1));
        assert_eq!(time, Some(Duration::from_millis(200)));
        let Ok(Line::Picture(calls, _)) = parse("expect calls hold:1002 connected:1005/hold+1003 2s") else {
            panic!()
        };
        assert_eq!(calls, ["hold:1002", "connected:1005/hold+1003"]);
        assert_eq!(parse("expect calls none"), Ok(Line::Picture(Vec::new(), None)));
        let words = ["stateIncompatibility", "noActiveCall"].map(String::from).to_vec();
        let wanted = Wanted { name: "error".into(), words, filters: Vec::new() };
        assert_eq!(parse("expect error stateIncompatibility/noActiveCall"), Ok(Line::Wait(wanted, None)));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, word) in [
            ("dance", "is no command"),
            ("call", "needs a number"),
            ("features 5", "takes no argument"),
            ("hold it", "does not take 'it'"),
            ("dnd maybe", "needs one of on, off, not 'maybe'"),
            ("expect no", "needs an event"),
            ("expect calls held:1002", "is no call"),
            ("expect calls hold:1002/held", "is no call"),
            ("sleep long", "no time"),
            ("wait", "needs an event"),
            ("wait deliverd", "is no event"),
            ("wait held 5s x", "follows the time"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(word), "{line}: {error}");
        }
    }
}
