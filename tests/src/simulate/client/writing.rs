//! A client's requests as text.

use core::fmt::Write as _;

use super::{Balancer, Client, Dialog, PATIENCE, Purpose, SECOND, node_address};
use crate::simulate::client::asking::Asked;
use crate::simulate::inbox::header;
use crate::simulate::plan::client_address;
use crate::sip::csta;
use crate::world::World;

/// A document's body, as requests carry it.
const CSTA: &str = "Content-Type: application/csta+xml\r\n";

impl Client {
    /// The body of a sign-in or refresh.
    fn status_document(&self) -> String {
        let line = format!(
            "<extensions><privateData><private><lcs:line \
             xmlns:lcs=\"http://schemas.microsoft.com/Lcs/2005/04/RCCExtension\">{}</lcs:line></private>\
             </privateData></extensions>",
            self.line()
        );
        csta("RequestSystemStatus", &line)
    }

    pub(super) fn sign_in(&mut self, world: &mut World, balancer: &mut Balancer) {
        let turn = balancer.turn();
        // Who is refused by one node may have made a choice at another.
        let node = if self.refused_by == Some(turn) { balancer.other(turn.wrapping_add(1)) } else { turn };
        let Some(path) = self.path(world, node) else {
            self.retry_at = world.now().saturating_add(SECOND / 5);
            return;
        };
        self.dialogs = self.dialogs.wrapping_add(1);
        self.cseq = 0;
        let body = self.status_document();
        let asks = match self.random.below(8) {
            0 => "Supported: timer\r\nSession-Expires: 120\r\n",
            1 => "Supported: timer\r\nSession-Expires: 90;refresher=uas\r\n",
            _ => "Supported: timer\r\n",
        };
        self.send(world, (path, node), Purpose::SignIn, ("INVITE", asks, &body));
        if self.random.chance(30) {
            self.cancel(world, path, node);
        }
    }

    /// Cancels the INVITE just sent (RFC 3261 9.1).
    fn cancel(&mut self, world: &mut World, path: usize, node: usize) {
        let Some(invite) = self.asked.last() else { return };
        let (branch, call_id) = (invite.branch.clone(), invite.call_id.clone());
        let text = self.request(("CANCEL", self.cseq, &branch), (&call_id, ""), node, ("", ""));
        self.transmit(world, path, &text);
    }

    pub(super) fn refresh(&mut self, world: &mut World, balancer: &Balancer, update: bool) {
        let Some(dialog) = &self.dialog else { return };
        let elsewhere = core::mem::take(&mut self.turned_away);
        let node = if elsewhere { balancer.other(dialog.node) } else { balancer.of(dialog.node) };
        if update {
            self.ask(world, node, Purpose::Update, ("UPDATE", "Supported: timer\r\n", ""));
        } else {
            let body = self.status_document();
            self.ask(world, node, Purpose::Refresh, ("INVITE", "Supported: timer\r\n", &body));
        }
    }

    /// Sends a request that is invalid or unusual.
    pub(in crate::simulate) fn ask_oddly(&mut self, world: &mut World, balancer: &Balancer, salt: u64) {
        let Some(node) = self.dialog.as_ref().map(|dialog| balancer.of(dialog.node)) else { return };
        let mut random = crate::random::Random::new(salt);
        let own = |name: &str, inside: &str| ("INFO", "", csta(name, inside));
        let odd = match random.below(14) {
            12 if self.may_watch_twice => {
                self.may_watch_twice = false;
                let object =
                    format!("<monitorObject><deviceObject>{}</deviceObject></monitorObject>", self.line());
                own("MonitorStart", &object)
            }
            0 => own("DanceCall", "<x/>"),
            1 => ("INFO", "", "<?xml version=\"1.0\"?><MakeCall".to_owned()),
            2 => ("INFO", "Content-Type: text/plain\r\n", "hello".to_owned()),
            3 => ("SUBSCRIBE", "Event: x\r\n", String::new()),
            4 => ("UPDATE", "Require: telepathy\r\n", String::new()),
            5 => ("INFO", "", String::new()),
            6 => own("SystemRegister", "<requestTypes><systemStatus>true</systemStatus></requestTypes>"),
            7 => own("MonitorStop", "<monitorCrossRefID>00000000</monitorCrossRefID>"),
            8 => own("ClearConnection", "<connectionToBeCleared><callID>17</callID></connectionToBeCleared>"),
            9 => ("INVITE", "Supported: timer\r\nSession-Expires: 30\r\n", self.status_document()),
            10 => ("OPTIONS", "", String::new()),
            13 if self.plan.named.is_some() => {
                let (service, inside) = of_another_line(&mut random);
                own(service, &inside)
            }
            _ => own("MakeCall", "<callingDevice>tel:9</callingDevice>"),
        };
        let (method, headers, body) = odd;
        self.ask(world, node, Purpose::Other, (method, headers, &body));
    }

