//! A SIP message as lines of text, as far as forwarding needs it.

use std::io::{BufRead, Read as _};

/// A message: its start line and header fields, and its body.
#[derive(Clone)]
pub(crate) struct Message {
    lines: Vec<String>,
    body: Vec<u8>,
}

impl Message {
    /// The next message of a stream; `None` at its end.
    pub(crate) fn read(stream: &mut impl BufRead) -> Option<Self> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).ok()? == 0 {
                return None;
            }
            match line.trim_end() {
                "" if lines.is_empty() => {}
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let mut message = Self { lines, body: Vec::new() };
        let length = message.header("Content-Length").map_or(0, |length| length.parse().unwrap());
        stream.take(length).read_to_end(&mut message.body).ok()?;
        Some(message)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut text = self.lines.join("\r\n") + "\r\n\r\n";
        text.push_str(core::str::from_utf8(&self.body).unwrap());
        text.into_bytes()
    }

    /// The method and the target of a request; `None` for an answer.
    pub(crate) fn request(&self) -> Option<(&str, &str)> {
        let mut words = self.lines[0].split(' ');
        let method = words.next().filter(|word| *word != "SIP/2.0")?;
        Some((method, words.next()?))
    }

    /// The status code of an answer.
    pub(crate) fn status(&self) -> &str {
        self.lines[0].split(' ').nth(1).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.lines.iter().skip(1).find_map(|line| value(line, name))
    }

    /// Adds a header field before the others.
    pub(crate) fn push(&mut self, field: String) {
        self.lines.insert(1, field);
    }

    /// Removes the first header field of this name.
    pub(crate) fn pop(&mut self, name: &str) {
        if let Some(index) = self.lines.iter().position(|line| value(line, name).is_some()) {
            self.lines.remove(index);
        }
    }

    /// The answer to a request, with these header fields and this body.
    pub(crate) fn answer(&self, status: &str, fields: &[&str], body: &str) -> Self {
        let copied = ["Via", "From", "To", "Call-ID", "CSeq"];
        let copied = self.lines.iter().filter(|line| copied.iter().any(|name| value(line, name).is_some()));
        let mut lines = vec![format!("SIP/2.0 {status}")];
        for line in copied {
            let tag = if value(line, "To").is_some() && !line.contains(";tag=") { ";tag=proxy" } else { "" };
            lines.push(format!("{line}{tag}"));
        }
        lines.extend(fields.iter().map(|&field| field.to_owned()));
        lines.push(format!("Content-Length: {}", body.len()));
        Self { lines, body: body.as_bytes().to_vec() }
    }
}

fn value<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (found, value) = line.split_once(':')?;
    found.trim_end().eq_ignore_ascii_case(name).then(|| value.trim_start())
}
