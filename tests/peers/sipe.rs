//! SIPE, the open client for remote call control, behind a proxy: it signs in, calls, stays for three refreshes, calls
//! again and signs out.

use std::thread;
use std::time::Instant;

use core::time::Duration;

pub(crate) mod client;

use crate::assert_served_well;
use crate::office::Office;
use crate::proxy::Proxy;
use client::{LINE, PHONES, SESSION, SOON, Sipe};

#[test]
fn sipe_signs_in_calls_refreshes_three_times_calls_again_and_signs_out() {
    let office = Office::configured("sipe-itself", PHONES, SESSION);
    let proxy = Proxy::before_gateway(&office.sip, LINE);
    let mut sipe = Sipe::start("sipe-itself", &proxy.address);
    sipe.signs_in();
    let first = sipe.calls();
    sipe.is_hung_up(&office.switch, &first);
    for _ in 0..3 {
        sipe.refreshes();
    }
    let second = sipe.calls();
    assert_ne!(second, first, "a call of its own");
    sipe.is_hung_up(&office.switch, &second);
    sipe.signs_out();

    // MonitorStop and BYE end the session; SIPE waits for neither answer.
    let (passed_on, answers) = until_signed_out(&proxy);
    assert!(answers.iter().all(|answer| answer.starts_with("200 ")), "{answers:?}");
    let asked = passed_on.iter().filter(|request| !request.ends_with(" ACK")).count();
    assert_eq!(asked, answers.len(), "{passed_on:?} {answers:?}");
    // SIPE's CSeq goes back with each INVITE: it is the same in successive idle refreshes.
    let refreshes: Vec<_> = passed_on.iter().filter(|request| request.ends_with(" INVITE")).skip(1).collect();
    assert_eq!(refreshes.len(), 3, "{passed_on:?}");
    assert_eq!(refreshes[1..], ["2 INVITE"; 2], "{passed_on:?}");
    assert_served_well(&office.close());
}

/// Waits for a BYE; returns the requests to the gateway and its answers.
pub(crate) fn until_signed_out(proxy: &Proxy) -> (Vec<String>, Vec<String>) {
    let began = Instant::now();
    loop {
        let (passed_on, answers) = proxy.journal();
        if answers.last().is_some_and(|answer| answer.ends_with(" BYE")) {
            return (passed_on, answers);
        }
        assert!(began.elapsed() < SOON, "no BYE was answered: {passed_on:?} {answers:?}");
        thread::sleep(Duration::from_millis(20));
    }
}
