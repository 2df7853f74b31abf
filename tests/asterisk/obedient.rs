//! Phone 1006: a SIPp scenario that does what NOTIFY says, and registers.

use core::time::Duration;

use crate::house::House;
use crate::mortal;
use crate::program::Running;

/// Where it is.
const PORT: &str = "6060";

/// A phone that is switched on.
pub(crate) struct Obedient(Running);

impl Obedient {
    /// Switches it on, and waits until it is registered.
    pub(crate) fn switched_on(house: &House) -> Self {
        let mut registering =
            run(house, "register.xml", &["-m", "1", "-timeout", "20", "-timeout_error", &house.sip()]);
        let status = registering.end_within(Duration::from_secs(30));
        assert_eq!(status, 0, "{}", registering.said());
        Self(run(house, "obedient.xml", &[]))
    }

    /// Whether all went as the scenario says so far.
    pub(crate) fn assert_content(&mut self, house: &House) {
        assert!(self.0.is_running(), "{}", self.0.said());
        let errors = std::fs::read_to_string(house.path("obedient.xml.errors")).unwrap_or_default();
        assert_eq!(errors, "");
    }
}

fn run(house: &House, scenario: &str, arguments: &[&str]) -> Running {
    let file = format!("{}/../tests/asterisk/{scenario}", env!("CARGO_MANIFEST_DIR"));
    let errors = house.path(&format!("{scenario}.errors"));
    let mut command = mortal("sipp");
    command.args(["-sf", &file, "-i", &house.address, "-p", PORT, "-mi", &house.address, "-mp", "30000"]);
    command.args(["-ci", &house.address, "-cp", "8888", "-nostdin", "-trace_err", "-error_file", &errors]);
    Running::spawn(command.args(arguments))
}
