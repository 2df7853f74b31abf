//! Users' choices of the line appearance that they control: kept before they are acknowledged, and remembered.

use core::fmt::Write as _;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use ctigate_core::config::Config;
use ctigate_core::engine::Engine;
use ctigate_core::line::directory::Directory;
use ctigate_core::setting::Value;
use ctigate_core::{
    Command, Duration, Input, Level, PersistResult, Refusal, ReplyResult, Seed, StoreFault, Token,
};
use ctigate_tests::bench::{Bench, settings};
use ctigate_tests::world::Death;
use ctigate_tests::{Fault, HostId, Random, Weather, World, twice};

use crate::world::ip;

const DESK: &str = "SEP0002FD3BB5C5:1";

/// The users and the devices, with the line that all of them share.
static SITE: LazyLock<Arc<Directory>> = LazyLock::new(|| {
    let mut text = String::from("ctigate directory 1\nline 1001\nappearance 1001 c 4\n");
    for user in ["alice", "bob", "carol", "dave", "user0", "user1", "user2", "user3"] {
        writeln!(text, "user {user} line=1001").unwrap();
    }
    let named = ["SEP0002FD3BB5C5", "softphone", "a", "a2", "b", "c", "d"].map(String::from);
    for device in named.into_iter().chain((0..1_000).map(|number| format!("desk{number}"))) {
        writeln!(text, "device {device}").unwrap();
        if device != "c" {
            writeln!(text, "appearance 1001 {device} 1").unwrap();
        }
    }
    Arc::new(Directory::read(&text, "site").unwrap())
});

/// A gateway with that directory.
fn listed(config: Config, seed: Seed) -> Engine {
    Engine::new(config, seed).with_directory(Arc::clone(&SITE))
}

/// Gives the gateway a selection under a token; returns the store's token if it is to be kept.
fn select(bench: &mut Bench, token: u64, user: &str, choice: &str) -> Option<Token> {
    let command = Command::Select { user, choice };
    bench.input(Input::Command { token: Some(Token::new(token)), command });
    bench.persists().pop().map(|(token, ..)| token)
}

fn persisted(bench: &mut Bench, token: Option<Token>, result: PersistResult) {
    bench.input(Input::Persisted { token: token.expect("something is to be kept"), result });
}

fn chosen(bench: &Bench) -> Vec<(String, String)> {
    bench.engine().selections("").map(|one| (one.user.into(), one.choice.into())).collect()
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(user, choice)| (user.into(), choice.into())).into()
}

fn reply(token: u64, result: ReplyResult) -> Vec<(Token, ReplyResult)> {
    vec![(Token::new(token), result)]
}

#[test]
fn a_choice_is_acknowledged_and_in_force_once_it_is_kept() {
    let mut bench = Bench::of(&[], listed);
    let command = Command::Select { user: "Alice", choice: DESK };
    bench.input(Input::Command { token: Some(Token::new(7)), command });
    let wanted = bench.persists();
    let [(token, key, value)] = wanted.as_slice() else { panic!("{wanted:?}") };
    assert_eq!((key.as_str(), value.as_str()), ("selection/alice", DESK));
    assert_eq!((bench.replies(), chosen(&bench)), (vec![], vec![]), "nothing is kept yet");
    bench.input(Input::Persisted { token: *token, result: Ok(()) });
    assert_eq!((bench.replies(), chosen(&bench)), (reply(7, Ok(())), pairs([("alice", DESK)])));
    assert!(bench.notices().contains(&format!("selected user=alice choice={DESK}")));
}

#[test]
fn a_store_that_fails_is_named_and_changes_nothing() {
    for fault in StoreFault::ALL {
        let mut bench = Bench::of(&[], listed);
        let kept = select(&mut bench, 1, "alice", DESK);
        persisted(&mut bench, kept, Ok(()));
        bench.replies();
        let kept = select(&mut bench, 2, "alice", "softphone");
        persisted(&mut bench, kept, Err(fault));
        let refused = reply(2, Err(Refusal::Unkept(fault)));
        assert_eq!((bench.replies(), chosen(&bench)), (refused, pairs([("alice", DESK)])));
        let told = bench.levelled_notices();
        let refusal = |(level, text): &(Level, String)| {
            *level == Level::Warn && text.starts_with("selection_refused user=alice choice=softphone")
        };
        assert!(told.iter().any(refusal), "{told:?}");
    }
}

