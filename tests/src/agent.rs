//! A remote-call-control client moved by hand: writes requests as a test wants them, well formed or not.

use core::fmt::Write as _;

use ctigate_core::{Duration, Listen, Transport};

use crate::office::{GATEWAY, ip};
use crate::sip_peer::{SipPeer, SipText, Way};
use crate::world::{Fault, HostId, World};

/// The namespace of ECMA-323, third edition.
pub const ED3: &str = "http://www.ecma-international.org/standards/ecma-323/csta/ed3";

/// One client: its dialog, and how it writes.
#[derive(Clone, Debug)]
pub struct Agent {
    /// How it reaches the gateway.
    pub peer: SipPeer,
    /// The user, as in `sip:alice@example.com`.
    pub user: String,
    /// Its line's URI.
    pub line: String,
    /// `host:port` in Via and Contact.
    pub address: String,
    /// The dialog's identifier; clear `to_tag` and change it to begin another dialog.
    pub call_id: String,
    /// Our tag.
    pub from_tag: String,
    /// The gateway's tag; empty before sign-in.
    pub to_tag: String,
    /// The CSeq of the last request.
    pub cseq: u32,
    /// The branch of the next Via: counted on, or none at all.
    pub branch: Option<u32>,
    /// The namespace of its documents.
    pub namespace: String,
    /// Header lines that every request carries beyond the usual ones, each with its end.
    pub headers: String,
    /// The name of the last monitor.
    pub reference: String,
    answered: usize,
}

impl Agent {
    /// A client at `192.0.2.<last>` with a connection of its own, for the phone `number`.
    ///
    /// # Errors
    /// The world's fault.
    pub fn tcp(world: &mut World, last: u8, user: &str, number: &str) -> Result<Self, Fault> {
        let host = world.add_bare(user, ip(last), Vec::new());
        let peer = SipPeer::tcp(world, host, GATEWAY)?;
        Ok(Self::new(peer, format!("{}:49153", ip(last)), user, number))
    }

    /// The same over UDP.
    #[must_use]
    pub fn udp(world: &mut World, last: u8, user: &str, number: &str) -> Self {
        let address = core::net::SocketAddr::new(ip(last), 5060);
        let listen = Listen { transport: Transport::Udp, address, key: user.to_owned() };
        let host = world.add_bare(user, ip(last), vec![listen]);
        let gateway = core::net::SocketAddr::new(ip(1), 5060);
        Self::new(SipPeer::udp(host, gateway), address.to_string(), user, number)
    }

    /// A client as [`Agent::tcp`] makes it, which has signed in.
    ///
    /// # Errors
    /// The world's fault, or that the sign-in was refused.
    pub fn signed_in(world: &mut World, last: u8, user: &str, number: &str) -> Result<Self, Fault> {
        let mut agent = Self::tcp(world, last, user, number)?;
        match agent.sign_in(world)?.status() {
            200 => Ok(agent),
            status => Err(Fault {
                seed: world.seed(),
                at: world.now(),
                what: format!("the sign-in of {user} was answered {status}"),
            }),
        }
    }

    /// A client that reaches the gateway as another does: users of one proxy share a connection.
    #[must_use]
    pub fn beside(other: &Self, user: &str, number: &str) -> Self {
        Self { answered: other.answered, ..Self::new(other.peer, other.address.clone(), user, number) }
    }

    fn new(peer: SipPeer, address: String, user: &str, number: &str) -> Self {
        Self {
            peer,
            user: user.to_owned(),
            line: format!("tel:{number};phone-context=dialstring"),
            address,
            call_id: format!("{user}-1"),
            from_tag: format!("tag-{user}"),
            to_tag: String::new(),
            cseq: 0,
            branch: Some(0),
            namespace: ED3.to_owned(),
            headers: String::new(),
            reference: String::new(),
            answered: 0,
        }
    }

    /// Its host.
    #[must_use]
    pub const fn host(&self) -> HostId {
        self.peer.host
    }

    /// A document of its namespace.
    #[must_use]
    pub fn document(&self, name: &str, inside: &str) -> String {
        format!("<?xml version=\"1.0\"?><{name} xmlns=\"{}\">{inside}</{name}>", self.namespace)
    }

    /// The body of a sign-in or refresh.
    #[must_use]
    pub fn status_document(&self) -> String {
        let line = format!(
            "<extensions><privateData><private><lcs:line \
             xmlns:lcs=\"http://schemas.microsoft.com/Lcs/2005/04/RCCExtension\">{}</lcs:line></private>\
             </privateData></extensions>",
            self.line
        );
        self.document("RequestSystemStatus", &line)
    }

