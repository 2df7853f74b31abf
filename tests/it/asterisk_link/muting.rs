//! The microphone of a phone is muted for its user, in the calls that it has.

use ctigate_tests::ami::{Channel, caller};
use ctigate_tests::bench::{Asterisk, Bench, Client, Sip, only};

use super::{end, happen, monitored, ringing, state, talking, told};

fn set(bench: &mut Bench, client: &mut Client, is_on: bool) -> Vec<Sip> {
    let members = format!(
        "<device>1001</device><auditoryApparatus>1</auditoryApparatus><microphoneMuteOn>{is_on}</microphoneMuteOn>"
    );
    client.info(bench, "SetMicrophoneMute", &members)
}

fn is_mute(bench: &mut Bench, client: &mut Client) -> String {
    let members = "<device>1001</device><auditoryApparatus>1</auditoryApparatus>";
    let answer = only(&client.info(bench, "GetMicrophoneMute", members), 200);
    answer.element("microphoneMuteOn").to_owned()
}

/// Has Asterisk do what it was asked for. Returns what it was, and what the client heard of mutes.
fn done(bench: &mut Bench, asterisk: Asterisk, client: &Client) -> (Vec<[String; 3]>, Vec<String>) {
    let asked = asterisk.acted(bench);
    for action in &asked {
        assert_eq!(action.name(), "MuteAudio");
        asterisk.accept(bench, action, &[]);
    }
    let told = client.heard(bench);
    let [answer, events @ ..] = &told[..] else { panic!("it is answered") };
    assert_eq!(answer.root(), "SetMicrophoneMuteResponse");
    let asked =
        asked.iter().map(|one| ["Channel", "Direction", "State"].map(|key| one.value(key).to_owned()));
    (asked.collect(), of(events))
}

/// Of events, whether each mute that they tell is on.
fn of(events: &[Sip]) -> Vec<String> {
    let mutes = events.iter().filter(|event| event.root() == "MicrophoneMuteEvent");
    mutes.map(|event| event.element("microphoneMuteOn").to_owned()).collect()
}

/// What a client heard of mutes since the last call.
fn mutes(bench: &mut Bench, client: &Client) -> Vec<String> {
    bench.advance(ctigate_core::Duration::from_millis(20));
    of(&client.heard(bench))
}

#[test]
fn a_microphone_is_muted_and_its_clients_are_told() {
    let (mut bench, asterisk, mut client, _) = monitored(&[]);
    talking(&mut bench, asterisk);
    told(&mut bench, &client);
    assert_eq!(is_mute(&mut bench, &mut client), "false");
    set(&mut bench, &mut client, true);
    let (asked, told) = done(&mut bench, asterisk, &client);
    assert_eq!(asked, [["PJSIP/1001-00000002", "in", "on"].map(str::to_owned)]);
    assert_eq!(told, ["true"]);
    assert_eq!(is_mute(&mut bench, &mut client), "true");
    set(&mut bench, &mut client, true);
    let (asked, told) = done(&mut bench, asterisk, &client);
    assert_eq!((asked.len(), told.len()), (1, 0), "it was mute before");
    set(&mut bench, &mut client, false);
    let (asked, told) = done(&mut bench, asterisk, &client);
    assert_eq!((&*asked[0][2], told), ("off", vec!["false".to_owned()]));
    assert_eq!(is_mute(&mut bench, &mut client), "false");
}

#[test]
fn a_mute_is_over_with_its_call() {
    let (mut bench, asterisk, mut client, _) = monitored(&[]);
    let (_, anna) = talking(&mut bench, asterisk);
    told(&mut bench, &client);
    set(&mut bench, &mut client, true);
    assert_eq!(done(&mut bench, asterisk, &client).1, ["true"]);
    end(&mut bench, asterisk, &anna, "16");
    assert_eq!(mutes(&mut bench, &client), ["false"]);
    assert_eq!(is_mute(&mut bench, &mut client), "false");
}

#[test]
fn a_call_that_comes_up_later_is_not_muted_and_nobody_believes_it_is() {
    let (mut bench, asterisk, mut client, _) = monitored(&[]);
    talking(&mut bench, asterisk);
    told(&mut bench, &client);
    set(&mut bench, &mut client, true);
    assert_eq!(done(&mut bench, asterisk, &client).1, ["true"]);
    let mut second = caller("PJSIP/1001-00000003", "1001", "1003", "1.3");
    happen(&mut bench, asterisk, "Newchannel", &[("", &second)], &[]);
    assert_eq!(mutes(&mut bench, &client), Vec::<String>::new());
    state(&mut bench, asterisk, &mut second, "Up");
    assert_eq!(mutes(&mut bench, &client), ["false"]);
    // Both are muted when that is asked for now.
    set(&mut bench, &mut client, true);
    let (asked, told) = done(&mut bench, asterisk, &client);
    assert_eq!((asked.len(), told), (2, vec!["true".to_owned()]));
    end(&mut bench, asterisk, &Channel { state: "Up", ..second }, "16");
    assert_eq!(mutes(&mut bench, &client), Vec::<String>::new(), "the other one is mute still");
}

#[test]
fn a_mute_that_was_refused_or_has_no_call_is_none() {
    let (mut bench, asterisk, mut client, _) = monitored(&[]);
    ringing(&mut bench, asterisk);
    told(&mut bench, &client);
    assert!(only(&set(&mut bench, &mut client, true), 200).body().contains("noActiveCall"));
    assert_eq!(asterisk.acted(&mut bench), []);
    let (mut bench, asterisk, mut client, _) = monitored(&[]);
    talking(&mut bench, asterisk);
    told(&mut bench, &client);
    set(&mut bench, &mut client, true);
    let asked = asterisk.only(&mut bench, "MuteAudio");
    asterisk.refuse(&mut bench, &asked, "Failed to mute/unmute stream");
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "CSTAErrorCode");
    assert_eq!(is_mute(&mut bench, &mut client), "false");
    assert_eq!(mutes(&mut bench, &client), Vec::<String>::new());
}
