//! The minimal cost of answering over TCP: a read and a write.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::Nanos;
use crate::processor::time_of_this_thread;

/// The bytes of an INFO with GetCSTAFeatures, and of its answer.
const REQUEST: usize = 697;
const ANSWER: usize = 1_102;
/// How many are exchanged.
const REQUESTS: usize = 100_000;

/// What it costs a thread to read a request and write an answer, with `together` of them per read and write.
pub(crate) fn read_and_write(together: usize) -> Nanos {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut server, _) = listener.accept().unwrap();
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let turns = REQUESTS / together;
    let answering = thread::spawn(move || {
        let (mut request, answer) = (vec![0; REQUEST * together], vec![b'a'; ANSWER * together]);
        let before = time_of_this_thread();
        for _ in 0..turns {
            server.read_exact(&mut request).unwrap();
            server.write_all(&answer).unwrap();
        }
        time_of_this_thread().0 - before.0
    });
    let (request, mut answer) = (vec![b'r'; REQUEST * together], vec![0; ANSWER * together]);
    for _ in 0..turns {
        client.write_all(&request).unwrap();
        client.read_exact(&mut answer).unwrap();
    }
    Nanos(answering.join().unwrap() / u64::try_from(turns * together).unwrap())
}
