//! Numbers: URIs that name one, and rules that rewrite them.

use ctigate_core::config::Config;
use ctigate_core::line::dial::{MAX_DIGITS, dialable};
use ctigate_core::line::rules::{Cause, Rules, Table, What};
use ctigate_core::line::tel::{NotTel, Tel};
use ctigate_core::plain::deceives;
use ctigate_core::setting::{Setting, read_line};

use super::Reached;

/// The most settings of one input, and the most numbers.
const MOST: usize = 96;

/// What every configuration needs.
const LEAST: [&str; 2] = ["sip.tcp = [\"127.0.0.1:0\"]", "cti.connection[0].address = \"pbx:1\""];

/// A URI that names a number is written so that it reads as equal, and nothing deceiving is in what was read; what is
/// dialled is the same number. States: why it is refused, what it names, and the parameters that it has.
///
/// # Panics
/// If a property does not hold.
pub fn tel_uri(bytes: &[u8], reached: &mut Reached) {
    let Ok(text) = core::str::from_utf8(bytes) else { return reached.note("not UTF-8") };
    let dialled = dialable(text);
    reached.note(match &dialled {
        Ok(_) => "can be dialled",
        Err(_) => "cannot be dialled",
    });
    let tel = match Tel::read(text) {
        Ok(tel) => tel,
        Err(why) => return reached.note(refusal(why)),
    };
    let written = tel.to_string();
    let again = Tel::read(&written);
    assert_eq!(again.as_ref(), Ok(&tel), "{written:?} is another");
    assert_eq!(again.map(|again| again.to_string()).as_ref(), Ok(&written), "it is written in another way");
    assert!(written.bytes().all(|byte| byte.is_ascii_graphic()), "{written:?}");
    let mut said = tel.parameters().flat_map(|(name, value)| [name.into(), value]);
    assert!(!said.any(|text| text.chars().any(deceives)), "{tel:?} deceives");
    assert!(!tel.subscriber().chars().any(deceives), "{tel:?} deceives");
    match tel.number() {
        Some(number) => {
            assert_eq!(dialable(number).as_deref(), Ok(number), "a number cannot be dialled");
            if let Ok(dialled) = dialled {
                assert_eq!(dialled, number, "another number is dialled");
            }
            reached.note(if tel.is_global() { "a global number" } else { "a local number" });
        }
        None => reached.note("a name"),
    }
    for (name, value) in [
        ("a context", tel.context()),
        ("an extension", tel.ext()),
        ("a subaddress", tel.isub()),
        ("a device", tel.device()),
        ("a partition", tel.partition()),
    ] {
        reached.note(value.map_or("", |_| name));
    }
    reached.note(if tel.is_dial_string() { "a dial string" } else { "" });
    reached.note(match tel.parameters().count() {
        0 => "no parameters",
        1 => "one parameter",
        _ => "parameters",
    });
}

fn refusal(why: NotTel) -> &'static str {
    match why {
        NotTel::Empty => "refused: empty",
        NotTel::TooLong => "refused: too long",
        NotTel::Character(_) => "refused: a character",
        NotTel::Scheme => "refused: a scheme",
        NotTel::Escape => "refused: an escape",
        NotTel::Name => "refused: a parameter's name",
        NotTel::Twice(name) => name,
    }
}

/// Rules, as lines of settings, never make a number too long or one that cannot be dialled, leave emergency numbers as
/// they are, and lead back only to what is shown so. The lines that are no settings are numbers. States: why a
/// configuration is refused, which rules apply, and what is doubtful about them.
///
/// # Panics
/// If a property does not hold.
pub fn number_rules(bytes: &[u8], reached: &mut Reached) {
    let text = String::from_utf8_lossy(bytes);
    let mut settings: Vec<Setting> = LEAST.iter().filter_map(|line| read_line(line).ok()).collect();
    settings.extend(text.lines().filter_map(|line| read_line(line).ok()).take(MOST));
    let numbers = text.lines().filter(|line| read_line(line).is_err()).take(MOST);
    match Config::from_settings(&settings) {
        Ok(config) => obey(&config.numbers, numbers, reached),
        Err(errors) => {
            for error in &errors {
                let field = ["begins", "digits", "pattern", "strip", "prepend", "emergency"];
                let field = field.into_iter().find(|field| error.key.ends_with(field));
                reached.note(field.unwrap_or("another key"));
            }
        }
    }
}

