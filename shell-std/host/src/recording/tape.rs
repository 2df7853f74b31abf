//! Bytes on their way to files that may be slow or full: a bounded store and a thread that writes.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// How often what is recorded reaches the files.
const WRITE_EVERY: Duration = Duration::from_millis(500);
/// So many bytes are written without waiting for the time.
const EAGER_BYTES: usize = 256 * 1024;
/// The most bytes that wait for a slow disk.
const WAITING_BYTES: usize = 32 * 1024 * 1024;

/// Opens the file of a segment, counted from 1.
pub(crate) type Opener = Box<dyn FnMut(u64) -> io::Result<Box<dyn Write>> + Send>;
/// Is told, once, why writing stopped.
pub(crate) type Complaint = Box<dyn FnOnce(&str) + Send>;

#[derive(Default)]
struct State {
    /// Bytes not written yet, by segment.
    waiting: Vec<(u64, Vec<u8>)>,
    count: usize,
    /// Nothing more will come.
    ended: bool,
}

struct Shared {
    state: Mutex<State>,
    more: Condvar,
    /// Writing has stopped for good: there is no use in recording on.
    stopped: AtomicBool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a recording's bytes without waiting. Dropping it waits until all of them are in their files.
pub(crate) struct Tape {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Tape {
    /// Starts the writing thread.
    ///
    /// # Errors
    /// The system has no thread to give.
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

    /// Adds bytes to a segment; segments come in order. False when too much waits for the disk: the recording is not
    /// whole any more, and must end.
    pub(crate) fn push(&self, segment: u64, bytes: &[u8]) -> bool {
        let mut state = self.shared.state();
        if state.count.saturating_add(bytes.len()) > WAITING_BYTES {
            return false;
        }
        state.count = state.count.saturating_add(bytes.len());
        match state.waiting.last_mut() {
            Some((last, waiting)) if *last == segment => waiting.extend_from_slice(bytes),
            _ => state.waiting.push((segment, bytes.to_vec())),
        }
        if state.count >= EAGER_BYTES {
            self.shared.more.notify_one();
        }
        true
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        self.shared.state().ended = true;
        self.shared.more.notify_one();
        if let Some(thread) = self.thread.take() {
            // It does not panic; if it did, the panic has been shown.
            let _ = thread.join();
        }
    }
}

/// Writes until the end or the first error.
fn write_all(shared: &Shared, mut open: Opener, complain: Complaint) {
    let mut file: Option<(u64, Box<dyn Write>)> = None;
    loop {
        let (waiting, ended) = {
            let state = shared.state();
            let idle = |state: &mut State| !state.ended && state.count < EAGER_BYTES;
            let waited = shared.more.wait_timeout_while(state, WRITE_EVERY, idle);
            let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.count = 0;
            (core::mem::take(&mut state.waiting), state.ended)
        };
        for (segment, bytes) in waiting {
            if let Err(error) = write_one(&mut file, &mut open, segment, &bytes) {
                shared.stopped.store(true, Ordering::Relaxed);
                complain(&error.to_string());
                return;
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
            assert!(tape.push(1 + number / 600, &number.to_le_bytes()));
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
        assert!(tape.push(1, b"step"));
        thread::sleep(Duration::from_secs(1));
        assert_eq!(files.lock().unwrap()[0].1, b"step");
        drop(tape);
    }

    #[test]
    fn a_full_disk_is_complained_about_once_and_stops_the_tape() {
        let (complain, complaints) = mpsc::channel();
        let open: Opener = Box::new(|_| Err(io::Error::from(io::ErrorKind::StorageFull)));
        let complaint: Complaint = Box::new(move |why| complain.send(why.to_owned()).unwrap());
        let tape = Tape::new(open, complaint).unwrap();
        assert!(tape.push(1, b"step"));
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
        assert!(tape.push(1, &megabyte));
        enters.recv_timeout(Duration::from_secs(5)).unwrap();
        let room = (0..100).take_while(|_| tape.push(1, &megabyte)).count();
        drop(gate);
        assert_eq!(room, 32);
    }
}
