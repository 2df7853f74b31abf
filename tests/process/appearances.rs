//! Line appearances: who controls a line at which device, and why somebody does not.

use crate::site::Site;

/// The value of a field in a line of the log.
fn field<'a>(line: &'a str, name: &str) -> &'a str {
    let (_, rest) =
        line.split_once(&format!(" {name}=")).unwrap_or_else(|| panic!("{name} is not in {line}"));
    let quoted = rest.strip_prefix('"').and_then(|rest| rest.split('"').next());
    quoted.or_else(|| rest.split(' ').next()).unwrap()
}

/// Checks that each explanation ends with this cause, counter and remedy.
fn assert_explained(site: &Site, question: &[&str], [cause, counter, remedy]: [&str; 3]) {
    for (status, said) in site.explained(question) {
        let refused = format!("{{\"step\":\"refused\",\"looked_for\":\"{cause}\",\"where\":\"{counter}\"");
        let remedy = format!("{{\"step\":\"remedy\",\"looked_for\":\"{remedy}\"");
        assert!(status == 1 && said.contains(&refused) && said.contains(&remedy), "{question:?}: {said}");
    }
}

#[test]
fn each_refusal_is_told_to_the_client_and_in_the_log_counted_and_explained() {
    let site = Site::open("refusals");
    for (user, line, status, reason, counter) in [
        ("nobody", "1001", 404, "Unknown user", "users_unknown"),
        ("heidi.hall", "1008", 404, "Unknown line", "lines_unknown"),
        ("dave", "1004", 403, "User not enabled for remote call control", "users_not_enabled"),
        ("bob", "1004", 403, "User not authorized for this line", "lines_not_authorized"),
        ("ivan", "1002;device=SEP2", 403, "User not authorized for this line", "lines_not_authorized"),
        ("grace", "1001;device=SEP2", 403, "User not authorized for this line", "lines_not_authorized"),
        ("alice", "1999", 404, "Unknown line", "lines_unknown"),
        ("alice", "1001;device=SEP9", 404, "Unknown device", "devices_unknown"),
        ("alice", "1001;device=SOFT3", 404, "Unknown device", "devices_unknown"),
        ("alice", "1001", 485, "Ambiguous line", "lines_ambiguous"),
    ] {
        let before = site.counter(counter);
        let mut client = site.client(user, line, "");
        assert_eq!(client.end(), 1, "{user} {line}");
        let refused = format!("refused {status} {reason}\n");
        assert!(client.said().contains(&refused), "{user} {line}: {}", client.said());
        assert_eq!(site.counter(counter), before + 1, "{user} {line}");
        let (uri, line) = (format!("sip:{user}@example.com"), format!("tel:{line};phone-context=dialstring"));
        let said = site.gateway.said();
        let told: Vec<&str> = said.lines().filter(|said| said.contains("name=request_refused ")).collect();
        let last = told.last().unwrap();
        let fields = ["status", "why", "user", "line"].map(|name| field(last, name));
        assert_eq!(fields, [&*status.to_string(), reason, &uri, &line], "{last}");
        assert!(
            field(last, "peer").starts_with("127.0.0.1:") && !field(last, "call_id").is_empty(),
            "{last}"
        );
        let cause = format!("{status} {reason}");
        let question = ["--user", &uri, "--line", &line];
        assert_explained(&site, &question, [&cause, counter, field(last, "remedy")]);
        let (status, shown) = site.ctl(&["session", &uri]);
        assert!(status == 0 && shown.contains(&format!("refused     {cause}, ")), "{shown}");
        assert!(shown.contains(&format!("line        {line}\n")), "{shown}");
    }
    let (_, sessions) = site.ctl(&["sessions"]);
    assert!(!sessions.contains("sip:"), "{sessions}");
    site.close();
}

#[test]
fn a_line_that_the_phone_system_does_not_know_is_explained_by_the_running_gateway() {
    let site = Site::open("unknown-there");
    site.reload(|text| text.replace("\"1006\", \"1007\"", "\"1888\"") + "[[line]]\nnumber = \"1888\"\n");
    let mut frank = site.client("frank", "1888", "");
    assert_eq!(frank.end(), 1);
    assert!(frank.said().contains("refused 404 Unknown line\n"), "{}", frank.said());
    let log = site.gateway.wait_for("name=request_refused ");
    let fields = ["status", "service", "device", "why"].map(|name| field(&log, name));
    assert_eq!(fields, ["404", "SnapshotDevice", "1888", "operation/invalidDeviceID"], "{log}");
    let question = ["--user", "sip:frank@example.com", "--line", "tel:1888;phone-context=dialstring"];
    let [by_configuration, live] = site.explained(&question);
    assert_eq!(by_configuration.0, 0, "it cannot know: {}", by_configuration.1);
    for part in [
        "\"looked_for\":\"1888\",\"where\":\"phone system\",\"found\":\"nothing: it answered operation/invalidDeviceID",
        "\"looked_for\":\"404 Unknown line\",\"where\":\"lines_unknown\"",
        field(&log, "remedy"),
    ] {
        assert!(live.0 == 1 && live.1.contains(part), "{part} is not in {}", live.1);
    }
    let (status, shown) = site.ctl(&["session", "frank"]);
    for part in [
        "refused     404 Unknown line, ",
        "line        tel:1888;phone-context=dialstring\n",
        "device      1888: the phone system answered operation/invalidDeviceID to SnapshotDevice\n",
        field(&log, "remedy"),
    ] {
        assert!(status == 0 && shown.contains(part), "{part} is not in {shown}");
    }
    let (_, json) = site.ctl(&["session", "frank", "--json"]);
    let wanted = "\"device\":\"1888\",\"status\":\"404 Unknown line\",\"said\":\"operation/invalidDeviceID\"";
    assert!(
        json.starts_with("{\"sessions\":[],\"next\":null,\"refused\":{") && json.contains(wanted),
        "{json}"
    );
    site.close();
}

