//! Framing of CSTA XML over TCP without SOAP (ECMA-323, annex G.2 of edition 3).
//!
//! A frame is two zero bytes, the length of the whole frame (header included, in bytes, unsigned, big-endian, two
//! bytes), four ASCII digits of invoke ID, and the document.

use alloc::vec::Vec;
use core::fmt;

use crate::digest::{Digest, Digester};

/// Where a frame's length is.
pub(crate) const LENGTH_AT: usize = 2;

/// Bytes before the document.
const HEADER: usize = 8;

/// The longest document that fits into a frame, in bytes.
pub const MAX_DOCUMENT: usize = 65_535 - HEADER;

/// The invoke ID of events; it is never answered.
pub const EVENT_INVOKE: u16 = 9999;

/// The highest invoke ID a request may have; the lowest is 1, though some peers begin with 0.
pub const LAST_INVOKE: u16 = 9998;

/// The result of [`Framer::push`].
#[derive(Debug, PartialEq, Eq)]
pub enum Framed<'a> {
    /// All bytes were taken; they end inside a frame.
    Incomplete,
    /// One frame.
    Frame {
        /// The invoke ID, 0 to 9999.
        invoke: u16,
        /// The document, which may be empty.
        document: &'a [u8],
    },
    /// The stream cannot be read any further, since the beginning of the next frame is unknown.
    Broken(FrameError),
}

/// What is wrong with a frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// It does not begin with two zero bytes.
    Lead,
    /// Its length is less than that of the header.
    Length,
    /// Its invoke ID is not four digits.
    Invoke,
}

impl FrameError {
    /// The error in words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Lead => "a frame does not begin with two zero bytes",
            Self::Length => "a frame says that it is shorter than its header",
            Self::Invoke => "a frame's invoke ID is not four digits",
        }
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for FrameError {}

/// The document does not fit into a frame of 65,535 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the document does not fit into a frame of 65,535 bytes")
    }
}

impl core::error::Error for TooLong {}

/// The header of a frame.
struct Header {
    /// The length of the whole frame.
    length: usize,
    invoke: u16,
}

/// Cuts frames out of a stream that arrives in pieces. Holds at most one frame, 65,535 bytes.
#[derive(Debug, Default)]
pub struct Framer {
    /// The beginning of an incomplete frame, or the frame that was returned last.
    held: Vec<u8>,
    /// Whether the frame in `held` was returned, so that the next push discards it.
    given: bool,
    broken: Option<FrameError>,
}

impl Digest for Framer {
    fn digest(&self, digester: &mut Digester) {
        // A frame that was returned no longer counts.
        let Self { held, given, broken } = self;
        digester.bytes(if *given { &[] } else { held });
        digester.flag(broken.is_some());
    }
}

impl Framer {
    /// Takes bytes up to the end of one frame. Returns how many were taken, and the result. It must be called again
    /// with the rest until all are taken. Each byte is examined once, however the stream is divided. After
    /// [`Framed::Broken`] it takes everything and returns the same error.
    pub fn push<'a>(&'a mut self, bytes: &'a [u8]) -> (usize, Framed<'a>) {
        if self.given {
            self.held.clear();
            self.given = false;
        }
        if let Some(error) = self.broken {
            return (bytes.len(), Framed::Broken(error));
        }
        let taken = if self.held.is_empty() { Ok(0) } else { self.fill(bytes) };
        match taken {
            Err(error) => self.break_off(bytes, error),
            Ok(0) => self.in_place(bytes),
            Ok(taken) => self.after_filling(taken),
        }
    }

    /// How many bytes of an unfinished frame are held.
    #[must_use]
    pub fn held(&self) -> usize {
        if self.given { 0 } else { self.held.len() }
    }

    /// The common case: nothing is held, and the whole frame is in `bytes`.
    fn in_place<'a>(&'a mut self, bytes: &'a [u8]) -> (usize, Framed<'a>) {
        match header(bytes) {
            Err(error) => self.break_off(bytes, error),
            Ok(Some(header)) if bytes.len() >= header.length => {
                let document = bytes.get(HEADER..header.length).unwrap_or_default();
                (header.length, Framed::Frame { invoke: header.invoke, document })
            }
            Ok(_) => {
                self.held.extend_from_slice(bytes);
                (bytes.len(), Framed::Incomplete)
            }
        }
    }

    /// Adds to the held bytes, first up to the end of the header, then up to the end of the frame. Returns how many
    /// bytes that took.
    fn fill(&mut self, bytes: &[u8]) -> Result<usize, FrameError> {
        let mut taken = 0;
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            let whole = header(&self.held)?.map_or(HEADER, |header| header.length);
            let more = whole.saturating_sub(self.held.len()).min(rest.len());
            if more == 0 {
                break;
            }
            self.held.extend_from_slice(rest.get(..more).unwrap_or_default());
            taken += more;
        }
        header(&self.held)?;
        Ok(taken)
    }

    /// The result once `taken` more bytes are held.
    fn after_filling(&mut self, taken: usize) -> (usize, Framed<'_>) {
        match header(&self.held) {
            Ok(Some(header)) if self.held.len() >= header.length => {
                self.given = true;
                let document = self.held.get(HEADER..).unwrap_or_default();
                (taken, Framed::Frame { invoke: header.invoke, document })
            }
            Ok(_) | Err(_) => (taken, Framed::Incomplete),
        }
    }

    fn break_off(&mut self, bytes: &[u8], error: FrameError) -> (usize, Framed<'static>) {
        self.broken = Some(error);
        self.held = Vec::new();
        (bytes.len(), Framed::Broken(error))
    }
}

