//! A client's requests, each of which must get exactly one answer.

use super::{Client, PATIENCE, Purpose, SECOND};
use crate::simulate::inbox::{branch, header, root, status};
use crate::world::{Fault, World};

/// One request.
#[derive(Clone, Debug)]
pub(in crate::simulate) struct Asked {
    pub(super) purpose: Purpose,
    pub(super) method: &'static str,
    pub(super) branch: String,
    pub(super) call_id: String,
    /// The path it took.
    pub(super) path: usize,
    pub(super) node: usize,
    pub(super) at: u64,
    pub(super) resend_at: u64,
    pub(super) interval: u64,
    pub(super) until: u64,
    pub(super) text: String,
    /// The final answers: status and root of the body.
    pub(super) answers: Vec<(u16, String)>,
    /// Whether the client no longer waits for an answer.
    pub(super) over: bool,
    /// Whether its node died meanwhile.
    pub(super) excused: bool,
    /// Whether its node's clock jumped meanwhile, so that a retransmission over UDP may come when the node has
    /// forgotten the request.
    pub(super) forgotten: bool,
}

impl Client {
    /// Whether an answer is awaited that its state depends on.
    pub(super) fn is_busy(&self) -> bool {
        self.open().any(|asked| ![Purpose::Other, Purpose::Gone].contains(&asked.purpose))
    }

    fn open(&self) -> impl Iterator<Item = &Asked> {
        self.asked.iter().skip(self.first_open).filter(|asked| !asked.over && asked.answers.is_empty())
    }

    /// Retransmits over UDP, and gives up requests that wait too long or whose path is gone.
    pub(super) fn resend(&mut self, world: &mut World) {
        let now = world.now();
        let closed = |path: Option<&super::Path>| {
            let link = path.and_then(|path| path.link);
            link.is_some_and(|link| !world.is_open(self.host, link))
        };
        let mut again = Vec::new();
        let mut lost = Vec::new();
        for (index, asked) in self.asked.iter_mut().enumerate().skip(self.first_open) {
            if asked.over || !asked.answers.is_empty() {
                continue;
            }
            let gone = closed(self.paths.get(asked.path));
            if gone || now >= asked.until {
                asked.over = true;
                asked.excused |= gone;
                lost.push(index);
            } else if self.plan.udp && now >= asked.resend_at {
                asked.interval = asked.interval.saturating_mul(2).min(4 * SECOND);
                asked.resend_at = now.saturating_add(asked.interval);
                again.push((asked.path, asked.text.clone()));
            }
        }
        for (path, text) in again {
            self.transmit(world, path, &text);
        }
        for index in lost {
            if let Some(asked) = self.asked.get(index).cloned() {
                self.unanswered(&asked, now);
            }
        }
        while self.asked.get(self.first_open).is_some_and(|asked| asked.over || !asked.answers.is_empty()) {
            self.first_open = self.first_open.saturating_add(1);
        }
    }

    /// Handles a request without an answer: the client refreshes its dialog, or begins another.
    #[expect(clippy::wildcard_enum_match_arm, reason = "all else leaves the client's state alone")]
    fn unanswered(&mut self, asked: &Asked, now: u64) {
        let ours = self.call_id() == Some(asked.call_id.as_str());
        match asked.purpose {
            Purpose::SignIn => self.retry_at = now.saturating_add(SECOND),
            Purpose::Bye if ours => self.lose_dialog(now),
            // A refresh that is not answered ends the dialog (RFC 5057).
            Purpose::Refresh if ours && now >= asked.until => self.lose_dialog(now),
            Purpose::Refresh | Purpose::Update | Purpose::Monitor | Purpose::Snapshot | Purpose::Probe
                if ours =>
            {
                self.refresh_at = now;
                if let Some(dialog) = &mut self.dialog {
                    dialog.normal = false;
                }
            }
            _ => {}
        }
    }

