//! The operations that bytes stand for.

use ctigate_core::{Command, Duration};

use super::stage::Stage;
use super::town::{FIRST_PHONE, PHONES};
use crate::fuzz::choices::Choices;
use crate::fuzz::{mangle, speech};
use crate::random::Random;
use crate::world::{Death, HostId, Weather};

/// Spans of time in milliseconds. One of the first half passes after each operation; any of them as an operation of its
/// own.
pub(super) const SPANS: [u64; 16] =
    [0, 1, 2, 3, 10, 30, 100, 400, 20, 200, 500, 1_000, 2_000, 5_000, 32_000, 90_000];

/// The operations that seeds consist of.
#[derive(Clone, Copy)]
pub(super) enum Operation {
    Time,
    Raw,
    Script,
}

impl Operation {
    /// The byte of the operation.
    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::Time => 9,
            Self::Raw => 12,
            Self::Script => 5,
        }
    }
}

/// Runs one operation, seeds the network's random numbers, and lets time pass.
pub(super) fn one(stage: &mut Stage, choices: &mut Choices<'_>) {
    let operation = choices.below(20);
    *stage.world.random() = Random::new(u64::from(choices.byte()));
    match operation {
        0..=2 => request(stage, choices),
        3 => sign_in(stage, choices),
        4 => answer(stage, choices),
        5 | 6 => script(stage, choices),
        7 | 8 => phone(stage, choices),
        9 | 10 => time(stage, choices),
        11 => reconnect(stage, choices),
        12 => raw(stage, choices),
        13 => weather(stage, choices),
        14 => cut(stage, choices),
        15 => damage(stage, choices),
        16 => trouble(stage, choices),
        17 => links(stage, choices),
        18 => fate(stage, choices),
        _ => manners(stage, choices),
    }
    let span = SPANS.get(choices.below(8)).copied().unwrap_or(0);
    stage.run(Duration::from_millis(span));
}

fn actor(stage: &Stage, choices: &mut Choices<'_>) -> usize {
    choices.below(stage.actors.len())
}

/// Sends a message, damaged or not, perhaps twice.
fn say(stage: &mut Stage, choices: &mut Choices<'_>, index: usize, text: String) {
    let bytes = mangle::message(choices, text);
    stage.say(index, &bytes);
    if choices.chance(24) {
        stage.say(index, &bytes);
    }
}

fn request(stage: &mut Stage, choices: &mut Choices<'_>) {
    let index = actor(stage, choices);
    let Some(actor) = stage.actors.get_mut(index) else { return };
    let text = speech::request(choices, &mut actor.client);
    say(stage, choices, index, text);
}

fn sign_in(stage: &mut Stage, choices: &mut Choices<'_>) {
    let index = actor(stage, choices);
    let Some(actor) = stage.actors.get_mut(index) else { return };
    let text = speech::sign_in(choices, &mut actor.client);
    say(stage, choices, index, text);
}

/// A client answers a gateway, late.
fn answer(stage: &mut Stage, choices: &mut Choices<'_>) {
    let index = actor(stage, choices);
    let Some(actor) = stage.actors.get_mut(index) else { return };
    let Some((line, asked)) = actor.asked.pop_front() else { return };
    let gateway = actor.gateway;
    let status = *choices.pick(&[200, 200, 100, 408, 481, 500, 404]);
    let answer = mangle::message(choices, asked.answered(status));
    stage.say_over(line, gateway, &answer);
}

/// What a client does most of the time.
const LINES: [&str; 14] = [
    "call 1001",
    "call 1002",
    "call 1003",
    "call 1004",
    "answer",
    "hold",
    "retrieve",
    "hangup",
    "snapshot",
    "features",
    "refresh",
    "update",
    "sleep 100ms",
    "quit",
];

/// What a client does with more than one call, and with its phone.
const MORE_LINES: [&str; 18] = [
    "consult 1003",
    "consult 1004",
    "alternate",
    "reconnect",
    "transfer",
    "conference",
    "transfer-to 1002",
    "conference-with 1004",
    "deflect 1003",
    "pickup 1002",
    "join 1001",
    "park 701",
    "digits 12#",
    "clear-call",
    "forward 1003",
    "forward off",
    "dnd on",
    "dnd off",
];

/// A scripted client gets a line of its script.
fn script(stage: &mut Stage, choices: &mut Choices<'_>) {
    let Some(client) = stage.clients.get(choices.below(stage.clients.len())).copied() else { return };
    let line = if choices.chance(64) { choices.word(&MORE_LINES) } else { choices.word(&LINES) };
    stage.world.line(client, line);
}

fn some_phone(choices: &mut Choices<'_>) -> u32 {
    FIRST_PHONE + u32::from(choices.byte()) % PHONES
}

/// What people do most of the time.
const ACTS: [&str; 9] = [
    "dial PHONE OTHER",
    "dial PHONE OTHER",
    "answer PHONE",
    "answer PHONE",
    "hold PHONE",
    "retrieve PHONE",
    "offhook PHONE",
    "hangup PHONE",
    "unmonitor PHONE",
];

/// What they do with more than one call, and with the phone.
const MORE_ACTS: [&str; 17] = [
    "deflect PHONE OTHER",
    "consult PHONE OTHER",
    "consult PHONE OTHER",
    "alternate PHONE",
    "reconnect PHONE",
    "transfer PHONE",
    "transfer PHONE OTHER",
    "conference PHONE",
    "conference PHONE OTHER",
    "enter PHONE OTHER",
    "pickup PHONE OTHER",
    "park PHONE 701",
    "dial PHONE 701",
    "incoming withheld PHONE",
    "forward PHONE OTHER",
    "forward PHONE off",
    "service PHONE in",
];