#[test]
fn the_choices_of_one_user_are_kept_in_the_order_they_were_made() {
    let mut bench = Bench::of(&[], listed);
    let first = select(&mut bench, 1, "alice", "a");
    assert_eq!(select(&mut bench, 2, "ALICE", "b"), None, "one at a time");
    assert_eq!(select(&mut bench, 3, "alice", "automatic"), None);
    assert_eq!(select(&mut bench, 4, "alice", "c:4"), None);
    let other = select(&mut bench, 5, "bob", "d");
    // Those of others do not wait.
    persisted(&mut bench, other, Ok(()));
    assert_eq!(bench.replies(), reply(5, Ok(())));
    let mut expected =
        [("b", Ok(()), "a"), ("", Err(StoreFault::Full), "b"), ("c:4", Ok(()), "b")].into_iter();
    let mut next = first;
    let mut result = Ok(());
    for token in 1..=4 {
        persisted(&mut bench, next, result);
        assert_eq!(bench.replies(), reply(token, result.map_err(Refusal::Unkept)));
        let wanted = bench.persists().pop();
        if let Some((value, following, in_force)) = expected.next() {
            let (token, key, kept) = wanted.expect("the next is to be kept");
            assert_eq!((key.as_str(), kept.as_str()), ("selection/alice", value));
            assert!(chosen(&bench).contains(&("alice".into(), in_force.into())));
            (next, result) = (Some(token), following);
        }
    }
    assert_eq!(chosen(&bench), pairs([("alice", "c:4"), ("bob", "d")]));
}

#[test]
fn the_automatic_choice_is_forgotten_by_the_store() {
    let mut bench = Bench::of(&[], listed);
    bench.input(Input::Restored { key: "selection/alice", value: DESK });
    assert_eq!(chosen(&bench), pairs([("alice", DESK)]));
    let command = Command::Select { user: "alice", choice: "automatic" };
    bench.input(Input::from(command));
    let wanted = bench.persists();
    assert_eq!(wanted[0].2, "");
    persisted(&mut bench, Some(wanted[0].0), Ok(()));
    assert_eq!((bench.replies(), chosen(&bench)), (vec![], vec![]), "nobody asked for an answer");
}

#[test]
fn what_cannot_be_chosen_is_refused_and_never_reaches_the_store() {
    let mut bench = Bench::of(&[], listed);
    let long = "a".repeat(257);
    for (user, choice, refusal) in [
        ("", DESK, Refusal::UserSyntax),
        ("al ice", DESK, Refusal::UserSyntax),
        ("al\nice", DESK, Refusal::UserSyntax),
        (&long, DESK, Refusal::UserSyntax),
        ("alice", "", Refusal::ChoiceSyntax),
        ("alice", "SEP:0", Refusal::ChoiceSyntax),
        ("alice", "SEP:1000", Refusal::ChoiceSyntax),
        ("alice", "SEP 1", Refusal::ChoiceSyntax),
        ("alice", &long, Refusal::ChoiceSyntax),
    ] {
        assert_eq!(select(&mut bench, 3, user, choice), None);
        assert_eq!(bench.replies(), reply(3, Err(refusal)), "{user:?} {choice:?}");
    }
    assert_eq!(chosen(&bench), []);
}

#[test]
fn a_choice_without_a_directory_is_refused_and_those_kept_before_stay() {
    let mut bench = Bench::new();
    bench.input(Input::Restored { key: "selection/alice", value: DESK });
    for choice in [DESK, "softphone", "automatic"] {
        assert_eq!(select(&mut bench, 1, "alice", choice), None, "nothing is to be kept");
        assert_eq!(bench.replies(), reply(1, Err(Refusal::NoDirectory)), "{choice}");
        let told = bench.notices();
        let refusal = format!("selection_refused user=alice choice={choice} why=\"there is no directory");
        assert!(told.iter().any(|told| told.starts_with(&refusal)), "{told:?}");
    }
    assert_eq!(chosen(&bench), pairs([("alice", DESK)]), "for when there is a directory");
    bench.reload(&[], Some(&SITE));
    let kept = select(&mut bench, 2, "alice", "softphone");
    persisted(&mut bench, kept, Ok(()));
    assert_eq!((bench.replies(), chosen(&bench)), (reply(2, Ok(())), pairs([("alice", "softphone")])));
}

