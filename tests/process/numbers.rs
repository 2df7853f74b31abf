//! Number rules: what `dial` says of them, what `check` warns of, and a call by them.

use std::path::Path;

use crate::office::Office;
use crate::program::{Folder, Running, output};

/// The rules of a site with +49 30 1234-xxx, as the documentation has them.
fn example() -> String {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples/numbers.toml");
    std::fs::read_to_string(example).unwrap()
}

/// What `dial` says of a number, without the file's name; whether it can be dialled.
fn dialled(folder: &Folder, rules: &str, number: &str) -> (bool, String) {
    let file = folder.write("gateway.toml", rules);
    let (status, out, err) = output(&["dial", number, "--config", &file]);
    assert_eq!(err, "", "{number}");
    (status == 0, out.replace(&file, "FILE"))
}

#[test]
fn dial_shows_each_step_of_a_number_in_each_direction() {
    let folder = Folder::new("dial");
    for (number, expected) in [
        (
            "+1 (425) 555-0150",
            "read     +14255550150, a global number\n\
             dialled  if a client dials it:\n         \
             numbers.dial[3] (FILE:39:10): begins = \"+\", strip = 1, prepend = \"000\"\n         \
             +14255550150 -> 00014255550150\n         \
             the phone system dials 00014255550150\n         \
             clients see that as tel:+14255550150\n\
             line     if a line URI has it:\n         \
             the one rule of numbers.line is not for it: it stays as it is\n         \
             it is the line that the phone system calls +14255550150\n\
             shown    if the phone system says it:\n         \
             none of the 4 rules of numbers.shown is for it: it stays as it is\n         \
             clients see tel:+14255550150\n         \
             dialled again, it is 00014255550150\n",
        ),
        (
            "4567",
            "read     4567, a local number\n\
             dialled  if a client dials it:\n         \
             none of the 4 rules of numbers.dial is for it: it stays as it is\n         \
             the phone system dials 4567\n         \
             clients see that as tel:+49301234567\n\
             line     if a line URI has it:\n         \
             the one rule of numbers.line is not for it: it stays as it is\n         \
             it is the line that the phone system calls 4567\n\
             shown    if the phone system says it:\n         \
             numbers.shown[0] (FILE:45:11): pattern = \"4xxx\", prepend = \"+4930123\"\n         \
             4567 -> +49301234567\n         \
             clients see tel:+49301234567\n         \
             dialled again, it is 4567 again\n",
        ),
    ] {
        assert_eq!(dialled(&folder, &example(), number), (true, expected.into()), "{number}");
    }
    let (_, emergency) = dialled(&folder, &example(), "tel:112");
    assert_eq!(
        emergency.matches("numbers.emergency (FILE:13:13): it is never rewritten").count(),
        3,
        "{emergency}"
    );
    let (_, line) = dialled(&folder, &example(), "tel:%2B49-30-1234-567");
    assert!(line.contains("numbers.line[0] (FILE:17:11): ") && line.contains("calls 4567\n"), "{line}");
    let without = example().replace("[[numbers.dial]]", "[[numbers.line]]");
    let (_, back) = dialled(&folder, &without, "+49301234567");
    let by = "no rule of numbers.dial is for it; back by numbers.shown[0] (FILE:45:11): pattern = \"4xxx\"";
    assert!(back.contains(by) && back.contains("the phone system dials 4567\n"), "{back}");
}

#[test]
fn dial_says_why_a_number_cannot_be_dialled_and_what_to_do() {
    let folder = Folder::new("dial-not");
    let refused = "refused  a client is answered operation/invalidCalledDeviceID, and no phone goes off hook\nremedy   ";
    let longer = example() + "[[numbers.dial]]\nbegins = \"5\"\nprepend = \"0049301234\"\n";
    for (number, why, remedy) in [
        ("DANCE", "read     \"DANCE\": cannot dial 'N'\n", "write digits, * # A-D, a + in front"),
        ("tel:10%0a02", "read     \"tel:10%0a02\": cannot dial '\\n'\n", "write digits"),
        ("+", "read     \"+\": nothing to dial\n", "write a number, such as"),
        (&"1".repeat(65), "more than 64 digits\n", "write at most 64 digits"),
        (&"5".repeat(60), " -> more than 64 digits\n", "let the rule strip more"),
    ] {
        let (can_be_dialled, said) = dialled(&folder, &longer, number);
        assert!(!can_be_dialled && said.contains(why), "{number}: {said}");
        assert!(said.contains(&format!("{refused}{remedy}")), "{number}: {said}");
    }
}

#[test]
fn check_names_rules_that_never_apply_or_lead_in_circles() {
    let folder = Folder::new("numbers-check");
    let good = folder.write("good.toml", &example());
    let (status, _, err) = output(&["check", "--deny-warnings", "--config", &good]);
    assert_eq!((status, err.as_str()), (0, ""));
    let more = "[[numbers.dial]]\nbegins = \"+1\"\n[[numbers.shown]]\npattern = \"5xxx\"\nprepend = \"+4989123\"\n\
        [[numbers.line]]\ndigits = \"7-9\"\nstrip = 1\n";
    let file = folder.write("gateway.toml", &(example() + more));
    let (status, _, err) = output(&["check", "--config", &file]);
    assert_eq!(status, 0, "{err}");
    let line = |more| example().lines().count() + more;
    let expected = [
        format!(
            "{file}:{}:10: numbers.dial[4] = {{ begins = \"+1\" }}: warning: never applies: numbers.dial[3] is before \
             it, and for every number that this is for",
            line(2)
        ),
        format!(
            "{file}:{}:11: numbers.shown[4] = {{ pattern = \"5xxx\", prepend = \"+4989123\" }}: warning: the phone \
             system's 5000 is shown as +49891235000, which would be dialled as 00891235000: numbers.dial must lead back",
            line(4)
        ),
        format!(
            "{file}:{}:10: numbers.line[1] = {{ digits = \"7-9\", strip = 1 }}: warning: 000000000 becomes 00000000, \
             which the table would rewrite again, to 0000000",
            line(7)
        ),
    ];
    assert_eq!(err.lines().collect::<Vec<_>>(), expected);
    assert_eq!(output(&["check", "--deny-warnings", "--config", &file]).0, 1);
}

#[test]
fn a_colleague_is_called_and_seen_by_his_whole_number() {
    let rules = example();
    let rules = rules.split_once("[numbers]").unwrap().1;
    let phones = "[[phone]]\nnumber = \"4567\"\n[[phone]]\nnumber = \"4568\"\n";
    let office = Office::configured("numbers-call", phones, &format!("[numbers]{rules}"));
    let mut bob = office.client(
        "sip:bob@example.com",
        "4568",
        &[],
        "wait delivered calling=+49301234567 5s\nanswer\nwait connection-cleared 5s\nquit\n",
    );
    bob.wait_for("monitor xref=");
    let mut alice = office.client(
        "sip:alice@example.com",
        "4567",
        &[],
        "call +49301234568\nwait delivered called=+49301234568 5s\nwait established 5s\nhangup\nquit\n",
    );
    let ends = [&mut alice, &mut bob].map(Running::end);
    assert_eq!(ends, [0, 0], "{}\n{}", alice.said(), bob.said());
    office.close();
}
