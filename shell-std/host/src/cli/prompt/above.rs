//! Lines that appear above the one that is typed, in colours.

use std::io::{self, Write};

use rustyline::ExternalPrinter;

/// The colours of lines by their first word (ECMA-48 8.3.117).
const COLOURS: &[(&str, &str)] = &[
    ("event", "36"),
    ("call", "35"),
    ("calls", "35"),
    ("error", "31"),
    ("refused", "31"),
    ("failed:", "31"),
    ("ended", "31"),
    ("no-answer", "31"),
    ("not-connected", "31"),
    ("reinvite", "33"),
    ("dropped", "33"),
    ("time", "33"),
];

/// The colour of every other answer.
const ANSWER: &str = "32";

/// A writer of whole lines.
pub(crate) struct Above {
    printer: Box<dyn ExternalPrinter + Send>,
    coloured: bool,
}

impl Above {
    pub(super) fn new(printer: Box<dyn ExternalPrinter + Send>, coloured: bool) -> Self {
        Self { printer, coloured }
    }
}

/// A line in its colour.
fn painted(line: &str) -> String {
    let word = line.split([' ', '=']).next().unwrap_or_default();
    // Help stays as it is.
    if line.is_empty() || line.starts_with("commands:") || line.contains(" Example: ") {
        return line.into();
    }
    let colour = COLOURS.iter().find(|(first, _)| *first == word).map_or(ANSWER, |(_, colour)| colour);
    format!("\u{1b}[{colour}m{line}\u{1b}[0m")
}

impl Write for Above {
    /// Writes whole lines: what follows the last line's end becomes a line of its own.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let mut all = String::new();
        for line in text.lines() {
            all.push_str(&if self.coloured { painted(line) } else { line.into() });
            all.push('\n');
        }
        self.printer.print(all).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    struct Paper(Arc<Mutex<String>>);

    impl ExternalPrinter for Paper {
        fn print(&mut self, text: String) -> rustyline::Result<()> {
            self.0.lock().unwrap().push_str(&text);
            Ok(())
        }
    }

    fn written(coloured: bool) -> String {
        let paper = Arc::<Mutex<String>>::default();
        let mut above = Above::new(Box::new(Paper(Arc::clone(&paper))), coloured);
        above.write_all(b"event held call=1\nok service=hold\nerror operation generic\n").unwrap();
        drop(above);
        Arc::into_inner(paper).unwrap().into_inner().unwrap()
    }

    #[test]
    fn lines_are_coloured_by_what_they_tell_if_colours_are_wanted() {
        assert_eq!(written(false), "event held call=1\nok service=hold\nerror operation generic\n");
        assert_eq!(
            written(true),
            "\u{1b}[36mevent held call=1\u{1b}[0m\n\u{1b}[32mok service=hold\u{1b}[0m\n\
             \u{1b}[31merror operation generic\u{1b}[0m\n"
        );
        assert_eq!(painted("commands: call"), "commands: call");
    }
}