    /// Sends a request in the dialog; if there is no path to the node, that counts as a time-out.
    pub(super) fn ask(
        &mut self,
        world: &mut World,
        node: usize,
        purpose: Purpose,
        what: (&'static str, &str, &str),
    ) {
        match self.path(world, node) {
            Some(path) => self.send(world, (path, node), purpose, what),
            None => self.retry_at = self.retry_at.max(world.now().saturating_add(SECOND / 5)),
        }
    }

    fn send(
        &mut self,
        world: &mut World,
        (path, node): (usize, usize),
        purpose: Purpose,
        (method, headers, body): (&'static str, &str, &str),
    ) {
        self.cseq = self.cseq.wrapping_add(1);
        self.branch = self.branch.wrapping_add(1);
        let branch = format!("z9hG4bK-{}-{}", self.plan.user, self.branch);
        let call_id = match &self.dialog {
            Some(dialog) if purpose != Purpose::SignIn => dialog.call_id.clone(),
            _ => format!("{}-{}", self.plan.user, self.dialogs),
        };
        let tag = self.dialog.as_ref().map(|dialog| dialog.tag.clone());
        let tag = tag.filter(|_| purpose != Purpose::SignIn).unwrap_or_default();
        let text = self.request((method, self.cseq, &branch), (&call_id, &tag), node, (headers, body));
        self.report.requests = self.report.requests.saturating_add(1);
        let now = world.now();
        self.asked.push(Asked {
            purpose,
            method,
            branch,
            call_id,
            path,
            node,
            at: now,
            resend_at: now.saturating_add(SECOND / 2),
            interval: SECOND / 2,
            until: now.saturating_add(PATIENCE),
            text,
            answers: Vec::new(),
            over: false,
            excused: false,
            forgotten: false,
        });
        let text = self.asked.last().map(|asked| asked.text.clone()).unwrap_or_default();
        self.transmit(world, path, &text);
    }

    /// The text of a request.
    fn request(
        &self,
        (method, cseq, branch): (&str, u32, &str),
        (call_id, tag): (&str, &str),
        node: usize,
        (headers, body): (&str, &str),
    ) -> String {
        let (transport, lower) = if self.plan.udp { ("UDP", "udp") } else { ("TCP", "tcp") };
        let (user, from) = (&self.plan.user, self.plan.from());
        let address = self.address();
        let to_tag = if tag.is_empty() { String::new() } else { format!(";tag={tag}") };
        let content = if body.is_empty() || headers.contains("Content-Type") { "" } else { CSTA };
        let server = node_address(node);
        let mut text = String::with_capacity(700);
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "{method} sip:gateway@{server} SIP/2.0\r\nVia: SIP/2.0/{transport} {address};branch={branch}\r\n\
             From: <{from}>;tag=tag-{user};epid=cf0b98dadeb9\r\nTo: <sip:gateway@{server}>{to_tag}\r\n\
             Max-Forwards: 70\r\nCSeq: {cseq} {method}\r\nCall-ID: {call_id}\r\n\
             Contact: <sip:{user}@{address};transport={lower}>\r\n{headers}{content}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        text
    }

    fn address(&self) -> String {
        client_address(self.plan.user.trim_start_matches("user").parse().unwrap_or(0))
    }

    /// The ACK of a success has a branch of its own, that of a failure the INVITE's (RFC 3261 17.1.1.3).
    pub(super) fn acknowledge(
        &mut self,
        world: &mut World,
        index: (usize, usize),
        response: &str,
        success: bool,
    ) {
        let (path, node) = index;
        self.branch = self.branch.wrapping_add(1);
        let own = format!("z9hG4bK-{}-{}", self.plan.user, self.branch);
        let via = header(response, "Via").unwrap_or_default();
        let first = via.split("branch=").nth(1).and_then(|rest| rest.split(';').next()).unwrap_or_default();
        let branch = if success { own.as_str() } else { first };
        let cseq =
            header(response, "CSeq").and_then(|cseq| cseq.split(' ').next()?.parse().ok()).unwrap_or(1);
        let call_id = header(response, "Call-ID").unwrap_or_default();
        let tag = tag_of(response);
        let text = self.request(("ACK", cseq, branch), (call_id, tag), node, ("", ""));
        self.transmit(world, path, &text);
    }

    /// Sends bytes on a path.
    pub(super) fn transmit(&self, world: &mut World, path: usize, text: &str) {
        let Some(path) = self.paths.get(path) else { return };
        match path.link {
            Some(link) => world.write(self.host, link, text.as_bytes()),
            None => {
                if let Ok(address) = node_address(path.node).parse() {
                    world.send_datagram(self.host, 0, address, text.as_bytes());
                }
            }
        }
    }

    /// Begins a dialog with a success to an INVITE.
    pub(super) fn begin(&mut self, response: &str, asked: &Asked, now: u64) {
        let node = asked.node;
        let normal = response.contains("<systemStatus>normal<");
        self.lose_dialog(0);
        self.dialog = Some(Dialog {
            call_id: header(response, "Call-ID").unwrap_or_default().to_owned(),
            tag: tag_of(response).to_owned(),
            node,
            normal,
        });
        self.refreshed_at = asked.at;
        self.refused_at = None;
        self.refresh_at = now.saturating_add(40 * SECOND);
        self.probe_at = now.saturating_add(5 * SECOND);
        self.report.sessions = self.report.sessions.saturating_add(1);
    }
}

/// A service for a line that may not be the client's.
fn of_another_line(random: &mut crate::random::Random) -> (&'static str, String) {
    let phone = if random.chance(500) { random.between(1001, 1006) } else { random.between(2001, 2004) };
    let line = format!("tel:{phone};phone-context=dialstring");
    match random.below(4) {
        0 => (
            "MakeCall",
            format!(
                "<callingDevice>{line}</callingDevice><calledDirectoryNumber>tel:1001</calledDirectoryNumber>\
                 <autoOriginate>doNotPrompt</autoOriginate>"
            ),
        ),
        1 => ("GetForwarding", format!("<device>{line}</device>")),
        2 => ("SnapshotDevice", format!("<snapshotObject>{line}</snapshotObject>")),
        _ => ("SetDoNotDisturb", format!("<device>{line}</device><doNotDisturbOn>true</doNotDisturbOn>")),
    }
}

/// The tag in To.
fn tag_of(response: &str) -> &str {
    let to = header(response, "To").unwrap_or_default();
    to.rsplit_once(";tag=").map_or("", |(_, tag)| tag.split(';').next().unwrap_or_default())
}