#[test]
fn no_more_users_choose_than_the_limit_allows() {
    let mut bench = Bench::of(&[("limits.selections", Value::Integer(2))], listed);
    bench.input(Input::Restored { key: "selection/alice", value: "a" });
    let bob = select(&mut bench, 1, "bob", "b");
    assert_eq!(select(&mut bench, 2, "carol", "c"), None, "bob's is on its way");
    assert_eq!(bench.replies(), reply(2, Err(Refusal::TooManyChoices)));
    persisted(&mut bench, bob, Err(StoreFault::Busy));
    let carol = select(&mut bench, 3, "carol", "c");
    persisted(&mut bench, carol, Ok(()));
    // Who has a choice may change it, and what is forgotten makes room.
    let alice = select(&mut bench, 4, "alice", "automatic");
    assert_eq!(select(&mut bench, 5, "alice", "a2"), None);
    bench.replies();
    persisted(&mut bench, alice, Ok(()));
    let again = bench.persists().pop().map(|(token, ..)| token);
    assert_eq!(select(&mut bench, 6, "bob", "b"), None);
    assert!(
        bench.replies().contains(&(Token::new(6), Err(Refusal::TooManyChoices))),
        "alice's is on its way"
    );
    persisted(&mut bench, again, Ok(()));
    assert_eq!(chosen(&bench), pairs([("alice", "a2"), ("carol", "c")]));
    bench.input(Input::Restored { key: "selection/dave", value: "d" });
    assert!(bench.notices().iter().any(|told| told.ends_with("why=limits.selections")));
    assert_eq!(chosen(&bench).len(), 2);
}

#[test]
fn a_store_that_never_answers_holds_a_bounded_number_of_choices() {
    let mut bench = Bench::of(&[], listed);
    for token in 0..100 {
        select(&mut bench, token, "alice", "a");
    }
    let replies = bench.replies();
    assert_eq!(replies.len(), 36);
    assert!(replies.iter().all(|(_, result)| *result == Err(Refusal::TooManyWaiting)));
}

#[test]
fn what_the_store_kept_and_cannot_be_used_is_named_and_ignored() {
    let mut bench = Bench::of(&[], listed);
    bench.notices();
    bench.input(Input::Restored { key: "selection/alice", value: "a" });
    for (key, value) in [
        ("colour/alice", "red"),
        ("selection/", "a"),
        ("selection/Bob", "a"),
        ("selection/b ob", "a"),
        ("selection/bob", ""),
        ("selection/bob", "automatic"),
        ("selection/bob", "a:b"),
        ("selection/alice", "b"),
        ("", ""),
    ] {
        bench.input(Input::Restored { key, value });
        assert!(bench.notices()[0].starts_with("restored_ignored key="), "{key} {value}");
    }
    bench.input(Input::Persisted { token: Token::new(1), result: Ok(()) });
    bench.input(Input::Persisted { token: Token::new(0), result: Err(StoreFault::Full) });
    assert_eq!((bench.replies(), chosen(&bench)), (vec![], pairs([("alice", "a")])));
}

#[test]
fn a_command_that_cannot_be_carried_out_is_refused_with_a_type() {
    let (mut bench, _system, _client, _) = Bench::monitored(&[]);
    let mut asked = |command| {
        bench.input(Input::Command { token: Some(Token::new(1)), command });
        bench.replies().pop().map(|(_, result)| result)
    };
    assert_eq!(asked(Command::Drain), Some(Ok(())));
    assert_eq!(asked(Command::Undrain), Some(Ok(())));
    assert_eq!(asked(Command::Redial(7)), Some(Err(Refusal::NoConnection)));
    assert_eq!(asked(Command::Redial(0)), Some(Err(Refusal::NotDown)));
    assert_eq!(asked(Command::Line("x")), Some(Err(Refusal::Unknown)));
    assert_eq!(asked(Command::End), Some(Err(Refusal::Unknown)));
    assert_eq!(asked(Command::Stop), Some(Ok(())));
    assert_eq!(asked(Command::Undrain), Some(Err(Refusal::Ending)));
}

