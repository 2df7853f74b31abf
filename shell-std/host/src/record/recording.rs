//! `--record`: records a run as a trace in segments, written by a thread of its own. If the disk is full or too slow,
//! recording stops with a notice, and the machine continues.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ctigate_core::config::DirectoryVersion;
use ctigate_core::trace::{Digests, Form, Header, TraceRecorder};
use ctigate_core::{Actions, Command, Input, Instant, Level, Recorder};

use super::console::Console;
use super::{directories, files, panics, utc};

mod tape;

use tape::{Complaint, Opener, Tape};

/// The size in bytes at which a segment ends.
pub(crate) const SEGMENT_BYTES: u64 = 64 * 1024 * 1024;
/// The most segments of one run: 16 GiB.
pub(crate) const SEGMENTS: u64 = 256;
/// When fingerprints of the state are taken. A replay compares every action anyway; fingerprints show earlier where
/// states differ. A short recording has some; in a long one they are rare, so that state which changes often is
/// fingerprinted seldom.
const DIGESTS: Digests = Digests::Thinning { from: 16, to: 4096 };

/// Records one run.
pub(crate) struct Recording {
    trace: TraceRecorder,
    tape: Tape,
    console: Console,
    segment_bytes: u64,
    /// Where directories are stored that the run changes to.
    folder: Option<PathBuf>,
    /// Whether recording has ended before the run.
    over: bool,
}

/// Begins to record a run in `directory`, which is created if necessary.
///
/// # Errors
/// A message, if nothing can be written there.
pub(crate) fn begin(directory: &Path, mut birth: Header, console: &Console) -> Result<Recording, String> {
    let time = utc::now();
    birth.comment.push(format!(" recorded from {time} on"));
    let name = format!("{}-{}", birth.machine, time.replace(['-', ':'], ""));
    let complain =
        |error: io::Error| format!("--record {}: cannot record there: {error}", directory.display());
    fs::create_dir_all(directory).map_err(complain)?;
    if let Some(listed) = birth.directory.as_ref().and_then(DirectoryVersion::directory) {
        directories::store(directory, listed).map_err(complain)?;
    }
    let first = create(directory, &name, 1).map_err(complain)?;
    let open = opener(directory.to_owned(), name, first);
    let mut recording = Recording::new(birth, open, console, SEGMENT_BYTES).map_err(complain)?;
    recording.folder = Some(directory.to_owned());
    Ok(recording)
}

fn create(directory: &Path, name: &str, segment: u64) -> io::Result<File> {
    files::create(&directory.join(format!("{name}-{segment:04}.trace")))
}

fn opener(directory: PathBuf, name: String, first: File) -> Opener {
    let mut first = Some(first);
    Box::new(move |segment| {
        let file = first.take().map_or_else(|| create(&directory, &name, segment), Ok)?;
        let file: Box<dyn Write> = Box::new(file);
        Ok(file)
    })
}

impl Recording {
    fn new(birth: Header, open: Opener, console: &Console, segment_bytes: u64) -> io::Result<Self> {
        let complain: Complaint = {
            let console = console.clone();
            Box::new(move |why| tell(&console, why))
        };
        let mut recording = Self {
            trace: TraceRecorder::new(birth, Form::Verbatim, DIGESTS),
            tape: Tape::new(open, complain)?,
            console: console.clone(),
            segment_bytes,
            folder: None,
            over: false,
        };
        recording.write(|_| {});
        Ok(recording)
    }

    /// Writes to the tape, as part of the current segment.
    fn write(&mut self, write: impl FnOnce(&mut TraceRecorder)) {
        if self.over {
            return;
        }
        let Self { trace, tape, .. } = self;
        let segment = trace.segment();
        if !tape.append(segment, |bytes| trace.write_behind(bytes, write)) {
            self.over = true;
            tell(&self.console, "the disk is too slow");
        }
        self.over |= self.tape.has_stopped();
    }

    fn next_segment(&mut self) {
        self.write(TraceRecorder::end_segment);
        if self.trace.segment() >= SEGMENTS {
            self.over = true;
            tell(&self.console, "it has reached its limit of 16 GiB");
        } else {
            self.trace.begin_segment();
        }
    }
}

