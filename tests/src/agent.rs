//! The hand-driven client in the simulated world.

use ctigate_core::{Duration, Listen, Transport};

use crate::client::{Client, Line, line_uri};
use crate::office::{GATEWAY, ip};
use crate::sip::Sip;
use crate::sip_peer::SipPeer;
use crate::world::{Fault, HostId, World};

/// A client in the world.
pub type Agent = Client<SipPeer>;

impl Agent {
    /// A client at `192.0.2.<last>` with a connection of its own, for the phone `number`.
    ///
    /// # Errors
    /// The world's fault.
    pub fn tcp(world: &mut World, last: u8, user: &str, number: &str) -> Result<Self, Fault> {
        let host = world.add_bare(user, ip(last), Vec::new());
        let peer = SipPeer::tcp(world, host, GATEWAY)?;
        Ok(Self::at(peer, &format!("{}:49153", ip(last)), user, number))
    }

    /// The same over UDP.
    #[must_use]
    pub fn udp(world: &mut World, last: u8, user: &str, number: &str) -> Self {
        let address = core::net::SocketAddr::new(ip(last), 5060);
        let listen = Listen { transport: Transport::Udp, address, key: user.to_owned() };
        let host = world.add_bare(user, ip(last), vec![listen]);
        let gateway = core::net::SocketAddr::new(ip(1), 5060);
        Self::at(SipPeer::udp(host, gateway), &address.to_string(), user, number)
    }

    /// Like [`Agent::tcp`], signed in.
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

    /// A client that shares another's connection, as users of one proxy do.
    #[must_use]
    pub fn beside(other: &Self, user: &str, number: &str) -> Self {
        let (_, address) = other.via.split_once(' ').unwrap_or_default();
        Self::at(other.line, address, user, number)
    }

    fn at(peer: SipPeer, address: &str, user: &str, number: &str) -> Self {
        let mut agent = Self {
            uri: line_uri(number),
            gateway: format!("gateway@{GATEWAY}"),
            more: String::new(),
            content: "Content-Type: application/csta+xml\r\n",
            ..Self::over(peer, user)
        };
        agent.is_at(address);
        agent
    }

    /// Sets the address in its Via and Contact.
    pub fn is_at(&mut self, address: &str) {
        let transport = if matches!(self.line.way, Line::Datagram(_)) { "UDP" } else { "TCP" };
        self.via = format!("{transport} {address}");
        self.contact = format!("<sip:{}@{address};transport={}>", self.name, transport.to_lowercase());
    }

    /// Its host.
    #[must_use]
    pub const fn host(&self) -> HostId {
        self.line.host
    }

    /// Sends a request and waits for the final answer.
    ///
    /// # Errors
    /// The world's fault, such as an answer that does not come.
    pub fn ask(&mut self, world: &mut World, method: &str, headers: &str, body: &str) -> Result<Sip, Fault> {
        let request = self.compose(method, headers, body);
        self.insist(world, &request)
    }

    /// Sends a request, retransmitting it over UDP, until its final answer comes.
    ///
    /// # Errors
    /// The world's fault, such as an answer that does not come.
    pub fn insist(&self, world: &mut World, request: &str) -> Result<Sip, Fault> {
        let asked = Sip::from(request.to_owned());
        let skipped = self.line.received(world).len();
        if matches!(self.line.way, Line::Datagram(_)) {
            for _ in 0..60 {
                self.line.send(world, request);
                world.run_for(Duration::from_millis(500))?;
                if let Some(answer) = self.answer(world, skipped, asked.header("CSeq")) {
                    return Ok(answer);
                }
            }
        } else {
            self.line.send(world, request);
        }
        self.line.await_answer(world, skipped, &asked)
    }

    /// The final answer to a request of this dialog, beyond the first `skipped` messages.
    #[must_use]
    pub fn answer(&self, world: &World, skipped: usize, cseq: &str) -> Option<Sip> {
        let messages = self.line.received(world).into_iter().skip(skipped);
        messages
            .filter(|message| message.status() >= 200)
            .find(|message| message.header("CSeq") == cseq && message.header("Call-ID") == self.call_id)
    }

