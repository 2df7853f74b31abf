//! Messages, borrowed from the bytes they came in.

use alloc::string::String;

use super::address::NameAddress;
use super::flaw::{Flaw, ParseError};
use super::framer::{Frame, FrameError};
use super::head::{self, Noted, Reader};
use super::header::{self, Headers, Lines, MAX_HEADERS, Name, Seen};
use super::list;
use super::method::Method;
use super::uri;
use super::via::Via;

/// Limits on one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most headers; never more than [`MAX_HEADERS`].
    pub headers: usize,
    /// The most bytes of a head.
    pub head: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { headers: MAX_HEADERS, head: 65_536 }
    }
}

/// Buffers for the positions of header lines and for heads that cannot be read in place; reused from message to
/// message.
#[derive(Debug)]
pub struct Scratch {
    text: String,
    lines: Lines,
    /// The head whose lines are in `lines`, until it is read.
    noted: Option<Noted>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

impl Scratch {
    /// Empty buffers, which grow when needed.
    #[must_use]
    pub const fn new() -> Self {
        Self { text: String::new(), lines: Lines::new(), noted: None }
    }

    /// Notes the lines of the head that `bytes` begin with, for [`Message::from_frame`]. Returns the head's length, and
    /// its Content-Length if it has one. `None` if it is not complete, or not as it usually is.
    pub(super) fn note(&mut self, bytes: &[u8]) -> Option<(usize, Option<usize>)> {
        self.noted = None;
        let noted = head::note(bytes, &mut self.lines)?;
        // A value is cut out of bytes, which are not known to be UTF-8.
        let length = match self.lines.seen(header::Known::ContentLength) {
            Seen::Once(at) => {
                Some(list::number(core::str::from_utf8(self.lines.value_of(at, bytes)?).ok()?)?)
            }
            Seen::Never if self.lines.seen(header::Known::ContentType) == Seen::Never => None,
            Seen::Never | Seen::Again(_) => return None,
        };
        self.noted = Some(noted);
        Some((noted.end, length))
    }

    /// Forgets which head was noted.
    pub(super) const fn forget(&mut self) {
        self.noted = None;
    }
}

/// A message's first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start<'a> {
    /// A request line.
    Request {
        /// The method.
        method: Method<'a>,
        /// The Request-URI as it was written.
        uri: &'a str,
    },
    /// A status line.
    Response {
        /// The status code, 100 to 699.
        status: u16,
        /// The reason phrase.
        reason: &'a str,
    },
}

/// `CSeq`: a number and a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CSeq<'a> {
    /// The number, below 2^31 (RFC 3261 8.1.1.5).
    pub number: u32,
    /// The method.
    pub method: Method<'a>,
}

impl<'a> CSeq<'a> {
    /// Reads a `CSeq`; `None` if it is malformed.
    #[must_use]
    pub fn parse(value: &'a str) -> Option<Self> {
        let (number, method) = list::split_at_blank(value)?;
        let method = list::trim(method);
        let number = list::number(number).filter(|number| *number < 1 << 31)?;
        list::is_token(method).then_some(Self { number, method: Method::from_name(method) })
    }
}

impl<'a> Known<'a> {
    fn read(headers: &Headers<'a>) -> Self {
        let (via, vias) = read_vias(headers);
        Self {
            via,
            vias,
            from: headers.first(Name::From).and_then(NameAddress::parse),
            to: headers.first(Name::To).and_then(NameAddress::parse),
            cseq: headers.first(Name::CSeq).and_then(CSeq::parse),
        }
    }
}

/// Reads all Via values: the topmost, if it can be read, and their number; `None` if any is malformed, or if the list
/// has an empty item.
fn read_vias<'a>(headers: &Headers<'a>) -> (Option<Via<'a>>, Option<usize>) {
    let (mut topmost, mut count, mut sound) = (None, 0_usize, true);
    for value in headers.named(Name::Via) {
        let mut rest = Some(value);
        while let Some(text) = rest {
            let (item, behind) = list::split_item(text, b',');
            let via = Via::parse(item);
            sound &= via.is_some_and(|via| via.sound);
            if count == 0 {
                topmost = via;
            }
            count = count.saturating_add(1);
            rest = behind;
        }
    }
    (topmost, sound.then_some(count))
}

