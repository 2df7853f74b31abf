//! The inventory of a phone system: its devices, asked for over a CTI link that the test plays by hand.

use ctigate_core::config::Config;
use ctigate_core::inventory::{Inventory, Stations};
use ctigate_core::line::directory::Builder;
use ctigate_core::setting::Value;
use ctigate_core::{
    Action, Actions, Closed, Command, Duration, Input, Instant, LinkId, Machine as _, Peer, Seed,
};
use ctigate_tests::bench::{Asked, address, csta_error, settings};
use ctigate_tests::sip::csta;

const SESSION: &str = "http://www.ecma-international.org/standards/ecma-354/appl_session";

/// The services of a phone system that can tell of its devices.
const TELLS: &str = "<getLogicalDeviceInformation/><getSwitchingFunctionDevices/>";

/// An inventory, and what it has sent.
struct Scene {
    inventory: Inventory,
    now: Instant,
    link: Option<LinkId>,
    asked: Vec<Asked>,
    finished: Option<u8>,
}

impl Scene {
    fn new(more: &[(&str, Value)]) -> Self {
        let config = Config::from_settings(&settings(more)).expect("a good configuration");
        let inventory = Inventory::new(config, Seed::from_number(1));
        let mut scene = Self { inventory, now: Instant::ZERO, link: None, asked: Vec::new(), finished: None };
        scene.input(Input::Tick);
        scene
    }

    /// The same, in service at a phone system with these services.
    fn in_service(services: &str, more: &[(&str, Value)]) -> Self {
        let mut scene = Self::new(more);
        let peer = Peer { address: address("127.0.0.1:4000"), local: address("127.0.0.1:1"), listener: None };
        scene.input(Input::Opened { link: scene.link(), peer });
        let started = "<sessionID>s1</sessionID><actualProtocolVersion>x</actualProtocolVersion>\
                       <actualSessionDuration>180</actualSessionDuration>";
        let started = format!(
            "<StartApplicationSessionPosResponse xmlns=\"{SESSION}\">{started}</StartApplicationSessionPosResponse>"
        );
        scene.serve("StartApplicationSession", &started);
        let services = format!(
            "<supportedServices><capExchangeServList>{services}</capExchangeServList></supportedServices>"
        );
        scene.serve("GetCSTAFeatures", &csta("GetCSTAFeaturesResponse", &services));
        scene.serve(
            "SystemRegister",
            &csta("SystemRegisterResponse", "<sysStatRegisterID>r</sysStatRegisterID>"),
        );
        scene
    }

    fn link(&self) -> LinkId {
        self.link.expect("it has dialled")
    }

    fn input(&mut self, input: Input<'_>) {
        let mut actions = Actions::new();
        let mut offset = 0;
        loop {
            actions.clear();
            let part = if let Input::Bytes { link, bytes } = input {
                Input::Bytes { link, bytes: &bytes[offset..] }
            } else {
                input
            };
            let taken = self.inventory.step(self.now, part, &mut actions).0;
            self.obey(&actions);
            assert_eq!(self.inventory.digest(), self.inventory.full_digest());
            offset += taken;
            if !matches!(input, Input::Bytes { bytes, .. } if offset < bytes.len()) {
                break;
            }
        }
        while self.inventory.next_wake().is_some_and(|wake| wake.at <= self.now) {
            actions.clear();
            self.inventory.step(self.now, Input::Tick, &mut actions);
            self.obey(&actions);
        }
    }

    fn obey(&mut self, actions: &Actions) {
        for action in actions.iter() {
            if let Action::Connect { link, .. } = action {
                self.link = Some(link);
            } else if let Action::Write { bytes, .. } = action {
                let text = core::str::from_utf8(&bytes[4..]).expect("UTF-8 behind the length");
                let (invoke, document) = text.split_at(4);
                let invoke = invoke.parse().expect("four digits");
                self.asked.push(Asked { invoke, document: document.into() });
            } else if let Action::Finish { status } = action {
                self.finished = Some(status);
            }
        }
    }

    /// Lets the phone system send a document.
    fn say(&mut self, invoke: u16, document: &str) {
        let length = u16::try_from(document.len() + 8).expect("a short document").to_be_bytes();
        let frame = [&[0, 0], &length[..], format!("{invoke:04}{document}").as_bytes()].concat();
        self.input(Input::Bytes { link: self.link(), bytes: &frame });
    }

