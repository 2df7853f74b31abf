use alloc::string::ToString as _;
use alloc::{format, vec};

use super::*;
use crate::line::dial::dialable;

fn rule(begins: &str, digits: (usize, usize), pattern: &str, strip: usize, prepend: &str) -> Rule {
    let terms = Terms {
        begins: (!begins.is_empty()).then_some(begins),
        digits: (digits != (0, 0)).then_some(digits),
        pattern: (!pattern.is_empty()).then_some(pattern),
        strip,
        prepend,
    };
    Rule::new(&terms).unwrap_or_else(|wrong| panic!("{terms:?}: {wrong:?}"))
}

fn beginning(begins: &str, strip: usize, prepend: &str) -> Rule {
    rule(begins, (0, 0), "", strip, prepend)
}

fn pattern(pattern: &str, strip: usize, prepend: &str) -> Rule {
    rule("", (0, 0), pattern, strip, prepend)
}

/// A site with +49 30 1234-xxx, whose extensions are the last four digits, and 0 for an outside line.
fn site() -> Rules {
    let line = vec![pattern("+49 30 1234-xxx", 8, "")];
    let dial = vec![
        pattern("+49301234xxx", 8, ""),
        beginning("+4930", 5, "0"),
        beginning("+49", 3, "00"),
        beginning("+", 1, "000"),
    ];
    let shown = vec![
        pattern("4xxx", 0, "+4930123"),
        beginning("000", 3, "+"),
        beginning("00", 2, "+49"),
        rule("0", (6, 64), "", 1, "+4930"),
    ];
    Rules::new((line, dial, shown), ["110", "112", "0110", "0112"].into_iter())
}

fn becomes(outcome: Outcome) -> (Cause, String) {
    (outcome.cause, outcome.number.map_or_else(|why| why.to_string(), |number| number.to_string()))
}

#[test]
fn a_site_with_four_digit_extensions_is_four_rules_each_way() {
    let rules = site();
    for (number, by, dialled, back_by) in [
        ("+49301234567", 0, "4567", 0),
        ("+49305551234", 1, "05551234", 3),
        ("+4989123456", 2, "0089123456", 2),
        ("+14255550150", 3, "00014255550150", 1),
    ] {
        assert_eq!(becomes(rules.dial(number)), (Cause::Rule(by), dialled.into()), "{number}");
        assert_eq!(becomes(rules.shown(dialled)), (Cause::Rule(back_by), number.into()), "{dialled}");
    }
    assert_eq!(becomes(rules.line("+49301234567")), (Cause::Rule(0), "4567".into()));
    assert_eq!(becomes(rules.line("4567")), (Cause::Nothing, "4567".into()));
    assert_eq!(rules.doubts(), []);
}

#[test]
fn the_first_rule_for_a_number_applies_and_no_other() {
    let rules =
        vec![beginning("12", 1, ""), beginning("1", 0, "9"), beginning("12", 2, "7"), beginning("2", 0, "1")];
    let rules = Rules::new((vec![], rules, vec![]), core::iter::empty());
    for (number, cause, result) in [
        ("123", Cause::Rule(0), "23"),
        ("13", Cause::Rule(1), "913"),
        ("23", Cause::Rule(3), "123"),
        ("3", Cause::Nothing, "3"),
    ] {
        assert_eq!(becomes(rules.dial(number)), (cause, result.into()), "{number}");
    }
}

#[test]
fn a_rule_by_what_a_number_begins_with() {
    let rules = Rules::new((vec![beginning("+1 (425)", 2, "")], vec![], vec![]), core::iter::empty());
    assert_eq!(becomes(rules.line("+14255550150")).1, "4255550150");
    assert_eq!(becomes(rules.line("+1425")).1, "425");
    for other in ["+142", "14255550150", "+24255550150", ""] {
        assert_eq!(rules.line(other).cause, Cause::Nothing, "{other}");
    }
}