/// Whether From or To is as it must be: at most one tag, which is not empty, and a host in a SIP or SIPS URI.
fn is_sound(party: Option<NameAddress<'_>>) -> bool {
    party.is_some_and(|party| party.has_sound_tag && uri::has_host_if_sip(party.uri))
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Its first line.
    pub start: Start<'a>,
    /// Its headers, in order.
    pub headers: Headers<'a>,
    /// Its body, cut to Content-Length.
    pub body: &'a [u8],
    /// The first error in it.
    pub flaw: Option<Flaw>,
    pub(super) known: Known<'a>,
}

/// The headers that are used often, read once. `None` if missing or malformed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known<'a> {
    pub(super) via: Option<Via<'a>>,
    /// How many Via values there are; `None` if one of them is malformed.
    pub(super) vias: Option<usize>,
    pub(super) from: Option<NameAddress<'a>>,
    pub(super) to: Option<NameAddress<'a>>,
    pub(super) cseq: Option<CSeq<'a>>,
}

impl<'a> Message<'a> {
    /// Reads one message: all of `bytes`, without line ends before it. Bytes after its end are dropped (RFC 3261 18.3).
    /// An error is noted in [`Message::flaw`]; a request with a flaw can still be answered.
    ///
    /// # Errors
    /// [`ParseError`] if it cannot even be answered.
    pub fn parse(
        bytes: &'a [u8],
        scratch: &'a mut Scratch,
        limits: Limits,
    ) -> Result<Message<'a>, ParseError> {
        Self::from_frame(Frame::datagram(bytes), scratch, limits)
    }

    /// Reads what [`super::Framer`] cut out of a stream, or a datagram, as [`Self::parse`] does. If the framer noted the
    /// lines, it did so in the same `scratch`.
    ///
    /// # Errors
    /// [`ParseError`] when it cannot even be answered.
    pub fn from_frame(
        frame: Frame<'a>,
        scratch: &'a mut Scratch,
        limits: Limits,
    ) -> Result<Message<'a>, ParseError> {
        let Frame { bytes, head: end, broken, is_noted } = frame;
        let noted = scratch.noted.take().filter(|noted| is_noted && Some(noted.end) == end);
        if bytes.is_empty() {
            return Err(ParseError::Empty);
        }
        let (head, rest) = bytes.split_at_checked(end.unwrap_or(bytes.len())).unwrap_or((bytes, &[]));
        if head.len() > limits.head {
            return Err(ParseError::TooLarge);
        }
        let Scratch { text, lines, .. } = scratch;
        let in_place = match noted {
            Some(noted) => read_noted(head, noted, limits, lines)?,
            None => None,
        };
        let in_place = if in_place.is_some() { in_place } else { read_in_place(head, limits, lines)? };
        let (read, head) =
            if let Some(read) = in_place { read } else { read_mended(head, text, limits, lines)? };
        let (start, flaw) = read;
        let headers = Headers::new(head, lines);
        let known = Known::read(&headers);
        let mut message = Self { start, headers, body: rest, flaw, known };
        if end.is_none() {
            message.blame(Flaw::Endless);
        }
        if let Some(error) = broken {
            message.blame(torn(error));
        }
        message.cut_body();
        message.check();
        Ok(message)
    }

    /// Notes an error, unless there is an earlier one. A wrong version replaces any other, since it explains it.
    pub(super) fn blame(&mut self, flaw: Flaw) {
        if self.flaw.is_none() || flaw == Flaw::Version {
            self.flaw = Some(flaw);
        }
    }

    /// Cuts the body to Content-Length, if given.
    fn cut_body(&mut self) {
        let Some(first) = self.header(Name::ContentLength) else { return };
        let first = list::number::<usize>(first);
        let same =
            self.headers_named(Name::ContentLength).skip(1).all(|length| list::number(length) == first);
        match first.filter(|_| same) {
            None => self.blame(Flaw::Malformed(Name::ContentLength)),
            Some(length) => match self.body.get(..length) {
                Some(body) => self.body = body,
                None => self.blame(Flaw::BodyCut),
            },
        }
    }

    /// Checks for the headers that every message must have (RFC 3261 8.1.1).
    fn check(&mut self) {
        let known = &self.known;
        let must = [
            (header::Known::Via, known.vias.is_some()),
            (header::Known::From, is_sound(known.from)),
            (header::Known::To, is_sound(known.to)),
            (header::Known::CallId, self.call_id().is_some_and(|id| !id.is_empty())),
            (header::Known::CSeq, known.cseq.is_some()),
        ];
        for (name, _) in must {
            match self.headers.seen(name) {
                Seen::Never => self.blame(Flaw::Missing(name.name())),
                Seen::Again(_) if name != header::Known::Via => self.blame(Flaw::Repeated(name.name())),
                Seen::Once(_) | Seen::Again(_) => {}
            }
        }
        for (name, sound) in must {
            if !sound {
                self.blame(Flaw::Malformed(name.name()));
            }
        }
        for name in SINGLE {
            if let Seen::Again(_) = self.headers.seen(name) {
                self.blame(Flaw::Repeated(name.name()));
            }
        }
        if self.header(Name::MaxForwards).is_some_and(|hops| list::number::<u8>(hops).is_none()) {
            self.blame(Flaw::Malformed(Name::MaxForwards));
        }
        if let (Some(method), Some(cseq)) = (self.method(), self.cseq())
            && cseq.method != method
        {
            self.blame(Flaw::CSeqMethod);
        }
    }
}