/// A person does something at a phone.
fn phone(stage: &mut Stage, choices: &mut Choices<'_>) {
    let (phone, other) = (some_phone(choices), some_phone(choices));
    let act = if choices.chance(64) { choices.word(&MORE_ACTS) } else { choices.word(&ACTS) };
    let line = act.replace("PHONE", &phone.to_string()).replace("OTHER", &other.to_string());
    stage.world.line(stage.system.host, &line);
}

fn time(stage: &mut Stage, choices: &mut Choices<'_>) {
    let span = *choices.pick(&SPANS);
    stage.run(Duration::from_millis(span));
}

/// A client's connection ends, or is replaced; the balancer may send the client to the other gateway.
fn reconnect(stage: &mut Stage, choices: &mut Choices<'_>) {
    let index = actor(stage, choices);
    let Some(actor) = stage.actors.get(index) else { return };
    let line = actor.client.line;
    if choices.chance(192) {
        stage.close(line);
    }
    let gateway = choices.below(stage.gateways.len());
    let next = if index == 3 { line } else { stage.connect(gateway) };
    if let Some(actor) = stage.actors.get_mut(index) {
        actor.client.line = next;
        actor.gateway = gateway;
    }
    stage.run(Duration::from_millis(3));
}

fn raw(stage: &mut Stage, choices: &mut Choices<'_>) {
    let index = actor(stage, choices);
    let bytes = choices.raw();
    stage.say(index, bytes);
}

/// The network's weather changes.
fn weather(stage: &mut Stage, choices: &mut Choices<'_>) {
    let mut some = |most: u64| if choices.chance(128) { u64::from(choices.byte()) * most / 255 } else { 0 };
    let weather = Weather {
        latency: 1 + some(50_000),
        jitter: some(500_000),
        piece: some(255),
        merge: some(900),
        loss: some(600),
        duplicate: some(600),
        reorder: some(600),
        oversleep: some(20_000),
        per_byte: some(200),
        ..Weather::CALM
    };
    stage.world.set_weather(weather);
}

/// Two machines that may have a connection.
fn ends(stage: &Stage, choices: &mut Choices<'_>) -> Option<(HostId, HostId)> {
    let gateway = choices.below(stage.gateways.len());
    let one = stage.gateways.get(gateway)?.host;
    let other = if choices.chance(128) { stage.system.host } else { *stage.clients.get(gateway)? };
    Some(if choices.chance(128) { (one, other) } else { (other, one) })
}

/// Connections break.
fn cut(stage: &mut Stage, choices: &mut Choices<'_>) {
    if choices.chance(96) {
        let gateway = choices.below(stage.gateways.len());
        stage.cut_off(gateway);
    } else if let Some((one, other)) = ends(stage, choices) {
        stage.world.cut_link(one, other);
    }
}

/// Bytes between machines are damaged on their way.
fn damage(stage: &mut Stage, choices: &mut Choices<'_>) {
    let Some((from, to)) = ends(stage, choices) else { return };
    let bytes = stage.world.under_way(from, to);
    stage.damaged |= !bytes.is_empty();
    let at = usize::from(choices.byte()) * bytes.len() / 256;
    let count = 1 + choices.below(8);
    let value = choices.byte();
    let flip = choices.chance(128);
    for byte in bytes.iter_mut().skip(at).take(count) {
        *byte = if flip { *byte ^ value } else { value };
    }
}

const TROUBLES: [&str; 9] = [
    "stall on",
    "stall off",
    "delay 400",
    "delay 3000",
    "delay 0",
    "fail link",
    "ask",
    "system partiallyDisabled",
    "system normal",
];

/// The phone system has trouble, or recovers.
fn trouble(stage: &mut Stage, choices: &mut Choices<'_>) {
    let line = choices.word(&TROUBLES);
    stage.world.line(stage.system.host, line);
}

/// Links stall and recover, or break for one end only.
fn links(stage: &mut Stage, choices: &mut Choices<'_>) {
    let Some((one, other)) = ends(stage, choices) else { return };
    match choices.below(5) {
        0 | 1 => stage.world.stall(one, other),
        2 => stage.world.resume(one, other),
        3 => stage.world.half_open(one, other),
        _ => {
            let gateway = choices.below(stage.gateways.len());
            stage.hold_up(gateway, choices.chance(128));
        }
    }
}

/// Rarely a gateway drains, stops, crashes or is restarted, or a clock jumps.
fn fate(stage: &mut Stage, choices: &mut Choices<'_>) {
    let index = choices.below(stage.gateways.len());
    let Some(host) = stage.gateways.get(index).map(|gateway| gateway.host) else { return };
    match choices.below(12) {
        0 => stage.world.command(host, Command::Drain),
        1 => stage.world.command(host, Command::Stop),
        2 => stage.crash(index, Death::Killed),
        3 => stage.crash(index, Death::Silent),
        4..=7 => stage.revive(index),
        jump => {
            let hosts = [host, host, stage.system.host];
            let span = Duration::from_secs(u64::from(choices.byte()) * 16);
            if let Some(host) = hosts.get(jump % 3) {
                stage.world.jump_clock(*host, span);
            }
        }
    }
}

fn manners(stage: &mut Stage, choices: &mut Choices<'_>) {
    stage.behave = choices.chance(192);
}
