//! What the phone systems speak, and what is to be known of them for that.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::setting::Checked;

/// What a phone system speaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ConnectionKind {
    /// CSTA III over TCP.
    #[default]
    Csta,
    /// The manager interface of Asterisk.
    Asterisk(Asterisk),
}

/// What is to be known of an Asterisk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asterisk {
    /// The context of its dialplan in which the users' phones dial.
    pub context: String,
    /// The endpoints whose phones obey NOTIFY with `Event: talk` and `Event: hold`; `*` stands for all.
    pub obedient: Vec<String>,
    /// The families of its database with what is set for lines: forwarding immediately, if busy, if there is no answer,
    /// and do not disturb.
    pub families: Vec<String>,
    /// The most channels that are followed.
    pub channels: usize,
}

impl ConnectionKind {
    /// That of the connection with this table.
    pub(super) fn from_checked(checked: &Checked, table: &str) -> Self {
        let key = |field: &str| format!("{table}.{field}");
        match checked.text(&key("kind")) {
            Some("asterisk") => Self::Asterisk(Asterisk {
                context: checked.text(&key("context")).map(String::from).unwrap_or_default(),
                obedient: checked.texts(&key("obedient")).map(String::from).collect(),
                families: checked.texts(&key("families")).map(String::from).collect(),
                channels: checked.number(&key("channels")),
            }),
            _ => Self::Csta,
        }
    }
}
