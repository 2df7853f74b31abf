//! The operations that bytes stand for.

use ctigate_core::wire::csta::services;
use ctigate_core::{Closed, Command, Duration, Input, StoreFault, Token};

use super::stage::Stage;
use super::systems;
use crate::bench::{Client, Line, PhoneSystem, address, csta};
use crate::fuzz::choices::Choices;
use crate::fuzz::{mangle, speech};

/// Spans of time in milliseconds, near the durations of the gateway's timers.
pub(super) const SPANS: [u64; 16] =
    [1, 20, 20, 20, 100, 200, 200, 500, 1_000, 2_000, 5_000, 5_000, 32_000, 45_000, 90_000, 2_100_000];

/// The operations that seeds consist of.
#[derive(Clone, Copy)]
pub(super) enum Operation {
    SystemSpeaks,
    Time,
    Raw,
}

impl Operation {
    /// The byte of the operation.
    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::SystemSpeaks => 11,
            Self::Time => 13,
            Self::Raw => 15,
        }
    }
}

/// Runs one operation.
pub(super) fn one(stage: &mut Stage, choices: &mut Choices<'_>) {
    match choices.below(20) {
        0..=4 => request(stage, choices),
        5 => sign_in(stage, choices),
        6 => reconnect(stage, choices),
        7 => client_answer(stage, choices),
        8 | 9 => event(stage, choices),
        10 => system_answer(stage, choices),
        11 => system_speaks(stage, choices),
        12 => system_link(stage, choices),
        13 | 14 => time(stage, choices),
        15 => raw(stage, choices),
        16 => wanted(stage, choices),
        17 => manners(stage, choices),
        18 => crowd(stage, choices),
        _ => command(stage, choices),
    }
}

/// One of the four clients.
fn actor(stage: &Stage, choices: &mut Choices<'_>) -> usize {
    choices.below(stage.actors.len())
}

fn say_request(stage: &mut Stage, choices: &mut Choices<'_>, index: usize, text: String) {
    let Some(actor) = stage.actors.get(index) else { return };
    let line = actor.client.line;
    let bytes = mangle::message(choices, text);
    let cut = if choices.chance(24) { choices.below(250) * 4 } else { 0 };
    match bytes.split_at_checked(cut) {
        Some((front, back)) if !front.is_empty() => {
            stage.say(line, front);
            stage.say(line, back);
        }
        _ => stage.say(line, &bytes),
    }
    // The same text again.
    if choices.chance(16) {
        stage.say(line, &bytes);
    }
}

fn request(stage: &mut Stage, choices: &mut Choices<'_>) {
    let index = actor(stage, choices);
    let Some(actor) = stage.actors.get_mut(index) else { return };
    let text = speech::request(choices, &mut actor.client);
    say_request(stage, choices, index, text);
}

fn sign_in(stage: &mut Stage, choices: &mut Choices<'_>) {
    let index = actor(stage, choices);
    let Some(actor) = stage.actors.get_mut(index) else { return };
    let text = speech::sign_in(choices, &mut actor.client);
    say_request(stage, choices, index, text);
}

/// A client's connection ends, or is replaced.
fn reconnect(stage: &mut Stage, choices: &mut Choices<'_>) {
    let index = actor(stage, choices);
    let Some(Line::Stream(link)) = stage.actors.get(index).map(|actor| actor.client.line) else { return };
    if choices.chance(200) {
        let why = *choices.pick(&Closed::ALL);
        stage.close(link, why);
    }
    if choices.chance(200) {
        let host = *choices.pick(&["127.0.0.1", "127.0.0.2", "10.0.0.1"]);
        let link = stage.connect(host);
        if let Some(actor) = stage.actors.get_mut(index) {
            actor.client.line = Line::Stream(link);
        }
    }
}

fn client_answer(stage: &mut Stage, choices: &mut Choices<'_>) {
    let index = actor(stage, choices);
    let Some(actor) = stage.actors.get_mut(index) else { return };
    let Some(asked) = actor.asked.pop_front() else { return };
    let line = actor.client.line;
    let status = *choices.pick(&[200, 200, 100, 408, 481, 500, 404]);
    let answer = asked.answered(status);
    let answer = mangle::message(choices, answer);
    stage.say(line, &answer);
}

