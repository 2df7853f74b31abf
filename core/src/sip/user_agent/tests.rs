//! Tests of the user agent alone: messages in, news out, without remote call control.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::SocketAddr;

use super::note_announced;
use super::{Asked, HeldRequest, Leg, Legs, News, Outgoing, Overload, Read, Reply, UserAgent};
use crate::action::{Action, Actions};
use crate::config::Config;
use crate::entropy::Seed;
use crate::input::{Closed, LinkId, ListenerId, Peer};
use crate::phase::Phase;
use crate::setting;
use crate::slots::Slots;
use crate::step::{SessionId, Shared, Step, TimerKey};
use crate::time::{Duration, Instant};
use crate::wire::sip::Message;
use crate::wire::sip::message::Scratch;

const SETTINGS: &str = "sip.tcp = [\"127.0.0.1:5060\"]\ncti.connection[0].address = \"pbx:1040\"\n\
                        limits.links = 64\nlimits.transactions = 64\n";

/// The stream of the clients.
const LINK: LinkId = LinkId::new(1);

/// Sessions that consist of their legs.
struct Table(Slots<Leg>);

impl Legs for Table {
    fn leg(&self, session: SessionId) -> Option<&Leg> {
        self.0.get(session.cast())
    }

    fn leg_mut(&mut self, session: SessionId) -> Option<&mut Leg> {
        self.0.get_mut(session.cast())
    }
}

/// The outcome of a message.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Nothing,
    SignIn,
    Takeover(String),
    InSession(SessionId),
    Over(SessionId, &'static str),
}

/// A user agent, with what it shares.
struct Desk {
    ua: UserAgent,
    legs: Table,
    shared: Shared,
    actions: Actions,
    now: Instant,
}

impl Desk {
    fn new(more: &str) -> Self {
        let text = format!("{SETTINGS}{more}");
        let settings: Vec<_> = text.lines().map(|line| setting::read_line(line).unwrap()).collect();
        let config = Config::from_settings(&settings).unwrap();
        let (ua, legs) = (UserAgent::new(&config), Table(Slots::new(8)));
        let shared = Shared::new(config, Seed::from_number(1));
        let mut desk = Self { ua, legs, shared, actions: Actions::new(), now: Instant::ZERO };
        desk.connect(LINK, "127.0.0.1:40000");
        desk
    }

