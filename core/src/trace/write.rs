//! A recorder for the pump that writes a trace into memory, from which its owner takes it in portions.

use alloc::vec::Vec;

use super::hash::TextHasher;
use super::text::push_decimal;
use super::{Digests, Form, Header, MAGIC, PANIC};
use crate::action::Actions;
use crate::input::Input;
use crate::pump::Recorder;
use crate::text::{push_formatted, push_hex};
use crate::time::Instant;

mod lines;
pub(super) use lines::Lines;

/// Records a run as a trace. What it writes is collected in [`TraceRecorder::pending`] until it is taken.
pub struct TraceRecorder {
    header: Header,
    form: Form,
    digests: Digests,
    /// Text that was written and not yet taken.
    pending: Vec<u8>,
    /// How much of `pending` is hashed or belongs to an earlier segment.
    hashed: usize,
    /// The hash of this segment's text, except for the part of `pending` that is not hashed.
    hasher: TextHasher,
    /// The segment's number, from 1.
    segment: u64,
    previous: Option<u128>,
    /// Steps since the last digest.
    undigested: u32,
    /// How many digests there were.
    digested: u32,
    /// Whether a comment was written that belongs to the next step.
    commented: bool,
    ended: bool,
}

impl TraceRecorder {
    /// A recorder for a run with this header; it begins the first segment.
    #[must_use]
    pub fn new(header: Header, form: Form, digests: Digests) -> Self {
        let mut recorder = Self {
            header,
            form,
            digests,
            pending: Vec::with_capacity(64 * 1024),
            hashed: 0,
            hasher: TextHasher::new(),
            segment: 0,
            previous: None,
            undigested: 0,
            digested: 0,
            commented: false,
            ended: true,
        };
        recorder.begin_segment();
        recorder
    }

    /// The text that was written and not taken.
    #[must_use]
    pub fn pending(&self) -> &[u8] {
        &self.pending
    }

    /// Moves the pending text into `into`, whose content is dropped and whose capacity is reused.
    pub fn take_pending(&mut self, into: &mut Vec<u8>) {
        self.hash_pending();
        self.hashed = 0;
        into.clear();
        core::mem::swap(&mut self.pending, into);
    }

    /// Appends the pending text, and then what `write` writes, to `room`, without copying the latter.
    pub fn write_behind(&mut self, room: &mut Vec<u8>, write: impl FnOnce(&mut Self)) {
        self.hash_pending();
        room.append(&mut self.pending);
        core::mem::swap(&mut self.pending, room);
        self.hashed = self.pending.len();
        write(self);
        self.hash_pending();
        self.hashed = 0;
        core::mem::swap(&mut self.pending, room);
    }

    fn unhashed(&self) -> &[u8] {
        self.pending.get(self.hashed..).unwrap_or_default()
    }

    fn hash_pending(&mut self) {
        self.hasher.write(self.pending.get(self.hashed..).unwrap_or_default());
        self.hashed = self.pending.len();
    }

    /// How many bytes the segment has so far.
    #[must_use]
    pub fn segment_bytes(&self) -> u64 {
        self.hasher.bytes().saturating_add(u64::try_from(self.unhashed().len()).unwrap_or(u64::MAX))
    }

    /// The segment's number, from 1.
    #[must_use]
    pub const fn segment(&self) -> u64 {
        self.segment
    }

    /// Ends the segment. Until another is begun, steps are not recorded.
    pub fn end_segment(&mut self) {
        if self.ended {
            return;
        }
        self.pending.push(b'\n');
        self.hash_pending();
        let hash = self.hasher.finish();
        self.previous = Some(hash);
        self.pending.extend_from_slice(b"end");
        if self.form == Form::Verbatim {
            self.pending.push(b' ');
            push_hex(&mut self.pending, &hash.to_be_bytes());
        }
        self.pending.push(b'\n');
        self.ended = true;
    }

    /// Begins the next segment. The pending text still belongs to the previous one and must be taken first.
    pub fn begin_segment(&mut self) {
        self.end_segment();
        self.hasher = TextHasher::new();
        self.hashed = self.pending.len();
        self.segment = self.segment.saturating_add(1);
        self.ended = false;
        let Self { header, pending, segment, previous, .. } = self;
        let Header { comment, version, build, machine, seed, settings, directory } = &*header;
        push_formatted(pending, format_args!("{MAGIC}\n"));
        for line in comment {
            push_formatted(pending, format_args!("#{line}\n"));
        }
        push_formatted(pending, format_args!("version {version}\nbuild {build}\nmachine {machine}\nseed "));
        push_hex(pending, seed.bytes());
        for setting in settings {
            push_formatted(pending, format_args!("\nsetting {setting}"));
        }
        if let Some(directory) = directory {
            push_formatted(pending, format_args!("\ndirectory {directory}"));
        }
        push_formatted(pending, format_args!("\nsegment {segment}"));
        if let Some(hash) = previous {
            push_formatted(pending, format_args!(" previous {hash:032x}"));
        }
        pending.push(b'\n');
    }

    /// Ends the trace and returns the text that was not taken.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.end_segment();
        self.pending
    }

    /// Writes `text` as a comment above the next step.
    pub fn comment(&mut self, text: &str) {
        for line in text.lines().filter(|_| !self.ended) {
            if !self.commented {
                self.pending.push(b'\n');
            }
            self.commented = true;
            self.pending.push(b'#');
            self.pending.extend_from_slice(line.as_bytes());
            self.pending.push(b'\n');
        }
    }

    /// Begins a step's paragraph; the caller adds the other lines.
    fn input(&mut self, now: Instant, input: Input<'_>) -> Lines<'_> {
        if !core::mem::take(&mut self.commented) {
            self.pending.push(b'\n');
        }
        self.pending.push(b'@');
        push_decimal(&mut self.pending, now.as_micros());
        self.pending.push(b' ');
        let mut lines = Lines { out: &mut self.pending, form: self.form };
        lines.input(input);
        lines
    }
}

impl Recorder for TraceRecorder {
    fn step(&mut self, now: Instant, input: Input<'_>, actions: &Actions) {
        if self.ended {
            return;
        }
        let mut lines = self.input(now, input);
        for action in actions.iter() {
            lines.action(action);
        }
    }

    fn panicked(&mut self, now: Instant, input: Input<'_>) {
        if self.ended {
            return;
        }
        let Lines { out, .. } = self.input(now, input);
        push_formatted(out, format_args!("{PANIC}\n"));
    }

    fn wants_digest(&mut self) -> bool {
        if self.ended {
            return false;
        }
        self.undigested = self.undigested.saturating_add(1);
        let wanted = match self.digests {
            Digests::Every => true,
            Digests::EveryNth(count) => self.undigested >= count,
            Digests::Thinning { from, to } => {
                let thin = 1_u32.checked_shl(self.digested).and_then(|factor| from.checked_mul(factor));
                self.undigested >= thin.map_or(to, |thin| thin.min(to))
            }
            Digests::Never => false,
        };
        if wanted {
            self.undigested = 0;
            self.digested = self.digested.saturating_add(1);
        }
        wanted
    }

    fn wants_last_digest(&mut self) -> bool {
        // A comment for the next step has ended the previous step.
        let is_open = !self.ended && !self.commented;
        let wanted = is_open && self.undigested > 0 && self.digests != Digests::Never;
        if wanted {
            self.undigested = 0;
        }
        wanted
    }

    fn digest(&mut self, digest: u64) {
        if !self.ended {
            self.pending.push(b'=');
            push_hex(&mut self.pending, &digest.to_be_bytes());
            self.pending.push(b'\n');
        }
    }
}
