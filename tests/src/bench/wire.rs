//! SIP messages as tests look at them.

/// One SIP message, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sip {
    /// All of it.
    pub text: String,
}

impl Sip {
    /// The messages in a run of bytes, by Content-Length. Line ends between them are passed over.
    ///
    /// # Panics
    /// If the bytes are no messages.
    #[must_use]
    #[expect(clippy::expect_used, reason = "what the gateway sends must be SIP")]
    pub fn split(bytes: &[u8]) -> Vec<Self> {
        let mut rest = core::str::from_utf8(bytes).expect("the gateway sends UTF-8").trim_start();
        let mut messages = Vec::new();
        while !rest.is_empty() {
            let head = rest.find("\r\n\r\n").expect("a head ends with an empty line") + 4;
            let length = field(rest.get(..head).unwrap_or(rest), "Content-Length");
            let length: usize = length.parse().expect("every message has a Content-Length");
            let (message, others) = rest.split_at_checked(head + length).expect("the body is whole");
            messages.push(Self { text: message.into() });
            rest = others.trim_start_matches("\r\n");
        }
        messages
    }

    /// The first line.
    #[must_use]
    pub fn start(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }

    /// The status of a response, 0 for a request.
    #[must_use]
    pub fn status(&self) -> u16 {
        let status = self.start().strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3));
        status.and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    /// The method of a request, nothing for a response.
    #[must_use]
    pub fn method(&self) -> &str {
        let first = self.start().split(' ').next().unwrap_or_default();
        if first == "SIP/2.0" { "" } else { first }
    }

    /// The value of a header, nothing if it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        field(self.head(), name)
    }

    /// All values of a header.
    #[must_use]
    pub fn headers(&self, name: &str) -> Vec<&str> {
        fields(self.head(), name).collect()
    }

    /// The answer to this request, as a client or a proxy would write it.
    #[must_use]
    pub fn answered(&self, status: u16) -> String {
        let headers = ["Via", "From", "To", "Call-ID", "CSeq"];
        let headers = headers.map(|name| format!("{name}: {}\r\n", self.header(name))).concat();
        format!("SIP/2.0 {status} Whatever\r\n{headers}Content-Length: 0\r\n\r\n")
    }

    /// Everything before the body.
    #[must_use]
    pub fn head(&self) -> &str {
        self.text.split("\r\n\r\n").next().unwrap_or_default()
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }

    /// The text of the first element of this name in the body, nothing if there is none.
    #[must_use]
    pub fn element(&self, name: &str) -> &str {
        element(self.body(), name)
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
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn field<'a>(head: &'a str, name: &str) -> &'a str {
    fields(head, name).next().unwrap_or_default()
}

/// The text of the first element of this name in a document, nothing if there is none.
#[must_use]
pub(super) fn element<'a>(document: &'a str, name: &str) -> &'a str {
    let inside = |open: String| document.split_once(&open).map(|(_, rest)| rest);
    let rest = inside(format!("<{name}>")).or_else(|| {
        let rest = inside(format!("<{name} "))?;
        rest.split_once('>').map(|(_, rest)| rest)
    });
    rest.and_then(|rest| rest.split_once(&format!("</{name}>"))).map_or("", |(text, _)| text)
}

/// The name of a document's root element.
#[must_use]
pub(super) fn root(document: &str) -> &str {
    let start = document.split('<').find(|part| part.starts_with(|first: char| first.is_ascii_alphabetic()));
    let name = start.unwrap_or_default().split([' ', '>', '/']).next().unwrap_or_default();
    name.rsplit(':').next().unwrap_or_default()
}
