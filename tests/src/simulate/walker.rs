//! One client on a random walk: asks without waiting, answers as it pleases, and remembers what it was told.

use std::collections::BTreeMap;

use crate::agent::Agent;
use crate::sip_peer::{SipText, Way};
use crate::world::{Fault, HostId, World};

/// What a walker does with the gateway's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// Answers them.
    Polite,
    /// Never answers, as SIPE.
    Silent,
    /// A proxy answers 408 in its place.
    Proxied,
    /// Knows the dialog no more, now and then.
    Forgetful,
}

pub(super) struct Walker {
    agent: Agent,
    stream: bool,
    manner: Option<Manner>,
    /// How many messages it has looked at.
    looked: usize,
    references: Vec<String>,
    calls: Vec<String>,
    /// The requests that have a branch: the branch, when it was sent, and its text.
    asked: Vec<(String, u64, String)>,
    dialogs: u32,
    /// It has sent a re-INVITE, after which old requests count as new ones (client quirk 2).
    refreshed: bool,
}

impl Walker {
    pub(super) fn new(agent: Agent, stream: bool) -> Self {
        Self {
            agent,
            stream,
            manner: None,
            looked: 0,
            references: Vec::new(),
            calls: Vec::new(),
            asked: Vec::new(),
            dialogs: 0,
            refreshed: false,
        }
    }

    pub(super) const fn host(&self) -> HostId {
        self.agent.host()
    }

    pub(super) fn received(&self, world: &World) -> Vec<SipText> {
        self.agent.peer.received(world)
    }

    /// Does one thing.
    pub(super) fn act(&mut self, world: &mut World) {
        if self.agent.to_tag.is_empty() {
            return self.sign_in(world);
        }
        match world.random().below(16) {
            0 => self.monitor(world),
            1..=3 => self.call(world),
            4..=9 if self.calls.is_empty() => self.call(world),
            4..=9 => self.with_call(world),
            10 => {
                let object = format!("<snapshotObject>{}</snapshotObject>", self.agent.line);
                self.serve(world, "SnapshotDevice", &object);
            }
            11 => self.serve(world, "GetCSTAFeatures", ""),
            12 => self.refresh(world),
            13 => self.stop_monitor(world),
            14 => self.odd(world),
            _ => {
                if world.random().chance(300) {
                    self.leave(world);
                } else {
                    self.send(world, "OPTIONS", "", "");
                }
            }
        }
    }

    fn sign_in(&mut self, world: &mut World) {
        self.dialogs = self.dialogs.wrapping_add(1);
        self.agent.call_id = format!("{}-{}", self.agent.user, self.dialogs);
        let headers = match world.random().below(10) {
            0 | 1 => "",
            2 | 3 => "Supported: timer\r\nSession-Expires: 120\r\n",
            4 => "Supported: timer\r\nSession-Expires: 30\r\n",
            _ => "Supported: timer\r\n",
        };
        let body = self.agent.status_document();
        self.send(world, "INVITE", headers, &body);
        if world.random().chance(50) {
            let cancel = self.agent.request("CANCEL", "", "");
            self.agent.peer.send(world, &cancel);
        }
    }

    fn refresh(&mut self, world: &mut World) {
        if world.random().chance(500) {
            self.send(world, "UPDATE", "Supported: timer\r\n", "");
        } else {
            let body = self.agent.status_document();
            self.refreshed = true;
            self.send(world, "INVITE", "Supported: timer\r\n", &body);
        }
        if world.random().chance(300) {
            // SIPE counts anew after every answer to an INVITE.
            self.agent.cseq = 1;
        }
    }

    fn monitor(&mut self, world: &mut World) {
        let object =
            format!("<monitorObject><deviceObject>{}</deviceObject></monitorObject>", self.agent.line);
        self.serve(world, "MonitorStart", &object);
    }