    /// Excuses the requests to a node that died or was stopped: they may get no answer, or another one from its
    /// successor.
    pub(in crate::simulate) fn excuse_node(&mut self, node: usize, now: u64) {
        self.moved |= self.dialog.as_ref().is_some_and(|dialog| dialog.node == node);
        for asked in &mut self.asked {
            if asked.node == node && asked.at.saturating_add(2 * PATIENCE) > now {
                asked.excused = true;
            }
        }
    }

    /// Gives up the requests to a node that the load balancer reports dead.
    pub(in crate::simulate) fn give_up_on(&mut self, node: usize, now: u64) {
        let mut given_up = Vec::new();
        for asked in self.asked.iter_mut().skip(self.first_open) {
            if asked.node == node && !asked.over && asked.answers.is_empty() {
                (asked.over, asked.excused) = (true, true);
                given_up.push(asked.clone());
            }
        }
        for asked in given_up {
            self.unanswered(&asked, now);
        }
    }

    /// Notes that a node's clock jumped ahead: it forgets its answers over UDP earlier (timer J), so that a
    /// retransmission may be a new request to it.
    pub(in crate::simulate) fn may_be_forgotten(&mut self, node: usize, now: u64) {
        let udp = self.plan.udp;
        for asked in &mut self.asked {
            asked.forgotten |= udp && asked.node == node && asked.at.saturating_add(2 * PATIENCE) > now;
        }
    }

    /// Notes a final answer; returns the request if it is the first one to it.
    pub(super) fn answered(&mut self, world: &World, response: &str) -> Result<Option<Asked>, Fault> {
        let branch = branch(response);
        let method = header(response, "CSeq").and_then(|cseq| cseq.split(' ').nth(1)).unwrap_or_default();
        let udp = self.plan.udp;
        if method == "CANCEL" {
            return Ok(None);
        }
        let asked = self.asked.iter_mut().rfind(|asked| asked.branch == branch && asked.method == method);
        let Some(asked) = asked else {
            let what = format!("{} is answered what it did not ask:\n{response}", self.plan.user);
            return Err(Fault { seed: world.seed(), at: world.now(), what });
        };
        let answer = (status(response), root(response).to_owned());
        let first = asked.answers.is_empty();
        let same = asked.answers.first().is_none_or(|before| *before == answer);
        // A success to an INVITE is retransmitted until its ACK comes; a retransmission over UDP is answered again.
        let may_repeat = udp || asked.method == "INVITE";
        // A BYE ends a dialog again if a late re-INVITE recreated it.
        let is_end = method == "BYE" && [200, 481].contains(&answer.0);
        let may_differ = self.forgetful || asked.forgotten || is_end;
        if !asked.excused && !first && !(may_repeat && (same || may_differ)) {
            let before = &asked.answers;
            let what = format!(
                "a request of {} is answered more than once: {before:?}, now\n{response}\nasked at {} us:\n{}",
                self.plan.user, asked.at, asked.text
            );
            return Err(Fault { seed: world.seed(), at: world.now(), what });
        }
        asked.answers.push(answer);
        // A request that was given up no longer affects the client's state.
        let news = (first && !asked.over).then(|| asked.clone());
        Ok(news)
    }

    /// Checks that every request over a stream that lasted was answered, and over UDP every request in calm weather.
    ///
    /// # Errors
    /// A request without an answer.
    pub(in crate::simulate) fn check_answered(&self, world: &World, calm_since: u64) -> Result<(), Fault> {
        for asked in self.asked.iter().filter(|asked| asked.answers.is_empty() && !asked.excused) {
            let link = self.paths.get(asked.path).and_then(|path| path.link);
            let owed = match link {
                Some(link) => world.is_whole(self.host, link),
                None => asked.until > calm_since.saturating_add(6 * SECOND),
            };
            if owed && (asked.over || world.now() > asked.at.saturating_add(PATIENCE)) {
                let what = format!(
                    "a request of {} is without an answer, asked at {} us:\n{}",
                    self.plan.user, asked.at, asked.text
                );
                return Err(Fault { seed: world.seed(), at: world.now(), what });
            }
        }
        Ok(())
    }

    /// Whether nothing is under way.
    pub(in crate::simulate) fn is_idle(&self) -> bool {
        self.open().next().is_none()
    }
}
