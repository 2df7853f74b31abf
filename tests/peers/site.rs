//! A site: a phone system, independent gateway nodes, and Kamailio in front of them.

use core::time::Duration;
use std::thread;
use std::time::Instant;

use crate::kamailio::Kamailio;
use crate::program::{Folder, Running};

const PATIENCE: Duration = Duration::from_secs(15);

/// The transport between Kamailio and the nodes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Towards {
    Tcp,
    Udp,
}

/// A gateway node.
pub(crate) struct Node {
    pub(crate) running: Running,
    pub(crate) folder: Folder,
    towards: Towards,
    /// Its address for Kamailio.
    address: String,
}

/// The whole site.
pub(crate) struct Site {
    pub(crate) switch: Running,
    pub(crate) nodes: Vec<Node>,
    pub(crate) kamailio: Kamailio,
    _folder: Folder,
}

impl Site {
    /// Starts everything, with two nodes and `more` lines in the SIP part of their configuration.
    pub(crate) fn open(name: &str, towards: Towards, phones: &str, more: &str) -> Self {
        let folder = Folder::new(name);
        let phones = folder.write("phones.toml", phones);
        let switch = Running::start(&["switch", "--listen", "127.0.0.1:0", "--config", &phones], "");
        let cti = switch.wait_for("key=listen transport=TCP address=");
        let start = |number| Node::start(&format!("{name}-{number}"), towards, "127.0.0.1:0", &cti, more);
        let nodes = [1, 2].map(start);
        let kamailio = Kamailio::start(name, &[&nodes[0], &nodes[1]].map(Node::uri));
        Self { switch, nodes: nodes.into(), kamailio, _folder: folder }
    }

    /// Removes the node that has this user's session.
    pub(crate) fn take_node_of(&mut self, user: &str) -> Node {
        let began = Instant::now();
        loop {
            let has = |node: &Node| node.running.said().lines().any(|line| is_sign_in(line, user));
            if let Some(index) = self.nodes.iter().position(has) {
                return self.nodes.remove(index);
            }
            // A log line may come a little later than its event.
            assert!(began.elapsed() < PATIENCE, "nobody has a session of {user}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Restarts a node over TCP that has died, at the same address.
    pub(crate) fn restart(&mut self, node: Node) {
        let Node { mut running, folder, towards, address } = node;
        running.end();
        let name = format!("again-{}", folder.text().rsplit('-').next().unwrap());
        let cti = self.switch.wait_for("key=listen transport=TCP address=");
        self.nodes.push(Node::start(&name, towards, &address, &cti, ""));
    }

    /// Stops everything; returns the folders of the remaining nodes.
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
    /// Starts a node that listens at `sip`.
    fn start(name: &str, towards: Towards, sip: &str, cti: &str, more: &str) -> Self {
        let folder = Folder::new(name);
        let config = crate::office::config_with(more, sip, cti);
        let config = folder.write("gateway.toml", &config);
        let running = Running::start(&["run", "--config", &config, "--record", folder.text()], "");
        let address = running.wait_for(match towards {
            Towards::Tcp => "key=sip.tcp transport=TCP address=",
            Towards::Udp => "key=sip.udp transport=UDP address=",
        });
        running.wait_for("name=cti_in_service");
        Self { running, folder, towards, address }
    }

    /// Its URI in Kamailio's list.
    fn uri(&self) -> String {
        let Self { address, towards, .. } = self;
        let transport = if *towards == Towards::Tcp { ";transport=tcp" } else { "" };
        format!("sip:{address}{transport}")
    }

    /// Waits until `count` sessions have begun here.
    pub(crate) fn wait_for_sessions(&self, count: usize) {
        self.running.wait_for_times("name=session_started", count);
    }

    fn close(self) -> Folder {
        let Self { mut running, folder, .. } = self;
        running.signal("TERM");
        assert_eq!(running.end(), 0, "{}", running.said());
        folder.write("gateway.log", &running.said());
        folder
    }
}

fn is_sign_in(line: &str, user: &str) -> bool {
    line.contains("name=session_started session=") && line.contains(user)
}