#[test]
fn a_device_that_is_not_registered_is_no_refusal_for_good() {
    let site = Site::open("unregistered");
    site.at_phones("service 1003:SOFT3 out");
    let mut carol = site.client("carol", "1003", "sleep 20s\n");
    let told = carol.wait_for("signed-in status=disabled session-expires=");
    assert!(told.parse::<u32>().unwrap() <= 120, "{told}");
    let log = site.gateway.wait_for("name=device_not_registered ");
    assert_eq!((field(&log, "user"), field(&log, "device")), ("sip:carol@example.com", "1003:SOFT3"));
    assert_eq!(site.counter("devices_unregistered"), 1);
    assert!(!site.ctl(&["status"]).1.contains("refused_"), "{}", site.ctl(&["status"]).1);
    let question = ["--user", "sip:carol@example.com", "--line", "tel:1003"];
    let [by_configuration, live] = site.explained(&question);
    assert_eq!(by_configuration.0, 0, "it cannot know: {}", by_configuration.1);
    for part in [
        "\"step\":\"device\",\"looked_for\":\"1003@SOFT3\",\"where\":\"phone system\",\"found\":\"not registered\"",
        "device not registered\",\"where\":\"devices_unregistered\"",
        field(&log, "remedy"),
    ] {
        assert!(live.0 == 1 && live.1.contains(part), "{part} is not in {}", live.1);
    }
    carol.signal("KILL");
    carol.end();
    site.at_phones("service 1003:SOFT3 in");
    let mut again = site.client("carol", "1003", "snapshot\nquit\n");
    assert_eq!(again.end(), 0, "{}", again.said());
    assert!(again.said().contains("signed-in status=normal "), "{}", again.said());
    site.close();
}

#[test]
fn a_number_that_cannot_be_dialled_is_refused_before_the_phone_goes_off_hook() {
    let site = Site::open("undiallable");
    let script = "call 10x2\nexpect error operation/invalidCalledDeviceID 5s\n\
        call 1007\nwait delivered called=1007 5s\nhangup\nwait cleared 5s\nquit\n";
    let mut erin = site.client("erin", "1005", script);
    assert_eq!(erin.end(), 0, "{}", erin.said());
    let said = site.gateway.said();
    assert!(said.contains("error=operation/invalidCalledDeviceID"), "{said}");
    let user = ["--user", "sip:erin@example.com", "--line", "tel:1005", "--dial"];
    for (status, said) in site.explained(&[&user[..], &["10x2"]].concat()) {
        assert!(status == 1 && said.contains("200 with the error operation/invalidCalledDeviceID"), "{said}");
        assert!(said.contains("\"step\":\"remedy\",\"looked_for\":\"write digits, "), "{said}");
    }
    for (status, said) in site.explained(&[&user[..], &["1007"]].concat()) {
        assert!(status == 0 && said.contains("\"step\":\"dials\",\"looked_for\":\"1007\""), "{said}");
    }
    site.close();
}

#[test]
fn a_reload_in_mid_call_ends_whose_right_is_taken_and_no_call() {
    let site = Site::open("right-taken");
    let mut frank = site.client("frank", "1006", "call 1007\nwait established 9s\nwait ended 9s\n");
    let mut erin = site.client("erin", "1005", "call 1002\nwait established 9s\nwait cleared 9s\nquit\n");
    let calls = [&frank, &erin].map(|client| client.wait_for("event delivered "));
    site.at_phones("answer 1007");
    frank.wait_for("event established ");
    let said = site.reload(|text| text.replace("[\"1006\", \"1007\"]", "[\"1007\"]"));
    assert!(said.contains("directory: 10 users, 7 lines"), "{said}");
    frank.wait_for("ended BYE from the gateway");
    assert_eq!(frank.end(), 0, "{}", frank.said());
    let log = site.gateway.wait_for("name=right_withdrawn ");
    let fields = ["user", "why", "remedy"].map(|name| field(&log, name));
    let [user, why, remedy] = fields;
    assert_eq!((user, why), ("sip:frank@example.com", "user not authorized for this line"), "{log}");
    assert_eq!((site.counter("rights_withdrawn"), site.counter("reloads")), (1, 1));
    let question = ["--user", "sip:frank@example.com", "--line", "tel:1006"];
    let cause = ["403 User not authorized for this line", "lines_not_authorized", remedy];
    assert_explained(&site, &question, cause);
    let phone = site.at_phones("phone 1006");
    assert!(phone.contains(" connected, 1007 connected"), "the phones go on: {phone}, {calls:?}");
    // Another's call goes on, and he is told of it.
    site.at_phones("answer 1002:SEP2");
    erin.wait_for("event established ");
    site.at_phones("hangup 1002");
    assert_eq!(erin.end(), 0, "{}", erin.said());
    site.close();
}

