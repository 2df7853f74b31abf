//! Reading the configuration and its directory again while the gateway runs. That is done beside the machine: nothing
//! reaches it before all is read and checked, and then as one input.

use core::fmt::{Display, Write as _};
use core::sync::atomic::{AtomicBool, Ordering};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use ctigate_core::Level;
use ctigate_core::config::{Change, Config, Mode, Reload, change};
use ctigate_core::line::directory::Directory;
use ctigate_core::setting::{Setting, Value};

use super::directory::{Loaded, load};
use super::programs::without_directory;
use crate::record::console::Console;
use crate::shell::{Said, Silence, Speaker};

/// What an answer and the log begin with if nothing was changed.
const UNCHANGED: &str = "nothing was changed";

/// Reads a gateway's configuration again.
pub(crate) struct Reloader {
    file: PathBuf,
    console: Console,
    running: Mutex<Running>,
    /// Whether a reload asked for by a signal has not begun yet.
    is_due: AtomicBool,
}

/// What the gateway runs with.
struct Running {
    /// The settings, without the directory's entries.
    settings: Vec<Setting>,
    /// Settings that replace others of the same keys: what the system does not allow.
    lowered: Vec<Setting>,
    /// Kept so that the machine need not free it.
    directory: Option<Arc<Directory>>,
}

impl Reloader {
    /// For a gateway that began with what `loaded` says, apart from settings that were `lowered`.
    pub(crate) fn new(
        file: &Path,
        console: &Console,
        settings: &[Setting],
        directory: Option<Arc<Directory>>,
    ) -> Self {
        let running = Running { settings: set(settings), lowered: Vec::new(), directory };
        Self {
            file: file.to_owned(),
            console: console.clone(),
            running: Mutex::new(running),
            is_due: AtomicBool::new(false),
        }
    }

    /// Notes settings that the system does not allow as configured, with those that the gateway runs with.
    pub(crate) fn lower(&self, lowered: Vec<Setting>) {
        self.running().lowered = lowered;
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reloads on a thread of its own. Of several that are asked for meanwhile, one is done.
    pub(crate) fn reload_beside(self: &Arc<Self>, speaker: &Speaker) {
        if self.is_due.swap(true, Ordering::AcqRel) {
            return;
        }
        let (reloader, speaker) = (Arc::clone(self), speaker.clone());
        let reload = move || {
            // The log says what came of it.
            let _ = reloader.reload(&speaker);
        };
        if let Err(error) = thread::Builder::new().name("reload".into()).spawn(reload) {
            self.is_due.store(false, Ordering::Release);
            self.refuse(vec![format!("the system has no thread: {error}")]);
        }
    }

    /// Reads and checks everything, and then has the gateway change to it. Returns what changed, for people.
    ///
    /// # Errors
    /// Why nothing was changed: every mistake, bounded, each on a line.
    pub(crate) fn reload(&self, speaker: &Speaker) -> Result<String, String> {
        let mut running = self.running();
        self.is_due.store(false, Ordering::Release);
        let Loaded { configuration, config, directory, .. } =
            load(&self.file).map_err(|complaints| self.refuse(complaints))?;
        let directory = directory_of(&config, directory);
        let change = change(&running.settings, &set(&without_directory(configuration.settings())));
        let mut settings = change.settings.clone();
        settings.retain(|setting| running.lowered.iter().all(|lowered| lowered.key != setting.key));
        settings.extend_from_slice(&running.lowered);
        let reload = Reload::new(settings, directory.clone()).map_err(|errors| {
            let with_the_rest = |error: &dyn Display| format!("with what needs a restart unchanged, {error}");
            self.refuse(errors.iter().map(|error| with_the_rest(error)).collect())
        })?;
        match speaker.carry_out(Said::Reload(Arc::new(reload))) {
            // If it is busy, it is carried out all the same, when its turn comes.
            Ok(Ok(())) | Err(Silence::Busy) => {}
            Ok(Err(refusal)) => return Err(self.refuse(vec![refusal.to_string()])),
            Err(Silence::Gone) => return Err(self.refuse(vec!["the gateway has ended".into()])),
        }
        if change.changed.iter().any(|key| key == "log.level") {
            self.console.set_least(config.log.level);
        }
        let before = core::mem::replace(&mut running.directory, directory);
        let is_same =
            before.as_ref().map(|old| old.hash()) == running.directory.as_ref().map(|new| new.hash());
        running.settings.clone_from(&change.settings);
        let text = self.tell(&change, running.directory.as_deref(), is_same);
        drop(running);
        Ok(text)
    }

    /// Logs why nothing was changed, and returns it.
    fn refuse(&self, complaints: Vec<String>) -> String {
        let mut text = String::from(UNCHANGED);
        for complaint in complaints {
            self.console.tell(Level::Error, "reload_refused", &[("why", &complaint)]);
            text.push('\n');
            text.push_str(&complaint);
        }
        text
    }

    /// Logs what changed and what did not, and returns it.
    fn tell(&self, change: &Change, directory: Option<&Directory>, is_same: bool) -> String {
        let Change { settings: _, changed, needs_restart } = change;
        let count = directory.map_or(0, |directory| directory.users().len());
        let directory = match (directory, is_same) {
            (None, _) => "none: whoever may speak SIP may control any line".into(),
            (Some(_), true) => format!("unchanged, {count} users"),
            (Some(directory), false) => {
                let (lines, devices) = (directory.lines().len(), directory.devices().len());
                format!("{count} users, {lines} lines, {devices} devices")
            }
        };
        let keys = |keys: &[String]| if keys.is_empty() { "nothing".into() } else { keys.join(", ") };
        let mut text = format!("changed: {}\ndirectory: {directory}\n", keys(changed));
        let fields: &[(&str, &dyn Display)] = &[("changed", &keys(changed)), ("directory", &directory)];
        self.console.tell(Level::Info, "configuration_reloaded", fields);
        for key in needs_restart {
            self.console.tell(Level::Warn, "restart_needed", &[("key", key)]);
        }
        if !needs_restart.is_empty() {
            let written = writeln!(text, "a restart is needed for: {}", keys(needs_restart));
            debug_assert!(written.is_ok(), "writing to memory cannot fail");
        }
        text
    }
}

/// The directory by which users control lines; `None` if any line may be controlled.
pub(crate) fn directory_of(config: &Config, directory: Directory) -> Option<Arc<Directory>> {
    let is_listed = config.directory.mode(!directory.is_empty()) == Mode::Listed;
    is_listed.then(|| Arc::new(directory))
}

/// The settings without empty tables, which set nothing.
fn set(settings: &[Setting]) -> Vec<Setting> {
    settings.iter().filter(|setting| !matches!(setting.value, Value::Other(_))).cloned().collect()
}
