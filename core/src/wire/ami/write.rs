//! Actions, written by type.

use alloc::vec::Vec;

use super::rights::Rights;
use super::value::{ActionIds, LONGEST_LINE, Token, Unwritable, Value, Variable};
use crate::text::push_number;

/// A context and a number in it, where a channel begins or goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The context, which is configured.
    pub context: Token<'a>,
    /// The number.
    pub exten: Token<'a>,
}

/// Which sound of a channel is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// What comes from it.
    In,
    /// What goes to it.
    Out,
    /// Both.
    All,
}

/// An action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action<'a> {
    /// Asks for a challenge to log in with.
    Challenge,
    /// Logs out.
    Logoff,
    /// Asks for a sign of life.
    Ping,
    /// Chooses the classes of events.
    Events {
        /// Their names with commas between them.
        mask: &'static str,
    },
    /// Calls a device, and once it has answered lets it dial a number.
    Originate {
        /// The device.
        channel: Token<'a>,
        /// What it dials.
        to: Place<'a>,
        /// The unique ID of the channel to it.
        channel_id: Token<'a>,
        /// How long it rings, in milliseconds.
        timeout: u64,
        /// What is set on that channel.
        variables: &'a [Variable<'a>],
    },
    /// Ends a channel.
    Hangup {
        /// Its name or unique ID.
        channel: Token<'a>,
        /// The cause (ITU-T Q.850).
        cause: Option<u8>,
    },
    /// Lets one channel go on elsewhere, or both channels of a call.
    Redirect {
        /// The channel.
        channel: Token<'a>,
        /// Where it goes on.
        to: Place<'a>,
        /// The other channel, and where that goes on.
        extra: Option<(Token<'a>, Place<'a>)>,
    },
    /// Transfers the other party of a channel.
    BlindTransfer {
        /// The channel of who transfers.
        channel: Token<'a>,
        /// Where to.
        to: Place<'a>,
    },
    /// Connects two channels.
    Bridge {
        /// The one.
        one: Token<'a>,
        /// The other.
        other: Token<'a>,
    },
    /// Sends NOTIFY in a channel's dialog.
    PjsipNotify {
        /// The channel.
        channel: Token<'a>,
        /// Its headers.
        variables: &'a [Variable<'a>],
    },
    /// Plays a digit to a channel, or as if it came from it.
    PlayDtmf {
        /// The channel.
        channel: Token<'a>,
        /// The digit: 0 to 9, `*`, `#`, A to D.
        digit: Token<'a>,
        /// How long it lasts, in milliseconds.
        duration: Option<u64>,
        /// Whether it is as if it came from the channel.
        receive: bool,
    },
    /// Parks a channel.
    Park {
        /// The channel.
        channel: Token<'a>,
        /// The channel that is told where.
        announce: Option<Token<'a>>,
    },
    /// Mutes a channel.
    MuteAudio {
        /// The channel.
        channel: Token<'a>,
        /// Which of its sounds.
        direction: Direction,
        /// Whether it is to be muted.
        is_on: bool,
    },
    /// Reads an entry of the database.
    DbGet {
        /// Its family.
        family: Token<'a>,
        /// Its key.
        key: Token<'a>,
    },
    /// Lists all entries of a family of the database. Asterisk has this since 16.28, 18.14 and 19.6.
    DbGetTree {
        /// The family.
        family: Token<'a>,
    },
    /// Writes an entry of the database.
    DbPut {
        /// Its family.
        family: Token<'a>,
        /// Its key.
        key: Token<'a>,
        /// What is written.
        value: Value<'a>,
    },
    /// Deletes an entry of the database.
    DbDel {
        /// Its family.
        family: Token<'a>,
        /// Its key.
        key: Token<'a>,
    },
    /// Lists the channels, or one of them, with their state.
    Status {
        /// The one.
        channel: Option<Token<'a>>,
        /// Variables and functions to tell, with commas between them.
        variables: &'static str,
    },
    /// Lists the channels.
    CoreShowChannels,
    /// Reads a variable or a function.
    Getvar {
        /// The channel that it belongs to.
        channel: Option<Token<'a>>,
        /// Its name.
        variable: &'static str,
    },
    /// Lists the members of a bridge.
    BridgeInfo {
        /// Its unique ID.
        bridge: Token<'a>,
    },
    /// Lists the members of a conference room.
    ConfbridgeList {
        /// Its name.
        conference: Token<'a>,
    },
    /// Lists the parked calls.
    ParkedCalls,
    /// Lists the states of devices.
    DeviceStateList,
    /// Lists the states of extensions.
    ExtensionStateList,
    /// Reads how many messages wait in a mailbox.
    MailboxCount {
        /// Its name.
        mailbox: Token<'a>,
    },
    /// Lists the endpoints.
    PjsipShowEndpoints,
    /// Lists the contacts.
    PjsipShowContacts,
    /// Tells the version.
    CoreSettings,
    /// An action without any field, which is refused for want of a right or of a field.
    Probe(Row),
}

