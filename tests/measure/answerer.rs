//! A phone system that answers every request at once and well, whichever calls it names: the built-in one would have to
//! have the calls that a load asks it to transfer.

use core::sync::atomic::{AtomicU64, Ordering};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// The bytes before each document: two zero bytes, the length of all, the invoke ID in four digits.
const HEADER: usize = 8;

/// Requests, with their answers but for the namespace.
const ANSWERS: [(&str, &str); 7] = [
    (
        "StartApplicationSession",
        "<StartApplicationSessionPosResponse xmlns=\"http://www.ecma-international.org/standards/ecma-354/appl_session\">\
         <sessionID>s</sessionID><actualProtocolVersion>\
         http://www.ecma-international.org/standards/ecma-323/csta/ed3</actualProtocolVersion>\
         <actualSessionDuration>180</actualSessionDuration></StartApplicationSessionPosResponse>",
    ),
    (
        "ResetApplicationSessionTimer",
        "<ResetApplicationSessionTimerPosResponse \
         xmlns=\"http://www.ecma-international.org/standards/ecma-354/appl_session\"/>",
    ),
    (
        "GetCSTAFeatures",
        "<GetCSTAFeaturesResponse ED3><supportedServices><monitoringServList><monitorStart/><monitorStop/>\
         </monitoringServList><snapshotServList><snapshotDevice/></snapshotServList><callControlServList><holdCall/>\
         <transferCall/></callControlServList></supportedServices></GetCSTAFeaturesResponse>",
    ),
    (
        "SystemRegister",
        "<SystemRegisterResponse ED3><sysStatRegisterID>r1</sysStatRegisterID></SystemRegisterResponse>",
    ),
    (
        "SnapshotDevice",
        "<SnapshotDeviceResponse ED3><crossRefIDorSnapshotData><snapshotData/></crossRefIDorSnapshotData>\
         </SnapshotDeviceResponse>",
    ),
    ("HoldCall", "<HoldCallResponse ED3/>"),
    (
        "TransferCall",
        "<TransferCallResponse ED3><transferredCall><callID>77</callID><deviceID>2003</deviceID></transferredCall>\
         <connections><connectionListItem><newConnection><callID>77</callID><deviceID>2002</deviceID></newConnection>\
         </connectionListItem><connectionListItem><newConnection><callID>77</callID><deviceID>2003</deviceID>\
         </newConnection></connectionListItem></connections></TransferCallResponse>",
    ),
];

/// A phone system on a port of its own, until the process ends.
pub(crate) struct Answerer {
    pub(crate) address: String,
    /// How many `HoldCall`s and `TransferCall`s it was asked for.
    served: Arc<AtomicU64>,
}

impl Answerer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let served = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&served);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let count = Arc::clone(&count);
                thread::spawn(move || serve(stream.unwrap(), &count));
            }
        });
        Self { address, served }
    }

    pub(crate) fn served(&self) -> u64 {
        self.served.load(Ordering::Relaxed)
    }
}

/// Answers what comes over a link until it ends.
fn serve(mut stream: TcpStream, served: &AtomicU64) {
    stream.set_nodelay(true).unwrap();
    let mut bytes = Vec::new();
    let mut more = vec![0; 1 << 16];
    let mut answers = Vec::new();
    while let Ok(count) = stream.read(&mut more) {
        if count == 0 {
            return;
        }
        bytes.extend_from_slice(more.get(..count).unwrap());
        let mut taken = 0;
        while let Some(frame) = bytes.get(taken..).and_then(first_frame) {
            taken += frame.len();
            let (header, document) = frame.split_at(HEADER);
            let name = root(core::str::from_utf8(document).unwrap());
            served.fetch_add(u64::from(["HoldCall", "TransferCall"].contains(&name)), Ordering::Relaxed);
            if let Some((_, answer)) = ANSWERS.iter().find(|(asked, _)| *asked == name) {
                write_frame(&mut answers, header.get(4..).unwrap(), answer);
            }
        }
        bytes.drain(..taken);
        if stream.write_all(&answers).is_err() {
            return;
        }
        answers.clear();
    }
}

fn first_frame(bytes: &[u8]) -> Option<&[u8]> {
    let [_, _, high, low] = *bytes.first_chunk::<4>()?;
    bytes.get(..usize::from(u16::from_be_bytes([high, low])))
}

/// The name of a document's root.
fn root(document: &str) -> &str {
    let behind = document.split('<').skip(1).find(|tag| !tag.starts_with('?')).unwrap_or_default();
    behind.split([' ', '>', '/']).next().unwrap_or_default()
}

fn write_frame(out: &mut Vec<u8>, invoke: &[u8], answer: &str) {
    let document = format!(
        "<?xml version=\"1.0\"?>{}",
        answer.replace("ED3", "xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\"")
    );
    let length = u16::try_from(HEADER + document.len()).unwrap();
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(invoke);
    out.extend_from_slice(document.as_bytes());
}
