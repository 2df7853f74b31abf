//! A client's handling of received messages.

use super::asking::Asked;
use super::belief::{element_with, number};
use super::{Client, Purpose, SECOND};
use crate::simulate::inbox::{element, header, root, status};
use crate::simulate::plan::Manner;
use crate::world::{Fault, World};

impl Client {
    /// Processes all received messages.
    pub(super) fn hear(&mut self, world: &mut World) -> Result<(), Fault> {
        for index in 0..self.paths.len() {
            loop {
                let host = self.host;
                let Some(path) = self.paths.get_mut(index) else { break };
                let Some(link) = path.link else { break };
                let node = path.node;
                let Some(text) = path.read.next_on(world, host, link) else { break };
                self.take(world, (index, node), &text)?;
            }
        }
        while let Some((peer, text)) = self.datagrams.next_datagram(world, self.host) {
            let index = self.paths.iter().position(|path| super::node_address(path.node) == peer.to_string());
            if let Some((index, path)) = index.and_then(|index| Some((index, self.paths.get(index)?))) {
                let node = path.node;
                self.take(world, (index, node), &text)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, world: &mut World, index: (usize, usize), text: &str) -> Result<(), Fault> {
        let status = status(text);
        if status == 0 {
            self.take_request(world, index, text);
            return Ok(());
        }
        if status < 200 {
            return Ok(());
        }
        self.report.meet(&format!("status {status}"));
        if text.ends_with('>') {
            self.report.meet(&format!("csta {}", root(text)));
        }
        let invite = header(text, "CSeq").is_some_and(|cseq| cseq.ends_with(" INVITE"));
        let first = self.answered(world, text)?;
        // The client itself loses a few ACKs.
        if invite && self.random.chance(950) {
            self.acknowledge(world, index, text, status < 300);
        }
        if let Some(asked) = first {
            if asked.purpose == Purpose::Gone && status == 200 && !text.contains("CSTAErrorCode") {
                let what = format!("a stale call ID is accepted:\n{}\n{text}", asked.text);
                return Err(Fault { seed: world.seed(), at: world.now(), what });
            }
            self.learn(world.now(), &asked, (status, text));
        }
        Ok(())
    }

    /// Handles the first final answer to a request.
    fn learn(&mut self, now: u64, asked: &Asked, (status, text): (u16, &str)) {
        let ours = asked.purpose == Purpose::SignIn || self.call_id() == Some(asked.call_id.as_str());
        if !ours {
            return;
        }
        let later =
            header(text, "Retry-After").and_then(|wait| wait.parse().ok()).unwrap_or(2_u64).clamp(1, 20);
        let later = now.saturating_add(later.saturating_mul(SECOND));
        match (asked.purpose, status) {
            (Purpose::Refresh, 503) => {
                self.turned_away = true;
                self.retry_at = now.saturating_add(SECOND);
                self.refresh_at = now;
            }
            (Purpose::Bye, _) => self.lose_dialog(now.saturating_add(SECOND)),
            (Purpose::SignIn, 200..=299) => self.begin(text, asked, now),
            (Purpose::Refresh, 200..=299) => self.refreshed(text, asked, now),
            (Purpose::Update, 200..=299) => self.refresh_at = now.saturating_add(40 * SECOND),
            (Purpose::Other, _) if asked.method == "INVITE" && status < 300 => {
                self.refreshed(text, asked, now);
            }
            (_, 481 | 408) if self.plan.sipe && asked.method != "INVITE" => {
                // SIPE refreshes in the same dialog.
                self.refresh_at = now;
            }
            (_, 481 | 408) => self.lose_dialog(now),
            (Purpose::SignIn, 403 | 404 | 485) => {
                (self.refused_at, self.refused_by) = (Some(asked.at), Some(asked.node));
                self.retry_at = later;
            }
            // Another node refuses to take the dialog over.
            (Purpose::Refresh, 403 | 404 | 485) if self.plan.named.is_some() => self.lose_dialog(later),
            // A refresh shows which node has the session.
            (Purpose::Monitor | Purpose::Snapshot, _) if self.node() != Some(asked.node) => {
                self.refresh_at = now;
            }
            (Purpose::Monitor, 200) => self.monitored(text, asked.at, later),
            (Purpose::Snapshot, 200) => {
                if text.contains("SnapshotDeviceResponse") {
                    self.belief.replace(text);
                    for event in core::mem::take(&mut self.since_asked) {
                        self.belief.learn(&event);
                    }
                    self.certainty.asked(asked.at);
                    self.snapped = true;
                } else {
                    self.retry_at = later;
                }
            }
            (
                Purpose::SignIn | Purpose::Refresh | Purpose::Update | Purpose::Monitor | Purpose::Snapshot,
                _,
            ) => {
                self.retry_at = later;
            }
            (Purpose::Probe | Purpose::Other | Purpose::Gone, _) => {}
        }
        if asked.purpose == Purpose::Probe && text.contains("CSTAErrorCode") {
            // Not in service now; a refresh shows whether it is again.
            self.refresh_at = now.saturating_add(2 * SECOND);
        }
    }

    /// Handles the answer to a MonitorStart that was sent at `at`.
    fn monitored(&mut self, text: &str, at: u64, later: u64) {
        match element(text, "monitorCrossRefID") {
            // Over UDP a retransmitted answer may come when the monitor has ended already.
            Some(reference) if self.stopped.iter().any(|stopped| stopped == reference) => {}
            Some(reference) if text.contains("MonitorStartResponse") => {
                self.monitor = Some(reference.to_owned());
                self.certainty.monitored(at);
                self.first_monitor.get_or_insert_with(|| reference.to_owned());
                self.snapped = false;
            }
            _ => {
                self.begins_anew = text.contains("overallMonitorLimitExceeded");
                self.retry_at = later;
            }
        }
    }

    /// Handles the answer to a re-INVITE.
    fn refreshed(&mut self, text: &str, asked: &Asked, now: u64) {
        let node = asked.node;
        if self.plan.sipe {
            self.cseq = 0;
        }
        let moved = core::mem::take(&mut self.moved) || self.node() != Some(node);
        if let Some(dialog) = &mut self.dialog {
            dialog.normal = text.contains("<systemStatus>normal<");
            dialog.node = node;
        }
        self.refreshed_at = asked.at;
        let soon = asked.at < self.hastened_at;
        self.refresh_at = if soon { now } else { now.saturating_add(40 * SECOND) };
        // A client that hurries asks again and again, but not as fast as it is answered.
        self.retry_at = now.saturating_add(SECOND / 2);
        let taken_over = self.is_taken_over(node, moved);
        if taken_over || moved {
            self.heard_sequence = 0;
        }
        if taken_over && self.monitor != self.first_monitor {
            // Only the first monitor is recreated.
            self.monitor = None;
        }
        // Its session may be on another connection or node now, which tells it what changed.
        if self.asks {
            self.snapped = false;
        }
    }

    /// Handles a request of the gateway: an event, a refresh, or the end of the session.
    fn take_request(&mut self, world: &mut World, (path, node): (usize, usize), text: &str) {
        let method = text.split(' ').next().unwrap_or_default();
        self.report.meet(&format!("request {method}"));
        let ours = header(text, "Call-ID").is_some_and(|call_id| Some(call_id) == self.call_id());
        if !ours {
            self.reply(world, path, text, "481 No Such Dialog");
            return;
        }
        match method {
            "INFO" => {
                // A retransmission has the same branch.
                let via = header(text, "Via").unwrap_or_default().to_owned();
                // A node that still has the dialog, after another took it over, may send events of another phone
                // system.
                let own = self.node() == Some(node);
                let sequence = header(text, "CSeq").and_then(|cseq| cseq.split(' ').next()?.parse().ok());
                // An event that was overtaken is outdated (RFC 3261 12.2.2).
                let late = sequence.is_none_or(|sequence| sequence <= self.heard_sequence);
                if own && !late && self.heard.insert(via.clone()) {
                    self.heard_sequence = sequence.unwrap_or_default();
                    self.take_event(world.now(), (node, &via), text);
                }
                match self.plan.manner {
                    Manner::Polite => self.reply(world, path, text, "200 OK"),
                    Manner::Silent => {}
                    Manner::Proxied => {
                        self.reply(world, path, text, "100 Trying");
                        self.reply(world, path, text, "408 Request Timeout");
                    }
                }
            }
            "BYE" => {
                self.reply(world, path, text, "200 OK");
                self.lose_dialog(world.now().saturating_add(SECOND));
            }
            _ => self.reply(
                world,
                path,
                text,
                "200 OK\r\nSupported: timer\r\nSession-Expires: 90;refresher=uac",
            ),
        }
    }

    fn take_event(&mut self, now: u64, (node, via): (usize, &str), text: &str) {
        self.report.events = self.report.events.saturating_add(1);
        let name = root(text).to_owned();
        self.report.meet(&format!("event {name}"));
        if name == "SystemStatus" {
            return;
        }
        let reference = element(text, "monitorCrossRefID");
        if name == "MonitorStop" {
            self.stopped.extend(reference.map(str::to_owned));
            // A node that took the dialog over knows the first one only.
            let own = [self.monitor.as_deref(), self.first_monitor.as_deref()].contains(&reference);
            if reference.is_some() && (own || self.has_been_taken_over()) {
                self.monitor = None;
                self.retry_at = now;
            }
            return;
        }
        if let Some(setting) = setting(&name, text)
            && self.heeds_settings
        {
            // It may have two monitors, and after a takeover one that it does not know: one tells it all.
            let first =
                self.settings_reference.get_or_insert_with(|| reference.unwrap_or_default().to_owned());
            self.settings.extend(Some(setting).filter(|_| reference == Some(first)));
        }
        if !self.snapped && self.plan.udp {
            self.since_asked.push(text.to_owned());
        }
        if let Some(call) = element(text, "callID") {
            let written = self.ledger.borrow().written(self.call_id().unwrap_or_default(), via);
            self.certainty.told(call, node, written.unwrap_or(now));
        }
        self.belief.learn(text);
    }

    fn reply(&self, world: &mut World, path: usize, request: &str, status: &str) {
        let mut text = format!("SIP/2.0 {status}\r\n");
        for line in request.split("\r\n").skip(1).take_while(|line| !line.is_empty()) {
            let name = line.split(':').next().unwrap_or_default();
            if ["Via", "From", "To", "Call-ID", "CSeq"].contains(&name) {
                text.push_str(line);
                text.push_str("\r\n");
            }
        }
        text.push_str("Content-Length: 0\r\n\r\n");
        self.transmit(world, path, &text);
    }
}

/// What an event says of a phone's forwarding, or of which calls must not disturb.
fn setting(name: &str, text: &str) -> Option<String> {
    match name {
        "ForwardingEvent" => {
            let to = number(element_with(text, "forwardTo").unwrap_or_default());
            Some(format!("{} {} {to}", element(text, "forwardingType")?, element(text, "forwardStatus")?))
        }
        "DoNotDisturbEvent" => Some(format!("doNotDisturb {}", element(text, "doNotDisturbOn")?)),
        _ => None,
    }
}
