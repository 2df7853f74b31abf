//! SIP messages and CSTA documents as hand-driven clients read them: as text, with as little understanding as possible,
//! so that they share no bugs with the gateway.

use std::io::{BufRead, Read as _};

/// ECMA-323 edition 3.
pub const ED3: &str = "http://www.ecma-international.org/standards/ecma-323/csta/ed3";

/// The header fields that an answer repeats.
const REPEATED: [&str; 5] = ["Via", "From", "To", "Call-ID", "CSeq"];

/// One complete SIP message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sip {
    /// All of it.
    pub text: String,
    /// Where the empty line after the header fields ends.
    head: usize,
}

impl From<String> for Sip {
    fn from(text: String) -> Self {
        let head = text.find("\r\n\r\n").map_or(text.len(), |end| end + 4);
        Self { text, head }
    }
}

impl Sip {
    /// The messages in `bytes`, by Content-Length; there must be nothing else. Line ends between them are skipped.
    ///
    /// # Panics
    /// If the bytes are anything but whole messages.
    #[must_use]
    #[expect(clippy::expect_used, reason = "what the gateway sends must be SIP")]
    pub fn split(bytes: &[u8]) -> Vec<Self> {
        let mut rest = core::str::from_utf8(bytes).expect("the gateway sends UTF-8").trim_start();
        let mut messages = Vec::new();
        while !rest.is_empty() {
            let (message, others) = Self::first(rest).expect("a message that is whole");
            assert!(message.has("Content-Length"), "every message has a Content-Length");
            messages.push(message);
            rest = others.trim_start_matches("\r\n");
        }
        messages
    }

    /// The complete messages in `bytes`, without an incomplete last one.
    #[must_use]
    pub fn all(bytes: impl AsRef<[u8]>) -> Vec<Self> {
        let text = String::from_utf8_lossy(bytes.as_ref());
        let mut rest: &str = &text;
        let mut messages = Vec::new();
        while let Some((message, others)) = Self::first(rest.trim_start_matches("\r\n")) {
            messages.push(message);
            rest = others;
        }
        messages
    }

    /// The message that a text begins with, and the text after it.
    fn first(text: &str) -> Option<(Self, &str)> {
        let head = text.find("\r\n\r\n")? + 4;
        let length = fields(text.get(..head)?, "Content-Length").next();
        let end = length.map_or(Some(text.len()), |length| head.checked_add(length.parse().ok()?))?;
        let (message, others) = text.split_at_checked(end)?;
        Some((Self { text: message.into(), head }, others))
    }

    /// The next message of a stream; `None` at its end.
    ///
    /// # Panics
    /// If its Content-Length is invalid.
    #[expect(clippy::expect_used, reason = "what the gateway sends must be SIP")]
    pub fn read(stream: &mut impl BufRead) -> Option<Self> {
        let mut text = String::new();
        while !text.ends_with("\r\n\r\n") {
            if stream.read_line(&mut text).ok()? == 0 {
                return None;
            }
            if text == "\r\n" {
                text.clear();
            }
        }
        let mut message = Self { head: text.len(), text };
        let length = fields(&message.text, "Content-Length").next();
        let length = length.map_or(0, |length| length.parse().expect("a length"));
        stream.take(length).read_to_string(&mut message.text).ok()?;
        (message.text.len() == message.head + usize::try_from(length).ok()?).then_some(message)
    }

    /// The first line.
    #[must_use]
    pub fn start(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }

    /// The status of a response, 0 for a request.
    #[must_use]
    pub fn status(&self) -> u16 {
        let status = self.text.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3));
        status.and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    /// The method of a request; empty for a response.
    #[must_use]
    pub fn method(&self) -> &str {
        let first = self.start().split(' ').next().unwrap_or_default();
        if first == "SIP/2.0" { "" } else { first }
    }

    /// The value of the first header field of a name; empty if there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        fields(self.head(), name).next().unwrap_or_default()
    }

    /// Whether there is a header field of a name, even if it is empty.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        fields(self.head(), name).next().is_some()
    }

    /// The values of all header fields of a name.
    #[must_use]
    pub fn headers(&self, name: &str) -> Vec<&str> {
        fields(self.head(), name).collect()
    }

    /// The parameter `name` of a header field's value; empty if there is none.
    #[must_use]
    pub fn parameter(&self, header: &str, name: &str) -> &str {
        let value = self.header(header);
        let value = value.rsplit_once('>').map_or(value, |(_, parameters)| parameters);
        let named = value.split(';').find_map(|parameter| parameter.strip_prefix(name)?.strip_prefix('='));
        named.unwrap_or_default()
    }

    /// CSeq: number and method.
    ///
    /// # Panics
    /// If it is none.
    #[must_use]
    #[expect(clippy::expect_used, reason = "what the gateway sends must be SIP")]
    pub fn sequence(&self) -> (u32, &str) {
        let (number, method) = self.header("CSeq").split_once(' ').expect("a number and a method");
        (number.parse().expect("a number"), method)
    }

    /// The answer to this request, as a client or a proxy would write it.
    #[must_use]
    pub fn answered(&self, status: u16) -> String {
        self.answered_as(&format!("{status} Whatever"))
    }

    /// The same with a reason.
    #[must_use]
    pub fn answered_as(&self, status: &str) -> String {
        let mut text = format!("SIP/2.0 {status}\r\n");
        for line in self.head().split_inclusive('\n') {
            let name = line.split(':').next().unwrap_or_default();
            if REPEATED.iter().any(|repeated| name.eq_ignore_ascii_case(repeated)) {
                text.push_str(line);
            }
        }
        text + "Content-Length: 0\r\n\r\n"
    }

    /// Everything before the body.
    #[must_use]
    pub fn head(&self) -> &str {
        self.text.get(..self.head).unwrap_or_default()
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &str {
        self.text.get(self.head..).unwrap_or_default()
    }

    /// The text of the first element of this name in the body; empty if there is none.
    #[must_use]
    pub fn element(&self, name: &str) -> &str {
        element(self.body(), name)
    }

    /// The text of the first element of this name in the body, which must not be empty.
    ///
    /// # Panics
    /// If it is not.
    #[must_use]
    pub fn named(&self, name: &str) -> &str {
        let text = self.element(name);
        assert!(!text.is_empty(), "there is no {name} in {self:#?}");
        text
    }

    /// The name of the body's root element.
    #[must_use]
    pub fn root(&self) -> &str {
        root(self.body())
    }
}

