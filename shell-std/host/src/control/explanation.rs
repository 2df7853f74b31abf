//! Why a user would control a line, or would not: for people, in lines of at most [`WIDTH`] characters where that can be,
//! and for programs.

use ctigate_core::line::explaining::{Explanation, Row};

use super::status::{push, shown};
use crate::record::json::Json;

/// The width of the text, in characters.
const WIDTH: usize = 100;
/// The most that the column of what was looked for takes; what is longer has a line of its own.
const WIDEST: usize = 36;

/// The explanation as a table, a step a line; what ends a failure follows it.
pub(crate) fn table(explanation: &Explanation) -> String {
    let header = Row { step: "STEP", looked_for: "LOOKED FOR".into(), place: "WHERE", found: "FOUND".into() };
    let rows: Vec<Row> = core::iter::once(header).chain(explanation.rows.iter().cloned()).collect();
    let widest =
        |cell: &dyn Fn(&Row) -> usize| rows.iter().filter(|row| !is_end(row)).map(cell).max().unwrap_or(0);
    let widths = [
        rows.iter().map(|row| row.step.len()).max().unwrap_or(0),
        widest(&|row| shown(&row.looked_for).chars().count().min(WIDEST)),
        widest(&|row| row.place.len()),
    ];
    let mut text = String::new();
    for row in &rows {
        if is_end(row) {
            let counter =
                if row.place.is_empty() { String::new() } else { format!(" (counter {})", row.place) };
            let said = format!("{}{counter}", shown(&row.looked_for));
            push(&mut text, format_args!("{:<1$}  ", row.step, widths[0]));
            fold(&mut text, &said, widths[0] + 2);
        } else {
            write_step(&mut text, row, widths);
        }
    }
    text
}

/// Whether a row says how a failure ends.
fn is_end(row: &Row) -> bool {
    matches!(row.step, "refused" | "remedy")
}

fn write_step(text: &mut String, row: &Row, [step, looked_for, place]: [usize; 3]) {
    let sought = shown(&row.looked_for);
    push(text, format_args!("{:<step$}  ", row.step));
    let behind = step + looked_for + place + 6;
    if sought.chars().count() > looked_for {
        push(text, format_args!("{sought}\n{:<1$}", "", step + looked_for + 4));
    } else {
        push(text, format_args!("{sought:<looked_for$}  "));
    }
    push(text, format_args!("{:<place$}  ", row.place));
    fold(text, &shown(&row.found), behind);
}

/// Appends words, in lines that begin in column `indent` and end before [`WIDTH`], if that leaves room for them.
fn fold(text: &mut String, words: &str, indent: usize) {
    let room = WIDTH.saturating_sub(indent).max(20);
    let mut used = 0;
    for word in words.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > room {
            push(text, format_args!("\n{:<indent$}", ""));
            used = 0;
        }
        if used > 0 {
            text.push(' ');
            used += 1;
        }
        text.push_str(word);
        used += length;
    }
    text.truncate(text.trim_end_matches(' ').len());
    text.push('\n');
}

/// The explanation as one JSON object, in one line.
pub(crate) fn json(explanation: &Explanation) -> String {
    let step = |row: &Row| {
        Json::object([
            ("step", Json::Text(row.step.into())),
            ("looked_for", Json::Text(row.looked_for.clone())),
            ("where", Json::Text(row.place.into())),
            ("found", Json::Text(row.found.clone())),
        ])
    };
    let steps = explanation.rows.iter().map(step).collect();
    format!(
        "{}\n",
        Json::object([("succeeds", Json::Flag(explanation.succeeds)), ("steps", Json::List(steps))])
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explanation() -> Explanation {
        let row = |step, looked_for: &str, place, found: &str| Row {
            step,
            looked_for: looked_for.into(),
            place,
            found: found.into(),
        };
        let rows = vec![
            row(
                "user",
                "joe\u{1b}[2J",
                "user IDs",
                "not tried: the host is not in directory.domains, which is long enough",
            ),
            row("line", "tel:+1 (425) 555-0101;device=SEP0002FD3BB5C5;x=1", "numbers", "nothing"),
            row("refused", "404 Unknown line", "lines_unknown", ""),
            row("remedy", &"word ".repeat(30), "", ""),
        ];
        Explanation { rows, succeeds: false }
    }

    #[test]
    fn a_step_is_a_line_that_can_be_read_at_100_columns() {
        let text = table(&explanation());
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH && !line.ends_with(' ')), "{text}");
        assert_eq!(
            lines[0].split_whitespace().collect::<Vec<_>>(),
            ["STEP", "LOOKED", "FOR", "WHERE", "FOUND"]
        );
        let column = lines[0].find("FOUND").unwrap();
        assert!(lines[1].starts_with("user     joe\\u001b[2J  "), "{text}");
        assert_eq!(lines[1].find("not tried"), Some(column), "{text}");
        let long = lines.iter().position(|line| line.starts_with("line ")).unwrap();
        let [_, behind, refused, remedy, more, ..] = lines[long..] else { panic!("{text}") };
        assert_eq!(
            (behind.find("numbers"), behind.find("nothing")),
            (lines[0].find("WHERE"), Some(column)),
            "{text}"
        );
        assert_eq!(refused, "refused  404 Unknown line (counter lines_unknown)");
        assert!(remedy.starts_with("remedy   word ") && more.starts_with("         word "), "{text}");
    }

    #[test]
    fn json_says_the_same() {
        let text = json(&explanation());
        assert!(text.starts_with(
            "{\"succeeds\":false,\"steps\":[{\"step\":\"user\",\"looked_for\":\"joe\\u001b[2J\","
        ));
        assert!(text.contains("\"where\":\"lines_unknown\""), "{text}");
    }
}
