//! What an operator should know about a connection in service.

use alloc::borrow::Cow;
use alloc::format;
use alloc::vec::Vec;
use core::fmt::Display;

use super::{Connection, Pool};
use crate::action::Level;
use crate::cti::ConnectionRef;
use crate::digest::Digest;
use crate::step::Step;
use crate::wire::csta::services::Features;

/// How the features of a connection's phone system are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// They are not: it has not been in service yet.
    Unknown,
    /// It reported them.
    Reported,
    /// It reported that it has none.
    None,
    /// They are presumed: it refused to report them, or did not say anything that can be read.
    Refused,
    /// They are presumed: it did not answer.
    Unanswered,
    /// They are configured.
    Configured,
}

crate::digest! { enum Known { Unknown = 0, Reported = 1, None = 2, Refused = 3, Unanswered = 4, Configured = 5 } }

impl Known {
    /// The state in a word, for programs.
    const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Reported => "reported",
            Self::None => "none",
            Self::Refused | Self::Unanswered => "presumed",
            Self::Configured => "configured",
        }
    }

    /// What is remarkable about it.
    const fn remark(self) -> Option<&'static str> {
        match self {
            Self::Unknown | Self::Reported | Self::Configured => None,
            Self::None => Some("reports neither services nor events: nothing is offered over it"),
            Self::Refused => Some("does not report its features: the usual ones are presumed"),
            Self::Unanswered => Some("does not answer GetCSTAFeatures: the usual features are presumed"),
        }
    }
}

impl Connection {
    /// How its phone system's features are known, in a word.
    pub(crate) const fn features_known(&self) -> &'static str {
        self.known.name()
    }

    /// Whether its phone system has left all heartbeats unanswered, so that a missing answer proves nothing.
    pub(crate) fn is_mute(&self) -> bool {
        self.state.is_in_service() && self.protocol.is_mute()
    }

    /// The services that its phone system is asked for only once a minute, since it never answered them.
    pub(super) fn unanswered(&self) -> Features {
        self.protocol.unanswered()
    }

    /// What an operator should know about it, while it is in service.
    pub(crate) fn remarks(&self) -> Vec<Cow<'static, str>> {
        if !self.state.is_in_service() {
            return Vec::new();
        }
        let mut remarks: Vec<Cow<'static, str>> =
            self.known.remark().map(Cow::Borrowed).into_iter().collect();
        remarks.extend(self.protocol.remarks());
        if self.is_mute() {
            remarks.push(
                "answers no heartbeats: only other messages and TCP keep-alive show that it is alive".into(),
            );
        }
        let unanswered: Vec<&str> = self.unanswered().services().map(|service| service.root).collect();
        if !unanswered.is_empty() {
            let names = unanswered.join(", ");
            remarks.push(format!("never answered {names}: asked again once a minute only").into());
        }
        if self.vitals.are_monitors_used_up() {
            remarks.push(MONITORS_USED_UP.into());
        }
        remarks
    }
}

/// What it usually means that there are too many monitors.
const MONITORS_USED_UP: &str =
    "refuses more monitors (overallMonitorLimitExceeded): usually licences are missing at the phone system";

impl<T: Digest + Copy> Pool<T> {
    /// Notes that the phone system has no more monitors; the log says so once for each connect.
    pub(crate) fn note_monitors_used_up(&mut self, step: &mut Step<'_>, connection: ConnectionRef) {
        let Some(one) = self.at_mut(connection.index()).filter(|one| one.id == connection.id) else { return };
        if one.vitals.monitors_used_up(step.now) {
            let fields: &[(&str, &dyn Display)] = &[("cti", &one.name), ("why", &MONITORS_USED_UP)];
            step.actions.notify(Level::Warn, "monitors_used_up", fields);
        }
    }
}
