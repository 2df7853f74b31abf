//! Phone systems that tell of calls and settings wrongly: canaries, as broken engines are.

use std::collections::VecDeque;

use ctigate_core::wire::csta_frame::EVENT_INVOKE;
use ctigate_core::{Actions, LinkId};

use super::say;
use crate::simulate::broken::Canary;
use crate::simulate::inbox::element;

/// How many monitors are remembered.
const MONITORS: usize = 16;

/// What a broken phone system needs to know.
#[derive(Debug, Default)]
pub(super) struct Spoiler {
    canary: Canary,
    /// The monitors of each link, the newest last.
    monitors: VecDeque<(LinkId, String)>,
}

impl Spoiler {
    pub(super) fn new(canary: Canary) -> Self {
        Self { canary, ..Self::default() }
    }

    pub(super) const fn is_broken(&self) -> bool {
        self.canary.is_of_phone_system()
    }

    /// Writes an event as this phone system does. Returns whether it did.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other canaries are engines")]
    pub(super) fn speak(&mut self, link: LinkId, bytes: &[u8], actions: &mut Actions) -> bool {
        let Some(text) = bytes.get(8..).and_then(|text| core::str::from_utf8(text).ok()) else {
            return false;
        };
        let has = |name: &str| text.contains(&format!("<{name} "));
        if has("MonitorStartResponse") {
            let reference = element(text, "monitorCrossRefID").unwrap_or_default().to_owned();
            self.monitors.truncate(MONITORS);
            self.monitors.push_front((link, reference));
        }
        let event = |text: &str, actions: &mut Actions| say(link, EVENT_INVOKE, text, actions);
        match self.canary {
            Canary::ForgottenParty if has("ConferencedEvent") => {
                let item = "<connectionListItem>";
                let Some((before, after)) = text.rsplit_once(item) else { return false };
                let behind = after.split_once("</connectionListItem>").map_or("", |(_, behind)| behind);
                event(&format!("{before}{behind}"), actions);
            }
            Canary::WrongPartyCleared if has("ConnectionClearedEvent") => {
                let state = |state: &str| format!("<localConnectionInfo>{state}</localConnectionInfo>");
                event(&text.replace(&state("connected"), &state("null")), actions);
            }
            Canary::ForwardingToWrongLine if has("ForwardingEvent") => {
                let own = element(text, "monitorCrossRefID").unwrap_or_default();
                let other = self.monitors.iter().find(|(at, other)| *at == link && other != own);
                let Some((_, other)) = other else { return false };
                event(&text.replace(own, other), actions);
            }
            Canary::TransferUntold => {
                return has("TransferedEvent") && element(text, "localConnectionInfo") != Some("null");
            }
            Canary::HeldLost => return has("HeldEvent") && text.contains("<cause>consultation<"),
            Canary::DivertedLost => return has("DivertedEvent"),
            Canary::DisturbTwice if has("DoNotDisturbEvent") => {
                event(text, actions);
                event(text, actions);
            }
            _ => return false,
        }
        true
    }
}
