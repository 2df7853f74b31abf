//! What is in a directory, as tables.

use core::fmt::Write as _;

use ctigate_core::line::directory::{
    Appearance, AppearanceId, Device, DeviceId, DeviceKind, Directory, Line, LineId, Role, User, UserId,
};

use crate::cli::arguments::Listed;

/// All users, lines or devices.
pub(super) fn list(directory: &Directory, listed: Listed) -> String {
    match listed {
        Listed::Users => {
            let rows = directory.users().map(|id| {
                let User { id: name, name: shown, enabled, .. } = directory.user(id);
                let lines = rights_of(directory, id);
                [name.into(), shown.unwrap_or_default().into(), yes(enabled).into(), lines.join(" ")]
            });
            table(["USER", "NAME", "ENABLED", "MAY CONTROL"], rows)
        }
        Listed::Lines => {
            let rows = directory.lines().map(|id| {
                let Line { e164, label, .. } = directory.line(id);
                let [e164, label] = [e164, label].map(|text| text.unwrap_or_default().to_owned());
                [directory.reference(id), e164, label, devices_of(directory, id).join(" ")]
            });
            table(["LINE", "E164", "LABEL", "DEVICES"], rows)
        }
        Listed::Devices => {
            let rows = directory.devices().map(|id| {
                let Device { name, kind, description } = directory.device(id);
                let lines: Vec<_> = lines_at(directory, id).collect();
                [name.into(), word(kind).into(), description.unwrap_or_default().into(), lines.join(" ")]
            });
            table(["DEVICE", "KIND", "DESCRIPTION", "LINES"], rows)
        }
    }
}

/// What is known of a user (by ID, mail or SIP address), of the lines with a number, or of a device; `None` if there is
/// nothing of that name.
pub(super) fn whom(directory: &Directory, whom: &str) -> Option<String> {
    let user = directory.user_by_id(whom).or_else(|| directory.user_by_mail(whom));
    if let Some(user) = user.or_else(|| directory.user_by_sip(whom)) {
        return Some(show_user(directory, user));
    }
    let (number, partition) =
        whom.split_once('/').map_or((whom, None), |(number, rest)| (number, Some(rest)));
    let mut lines = directory.lines_numbered(number);
    let lines: Vec<_> = match partition {
        Some(partition) => {
            lines.find(|line| directory.line(*line).partition == partition).into_iter().collect()
        }
        None => lines.collect(),
    };
    if !lines.is_empty() {
        return Some(lines.iter().map(|line| show_line(directory, *line)).collect::<Vec<_>>().join("\n"));
    }
    directory.device_named(whom).map(|device| show_device(directory, device))
}

fn show_user(directory: &Directory, id: UserId) -> String {
    let User { id: name, mail, name: shown, enabled, role } = directory.user(id);
    let sip: Vec<_> = directory.sip_addresses(id).collect();
    let role = if role == Role::Administrator { "administrator" } else { "user" };
    let out = facts(&[
        ("user", name),
        ("name", shown.unwrap_or_default()),
        ("mail", mail.unwrap_or_default()),
        ("sip", &sip.join(" ")),
        ("enabled", yes(enabled)),
        ("role", role),
    ]);
    out + "\nMay control:\n" + &appearances(directory, directory.appearances_of_user(id))
}

fn show_line(directory: &Directory, id: LineId) -> String {
    let Line { number, partition, e164, label } = directory.line(id);
    let users: Vec<_> = directory.users_of_line(id).map(|user| directory.user(user).id).collect();
    let out = facts(&[
        ("line", number),
        ("partition", partition),
        ("e164", e164.unwrap_or_default()),
        ("label", label.unwrap_or_default()),
        ("users", &users.join(" ")),
    ]);
    out + "\nAppears at:\n" + &appearances(directory, directory.appearances_of_line(id))
}

fn show_device(directory: &Directory, id: DeviceId) -> String {
    let Device { name, kind, description } = directory.device(id);
    let out =
        facts(&[("device", name), ("kind", word(kind)), ("description", description.unwrap_or_default())]);
    out + "\nCarries:\n" + &appearances(directory, directory.appearances_of_device(id))
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

const fn word(kind: DeviceKind) -> &'static str {
    match kind {
        DeviceKind::Hard => "hard",
        DeviceKind::Soft => "soft",
    }
}

/// A line for each fact that is known.
fn facts(facts: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        let _to_memory = writeln!(out, "{name:12}{value}");
    }
    out
}

