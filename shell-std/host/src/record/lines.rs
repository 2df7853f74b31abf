//! Output of lines to a terminal or file that may be slow: a bounded queue, and a thread that writes.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;

/// How many bytes are collected before they are written.
const WRITE_BYTES: usize = 64 * 1024;
/// How long to wait at the end for what is still queued.
const FLUSH_LIMIT: Duration = Duration::from_secs(1);

enum Order {
    Line(String),
    /// Report that everything queued before this is written.
    Flush(SyncSender<()>),
}

/// Writes the line that says how many were lost.
pub(crate) type Loss = Box<dyn Fn(u64) -> String + Send>;

/// A queue of lines. It never blocks: if it is full, a line is dropped and counted.
#[derive(Clone)]
pub(crate) struct Lines {
    queue: SyncSender<Order>,
    dropped: Arc<AtomicU64>,
}

impl Lines {
    /// Writes to `out` from a thread of its own; at most `capacity` lines wait. If some are lost, since `out` is too
    /// slow or has no room, `loss` says how many as soon as `out` takes lines again.
    pub(crate) fn new(out: Box<dyn Write + Send>, capacity: usize, loss: Loss) -> Self {
        let (queue, orders) = mpsc::sync_channel(capacity);
        let dropped = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&dropped);
        // Without a thread every line is dropped and counted.
        let _ =
            thread::Builder::new().name("lines".into()).spawn(move || write_all(out, &orders, &count, &loss));
        Self { queue, dropped }
    }

    /// Queues one line, without its end.
    pub(crate) fn push(&self, line: String) {
        if self.queue.try_send(Order::Line(line)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits, for a bounded time, until everything in the queue is written.
    pub(crate) fn flush(&self) {
        let (done, flushed) = mpsc::sync_channel(1);
        if self.queue.try_send(Order::Flush(done)).is_ok() {
            // A time-out means that the terminal is too slow to wait for.
            let _ = flushed.recv_timeout(FLUSH_LIMIT);
        }
    }
}

/// Writes until all senders are gone, as many lines at once as are queued. What cannot be written is lost and counted:
/// the program continues without its terminal, and tries again with the next line.
fn write_all(mut out: Box<dyn Write + Send>, orders: &Receiver<Order>, dropped: &AtomicU64, loss: &Loss) {
    let mut text = String::new();
    let mut is_torn = false;
    while let Ok(first) = orders.recv() {
        let mut flushed = None;
        let mut count = 0;
        text.clear();
        if is_torn {
            // The last line may have been written in part.
            text.push('\n');
        }
        for order in core::iter::once(first).chain(orders.try_iter()) {
            match order {
                Order::Line(line) => {
                    text.push_str(&line);
                    text.push('\n');
                    count += 1;
                }
                Order::Flush(done) => flushed = Some(done),
            }
            if flushed.is_some() || text.len() >= WRITE_BYTES {
                break;
            }
        }
        is_torn = out.write_all(text.as_bytes()).is_err();
        if is_torn {
            dropped.fetch_add(count, Ordering::Relaxed);
        }
        if let Some(done) = flushed {
            let _ = out.flush();
            let _ = done.try_send(());
        }
        let unwritten = if is_torn { 0 } else { dropped.swap(0, Ordering::Relaxed) };
        if unwritten > 0 && writeln!(out, "{}", loss(unwritten)).is_err() {
            is_torn = true;
            dropped.fetch_add(unwritten, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A writer that waits for its gate before the first write.
    struct Gated(Arc<Mutex<()>>, Arc<Mutex<Vec<u8>>>);

    impl Write for Gated {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let _open = self.0.lock().unwrap();
            self.1.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn loss() -> Loss {
        Box::new(|count| format!("name=lines_dropped count={count}"))
    }

    /// A file on a disk with room for some bytes, which may be given more.
    struct Disk(Arc<AtomicU64>, Arc<Mutex<Vec<u8>>>);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let room = usize::try_from(self.0.load(Ordering::Relaxed)).unwrap();
            let mut seen = self.1.lock().unwrap();
            let taken = bytes.len().min(room.saturating_sub(seen.len()));
            if taken == 0 {
                return Err(std::io::ErrorKind::FileTooLarge.into());
            }
            seen.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_a_full_disk_does_not_take_are_counted_once_it_has_room_again() {
        let (room, seen) = (Arc::new(AtomicU64::new(10)), Arc::new(Mutex::new(Vec::new())));
        let lines = Lines::new(Box::new(Disk(Arc::clone(&room), Arc::clone(&seen))), 4, loss());
        for number in 1..=3 {
            lines.push(format!("line {number}"));
            lines.flush();
        }
        room.store(1_000, Ordering::Relaxed);
        for number in 4..=5 {
            lines.push(format!("line {number}"));
            lines.flush();
        }
        let seen = String::from_utf8(seen.lock().unwrap().clone()).unwrap();
        assert_eq!(seen, "line 1\nlin\nline 4\nname=lines_dropped count=2\nline 5\n");
    }

    #[test]
    fn a_terminal_that_does_not_read_stalls_nobody_and_the_loss_is_told() {
        let gate = Arc::new(Mutex::new(()));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let lines = Lines::new(Box::new(Gated(Arc::clone(&gate), Arc::clone(&seen))), 4, loss());
        let closed = gate.lock().unwrap();
        for number in 0..20 {
            lines.push(format!("line {number}"));
        }
        drop(closed);
        while lines.dropped.load(Ordering::Relaxed) > 0 {
            thread::yield_now();
        }
        lines.flush();
        let seen = String::from_utf8(seen.lock().unwrap().clone()).unwrap();
        assert!(seen.starts_with("line 0\n"), "{seen}");
        assert!(seen.contains("name=lines_dropped count=1"), "{seen}");
    }
}
