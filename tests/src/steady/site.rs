//! The directory and the number rules of a large site, for measurements.

use core::fmt::Write as _;
use std::sync::Arc;

use ctigate_core::config::Reload;
use ctigate_core::line::directory::Directory;
use ctigate_core::setting::{Setting, Value};
use ctigate_core::{Command, Input};

use super::Steady;
use super::documents::number_of;
use crate::bench::settings;

/// The rules of each table.
const RULES: usize = 1_000;

/// The settings of a gateway with room for so many `users`; with the rules of a site, if it has a directory.
pub(super) fn configured(users: usize, has_directory: bool) -> Vec<Setting> {
    let number = |number: usize| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    let mut more = vec![("limits.sessions".to_owned(), number(users + 16))];
    if has_directory {
        more.push(("directory.domains".into(), Value::List(vec![Value::Text("example.com".into())])));
        for (table, rule) in
            ["line", "dial", "shown"].into_iter().flat_map(|table| (0..RULES).map(move |rule| (table, rule)))
        {
            let key = |field: &str| format!("numbers.{table}[{rule}].{field}");
            more.push((key("begins"), Value::Text(format!("+49{:04}", 2_000 + rule))));
            more.push((key("strip"), number(3)));
            more.push((key("prepend"), Value::Text("00".into())));
        }
    }
    let more: Vec<(&str, Value)> = more.iter().map(|(key, value)| (&**key, value.clone())).collect();
    settings(&more)
}

/// A directory of so many users, each with a line of their own at a device.
///
/// # Panics
/// If it is wrong.
#[expect(clippy::expect_used, reason = "a measurement's directory is right or it measures nothing")]
pub(super) fn directory(users: usize) -> Arc<Directory> {
    let mut text = String::from("ctigate directory 1\n");
    for user in 0..users {
        let number = number_of(user);
        let _infallible = writeln!(
            text,
            "line {number} e164=+4930{number}\ndevice SEP{user:06} kind=hard\nappearance {number} SEP{user:06} 1\n\
             user user{user} mail=user{user}@example.com line={number}"
        );
    }
    Arc::new(Directory::read(&text, "site").expect("a right directory"))
}

impl Steady {
    /// Begins to change the directory to a new one of as many `users`, and returns how long each turn of the gateway
    /// takes until all sessions are checked against it, by `clock`.
    ///
    /// # Panics
    /// If the configuration is wrong.
    #[expect(clippy::expect_used, reason = "a measurement's configuration is right or it measures nothing")]
    pub fn reload(&mut self, users: usize, clock: impl Fn() -> u64) -> Vec<u64> {
        let configured = configured(self.users.len(), true);
        let next = directory(users);
        let reload = Reload::new(configured, Some(Arc::clone(&next))).expect("a right configuration");
        let mut turns = Vec::new();
        let mut last = clock();
        let input = Input::Command { token: None, command: Command::Reload(&reload) };
        self.now = self.now + ctigate_core::Duration::from_micros(1);
        self.pump.input(self.now, input, &mut self.sent);
        loop {
            let now = clock();
            turns.push(now.saturating_sub(last));
            last = now;
            if self.pump.overdue(self.now, &mut self.sent).is_none_or(|wake| wake.at > self.now) {
                self.directory = Some(next);
                return turns;
            }
        }
    }
}
