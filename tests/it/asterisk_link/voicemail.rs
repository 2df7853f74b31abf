//! Messages that wait in the mailbox of a line.

use ctigate_core::Duration;
use ctigate_tests::ami::push;
use ctigate_tests::bench::{Asterisk, Bench, Client, only};
use ctigate_tests::recordings::{Step, asterisk};

use super::{ENDPOINTS, OBJECT, bench, monitored, sign_in, text};

fn waits(bench: &mut Bench, asterisk: Asterisk, mailbox: &str, waiting: &str) {
    let mut event = String::from("Event: MessageWaiting\r\nPrivilege: call,all\r\n");
    push(&mut event, &[("Mailbox", mailbox), ("Waiting", waiting), ("New", waiting), ("Old", "0")]);
    event.push_str("\r\n");
    asterisk.say(bench, &event);
}

/// What a client was told of messages since the last call.
fn told(bench: &mut Bench, client: &Client) -> Vec<String> {
    bench.advance(Duration::from_millis(20));
    let told = client.heard(bench);
    assert!(told.iter().all(|event| event.root() == "MessageWaitingEvent"), "{told:?}");
    let line = "tel:1001;phone-context=dialstring";
    assert!(told.iter().all(|event| event.element("targetDevice").contains(line)), "{told:?}");
    told.iter().map(|event| event.element("messageWaitingOn").to_owned()).collect()
}

#[test]
fn a_client_is_told_when_messages_wait_and_when_none_do() {
    let (mut bench, asterisk, client, _) = monitored(&[]);
    waits(&mut bench, asterisk, "1001@default", "1");
    waits(&mut bench, asterisk, "1001@default", "2");
    assert_eq!(told(&mut bench, &client), ["true"], "once");
    for other in ["1002@default", "1001@other", "1001", "@default", ""] {
        waits(&mut bench, asterisk, other, "0");
    }
    assert_eq!(told(&mut bench, &client), Vec::<String>::new(), "of other mailboxes");
    waits(&mut bench, asterisk, "1001@default", "0");
    assert_eq!(told(&mut bench, &client), ["false"]);
}

#[test]
fn a_message_that_a_real_asterisk_took_is_told() {
    let recordings = asterisk().unwrap();
    let story = recordings.iter().find(|recording| recording.name == "message-waiting").unwrap();
    let (mut bench, asterisk, client, _) = monitored(&[]);
    let came =
        story.steps.iter().filter_map(|step| if let Step::Came(bytes) = step { Some(bytes) } else { None });
    let text = came.map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect::<String>();
    let event = text.split("\r\n\r\n").find(|event| event.starts_with("Event: MessageWaiting")).unwrap();
    asterisk.say(&mut bench, &format!("{event}\r\n\r\n"));
    assert_eq!(told(&mut bench, &client), ["true"]);
}

#[test]
fn a_client_that_asks_is_told_whether_messages_wait() {
    for (context, counts, expected) in [
        (None, ["0", "0", "3"], "false"),
        (None, ["0", "1", "0"], "true"),
        (Some("office"), ["1", "0", "0"], "true"),
    ] {
        let more: Vec<_> =
            context.map(|name| ("cti.connection[0].mailbox_context", text(name))).into_iter().collect();
        let mut bench = bench(&more);
        let asterisk = Asterisk::answer(&mut bench, ENDPOINTS, &[]);
        let (mut client, _) = sign_in(&mut bench, "alice", 1001);
        only(&client.info(&mut bench, "MonitorStart", OBJECT), 200);
        assert!(client.info(&mut bench, "GetMessageWaitingIndicator", "<device>1001</device>").is_empty());
        let count = asterisk.only(&mut bench, "MailboxCount");
        assert_eq!(count.value("Mailbox"), format!("1001@{}", context.unwrap_or("default")));
        let [urgent, new, old] = counts;
        let lines = [("UrgMessages", urgent), ("NewMessages", new), ("OldMessages", old)];
        asterisk.accept(&mut bench, &count, &lines);
        let answer = only(&client.heard(&mut bench), 200);
        assert_eq!(answer.root(), "GetMessageWaitingIndicatorResponse");
        assert_eq!(answer.element("messageWaitingOn"), expected);
    }
}

#[test]
fn messages_that_cannot_be_counted_are_an_error() {
    let (mut bench, asterisk, mut client, _) = monitored(&[]);
    client.info(&mut bench, "GetMessageWaitingIndicator", "<device>1001</device>");
    let count = asterisk.only(&mut bench, "MailboxCount");
    asterisk.refuse(&mut bench, &count, "Permission denied");
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "CSTAErrorCode");
}
