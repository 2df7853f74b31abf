//! Writing of recordings to disks that may be slow or full: a bounded buffer, and a thread that writes.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use ctigate_core::line::directory::Directory;

use crate::record::directories;

/// The interval at which the recording is written to the files.
const WRITE_EVERY: Duration = Duration::from_millis(500);
/// How many bytes are written without waiting for the interval.
const EAGER_BYTES: usize = 256 * 1024;
/// The most bytes that wait for a slow disk.
const WAITING_BYTES: usize = 32 * 1024 * 1024;
/// The most capacity that is kept for reuse.
const SPARE_BYTES: usize = 1024 * 1024;

/// Opens the file of a segment, counted from 1.
pub(crate) type Opener = Box<dyn FnMut(u64) -> io::Result<Box<dyn Write>> + Send>;
/// Called once, with the reason, if writing stops.
pub(crate) type Complaint = Box<dyn FnOnce(&str) + Send>;

#[derive(Default)]
struct State {
    /// Bytes that are not written yet, by segment.
    waiting: Vec<(u64, Vec<u8>)>,
    count: usize,
    /// Directories that are not stored yet, each with its folder. They precede the bytes that wait.
    directories: Vec<(PathBuf, Arc<Directory>)>,
    /// A written buffer, to be reused: fresh memory from the system costs more than filling it.
    spare: Vec<u8>,
    /// Whether nothing more will be added.
    ended: bool,
}

struct Shared {
    state: Mutex<State>,
    more: Condvar,
    /// Whether writing has stopped for good.
    stopped: AtomicBool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a recording's bytes without blocking. Dropping it waits until all of them are in their files.
pub(crate) struct Tape {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Tape {
    /// Starts the writing thread.
    ///
    /// # Errors
    /// If the system has no thread.
    pub(crate) fn new(open: Opener, complain: Complaint) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            more: Condvar::new(),
            stopped: AtomicBool::new(false),
        });
        let thread = {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name("record".into()).spawn(move || write_all(&shared, open, complain))?
        };
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Whether writing has stopped for good.
    pub(crate) fn has_stopped(&self) -> bool {
        self.shared.stopped.load(Ordering::Relaxed)
    }

    /// Stores a directory in a folder, before anything that is appended after this.
    pub(crate) fn store(&self, folder: PathBuf, directory: Arc<Directory>) {
        self.shared.state().directories.push((folder, directory));
    }

    /// Lets `write` append bytes to a segment; segments must come in order. It writes directly into the shared buffer,
    /// which is locked meanwhile. Returns false if too much waits for the disk, so that the recording is incomplete and
    /// must end.
    pub(crate) fn append(&self, segment: u64, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        let mut state = self.shared.state();
        let State { waiting, count, spare, directories: _, ended: _ } = &mut *state;
        if *count >= WAITING_BYTES {
            return false;
        }
        if waiting.last().is_none_or(|(last, _)| *last != segment) {
            waiting.push((segment, core::mem::take(spare)));
        }
        let Some((_, bytes)) = waiting.last_mut() else { return false };
        let (had, waited) = (bytes.len(), *count);
        write(bytes);
        *count = waited.saturating_add(bytes.len().saturating_sub(had));
        // One notification is enough, and each is a system call: the thread checks before it waits.
        let is_due = waited < EAGER_BYTES && *count >= EAGER_BYTES;
        drop(state);
        if is_due {
            self.shared.more.notify_one();
        }
        true
    }

    /// Waits until all bytes are in their files. Nothing may be added after that.
    pub(crate) fn end(&mut self) {
        self.shared.state().ended = true;
        self.shared.more.notify_one();
        if let Some(thread) = self.thread.take() {
            // The thread does not panic; if it did, the panic has been reported.
            let _ = thread.join();
        }
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        self.end();
    }
}

/// Writes until the end or the first error.
fn write_all(shared: &Shared, mut open: Opener, complain: Complaint) {
    let mut file: Option<(u64, Box<dyn Write>)> = None;
    loop {
        let (unstored, waiting, ended) = {
            let state = shared.state();
            let idle = |state: &mut State| !state.ended && state.count < EAGER_BYTES;
            let waited = shared.more.wait_timeout_while(state, WRITE_EVERY, idle);
            let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.count = 0;
            (core::mem::take(&mut state.directories), core::mem::take(&mut state.waiting), state.ended)
        };
        let stored = unstored.iter().try_for_each(|(folder, one)| directories::store(folder, one));
        if let Err(error) = stored {
            shared.stopped.store(true, Ordering::Relaxed);
            complain(&error.to_string());
            return;
        }
        for (segment, mut bytes) in waiting {
            if let Err(error) = write_one(&mut file, &mut open, segment, &bytes) {
                shared.stopped.store(true, Ordering::Relaxed);
                complain(&error.to_string());
                return;
            }
            if bytes.capacity() <= SPARE_BYTES {
                bytes.clear();
                shared.state().spare = bytes;
            }
        }
        if ended {
            return;
        }
    }
}