#[test]
fn a_rule_by_the_number_of_digits_which_a_plus_counts_in() {
    let rules =
        vec![rule("", (4, 4), "", 0, "7"), rule("+", (12, 12), "", 1, ""), rule("", (6, 8), "", 2, "")];
    let rules = Rules::new((vec![], rules, vec![]), core::iter::empty());
    for (number, index) in [("1234", 0), ("*21#", 0), ("+14255550150", 1), ("123456", 2), ("12345678", 2)] {
        assert_eq!(rules.dial(number).cause, Cause::Rule(index), "{number}");
    }
    for other in ["123", "12345", "+123", "+1425555015", "123456789"] {
        assert_eq!(rules.dial(other).cause, Cause::Nothing, "{other}");
    }
}

#[test]
fn a_rule_by_a_pattern() {
    for (text, of, others) in [
        (
            "+49301234[1-9]xx",
            &["+49301234100", "+49301234999"][..],
            &["+49301234000", "+4930123410", "49301234100"][..],
        ),
        ("x", &["0", "9"], &["*", "A", "+", "10"]),
        ("[*#]x*", &["*2", "#21", "*21#"], &["*", "1", "2*1"]),
        ("[15-79A-C]", &["1", "5", "6", "7", "9", "A", "C"], &["0", "4", "8", "D", "+"]),
        ("[+0]1*", &["+1", "01", "+12"], &["1", "+2"]),
        ("*", &["1", "*", "A"], &["+1", ""]),
        ("12-34", &["1234"], &["12-34"]),
        ("d[d]", &["DD"], &["dx"]),
    ] {
        let rules = Rules::new((vec![pattern(text, 0, "")], vec![], vec![]), core::iter::empty());
        for number in of {
            assert_eq!(rules.line(number).cause, Cause::Rule(0), "{text} {number}");
        }
        for number in others {
            assert_eq!(rules.line(number).cause, Cause::Nothing, "{text} {number}");
        }
    }
}

#[test]
fn a_rule_is_not_for_numbers_of_which_it_would_leave_nothing() {
    let rules = vec![rule("", (1, 64), "", 3, ""), rule("", (1, 64), "", 2, "9"), pattern("*", 0, "")];
    let rules = Rules::new((rules, vec![], vec![]), core::iter::empty());
    for (number, index, result) in [("1234", 0, "4"), ("123", 1, "93"), ("12", 1, "9"), ("1", 2, "1")] {
        assert_eq!(becomes(rules.line(number)), (Cause::Rule(index), result.into()), "{number}");
    }
}

#[test]
fn conditions_of_a_rule_must_all_be_met() {
    let only = rule("+4930123", (12, 13), "+49301234[1-9]xx*", 8, "");
    let rules = Rules::new((vec![only], vec![], vec![]), core::iter::empty());
    for (number, is_met) in [("+49301234100", true), ("+493012341001", true), ("+4930123410012", false)] {
        assert_eq!(rules.line(number).cause == Cause::Rule(0), is_met, "{number}");
    }
}

#[test]
fn emergency_numbers_are_never_rewritten_in_any_direction() {
    let all = || vec![beginning("1", 0, "0"), pattern("*", 0, "9")];
    let rules = Rules::new((all(), all(), all()), ["112", "1-1-0"].into_iter());
    for table in Table::ALL {
        for number in ["112", "110"] {
            assert_eq!(becomes(rules.by(table, number)), (Cause::Emergency, number.into()));
        }
        // The whole number counts.
        assert_eq!(becomes(rules.by(table, "1120")), (Cause::Rule(0), "01120".into()));
        assert_eq!(becomes(rules.by(table, "11")), (Cause::Rule(0), "011".into()));
    }
}