fn obey<'n>(rules: &Rules, numbers: impl Iterator<Item = &'n str>, reached: &mut Reached) {
    let doubts = rules.doubts();
    for doubt in &doubts {
        reached.note(match doubt.what {
            What::Hidden(_) => "hidden",
            What::HiddenByAll => "hidden by all",
            What::NotBack(..) => "does not lead back",
            What::Again(..) => "leads on",
        });
    }
    for number in numbers.filter_map(|number| dialable(number).ok()) {
        for table in Table::ALL {
            let outcome = rules.by(table, &number);
            let key = table.key();
            reached.note(match outcome.cause {
                Cause::Nothing => format!("{key}: no rule"),
                Cause::Emergency => format!("{key}: emergency"),
                Cause::Rule(index) => format!("{key}: rule {}", index.min(3)),
                Cause::Back(_) => format!("{key}: back"),
            });
            let Ok(result) = outcome.number else {
                reached.note(format!("{key}: too long"));
                continue;
            };
            assert!(result.len() <= MAX_DIGITS, "{result} is too long");
            assert_eq!(dialable(&result).as_deref(), Ok(result.as_str()), "it cannot be dialled");
            match outcome.cause {
                Cause::Nothing => assert_eq!(result, number),
                Cause::Emergency => {
                    assert_eq!(result, number);
                    assert!(rules.is_emergency(&number));
                }
                Cause::Rule(index) => {
                    let hides = |what: &What| matches!(what, What::Hidden(_) | What::HiddenByAll);
                    let is_hidden = doubts
                        .iter()
                        .any(|doubt| doubt.table == table && doubt.index == index && hides(&doubt.what));
                    assert!(!is_hidden, "{key}[{index}] applies to {number}");
                }
                Cause::Back(index) => {
                    let shown = rules.shown(&result);
                    assert_eq!((shown.cause, shown.number), (Cause::Rule(index), Ok(number.clone())));
                }
            }
        }
    }
}

/// Rules for the seeds of [`number_rules`].
const RULES: &str = "numbers.emergency = [\"112\", \"0112\"]
numbers.line[0].pattern = \"+49 30 1234-xxx\"
numbers.line[0].strip = 8
numbers.dial[0].begins = \"+49\"
numbers.dial[0].digits = \"4-16\"
numbers.dial[0].strip = 3
numbers.dial[0].prepend = \"00\"
numbers.dial[1].pattern = \"[1-46*]x*\"
numbers.dial[1].prepend = \"9\"
numbers.shown[0].pattern = \"1xxx\"
numbers.shown[0].prepend = \"+4930123\"
numbers.shown[1].digits = 5
numbers.shown[1].strip = 1
+49301234567
+4930123100
112
4567
12345
";

/// URIs in every form.
const URIS: [&str; 8] = [
    "tel:+1 (425) 555-0101;ext=0101",
    "tel:%2B14255550101",
    "tel:73124;phone-context=dialstring;device=SEP0002FD3BB5C5;partition=BE_BRS_INT",
    "sip:+14255550101;isub=1@example.com;user=phone",
    "tel:1001;Device=A;device=a;x=%41;y",
    "1001:CM1:192.0.2.10:0",
    "tel:5555551234v:41234",
    "tel:1;partition=%e2%80%ae",
];

/// The texts of elements in documents: identifiers, most of them.
fn texts(documents: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    for document in documents {
        let text = String::from_utf8_lossy(document);
        let inside = text.split('>').filter_map(|rest| rest.split('<').next());
        found.extend(inside.filter(|text| text.contains("tel:")).map(|text| text.as_bytes().to_vec()));
    }
    found.sort();
    found.dedup();
    found
}

/// URIs, those of the documents among them.
pub(super) fn uris(documents: &[Vec<u8>]) -> Vec<Vec<u8>> {
    URIS.iter().map(|uri| uri.as_bytes().to_vec()).chain(texts(documents)).collect()
}

/// The same rules, each time with some of the URIs of the documents.
pub(super) fn rules(documents: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut seeds = vec![RULES.as_bytes().to_vec()];
    seeds.extend(texts(documents).iter().map(|uri| [RULES.as_bytes(), uri].concat()));
    seeds
}
