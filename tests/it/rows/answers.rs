//! Phone systems that answer a request twice, too late or never, service by service.

use ctigate_core::Duration;
use ctigate_core::wire::csta::services::{Served, all};
use ctigate_tests::bench::only;

use super::desk::{Desk, error};
use super::samples::Samples;

/// How many answers came that nobody waited for.
fn unasked(desk: &Desk) -> u64 {
    let counters = desk.bench.engine().counters();
    counters.answers_late + counters.answers_unknown
}

/// Whether the last answer was logged.
fn is_noticed(desk: &mut Desk) -> bool {
    desk.bench.notices().iter().any(|notice| notice.contains("response"))
}

#[test]
fn a_second_answer_to_any_service_reaches_nobody() {
    let mut desk = Desk::with_calls(3, 3);
    for service in all().iter().filter(|service| service.served == Served::Relayed && service.since <= 3) {
        let asked = desk.passed(service.root, &Samples::request(service, 3, 3).sent());
        let response = Samples::response(service, 3, 3).sent();
        assert_eq!(
            only(&desk.says(&asked, service.response_root, &response), 200).root(),
            service.response_root
        );
        desk.wait();
        desk.bench.notices();
        let (view, unasked) = (desk.bench.engine().view(), unasked(&desk));
        assert_eq!(desk.says(&asked, service.response_root, &response), [], "{}", service.root);
        assert_eq!(desk.bench.engine().view(), view, "{}", service.root);
        assert_eq!(self::unasked(&desk), unasked + 1, "{}", service.root);
        assert!(is_noticed(&mut desk), "{}", service.root);
    }
}

#[test]
fn a_late_answer_to_any_service_comes_after_its_error_and_reaches_nobody() {
    for service in all().iter().filter(|service| service.served == Served::Relayed && service.since <= 3) {
        let mut desk = Desk::with_calls(3, 3);
        let asked = desk.passed(service.root, &Samples::request(service, 3, 3).sent());
        desk.bench.advance(Duration::from_secs(5));
        let answer = only(&desk.client.heard(&mut desk.bench), 200);
        assert_eq!(error(&answer), "resourceOutOfService", "{}", service.root);
        let notices = desk.bench.notices();
        let told =
            |notice: &String| notice.starts_with("service_timed_out ") && notice.contains(service.root);
        assert!(notices.iter().any(told), "{}: {notices:?}", service.root);
        let response = Samples::response(service, 3, 3).sent();
        let unasked = unasked(&desk);
        assert_eq!(desk.says(&asked, service.response_root, &response), [], "{}", service.root);
        assert_eq!(self::unasked(&desk), unasked + 1, "{}", service.root);
        assert!(is_noticed(&mut desk), "{}", service.root);
        assert_eq!(desk.bench.engine().view().pending, 0, "{}", service.root);
    }
}