#[test]
fn a_shown_number_leads_back_without_a_rule_for_dialling_it() {
    let shown = vec![pattern("4[1-9]xx", 0, "+4930123"), pattern("4xxx", 1, "+4930999")];
    let rules = Rules::new((vec![], vec![beginning("+4989", 5, "8")], shown), ["4999"].into_iter());
    for (number, shown, index) in [("4123", "+49301234123", 0), ("4012", "+4930999012", 1)] {
        assert_eq!(becomes(rules.shown(number)), (Cause::Rule(index), shown.into()));
        assert_eq!(becomes(rules.dial(shown)), (Cause::Back(index), number.into()));
    }
    // None of these is what a rule shows.
    for number in ["+49301234012", "+4930999123", "+49301234999", "+4930123412", "4123"] {
        assert_eq!(becomes(rules.dial(number)), (Cause::Nothing, number.into()), "{number}");
    }
    // A rule for what is dialled comes first.
    assert_eq!(becomes(rules.dial("+49891")), (Cause::Rule(0), "81".into()));
}

#[test]
fn a_rule_whose_result_is_too_long_to_dial_leaves_nothing() {
    let rules = vec![beginning("1", 0, "999")];
    let rules = Rules::new((vec![], rules, vec![]), core::iter::empty());
    let longest = "1".repeat(MAX_DIGITS - 3);
    assert_eq!(rules.dial(&longest).number.unwrap().len(), MAX_DIGITS);
    assert_eq!(rules.dial(&(longest + "1")).number, Err(NotDialable::TooLong));
}

#[test]
fn what_is_wrong_with_a_rule_is_said_with_its_field() {
    let terms = Terms::default();
    for (terms, field, bound) in [
        (terms, "", "must say which numbers it is for"),
        (Terms { begins: Some("+4x"), ..terms }, "begins", "must be of 0-9"),
        (Terms { begins: Some("4+"), ..terms }, "begins", "must be of 0-9"),
        (Terms { begins: Some("1"), prepend: "0x", ..terms }, "prepend", "must be of 0-9"),
        (
            Terms { digits: Some((3, 5)), strip: 5, ..terms },
            "strip",
            "leaves nothing of a number of 5 characters",
        ),
        (Terms { pattern: Some("xx"), strip: 2, prepend: "+", ..terms }, "strip", "leaves nothing"),
        (Terms { pattern: Some("+"), ..terms }, "strip", "leaves nothing"),
        (Terms { begins: Some("+1"), prepend: "0", ..terms }, "prepend", "would stand before a +"),
        (Terms { pattern: Some("[+0]x"), prepend: "0", ..terms }, "prepend", "would stand before a +"),
        (Terms { begins: Some("12"), digits: Some((1, 1)), ..terms }, "digits", "contradicts"),
        (Terms { begins: Some("2"), pattern: Some("1x"), ..terms }, "begins", "contradicts"),
        (Terms { pattern: Some(""), ..terms }, "pattern", "stands for no number"),
        (Terms { pattern: Some("1*2"), ..terms }, "pattern", "may have a * only at its end"),
        (Terms { pattern: Some("1+"), ..terms }, "pattern", "may have a + only at its beginning"),
        (Terms { pattern: Some("1[2"), ..terms }, "pattern", "has a [ without its ]"),
        (Terms { pattern: Some("1[]"), ..terms }, "pattern", "has []"),
        (Terms { pattern: Some("[4-1]"), ..terms }, "pattern", "has [4-1]"),
        (Terms { pattern: Some("[1-]"), ..terms }, "pattern", "has [1-]"),
        (Terms { pattern: Some("[9-A]"), ..terms }, "pattern", "has [9-A]"),
        (Terms { pattern: Some("1(2)y"), ..terms }, "pattern", "must be of 0-9"),
        (Terms { pattern: Some("1\u{fc}"), ..terms }, "pattern", "must be of 0-9"),
    ] {
        let (found, text) = Rule::new(&terms).unwrap_err();
        assert!(found == field && text.starts_with(bound), "{terms:?}: {found} {text}");
    }
    let long = "1".repeat(65);
    assert!(Rule::new(&Terms { pattern: Some(&long), ..terms }).unwrap_err().1.contains("65 characters"));
    assert!(Rule::new(&Terms { begins: Some(&long), ..terms }).is_err());
}

