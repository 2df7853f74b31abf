//! What becomes of a number that a client dials.

use alloc::format;

use super::Explanation;
use crate::line::dial::dialable;
use crate::line::rules::{Cause, Rules, TOO_LONG_REMEDY};

/// The answer to a client that dials a number that cannot be dialled.
const REFUSAL: &str = "200 with the error operation/invalidCalledDeviceID";
/// Its counter.
const COUNTER: &str = "numbers_not_diallable";

impl Explanation {
    /// Follows a number to what the phone system dials. Returns whether it can be dialled.
    pub(super) fn dial(&mut self, rules: &Rules, number: &str) -> bool {
        let digits = match dialable(number) {
            Ok(digits) => digits,
            Err(why) => {
                self.add("dial", &number, "the number", &why);
                return self.fail(&REFUSAL, COUNTER, &why.remedy());
            }
        };
        self.add("dial", &number, "the number", &digits);
        let outcome = rules.dial(&digits);
        let place = match outcome.cause {
            Cause::Nothing => {
                self.add("dial", &digits, "numbers.dial", &"no rule is for it");
                return self.dials(rules, &digits);
            }
            Cause::Emergency => "numbers.emergency",
            Cause::Rule(_) => "numbers.dial",
            Cause::Back(_) => "numbers.shown",
        };
        let (by, found) = match outcome.cause {
            Cause::Rule(index) => (format!("rule {index}: "), outcome.number),
            Cause::Back(index) => (format!("what rule {index} shows: "), outcome.number),
            Cause::Nothing | Cause::Emergency => ("never rewritten: ".into(), outcome.number),
        };
        match found {
            Ok(number) => {
                self.add("dial", &digits, place, &format_args!("{by}{number}"));
                self.dials(rules, &number)
            }
            Err(why) => {
                self.add("dial", &digits, place, &format_args!("{by}{why}"));
                self.fail(&REFUSAL, COUNTER, &TOO_LONG_REMEDY)
            }
        }
    }

    fn dials(&mut self, rules: &Rules, number: &str) -> bool {
        self.add("dials", &number, "phone system", &"");
        let shown = rules.shown(number);
        if let (Cause::Rule(index), Ok(shown)) = (shown.cause, &shown.number) {
            self.add("shown", &number, "numbers.shown", &format_args!("rule {index}: {shown}"));
        }
        true
    }
}
