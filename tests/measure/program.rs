//! The measured program: a gateway and its phone system, each a process, as an operator runs them.

use core::time::Duration;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, ExitStatus, Stdio};
use std::time::Instant;
use std::{env, thread};

use crate::answerer::Answerer;
use crate::sipp::{LINES, Load};
use crate::{Nanos, processor};

const PATIENCE: Duration = Duration::from_secs(15);

/// The file name of the program.
pub(crate) fn name() -> &'static str {
    path().file_name().and_then(|name| name.to_str()).unwrap()
}

pub(crate) fn path() -> &'static Path {
    Path::new(option_env!("CARGO_BIN_EXE_ctigate").or(option_env!("CARGO_BIN_EXE_ctigate-std")).unwrap())
}

/// A folder, which is removed on drop.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let folder = env::temp_dir().join(format!("ctigate-measure-{}-{name}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A process, which is killed on drop.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        self.0.wait().unwrap()
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A phone system, and a gateway with all defaults, which logs to a file.
pub(crate) struct Office {
    gateway: Running,
    _switch: Option<Running>,
    sip: String,
    _folder: Folder,
}

impl Office {
    /// One whose phone system is the built-in one, with a phone for each line.
    pub(crate) fn open(record: bool) -> Self {
        let folder = Folder::new(if record { "recorded" } else { "office" });
        let (first, count) = (LINES.start, LINES.len());
        let phones = format!("control = \"127.0.0.1:0\"\n[[phone]]\nnumber = \"{first}\"\ncount = {count}\n");
        let phones = folder.write("phones.toml", &phones);
        let mut command = logging(&folder, "switch.log");
        command.args(["switch", "--listen", "127.0.0.1:0", "--config"]).arg(phones);
        let switch = Running::start(&mut command);
        let cti = said(&folder, "switch.log", "key=listen transport=TCP address=");
        Self::with(folder, Some(switch), &cti, record)
    }

    /// One whose phone system does whatever it is asked for.
    pub(crate) fn with_answerer(answerer: &Answerer) -> Self {
        Self::with(Folder::new("answered"), None, &answerer.address, false)
    }

    fn with(folder: Folder, switch: Option<Running>, cti: &str, record: bool) -> Self {
        let config = format!("[sip]\ntcp = [\"127.0.0.1:0\"]\n[[cti.connection]]\naddress = \"{cti}\"\n");
        let config = folder.write("gateway.toml", &config);
        let mut command = logging(&folder, "gateway.log");
        command.args(["run", "--config"]).arg(config);
        if record {
            command.arg("--record").arg(folder.path("traces"));
        }
        let gateway = Running::start(&mut command);
        let sip = said(&folder, "gateway.log", "key=sip.tcp transport=TCP address=");
        said(&folder, "gateway.log", "name=cti_in_service");
        Self { gateway, _switch: switch, sip, _folder: folder }
    }

    pub(crate) fn gateway_id(&self) -> u32 {
        self.gateway.id()
    }

    /// What one answered request of `load` costs the gateway.
    pub(crate) fn processor_time(&self, load: Load) -> Nanos {
        let before = processor::time_of(self.gateway.id());
        let answered = load.run(&self.sip);
        Nanos((processor::time_of(self.gateway.id()).0 - before.0) / answered)
    }
}

fn logging(folder: &Folder, log: &str) -> Command {
    let mut command = Command::new(path());
    command.stdout(Stdio::null()).stderr(File::create(folder.path(log)).unwrap());
    command
}

/// Waits until a log contains something; returns the rest of the line.
fn said(folder: &Folder, log: &str, part: &str) -> String {
    let began = Instant::now();
    loop {
        let log = fs::read_to_string(folder.path(log)).unwrap();
        if let Some((rest, _)) = log.split_once(part).and_then(|(_, rest)| rest.split_once('\n')) {
            return rest.to_owned();
        }
        assert!(began.elapsed() < PATIENCE, "'{part}' was never said:\n{log}");
        thread::sleep(Duration::from_millis(10));
    }
}