    /// A request with the next CSeq; ACK and CANCEL repeat the last one.
    pub fn request(&mut self, method: &str, headers: &str, body: &str) -> Vec<u8> {
        if !matches!(method, "ACK" | "CANCEL") {
            self.cseq = self.cseq.wrapping_add(1);
        }
        let transport = if matches!(self.peer.way, Way::Udp(_)) { "UDP" } else { "TCP" };
        let Self { user, address, call_id, from_tag, to_tag, cseq, .. } = self;
        let mut text =
            format!("{method} sip:gateway@{GATEWAY} SIP/2.0\r\nVia: SIP/2.0/{transport} {address}");
        if let Some(branch) = &mut self.branch {
            *branch = branch.wrapping_add(1);
            // Writing to a String cannot fail.
            let _ = write!(text, ";branch=z9hG4bK-{user}-{branch}");
        }
        let to_tag = if to_tag.is_empty() { String::new() } else { format!(";tag={to_tag}") };
        let _ = write!(
            text,
            "\r\nFrom: <sip:{user}@example.com>;tag={from_tag};epid=cf0b98dadeb9\r\nTo: <sip:gateway@{GATEWAY}>{to_tag}\r\n\
             Max-Forwards: 70\r\nCSeq: {cseq} {method}\r\nCall-ID: {call_id}\r\n\
             Contact: <sip:{user}@{address};transport={}>\r\n{}{headers}",
            transport.to_lowercase(),
            self.headers
        );
        if !body.is_empty() && !headers.contains("Content-Type") {
            text.push_str("Content-Type: application/csta+xml\r\n");
        }
        let _ = write!(text, "Content-Length: {}\r\n\r\n{body}", body.len());
        text.into_bytes()
    }

    /// Asks and waits for the final answer.
    ///
    /// # Errors
    /// The world's fault, such as an answer that does not come.
    pub fn ask(
        &mut self,
        world: &mut World,
        method: &str,
        headers: &str,
        body: &str,
    ) -> Result<SipText, Fault> {
        let request = self.request(method, headers, body);
        self.insist(world, &request)
    }

    /// Sends a request, over UDP again and again, until its final answer comes.
    ///
    /// # Errors
    /// The world's fault, such as an answer that does not come.
    pub fn insist(&self, world: &mut World, request: &[u8]) -> Result<SipText, Fault> {
        let cseq =
            SipText::all(request).first().and_then(|message| message.header("CSeq").map(str::to_owned));
        let cseq = cseq.unwrap_or_default();
        let skipped = self.peer.received(world).len();
        if matches!(self.peer.way, Way::Udp(_)) {
            for _ in 0..60 {
                self.peer.send(world, request);
                world.run_for(Duration::from_millis(500))?;
                if let Some(answer) = self.answer(world, skipped, &cseq) {
                    return Ok(answer);
                }
            }
        } else {
            self.peer.send(world, request);
        }
        let what = format!("the answer to {cseq} of {}", self.user);
        world.run_until(&what, Duration::from_secs(40), |world| {
            self.answer(world, skipped, &cseq).is_some()
        })?;
        let found = self.answer(world, skipped, &cseq);
        found.ok_or_else(|| Fault { seed: world.seed(), at: world.now(), what })
    }

    /// The final answer to a request of this dialog, beyond the first `skipped` messages.
    #[must_use]
    pub fn answer(&self, world: &World, skipped: usize, cseq: &str) -> Option<SipText> {
        let messages = self.peer.received(world).into_iter().skip(skipped);
        messages.filter(|message| message.status() >= 200).find(|message| {
            message.header("CSeq") == Some(cseq) && message.header("Call-ID") == Some(self.call_id.as_str())
        })
    }

    /// Signs in: INVITE and ACK. Returns the INVITE's final answer.
    ///
    /// # Errors
    /// The world's fault.
    pub fn sign_in(&mut self, world: &mut World) -> Result<SipText, Fault> {
        let body = self.status_document();
        self.sign_in_with(world, "Supported: timer\r\n", &body)
    }

    /// Signs in with other headers and another body.
    ///
    /// # Errors
    /// The world's fault.
    pub fn sign_in_with(&mut self, world: &mut World, headers: &str, body: &str) -> Result<SipText, Fault> {
        let answer = self.ask(world, "INVITE", headers, body)?;
        if let Some(tag) = answer.parameter("To", "tag") {
            tag.clone_into(&mut self.to_tag);
        }
        self.acknowledge(world);
        Ok(answer)
    }

    /// Sends an ACK for the last INVITE.
    pub fn acknowledge(&mut self, world: &mut World) {
        let request = self.request("ACK", "", "");
        self.peer.send(world, &request);
    }

