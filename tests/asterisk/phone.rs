//! A phone: baresip, which people use through its control connection.

use core::time::Duration;
use std::env;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use crate::house::House;
use crate::mortal;
use crate::program::Running;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A phone that is switched on.
pub(crate) struct Phone {
    number: String,
    control: TcpStream,
    /// What came on the control connection.
    came: Vec<u8>,
    /// How much of it was looked at.
    seen: usize,
    running: Running,
}

impl Phone {
    /// Switches a phone on, and waits until it is registered.
    pub(crate) fn switched_on(house: &House, number: &str) -> Self {
        Self::at(house, number, number.parse::<u16>().unwrap() - 1000)
    }

    /// The same at another place, so that a number may have several phones.
    pub(crate) fn at(house: &House, number: &str, place: u16) -> Self {
        let ports = (6000 + 10 * place, 7000 + place, 40_000 + 100 * place);
        let account = format!(
            "<sip:{number}@{};transport=udp>;auth_pass=example;regint=300;answermode=manual;audio_codecs=PCMU\n",
            house.sip()
        );
        let phone = Self::start(house, number, &house.address, ports, &account);
        phone.running.wait_for(" binding");
        phone
    }

    /// A phone of the public network, which is not registered.
    pub(crate) fn outside(house: &House, number: &str, port: u16) -> Self {
        let account = format!(
            "<sip:{number}@{};transport=udp>;regint=0;answermode=manual;audio_codecs=PCMU\n",
            house.sip()
        );
        Self::start(
            house,
            number,
            &house.outside,
            (port, port + 2000, 20_000 + 100 * (port - 5000)),
            &account,
        )
    }

    fn start(
        house: &House,
        number: &str,
        address: &str,
        (sip, control, rtp): (u16, u16, u16),
        account: &str,
    ) -> Self {
        let root = env::var("CTIGATE_ASTERISK").unwrap_or_default();
        let mut config = include_str!("baresip.config").to_owned();
        for (key, value) in [
            ("@ADDRESS@", address),
            ("@NUMBER@", number),
            ("@ROOT@", &*root),
            ("@SIP@", &*sip.to_string()),
            ("@CONTROL@", &*control.to_string()),
            ("@RTP@", &*format!("{rtp}-{}", rtp + 98)),
        ] {
            config = config.replace(key, value);
        }
        let folder = house.path(&format!("phone-{sip}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(format!("{folder}/config"), config).unwrap();
        std::fs::write(format!("{folder}/contacts"), "").unwrap();
        std::fs::write(format!("{folder}/accounts"), account).unwrap();
        let running = Running::spawn(mortal("baresip").args(["-s", "-f", &folder]));
        let began = Instant::now();
        let control = loop {
            if let Ok(control) = TcpStream::connect(format!("{address}:{control}")) {
                break control;
            }
            assert!(began.elapsed() < PATIENCE, "baresip does not start:\n{}", running.said());
            std::thread::sleep(Duration::from_millis(20));
        };
        control.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        Self { number: number.to_owned(), control, came: Vec::new(), seen: 0, running }
    }

    /// Its user does something: a command of baresip and its parameters.
    pub(crate) fn does(&mut self, command: &str, parameters: &str) {
        let text = format!("{{\"command\":\"{command}\",\"params\":\"{parameters}\",\"token\":\"t\"}}");
        write!(self.control, "{}:{text},", text.len()).unwrap();
    }

    /// Waits until it shows an event of this type, after those that were waited for before; returns the event.
    pub(crate) fn shows(&mut self, kind: &str) -> String {
        let began = Instant::now();
        loop {
            while let Some(event) = self.next() {
                if event.contains(&format!("\"type\":\"{kind}\"")) {
                    return event;
                }
            }
            let so_far = String::from_utf8_lossy(&self.came);
            assert!(
                began.elapsed() < PATIENCE,
                "{} does not show {kind}: {so_far}\n{}",
                self.number,
                self.running.said()
            );
            self.receive();
        }
    }

    /// Waits until it rings, and answers.
    pub(crate) fn answers(&mut self) {
        self.shows("CALL_INCOMING");
        self.does("accept", "");
        self.shows("CALL_ESTABLISHED");
    }

    /// What it showed so far is no longer waited for.
    pub(crate) fn forgets(&mut self) {
        self.receive();
        while self.next().is_some() {}
    }

    fn receive(&mut self) {
        let mut bytes = [0; 4096];
        if let Ok(length) = self.control.read(&mut bytes) {
            self.came.extend_from_slice(&bytes[..length]);
        }
    }

    /// Waits until a call is answered; returns the call's ID, for commands that choose one of several.
    pub(crate) fn call(&mut self) -> String {
        let event = self.shows("CALL_ESTABLISHED");
        let id = event.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next());
        id.unwrap_or_else(|| panic!("no call ID: {event}")).to_owned()
    }

    pub(crate) fn hangs_up(&mut self) {
        self.does("hangup", "");
    }

    /// The next netstring that came, if it is whole.
    fn next(&mut self) -> Option<String> {
        let rest = &self.came[self.seen..];
        let colon = rest.iter().position(|byte| *byte == b':')?;
        let length: usize = core::str::from_utf8(&rest[..colon]).ok()?.parse().ok()?;
        let text = rest.get(colon + 1..colon + 1 + length)?;
        rest.get(colon + 1 + length)?;
        let event = String::from_utf8_lossy(text).into_owned();
        self.seen += colon + length + 2;
        Some(event)
    }
}
