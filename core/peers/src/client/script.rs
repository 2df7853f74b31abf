//! The script's language: one command per line. The commands are in `commands`.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use ctigate_core::time::Duration;
use ctigate_core::wire::csta::model::CallEventKind;

use super::commands::{self, Does, Service};
use super::happening::{Wanted, plain};

/// The names that can be waited for, besides events.
const RESULTS: &[&str] = &[
    "signed-in",
    "signed-out",
    "refreshed",
    "ended",
    "features",
    "monitor",
    "monitor-stopped",
    "made",
    "ok",
    "snapshot",
    "response",
    "error",
    "refused",
    "no-answer",
];

/// Short names for two events.
const SHORT: &[(&str, &str)] = &[("cleared", "connectioncleared"), ("initiated", "serviceinitiated")];

/// A request for a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// The command's word.
    pub(super) word: &'static str,
    /// The service.
    pub(super) service: Service,
    /// The argument.
    pub(super) text: String,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// An empty line or a comment.
    Empty,
    /// Request a service, which needs a session.
    Service(Order),
    /// Wait for something, for this time or the default time.
    Wait(Wanted, Option<Duration>),
    /// Do nothing.
    Sleep(Duration),
    /// Sign out and end.
    Quit,
    /// List the commands.
    Help,
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
    let (word, text) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    let text = text.trim();
    let command =
        commands::find(word).ok_or_else(|| format!("'{word}' is no command: {}", commands::words()))?;
    command.check(text)?;
    match command.does {
        Does::Asks(service) => Ok(Line::Service(Order { word: command.word, service, text: text.into() })),
        Does::Waits => wait(text),
        Does::Sleeps => {
            duration(text).map(Line::Sleep).ok_or_else(|| format!("'{text}' is no time: 200ms, 5s, 2m"))
        }
        Does::Helps => Ok(Line::Help),
        Does::Quits => Ok(Line::Quit),
    }
}

/// Reads `EVENT [WORD...] [key=value...] [TIME]`.
fn wait(text: &str) -> Result<Line, String> {
    let mut words = text.split_whitespace();
    let event = words.next().unwrap_or_default();
    let name = plain(event);
    let name = SHORT.iter().find(|(short, _)| *short == name).map_or(name, |(_, long)| (*long).to_string());
    let results = RESULTS.iter().copied();
    let known =
        CallEventKind::ALL.iter().map(|kind| kind.word()).chain(results).any(|known| plain(known) == name);
    if !known && !event.ends_with("Event") {
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
            (None, None) => wanted.words.push(word.into()),
        }
    }
    Ok(Line::Wait(wanted, time))
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
    use super::super::commands::Takes;
    use super::*;

    #[test]
    fn commands_are_read() {
        let order = |line, word: &str, text: &str| match parse(line) {
            Ok(Line::Service(order)) => assert_eq!((order.word, order.text.as_str()), (word, text)),
            other => panic!("{line}: {other:?}"),
        };
        order("  call 1002 ", "call", "1002");
        order("hangup", "hangup", "");
        order("raw <a b='c d'/>", "raw", "<a b='c d'/>");
        assert_eq!(parse("# a comment"), Ok(Line::Empty));
        assert_eq!(parse("sleep 200ms"), Ok(Line::Sleep(Duration::from_millis(200))));
        assert_eq!(parse("sleep 2"), Ok(Line::Sleep(Duration::from_secs(2))));
        assert_eq!(parse("quit"), Ok(Line::Quit));
    }

    #[test]
    fn every_command_of_the_table_is_read() {
        for command in commands::COMMANDS {
            let word = command.word;
            let line = match command.takes {
                Takes::Nothing | Takes::Anything => String::from(word),
                Takes::Number => format!("{word} 1002"),
                // The example after what is needed, if there is one.
                Takes::Text(what) => match what.split_once(": ") {
                    Some((_, example)) => example.into(),
                    None => format!("{word} text"),
                },
            };
            assert!(parse(&line).is_ok(), "{line}: {:?}", parse(&line));
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
    fn what_is_wrong_is_said() {
        for (line, word) in [
            ("dance", "is no command"),
            ("call", "needs a number"),
            ("hold 5", "takes no argument"),
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