    /// Asks a CSTA service by INFO.
    ///
    /// # Errors
    /// The world's fault.
    pub fn serve(&mut self, world: &mut World, name: &str, inside: &str) -> Result<SipText, Fault> {
        let body = self.document(name, inside);
        self.ask(world, "INFO", "Content-Disposition: signal;handling=required\r\n", &body)
    }

    /// Starts a monitor of its own line and keeps its name.
    ///
    /// # Errors
    /// The world's fault.
    pub fn monitor(&mut self, world: &mut World) -> Result<SipText, Fault> {
        let object = format!("<monitorObject><deviceObject>{}</deviceObject></monitorObject>", self.line);
        let answer = self.serve(world, "MonitorStart", &object)?;
        answer.element("monitorCrossRefID").unwrap_or_default().clone_into(&mut self.reference);
        Ok(answer)
    }

    /// Calls a number; returns the answer, whose `callID` names the call.
    ///
    /// # Errors
    /// The world's fault.
    pub fn call(&mut self, world: &mut World, number: &str) -> Result<SipText, Fault> {
        let inside = format!(
            "<callingDevice>{}</callingDevice><calledDirectoryNumber>tel:{number}</calledDirectoryNumber>\
             <autoOriginate>doNotPrompt</autoOriginate>",
            self.line
        );
        self.serve(world, "MakeCall", &inside)
    }

    /// Asks a service that names one connection.
    ///
    /// # Errors
    /// The world's fault.
    pub fn with_call(
        &mut self,
        world: &mut World,
        service: (&str, &str),
        call: &str,
        device: &str,
    ) -> Result<SipText, Fault> {
        let (service, parameter) = service;
        let device = if device.is_empty() { String::new() } else { format!("<deviceID>{device}</deviceID>") };
        let inside = format!("<{parameter}><callID>{call}</callID>{device}</{parameter}>");
        self.serve(world, service, &inside)
    }

    /// Signs out: MonitorStop and BYE, one right behind the other.
    ///
    /// # Errors
    /// The world's fault.
    pub fn sign_out(&mut self, world: &mut World) -> Result<SipText, Fault> {
        if !self.reference.is_empty() {
            let inside = format!("<monitorCrossRefID>{}</monitorCrossRefID>", self.reference);
            let body = self.document("MonitorStop", &inside);
            let stop = self.request("INFO", "", &body);
            self.peer.send(world, &stop);
        }
        self.ask(world, "BYE", "", "")
    }

    /// The gateway's requests in this dialog so far.
    #[must_use]
    pub fn requests(&self, world: &World) -> Vec<SipText> {
        let all = self.peer.received(world).into_iter();
        all.filter(|message| !message.method().is_empty() && message.header("Call-ID") == Some(&self.call_id))
            .collect()
    }

    /// The names of the events of this dialog so far, each once, whatever the network did.
    #[must_use]
    pub fn events(&self, world: &World) -> Vec<String> {
        let mut seen: Vec<(Option<String>, String)> = Vec::new();
        for event in self.requests(world).iter().filter(|event| event.method() == "INFO") {
            let key = (event.header("CSeq").map(str::to_owned), event.root().to_owned());
            if !seen.contains(&key) {
                seen.push(key);
            }
        }
        seen.into_iter().map(|(_, name)| name).collect()
    }

    /// Whether this event has come.
    #[must_use]
    pub fn has_event(&self, world: &World, name: &str) -> bool {
        self.events(world).iter().any(|event| event == name)
    }

    /// Answers every request of the gateway that was not answered yet.
    pub fn answer_all(&mut self, world: &mut World, status: &str) {
        let received = self.peer.received(world);
        let open: Vec<SipText> = received.iter().skip(self.answered).cloned().collect();
        self.answered = received.len();
        for request in open.iter().filter(|message| !message.method().is_empty()) {
            let mut text = format!("SIP/2.0 {status}\r\n");
            for (name, value) in &request.headers {
                if ["Via", "From", "To", "Call-ID", "CSeq"].contains(&name.as_str()) {
                    let _ = write!(text, "{name}: {value}\r\n");
                }
            }
            text.push_str("Content-Length: 0\r\n\r\n");
            self.peer.send(world, text.as_bytes());
        }
    }

    /// Lets time pass, and answers what the gateway asks, as a proxy or a good client does.
    ///
    /// # Errors
    /// The world's fault.
    pub fn listen(&mut self, world: &mut World, span: Duration, status: &str) -> Result<(), Fault> {
        let end = world.now().saturating_add(span.as_micros());
        while world.now() < end {
            world.run_for(Duration::from_millis(20))?;
            self.answer_all(world, status);
        }
        Ok(())
    }
}
