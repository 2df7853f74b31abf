//! SIPp: a hundred clients sign in, send ten requests each and sign out; directly, and behind Kamailio with two nodes.

use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::sync::{Mutex, PoisonError};
use std::{fs, process};

use crate::office::Office;
use crate::program::{Folder, Running};
use crate::site::{Site, Towards};
use crate::{assert_served_well, file, installed};

const CALLS: usize = 100;
const FIRST_LINE: usize = 1000;

/// By default SIPp gives up too early: one request in some thousands is lost that often.
const PATIENT: [&str; 4] = ["-max_retrans", "20", "-max_invite_retrans", "10"];

#[test]
fn sipp_signs_in_asks_and_signs_out_over_tcp() {
    let office = open("sipp-tcp");
    // First all on one connection, then each on its own.
    for transport in ["t1", "tn"] {
        let statistics = run(&office.sip, &["-t", transport, "-max_socket", "1000"]);
        assert_eq!(sent(&statistics, "INFO"), (1_000, 0), "{statistics}");
    }
    assert_served_well(&office.close());
}

#[test]
fn sipp_signs_in_asks_and_signs_out_over_udp() {
    let office = open("sipp-udp");
    let statistics = run(&udp(&office), &["-t", "u1"]);
    assert_eq!(sent(&statistics, "INFO").0, 1_000, "{statistics}");
    assert_served_well(&office.close());
}

#[test]
fn sipp_signs_in_asks_and_signs_out_over_udp_that_loses_packets() {
    let office = open("sipp-loss");
    let statistics = run(&udp(&office), &[&["-t", "u1", "-lost", "10"], &PATIENT[..]].concat());
    let (once, again) = sent(&statistics, "INFO");
    assert!(once == 1_000 && again > 0, "{statistics}");
    assert_served_well(&office.close());
}

#[test]
fn sipp_is_shared_out_by_kamailio_over_tcp() {
    is_shared_out("sipp-kamailio-tcp", Towards::Tcp, &["-t", "t1"]);
}

#[test]
fn sipp_is_shared_out_by_kamailio_over_udp_that_loses_packets() {
    is_shared_out("sipp-kamailio-udp", Towards::Udp, &[&["-t", "u1", "-lost", "10"], &PATIENT[..]].concat());
}

fn is_shared_out(name: &str, towards: Towards, transport: &[&str]) {
    let site = Site::open(name, towards, &phones(), "");
    let statistics = run(&site.kamailio.address, transport);
    assert_eq!(sent(&statistics, "INFO").0, 1_000, "{statistics}");
    for folder in site.close() {
        let log = assert_served_well(&folder);
        assert_eq!(log.matches("name=session_started").count(), CALLS / 2, "the nodes take turns: {log}");
    }
}

/// A gateway with a line for each client.
pub(crate) fn open(name: &str) -> Office {
    Office::with_phones(name, &phones())
}

fn phones() -> String {
    format!("[[phone]]\nnumber = \"{FIRST_LINE}\"\ncount = {CALLS}\n")
}

fn udp(office: &Office) -> String {
    office.gateway.wait_for("key=sip.udp transport=UDP address=")
}

/// SIPp keeps the machine busy, which would delay tests running in parallel, so only one runs at a time.
static TURN: Mutex<()> = Mutex::new(());

/// Runs the scenario for every line; returns SIPp's statistics. Fails unless every call succeeded.
fn run(gateway: &str, transport: &[&str]) -> String {
    play(gateway, &file("sipp/sign-in.xml"), CALLS, transport)
}

/// The same with another scenario, for the first lines.
pub(crate) fn play(gateway: &str, scenario: &str, calls: usize, transport: &[&str]) -> String {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut command = installed("sipp", "sip-tester");
    let own = own_address();
    let folder = Folder::new(&format!("sipp-{own}"));
    let lines = (FIRST_LINE..FIRST_LINE + calls).map(|line| format!("{line}\n"));
    let lines = folder.write("lines.csv", &format!("SEQUENTIAL\n{}", lines.collect::<String>()));
    let errors = folder.path("errors");
    command.args([gateway, "-sf", scenario, "-inf", &lines]).args(transport);
    command.args(["-m", &calls.to_string(), "-r", "50", "-timeout", "60", "-timeout_error"]);
    command.args(["-i", &own, "-p", "5060", "-ci", &own, "-cp", "8888", "-mi", &own]);
    command.args(["-nostdin", "-trace_err", "-error_file", &errors]);
    let mut sipp = Running::spawn(&mut command);
    let status = sipp.end_within(Duration::from_secs(75));
    let said = sipp.said();
    assert_eq!(status, 0, "{said}\n{}", fs::read_to_string(&errors).unwrap_or_default());
    let (_, statistics) = said.rsplit_once("Messages  Retrans").unwrap();
    statistics.to_owned()
}

/// A loopback address for one run. SIPp does not support port 0, and a port that is free now may be taken before SIPp
/// binds it, by any connection that leaves 127.0.0.1; at an address that nobody else uses, every port stays free.
fn own_address() -> String {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let [_, high, middle, low] =
        ((process::id() << 2) | (RUNS.fetch_add(1, Ordering::Relaxed) & 3)).to_be_bytes();
    format!("127.{}.{middle}.{low}", high | 0x80)
}

/// How many requests of this method were sent, and how many were retransmitted.
fn sent(statistics: &str, method: &str) -> (u32, u32) {
    let arrow = format!("{method} ---------->");
    let (_, counts) = statistics.split_once(&arrow).unwrap();
    let mut counts = counts.split_whitespace().map(|count| count.parse().unwrap());
    (counts.next().unwrap(), counts.next().unwrap())
}