/// The headers that need not be there but may be there once, as far as anything depends on them.
const SINGLE: [header::Known; 3] =
    [header::Known::MaxForwards, header::Known::ContentType, header::Known::ContentDisposition];

/// The flaw of a message whose body cannot be told from what follows it.
const fn torn(error: FrameError) -> Flaw {
    match error {
        FrameError::TooLarge => Flaw::TooLarge,
        FrameError::NoContentLength => Flaw::Missing(Name::ContentLength),
        FrameError::BadContentLength | FrameError::ConflictingContentLength | FrameError::NotSip => {
            Flaw::Malformed(Name::ContentLength)
        }
    }
}

/// A first line, and the first error in its head.
type Read<'a> = (Start<'a>, Option<Flaw>);

/// Reads a head whose lines were noted. Returns also the text that they are in; `Ok(None)` if it must be read otherwise.
fn read_noted<'a>(
    head: &'a [u8],
    noted: Noted,
    limits: Limits,
    lines: &Lines,
) -> Result<Option<(Read<'a>, &'a str)>, ParseError> {
    let Ok(text) = core::str::from_utf8(head) else { return Ok(None) };
    let first = text.get(..noted.first).filter(|line| list::position(line, b'\t').is_none());
    match first {
        Some(line) if lines.len() <= limits.headers => Ok(Some((head::start_line(line)?, text))),
        Some(_) | None => Ok(None),
    }
}

/// Reads a head in place. Returns also the text that its lines are in; `Ok(None)` if it must be normalized first.
fn read_in_place<'a>(
    head: &'a [u8],
    limits: Limits,
    lines: &mut Lines,
) -> Result<Option<(Read<'a>, &'a str)>, ParseError> {
    lines.clear();
    let text = core::str::from_utf8(head)
        .or_else(|error| core::str::from_utf8(head.get(..error.valid_up_to()).unwrap_or_default()))
        .unwrap_or_default();
    let mut reader = Reader::new(head, text);
    let first = reader.first().and_then(|end| text.get(..end));
    let Some(line) = first.filter(|line| list::position(line, b'\t').is_none()) else {
        return Ok(None);
    };
    let (start, flaw) = head::start_line(line)?;
    let read = head::header_lines(&mut reader, limits.headers, lines);
    Ok(read.ok().map(|more| ((start, flaw.or(more)), text)))
}

/// Reads a head after normalizing it.
fn read_mended<'a>(
    head: &[u8],
    text: &'a mut String,
    limits: Limits,
    lines: &mut Lines,
) -> Result<(Read<'a>, &'a str), ParseError> {
    lines.clear();
    let mended = head::put_in_order(head, text);
    let mut reader = Reader::mended(text);
    let line = reader.first().and_then(|end| text.get(..end)).ok_or(ParseError::StartLine)?;
    let (start, flaw) = head::start_line(line)?;
    let more = head::header_lines(&mut reader, limits.headers, lines);
    debug_assert!(more.is_ok(), "a head put in order can be read");
    let flaw = if flaw == Some(Flaw::Version) { flaw } else { mended.or(flaw) };
    Ok(((start, flaw.or(more.unwrap_or(Some(Flaw::HeaderLine)))), text))
}

#[cfg(test)]
mod tests;
