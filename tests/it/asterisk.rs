//! The call model of Asterisk, by recordings of the real one: each story is told to every line in it as a desk phone
//! would show it.

mod listed;
mod lost;
mod made;
mod made_by_others;
mod numbered;
mod orders;
mod stories;
mod world;

use core::fmt::Write as _;

use ctigate_core::wire::csta::model::LocalConnectionState as State;
use ctigate_tests::recordings::{Recording, asterisk};

use stories::stories;
use world::World;

/// Plays a recording to its end.
fn play(recording: &Recording) -> World {
    let mut world = World::new();
    for step in &recording.steps {
        world.step(step);
    }
    world
}

#[test]
fn every_line_of_every_recorded_story_is_told_what_happened() {
    let mut wrong = String::new();
    let recordings = asterisk().unwrap();
    let stories = stories();
    let names: Vec<_> = recordings.iter().map(|recording| &*recording.name).collect();
    assert_eq!(stories.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names);
    for (recording, (name, expected)) in recordings.iter().zip(stories) {
        let heard = play(recording).heard();
        if heard.trim_end() != expected.trim_end() {
            writeln!(wrong, "== {name}\n-- expected\n{expected}-- heard\n{heard}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn names_are_told_as_people_write_them() {
    let recordings = asterisk().unwrap();
    for (story, name, number) in [
        ("name-in-utf8", "D\u{f6}rte M\u{fc}ller-\u{c5}ngstr\u{f6}m \u{5c71}\u{7530}", "1004"),
        ("name-with-quotes", "Eve O'Neil \"Ev\" C:\\x", "1005"),
        ("trunk-call-comes-in", "Foreign Caller", "+49301234567"),
        ("originate-answered", "Anna Arndt", "1001"),
    ] {
        let mut world = World::new();
        for step in &recordings.iter().find(|recording| recording.name == story).unwrap().steps {
            world.step(step);
        }
        let rings = world.said.iter().find(|news| news.local == State::Alerting).unwrap();
        assert_eq!((&*rings.calling.name, &*rings.calling.number), (name, number), "{story}");
        let own =
            if number == "1001" || story == "trunk-call-comes-in" { "Bernd Becker" } else { "Anna Arndt" };
        assert_eq!(&*rings.subject.name, own, "{story}");
    }
}

#[test]
fn nothing_is_left_when_a_story_is_over() {
    for recording in asterisk().unwrap() {
        play(&recording).assert_over(&recording.name);
    }
}