#[test]
fn a_selection_in_mid_call_moves_a_session_to_the_line_s_other_device() {
    let site = Site::open("selected");
    let watch = |user: &str| {
        let client = site.client(user, "1001;device=SEP1", "sleep 60s\n");
        client.wait_for("monitor xref=");
        client
    };
    let (alice, grace) = (watch("alice"), watch("grace"));
    site.at_phones("dial 1005 1001");
    for client in [&alice, &grace] {
        client.wait_for("event delivered ");
    }
    site.at_phones("answer 1001:SEP1");
    for client in [&alice, &grace] {
        client.wait_for("event established ");
    }
    let (status, said) = site.ctl(&["select", "alice", "SEP2:1"]);
    assert_eq!((status, said.as_str()), (0, "alice: SEP2:1\n"));
    // The call is shown cleared, although it goes on.
    alice.wait_for("event connection-cleared ");
    assert!(site.at_phones("phone 1001:SEP1").contains(" connected, 1005 connected"));
    let (_, shown) = site.ctl(&["session", "alice"]);
    assert!(shown.lines().any(|line| line.split_whitespace().eq(["device", "1001:SEP2"])), "{shown}");
    let [_, live] = site.explained(&["--user", "sip:alice@example.com", "--line", "tel:1001"]);
    assert!(live.0 == 0 && live.1.contains("\"looked_for\":\"1001@SEP2\""), "{}", live.1);
    // What happens at the other device is told now, to her and not to who stayed.
    site.at_phones("dial 1001:SEP2 1006");
    alice.wait_for("event originated ");
    site.at_phones("hangup 1001:SEP2");
    alice.wait_for_times("event connection-cleared ", 2);
    // Back at the old one, the call that goes on there is shown again.
    assert_eq!(site.ctl(&["select", "alice", "automatic"]).1, "alice: automatic\n");
    alice.wait_for_times("event established ", 2);
    site.at_phones("hangup 1005");
    alice.wait_for_times("event connection-cleared ", 3);
    grace.wait_for("event connection-cleared ");
    let said = [alice.said(), grace.said()];
    assert!(!said[1].contains("event originated "), "{}", said[1]);
    assert_eq!(said.map(|said| said.matches("signed-in ").count()), [1, 1], "nobody signed in anew");
    assert_eq!((site.counter("sign_ins"), site.counter("sessions_ended")), (2, 0));
    drop((alice, grace));
    site.close();
}

#[test]
fn a_call_to_a_shared_line_rings_at_every_client_and_goes_on_at_one() {
    let site = Site::open("shared");
    let found = site.found();
    for appearance in ["SEP1 1 device_id=1001:SEP1", "SEP2 1 device_id=1001:SEP2"] {
        assert!(found.contains(&format!("appearance 1001 {appearance}\n")), "{found}");
    }
    let mut alice = site.client(
        "alice",
        "1001;device=SEP2",
        "wait delivered 9s\nwait connection-cleared cause=multipleAlerting 9s\nexpect calls none 1s\n\
         expect no established 200ms\nquit\n",
    );
    let mut grace = site.client(
        "grace",
        "1001;device=SEP1",
        "wait delivered 9s\nsleep 200ms\nanswer\nexpect calls connected:1005 9s\nwait connection-cleared 9s\nquit\n",
    );
    for client in [&alice, &grace] {
        client.wait_for("monitor xref=");
    }
    // The line is one party to the caller: it rings once, answers, and is in the call until it is left.
    let mut erin = site.client(
        "erin",
        "1005",
        "call 1001\nwait delivered called=1001 5s\nwait established 5s\nexpect calls connected:1001 1s\nsleep 300ms\n\
         expect calls connected:1001 1s\nhangup\nwait cleared 5s\nquit\n",
    );
    for client in [&mut erin, &mut grace, &mut alice] {
        assert_eq!(client.end(), 0, "{}", client.said());
    }
    let rings = [&erin, &grace, &alice].map(|client| client.said().matches("event delivered ").count());
    assert_eq!(rings, [1, 1, 1], "{}", erin.said());
    site.close();
}