    fn stop_monitor(&mut self, world: &mut World) {
        let reference = world.random().pick(&self.references).cloned().unwrap_or_else(|| "0".to_owned());
        let inside = format!("<monitorCrossRefID>{reference}</monitorCrossRefID>");
        self.serve(world, "MonitorStop", &inside);
    }

    fn call(&mut self, world: &mut World) {
        let number = match world.random().below(6) {
            0 => "0123".to_owned(),
            1 => "x".to_owned(),
            _ => super::some_phone(world.random()).to_string(),
        };
        let inside = format!(
            "<callingDevice>{}</callingDevice><calledDirectoryNumber>tel:{number}</calledDirectoryNumber>",
            self.agent.line
        );
        self.serve(world, "MakeCall", &inside);
    }

    fn with_call(&mut self, world: &mut World) {
        let services = [
            ("AnswerCall", "callToBeAnswered"),
            ("ClearConnection", "connectionToBeCleared"),
            ("HoldCall", "callToBeHeld"),
            ("RetrieveCall", "callToBeRetrieved"),
        ];
        let (service, parameter) = world.random().pick(&services).copied().unwrap_or_default();
        let newest = self.calls.last().cloned().filter(|_| world.random().chance(700));
        let call = newest.or_else(|| world.random().pick(&self.calls).cloned());
        let call = call.unwrap_or_else(|| "none".to_owned());
        let inside = format!("<{parameter}><callID>{call}</callID></{parameter}>");
        self.serve(world, service, &inside);
    }

    /// Something that is not quite right.
    fn odd(&mut self, world: &mut World) {
        match world.random().below(6) {
            0 => self.serve(world, "DeflectCall", "<x/>"),
            1 => self.send(world, "INFO", "", "<?xml version=\"1.0\"?><MakeCall"),
            2 => self.send(world, "INFO", "Content-Type: text/plain\r\n", "hello"),
            3 => self.send(world, "SUBSCRIBE", "Event: x\r\n", ""),
            4 => self.send(world, "UPDATE", "Require: telepathy\r\n", ""),
            _ => self.serve(world, "SystemRegister", "<requestTypes>systemStatus</requestTypes>"),
        }
    }

    fn serve(&mut self, world: &mut World, name: &str, inside: &str) {
        let body = self.agent.document(name, inside);
        self.send(world, "INFO", "", &body);
    }

    fn send(&mut self, world: &mut World, method: &str, headers: &str, body: &str) {
        let request = self.agent.request(method, headers, body);
        if let Some(branch) = self.agent.branch {
            let text = String::from_utf8_lossy(&request).into_owned();
            self.asked.push((format!("z9hG4bK-{}-{branch}", self.agent.user), world.now(), text));
        }
        self.agent.peer.send(world, &request);
        if !self.stream && world.random().chance(500) {
            self.agent.peer.send(world, &request);
        }
    }

    /// Says BYE, as far as it has a session.
    pub(super) fn leave(&mut self, world: &mut World) {
        if !self.agent.to_tag.is_empty() {
            self.send(world, "BYE", "", "");
            self.agent.to_tag.clear();
            self.references.clear();
        }
    }

    /// Closes its connection, if it has one.
    pub(super) fn hang_up(&self, world: &mut World) {
        if let Way::Tcp(link) = self.agent.peer.way {
            world.close(self.host(), link);
        }
    }

    /// Takes note of what came, and answers as its manner is.
    pub(super) fn look(&mut self, world: &mut World) {
        let manners = [Manner::Polite, Manner::Polite, Manner::Silent, Manner::Proxied, Manner::Forgetful];
        let drawn = world.random().pick(&manners).copied().unwrap_or(Manner::Polite);
        let manner = *self.manner.get_or_insert(drawn);
        let received = self.received(world);
        for message in received.iter().skip(self.looked) {
            if message.status() > 0 {
                self.learn(world, message);
            }
            if let Some(call) = message.element("callID").map(str::to_owned)
                && !self.calls.contains(&call)
            {
                self.calls.push(call);
            }
            if message.method() == "BYE" && message.header("Call-ID") == Some(&self.agent.call_id) {
                self.agent.to_tag.clear();
            }
        }
        if received.len() == self.looked {
            return;
        }
        self.looked = received.len();
        match manner {
            Manner::Polite => self.agent.answer_all(world, "200 OK"),
            Manner::Silent => {}
            Manner::Proxied => self.agent.answer_all(world, "408 Request Timeout"),
            Manner::Forgetful => {
                let forgets = world.random().chance(200);
                self.agent.answer_all(world, if forgets { "481 No Such Dialog" } else { "200 OK" });
            }
        }
    }