fn write_one(
    file: &mut Option<(u64, Box<dyn Write>)>,
    open: &mut Opener,
    segment: u64,
    bytes: &[u8],
) -> io::Result<()> {
    let fresh = match file.take() {
        Some((current, open)) if current == segment => (current, open),
        _ => (segment, open(segment)?),
    };
    let (_, out) = file.insert(fresh);
    out.write_all(bytes)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn push(tape: &Tape, segment: u64, bytes: &[u8]) -> bool {
        tape.append(segment, |waiting| waiting.extend_from_slice(bytes))
    }

    type Files = Arc<Mutex<Vec<(u64, Vec<u8>)>>>;

    struct Memory(Files, usize);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap()[self.1].1.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn memory(files: &Files) -> Opener {
        let files = Arc::clone(files);
        Box::new(move |segment| {
            let mut open = files.lock().unwrap();
            open.push((segment, Vec::new()));
            Ok(Box::new(Memory(Arc::clone(&files), open.len() - 1)))
        })
    }

    #[test]
    fn every_byte_is_in_its_segment_when_the_tape_is_dropped() {
        let files = Files::default();
        let tape = Tape::new(memory(&files), Box::new(|why| panic!("{why}"))).unwrap();
        for number in 0..1000_u64 {
            assert!(push(&tape, 1 + number / 600, &number.to_le_bytes()));
        }
        drop(tape);
        let files = files.lock().unwrap();
        assert_eq!(
            files.iter().map(|(segment, bytes)| (*segment, bytes.len())).collect::<Vec<_>>(),
            [(1, 4800), (2, 3200)]
        );
    }

    #[test]
    fn what_is_recorded_reaches_its_file_within_a_second() {
        let files = Files::default();
        let tape = Tape::new(memory(&files), Box::new(|why| panic!("{why}"))).unwrap();
        assert!(push(&tape, 1, b"step"));
        thread::sleep(Duration::from_secs(1));
        assert_eq!(files.lock().unwrap()[0].1, b"step");
        drop(tape);
    }

    #[test]
    fn many_bytes_are_written_without_waiting_for_the_time_and_their_room_is_used_again() {
        let files = Files::default();
        let tape = Tape::new(memory(&files), Box::new(|why| panic!("{why}"))).unwrap();
        let portion = vec![0; EAGER_BYTES / 2];
        let began = std::time::Instant::now();
        for _ in 0..8 {
            assert!(push(&tape, 1, &portion));
        }
        while tape.shared.state().spare.capacity() < EAGER_BYTES {
            assert!(began.elapsed() < Duration::from_secs(5), "no room comes back");
            thread::yield_now();
        }
        assert!(!files.lock().unwrap()[0].1.is_empty());
        assert!(push(&tape, 2, b"step"));
        drop(tape);
        let files = files.lock().unwrap();
        assert_eq!(files[0].1.len(), 8 * portion.len());
        assert_eq!(files[1].1, b"step");
    }

    #[test]
    fn a_full_disk_is_complained_about_once_and_stops_the_tape() {
        let (complain, complaints) = mpsc::channel();
        let open: Opener = Box::new(|_| Err(io::Error::from(io::ErrorKind::StorageFull)));
        let complaint: Complaint = Box::new(move |why| complain.send(why.to_owned()).unwrap());
        let tape = Tape::new(open, complaint).unwrap();
        assert!(push(&tape, 1, b"step"));
        let why = complaints.recv_timeout(Duration::from_secs(5)).unwrap();
        assert!(why.contains("space"), "{why}");
        assert!(tape.has_stopped());
        drop(tape);
        assert!(complaints.recv().is_err());
    }

    #[test]
    fn a_disk_that_is_too_slow_is_noticed() {
        let (entered, enters) = mpsc::channel();
        let (gate, wait) = mpsc::channel::<()>();
        let open: Opener = Box::new(move |_| {
            entered.send(()).unwrap();
            let _ = wait.recv();
            Ok(Box::new(io::sink()))
        });
        let tape = Tape::new(open, Box::new(|_| {})).unwrap();
        let megabyte = vec![0; 1024 * 1024];
        assert!(push(&tape, 1, &megabyte));
        enters.recv_timeout(Duration::from_secs(5)).unwrap();
        let room = (0..100).take_while(|_| push(&tape, 1, &megabyte)).count();
        drop(gate);
        assert_eq!(room, 32);
    }
}
