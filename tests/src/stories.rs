//! The table of stories: what people do from their clients and at their phones, and what each client must believe of its
//! calls at each point. A stage plays them: the simulated world, or processes.
//!
//! A story is a text, a step on each line:
//!
//! - `alice: consult 1003` is a line for Alice's scripted client;
//! - `phones: answer 1003` is a line for the phone system, which somebody at a phone does;
//! - `alice = hold:1002 connected:1003` says which calls Alice's client believes in, and no others; `hold:*` with whomever,
//!   where the client cannot know;
//! - `time: 30s` lets time pass; `break` breaks the CTI connections, which come back; `broken: hangup 1002` is a line for
//!   the phone system between the two.
//!
//! Alice, Bob, Carol, Dave and Erin have the lines 1001 to 1005. Who is named in a story is signed in from its beginning,
//! unless its first step is `NAME: sign in`.

mod asterisk;
mod calls;
mod devices;
mod waiting;

use std::collections::BTreeSet;

/// The people, and their lines.
pub const PEOPLE: [(&str, &str); 5] =
    [("alice", "1001"), ("bob", "1002"), ("carol", "1003"), ("dave", "1004"), ("erin", "1005")];

/// One story.
#[derive(Clone, Copy, Debug)]
pub struct Story {
    /// What happens, in a few words.
    pub name: &'static str,
    /// Additional settings of the phone system.
    pub switch: &'static [&'static str],
    /// The steps.
    pub steps: &'static str,
}

const fn story(name: &'static str, steps: &'static str) -> Story {
    Story { name, switch: &[], steps }
}

const fn story_at(name: &'static str, switch: &'static [&'static str], steps: &'static str) -> Story {
    Story { name, switch, steps }
}

/// A phone system whose phones give up soon, so that a story about it does not take long.
const QUICK: &[&str] = &[
    "ring_ms = 500",
    "phone[0].number = \"1001\"",
    "phone[0].count = 10",
    "phone[0].no_answer_after_ms = 3000",
];

/// All stories.
pub fn stories() -> impl Iterator<Item = &'static Story> {
    calls::STORIES.iter().chain(waiting::STORIES).chain(devices::STORIES)
}

/// One step of a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Somebody signs in only now.
    SignIn(&'a str),
    /// A line for somebody's client.
    Client(&'a str, &'a str),
    /// A line for the phone system.
    Phones(&'a str),
    /// Somebody's client believes in these calls.
    Believes(&'a str, &'a str),
    /// Time passes, in milliseconds.
    Time(u64),
    /// The CTI connections break; before they are back the phone system gets this line, unless it is empty.
    Break(&'a str),
}

/// Where stories are played.
pub trait Stage {
    /// Signs somebody in, and waits until the client monitors the line.
    ///
    /// # Errors
    /// Why that did not come about.
    fn sign_in(&mut self, who: &str, line: &str) -> Result<(), String>;

    /// Gives somebody's client a line.
    ///
    /// # Errors
    /// That there is no such client.
    fn client(&mut self, who: &str, line: &str) -> Result<(), String>;

    /// Waits until somebody's client has done every line that it was given.
    ///
    /// # Errors
    /// What failed.
    fn done(&mut self, who: &str) -> Result<(), String>;

    /// Gives the phone system a line; returns its answer.
    ///
    /// # Errors
    /// That there was no answer.
    fn phones(&mut self, line: &str) -> Result<String, String>;

    /// Lets time pass.
    ///
    /// # Errors
    /// What failed meanwhile.
    fn time(&mut self, millis: u64) -> Result<(), String>;

    /// Breaks the CTI connections; does not wait until they are back.
    ///
    /// # Errors
    /// That they could not be broken.
    fn break_links(&mut self) -> Result<(), String>;

    /// Waits until the CTI connections are back.
    ///
    /// # Errors
    /// That they did not come back.
    fn restored(&mut self) -> Result<(), String>;
}

impl Story {
    /// The steps.
    ///
    /// # Errors
    /// A line that is no step.
    pub fn read(&self) -> Result<Vec<Step<'_>>, String> {
        let lines = self.steps.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(|line| step(line).ok_or_else(|| format!("{}: {line:?} is no step", self.name))).collect()
    }

    /// Why an Asterisk cannot tell it: what is missing, a colon, and what is the matter with it. `None` if it can.
    #[must_use]
    pub fn not_with_asterisk(&self) -> Option<&'static str> {
        asterisk::CANNOT.iter().find(|(name, _)| *name == self.name).map(|(_, why)| *why)
    }

    /// Plays the story; at its end everybody hangs up and signs out.
    ///
    /// # Errors
    /// The step that failed, and why.
    pub fn play(&self, stage: &mut impl Stage) -> Result<(), String> {
        self.play_and(stage, |_| Ok(()))
    }

    /// Plays the story, and lets something happen after each step in which people did something.
    ///
    /// # Errors
    /// The step that failed, and why.
    pub fn play_and<S: Stage>(
        &self,
        stage: &mut S,
        meanwhile: impl Fn(&mut S) -> Result<(), String>,
    ) -> Result<(), String> {
        let steps = self.read()?;
        let is_late = |who: &str| steps.contains(&Step::SignIn(who));
        let mut signed_in: Vec<&str> = people(&steps).into_iter().filter(|who| !is_late(who)).collect();
        for who in &signed_in {
            stage.sign_in(who, line_of(who))?;
        }
        for step in &steps {
            perform(stage, *step, &mut signed_in).map_err(|why| format!("{step:?}: {why}"))?;
            if matches!(step, Step::Client(..) | Step::Phones(_)) {
                meanwhile(stage).map_err(|why| format!("after {step:?}: {why}"))?;
            }
        }
        self.end(stage, &signed_in)
    }

    /// Whether connections may break in it at any time: neither time matters in it, nor an event that a client must not
    /// miss, nor when they break.
    #[must_use]
    pub fn bears_breaks(&self) -> bool {
        !["time: ", ": wait ", ": expect ", "break", "broken: "].iter().any(|step| self.steps.contains(step))
    }

    fn end(&self, stage: &mut impl Stage, signed_in: &[&str]) -> Result<(), String> {
        for number in 1001..=1010 {
            // A phone has at most eight calls; hanging up one that has none is refused.
            for _ in 0..8 {
                stage.phones(&format!("hangup {number}"))?;
            }
        }
        for who in signed_in {
            let none = Step::Believes(who, "none");
            perform(stage, none, &mut Vec::new())
                .map_err(|why| format!("at the end of {}: {who}: {why}", self.name))?;
        }
        for who in signed_in {
            stage.client(who, "quit")?;
        }
        Ok(())
    }
}