    /// Signs in: INVITE and ACK. Returns the INVITE's final answer.
    ///
    /// # Errors
    /// The world's fault.
    pub fn sign_in(&mut self, world: &mut World) -> Result<Sip, Fault> {
        let body = self.sign_in_body();
        self.sign_in_with(world, "Supported: timer\r\n", &body)
    }

    /// Signs in with other headers and another body.
    ///
    /// # Errors
    /// The world's fault.
    pub fn sign_in_with(&mut self, world: &mut World, headers: &str, body: &str) -> Result<Sip, Fault> {
        let answer = self.ask(world, "INVITE", headers, body)?;
        if answer.header("To").contains(";tag=") {
            self.take_tag(&answer);
        }
        self.acknowledge(world);
        Ok(answer)
    }

    /// Sends an ACK for the last INVITE.
    pub fn acknowledge(&mut self, world: &mut World) {
        let request = self.compose("ACK", "", "");
        self.line.send(world, &request);
    }

    /// Requests a CSTA service by INFO.
    ///
    /// # Errors
    /// The world's fault.
    pub fn serve(&mut self, world: &mut World, name: &str, inside: &str) -> Result<Sip, Fault> {
        let body = self.document(name, inside);
        self.ask(world, "INFO", "Content-Disposition: signal;handling=required\r\n", &body)
    }

    /// Starts a monitor of its own line and keeps its cross-reference ID.
    ///
    /// # Errors
    /// The world's fault.
    pub fn monitor(&mut self, world: &mut World) -> Result<Sip, Fault> {
        let object = self.monitor_object();
        let answer = self.serve(world, "MonitorStart", &object)?;
        answer.element("monitorCrossRefID").clone_into(&mut self.reference);
        Ok(answer)
    }

    /// Calls a number; returns the answer, whose `callID` names the call.
    ///
    /// # Errors
    /// The world's fault.
    pub fn call(&mut self, world: &mut World, number: &str) -> Result<Sip, Fault> {
        let inside = self.call_to(number) + "<autoOriginate>doNotPrompt</autoOriginate>";
        self.serve(world, "MakeCall", &inside)
    }

    /// Requests a service that names one connection.
    ///
    /// # Errors
    /// The world's fault.
    pub fn with_call(
        &mut self,
        world: &mut World,
        service: (&str, &str),
        call: &str,
        device: &str,
    ) -> Result<Sip, Fault> {
        let (service, parameter) = service;
        let device = if device.is_empty() { String::new() } else { format!("<deviceID>{device}</deviceID>") };
        let inside = format!("<{parameter}><callID>{call}</callID>{device}</{parameter}>");
        self.serve(world, service, &inside)
    }

    /// Signs out: sends MonitorStop and BYE, one right after the other.
    ///
    /// # Errors
    /// The world's fault.
    pub fn sign_out(&mut self, world: &mut World) -> Result<Sip, Fault> {
        if !self.reference.is_empty() {
            let inside = format!("<monitorCrossRefID>{}</monitorCrossRefID>", self.reference);
            let body = self.document("MonitorStop", &inside);
            let stop = self.compose("INFO", "", &body);
            self.line.send(world, &stop);
        }
        self.ask(world, "BYE", "", "")
    }

    /// The gateway's requests in this dialog so far.
    #[must_use]
    pub fn requests(&self, world: &World) -> Vec<Sip> {
        let all = self.line.received(world).into_iter();
        all.filter(|message| !message.method().is_empty() && message.header("Call-ID") == self.call_id)
            .collect()
    }

    /// The names of the events of this dialog so far, each once, whatever the network did.
    #[must_use]
    pub fn events(&self, world: &World) -> Vec<String> {
        let mut seen: Vec<(String, String)> = Vec::new();
        for event in self.requests(world).iter().filter(|event| event.method() == "INFO") {
            let key = (event.header("CSeq").to_owned(), event.root().to_owned());
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
        let received = self.line.received(world);
        let open: Vec<Sip> = received.iter().skip(self.line.answered).cloned().collect();
        self.line.answered = received.len();
        for request in open.iter().filter(|message| !message.method().is_empty()) {
            self.line.send(world, request.answered_as(status));
        }
    }

    /// Lets time pass, answering the gateway's requests with `status`.
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
