//! A phone that does what NOTIFY says: a SIPp scenario, which registers. Phone 1006, if not said otherwise.

use core::time::Duration;

use crate::house::House;
use crate::mortal;
use crate::program::Running;

/// A phone that is switched on.
pub(crate) struct Obedient {
    number: String,
    running: Running,
}

impl Obedient {
    /// Switches it on, and waits until it is registered.
    pub(crate) fn switched_on(house: &House) -> Self {
        Self::of(house, "1006")
    }

    /// The same for another number.
    pub(crate) fn of(house: &House, number: &str) -> Self {
        let once = ["-m", "1", "-timeout", "20", "-timeout_error", &house.sip()];
        let mut registering = run(house, number, "register.xml", &once);
        let status = registering.end_within(Duration::from_secs(30));
        assert_eq!(status, 0, "{}", registering.said());
        Self { number: number.to_owned(), running: run(house, number, "obedient.xml", &[]) }
    }

    /// Whether all went as the scenario says so far.
    pub(crate) fn assert_content(&mut self, house: &House) {
        assert!(self.running.is_running(), "{}", self.running.said());
        let errors = std::fs::read_to_string(house.path(&format!("obedient.xml.{}.errors", self.number)))
            .unwrap_or_default();
        assert_eq!(errors, "");
    }
}

/// Somebody outside, who is reached through the trunk: the network says 183 only, he answers, and hangs up.
pub(crate) fn outside(house: &House) -> Running {
    let file = format!("{}/../tests/asterisk/outside.xml", env!("CARGO_MANIFEST_DIR"));
    let mut command = mortal("sipp");
    command.args(["-sf", &file, "-i", &house.outside, "-p", "5090", "-mi", &house.outside, "-mp", "30000"]);
    Running::spawn(command.args(["-ci", &house.outside, "-cp", "8888", "-nostdin"]))
}

/// A phone that calls another, and says that it would obey.
pub(crate) fn calling(house: &House, number: &str, called: &str) -> Running {
    run(house, number, "calling.xml", &["-m", "1", "-key", "called", called, &house.sip()])
}

fn run(house: &House, number: &str, scenario: &str, arguments: &[&str]) -> Running {
    let file = format!("{}/../tests/asterisk/{scenario}", env!("CARGO_MANIFEST_DIR"));
    let errors = house.path(&format!("{scenario}.{number}.errors"));
    let place = number.parse::<u16>().unwrap() - 1000;
    let [sip, control, sound] =
        [6000 + 10 * place, 8000 + place, 30_000 + 10 * place].map(|port| port.to_string());
    let mut command = mortal("sipp");
    command.args(["-sf", &file, "-s", number, "-au", number, "-ap", "example"]);
    command.args(["-i", &house.address, "-p", &sip, "-mi", &house.address, "-mp", &sound]);
    command.args(["-ci", &house.address, "-cp", &control, "-nostdin", "-trace_err", "-error_file", &errors]);
    Running::spawn(command.args(arguments))
}
