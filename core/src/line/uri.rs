//! A client's line URI.
//!
//! A client names its line `tel:73124;phone-context=dialstring`, perhaps with `;device=` and `;partition=`; the phone
//! system knows it as `73124`. In events the client sees its line without these two parameters. The same line at another
//! device has the parameter `;device-id=` there, which no line URI has.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::escapes::{escape, unescape};
use crate::wire::csta::emit;

/// The parameter with the phone system's device ID, for a client whose own line has the same number at another device.
/// RFC 3966 3 allows parameters of other names than its own, and with another parameter a URI is another (4).
const DEVICE_ID: &str = ";device-id=";

/// Returns a line URI's number at the phone system: without scheme and parameters. `None` if nothing is left.
pub(crate) fn number_of(uri: &str) -> Option<&str> {
    let uri = uri.trim_ascii();
    let without = |scheme: &str| {
        let (head, rest) = uri.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    let number = ["tel:", "sip:", "sips:"].into_iter().find_map(without).unwrap_or(uri);
    let end = memchr::memchr2(b';', b'@', number.as_bytes()).unwrap_or(number.len());
    let number = number.get(..end)?.trim_ascii();
    (!number.is_empty()).then_some(number)
}

/// Returns the identifier by which the phone system knows what a client names: the device ID that the client was told
/// for it, else what [`number_of`] returns.
pub(crate) fn device_named_by(uri: &str) -> Option<Cow<'_, str>> {
    device_id_in(uri).or_else(|| number_of(uri).map(Cow::Borrowed))
}

/// Returns the device ID in what [`write_device_id`] has written behind a URI.
pub(crate) fn device_id_in(uri: &str) -> Option<Cow<'_, str>> {
    let uri = uri.trim_ascii();
    let last = uri.split_at_checked(memchr::memrchr(b';', uri.as_bytes())?)?.1;
    let (name, id) = last.split_at_checked(DEVICE_ID.len())?;
    let id = unescape(id).ok().filter(|id| !id.is_empty())?;
    name.eq_ignore_ascii_case(DEVICE_ID).then_some(id)
}

/// Writes a device ID behind the URI of its line.
pub(crate) fn write_device_id(id: &str, out: &mut Vec<u8>) {
    let mut text = String::from(DEVICE_ID);
    // The characters of a parameter's value (RFC 3966 3, `paramchar`).
    let is_kept = |byte: u8| byte.is_ascii_alphanumeric() || b"[]/:&+$-_.!~*'()".contains(&byte);
    if escape(id, is_kept, &mut text).is_ok() {
        emit::text(out, &text);
    }
}

/// Writes a line URI as it appears in events: without `partition` and `device`, otherwise as the client sent it.
pub(crate) fn write_own_line(line: &str, out: &mut Vec<u8>) {
    let (mut begin, mut written) = (0_usize, 0);
    for end in memchr::memchr_iter(b';', line.as_bytes()).chain([line.len()]) {
        if is_left_out(line.get(begin..end).unwrap_or_default()) {
            // So is the semicolon before it.
            emit::text(out, line.get(written..begin.saturating_sub(1)).unwrap_or_default());
            written = end;
        }
        begin = end.saturating_add(1);
    }
    emit::text(out, line.get(written..).unwrap_or_default());
}

/// Whether a part of a line URI does not appear in events.
fn is_left_out(part: &str) -> bool {
    // Nearly all others are told by their beginning.
    match part.as_bytes() {
        [b'p' | b'P', b'a' | b'A', ..] | [b'd' | b'D', b'e' | b'E', ..] => {}
        [b'!'..=b'~', ..] | [] => return false,
        _ => {}
    }
    let name = part.split('=').next().unwrap_or_default().trim();
    name.eq_ignore_ascii_case("partition") || name.eq_ignore_ascii_case("device")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(line: &str) -> alloc::string::String {
        let mut out = Vec::new();
        write_own_line(line, &mut out);
        alloc::string::String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_uri_names_the_number_before_its_parameters() {
        assert_eq!(number_of("tel:73124;phone-context=dialstring;partition=BE_BRS_INT"), Some("73124"));
        assert_eq!(number_of("TEL:+14255550150;ext=50150"), Some("+14255550150"));
        assert_eq!(number_of("sip:1001@example.com;user=phone"), Some("1001"));
        assert_eq!(number_of(" 1001 "), Some("1001"));
        assert_eq!(number_of("tel:;phone-context=dialstring"), None);
    }

    #[test]
    fn a_device_id_behind_a_uri_is_read_as_it_was_written() {
        for id in ["1001:SEP2", "1001:CM1:192.0.2.10:1", "1001:a b;c=%41", "1001:B\u{fc}ro", "1001:<&>"] {
            let mut out = b"tel:1001;phone-context=dialstring".to_vec();
            write_device_id(id, &mut out);
            let written = alloc::string::String::from_utf8(out).unwrap().replace("&amp;", "&");
            assert_eq!(device_id_in(&written).as_deref(), Some(id), "{written}");
            assert_eq!(device_named_by(&written).as_deref(), Some(id), "{written}");
            assert_eq!(number_of(&written), Some("1001"), "{written}");
            assert!(written.bytes().all(|byte| byte.is_ascii_graphic()), "{written}");
        }
        assert_eq!(device_id_in(" tel:1001;DEVICE-ID=1001:SEP2 ").as_deref(), Some("1001:SEP2"));
        for other in ["tel:1001;device-id=", "tel:1001;device=SEP2", "tel:1;device-id=%zz", "tel:1", "", ";"]
        {
            assert_eq!(device_id_in(other), None, "{other}");
        }
        assert_eq!(device_named_by("tel:1001;device=SEP2").as_deref(), Some("1001"));
    }

    #[test]
    fn events_name_the_own_line_without_partition_and_device() {
        assert_eq!(
            own("tel:73124;phone-context=dialstring;partition=BE_BRS_INT;device=SEP0002FD3BB5C5"),
            "tel:73124;phone-context=dialstring"
        );
        assert_eq!(own("tel:1;DEVICE=a;x=1; Partition =b;device;partitions=2;;"), "tel:1;x=1;partitions=2;;");
        assert_eq!(own("device=a;partition=b;tel:1"), ";tel:1");
        assert_eq!(own("partition"), "");
        assert_eq!(own(""), "");
    }
}
