//! A phone system, gateway nodes that know nothing of each other, and Kamailio before them.

use crate::kamailio::Kamailio;
use crate::program::{Folder, Running};

/// How Kamailio speaks to the nodes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Towards {
    Tcp,
    Udp,
}

/// A gateway node.
pub(crate) struct Node {
    pub(crate) running: Running,
    pub(crate) folder: Folder,
    /// As Kamailio's list has it.
    uri: String,
}

/// All of it.
pub(crate) struct Site {
    pub(crate) switch: Running,
    pub(crate) nodes: Vec<Node>,
    pub(crate) kamailio: Kamailio,
    _folder: Folder,
}

impl Site {
    /// Starts everything, with two nodes and `more` lines about SIP in their configuration.
    pub(crate) fn open(name: &str, towards: Towards, phones: &str, more: &str) -> Self {
        let folder = Folder::new(name);
        let phones = folder.write("phones.toml", phones);
        let switch = Running::start(&["switch", "--listen", "127.0.0.1:0", "--config", &phones], "");
        let cti = switch.wait_for("key=listen transport=TCP address=");
        let node = |number| Node::start(&format!("{name}-{number}"), towards, &cti, more);
        let nodes: Vec<Node> = (1..=2).map(node).collect();
        let uris: Vec<String> = nodes.iter().map(|node| node.uri.clone()).collect();
        let kamailio = Kamailio::start(name, &uris);
        Self { switch, nodes, kamailio, _folder: folder }
    }

    /// Takes the node away that has this user's session.
    pub(crate) fn take_node_of(&mut self, user: &str) -> Node {
        let began = "name=session_started session=";
        let has =
            |node: &Node| node.running.said().lines().any(|line| line.contains(began) && line.contains(user));
        let place = self.nodes.iter().position(has).unwrap();
        self.nodes.remove(place)
    }

    /// Stops everything; the folders of the nodes that were left.
    pub(crate) fn close(self) -> Vec<Folder> {
        let Self { mut switch, nodes, mut kamailio, _folder: _ } = self;
        kamailio.stop();
        let folders = nodes.into_iter().map(Node::close).collect();
        switch.signal("INT");
        assert_eq!(switch.end(), 0, "{}", switch.said());
        folders
    }
}

impl Node {
    fn start(name: &str, towards: Towards, cti: &str, more: &str) -> Self {
        let folder = Folder::new(name);
        let config = crate::office::config_with(more, "127.0.0.1:0", cti);
        let config = folder.write("gateway.toml", &config);
        let running = Running::start(&["run", "--config", &config, "--record", folder.text()], "");
        let uri = match towards {
            Towards::Tcp => {
                format!("sip:{};transport=tcp", running.wait_for("key=sip.tcp transport=TCP address="))
            }
            Towards::Udp => format!("sip:{}", running.wait_for("key=sip.udp transport=UDP address=")),
        };
        running.wait_for("name=cti_in_service");
        Self { running, folder, uri }
    }

    /// How many sessions have begun here.
    pub(crate) fn sessions(&self) -> usize {
        self.running.said().matches("name=session_started").count()
    }

    fn close(self) -> Folder {
        let Self { mut running, folder, uri: _ } = self;
        running.signal("TERM");
        assert_eq!(running.end(), 0, "{}", running.said());
        folder.write("gateway.log", &running.said());
        folder
    }
}