    /// Answers the oldest request, which must be a `service`.
    fn serve(&mut self, service: &str, answer: &str) -> Asked {
        let asked = self.asked.remove(0);
        assert_eq!(asked.root(), service);
        self.say(asked.invoke, answer);
        asked
    }

    fn announce(&mut self) {
        let named = "<serviceCrossRefID>7</serviceCrossRefID>";
        self.serve("GetSwitchingFunctionDevices", &csta("GetSwitchingFunctionDevicesResponse", named));
    }

    /// Sends a part of the list: identifiers and categories.
    fn part(&mut self, devices: &[(&str, &str)], is_last: bool) {
        let device = |(id, category): &(&str, &str)| {
            let category = if category.is_empty() {
                String::new()
            } else {
                format!("<deviceCategory>{category}</deviceCategory>")
            };
            format!("<device><deviceID>{id}</deviceID>{category}</device>")
        };
        let devices: String = devices.iter().map(device).collect();
        let part = format!(
            "<serviceCrossRefID>7</serviceCrossRefID><lastSegment>{is_last}</lastSegment>\
             <deviceList>{devices}</deviceList>"
        );
        self.say(9999, &csta("SwitchingFunctionDevices", &part));
    }

    /// Lets time pass.
    fn wait(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(wake) = self.inventory.next_wake().filter(|wake| wake.at <= end) {
            self.now = self.now.max(wake.at);
            self.input(Input::Tick);
        }
        self.now = end;
    }

    fn outcome(&mut self) -> Result<Stations, String> {
        let outcome = self.inventory.take_outcome().expect("it has ended");
        assert_eq!(self.finished, Some(u8::from(outcome.is_err())));
        outcome
    }

    /// The directory that is made of the outcome, without its first line.
    fn directory(&mut self) -> String {
        let mut builder = Builder::new();
        self.outcome().expect("a list").add_to(&mut builder, "pbx");
        let mut text = String::new();
        builder.build().expect("no mistakes").write(&mut text);
        text.split_once('\n').expect("a first line").1.into()
    }
}

#[test]
fn a_phone_system_s_stations_become_lines_and_their_devices() {
    let mut scene = Scene::in_service(TELLS, &[]);
    scene.part(&[("1001", "station")], false);
    scene.announce();
    scene.part(&[("1002", "station"), ("T1", "networkInterface"), ("1003", "")], true);
    let told = [
        "<hasPhysicalElement>false</hasPhysicalElement><otherPhysicalDeviceList><deviceID>SEP1</deviceID>\
         <deviceID>SEP2</deviceID></otherPhysicalDeviceList>",
        "<hasPhysicalElement>true</hasPhysicalElement>",
    ];
    for inside in told {
        scene.serve(
            "GetLogicalDeviceInformation",
            &csta(
                "GetLogicalDeviceInformationResponse",
                &format!("<deviceCategory>station</deviceCategory>{inside}"),
            ),
        );
    }
    let asked = scene.serve("GetLogicalDeviceInformation", &csta_error("operation", "invalidDeviceID"));
    assert_eq!(asked.element("device"), "1003");
    assert_eq!(scene.asked.remove(0).root(), "StopApplicationSession");
    assert_eq!(
        scene.directory(),
        "line 1001\nline 1002\nline 1003\ndevice 1002\ndevice SEP1\ndevice SEP2\nappearance 1001 SEP1 1\n\
         appearance 1001 SEP2 1\nappearance 1002 1002 1\n"
    );
}