/// What an action is called, and the rights to write of which one is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// The rights; none if every user may.
    pub rights: Rights,
}

const fn row(name: &'static str, rights: Rights) -> Row {
    Row { name, rights }
}

impl Action<'_> {
    /// Its row.
    #[must_use]
    pub const fn row(&self) -> Row {
        match self {
            Self::Challenge => row("Challenge", Rights::NONE),
            Self::Logoff => row("Logoff", Rights::NONE),
            Self::Ping => row("Ping", Rights::NONE),
            Self::Events { .. } => row("Events", Rights::NONE),
            Self::Originate { .. } => row("Originate", Rights::ORIGINATE),
            Self::Hangup { .. } => row("Hangup", Rights::SYSTEM.or(Rights::CALL)),
            Self::Redirect { .. } => row("Redirect", Rights::CALL),
            Self::BlindTransfer { .. } => row("BlindTransfer", Rights::CALL),
            Self::Bridge { .. } => row("Bridge", Rights::CALL),
            Self::PjsipNotify { .. } => row("PJSIPNotify", Rights::SYSTEM),
            Self::PlayDtmf { .. } => row("PlayDTMF", Rights::CALL),
            Self::Park { .. } => row("Park", Rights::CALL),
            Self::MuteAudio { .. } => row("MuteAudio", Rights::SYSTEM),
            Self::DbGet { .. } => row("DBGet", Rights::SYSTEM.or(Rights::REPORTING)),
            Self::DbGetTree { .. } => row("DBGetTree", Rights::SYSTEM.or(Rights::REPORTING)),
            Self::DbPut { .. } => row("DBPut", Rights::SYSTEM),
            Self::DbDel { .. } => row("DBDel", Rights::SYSTEM),
            Self::Status { .. } => row("Status", Rights::SYSTEM.or(Rights::CALL).or(Rights::REPORTING)),
            Self::CoreShowChannels => row("CoreShowChannels", Rights::SYSTEM.or(Rights::REPORTING)),
            Self::Getvar { .. } => row("Getvar", Rights::CALL.or(Rights::REPORTING)),
            Self::BridgeInfo { .. } => row("BridgeInfo", Rights::NONE),
            Self::ConfbridgeList { .. } => row("ConfbridgeList", Rights::REPORTING),
            Self::ParkedCalls => row("ParkedCalls", Rights::NONE),
            Self::DeviceStateList => row("DeviceStateList", Rights::CALL.or(Rights::REPORTING)),
            Self::ExtensionStateList => row("ExtensionStateList", Rights::CALL.or(Rights::REPORTING)),
            Self::MailboxCount { .. } => row("MailboxCount", Rights::CALL.or(Rights::REPORTING)),
            Self::PjsipShowEndpoints => row("PJSIPShowEndpoints", Rights::SYSTEM),
            Self::PjsipShowContacts => row("PJSIPShowContacts", Rights::SYSTEM),
            Self::CoreSettings => row("CoreSettings", Rights::SYSTEM.or(Rights::REPORTING)),
            Self::Probe(row) => *row,
        }
    }

    /// Appends the action with the ID of this number.
    ///
    /// # Errors
    /// [`Unwritable::LongLine`]; then nothing is appended.
    pub fn write(&self, ids: ActionIds, number: u64, out: &mut Vec<u8>) -> Result<(), Unwritable> {
        action(self.row().name, ids, number, out, |lines| self.fields(lines))
    }

    fn fields(&self, lines: &mut Lines<'_>) {
        match *self {
            Self::Challenge => lines.text("AuthType", "MD5"),
            Self::Events { mask } => lines.text("EventMask", mask),
            Self::Originate { channel, to, channel_id, timeout, variables } => {
                lines.text("Channel", channel.as_str());
                lines.place(["Context", "Exten", "Priority"], to);
                lines.number("Timeout", timeout);
                lines.text("ChannelId", channel_id.as_str());
                lines.text("Async", "true");
                lines.variables(variables);
            }
            Self::Hangup { channel, cause } => {
                lines.text("Channel", channel.as_str());
                if let Some(cause) = cause {
                    lines.number("Cause", u64::from(cause));
                }
            }
            Self::Redirect { channel, to, extra } => {
                lines.text("Channel", channel.as_str());
                lines.place(["Context", "Exten", "Priority"], to);
                if let Some((channel, to)) = extra {
                    lines.text("ExtraChannel", channel.as_str());
                    lines.place(["ExtraContext", "ExtraExten", "ExtraPriority"], to);
                }
            }
            Self::BlindTransfer { channel, to } => {
                lines.text("Channel", channel.as_str());
                lines.text("Context", to.context.as_str());
                lines.text("Exten", to.exten.as_str());
            }
            Self::Bridge { one, other } => {
                lines.text("Channel1", one.as_str());
                lines.text("Channel2", other.as_str());
                lines.text("Tone", "no");
            }
            Self::PjsipNotify { channel, variables } => {
                lines.text("Channel", channel.as_str());
                lines.variables(variables);
            }
            Self::PlayDtmf { .. }
            | Self::Park { .. }
            | Self::MuteAudio { .. }
            | Self::DbGet { .. }
            | Self::DbGetTree { .. }
            | Self::DbPut { .. }
            | Self::DbDel { .. }
            | Self::Status { .. }
            | Self::Getvar { .. }
            | Self::BridgeInfo { .. }
            | Self::ConfbridgeList { .. }
            | Self::MailboxCount { .. } => self.state_fields(lines),
            Self::Logoff
            | Self::Ping
            | Self::CoreShowChannels
            | Self::ParkedCalls
            | Self::DeviceStateList
            | Self::ExtensionStateList
            | Self::PjsipShowEndpoints
            | Self::PjsipShowContacts
            | Self::CoreSettings
            | Self::Probe(_) => {}
        }
    }

    /// The fields of an action on one channel, or on none.
    fn state_fields(&self, lines: &mut Lines<'_>) {
        match *self {
            Self::PlayDtmf { channel, digit, duration, receive } => {
                lines.text("Channel", channel.as_str());
                lines.text("Digit", digit.as_str());
                if let Some(duration) = duration {
                    lines.number("Duration", duration);
                }
                lines.text("Receive", if receive { "true" } else { "false" });
            }
            Self::Park { channel, announce } => {
                lines.text("Channel", channel.as_str());
                lines.optional("AnnounceChannel", announce.map(Token::as_str));
            }
            Self::MuteAudio { channel, direction, is_on } => {
                lines.text("Channel", channel.as_str());
                lines.text("Direction", direction.name());
                lines.text("State", if is_on { "on" } else { "off" });
            }
            Self::DbGet { family, key } | Self::DbDel { family, key } => {
                lines.text("Family", family.as_str());
                lines.text("Key", key.as_str());
            }
            Self::DbGetTree { family } => lines.text("Family", family.as_str()),
            Self::DbPut { family, key, value } => {
                lines.text("Family", family.as_str());
                lines.text("Key", key.as_str());
                lines.text("Val", value.as_str());
            }
            Self::Status { channel, variables } => {
                lines.optional("Channel", channel.map(Token::as_str));
                lines.text("Variables", variables);
            }
            Self::Getvar { channel, variable } => {
                lines.optional("Channel", channel.map(Token::as_str));
                lines.text("Variable", variable);
            }
            Self::BridgeInfo { bridge } => lines.text("BridgeUniqueid", bridge.as_str()),
            Self::ConfbridgeList { conference } => lines.text("Conference", conference.as_str()),
            Self::MailboxCount { mailbox } => lines.text("Mailbox", mailbox.as_str()),
            Self::Challenge
            | Self::Logoff
            | Self::Ping
            | Self::Events { .. }
            | Self::Originate { .. }
            | Self::Hangup { .. }
            | Self::Redirect { .. }
            | Self::BlindTransfer { .. }
            | Self::Bridge { .. }
            | Self::PjsipNotify { .. }
            | Self::CoreShowChannels
            | Self::ParkedCalls
            | Self::DeviceStateList
            | Self::ExtensionStateList
            | Self::PjsipShowEndpoints
            | Self::PjsipShowContacts
            | Self::CoreSettings
            | Self::Probe(_) => {}
        }
    }
}