/// A phone system whose link is open: the latest, or any.
fn system(stage: &Stage, choices: &mut Choices<'_>) -> Option<usize> {
    let open = |system: &systems::System| system.open && !system.over;
    let indexes: Vec<usize> =
        stage.systems.iter().enumerate().filter(|(_, system)| open(system)).map(|(index, _)| index).collect();
    (!indexes.is_empty()).then(|| *choices.pick(&indexes))
}

fn event(stage: &mut Stage, choices: &mut Choices<'_>) {
    let Some(system) = system(stage, choices).and_then(|index| stage.systems.get(index)) else { return };
    let hand = PhoneSystem::on(system.link);
    let document = systems::event(choices, system);
    let document = mangle::document(choices, document);
    hand.say(&mut stage.bench, systems::TOLD, &document);
}

fn system_answer(stage: &mut Stage, choices: &mut Choices<'_>) {
    let Some(system) = system(stage, choices).and_then(|index| stage.systems.get_mut(index)) else { return };
    let hand = PhoneSystem::on(system.link);
    // The oldest request, or another: phone systems need not keep the order.
    let index = if choices.chance(64) { choices.below(system.asked.len().max(1)) } else { 0 };
    let Some(asked) = system.asked.remove(index) else { return };
    let said = system.some_answer(choices, &asked);
    let times = if choices.chance(24) { 2 } else { 1 };
    for (index, document) in said.into_iter().enumerate() {
        let document = mangle::document(choices, document);
        let invoke = if index == 0 { asked.invoke } else { systems::TOLD };
        (0..times).for_each(|_| hand.say(&mut stage.bench, invoke, &document));
    }
}

/// A phone system sends something unrequested, or garbage.
fn system_speaks(stage: &mut Stage, choices: &mut Choices<'_>) {
    let Some(link) = system(stage, choices).and_then(|index| stage.systems.get(index)).map(|one| one.link)
    else {
        return;
    };
    let hand = PhoneSystem::on(link);
    match choices.below(4) {
        0 | 1 => {
            let document = systems::request(choices);
            let invoke = u16::from(choices.byte());
            hand.say(&mut stage.bench, invoke, &document);
        }
        2 => {
            let invoke = *choices.pick(&[0, 1, 2, 3, 4, 5, 9998, 9999]);
            let raw = String::from_utf8_lossy(choices.raw()).into_owned();
            hand.say(&mut stage.bench, invoke, &raw);
        }
        _ => stage.bench.send(link, choices.raw()),
    }
}

/// A CTI connection opens, cannot be opened, or ends.
fn system_link(stage: &mut Stage, choices: &mut Choices<'_>) {
    let Some(index) = stage.systems.len().checked_sub(1 + choices.below(2)) else { return };
    let why = *choices.pick(&Closed::ALL);
    let Some(system) = stage.systems.get_mut(index).filter(|system| !system.over) else { return };
    if !system.open && choices.chance(192) {
        stage.open_system(index);
        return;
    }
    // Links mostly last, or no deep state would be reached.
    if system.open && choices.chance(160) {
        return;
    }
    system.over = true;
    let link = system.link;
    if !stage.bench.is_closed(link) {
        stage.input(Input::Closed { link, why });
    }
}

fn time(stage: &mut Stage, choices: &mut Choices<'_>) {
    let span = *choices.pick(&SPANS);
    stage.advance(Duration::from_millis(span));
}

fn raw(stage: &mut Stage, choices: &mut Choices<'_>) {
    let index = actor(stage, choices);
    let Some(line) = stage.actors.get(index).map(|actor| actor.client.line) else { return };
    match choices.below(3) {
        0 => stage.say(line, b"\r\n\r\n"),
        1 => stage.say(Line::Datagram(address("10.0.0.1:5060")), choices.raw()),
        _ => stage.say(line, choices.raw()),
    }
}

