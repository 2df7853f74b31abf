//! A hand-driven client of remote call control: it writes what a test wants to send, valid or not, and keeps what the
//! next request needs from the answers. It does no input or output; the bench, the world and the tests of programs each
//! connect it to the gateway in their own way.
//!
//! There are two more clients in these tests. That of the simulation ([`mod@crate::simulate`]) acts by itself as real
//! ones do, and keeps an idea of its calls that can be wrong. The users of [`crate::steady`] consist of a tag and write
//! each request in one go, since their time is part of what is measured.

use core::net::SocketAddr;

use ctigate_core::LinkId;

use crate::sip::{ED3, Sip};

/// Header lines of a request with a body.
const CONTENT: &str =
    "Content-Disposition: signal;handling=required\r\nContent-Type: application/csta+xml\r\n";

/// How a client reaches the gateway, or a gateway its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// A stream connection.
    Stream(LinkId),
    /// Datagrams from or to an address.
    Datagram(SocketAddr),
}

/// One client and its dialog; `L` is how it reaches the gateway.
#[derive(Clone, Debug)]
pub struct Client<L> {
    /// How it reaches the gateway.
    pub line: L,
    /// The user in From.
    pub name: String,
    /// Its line URI.
    pub uri: String,
    /// The gateway's address, as in `gw@127.0.0.1:5060`.
    pub gateway: String,
    /// Transport and sent-by in Via, as in `TCP 127.0.0.1:49999`.
    pub via: String,
    /// The value of Contact.
    pub contact: String,
    /// The dialog's identifier; to begin another dialog, change it and clear `gateway_tag`.
    pub call_id: String,
    /// The client's tag.
    pub tag: String,
    /// The gateway's tag, once it is known.
    pub gateway_tag: String,
    /// The CSeq of the next request.
    pub sequence: u32,
    /// Whether it puts a branch into its Via (SIPE does not: quirk 1).
    pub branch: bool,
    /// Additional header lines of every request, each with its line end.
    pub more: String,
    /// Header lines of requests with a body, unless the request has its own.
    pub content: &'static str,
    /// The namespace of its documents.
    pub namespace: String,
    /// The cross-reference ID of its last monitor, if kept.
    pub reference: String,
    /// The prefix of its branches, and how many there were.
    pub(crate) branches: (String, u32),
}

impl<L> Client<L> {
    /// A client named `name` with the line `1001`.
    #[must_use]
    pub fn over(line: L, name: &str) -> Self {
        Self {
            line,
            name: name.into(),
            uri: line_uri("1001"),
            gateway: "gw@127.0.0.1:5060".into(),
            via: "TCP 127.0.0.1:49999".into(),
            contact: format!("<sip:{name}@127.0.0.1:49999;transport=tcp>;proxy=replace"),
            call_id: format!("{name}-call"),
            tag: format!("{name}-tag"),
            gateway_tag: String::new(),
            sequence: 1,
            branch: true,
            more: "Supported: timer\r\n".into(),
            content: CONTENT,
            namespace: ED3.into(),
            reference: String::new(),
            branches: (name.into(), 0),
        }
    }

    /// A client like Communicator, for the line of this number. A user may have several dialogs: branches begin with
    /// the Call-ID.
    #[must_use]
    pub fn communicator(line: L, number: usize, call_id: &str) -> Self {
        let agent = "UCCAPI/2.0.6362.111 OC/2.0.6362.111 (Microsoft Office Communicator)";
        Self {
            uri: line_uri(&number.to_string()),
            call_id: call_id.into(),
            more: format!("User-Agent: {agent}\r\nSupported: timer\r\n"),
            branches: (format!("{call_id}-"), 0),
            ..Self::over(line, &format!("user{number}"))
        }
    }

    /// The next request, with the next CSeq; ACK and CANCEL repeat that of the last. `headers` are whole lines.
    pub fn compose(&mut self, method: &str, headers: &str, body: &str) -> String {
        if matches!(method, "ACK" | "CANCEL") {
            return self.write(method, self.sequence.wrapping_sub(1), headers, body);
        }
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        self.write(method, sequence, headers, body)
    }

    /// A request with this CSeq and a branch of its own.
    pub fn write(&mut self, method: &str, sequence: u32, headers: &str, body: &str) -> String {
        self.branches.1 = self.branches.1.wrapping_add(1);
        let branch = format!("z9hG4bK{}{}", self.branches.0, self.branches.1);
        self.written(&branch, (method, sequence), headers, body)
    }

    fn written(&self, branch: &str, (method, sequence): (&str, u32), headers: &str, body: &str) -> String {
        let Self { name, gateway, via, contact, call_id, tag, gateway_tag, more, .. } = self;
        let (branched, branch) = if self.branch { (";branch=", branch) } else { ("", "") };
        let tagged = if gateway_tag.is_empty() { "" } else { ";tag=" };
        let content = if body.is_empty() || headers.contains("Content-Type") { "" } else { self.content };
        format!(
            "{method} sip:{gateway} SIP/2.0\r\nVia: SIP/2.0/{via}{branched}{branch}\r\n\
             From: <sip:{name}@example.com>;tag={tag};epid=cf0b98dadeb9\r\nTo: <sip:{gateway}>{tagged}{gateway_tag}\r\n\
             Max-Forwards: 70\r\nCSeq: {sequence} {method}\r\nCall-ID: {call_id}\r\nContact: {contact}\r\n\
             {more}{headers}{content}Content-Length: {}\r\n\r\n{body}",
            body.len(),
        )
    }