fn appearances(directory: &Directory, ids: impl Iterator<Item = AppearanceId>) -> String {
    let rows = ids.map(|id| {
        let Appearance { line, device, index, device_id } = directory.appearance(id);
        let (of, device) = (directory.line(line), device.map(|device| directory.device(device)));
        [
            directory.reference(line),
            of.e164.unwrap_or_default().into(),
            of.label.unwrap_or_default().into(),
            device.map_or_else(String::new, |device| format!("{}:{index}", device.name)),
            device.map_or("", |device| word(device.kind)).into(),
            device_id.unwrap_or_default().into(),
        ]
    });
    table(["LINE", "E164", "LABEL", "DEVICE", "KIND", "DEVICE ID"], rows)
}

/// What a user may control: a line where he may control all its appearances, otherwise each with its device.
fn rights_of(directory: &Directory, user: UserId) -> Vec<String> {
    let appearances: Vec<_> = directory.appearances_of_user(user).collect();
    let mut rights = Vec::new();
    for of_line in
        appearances.chunk_by(|one, next| directory.appearance(*one).line == directory.appearance(*next).line)
    {
        let Some(line) = of_line.first().map(|id| directory.appearance(*id).line) else { continue };
        let reference = directory.reference(line);
        if of_line.len() == directory.appearances_of_line(line).count() {
            rights.push(reference);
            continue;
        }
        let devices = of_line.iter().filter_map(|id| directory.appearance(*id).device);
        rights.extend(devices.map(|device| format!("{reference}@{}", directory.device(device).name)));
    }
    rights
}

fn devices_of(directory: &Directory, line: LineId) -> Vec<String> {
    let appearances = directory.appearances_of_line(line).map(|id| directory.appearance(id));
    let shown =
        appearances.filter_map(|one| Some(format!("{}:{}", directory.device(one.device?).name, one.index)));
    shown.collect()
}

fn lines_at(directory: &Directory, device: DeviceId) -> impl Iterator<Item = String> {
    directory.appearances_of_device(device).map(|id| directory.reference(directory.appearance(id).line))
}

/// A table whose columns are as wide as they have to be, of which the last may be as long as it is.
fn table<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = core::iter::once(header.map(String::from)).chain(rows).collect();
    let mut widths = [0_usize; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _to_memory = write!(line, "{cell:width$}  ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFICE: &str = "ctigate directory 1\nline 1001 e164=+14255550101 label=Alice\nline 1009 partition=Staff\n\
        device SEP1\ndevice soft kind=soft description=\"Laptop\"\nappearance 1001 SEP1 1 device_id=1001:CM1\n\
        appearance 1001 soft 1\nuser alice name=\"Alice Ames\" mail=a@e.com sip=sip:a@e.com line=1001@soft line=1009\n\
        user bob enabled=no line=1001\n";

    fn office() -> Directory {
        Directory::read(OFFICE, "f").unwrap()
    }

    #[test]
    fn lists_are_tables() {
        assert_eq!(
            list(&office(), Listed::Users),
            "USER   NAME        ENABLED  MAY CONTROL\nalice  Alice Ames  yes      1001@soft 1009/Staff\n\
             bob                no       1001\n"
        );
        assert_eq!(
            list(&office(), Listed::Lines),
            "LINE        E164          LABEL  DEVICES\n1001        +14255550101  Alice  SEP1:1 soft:1\n1009/Staff\n"
        );
        assert_eq!(
            list(&office(), Listed::Devices),
            "DEVICE  KIND  DESCRIPTION  LINES\nSEP1    hard               1001\nsoft    soft  Laptop       1001\n"
        );
    }

    #[test]
    fn a_user_a_line_or_a_device_is_shown_with_what_belongs_to_it() {
        let office = office();
        let alice = whom(&office, "ALICE").unwrap();
        assert_eq!(
            alice,
            "user        alice\nname        Alice Ames\nmail        a@e.com\nsip         sip:a@e.com\n\
             enabled     yes\nrole        user\n\nMay control:\n\
             LINE        E164          LABEL  DEVICE  KIND  DEVICE ID\n\
             1001        +14255550101  Alice  soft:1  soft\n1009/Staff\n"
        );
        assert_eq!(whom(&office, "sip:a@e.com").unwrap(), alice);
        assert_eq!(whom(&office, "a@E.com").unwrap(), alice);
        let line = whom(&office, "1001").unwrap();
        assert!(
            line.contains("users       alice bob\n") && line.contains("SEP1:1  hard  1001:CM1\n"),
            "{line}"
        );
        assert!(whom(&office, "1009/Staff").unwrap().contains("partition   Staff\n"));
        assert!(whom(&office, "sep1").unwrap().contains("Carries:\nLINE"));
        assert_eq!(whom(&office, "carol"), None);
        assert_eq!(whom(&office, "1009/Guests"), None);
    }
}