fn tell(console: &Console, why: &str) {
    console.tell(Level::Error, "recording_stopped", &[("why", &why)]);
}

impl Recorder for Recording {
    fn begin(&mut self) {
        panics::in_recorded_step(!self.over);
    }

    fn step(&mut self, now: Instant, input: Input<'_>, actions: &Actions) {
        panics::in_recorded_step(false);
        if self.over {
            return;
        }
        if self.trace.segment_bytes() >= self.segment_bytes {
            self.next_segment();
        }
        if let (Input::Command { command: Command::Reload(reload), .. }, Some(folder)) = (input, &self.folder)
            && let Some(directory) = reload.directory()
        {
            self.tape.store(folder.clone(), Arc::clone(directory));
        }
        self.write(|trace| trace.step(now, input, actions));
    }

    /// Completes the recording and ends the process. Until then no other thread can use the machine.
    fn panicked(&mut self, now: Instant, input: Input<'_>) {
        self.write(|trace| {
            trace.panicked(now, input);
            trace.end_segment();
        });
        self.tape.end();
        self.console.flush();
        panics::end();
    }

    fn wants_digest(&mut self) -> bool {
        !self.over && self.trace.wants_digest()
    }

    fn wants_last_digest(&mut self) -> bool {
        !self.over && self.trace.wants_last_digest()
    }

