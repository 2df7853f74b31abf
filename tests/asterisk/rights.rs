//! What is left when the user of the manager interface lacks rights.

use core::fmt::Write as _;

use crate::client::Client;
use crate::gateway::{Gateway, configure};
use crate::house::House;
use crate::obedient::Obedient;
use crate::program::{Folder, output};

/// What lacks without a right: what `check --connect` says, and some of the services that are not offered.
const LACKS: [(&str, &str, &[&str]); 3] = [
    (
        "system",
        "no write = system",
        &["AnswerCall", "HoldCall", "SetForwarding", "GetSwitchingFunctionDevices"],
    ),
    ("originate", "no write = originate", &["MakeCall", "DirectedPickupCall", "ConsultationCall"]),
    (
        "call",
        "no write = call",
        &["SingleStepTransferCall", "GenerateDigits", "TransferCall", "ConferenceCall"],
    ),
];

/// A user without each right.
fn users() -> String {
    let all = ["system", "call", "originate", "reporting"];
    let mut text = String::new();
    for (right, _, _) in LACKS {
        let left: Vec<&str> = all.into_iter().filter(|one| *one != right).collect();
        writeln!(text, "\n[without-{right}]\nsecret = example\nread = system,call,user").unwrap();
        writeln!(text, "write = {}", left.join(",")).unwrap();
    }
    let all = all.join(",");
    writeln!(text, "\n[deaf]\nsecret = example\nread = call,user\nwrite = {all}").unwrap();
    text
}

#[test]
fn a_user_who_is_not_told_which_phones_register_is_said() {
    let house = House::with("deaf", &[("manager.conf", &users())]);
    for (user, is_deaf) in [("deaf", true), ("without-call", false)] {
        let folder = Folder::new(&format!("checked-{user}"));
        let named = format!("user = \"{user}\"");
        let config = configure(&folder, &house, "example\n", &[("user = \"ctigate\"", &named)]);
        let (status, out, err) = output(&["check", "--connect", "--config", &config]);
        assert_eq!(status, 0, "{user}: {out} {err}");
        assert_eq!(out.contains("no read = system"), is_deaf, "{user}: {out}");
    }
}

#[test]
fn what_a_right_is_lacking_for_is_said_refused_and_not_offered() {
    let house = House::with("lacking", &[("manager.conf", &users())]);
    let [mut anna] = house.phones(["1001"]);
    let mut frank = Obedient::switched_on(&house);
    for (right, said, services) in LACKS {
        let user = format!("user = \"without-{right}\"");
        let changes = [("user = \"ctigate\"", &*user)];
        let folder = Folder::new(&format!("checked-{right}"));
        let config = configure(&folder, &house, "example\n", &changes);
        let (status, out, err) = output(&["check", "--connect", "--config", &config]);
        assert_eq!(status, 0, "{right}: {out} {err}");
        let gateway = Gateway::changed(&format!("lacking-{right}"), &house, &changes);
        let mut client = Client::signed_in(&gateway, "1006");
        client.does("features");
        let features = client.said();
        let features = features.lines().find(|line| line.contains("features")).unwrap();
        let missing = out.lines().find(|line| line.contains(said)).unwrap_or_default();
        for service in services {
            assert!(missing.contains(service), "{right}: {out}");
            assert!(!features.contains(service), "{right}: {features}");
        }
        assert!(features.contains("MonitorStart"), "{features}");
        anna.does("dial", "1006");
        client.does("expect calls alerting:1001 10s");
        for line in refused(right) {
            client.tell(line);
            client.does("expect error operation/serviceNotSupported");
        }
        anna.hangs_up();
        client.does("expect calls none 10s");
        client.quit();
        gateway.close();
    }
    frank.assert_content(&house);
}

/// What a client asks for in vain while a call rings, without a right.
fn refused(right: &str) -> &'static [&'static str] {
    match right {
        "system" => &["answer", "forward 1003"],
        "originate" => &["call 1002"],
        _ => &["deflect 1002"],
    }
}
