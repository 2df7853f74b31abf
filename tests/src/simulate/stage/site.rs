//! The site's directory in a running world: nodes read it anew, users choose line appearances, and clients are due
//! service or a refusal by it.

use std::sync::Arc;

use ctigate_core::config::{Config, Reload, change};
use ctigate_core::engine::Engine;
use ctigate_core::setting::Setting;
use ctigate_core::{Command, Duration, Seed, StoreFault, Token};

use super::deeds::End;
use super::{Node, Report, Stage, settings, wrong};
use crate::random::Random;
use crate::simulate::book::{Book, Meant};
use crate::simulate::client::{Client, Due};
use crate::simulate::field;
use crate::world::{Fault, World};

/// The token of reloads.
const RELOAD: Token = Token::new(u64::MAX);

impl Node {
    /// The settings of this node with those of a directory.
    pub(super) fn settings_with(&self, world: &World, book: Option<&Book>) -> Result<Vec<Setting>, Fault> {
        let mut lines = self.lines.clone();
        lines.extend(book.map(Book::settings).unwrap_or_default());
        settings(world, &lines)
    }
}

impl Stage {
    /// Lets a node begin with the site's directory as it is now.
    pub(super) fn read_site(&mut self, world: &World, index: usize) -> Result<(), Fault> {
        let book = self.book.clone();
        let Some(node) = self.nodes.get_mut(index) else { return Ok(()) };
        node.settings = node.settings_with(world, book.as_ref())?;
        node.config = Config::from_settings(&node.settings).map_err(|errors| wrong(world, &errors))?;
        node.directory =
            book.as_ref().map(Book::directory).transpose().map_err(|what| wrong(world, &what))?;
        node.choices.begin(world.now());
        node.book.replace(book);
        Ok(())
    }

    /// Changes the site's directory, and lets some nodes read it.
    pub(super) fn change_site(
        &mut self,
        world: &mut World,
        node: Option<usize>,
        salt: u64,
    ) -> Result<(), Fault> {
        let Some(book) = &mut self.book else { return Ok(()) };
        book.change(&mut Random::new(salt));
        for index in 0..self.nodes.len() {
            if node.is_none_or(|node| node == index) {
                self.reload(world, index)?;
            }
        }
        Ok(())
    }

    /// Lets a node read the site's directory anew, as far as it can change in a run.
    pub(super) fn reload(&mut self, world: &mut World, index: usize) -> Result<(), Fault> {
        let Some(book) = self.book.clone() else { return Ok(()) };
        let Some(node) = self.nodes.get_mut(index) else { return Ok(()) };
        if world.finished(node.host).is_some() {
            return Ok(());
        }
        let wanted = node.settings_with(world, Some(&book))?;
        let change = change(&node.settings, &wanted);
        if !change.needs_restart.is_empty() {
            return Err(wrong(world, &change));
        }
        let directory = book.directory().map_err(|what| wrong(world, &what))?;
        let reload = Reload::new(change.settings.clone(), Some(directory));
        let reload = reload.map_err(|errors| wrong(world, &errors))?;
        node.settings = change.settings;
        node.book.replace(Some(book));
        let before = world.replies(node.host).len();
        world.ask(node.host, RELOAD, Command::Reload(&reload));
        let answer = world.replies(node.host).get(before..).unwrap_or_default().to_vec();
        if !answer.contains(&(RELOAD, Ok(()))) {
            // An earlier fault has ended the run.
            world.run_for(Duration::ZERO)?;
            let what = format!("a reload is answered {answer:?}");
            return Err(Fault { seed: world.seed(), at: world.now(), what });
        }
        Ok(())
    }

    /// Lets a user choose a line appearance at a node.
    pub(super) fn select(&mut self, world: &mut World, (node, client): (usize, usize), salt: u64) {
        let mut random = Random::new(salt);
        let user = self.clients.get(client).map(|client| client.plan.user.clone()).unwrap_or_default();
        let Some(node) = self.nodes.get_mut(node) else { return };
        let Some(book) = node.book.borrow().clone() else { return };
        let (user, choice) = book.draw_choice(&mut random, &user);
        let may = book.may_choose(&user, &choice);
        node.choices.ask(world, (node.host, node.lives), (&user, &choice), may);
    }

