//! The recordings of a real Asterisk (`tests/recordings/asterisk`).

use std::io;
use std::path::Path;
use std::{fs, str};

/// One story.
#[derive(Debug)]
pub struct Recording {
    /// The name of its file, without the ending.
    pub name: String,
    /// What Asterisk said on each connection, in the order in which they were opened.
    pub streams: Vec<Vec<u8>>,
    /// All that happened, in order.
    pub steps: Vec<Step>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A connection was opened.
    Opened,
    /// The connection that was opened last ended.
    Ended,
    /// Bytes came from Asterisk.
    Came(Vec<u8>),
    /// An action was sent.
    Sent(Vec<u8>),
    /// A person did something, or a phone showed it.
    Seen(String),
}

impl Recording {
    /// Whether a caller's number holds line ends in it.
    #[must_use]
    pub fn is_forged(&self) -> bool {
        self.name == "caller-number-with-line-end"
    }
}

/// All recordings, by name.
///
/// # Errors
/// Why they cannot be read, or what is no recording.
pub fn asterisk() -> io::Result<Vec<Recording>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/asterisk");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(name) = name.strip_suffix(".ami") {
            let steps =
                steps(&fs::read(&path)?).ok_or_else(|| io::Error::other(format!("{name}: no recording")))?;
            let streams =
                streams(&steps).ok_or_else(|| io::Error::other(format!("{name}: nothing is open")))?;
            found.push(Recording { name: name.to_owned(), streams, steps });
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// What happened, step by step.
fn steps(file: &[u8]) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = file;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let (line, after) = rest.split_at_checked(end)?;
        rest = after.get(1..)?;
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let mut words = str::from_utf8(line).ok()?.strip_prefix("@ ")?.split(' ').skip(1);
        let (direction, length) = (words.next()?, words.next()?.parse().ok()?);
        let (block, after) = rest.split_at_checked(length)?;
        rest = after;
        steps.push(match direction {
            "o" => Step::Opened,
            "x" => Step::Ended,
            "<" => Step::Came(block.to_vec()),
            ">" => Step::Sent(block.to_vec()),
            "!" => Step::Seen(String::from_utf8_lossy(block).into_owned()),
            _ => return None,
        });
    }
    Some(steps)
}

/// The bytes that came on each connection. Where several are open, the one that was opened last is meant.
fn streams(steps: &[Step]) -> Option<Vec<Vec<u8>>> {
    let mut streams: Vec<Vec<u8>> = Vec::new();
    let mut open = Vec::new();
    for step in steps {
        match step {
            Step::Opened => {
                open.push(streams.len());
                streams.push(Vec::new());
            }
            Step::Ended => {
                open.pop()?;
            }
            Step::Came(block) => streams.get_mut(*open.last()?)?.extend_from_slice(block),
            Step::Sent(_) | Step::Seen(_) => {}
        }
    }
    Some(streams)
}
