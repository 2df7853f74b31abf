//! How phones answer by themselves when their users make calls and they are called first.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::setting::{Checked, ConfigError, Key};

pub(super) const AUTO_ANSWER: Key = Key::text(
    "cti.connection[].auto_answer",
    80,
    "With kind = \"asterisk\": the endpoints whose phones answer by themselves when their users make calls, by the headers \
     below; \"*\" stands for all.",
)
.list(1_000)
.needs_restart();

pub(super) const CALL_INFO: Key = Key::text(
    "cti.connection[].auto_answer_call_info",
    256,
    "With kind = \"asterisk\": the header Call-Info that auto_answer sends; \"\": none.",
)
.default("\"<sip:127.0.0.1>;answer-after=0\"")
.needs_restart();

pub(super) const ALERT_INFO: Key = Key::text(
    "cti.connection[].auto_answer_alert_info",
    256,
    "With kind = \"asterisk\": the header Alert-Info that auto_answer sends; \"\": none.",
)
.default("\"<http://127.0.0.1>;info=alert-autoanswer;delay=0\"")
.needs_restart();

pub(super) const ANSWER_PROMPTS: Key = Key::flag(
    "cti.connection[].answer_prompts",
    "With kind = \"asterisk\": whether phones that obey NOTIFY and are not in auto_answer are told by it to answer when \
     their users make calls.",
)
.default("false")
.needs_restart();

/// The headers, by the ends of their keys, and the function by which Asterisk adds each.
const HEADERS: [(&str, &str); 2] = [
    ("auto_answer_call_info", "PJSIP_HEADER(add,Call-Info)"),
    ("auto_answer_alert_info", "PJSIP_HEADER(add,Alert-Info)"),
];

/// What Asterisk could take for syntax, where variables are set or where they are read.
const SYNTAX: &str = ",\\\"()[]{}$";

/// How phones answer by themselves when their users make calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AutoAnswer {
    /// The endpoints whose phones answer for headers; `*` stands for all.
    pub endpoints: Vec<String>,
    /// The headers: the function of Asterisk that adds each, and its value.
    pub headers: Vec<(&'static str, String)>,
    /// Whether phones that obey NOTIFY are told to answer, if they do not for headers.
    pub by_notify: bool,
}

impl AutoAnswer {
    /// Whether the phone behind an endpoint answers for headers.
    #[must_use]
    pub fn is_by_headers(&self, endpoint: &str) -> bool {
        self.endpoints.iter().any(|one| one == "*" || one == endpoint)
    }

    /// That of the connection with this table.
    pub(super) fn from_checked(checked: &Checked, table: &str) -> Self {
        let header = |(field, function): (&str, &'static str)| {
            let value = checked.text(&format!("{table}.{field}")).filter(|value| !value.is_empty())?;
            Some((function, value.into()))
        };
        Self {
            endpoints: checked.texts(&format!("{table}.auto_answer")).map(String::from).collect(),
            headers: HEADERS.into_iter().filter_map(header).collect(),
            by_notify: checked.flag(&format!("{table}.answer_prompts")),
        }
    }
}

/// Appends an error for each header that cannot be sent, and if there is none to send.
pub(super) fn check(checked: &Checked, table: &str, errors: &mut Vec<ConfigError>) {
    let mut has_header = false;
    for (field, _) in HEADERS {
        let key = format!("{table}.{field}");
        let value = checked.text(&key).unwrap_or_default();
        has_header |= !value.is_empty();
        let is_harmless = |one: char| (one == ' ' || one.is_ascii_graphic()) && !SYNTAX.contains(one);
        if !value.chars().all(is_harmless) {
            let bound = format!("must be of ASCII characters without any of {SYNTAX}");
            errors.push(checked.error(&key, bound));
        }
    }
    let key = format!("{table}.auto_answer");
    if !has_header && checked.texts(&key).next().is_some() {
        errors.push(checked.error(&key, "needs a header, and both are empty".into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, ConnectionKind};
    use crate::setting::{Setting, Value};

    fn read(more: &[(&str, Value)]) -> Result<AutoAnswer, Vec<ConfigError>> {
        let text = |text: &str| Value::Text(text.into());
        let least = [
            ("sip.tcp", Value::List(Vec::from([text("127.0.0.1:0")]))),
            ("cti.connection[0].address", text("pbx:1")),
            ("cti.connection[0].kind", text("asterisk")),
            ("cti.connection[0].user", text("u")),
            ("cti.connection[0].password_env", text("PASSWORD")),
        ];
        let settings = least.into_iter().chain(more.iter().cloned());
        let settings = settings.map(|(key, value)| Setting { key: key.into(), value });
        let config = Config::from_settings(&settings.collect::<Vec<_>>())?;
        match config.cti.connections.first().map(|one| one.kind.clone()) {
            Some(ConnectionKind::Asterisk(asterisk)) => Ok(asterisk.auto_answer),
            Some(ConnectionKind::Csta) | None => panic!("it is an Asterisk"),
        }
    }

    #[test]
    fn phones_that_are_named_are_sent_the_headers_that_are_not_empty() {
        let named = |name: &str| {
            ("cti.connection[0].auto_answer", Value::List(Vec::from([Value::Text(name.into())])))
        };
        let one =
            read(&[named("1001"), ("cti.connection[0].auto_answer_call_info", Value::Text(String::new()))])
                .unwrap();
        assert!(one.is_by_headers("1001") && !one.is_by_headers("10011") && !one.by_notify);
        let alert = "<http://127.0.0.1>;info=alert-autoanswer;delay=0";
        assert_eq!(one.headers, [("PJSIP_HEADER(add,Alert-Info)", alert.into())]);
        let all = read(&[named("*"), ("cti.connection[0].answer_prompts", Value::Flag(true))]).unwrap();
        assert!(all.is_by_headers("1001") && all.by_notify);
        assert_eq!(all.headers.len(), 2);
        assert!(!read(&[]).unwrap().is_by_headers("1001"));
    }

    #[test]
    fn a_header_that_could_be_taken_for_syntax_is_refused() {
        for wrong in [
            "a,X=2",
            "a\r\nAction: Logoff",
            "a\nb",
            "a\u{0}",
            "${SECRET}",
            "a(b",
            "a]b",
            "a\\b",
            "\"a\"",
            "\u{e9}",
        ] {
            for key in ["auto_answer_call_info", "auto_answer_alert_info"] {
                let key = format!("cti.connection[0].{key}");
                let errors = read(&[(&key, Value::Text(wrong.into()))]).unwrap_err();
                assert!(errors.len() == 1 && errors[0].key == key, "{errors:?}");
            }
        }
        let none =
            ["auto_answer_call_info", "auto_answer_alert_info"].map(|key| format!("cti.connection[0].{key}"));
        let mut settings: Vec<_> =
            none.iter().map(|key| (key.as_str(), Value::Text(String::new()))).collect();
        assert!(read(&settings).is_ok());
        settings.push(("cti.connection[0].auto_answer", Value::List(Vec::from([Value::Text("*".into())]))));
        assert_eq!(read(&settings).unwrap_err().len(), 1);
    }
}