    /// Runs `act` in a step, and keeps its actions.
    fn step<R>(&mut self, act: impl FnOnce(&mut UserAgent, &mut Step<'_>, &mut Table) -> R) -> R {
        let Self { ua, legs, shared, actions, now } = self;
        actions.clear();
        act(ua, &mut shared.step(*now, actions), legs)
    }

    fn connect(&mut self, link: LinkId, from: &str) {
        let local: SocketAddr = "127.0.0.1:5060".parse().unwrap();
        let peer = Peer { address: from.parse().unwrap(), local, listener: Some(ListenerId::new(0)) };
        self.step(|ua, step, _| ua.links.on_accepted(step, link, peer));
    }

    /// Delivers a message over a link; `answer` is called with its news.
    fn receive(&mut self, link: LinkId, message: &str, answer: Answer<'_>) -> Heard {
        self.step(|ua, step, legs| {
            let handle = super::links::sip_link(step.links, link).expect("the link is open");
            let mut reader = ua.links.check_out(handle).unwrap();
            let origin = reader.origin;
            let mut unfolded = Scratch::default();
            let (heard, is_last) = {
                let (taken, read) = reader.read(step, message.as_bytes(), &mut unfolded);
                assert_eq!(taken, message.len());
                let Read::Message(frame, is_last) = read else { panic!("no message: {message}") };
                let limits = crate::wire::sip::Limits { headers: 64, head: 65_536 };
                let parsed = Message::from_frame(frame, &mut unfolded, limits).unwrap();
                let news = ua.on_message(step, legs, origin, &parsed);
                (answer(ua, step, legs, &news), is_last)
            };
            ua.links.check_in(step, reader, is_last);
            heard
        })
    }

    /// A session whose INVITE was accepted.
    fn session(&mut self, tag: &str) -> SessionId {
        let heard = self.receive(LINK, &request("INVITE", tag, "", 1), &begin);
        let Heard::InSession(session) = heard else { panic!("{heard:?}") };
        self.step(|ua, step, legs| {
            let Some(super::leg::Phase::SigningIn { invite }) = legs.leg(session).map(|leg| leg.phase) else {
                panic!("its INVITE is held")
            };
            legs.leg_mut(session).unwrap().phase = super::leg::Phase::Established;
            ua.accept_invite(step, legs, session, invite, (b"<a/>", false));
        });
        session
    }

    fn our_tag(&self, session: SessionId) -> String {
        self.legs.leg(session).unwrap().dialog.local_tag().to_string()
    }

    /// The first line of each message that was written.
    fn written(&self) -> Vec<String> {
        let lines = self.actions.iter().filter_map(|action| {
            let (Action::Write { bytes, .. } | Action::SendDatagram { bytes, .. }) = action else {
                return None;
            };
            core::str::from_utf8(bytes).ok()?.lines().next().map(String::from)
        });
        lines.collect()
    }

    /// The first message that was written.
    fn first(&self) -> String {
        let first = self.actions.iter().find_map(|action| {
            if let Action::Write { bytes, .. } = action { Some(String::from_utf8_lossy(bytes)) } else { None }
        });
        first.unwrap_or_default().into_owned()
    }
}

type Answer<'a> = &'a dyn Fn(&mut UserAgent, &mut Step<'_>, &mut Table, &News<'_>) -> Heard;

/// Leaves a request unanswered.
fn leave(_ua: &mut UserAgent, _step: &mut Step<'_>, _legs: &mut Table, news: &News<'_>) -> Heard {
    match *news {
        News::Nothing => Heard::Nothing,
        News::SignIn(_) => Heard::SignIn,
        News::Takeover(_, tag) => Heard::Takeover(tag.into()),
        News::InSession(_, session) => Heard::InSession(session),
        News::Over(session, why) => Heard::Over(session, why),
    }
}

/// Answers a request in a session at once.
fn reply(ua: &mut UserAgent, step: &mut Step<'_>, legs: &mut Table, news: &News<'_>) -> Heard {
    if let News::InSession(received, _) = news {
        ua.answer(step, legs, Asked::AtHand(received), &Reply::document(b"<b/>"));
    }
    leave(ua, step, legs, news)
}

/// Begins a session with a sign-in.
fn begin(ua: &mut UserAgent, step: &mut Step<'_>, legs: &mut Table, news: &News<'_>) -> Heard {
    let News::SignIn(received) = news else { return leave(ua, step, legs, news) };
    let timer = ua.settle_timer(step, legs, received).unwrap();
    let begun = (received.local_tag.as_str(), "tel:1001", 0);
    let leg = ua.begin_leg(step, legs, received, begun, timer).unwrap();
    let session = legs.0.insert(leg).unwrap().cast();
    assert!(ua.hold_invite(step, legs, received, session).is_some());
    Heard::InSession(session)
}

fn request(method: &str, tag: &str, to_tag: &str, sequence: u32) -> String {
    let to_tag = if to_tag.is_empty() { String::new() } else { format!(";tag={to_tag}") };
    let (kind, body) = if matches!(method, "INVITE" | "INFO") {
        ("Content-Type: application/csta+xml\r\n", "<x/>")
    } else {
        ("", "")
    };
    format!(
        "{method} sip:gw@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:40000;branch=z9hG4bK{tag}{method}{sequence}\r\n\
         From: <sip:alice@example.com>;tag={tag}\r\nTo: <sip:gw@example.com>{to_tag}\r\nCall-ID: {tag}\r\n\
         CSeq: {sequence} {method}\r\nContact: <sip:alice@127.0.0.1:40000>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A response to a request of ours, as its receiver would write it.
fn response(status: u16, request: &str) -> String {
    let copied = request.lines().filter(|line| {
        ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name))
    });
    let copied: Vec<_> = copied.collect();
    format!("SIP/2.0 {status} So\r\n{}\r\nContent-Length: 0\r\n\r\n", copied.join("\r\n"))
}

#[test]
fn an_invite_outside_a_dialog_is_a_sign_in_and_its_like_is_absorbed() {
    let mut desk = Desk::new("");
    let invite = request("INVITE", "a", "", 1);
    let heard = desk.receive(LINK, &invite, &begin);
    assert!(matches!(heard, Heard::InSession(_)), "{heard:?}");
    assert_eq!(desk.receive(LINK, &invite, &leave), Heard::Nothing);
    assert_eq!(desk.written(), Vec::<String>::new());
}

#[test]
fn what_was_answered_is_answered_the_same_when_it_is_repeated() {
    let mut desk = Desk::new("sip.domain = \"example.com\"");
    let invite = request("INVITE", "a", "", 1).replace("sip:gw@127.0.0.1 ", "sip:gw@elsewhere.example ");
    assert_eq!(desk.receive(LINK, &invite, &leave), Heard::Nothing);
    let first = desk.first();
    assert!(first.starts_with("SIP/2.0 404 "), "{first}");
    assert_eq!(desk.receive(LINK, &invite, &leave), Heard::Nothing);
    assert_eq!(desk.first(), first);
}

#[test]
fn a_request_in_a_dialog_is_in_its_session_and_in_no_other_is_refused() {
    let mut desk = Desk::new("");
    let session = desk.session("a");
    let tag = desk.our_tag(session);
    assert_eq!(desk.receive(LINK, &request("INFO", "a", &tag, 2), &reply), Heard::InSession(session));
    assert_eq!(desk.written(), ["SIP/2.0 200 OK"]);
    assert_eq!(desk.receive(LINK, &request("INFO", "b", &tag, 2), &leave), Heard::Nothing);
    assert!(desk.written()[0].starts_with("SIP/2.0 481 "), "{:?}", desk.written());
}

#[test]
fn a_reinvite_in_an_unknown_dialog_may_be_taken_over() {
    let mut desk = Desk::new("");
    let heard = desk.receive(LINK, &request("INVITE", "a", "theirs", 5), &leave);
    assert_eq!(heard, Heard::Takeover("theirs".into()));
}

#[test]
fn bye_ends_a_session_and_is_answered() {
    let mut desk = Desk::new("");
    let session = desk.session("a");
    let tag = desk.our_tag(session);
    let heard = desk.receive(LINK, &request("BYE", "a", &tag, 2), &leave);
    assert_eq!(heard, Heard::Over(session, "BYE"));
    assert_eq!(desk.written(), ["SIP/2.0 200 OK"]);
}

#[test]
fn cancel_ends_a_sign_in_with_487() {
    let mut desk = Desk::new("");
    let Heard::InSession(session) = desk.receive(LINK, &request("INVITE", "a", "", 1), &begin) else {
        panic!("it is held")
    };
    let cancel =
        request("INVITE", "a", "", 1).replace("INVITE sip", "CANCEL sip").replace("1 INVITE", "1 CANCEL");
    let cancel =
        cancel.replace("Content-Type: application/csta+xml\r\n", "").replace("4\r\n\r\n<x/>", "0\r\n\r\n");
    assert_eq!(desk.receive(LINK, &cancel, &leave), Heard::Over(session, "cancelled"));
    assert_eq!(desk.written().len(), 2);
    assert!(desk.written()[1].starts_with("SIP/2.0 487 "), "{:?}", desk.written());
}

#[test]
fn an_unlisted_peer_is_answered_403_once_and_its_link_is_closed() {
    let mut desk = Desk::new("sip.allow = [\"192.0.2.0/24\"]");
    let (link, invite) = (LinkId::new(3), request("INVITE", "a", "", 1));
    desk.connect(link, "127.0.0.1:40001");
    assert_eq!(desk.receive(link, &invite, &leave), Heard::Nothing);
    assert!(desk.written()[0].starts_with("SIP/2.0 403 "), "{:?}", desk.written());
    assert!(desk.actions.iter().any(|action| action == Action::Close { link }));
    assert_eq!((desk.ua.transactions.server.len(), desk.ua.links.unlisted()), (0, 1));
}

#[test]
fn an_event_waits_for_the_answer_that_announces_its_identifier() {
    let mut desk = Desk::new("");
    let session = desk.session("a");
    desk.step(|ua, step, legs| {
        legs.leg_mut(session).unwrap().outbox.announce();
        ua.send_event(step, legs, session, b"<event/>");
    });
    assert_eq!(desk.written(), Vec::<String>::new());
    desk.step(|_, step, legs| note_announced(step, legs, session));
    let due = desk.shared.timers.next();
    desk.now = Instant::ZERO + Duration::from_millis(20);
    assert_eq!(due, Some((desk.now, TimerKey::Outbox(session))));
    desk.shared.timers.pop_due(desk.now);
    desk.step(|ua, step, legs| {
        let deadline = legs.leg_mut(session).unwrap().outbox.deadline().unwrap();
        crate::timer::Timers::<TimerKey>::fired(deadline);
        ua.send_waiting_events(step, legs, session);
    });
    assert!(desk.written()[0].starts_with("INFO sip:alice@127.0.0.1:40000 "), "{:?}", desk.written());
}

#[test]
fn quirk_3_only_404_410_and_481_to_an_event_end_the_session() {
    for (status, ends) in [(200, false), (408, false), (500, false), (404, true), (410, true), (481, true)] {
        let mut desk = Desk::new("");
        let session = desk.session("a");
        desk.step(|ua, step, legs| ua.send_event(step, legs, session, b"<event/>"));
        let answer = response(status, &desk.first());
        let heard = desk.receive(LINK, &answer, &leave);
        assert_eq!(matches!(heard, Heard::Over(one, _) if one == session), ends, "{status}: {heard:?}");
    }
}

#[test]
fn quirk_8_an_event_opens_a_connection_to_the_client_when_its_own_is_gone() {
    let mut desk = Desk::new("");
    let session = desk.session("a");
    desk.step(|ua, step, _| {
        let handle = super::links::sip_link(step.links, LINK).unwrap();
        ua.links.on_closed(step, handle, Closed::ByPeer);
    });
    desk.step(|ua, step, legs| ua.send_event(step, legs, session, b"<event/>"));
    let link = desk.actions.iter().find_map(|action| {
        if let Action::Connect { link, address: "127.0.0.1:40000" } = action { Some(link) } else { None }
    });
    let link = link.expect("it is dialled");
    let peer = Peer {
        address: "127.0.0.1:40000".parse().unwrap(),
        local: "127.0.0.1:50000".parse().unwrap(),
        listener: None,
    };
    desk.step(|ua, step, _| {
        let handle = super::links::sip_link(step.links, link).unwrap();
        ua.links.on_connected(step, handle, peer);
    });
    assert!(desk.written()[0].starts_with("INFO "), "{:?}", desk.written());
    assert_eq!(desk.shared.counters.events_sent, 1);
}

#[test]
fn a_held_request_is_answered_once_and_counts_until_then() {
    let mut desk = Desk::new("");
    let session = desk.session("a");
    let tag = desk.our_tag(session);
    let held = core::cell::Cell::new(None::<HeldRequest>);
    let keep = |ua: &mut UserAgent, step: &mut Step<'_>, legs: &mut Table, news: &News<'_>| {
        if let News::InSession(received, session) = news {
            held.set(ua.hold(step, legs, received, *session));
        }
        leave(ua, step, legs, news)
    };
    desk.receive(LINK, &request("INFO", "a", &tag, 2), &keep);
    assert_eq!(desk.legs.leg(session).unwrap().unanswered, 1);
    for answers in [1, 0] {
        desk.step(|ua, step, legs| {
            ua.answer(step, legs, Asked::Held(held.get().unwrap()), &Reply::document(b"<c/>"));
        });
        assert_eq!(desk.written().len(), answers);
    }
    assert_eq!(desk.legs.leg(session).unwrap().unanswered, 0);
}

#[test]
fn a_node_that_leaves_turns_sign_ins_away_and_tells_load_balancers() {
    let mut desk = Desk::new("");
    desk.shared.phase = Phase::Draining;
    for method in ["INVITE", "OPTIONS"] {
        assert_eq!(desk.receive(LINK, &request(method, "a", "", 1), &leave), Heard::Nothing);
        let first = desk.first();
        assert!(first.starts_with("SIP/2.0 503 ") && first.contains("Retry-After: "), "{first}");
    }
}

#[test]
fn a_sign_in_that_finds_no_room_is_turned_away_with_a_time_to_come_back() {
    let mut desk = Desk::new("sip.may_say_503 = false");
    let full = |ua: &mut UserAgent, step: &mut Step<'_>, legs: &mut Table, news: &News<'_>| {
        if let News::SignIn(received) = news {
            ua.turn_away(step, legs, received, Overload::Full);
        }
        leave(ua, step, legs, news)
    };
    assert_eq!(desk.receive(LINK, &request("INVITE", "a", "", 1), &full), Heard::SignIn);
    let first = desk.first();
    assert!(first.starts_with("SIP/2.0 500 ") && first.contains("Retry-After: "), "{first}");
}

#[test]
fn our_own_bye_is_waited_for_and_a_session_forgotten_leaves_no_timer() {
    let mut desk = Desk::new("");
    let session = desk.session("a");
    desk.step(|ua, step, legs| ua.send_request(step, legs, session, Outgoing::Bye));
    let bye = desk.first();
    assert!(bye.starts_with("BYE "), "{bye}");
    assert_eq!(desk.ua.transactions.byes, 1);
    let leg = desk.legs.0.remove(session.cast()).unwrap();
    desk.step(|ua, step, _| ua.forget(step, session, leg));
    assert_eq!(desk.receive(LINK, &response(200, &bye), &leave), Heard::Nothing);
    assert_eq!((desk.ua.transactions.byes, desk.ua.dialogs()), (0, 0));
    let left =
        core::iter::from_fn(|| desk.shared.timers.pop_due(Instant::ZERO + Duration::from_secs(100_000)));
    let left: Vec<_> =
        left.filter(|(_, key)| matches!(key, TimerKey::Expiry(_) | TimerKey::Refresh(_))).collect();
    assert_eq!(left, []);
}

#[test]
fn a_request_that_came_another_way_is_merged_only_while_the_first_is_unanswered() {
    let mut desk = Desk::new("");
    let invite = request("INVITE", "a", "", 1);
    let Heard::InSession(session) = desk.receive(LINK, &invite, &begin) else { panic!("it is held") };
    let other = |number: u32| invite.replace("branch=z9hG4bK", &format!("branch=z9hG4bK{number}"));
    assert_eq!(desk.receive(LINK, &other(1), &leave), Heard::Nothing);
    assert_eq!(desk.written(), ["SIP/2.0 482 Merged Request"]);
    let again = request("INVITE", "a", "unknown", 1).replace("branch=z9hG4bK", "branch=z9hG4bK3");
    assert_eq!(desk.receive(LINK, &again, &leave), Heard::Takeover("unknown".into()), "it has a To tag");
    desk.step(|ua, step, legs| {
        let Some(super::leg::Phase::SigningIn { invite }) = legs.leg(session).map(|leg| leg.phase) else {
            panic!("its INVITE is held")
        };
        ua.accept_invite(step, legs, session, invite, (b"<a/>", false));
    });
    assert_eq!(desk.receive(LINK, &other(2), &leave), Heard::SignIn);
}

#[test]
fn a_second_try_on_another_link_is_merged_only_while_the_first_is_open() {
    for (open, expected) in [(true, Heard::Nothing), (false, Heard::SignIn)] {
        let mut desk = Desk::new("");
        let (link, invite) = (LinkId::new(3), request("INVITE", "a", "", 1));
        desk.connect(link, "127.0.0.1:40001");
        assert!(matches!(desk.receive(LINK, &invite, &begin), Heard::InSession(_)));
        if !open {
            desk.step(|ua, step, _| {
                let handle = super::links::sip_link(step.links, LINK).unwrap();
                ua.links.on_closed(step, handle, Closed::ByPeer);
            });
        }
        let second = invite.replace("branch=z9hG4bK", "branch=z9hG4bKsecond");
        assert_eq!(desk.receive(link, &second, &leave), expected);
    }
}

#[test]
fn an_answer_with_another_cseq_or_a_second_via_is_nobodys() {
    let mut desk = Desk::new("");
    let session = desk.session("a");
    desk.step(|ua, step, legs| ua.send_event(step, legs, session, b"<event/>"));
    let good = response(481, &desk.first());
    for bad in [
        good.replace(" INFO\r\n", " UPDATE\r\n"),
        good.replace("CSeq: ", "CSeq: 1"),
        good.replace("From: ", "Via: SIP/2.0/TCP h;branch=z9hG4bK1\r\nFrom: "),
    ] {
        assert_eq!(desk.receive(LINK, &bad, &leave), Heard::Nothing, "{bad}");
    }
    assert!(matches!(desk.receive(LINK, &good, &leave), Heard::Over(one, _) if one == session));
}

#[test]
fn a_link_waits_for_its_silence_only_while_it_carries_no_dialog() {
    let mut desk = Desk::new("");
    let waits = |desk: &mut Desk| {
        let due = desk.shared.timers.next();
        due.is_some_and(|(at, key)| {
            matches!(key, TimerKey::Link(_)) && at == desk.now + Duration::from_secs(600)
        })
    };
    assert!(waits(&mut desk));
    let session = desk.session("a");
    let tag = desk.our_tag(session);
    desk.receive(LINK, &request("ACK", "a", &tag, 1), &leave);
    assert!(!waits(&mut desk));
    let leg = desk.legs.0.remove(session.cast()).unwrap();
    desk.step(|ua, step, _| ua.forget(step, session, leg));
    assert!(waits(&mut desk));
}

#[test]
fn a_body_that_reaches_into_the_next_message_ends_its_link_with_400() {
    let mut desk = Desk::new("");
    let session = desk.session("a");
    let tag = desk.our_tag(session);
    let behind = request("BYE", "a", &tag, 3);
    let update = request("UPDATE", "a", &tag, 2);
    let torn = update
        .replace("Content-Length: 0\r\n\r\n", &format!("Content-Length: {}\r\n\r\n{behind}", behind.len()));
    assert_eq!(desk.receive(LINK, &torn, &leave), Heard::Nothing);
    assert_eq!(desk.written(), ["SIP/2.0 400 Content-Length Beyond The Message"]);
    assert!(desk.actions.iter().any(|action| action == Action::Close { link: LINK }));
    assert!(desk.legs.leg(session).is_some(), "the session lives on");
}
