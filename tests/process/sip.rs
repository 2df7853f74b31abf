//! SIP and CSTA as scripted clients speak them: text made by hand, and no more of it understood than they need, so that
//! they share no mistake with the gateway.

use std::io::BufRead;

const CSTA: &str = "http://www.ecma-international.org/standards/ecma-323/csta/ed3";

/// A SIP message: its start line and header fields, and its body.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Message {
    /// The next message of a stream; nothing at its end.
    pub(crate) fn read(stream: &mut impl BufRead) -> Option<Self> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).ok()? == 0 {
                return None;
            }
            if head == "\r\n" {
                head.clear();
            }
        }
        let mut message = Self { head, body: String::new() };
        let length = message.header("Content-Length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        stream.read_exact(&mut body).ok()?;
        message.body = String::from_utf8(body).unwrap();
        Some(message)
    }

    /// The status of an answer; nothing for a request.
    pub(crate) fn status(&self) -> Option<u16> {
        self.head.strip_prefix("SIP/2.0 ").map(|rest| rest.split(' ').next().unwrap().parse().unwrap())
    }

    /// The value of the first header field of this name, written as the gateway writes it.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().skip(1);
        fields.find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    }

    /// CSeq: number and method.
    pub(crate) fn sequence(&self) -> (u32, &str) {
        let (number, method) = self.header("CSeq").unwrap().split_once(' ').unwrap();
        (number.parse().unwrap(), method)
    }

    /// The tag in To.
    pub(crate) fn to_tag(&self) -> &str {
        self.header("To").and_then(|to| to.split_once(";tag=")).map_or("", |(_, tag)| tag)
    }

    /// The name of the body's root element.
    pub(crate) fn root(&self) -> &str {
        root(&self.body)
    }

    /// The text of the first element of this name in the body.
    pub(crate) fn element(&self, name: &str) -> Option<&str> {
        element(&self.body, name)
    }

    /// The 200 to this request.
    pub(crate) fn ok(&self) -> String {
        let mut text = String::from("SIP/2.0 200 OK\r\n");
        for line in self.head.split_inclusive('\n') {
            if ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name)) {
                text.push_str(line);
            }
        }
        text.push_str("Content-Length: 0\r\n\r\n");
        text
    }
}

/// The name of a document's root element.
pub(crate) fn root(document: &str) -> &str {
    let inside = document.split_once("?>").map_or(document, |(_, rest)| rest);
    inside.trim_start().trim_start_matches('<').split([' ', '>', '/']).next().unwrap_or_default()
}

/// The text of the first element of this name in a document.
pub(crate) fn element<'a>(document: &'a str, name: &str) -> Option<&'a str> {
    document.split('<').find_map(|tag| {
        let (tag, text) = tag.strip_prefix(name)?.split_once('>')?;
        (tag.is_empty() || tag.starts_with(' ')).then_some(text)
    })
}

/// One client's dialog with the gateway, from its first INVITE on.
#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    /// The number of the client's line.
    pub(crate) number: String,
    pub(crate) call_id: String,
    /// The gateway's; empty until it answers.
    pub(crate) gateway_tag: String,
    sequence: u32,
}

impl Dialog {
    pub(crate) fn new(number: &str, call_id: &str) -> Self {
        Self { number: number.into(), call_id: call_id.into(), gateway_tag: String::new(), sequence: 0 }
    }

    /// The next request, and its CSeq.
    pub(crate) fn request(&mut self, method: &str, body: &str) -> (u32, String) {
        self.sequence += 1;
        (self.sequence, self.write(method, method, self.sequence, body))
    }

    /// The ACK to the answer of an INVITE: that to a refusal belongs to the INVITE's own transaction.
    pub(crate) fn ack(&self, sequence: u32, status: Option<u16>) -> String {
        let transaction = if status == Some(200) { "ACK" } else { "INVITE" };
        self.write("ACK", transaction, sequence, "")
    }

    fn write(&self, method: &str, transaction: &str, sequence: u32, body: &str) -> String {
        let Self { number, call_id, gateway_tag: tag, .. } = self;
        let parameter = if tag.is_empty() { "" } else { ";tag=" };
        let content = if body.is_empty() {
            ""
        } else {
            "Content-Disposition: signal;handling=required\r\nContent-Type: application/csta+xml\r\n"
        };
        format!(
            "{method} sip:gw@127.0.0.1:5060 SIP/2.0\r\n\
             Via: SIP/2.0/TCP 127.0.0.1:49999;branch=z9hG4bK{transaction}{sequence}{call_id}\r\n\
             From: <sip:user{number}@example.com>;tag=client{number};epid=cf0b98dadeb9\r\n\
             To: <sip:gw@127.0.0.1:5060>{parameter}{tag}\r\n\
             Max-Forwards: 70\r\nCSeq: {sequence} {method}\r\nCall-ID: {call_id}\r\n\
             User-Agent: UCCAPI/2.0.6362.111 OC/2.0.6362.111 (Microsoft Office Communicator)\r\n\
             Contact: <sip:user{number}@127.0.0.1:49999;transport=tcp>;proxy=replace\r\n\
             Supported: timer\r\n{content}Content-Length: {}\r\n\r\n{body}",
            body.len(),
        )
    }

    /// The line URI.
    fn line(&self) -> String {
        line(&self.number)
    }

    /// What an INVITE carries.
    pub(crate) fn sign_in(&self) -> String {
        let space = "http://schemas.microsoft.com/Lcs/2005/04/RCCExtension";
        let line = format!("<lcs:line xmlns:lcs=\"{space}\">{}</lcs:line>", self.line());
        csta(
            "RequestSystemStatus",
            &format!("<extensions><privateData><private>{line}</private></privateData></extensions>"),
        )
    }

    pub(crate) fn monitor_start(&self) -> String {
        let object = format!("<deviceObject>{}</deviceObject>", self.line());
        csta("MonitorStart", &format!("<monitorObject>{object}</monitorObject>"))
    }
}

/// A number as a line URI.
pub(crate) fn line(number: &str) -> String {
    format!("tel:{number};phone-context=dialstring")
}

/// A CSTA document.
pub(crate) fn csta(root: &str, children: &str) -> String {
    format!("<?xml version=\"1.0\"?><{root} xmlns=\"{CSTA}\">{children}</{root}>")
}