fn doubts(line: Vec<Rule>, dial: Vec<Rule>, shown: Vec<Rule>) -> Vec<String> {
    let rules = Rules::new((line, dial, shown), ["112"].into_iter());
    rules.doubts().iter().map(|doubt| format!("{}[{}] {doubt}", doubt.table.key(), doubt.index)).collect()
}

#[test]
fn rules_that_never_apply_are_found() {
    let never = |rules: Vec<Rule>| doubts(rules, vec![], vec![]);
    let hidden = |index, by| {
        format!(
            "numbers.line[{index}] never applies: numbers.line[{by}] is before it, and for every number that this is \
             for"
        )
    };
    assert_eq!(never(vec![beginning("1", 0, ""), beginning("12", 0, "")]), [hidden(1, 0)]);
    assert_eq!(never(vec![beginning("12", 0, ""), beginning("1", 0, "")]), [""; 0]);
    assert_eq!(never(vec![pattern("xxxx", 0, ""), pattern("[1-4]x00", 0, "")]), [hidden(1, 0)]);
    assert_eq!(never(vec![pattern("xxxx", 0, ""), rule("", (4, 4), "", 0, "")]), [""; 0]);
    assert_eq!(never(vec![pattern("x*", 0, ""), rule("", (3, 5), "x*", 0, "")]), [hidden(1, 0)]);
    assert_eq!(
        never(vec![pattern("*", 0, ""), beginning("+", 0, ""), beginning("*", 0, "")]),
        [hidden(2, 0)]
    );
    let together = |index| {
        format!(
            "numbers.line[{index}] never applies: emergency numbers and the rules before it are for every number that this is for"
        )
    };
    assert_eq!(
        never(vec![pattern("[0-4]x", 0, ""), pattern("[5-9]x", 0, ""), pattern("xx", 0, "")]),
        [together(2)]
    );
    assert_eq!(never(vec![pattern("112", 0, "")]), [together(0)]);
    assert_eq!(never(vec![pattern("11[2-3]", 0, "")]), [""; 0]);
    assert_eq!(
        never(vec![
            rule("", (1, 3), "x*", 0, ""),
            rule("", (5, 64), "x*", 0, ""),
            rule("", (2, 6), "1*", 0, "")
        ]),
        [""; 0],
        "those of four characters are left"
    );
}

#[test]
fn rules_that_lead_in_circles_are_found() {
    let back = "numbers.dial must lead back";
    assert_eq!(
        doubts(vec![], vec![], vec![beginning("0", 1, "+49"), pattern("[12]xxx", 1, "+49301")]),
        [format!(
            "numbers.shown[1] the phone system's 1000 is shown as +49301000, which would be dialled as 0301000: {back}"
        )]
    );
    assert_eq!(
        doubts(vec![], vec![pattern("x*", 0, "0")], vec![]),
        [format!(
            "numbers.dial[0] the phone system's 0110 is shown as 0110, which would be dialled as 00110: {back}"
        )]
    );
    assert_eq!(doubts(vec![], vec![beginning("+", 1, "00")], vec![beginning("00", 2, "+")]), [""; 0]);
    assert_eq!(
        doubts(vec![rule("", (4, 64), "", 1, "")], vec![], vec![]),
        ["numbers.line[0] 00000000000 becomes 0000000000, which the table would rewrite again, to 000000000"]
    );
}