/// A connection that the gateway opens towards a client opens, or fails to.
fn wanted(stage: &mut Stage, choices: &mut Choices<'_>) {
    if choices.chance(128) {
        stage.open_wanted();
    } else if let Some(link) = stage.wanted.pop_front() {
        stage.close(link, Closed::Refused);
    }
}

fn manners(stage: &mut Stage, choices: &mut Choices<'_>) {
    match choices.below(8) {
        0 => stage.clients_behave = !stage.clients_behave,
        1 => stage.systems_behave = !stage.systems_behave,
        2 => stage.prompt = !stage.prompt,
        _ => (stage.clients_behave, stage.systems_behave, stage.prompt) = (true, true, true),
    }
}

/// All clients do the same at once: sign in, monitor their lines, or request a service, after signing in if necessary.
fn crowd(stage: &mut Stage, choices: &mut Choices<'_>) {
    let anew = choices.chance(96);
    let signs_in = |client: &mut Client| {
        (anew || client.gateway_tag.is_empty()).then(|| {
            client.gateway_tag.clear();
            let body = client.sign_in_body();
            client.request("INVITE", &body)
        })
    };
    all_say(stage, signs_in);
    if anew {
        return;
    }
    stage.look();
    let service = *choices.pick(services::all());
    let asks = |client: &mut Client| {
        if service.is_relayed() && service.needs_link() {
            return Some(speech::right_request(client, &service));
        }
        let object = format!("<monitorObject><deviceObject>{}</deviceObject></monitorObject>", client.uri);
        Some(client.request("INFO", &csta("MonitorStart", &object)))
    };
    all_say(stage, asks);
}

/// Each client sends its request, if it has one.
fn all_say(stage: &mut Stage, text: impl Fn(&mut Client) -> Option<String>) {
    for index in 0..stage.actors.len() {
        let Some(actor) = stage.actors.get_mut(index) else { continue };
        let line = actor.client.line;
        if let Some(text) = text(&mut actor.client) {
            stage.say(line, text.as_bytes());
        }
    }
}

/// User IDs and choices, some of which cannot be read.
const USERS: [&str; 6] = ["alice", "ALICE", "bob", "", "a b", "selection/bob"];
const SELECTED: [&str; 7] =
    ["automatic", "SEP0002FD3BB5C5:1", "sep0002fd3bb5c5", "a:0", "", "a:1:2", "\u{202e}"];

fn select(stage: &mut Stage, choices: &mut Choices<'_>) {
    let command = Command::Select { user: choices.word(&USERS), choice: choices.word(&SELECTED) };
    let token = choices.chance(192).then(|| Token::new(u64::from(choices.byte())));
    stage.input(Input::Command { token, command });
}

/// The store answers, once, twice or for nothing.
fn persisted(stage: &mut Stage, choices: &mut Choices<'_>) {
    let fault = *choices.pick(&StoreFault::ALL);
    let result = if choices.chance(192) { Ok(()) } else { Err(fault) };
    stage.input(Input::Persisted { token: Token::new(u64::from(choices.byte() % 16)), result });
}

fn restored(stage: &mut Stage, choices: &mut Choices<'_>) {
    let key = format!("selection/{}", choices.word(&USERS));
    stage.input(Input::Restored { key: &key, value: choices.word(&SELECTED) });
}

fn command(stage: &mut Stage, choices: &mut Choices<'_>) {
    match choices.below(16) {
        0 => stage.input(Input::from(Command::Stop)),
        1 => stage.input(Input::from(Command::Line("x"))),
        2 => stage.input(Input::from(Command::End)),
        3 => stage.input(Input::Clock { unix_micros: 1 }),
        4 => stage.input(Input::from(Command::Drain)),
        5 => stage.input(Input::from(Command::Undrain)),
        6 => stage.input(Input::from(Command::Redial(0))),
        7 => select(stage, choices),
        8 => persisted(stage, choices),
        9 => restored(stage, choices),
        _ => stage.input(Input::Tick),
    }
}
