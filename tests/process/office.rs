//! A phone system and a gateway, each a process.

use crate::program::{Folder, Running};

pub(crate) struct Office {
    folder: Folder,
    pub(crate) switch: Running,
    pub(crate) gateway: Running,
    /// The gateway's address over TCP.
    pub(crate) sip: String,
    udp: String,
}

/// A gateway's configuration.
pub(crate) fn config(sip: &str, cti: &str) -> String {
    config_with("", sip, cti)
}

/// A gateway's configuration with `more` lines in its SIP part.
pub(crate) fn config_with(more: &str, sip: &str, cti: &str) -> String {
    let sip = format!("[sip]\ntcp = [\"{sip}\"]\nudp = [\"127.0.0.1:0\"]\n{more}");
    format!("{sip}[[cti.connection]]\naddress = \"{cti}\"\n")
}

impl Office {
    /// A phone system with its usual phones, and a gateway.
    pub(crate) fn open(name: &str, record: bool) -> Self {
        let folder = Folder::new(name);
        let switch = Running::start(&["switch", "--listen", "127.0.0.1:0"], "");
        Self::join(folder, switch, "", record)
    }

    /// A phone system with these phones, and a gateway that records.
    pub(crate) fn with_phones(name: &str, phones: &str) -> Self {
        Self::configured(name, phones, "")
    }

    /// The same, with `more` lines in the SIP part of the gateway's configuration.
    pub(crate) fn configured(name: &str, phones: &str, more: &str) -> Self {
        let folder = Folder::new(name);
        let phones = folder.write("phones.toml", phones);
        let switch = Running::start(&["switch", "--listen", "127.0.0.1:0", "--config", &phones], "");
        Self::join(folder, switch, more, true)
    }

    /// A phone system, named `pbx`, with its usual phones, and a gateway with a control socket.
    pub(crate) fn operated(name: &str, record: bool) -> Self {
        let folder = Folder::new(name);
        let switch = Running::start(&["switch", "--listen", "127.0.0.1:0"], "");
        let behind = format!("name = \"pbx\"\n[control]\nsocket = \"{}\"\n", folder.path("control.sock"));
        Self::start(folder, switch, ("", &behind), record)
    }

    fn join(folder: Folder, switch: Running, more: &str, record: bool) -> Self {
        Self::start(folder, switch, (more, ""), record)
    }

    /// Starts a gateway whose configuration has `more` lines in its SIP part, and `behind` at its end.
    fn start(folder: Folder, switch: Running, (more, behind): (&str, &str), record: bool) -> Self {
        let cti = switch.wait_for("key=listen transport=TCP address=");
        let file = folder.write("gateway.toml", &(config_with(more, "127.0.0.1:0", &cti) + behind));
        let mut arguments = vec!["run", "--config", &file];
        if record {
            arguments.extend(["--record", folder.text()]);
        }
        let gateway = Running::start(&arguments, "");
        let sip = gateway.wait_for("key=sip.tcp transport=TCP address=");
        let udp = gateway.wait_for("key=sip.udp transport=UDP address=");
        gateway.wait_for("name=cti_in_service");
        Self { folder, switch, gateway, sip, udp }
    }

    /// A client over UDP that runs `script`.
    pub(crate) fn client_over_udp(&self, user: &str, number: &str, script: &str) -> Running {
        client(&self.udp, user, number, &["--transport", "udp"], script)
    }

    /// A client over TCP that runs `script`.
    pub(crate) fn client(&self, user: &str, number: &str, options: &[&str], script: &str) -> Running {
        client(&self.sip, user, number, options, script)
    }

    /// The gateway's address over UDP.
    pub(crate) fn udp(&self) -> String {
        self.udp.clone()
    }

    /// The path of a file of this office.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path(name)
    }

    /// Stops both, if they still run; returns the folder with the gateway's log and its recording, if any.
    pub(crate) fn close(self) -> Folder {
        let Self { folder, mut switch, mut gateway, sip: _, udp: _ } = self;
        if gateway.is_running() {
            gateway.signal("TERM");
        }
        assert_eq!(gateway.end(), 0, "{}", gateway.said());
        switch.signal("INT");
        assert_eq!(switch.end(), 0, "{}", switch.said());
        folder.write("gateway.log", &gateway.said());
        folder
    }
}

/// A client over TCP of the gateway at `server` that runs `script`.
pub(crate) fn client_of(server: &str, user: &str, number: &str, script: &str) -> Running {
    client(server, user, number, &[], script)
}

fn client(server: &str, user: &str, number: &str, options: &[&str], script: &str) -> Running {
    let line = format!("tel:{number};phone-context=dialstring");
    let mut arguments = vec!["client", "--server", server, "--user", user, "--line", &line];
    arguments.extend(options);
    Running::start(&arguments, script)
}