/// Appends Login with a challenge, for the events of these classes. Returns where the key belongs, which is made of the
/// challenge and the secret and therefore filled in by the host ([`crate::secret`]).
///
/// # Errors
/// [`Unwritable::LongLine`]; then nothing is appended.
pub fn login(
    user: Value<'_>,
    mask: &'static str,
    ids: ActionIds,
    number: u64,
    out: &mut Vec<u8>,
) -> Result<usize, Unwritable> {
    let mut at = 0;
    action("Login", ids, number, out, |lines| {
        lines.text("AuthType", "MD5");
        lines.text("Username", user.as_str());
        lines.text("Events", mask);
        lines.text("Key", "");
        at = lines.out.len().saturating_sub(END.len());
    })?;
    Ok(at)
}

/// What ends a line, and an action.
const END: &[u8] = b"\r\n";

fn action(
    name: &'static str,
    ids: ActionIds,
    number: u64,
    out: &mut Vec<u8>,
    fields: impl FnOnce(&mut Lines<'_>),
) -> Result<(), Unwritable> {
    let start = out.len();
    let mut lines = Lines { out, too_long: None };
    lines.text("Action", name);
    lines.line("ActionID", |out| ids.write(number, out));
    fields(&mut lines);
    let Lines { out, too_long } = lines;
    out.extend_from_slice(END);
    if let Some((key, length)) = too_long {
        out.truncate(start);
        return Err(Unwritable::LongLine(key, length));
    }
    Ok(())
}

/// The lines of an action.
struct Lines<'o> {
    out: &'o mut Vec<u8>,
    /// The first line that is too long, and its length.
    too_long: Option<(&'static str, usize)>,
}

impl Lines<'_> {
    fn line(&mut self, key: &'static str, value: impl FnOnce(&mut Vec<u8>)) {
        let start = self.out.len();
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b": ");
        value(self.out);
        let length = self.out.len() - start;
        if length > LONGEST_LINE {
            self.too_long = self.too_long.or(Some((key, length)));
        }
        self.out.extend_from_slice(END);
    }

    fn text(&mut self, key: &'static str, value: &str) {
        self.line(key, |out| out.extend_from_slice(value.as_bytes()));
    }

    fn optional(&mut self, key: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    fn number(&mut self, key: &'static str, value: u64) {
        self.line(key, |out| push_number(out, value));
    }

    /// A place in the dialplan, and the priority there.
    fn place(&mut self, [context, exten, priority]: [&'static str; 3], place: Place<'_>) {
        self.text(context, place.context.as_str());
        self.text(exten, place.exten.as_str());
        self.text(priority, "1");
    }

    fn variables(&mut self, variables: &[Variable<'_>]) {
        for variable in variables {
            self.line("Variable", |out| variable.write(out));
        }
    }
}

impl Direction {
    const fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::All => "all",
        }
    }
}
