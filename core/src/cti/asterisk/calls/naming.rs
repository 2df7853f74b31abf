//! The names of channels.

use alloc::collections::BTreeSet;

use super::fields::is_number;
use super::tables::Sort;
use super::text::Text;

/// Technologies of channels that Asterisk uses for itself.
const INNER: &[&str] = &[
    "Announcer",
    "AudioSocket",
    "Bridge",
    "CBAnn",
    "CBRec",
    "Message",
    "MulticastRTP",
    "Parking",
    "Recorder",
    "Snoop",
    "Surrogate",
    "UnicastRTP",
    "WebSocket",
];

/// What a channel stands for, and the name of its device, by the channel's name: `PJSIP/1001-0000002a` is a channel of
/// 1001. What is neither listed nor a number is no line: each of its channels is a device of its own.
pub(super) fn device_of<'n>(name: &'n str, lines: &BTreeSet<Text>) -> (Sort, &'n str) {
    let (technology, resource) = name.split_once('/').unwrap_or(("", name));
    if technology == "Local" {
        return (Sort::Half, resource);
    }
    if INNER.contains(&technology) {
        return (Sort::Inner, resource);
    }
    let endpoint = resource.rsplit_once('-').map_or(resource, |(endpoint, _)| endpoint);
    if lines.contains(endpoint) || is_number(endpoint) {
        (Sort::Line, endpoint)
    } else {
        (Sort::Outside, resource)
    }
}

/// Whether a number of the public network ends with the number of a line, as it does where numbers can be dialled
/// through.
pub(super) fn is_dialled_as(number: &str, line: &str) -> bool {
    !line.is_empty() && number.len() > line.len() && number.ends_with(line)
}