/// Reads a header; `None` if it is incomplete.
fn header(bytes: &[u8]) -> Result<Option<Header>, FrameError> {
    if bytes.iter().take(2).any(|&byte| byte != 0) {
        return Err(FrameError::Lead);
    }
    let length = match bytes.get(2..4) {
        Some(&[high, low]) => usize::from(u16::from_be_bytes([high, low])),
        Some(_) | None => return Ok(None),
    };
    if length < HEADER {
        return Err(FrameError::Length);
    }
    let mut invoke = 0;
    for &byte in bytes.iter().skip(4).take(4) {
        if !byte.is_ascii_digit() {
            return Err(FrameError::Invoke);
        }
        invoke = invoke * 10 + u16::from(byte - b'0');
    }
    Ok((bytes.len() >= HEADER).then_some(Header { length, invoke }))
}

/// Appends a frame to `out`: the header, and the document that `fill` appends. Only the last four digits of `invoke`
/// are used.
///
/// # Errors
/// [`TooLong`] if the frame would have more than 65,535 bytes; then `out` is unchanged.
pub fn frame(out: &mut Vec<u8>, invoke: u16, fill: impl FnOnce(&mut Vec<u8>)) -> Result<(), TooLong> {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER]);
    fill(out);
    let length = out.len().checked_sub(start).and_then(|length| u16::try_from(length).ok());
    let (Some(length), Some(header)) = (length, out.get_mut(start..start + HEADER)) else {
        out.truncate(start);
        return Err(TooLong);
    };
    let [high, low] = length.to_be_bytes();
    let digit = |unit: u16| u8::try_from(invoke / unit % 10).unwrap_or_default() + b'0';
    header.copy_from_slice(&[0, 0, high, low, digit(1000), digit(100), digit(10), digit(1)]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    /// All frames of `stream`, delivered in pieces of `size` bytes.
    fn frames(stream: &[u8], size: usize) -> Vec<(u16, Vec<u8>)> {
        let mut framer = Framer::default();
        let mut found = Vec::new();
        for piece in stream.chunks(size) {
            let mut rest = piece;
            while !rest.is_empty() {
                let (taken, found_next) = framer.push(rest);
                match found_next {
                    Framed::Frame { invoke, document } => found.push((invoke, document.to_vec())),
                    Framed::Incomplete => assert_eq!(taken, rest.len()),
                    Framed::Broken(error) => panic!("{error}"),
                }
                rest = &rest[taken..];
            }
        }
        assert_eq!(framer.held(), 0);
        found
    }

    fn framed(invoke: u16, document: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        frame(&mut out, invoke, |out| out.extend_from_slice(document)).unwrap();
        out
    }

    #[test]
    fn the_standards_examples_have_these_headers() {
        assert_eq!(framed(1, &[b'x'; 227])[..8], *b"\0\0\x00\xEB0001");
        assert_eq!(framed(9999, &[b'x'; 995])[..8], *b"\0\0\x03\xEB9999");
        assert_eq!(frames(&framed(9999, &[b'x'; 995]), 4096), [(9999, vec![b'x'; 995])]);
    }

    #[test]
    fn a_length_is_unsigned_and_counts_bytes() {
        let document = "\u{e4}".repeat(20_000);
        let frame = framed(42, document.as_bytes());
        assert_eq!(frame[2..4], 40_008_u16.to_be_bytes());
        assert_eq!(frames(&frame, 1000), [(42, document.into_bytes())]);
    }

    #[test]
    fn the_largest_frame_fits_and_one_byte_more_changes_nothing() {
        let frame_of = |document: usize| {
            let mut out = b"before".to_vec();
            let result = frame(&mut out, 7, |out| out.resize(out.len() + document, b'x'));
            (result, out)
        };
        let (result, out) = frame_of(65_527);
        assert_eq!((result, out.len()), (Ok(()), 6 + 65_535));
        assert_eq!(frames(&out[6..], 70_000), [(7, vec![b'x'; 65_527])]);
        assert_eq!(frame_of(65_528), (Err(TooLong), b"before".to_vec()));
    }

    #[test]
    fn a_stream_gives_the_same_frames_however_it_is_cut() {
        let documents: [&[u8]; 4] = [b"<A/>", b"", b"<BBBBBBBBBBBBBBB/>", b"<C>\0\0\0\x080001</C>"];
        let mut stream = Vec::new();
        let mut expected = Vec::new();
        for (invoke, document) in (1..).zip(documents) {
            stream.extend_from_slice(&framed(invoke, document));
            expected.push((invoke, document.to_vec()));
        }
        for size in 1..=stream.len() {
            assert_eq!(frames(&stream, size), expected, "pieces of {size}");
        }
    }

    #[test]
    fn a_bad_header_breaks_the_stream_for_good_at_the_byte_that_shows_it() {
        let bad: [(&[u8], FrameError); 6] = [
            (b"\x01", FrameError::Lead),
            (b"\0H", FrameError::Lead),
            (b"\0\0\x00\x07", FrameError::Length),
            (b"\0\0\x00\x00", FrameError::Length),
            (b"\0\0\x00\x200a", FrameError::Invoke),
            (b"\0\0\x00\x20000\xff", FrameError::Invoke),
        ];
        for (bytes, error) in bad {
            let mut whole = Framer::default();
            assert_eq!(whole.push(bytes), (bytes.len(), Framed::Broken(error)));
            let mut framer = Framer::default();
            let (last, before) = bytes.split_last().unwrap();
            for byte in before {
                assert_eq!(framer.push(&[*byte]), (1, Framed::Incomplete));
            }
            assert_eq!(framer.push(&[*last]), (1, Framed::Broken(error)));
            assert_eq!(framer.push(&framed(1, b"<A/>")).1, Framed::Broken(error));
        }
    }
}
