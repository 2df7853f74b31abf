//! What broken engines do to calls of more than two parties and to what clients are told of them.

use ctigate_core::wire::csta_frame::frame;
use ctigate_core::{Actions, LinkId};

use super::{Broken, Canary};
use crate::simulate::client::belief::{call_ids, parts};
use crate::simulate::inbox::{element, header, root};

/// An answer to a service that was carried out.
const DONE: &str = "<?xml version=\"1.0\"?>\
    <HoldCallResponse xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\"/>";

/// The services that name two connections.
const TWO_CALLS: [&str; 4] = ["<TransferCall ", "<ConferenceCall ", "<AlternateCall ", "<ReconnectCall "];

impl Broken {
    /// Changes a message to a client, if that is this engine's way; `None` if it is not sent.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other canaries leave calls as they are")]
    pub(super) fn spoil_calls(&mut self, text: &str) -> Option<String> {
        let name = if text.starts_with("INFO ") { root(text) } else { "" };
        let merges = ["TransferedEvent", "ConferencedEvent"].contains(&name);
        let same = || Some(text.to_owned());
        match self.canary {
            Canary::SwappedOldCalls if merges => {
                Some(with_body(text, |body| exchanged(body, "primaryOldCall", "secondaryOldCall")))
            }
            Canary::OldCallKept if merges => Some(with_body(text, |body| {
                let new = parts(body, "newConnection").find_map(|new| element(new, "callID"));
                let old = element(body, "callID");
                new.zip(old).map_or_else(|| body.to_owned(), |(new, old)| body.replace(new, old))
            })),
            Canary::MergedCallDeaf if merges => {
                let new = parts(text, "newConnection").find_map(|new| element(new, "callID"));
                self.merged.extend(new.map(str::to_owned));
                same()
            }
            Canary::MergedCallDeaf
                if element(text, "callID").is_some_and(|call| self.merged.contains(call)) =>
            {
                if name.is_empty() { same() } else { None }
            }
            Canary::StaleCallAccepted if text.contains("<CSTAErrorCode") => {
                Some(with_body(text, |_| DONE.to_owned()))
            }
            _ => same(),
        }
    }

    /// Changes a request to a phone system, if that is this engine's way. Returns whether it was sent.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other canaries leave calls as they are")]
    pub(super) fn spoil_request(
        &self,
        link: LinkId,
        bytes: &[u8],
        text: &str,
        actions: &mut Actions,
    ) -> bool {
        if !TWO_CALLS.iter().any(|service| text.contains(service)) {
            return false;
        }
        let document = text.get(8..).unwrap_or_default();
        let spoilt = match self.canary {
            Canary::SwappedRequest => exchanged(document, "heldCall", "activeCall"),
            Canary::ForeignConnection => match document.rsplit_once("<deviceID>") {
                Some((before, after)) => {
                    let behind = after.split_once('<').map_or("", |(_, behind)| behind);
                    format!("{before}<deviceID>1009<{behind}")
                }
                None => return false,
            },
            _ => return false,
        };
        let digits = bytes.get(4..8).and_then(|digits| core::str::from_utf8(digits).ok());
        let invoke = digits.and_then(|digits| digits.parse().ok()).unwrap_or(1);
        actions.write_with(link, |out| {
            let framed = frame(out, invoke, |out| out.extend_from_slice(spoilt.as_bytes()));
            debug_assert!(framed.is_ok(), "it is hardly longer than before");
        });
        true
    }
}

/// A document in which two elements have changed their callIDs.
fn exchanged(document: &str, first: &str, second: &str) -> String {
    let part = |name: &str| parts(document, name).next().map(str::to_owned);
    let (Some(one), Some(two)) = (part(first), part(second)) else { return document.to_owned() };
    let (Some(one_call), Some(two_call)) = (call_ids(&one).first().copied(), call_ids(&two).first().copied())
    else {
        return document.to_owned();
    };
    let wrap = |name: &str, part: &str| format!("<{name}>{part}</{name}>");
    document
        .replace(&wrap(first, &one), &wrap(first, &one.replace(one_call, two_call)))
        .replace(&wrap(second, &two), &wrap(second, &two.replace(two_call, one_call)))
}

/// A message with its body changed.
fn with_body(text: &str, change: impl Fn(&str) -> String) -> String {
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return text.to_owned() };
    let body = change(body);
    let before = header(text, "Content-Length").unwrap_or_default();
    let head = head.replace(&format!("Content-Length: {before}"), &format!("Content-Length: {}", body.len()));
    format!("{head}\r\n\r\n{body}")
}
