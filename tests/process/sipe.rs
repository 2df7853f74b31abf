//! The captured bytes of a real client (SIPE 1.25.0) on a real connection.

use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use ctigate_tests::captured::{ACK, BYE, CALL, FEATURES, INVITE, MONITOR, REACK, REINVITE, stop};

use crate::office::Office;
use crate::program::output;

const PHONES: &str = "[[phone]]\nnumber = \"73124\"\n\
    [[phone]]\nnumber = \"+3222220220\"\nanswer = \"auto\"\nanswer_after_ms = 50\n";

/// A connection, and the received bytes that are not processed yet.
struct Wire {
    stream: TcpStream,
    came: String,
}

impl Wire {
    fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Self { stream, came: String::new() }
    }

    fn say(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).unwrap();
    }

    /// Waits for a message that contains `part`, skipping everything before it.
    fn wait_for(&mut self, part: &str) -> String {
        loop {
            if let Some((_, rest)) = self.came.split_once(part) {
                let (found, rest) = rest.split_once('>').map_or((rest, ""), |(found, rest)| (found, rest));
                let found = found.to_owned();
                self.came = rest.to_owned();
                return found;
            }
            let mut bytes = [0; 4096];
            let count = self.stream.read(&mut bytes).unwrap_or(0);
            assert!(count > 0, "'{part}' never came:\n{}", self.came);
            self.came.push_str(core::str::from_utf8(&bytes[..count]).unwrap());
        }
    }
}

#[test]
fn sipe_s_own_bytes_go_through_the_program_and_its_recording_replays() {
    let office = Office::with_phones("sipe", PHONES);
    let mut wire = Wire::open(&office.sip);
    wire.say(INVITE);
    let answer = wire.wait_for("To: <sip:gw@127.0.0.1:17061>;tag=");
    let tag = answer.lines().next().unwrap().to_owned();
    let placed = |text: &str| text.replace("tag=gw1", &format!("tag={tag}"));
    wire.wait_for("<systemStatus>normal</systemStatus");

    wire.say(&(placed(ACK) + &placed(FEATURES) + &placed(MONITOR)));
    wire.wait_for("<makeCall/");
    let reference = wire.wait_for("<monitorCrossRefID>").replace("</monitorCrossRefID", "");

    wire.say(&placed(CALL));
    wire.wait_for("<deviceID>tel:73124;phone-context=dialstring;partition=BE_BRS_INT</deviceID");
    for event in ["OriginatedEvent", "DeliveredEvent", "EstablishedEvent"] {
        wire.wait_for(&format!("<{event} "));
        wire.wait_for(&format!("<monitorCrossRefID>{reference}</monitorCrossRefID"));
    }

    wire.say(&placed(REINVITE));
    wire.wait_for("<systemStatus>normal</systemStatus");
    wire.say(&placed(REACK));
    wire.say(&(placed(&stop(&reference)) + &placed(BYE)));
    wire.wait_for("<MonitorStopResponse ");
    wire.wait_for("CSeq: 3 BYE\r\n");

    let folder = office.close();
    let (status, out, err) = output(&["replay", &folder.only("trace")]);
    assert_eq!(status, 0, "{out}{err}");
}
