//! The torture messages of RFC 4475 and RFC 5118, byte for byte as the RFCs have them (`tests/data/torture`): what a
//! gateway for remote call control answers over a stream and by datagram.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ctigate_tests::bench::{Bench, Sip, address};

/// Whether the connection is closed.
const ENDS: bool = true;
const GOES_ON: bool = false;

/// A message; the statuses over a stream, and whether that ends; the statuses by datagram.
type Row = (&'static str, &'static [u16], bool, &'static [u16]);

/// What is valid is answered 405 if its method is not supported, and 415 if its body is a session description. A
/// response to no request of ours is dropped; a request that is not complete (`clerr`) is waited for on a stream.
const ROWS: [Row; 61] = [
    ("badaspec", &[200], GOES_ON, &[200]),
    ("badbranch", &[200], GOES_ON, &[200]),
    ("baddate", &[415], GOES_ON, &[415]),
    ("baddn", &[200], GOES_ON, &[200]),
    ("badinv01", &[400], GOES_ON, &[400]),
    ("badvers", &[505], GOES_ON, &[505]),
    ("bcast", &[], GOES_ON, &[]),
    ("bext01", &[420], GOES_ON, &[420]),
    ("bigcode", &[], ENDS, &[]),
    ("clerr", &[], GOES_ON, &[400]),
    ("cparam01", &[405], GOES_ON, &[405]),
    ("cparam02", &[405], GOES_ON, &[405]),
    ("dblreq", &[405, 415], ENDS, &[405]),
    ("esc01", &[415], GOES_ON, &[415]),
    ("esc02", &[405], GOES_ON, &[405]),
    ("escnull", &[405], GOES_ON, &[405]),
    ("escruri", &[415], GOES_ON, &[415]),
    ("insuf", &[400], GOES_ON, &[400]),
    ("intmeth", &[405], GOES_ON, &[405]),
    ("inv2543", &[400], ENDS, &[415]),
    ("invut", &[415], GOES_ON, &[415]),
    ("ipv4-mapped-ipv6", &[415], GOES_ON, &[415]),
    ("ipv6-bad", &[400], GOES_ON, &[400]),
    ("ipv6-bug-abnf-3-colons", &[200], GOES_ON, &[200]),
    ("ipv6-correct-abnf-2-colons", &[200], GOES_ON, &[200]),
    ("ipv6-good", &[405], GOES_ON, &[405]),
    ("ipv6-in-sdp", &[415], GOES_ON, &[415]),
    ("longreq", &[415], GOES_ON, &[415]),
    ("ltgtruri", &[400], GOES_ON, &[400]),
    ("lwsdisp", &[200], GOES_ON, &[200]),
    ("lwsruri", &[400], GOES_ON, &[400]),
    ("lwsstart", &[400], GOES_ON, &[400]),
    ("mcl01", &[400], ENDS, &[400]),
    ("mismatch01", &[400], GOES_ON, &[400]),
    ("mismatch02", &[400], GOES_ON, &[400]),
    ("mpart01", &[405], GOES_ON, &[405]),
    ("mult-ip-in-header", &[481], GOES_ON, &[481]),
    ("mult-ip-in-sdp", &[415], ENDS, &[415]),
    ("multi01", &[400], GOES_ON, &[400]),
    ("ncl", &[400], ENDS, &[400]),
    ("noreason", &[], GOES_ON, &[]),
    ("novelsc", &[416], GOES_ON, &[416]),
    ("port-ambiguous", &[405], GOES_ON, &[405]),
    ("port-unambiguous", &[405], GOES_ON, &[405]),
    ("quotbal", &[400], GOES_ON, &[400]),
    ("regaut01", &[405], GOES_ON, &[405]),
    ("regbadct", &[405], GOES_ON, &[405]),
    ("regescrt", &[405], GOES_ON, &[405]),
    ("scalar02", &[400], GOES_ON, &[400]),
    ("scalarlg", &[], GOES_ON, &[]),
    ("sdp01", &[415], GOES_ON, &[415]),
    ("semiuri", &[200], GOES_ON, &[200]),
    ("transports", &[200], GOES_ON, &[200]),
    ("trws", &[400], GOES_ON, &[400]),
    ("unkscm", &[416], GOES_ON, &[416]),
    ("unksm2", &[405], GOES_ON, &[405]),
    ("unreason", &[], GOES_ON, &[]),
    ("via-received-param-no-delim", &[200], GOES_ON, &[200]),
    ("via-received-param-with-delim", &[481], GOES_ON, &[481]),
    ("wsinv", &[415], GOES_ON, &[415]),
    ("zeromf", &[200], GOES_ON, &[200]),
];

/// The ports that the messages' Vias name, where answers by datagram go.
const PORTS: [u16; 7] = [5060, 5070, 5080, 5061, 5050, 6050, 19_823];

/// The statuses of answers.
fn statuses(answers: &[Sip]) -> Vec<u16> {
    answers.iter().map(Sip::status).collect()
}

/// What a message is answered over a stream, whether that ends, and what it is answered by datagram.
fn answers(bytes: &[u8]) -> (Vec<u16>, bool, Vec<u16>) {
    let (mut bench, _system) = Bench::in_service(&[]);
    let link = bench.connect();
    bench.send(link, bytes);
    let stream = statuses(&bench.messages(link));
    let ends = bench.is_closed(link);
    let (mut bench, _system) = Bench::in_service(&[]);
    bench.send_datagram(address("127.0.0.1:5070"), bytes);
    let to = PORTS.map(|port| bench.datagrams(address(&format!("127.0.0.1:{port}"))));
    (stream, ends, statuses(&to.concat()))
}

#[test]
fn every_torture_message_is_answered_as_the_rfcs_want() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/torture");
    for (name, stream, ends, datagram) in ROWS {
        let bytes = fs::read(folder.join(format!("{name}.sip"))).unwrap();
        assert_eq!(answers(&bytes), (stream.to_vec(), ends, datagram.to_vec()), "{name}");
    }
    let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let files: BTreeSet<String> =
        files.map(|path| path.file_stem().unwrap().to_string_lossy().into()).collect();
    assert_eq!(files, ROWS.map(|(name, ..)| name.to_owned()).into(), "every file has its row");
}

#[test]
fn torture_messages_cut_anywhere_end_nothing_but_their_connection() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/torture");
    let (mut bench, _system, mut client) = Bench::signed_in(&[]);
    for (name, ..) in ROWS {
        let bytes = fs::read(folder.join(format!("{name}.sip"))).unwrap();
        for end in (0..bytes.len()).step_by(97) {
            let link = bench.connect();
            bench.send(link, bytes.get(..end).unwrap_or_default());
            bench.send(link, b"\r\n\r\nnonsense\r\n\r\n");
            bench.send_datagram(address("127.0.0.1:5099"), bytes.get(..end).unwrap_or_default());
            bench.close(link);
        }
    }
    ctigate_tests::bench::only(&client.info(&mut bench, "GetCSTAFeatures", ""), 200);
}
