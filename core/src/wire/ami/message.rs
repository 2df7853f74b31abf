//! One message and its values.

use alloc::borrow::Cow;

use super::escape;
use super::lines::Line;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'b> {
    /// An event, or an item of a list, with its name.
    Event(&'b str),
    /// The response to an action: `Success`, `Error` or `Goodbye`.
    Response(&'b str),
}

/// Somebody or something that has part in an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part<'b> {
    /// A channel, by its name.
    Channel(&'b str),
    /// A channel or a call, by the unique ID of a channel.
    Channels(&'b str),
    /// A bridge, by its unique ID.
    Bridge(&'b str),
    /// A device, by its name.
    Device(&'b str),
}

/// One message. Keys are compared without case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'b> {
    text: &'b str,
    lines: &'b [Line],
}

impl<'b> Message<'b> {
    pub(super) const fn new(text: &'b str, lines: &'b [Line]) -> Self {
        Self { text, lines }
    }

    /// The message as text, with its line ends. Bytes that are not UTF-8 have become U+FFFD.
    #[must_use]
    pub const fn as_str(&self) -> &'b str {
        self.text
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind<'b> {
        let first = self.lines.first().copied();
        let (key, value) = first.map_or(("", ""), |line| (self.key(line), self.value_of(line)));
        if key.eq_ignore_ascii_case("Event") { Kind::Event(value) } else { Kind::Response(value) }
    }

    /// The event's name; empty for a response.
    #[must_use]
    pub fn event(&self) -> &'b str {
        match self.kind() {
            Kind::Event(name) => name,
            Kind::Response(_) => "",
        }
    }

    /// The value of a key as it was sent, the first if there are several. Right for all that is no name.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&'b str> {
        self.values(key).next()
    }

    /// All values of a key as they were sent, in order: of `Variable` and `ChanVariable` there may be several.
    pub fn values(&self, key: &str) -> impl Iterator<Item = &'b str> {
        let message = *self;
        let named = self.lines.iter().filter(move |line| message.key(**line).eq_ignore_ascii_case(key));
        named.map(move |line| message.value_of(*line))
    }

    /// The value of a key that holds a name, of which Asterisk escapes quotes, backslashes and controls as C does. It may
    /// hold controls.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<Cow<'b, str>> {
        self.value(key).map(escape::unescaped)
    }

    /// The ID of the action that it belongs to.
    #[must_use]
    pub fn action_id(&self) -> Option<&'b str> {
        self.value("ActionID")
    }

    /// Whether it is the last message of a list.
    #[must_use]
    pub fn ends_list(&self) -> bool {
        self.value("EventList").is_some_and(|value| value.eq_ignore_ascii_case("Complete"))
    }

    /// Who and what has part in it, in order; the same one may come several times.
    pub fn parts(&self) -> impl Iterator<Item = Part<'b>> {
        let message = *self;
        self.lines.iter().filter_map(move |line| part(message.key(*line), || message.value_of(*line)))
    }

    fn key(&self, line: Line) -> &'b str {
        core::str::from_utf8(line.key(self.text.as_bytes())).unwrap_or_default()
    }

    fn value_of(&self, line: Line) -> &'b str {
        self.text.get(line.value(self.text.as_bytes())).unwrap_or_default()
    }
}

/// Who or what has part by a line.
fn part<'b>(key: &str, value: impl FnOnce() -> &'b str) -> Option<Part<'b>> {
    // Most keys are ruled out by their last letter.
    match key.as_bytes().last()?.to_ascii_lowercase() {
        b'l' if ends(key, "Channel") => Some(Part::Channel(value())),
        b'd' if ends(key, "BridgeUniqueid") || ends(key, "BridgeId") => Some(Part::Bridge(value())),
        b'd' if ends(key, "Uniqueid") || ends(key, "Linkedid") => Some(Part::Channels(value())),
        b'e' if key.eq_ignore_ascii_case("Device") => Some(Part::Device(value())),
        _ => None,
    }
}

/// Whether a key ends with a name, without case.
fn ends(key: &str, name: &str) -> bool {
    let at = key.len().checked_sub(name.len());
    at.and_then(|at| key.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(name))
}

/// The device that a channel belongs to: its name without the number behind the last hyphen, so that
/// `PJSIP/1002-0000001f` belongs to `PJSIP/1002`.
#[must_use]
pub fn device_of(channel: &str) -> &str {
    channel.rsplit_once('-').map_or(channel, |(device, _)| device)
}