    /// The ACK to an INVITE's final answer; for a refusal it belongs to the INVITE's transaction.
    pub fn ack(&mut self, answer: &Sip) -> String {
        let (sequence, _) = answer.sequence();
        if answer.status() < 300 {
            return self.write("ACK", sequence, "", "");
        }
        let tag = core::mem::replace(&mut self.gateway_tag, answer.parameter("To", "tag").into());
        let ack = self.written(answer.parameter("Via", "branch"), ("ACK", sequence), "", "");
        self.gateway_tag = tag;
        ack
    }

    /// Keeps what the next request needs from an answer: a monitor's ID, the tag in a 2xx to an INVITE. Returns whether
    /// an ACK is due.
    pub fn learn(&mut self, answer: &Sip) -> bool {
        let success = (200..300).contains(&answer.status());
        let invited = answer.status() >= 200 && answer.header("CSeq").ends_with("INVITE");
        let id = answer.element("monitorCrossRefID");
        if success && !id.is_empty() {
            self.reference = id.into();
        }
        if success && invited {
            self.take_tag(answer);
        }
        invited
    }

    /// Keeps the gateway's tag.
    pub fn take_tag(&mut self, answer: &Sip) {
        self.gateway_tag = answer.parameter("To", "tag").into();
    }

    /// A document of its namespace.
    #[must_use]
    pub fn document(&self, root: &str, children: &str) -> String {
        format!("<?xml version=\"1.0\"?><{root} xmlns=\"{}\">{children}</{root}>", self.namespace)
    }

    /// The body of a sign-in, or of a refresh.
    #[must_use]
    pub fn sign_in_body(&self) -> String {
        let space = "http://schemas.microsoft.com/Lcs/2005/04/RCCExtension";
        let line = format!("<lcs:line xmlns:lcs=\"{space}\">{}</lcs:line>", self.uri);
        let line = format!("<extensions><privateData><private>{line}</private></privateData></extensions>");
        self.document("RequestSystemStatus", &line)
    }

    /// The children of a MonitorStart for its line.
    #[must_use]
    pub fn monitor_object(&self) -> String {
        format!("<monitorObject><deviceObject>{}</deviceObject></monitorObject>", self.uri)
    }

    /// The children of a SnapshotDevice for its line.
    #[must_use]
    pub fn snapshot_object(&self) -> String {
        format!("<snapshotObject>{}</snapshotObject>", self.uri)
    }

    /// The children of a MakeCall from its line.
    #[must_use]
    pub fn call_to(&self, number: &str) -> String {
        format!(
            "<callingDevice>{}</callingDevice><calledDirectoryNumber>tel:{number}</calledDirectoryNumber>",
            self.uri
        )
    }
}

/// The line URI of a number.
#[must_use]
pub fn line_uri(number: &str) -> String {
    format!("tel:{number};phone-context=dialstring")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(request: &str, status: u16) -> Sip {
        Sip::from(Sip::from(request.to_owned()).answered(status).replace("5060>\r\n", "5060>;tag=gw\r\n"))
    }

    #[test]
    fn an_ack_to_a_refusal_repeats_the_branch_and_one_to_a_success_has_its_own() {
        for (status, same) in [(200, false), (404, true)] {
            let mut client = Client::over((), "alice");
            let invite = client.compose("INVITE", "", &client.sign_in_body());
            let answer = answer(&invite, status);
            assert!(client.learn(&answer), "an ACK is due");
            let (invite, ack) = (Sip::from(invite), Sip::from(client.ack(&answer)));
            assert_eq!(ack.header("Via") == invite.header("Via"), same, "{status}");
            assert_eq!((ack.sequence(), ack.parameter("To", "tag")), ((1, "ACK"), "gw"));
            assert_eq!(client.gateway_tag.is_empty(), status != 200, "a refusal begins no dialog");
            assert_eq!(Sip::from(client.compose("BYE", "", "")).sequence(), (2, "BYE"));
            assert_eq!(Sip::from(client.compose("CANCEL", "", "")).sequence(), (2, "CANCEL"));
        }
    }

    #[test]
    fn a_request_tells_of_its_body_and_of_nothing_that_is_not_there() {
        let mut client = Client::over((), "alice");
        client.branch = false;
        let [bare, whole, other] = [("", ""), ("", "<a/>"), ("Content-Type: text/plain\r\n", "hello")]
            .map(|(headers, body)| Sip::from(client.compose("INFO", headers, body)));
        assert_eq!([bare.has("Content-Type"), bare.header("Via").contains("branch")], [false, false]);
        assert_eq!(
            (whole.header("Content-Type"), whole.header("Content-Length")),
            ("application/csta+xml", "4")
        );
        assert_eq!((other.headers("Content-Type"), other.body()), (vec!["text/plain"], "hello"));
    }
}