/// Who has a client in a story, in the order of [`PEOPLE`].
fn people(steps: &[Step<'_>]) -> Vec<&'static str> {
    let named: BTreeSet<&str> = steps.iter().filter_map(Step::who).collect();
    PEOPLE.iter().map(|(name, _)| *name).filter(|name| named.contains(name)).collect()
}

fn perform<'a>(stage: &mut impl Stage, step: Step<'a>, signed_in: &mut Vec<&'a str>) -> Result<(), String> {
    match step {
        Step::SignIn(who) => {
            signed_in.push(who);
            stage.sign_in(who, line_of(who))
        }
        Step::Client(who, line) => {
            stage.client(who, line)?;
            stage.done(who)
        }
        Step::Phones(line) => at_the_phones(stage, line),
        Step::Believes(who, calls) => {
            stage.client(who, &format!("expect calls {calls} 60s"))?;
            stage.done(who)
        }
        Step::Time(millis) => stage.time(millis),
        Step::Break(line) => {
            stage.break_links()?;
            if !line.is_empty() {
                at_the_phones(stage, line)?;
            }
            stage.restored()
        }
    }
}

fn at_the_phones(stage: &mut impl Stage, line: &str) -> Result<(), String> {
    let answer = stage.phones(line)?;
    if answer.starts_with("ok") { Ok(()) } else { Err(answer) }
}

fn line_of(who: &str) -> &'static str {
    PEOPLE.iter().find(|(name, _)| *name == who).map_or("", |(_, line)| *line)
}

impl<'a> Step<'a> {
    const fn who(&self) -> Option<&'a str> {
        match self {
            Self::SignIn(who) | Self::Client(who, _) | Self::Believes(who, _) => Some(*who),
            Self::Phones(_) | Self::Time(_) | Self::Break(_) => None,
        }
    }
}

/// Reads a step.
fn step(line: &str) -> Option<Step<'_>> {
    if line == "break" {
        return Some(Step::Break(""));
    }
    if let Some((who, calls)) = line.split_once(" = ") {
        return is_person(who).then_some(Step::Believes(who, calls));
    }
    let (who, said) = line.split_once(": ")?;
    match (who, said) {
        ("phones", said) => Some(Step::Phones(said)),
        ("broken", said) => Some(Step::Break(said)),
        ("time", said) => {
            let millis = said.strip_suffix("ms").map(str::parse).or_else(|| {
                said.strip_suffix('s').map(|seconds| seconds.parse::<u64>().map(|seconds| seconds * 1000))
            })?;
            millis.ok().map(Step::Time)
        }
        (who, "sign in") => is_person(who).then_some(Step::SignIn(who)),
        (who, said) => is_person(who).then_some(Step::Client(who, said)),
    }
}

fn is_person(who: &str) -> bool {
    PEOPLE.iter().any(|(name, _)| *name == who)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_story_has_a_name_of_its_own_and_can_be_read() {
        let mut names = BTreeSet::new();
        for story in stories() {
            assert!(names.insert(story.name), "{} is twice", story.name);
            let steps = story.read().unwrap();
            assert!(steps.iter().any(|step| matches!(step, Step::Believes(..))), "{}", story.name);
            assert!(!people(&steps).is_empty());
        }
        assert!(names.len() > 30, "{}", names.len());
    }

    #[test]
    fn what_an_asterisk_cannot_tell_names_a_story_and_a_reason() {
        let names: BTreeSet<&str> = asterisk::CANNOT.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), asterisk::CANNOT.len());
        for (name, why) in asterisk::CANNOT {
            assert!(stories().any(|story| story.name == *name), "{name}");
            assert!(why.contains(": "), "{name}");
        }
    }

    #[test]
    fn a_step_is_read() {
        assert_eq!(step("alice: consult 1003"), Some(Step::Client("alice", "consult 1003")));
        assert_eq!(step("bob = hold:1001"), Some(Step::Believes("bob", "hold:1001")));
        assert_eq!(step("phones: answer 1003"), Some(Step::Phones("answer 1003")));
        assert_eq!(step("time: 2s"), Some(Step::Time(2000)));
        assert_eq!(step("time: 20ms"), Some(Step::Time(20)));
        assert_eq!(step("carol: sign in"), Some(Step::SignIn("carol")));
        for wrong in ["mallory: call 1001", "alice", "time: soon", "x = none"] {
            assert_eq!(step(wrong), None, "{wrong}");
        }
    }
}