#[test]
fn a_device_is_a_soft_phone_if_its_model_says_so() {
    let tells = TELLS.replace(
        "<getLogicalDeviceInformation/>",
        "<getLogicalDeviceInformation/><getPhysicalDeviceInformation/>",
    );
    assert_ne!(tells, TELLS);
    let mut scene = Scene::in_service(&tells, &[]);
    scene.announce();
    scene.part(&[("1001", "station"), ("1002", "station"), ("1003", "station")], true);
    let on = |devices: &[&str]| {
        let devices: Vec<String> = devices.iter().map(|id| format!("<deviceID>{id}</deviceID>")).collect();
        let devices = devices.concat();
        let inside = format!(
            "<deviceCategory>station</deviceCategory><hasPhysicalElement>{}</hasPhysicalElement>\
             <otherPhysicalDeviceList>{devices}</otherPhysicalDeviceList>",
            devices.is_empty()
        );
        csta("GetLogicalDeviceInformationResponse", &inside)
    };
    for devices in [&["SEP1", "SOFT1"][..], &["SOFT1", "CTI"], &[]] {
        scene.serve("GetLogicalDeviceInformation", &on(devices));
    }
    // Each device is asked for once; what cannot be told is left out.
    for (device, model) in
        [("1003", "J179"), ("CTI", ""), ("SEP1", "Cisco 8845"), ("SOFT1", "Cisco IP Communicator")]
    {
        let model = format!("<deviceModelName>{model}</deviceModelName>");
        let inside = format!(
            "<deviceCategory>station</deviceCategory><hasLogicalElement>true</hasLogicalElement>{model}"
        );
        let answer = match device {
            "CTI" => csta_error("operation", "invalidDeviceID"),
            _ => csta("GetPhysicalDeviceInformationResponse", &inside),
        };
        assert_eq!(scene.serve("GetPhysicalDeviceInformation", &answer).element("device"), device);
    }
    assert_eq!(scene.asked.remove(0).root(), "StopApplicationSession");
    assert_eq!(
        scene.directory(),
        "line 1001\nline 1002\nline 1003\ndevice 1003 description=J179\ndevice CTI\n\
         device SEP1 description=\"Cisco 8845\"\ndevice SOFT1 kind=soft description=\"Cisco IP Communicator\"\n\
         appearance 1001 SEP1 1\nappearance 1001 SOFT1 1\nappearance 1002 CTI 1\nappearance 1002 SOFT1 2\n\
         appearance 1003 1003 1\n"
    );
}

#[test]
fn an_identifier_that_is_not_the_number_is_that_of_the_line_appearance() {
    let listed =
        [("1001:CM1:192.0.2.1:0", "station"), ("1002:CM1::0", "station"), ("1002:CM1::1", "station")];
    let mut scene = Scene::in_service("<getSwitchingFunctionDevices/>", &[]);
    scene.announce();
    scene.part(&listed, true);
    assert_eq!(
        scene.directory(),
        "line 1001\nline 1002\ndevice 1002:CM1::0\ndevice 1002:CM1::1\n\
         appearance 1001 device_id=1001:CM1:192.0.2.1:0\n\
         appearance 1002 1002:CM1::0 1 device_id=1002:CM1::0\nappearance 1002 1002:CM1::1 1 device_id=1002:CM1::1\n"
    );
    let form = [("cti.connection[0].device_id", Value::Text("{number}:CM1:192.0.2.1:0".into()))];
    let mut scene = Scene::in_service("<getSwitchingFunctionDevices/>", &form);
    scene.announce();
    scene.part(&listed[..1], true);
    assert_eq!(scene.directory(), "line 1001\n", "the connection's form says it");
}

#[test]
fn an_inventory_ends_with_the_reason_whatever_the_phone_system_does() {
    let mut scene = Scene::new(&[]);
    scene.input(Input::Closed { link: scene.link(), why: Closed::Refused });
    assert!(scene.outcome().unwrap_err().contains("refused"));

    let mut scene = Scene::in_service("", &[]);
    scene.serve("GetSwitchingFunctionDevices", &csta_error("operation", "serviceNotSupported"));
    assert_eq!(
        scene.outcome().unwrap_err(),
        "the phone system refused GetSwitchingFunctionDevices: operation/serviceNotSupported"
    );

    let mut scene = Scene::in_service(TELLS, &[]);
    scene.wait(Duration::from_secs(6));
    assert!(scene.outcome().unwrap_err().ends_with("did not answer GetSwitchingFunctionDevices in time"));

    let mut scene = Scene::in_service(TELLS, &[]);
    scene.announce();
    scene.part(&[("1001", "station")], false);
    scene.wait(Duration::from_secs(6));
    assert_eq!(
        scene.outcome().unwrap_err(),
        "the list of devices breaks off: after 1 parts nothing came for 5 s"
    );

    let mut scene = Scene::in_service(TELLS, &[]);
    scene.announce();
    scene.part(&[("1001", "station")], true);
    scene.wait(Duration::from_secs(6));
    assert_eq!(scene.outcome().unwrap().remarks(), "of 1 stations it did not say what devices they are on");

    let mut scene = Scene::in_service(TELLS, &[]);
    scene.input(Command::Stop.into());
    assert_eq!(scene.outcome().unwrap_err(), "it was stopped");
}
