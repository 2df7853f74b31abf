//! What is set at a phone, at the phone itself and by its user's client, end to end.

use ctigate_core::{Command, Duration, Seed};
use ctigate_peers::client::{Client, ClientConfig};
use ctigate_tests::office::{GATEWAY, Office, Plan, ip};
use ctigate_tests::world::{Fault, HostId, Weather, World, twice};

fn client(world: &mut World, name: &str, index: u8, number: &str) -> HostId {
    let (user, line) = (format!("sip:{name}@example.com"), format!("tel:{number};phone-context=dialstring"));
    let config = ClientConfig::new(GATEWAY, &user, &line);
    let seed = Seed::from_number(u64::from(index));
    world.add(name, ip(index), move || Box::new(Client::new(config.clone(), seed)))
}

/// Plays a script of the client of 1001 against what happens at the phones meanwhile: lines that begin with `phone ` are
/// said to the phone system 15 s after those before them.
fn play(script: &[&str]) -> Vec<String> {
    let played = twice(1, Weather::CALM, |world| {
        let office = Office::open(world, &Plan::default())?;
        let alice = client(world, "alice", 21, "1001");
        world.line(alice, "wait monitor 60s");
        world.line(alice, "sleep 1s");
        for line in script {
            match line.strip_prefix("phone ") {
                Some(line) => {
                    world.run_for(Duration::from_secs(15))?;
                    world.line(office.switches[0], line);
                }
                None => world.line(alice, line),
            }
        }
        world.command(alice, Command::End);
        world.run_until("the client comes to its end", Duration::from_secs(600), |world| {
            world.finished(alice).is_some()
        })?;
        Ok::<_, Fault>((world.finished(alice), world.printed(alice).to_vec()))
    });
    let (status, printed) = played.unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(status, Some(0), "{printed:#?}");
    printed
}

const SET: &str = "raw <SetForwarding xmlns='http://www.ecma-international.org/standards/ecma-323/csta/ed3'><device>\
                   tel:1001;phone-context=dialstring</device><forwardingType>forwardNoAns</forwardingType>\
                   <activateForward>true</activateForward><forwardDN>tel:1004;phone-context=dialstring</forwardDN>\
                   <ringCount>3</ringCount></SetForwarding>";

#[test]
fn forwarding_set_at_the_phone_and_by_the_client_is_told_once() {
    play(&[
        "phone forward 1001 busy 1003",
        "expect forwarding device=1001 forwardingType=forwardBusy forwardStatus=true forwardTo=1003 cause=- 10s",
        "phone forward 1001 busy 1003",
        "expect no forwarding 5s",
        SET,
        "expect forwarding forwardingType=forwardNoAns forwardTo=1004 ringCount=3 10s",
        SET,
        "expect no forwarding 5s",
        "forward ?",
        "expect ok forward forwardingType=forwardBusy 10s",
        "forward off busy",
        "expect forwarding forwardingType=forwardBusy forwardStatus=false forwardTo=1003 10s",
        "phone forward 1001 off",
        "expect forwarding forwardingType=forwardNoAns forwardStatus=false 10s",
        "quit",
    ]);
}

#[test]
fn what_else_is_set_at_the_phone_reaches_its_client() {
    play(&[
        "phone dnd 1001 on",
        "expect do-not-disturb device=1001 doNotDisturbOn=true cause=- 10s",
        "dnd off",
        "expect do-not-disturb doNotDisturbOn=false 10s",
        "phone lamp 1001 on 1002",
        "expect message-waiting targetDevice=1001 deviceForMessage=1002 messageWaitingOn=true 10s",
        "lamp off",
        "expect message-waiting messageWaitingOn=false 10s",
        "mute on",
        "expect microphone-mute invokingDevice=1001 microphoneMuteOn=true 10s",
        "phone speaker 1001 off",
        "expect speaker-mute speakerMuteOn=true 10s",
        "phone autoanswer 1001 on 2",
        "expect auto-answer autoAnswerOn=true numberOfRings=2 10s",
        "phone callerid 1001 off",
        "expect caller-id-status callerIDProvided=false 10s",
        "phone callwaiting 1001 off",
        "expect device-caps-changed device=1001 10s",
        "device",
        "expect ok device maxActiveCalls=1 10s",
        "devices",
        "phone service 1001 out",
        "expect out-of-service device=1001 10s",
        "dnd on",
        "expect error systemResourceAvailibility/deviceOutOfService 10s",
        "phone service 1001 in",
        "expect back-in-service device=1001 10s",
        "quit",
    ]);
}