    fn digest(&mut self, digest: u64) {
        self.write(|trace| trace.digest(digest));
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.write(TraceRecorder::end_segment);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use ctigate_core::trace::Trace;
    use ctigate_core::{LinkId, Listen, Machine, NoEffects, Pump, Seed, Taken, Wake};

    use super::*;
    use crate::record::console::Format;

    type Shared = Arc<Mutex<Vec<u8>>>;

    struct Memory(Shared);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn console(log: &Shared) -> Console {
        let err = Box::new(Memory(Arc::clone(log)));
        Console::new(err, Box::new(io::sink()), Format::Logfmt, Level::Info)
    }

    fn birth() -> Header {
        Header::new("gateway", Seed::from_number(1), Vec::new())
    }

    fn tick(recording: &mut Recording, micros: u64) {
        recording.step(Instant::from_micros(micros), Input::Tick, &Actions::new());
    }

    #[test]
    fn a_run_becomes_files_whose_segments_are_numbered() {
        let directory = std::env::temp_dir().join(format!("ctigate-recording-{}", std::process::id()));
        let mut recording = begin(&directory, birth(), &console(&Shared::default())).unwrap();
        tick(&mut recording, 1);
        recording.next_segment();
        tick(&mut recording, 2);
        drop(recording);
        let mut files: Vec<_> =
            fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let texts: Vec<_> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
        fs::remove_dir_all(&directory).unwrap();
        assert_eq!(files.len(), 2);
        assert!(files[0].to_string_lossy().ends_with("-0001.trace"), "{files:?}");
        assert!(files[1].to_string_lossy().ends_with("-0002.trace"), "{files:?}");
        assert!(texts[0].contains("\n@1 tick\n") && texts[0].contains("\nend "), "{}", texts[0]);
        assert!(texts[1].contains("segment 2 previous ") && texts[1].contains("\n@2 tick\n"), "{}", texts[1]);
    }

    #[test]
    fn a_short_run_that_ends_in_good_order_has_a_fingerprint_of_its_end() {
        let directory = std::env::temp_dir().join(format!("ctigate-short-{}", std::process::id()));
        let recording = begin(&directory, birth(), &console(&Shared::default())).unwrap();
        let mut pump = Pump::new(Fragile, recording);
        pump.input(Instant::from_micros(1), Input::Tick, &mut NoEffects);
        pump.input(Instant::from_micros(2), Input::Tick, &mut NoEffects);
        pump.end();
        let file = fs::read_dir(&directory).unwrap().next().unwrap().unwrap().path();
        let text = fs::read(file).unwrap();
        fs::remove_dir_all(&directory).unwrap();
        let summary = ctigate_core::trace::replay(&[&text], |_| Ok(Box::new(Fragile))).unwrap();
        assert_eq!((summary.steps, summary.digests, summary.cut), (2, 1, None));
    }

    #[test]
    fn a_segment_ends_at_its_size() {
        let segments = Arc::new(Mutex::new(Vec::new()));
        let opened = Arc::clone(&segments);
        let open: Opener = Box::new(move |segment| {
            opened.lock().unwrap().push(segment);
            Ok(Box::new(io::sink()))
        });
        let mut recording = Recording::new(birth(), open, &console(&Shared::default()), 400).unwrap();
        for micros in 0..100 {
            tick(&mut recording, micros);
        }
        drop(recording);
        let segments = segments.lock().unwrap();
        assert!(segments.len() > 2, "{segments:?}");
        assert!((1..).zip(segments.iter()).all(|(wanted, segment)| wanted == *segment), "{segments:?}");
    }

    #[test]
    fn a_full_disk_ends_the_recording_with_a_notice_and_not_the_run() {
        let log = Shared::default();
        let console = console(&log);
        let open: Opener = Box::new(|_| Err(io::Error::from(io::ErrorKind::StorageFull)));
        let mut recording = Recording::new(birth(), open, &console, SEGMENT_BYTES).unwrap();
        let began = std::time::Instant::now();
        while !recording.over {
            tick(&mut recording, 1);
            assert!(began.elapsed().as_secs() < 5, "recording goes on");
        }
        tick(&mut recording, 2);
        drop(recording);
        console.flush();
        let log = String::from_utf8(log.lock().unwrap().clone()).unwrap();
        assert_eq!(log.matches("name=recording_stopped why=\"").count(), 1, "{log}");
    }

    /// Panics on bytes.
    struct Fragile;

    impl Machine for Fragile {
        fn listens(&self) -> Vec<Listen> {
            Vec::new()
        }

        fn step(&mut self, _now: Instant, input: Input<'_>, _actions: &mut Actions) -> Taken {
            assert!(!matches!(input, Input::Bytes { .. }), "on purpose");
            Taken(0)
        }

        fn next_wake(&self) -> Option<Wake> {
            None
        }

        fn digest(&mut self) -> u64 {
            0
        }

        fn full_digest(&self) -> u64 {
            0
        }
    }

    /// This test runs its own program again, with a variable set, as another process.
    #[test]
    fn a_machine_that_panics_ends_the_process_and_its_last_input_is_in_the_file() {
        const CHILD: &str = "CTIGATE_TEST_RECORDED_PANIC";
        if let Some(directory) = std::env::var_os(CHILD) {
            panics::install("ctigate-test");
            let recording = begin(Path::new(&directory), birth(), &console(&Shared::default())).unwrap();
            let mut pump = Pump::new(Fragile, recording);
            for input in [Input::Tick, Input::Bytes { link: LinkId::new(1), bytes: b"boom" }] {
                pump.input(Instant::ZERO, input, &mut NoEffects);
            }
            return;
        }
        let directory = std::env::temp_dir().join(format!("ctigate-panic-{}", std::process::id()));
        let name = "record::recording::tests::a_machine_that_panics_ends_the_process_and_its_last_input_is_in_the_file";
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        let output = child.args(["--exact", name, "--nocapture"]).env(CHILD, &directory).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        let files: Vec<_> = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        let text = fs::read(&files[0]).unwrap();
        fs::remove_dir_all(&directory).unwrap();
        assert_eq!(output.status.code(), Some(panics::INTERNAL_ERROR), "{err}");
        assert_eq!(err.matches(": on purpose; please report this line").count(), 1, "{err}");
        let mut trace = Trace::open(&[&text]).unwrap();
        assert!(!trace.next_step().unwrap().unwrap().panicked);
        let last = trace.next_step().unwrap().unwrap();
        assert_eq!(last.input.as_input(), Input::Bytes { link: LinkId::new(1), bytes: b"boom" });
        assert!(last.panicked);
        assert_eq!((trace.next_step().unwrap(), trace.cut()), (None, None), "it has its end mark");
    }

    #[test]
    fn a_place_that_cannot_be_written_is_said_before_anything_starts() {
        let console = console(&Shared::default());
        let complaint = begin(Path::new("/dev/null/traces"), birth(), &console).err().unwrap();
        assert!(complaint.starts_with("--record /dev/null/traces: cannot record there: "), "{complaint}");
    }
}