/// Random rules, as they come from a configuration, and numbers for which some of them are.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn text(&mut self, pieces: &[&str], most: usize) -> String {
        (0..self.below(most + 1)).fold(String::new(), |text, _| text + pieces[self.below(pieces.len())])
    }

    fn number(&mut self) -> String {
        let plus = ["", "", "+"][self.below(3)];
        let most = if self.below(10) == 0 { MAX_DIGITS - 1 } else { 6 };
        format!("{plus}{}", self.text(&["1", "2", "3", "4", "0", "*", "A"], most))
    }

    fn rule(&mut self) -> Option<Rule> {
        let begins = self.text(&["+", "1", "2", "0", "-"], 3);
        let pattern = self.text(&["1", "2", "x", "x", "[1-3]", "[12*]", "*", "+", "0"], 5);
        let least = self.below(8) + 1;
        let most = least + self.below(8);
        let prepend = self.text(&["+", "0", "1", "49"], 4);
        Rule::new(&Terms {
            begins: Some(&*begins).filter(|_| self.below(2) == 0),
            pattern: Some(&*pattern).filter(|_| self.below(2) == 0),
            digits: Some((least, most)).filter(|_| self.below(3) == 0),
            strip: self.below(4),
            prepend: if self.below(30) == 0 { "+4930123456789012345678901234567890" } else { &prepend },
        })
        .ok()
    }

    fn rules(&mut self) -> Vec<Rule> {
        let count = self.below(90) + 1;
        (0..count).filter_map(|_| self.rule()).collect()
    }
}

/// The first rule for a number, found without the index.
fn first(rules: &[Rule], number: &str) -> Option<usize> {
    rules.iter().position(|rule| {
        let in_length = (rule.form.least..=rule.form.most).contains(&number.len());
        in_length
            && number.bytes().enumerate().all(|(position, byte)| {
                form::symbol(byte).is_some_and(|at| rule.form.class(position) & (1 << at) != 0)
            })
    })
}

#[test]
fn rules_never_make_a_number_too_long_and_what_they_make_can_be_dialled() {
    let mut random = Random(1);
    let (mut applied, mut back) = (0, 0);
    for _ in 0..300 {
        let tables = (random.rules(), random.rules(), random.rules());
        let rules = Rules::new(tables.clone(), ["112", "1", "+1"].into_iter());
        for _ in 0..100 {
            let number = random.number();
            let Ok(number) = dialable(&number) else { continue };
            for (table, list) in Table::ALL.into_iter().zip([&tables.0, &tables.1, &tables.2]) {
                let Outcome { cause, number: result } = rules.by(table, &number);
                match cause {
                    Cause::Rule(index) => assert_eq!(first(list, &number), Some(index), "{number}"),
                    Cause::Nothing | Cause::Back(_) => assert_eq!(first(list, &number), None, "{number}"),
                    Cause::Emergency => assert_eq!(result.as_deref(), Ok(&*number)),
                }
                let Ok(result) = result else { continue };
                applied += usize::from(matches!(cause, Cause::Rule(_)));
                assert!(result.len() <= MAX_DIGITS);
                assert_eq!(dialable(&result).as_deref(), Ok(&*result), "{number}");
                if let Cause::Back(index) = cause {
                    back += 1;
                    let shown = Outcome { cause: Cause::Rule(index), number: Ok(number.clone()) };
                    assert_eq!(rules.shown(&result), shown);
                }
            }
        }
    }
    assert!(applied > 10_000 && back > 100, "{applied} {back}");
}

#[test]
fn a_rule_that_is_said_never_to_apply_never_does_and_any_other_has_an_example() {
    let mut random = Random(2);
    let mut hidden = 0;
    for _ in 0..150 {
        let rules = Rules::new((random.rules(), vec![], vec![]), core::iter::empty());
        let doubts = rules.doubts();
        let never: Vec<usize> = doubts
            .iter()
            .filter(|doubt| matches!(doubt.what, What::Hidden(_) | What::HiddenByAll))
            .map(|doubt| doubt.index)
            .collect();
        hidden += never.len();
        for _ in 0..200 {
            if let Cause::Rule(index) = rules.line(&random.number()).cause {
                assert!(!never.contains(&index));
            }
        }
    }
    assert!(hidden > 500, "{hidden}");
}