fn fields<'a>(head: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    head.lines().skip(1).filter_map(move |line| {
        let (key, value) = line.split_once(':')?;
        key.trim_end().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// A CSTA document of edition 3.
#[must_use]
pub fn csta(root: &str, children: &str) -> String {
    format!("<?xml version=\"1.0\"?><{root} xmlns=\"{ED3}\">{children}</{root}>")
}

/// The content of the first element of this name in a document, whatever its prefix; empty if there is none.
#[must_use]
pub fn element<'a>(document: &'a str, name: &str) -> &'a str {
    let mut rest = document;
    while let Some((_, after)) = rest.split_once('<') {
        rest = after;
        let tag = tag(after);
        if local(tag) == name {
            let Some((opened, inside)) = after.split_once('>') else { return "" };
            let end = if opened.ends_with('/') { None } else { inside.find(&format!("</{tag}>")) };
            return end.and_then(|end| inside.get(..end)).unwrap_or_default();
        }
    }
    ""
}

/// The name of a document's root element, without its prefix.
#[must_use]
pub fn root(document: &str) -> &str {
    let start = document.split('<').find(|part| part.starts_with(|first: char| first.is_ascii_alphabetic()));
    start.map_or("", |start| local(tag(start)))
}

/// The name of a start tag; empty for an end tag.
fn tag(text: &str) -> &str {
    text.split([' ', '>', '/', '\r', '\n', '\t']).next().unwrap_or_default()
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "<?xml?><x:A u=\"v\"><b/><x:b>c</x:b></x:A>";

    fn info() -> String {
        let to = "<sip:c;tag=x@d>;tag=y";
        let length = BODY.len();
        format!("INFO sip:a@b SIP/2.0\r\nTo: {to}\r\nCSeq: 1 INFO\r\nContent-Length: {length}\r\n\r\n{BODY}")
    }

    #[test]
    fn messages_are_cut_by_their_length() {
        let one = info();
        let whole = format!("{one}\r\n\r\n{one}");
        let found = Sip::all(format!("{whole}SIP/2.0 200 OK\r\nVia"));
        assert_eq!(found, Sip::split(whole.as_bytes()));
        let mut stream = whole.as_bytes();
        assert_eq!(found, [Sip::read(&mut stream), Sip::read(&mut stream)].map(Option::unwrap));
        assert_eq!((found.len(), Sip::read(&mut stream)), (2, None));
        assert_eq!(Sip::read(&mut &one.as_bytes()[..one.len() - 1]), None, "cut short");
    }

    #[test]
    fn fields_parameters_and_elements_are_found_by_name() {
        let message = Sip::from(info());
        assert_eq!((message.method(), message.status(), message.sequence()), ("INFO", 0, (1, "INFO")));
        assert_eq!((message.header("cseq"), message.header("Via")), ("1 INFO", ""));
        assert!(message.has("To") && !message.has("Via"));
        assert_eq!((message.parameter("To", "tag"), message.parameter("To", "x")), ("y", ""));
        assert_eq!((message.root(), message.body()), ("A", BODY));
        assert_eq!((message.element("A"), message.element("c")), ("<b/><x:b>c</x:b>", ""));
        assert_eq!(element("<a><y:b z=\"1\">2</y:b></a>", "b"), "2");
        let answer = Sip::from(message.answered(481));
        assert_eq!((answer.status(), answer.sequence(), answer.body()), (481, (1, "INFO"), ""));
        assert_eq!(answer.header("To"), message.header("To"));
    }
}