/// A world with one gateway that keeps what its users choose.
fn gateway(world: &mut World) -> HostId {
    world.add("gateway", ip(1), machine)
}

fn machine() -> Box<dyn ctigate_core::Machine> {
    Box::new(listed(Config::from_settings(&settings(&[])).unwrap(), Seed::from_number(1)))
}

/// What was asked for, in its order: token, user, choice.
type Asked = Vec<(u64, String, String)>;

/// Asks for some choices, at once or with pauses.
fn ask_some(world: &mut World, host: HostId, random: &mut Random, asked: &mut Asked) -> Result<(), Fault> {
    for _ in 0..random.between(1, 12) {
        let user = format!("user{}", random.below(4));
        let choice = match random.below(4) {
            0 => "automatic".to_owned(),
            _ => format!("desk{}", random.below(1_000)),
        };
        let token = u64::try_from(asked.len()).unwrap();
        world.ask(host, Token::new(token), Command::Select { user: &user, choice: &choice });
        asked.push((token, user, choice));
        if random.chance(300) {
            world.run_for(Duration::from_millis(random.below(30)))?;
        }
    }
    Ok(())
}

/// Checks that each user's choice is the one that was acknowledged last, or one that was asked for later.
fn check(found: &BTreeMap<String, String>, asked: &Asked, replies: &[(Token, ReplyResult)]) {
    for user in (0..4).map(|number| format!("user{number}")) {
        let own: Vec<_> = asked.iter().filter(|(_, asking, _)| *asking == user).collect();
        let acknowledged = |token: u64| replies.contains(&(Token::new(token), Ok(())));
        let last = own.iter().rposition(|(token, ..)| acknowledged(*token));
        let now = found.get(&user).map_or("automatic", String::as_str);
        let possible = own.iter().skip(last.unwrap_or(0)).any(|(_, _, choice)| choice == now);
        assert!(
            possible || last.is_none() && now == "automatic",
            "{user}: {now}, asked {own:?}, {replies:?}"
        );
    }
}

#[test]
fn no_acknowledged_choice_is_lost_by_crashes_and_failing_stores() {
    for seed in 0..60 {
        let story = |world: &mut World| {
            let mut random = Random::new(seed);
            let host = gateway(world);
            let mut asked = Asked::new();
            for _ in 0..12 {
                let fault = random.chance(300).then_some(StoreFault::Full);
                world.set_store_fault(host, fault);
                ask_some(world, host, &mut random, &mut asked)?;
                if random.chance(500) {
                    world.crash(host, Death::Killed);
                    world.run_for(Duration::from_secs(1))?;
                    world.restart(host, None, machine);
                } else {
                    world.run_for(Duration::from_secs(1))?;
                }
                check(&world.selections(host), &asked, world.replies(host));
                let kept = world.kept(host).cloned().unwrap_or_default().into_iter();
                let kept: BTreeMap<_, _> =
                    kept.map(|(key, value)| (key.replace("selection/", ""), value)).collect();
                assert_eq!(world.selections(host), kept);
            }
            assert!(world.replies(host).iter().any(|(_, result)| result.is_ok()));
            Ok(())
        };
        twice(seed, Weather::CALM, story).unwrap();
    }
}

#[test]
fn two_nodes_keep_each_its_own_choices() {
    let mut world = World::new(1, Weather::CALM);
    let one = gateway(&mut world);
    let two = world.add("second", ip(2), machine);
    world.ask(one, Token::new(1), Command::Select { user: "alice", choice: DESK });
    world.run_for(Duration::from_secs(1)).unwrap();
    assert_eq!(world.selections(one).get("alice").map(String::as_str), Some(DESK));
    assert_eq!(world.selections(two).get("alice"), None, "there, the line URI decides");
    world.crash(one, Death::Killed);
    world.restart(one, None, machine);
    assert_eq!(world.selections(one).get("alice").map(String::as_str), Some(DESK));
}