    fn learn(&mut self, world: &mut World, response: &SipText) {
        let invite = response.header("CSeq").is_some_and(|cseq| cseq.ends_with(" INVITE"));
        let ours = response.header("Call-ID") == Some(&self.agent.call_id);
        if invite && ours && response.status() >= 200 {
            let tag = response.parameter("To", "tag").unwrap_or_default();
            let success = response.status() < 300;
            if response.status() == 404 {
                self.agent.line =
                    format!("tel:{};phone-context=dialstring", super::some_phone(world.random()));
            }
            if world.random().chance(900) {
                self.acknowledge(world, response, tag, success);
            }
            if success {
                tag.clone_into(&mut self.agent.to_tag);
            }
        }
        if let Some(reference) = response.element("monitorCrossRefID").filter(|_| ours) {
            self.references.push(reference.to_owned());
        }
    }

    /// The ACK of a success has a branch of its own, that of a failure the INVITE's (RFC 3261 17.1.1.3).
    fn acknowledge(&mut self, world: &mut World, response: &SipText, tag: &str, success: bool) {
        let mut other = self.agent.clone();
        tag.clone_into(&mut other.to_tag);
        let number = response.header("CSeq").and_then(|cseq| cseq.split(' ').next());
        other.cseq = number.and_then(|number| number.parse().ok()).unwrap_or(1);
        let mut request = other.request("ACK", "", "");
        self.agent.branch = other.branch;
        if let Some(via) = response.header("Via").filter(|_| !success) {
            let text = String::from_utf8_lossy(&request).into_owned();
            let own = text.lines().find(|line| line.starts_with("Via: ")).unwrap_or_default();
            request = text.replacen(own, &format!("Via: {via}"), 1).into_bytes();
        }
        self.agent.peer.send(world, &request);
    }

    /// Every request over a stream that was never broken has exactly one final answer; nobody ever has two that differ.
    ///
    /// # Errors
    /// A request whose answers are too few or differ.
    pub(super) fn check(&self, world: &World, remembers: bool) -> Result<(), Fault> {
        let mut answers: BTreeMap<String, Vec<u16>> = BTreeMap::new();
        for message in self.received(world).iter().filter(|message| message.status() >= 200) {
            let branch = message.header("Via").and_then(|via| via.split("branch=").nth(1));
            let branch = branch.and_then(|branch| branch.split(';').next()).unwrap_or_default();
            let method = message.header("CSeq").and_then(|cseq| cseq.split(' ').nth(1)).unwrap_or_default();
            if method != "CANCEL" && !branch.is_empty() {
                answers.entry(branch.to_owned()).or_default().push(message.status());
            }
        }
        let whole = self.stream && self.agent.peer.is_open(world);
        for (branch, when, sent) in &self.asked {
            let statuses = answers.get(branch).map(Vec::as_slice).unwrap_or_default();
            let comparable = self.stream || (remembers && (!self.refreshed || sent.starts_with("BYE")));
            let differ = comparable && statuses.windows(2).any(|pair| pair.first() != pair.last());
            if differ || (whole && statuses.is_empty()) {
                let user = &self.agent.user;
                let what = format!("{user} got the answers {statuses:?} to this, sent at {when} us:\n{sent}");
                return Err(Fault { seed: world.seed(), at: world.now(), what });
            }
        }
        Ok(())
    }
}
