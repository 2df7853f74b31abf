//! SIPE, the open client for remote call control, behind a proxy: it signs in, calls, stays for three refreshes, calls
//! again and signs out.

use std::thread;
use std::time::Instant;

use core::time::Duration;

pub(crate) mod client;

use crate::assert_served_well;
use crate::office::Office;
use crate::proxy::Proxy;
use client::{LINE, PHONES, SESSION, SOON, Sipe, command};

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

#[test]
fn sipe_keeps_its_line_while_others_transfer_confer_and_divert_its_calls() {
    let phones = format!("{PHONES}[[phone]]\nnumber = \"1003\"\n[[phone]]\nnumber = \"1004\"\n");
    let office = Office::configured("sipe-transferred", &phones, SESSION);
    let proxy = Proxy::before_gateway(&office.sip, LINE);
    let mut sipe = Sipe::start("sipe-transferred", &proxy.address);
    sipe.signs_in();

    // The far party consults 1003 and transfers: the call that SIPE knows is over for it.
    let first = sipe.calls();
    for line in ["consult +3222220220 1003", "answer 1003", "transfer +3222220220"] {
        command(&office.switch, line);
    }
    sipe.reaches("<TransferedEvent ", SOON);
    sipe.forgets(&first);
    command(&office.switch, "hangup 1003");

    // It becomes a conference, which the others leave: over likewise.
    let second = sipe.calls();
    assert_ne!(second, first, "a call of its own");
    for line in ["consult +3222220220 1003", "answer 1003", "conference +3222220220"] {
        command(&office.switch, line);
    }
    sipe.reaches("<ConferencedEvent ", SOON);
    sipe.forgets(&second);
    command(&office.switch, "hangup 1003");
    command(&office.switch, "hangup +3222220220");

    // A call to SIPE's own phone is diverted before it is answered there; SIPE is not concerned.
    command(&office.switch, "dial 1004 73124");
    sipe.reaches("<DeliveredEvent ", SOON);
    command(&office.switch, "deflect 73124 1003");
    sipe.reaches("<DivertedEvent ", SOON);
    command(&office.switch, "hangup 1004");

    // It still has its line: it refreshes, calls, and is told of the end.
    sipe.refreshes();
    let last = sipe.calls();
    sipe.is_hung_up(&office.switch, &last);
    sipe.signs_out();
    until_signed_out(&proxy);
    assert_served_well(&office.close());
}