    /// Lets a node's store fail for a while.
    pub(super) fn store_fails(&mut self, world: &mut World, node: usize, fault: StoreFault, ms: u64) {
        if let Some(host) = self.nodes.get(node).map(|node| node.host) {
            world.set_store_fault(host, Some(fault));
            self.later(world, ms, End::StoreFails(host));
        }
    }

    /// Checks what was acknowledged, what is in force, and what is kept, at all nodes.
    ///
    /// # Errors
    /// What is wrong.
    pub(in crate::simulate) fn check_choices(&self, world: &World) -> Result<(), Fault> {
        for (index, node) in self.nodes.iter().enumerate().filter(|_| self.book.is_some()) {
            node.choices.check(world, node.host, node.lives).map_err(|what| {
                let what = format!("node{index}: {what}");
                Fault { seed: world.seed(), at: world.now(), what }
            })?;
        }
        Ok(())
    }

    /// Notes what each client is due, by the directories and choices in force.
    pub(super) fn set_dues(&mut self, world: &World) {
        let dues: Vec<Due> = self.clients.iter().map(|client| self.due(world, client)).collect();
        for (client, due) in self.clients.iter_mut().zip(dues) {
            client.due = due;
        }
    }

    fn due(&self, world: &World, client: &Client) -> Due {
        let Some(named) = &client.plan.named else { return Due::Service };
        let mut unsure = false;
        for node in &self.nodes {
            let book = node.book.borrow();
            let chosen = world.selections(node.host);
            let choice = chosen.get(&client.plan.user).map(String::as_str);
            match book.as_ref().map(|book| book.means(&client.plan.user, named, choice)) {
                Some(Meant::At(_)) | None => return Due::Service,
                // Who has signed in already may stay.
                Some(Meant::Unsure | Meant::Ambiguous) => unsure = true,
                Some(Meant::Refused) => {
                    let is_in = client.call_id().is_some();
                    unsure |= is_in
                        && book.as_ref().is_some_and(|book| !book.phones_of(&client.plan.user).is_empty());
                }
            }
        }
        if unsure { Due::Either } else { Due::Refusal }
    }

    /// Counts the kinds of changes that happened, as of one seed.
    fn count_kinds(report: &mut Report) {
        for kind in ["Select", "Reload", "StoreFails", "Sleep"] {
            if report.happened.contains_key(kind) {
                report.meet(&format!("seed with {kind}"));
            }
        }
        for (met, kind) in [
            ("ended: not refreshed in time", "a session that expired"),
            ("ended: its user may not control its line any more", "a right withdrawn"),
            ("notice device_changed", "a line at another device"),
        ] {
            if report.met.contains_key(met) {
                report.meet(&format!("seed with {kind}"));
            }
        }
    }

    /// Counts what was chosen, changed and ended, for the report.
    pub(super) fn sum_up_site(&self, world: &World, report: &mut Report) {
        for node in &self.nodes {
            let (done, refused) = node.choices.count(world, node.host);
            for (what, count) in [("selection acknowledged", done), ("selection refused", refused)] {
                for _ in 0..count {
                    report.meet(what);
                }
            }
            for said in world.notices(node.host) {
                if said.name == "session_ended"
                    && let Some(why) = field(&said.fields, "why")
                {
                    report.meet(&format!("ended: {why}"));
                }
            }
        }
        if self.book.is_some() {
            Self::count_kinds(report);
        }
    }
}

/// Makes a node's engine, with the site's directory if there is one.
pub(super) fn engines(node: &Node, seed: Seed) -> impl Fn() -> Engine + use<> {
    let (config, directory) = (node.config.clone(), node.directory.clone());
    move || {
        let engine = Engine::new(config.clone(), seed);
        match &directory {
            Some(directory) => engine.with_directory(Arc::clone(directory)),
            None => engine,
        }
    }
}
