//! Tables to import: CSV (RFC 4180) with a header, and with a comma, a semicolon or a tab between its cells.

use csv::{Position, ReaderBuilder, StringRecord};
use ctigate_core::line::directory::Place;
use ctigate_core::line::directory::import::{COLUMNS, Column, Import, column_named};

/// What may be between cells.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// Adds the rows of a table; `name` is its name in mistakes.
pub(super) fn add(import: &mut Import, text: &str, name: &str) {
    let file = import.file(name);
    let separator = separator_of(text);
    let mut reader = ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
    let columns = match reader.headers() {
        Ok(header) => columns_of(header),
        Err(error) => Err(vec![error.to_string()]),
    };
    let columns = match columns {
        Ok(columns) => columns,
        Err(complaints) => {
            for complaint in complaints {
                import.mistake(Place::new(file, 1), format_args!("{complaint}"));
            }
            return;
        }
    };
    let mut record = StringRecord::new();
    let mut lines = Lines { text, counted: 0, line: 1 };
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {
                let place = Place::new(file, lines.line_of(record.position()));
                add_record(import, place, &columns, &record);
            }
            Ok(false) => return,
            Err(error) => {
                let place = Place::new(file, lines.line_of(error.position()));
                return import.mistake(place, format_args!("{error}"));
            }
        }
    }
}

/// Counts lines. The reader's own count is one less where lines end in CR LF.
struct Lines<'t> {
    text: &'t str,
    /// The bytes that were counted, and the line that follows them.
    counted: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of a position behind those that were counted.
    fn line_of(&mut self, position: Option<&Position>) -> usize {
        let byte = position.map_or(0, Position::byte);
        let text = usize::try_from(byte).ok().and_then(|byte| self.text.get(byte..)).unwrap_or_default();
        // What ends the row before belongs to it.
        let row = text.trim_start_matches(['\r', '\n']);
        let start = self.text.len().saturating_sub(row.len());
        let passed = self.text.get(self.counted..start).unwrap_or_default();
        self.line = self.line.saturating_add(passed.bytes().filter(|byte| *byte == b'\n').count());
        self.counted = start;
        self.line
    }
}

fn add_record(import: &mut Import, place: Place, columns: &[&'static Column], record: &StringRecord) {
    if record.iter().all(|cell| cell.trim().is_empty()) {
        return;
    }
    if record.len() != columns.len() {
        let (cells, columns) = (record.len(), columns.len());
        let what = format_args!("has {cells} cells, where the header has {columns}");
        return import.mistake(place, what);
    }
    import.cells(place, columns.iter().copied().zip(record));
}

/// What is most often between the cells of the header.
fn separator_of(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let count = |separator: u8| header.bytes().filter(|byte| *byte == separator).count();
    // Of several, `max_by_key` returns the last.
    SEPARATORS.into_iter().rev().max_by_key(|separator| count(*separator)).unwrap_or(b',')
}

/// The columns that a header names.
///
/// # Errors
/// Everything that is wrong with it.
fn columns_of(header: &StringRecord) -> Result<Vec<&'static Column>, Vec<String>> {
    let known = || COLUMNS.map(|column| column.name).join(", ");
    let (mut columns, mut complaints): (Vec<&Column>, _) = (Vec::new(), Vec::new());
    for name in header {
        match column_named(name) {
            None => complaints.push(format!("{name:?} is no column; there are: {}", known())),
            Some(column) if columns.iter().any(|other| other.name == column.name) => {
                complaints.push(format!("the column {} is there twice", column.name));
            }
            Some(column) => columns.push(column),
        }
    }
    if !["id", "line"].iter().any(|name| columns.iter().any(|column| column.name == *name)) {
        complaints.push("the header needs a column id or line".into());
    }
    if complaints.is_empty() { Ok(columns) } else { Err(complaints) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imported(text: &str) -> (String, Vec<String>) {
        let mut import = Import::new(ctigate_core::line::rules::Rules::default());
        add(&mut import, text, "t.csv");
        let (directory, mistakes, _) = import.finish();
        let mut out = String::new();
        directory.write(&mut out);
        (out, mistakes.lines().collect())
    }

    #[test]
    fn any_separator_quotes_and_line_ends_are_read() {
        let expected = "ctigate directory 1\nline 1001\nuser alice name=\"Ames, \\\"Al\\\"\" line=1001\n";
        for text in [
            "id,name,line\nalice,\"Ames, \"\"Al\"\"\",1001\n",
            "ID;Name;Line\r\nalice;\"Ames, \"\"Al\"\"\";1001\r\n",
            "id\tname\tline\nalice\t\"Ames, \"\"Al\"\"\"\t1001",
            "\"id\",\"name\",\"line\"\n\n alice ,\"Ames, \"\"Al\"\"\",1001\n,,\n",
        ] {
            assert_eq!(imported(text), (expected.into(), vec![]), "{text}");
        }
    }

    #[test]
    fn a_mistake_names_the_line_where_its_row_begins() {
        let text = "id;label;line\na;\"x\ny\";1001\nb;;\nc;;1;2\n;;\nd;x;\n";
        let (_, mistakes) = imported(text);
        assert_eq!(imported(&text.replace('\n', "\r\n").replace("x\r\ny", "x\ny")).1, mistakes);
        assert_eq!(
            mistakes,
            [
                "t.csv:2: line \"1001\": label \"x\\ny\": must be 1 to 256 bytes, without control characters, and blanks at its ends",
                "t.csv:5: has 4 cells, where the header has 3",
                "t.csv:7: what is said of a line needs one"
            ]
        );
    }

    #[test]
    fn a_header_that_is_wrong_is_the_only_mistake() {
        let (_, mistakes) = imported("user,name,name\n1,2\n");
        assert_eq!(mistakes.len(), 3, "{mistakes:?}");
        assert!(
            mistakes[0].starts_with("t.csv:1: \"user\" is no column; there are: id, mail, sip"),
            "{mistakes:?}"
        );
        assert_eq!(mistakes[1], "t.csv:1: the column name is there twice");
        assert_eq!(mistakes[2], "t.csv:1: the header needs a column id or line");
        assert_eq!(imported("").1, ["t.csv:1: the header needs a column id or line"]);
    }
}
