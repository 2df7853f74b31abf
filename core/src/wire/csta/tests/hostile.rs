//! Hostile documents: limited before the parser sees them, and never a cause of panics.

use alloc::{format, string::String, vec::Vec};
use core::fmt::Write as _;

use super::{samples, write};
use crate::wire::csta::{
    guard::{XmlError, XmlLimits},
    model::Namespace,
    parse::Document,
};

/// Reads a document and everything in it. Returns what was wrong with the XML, if anything.
fn look(text: &[u8]) -> Option<XmlError> {
    let document = match Document::parse(text, &XmlLimits::default()) {
        Ok(document) => document,
        Err(error) => {
            if matches!(error, XmlError::Truncated | XmlError::NotWellFormed) {
                // The guard must not refuse what the parser accepts.
                let parsed =
                    core::str::from_utf8(text).is_ok_and(|text| roxmltree::Document::parse(text).is_ok());
                assert!(!parsed, "refused, but good: {}", String::from_utf8_lossy(text));
            }
            return Some(error);
        }
    };
    let _ = (document.name().len(), document.namespace(), document.line().map(str::len));
    if let Ok(message) = document.message() {
        let again = write(Namespace::ED3, &message);
        assert!(again.len() < 512 * 4096, "{} bytes became {}", text.len(), again.len());
    }
    None
}

#[test]
fn nested_namespace_declarations_stop_at_the_bound() {
    let mut text = String::new();
    for n in 0_u32.. {
        write!(text, "<a xmlns:n{n}='u{n}'>").unwrap();
        if text.len() > 60_000 {
            break;
        }
    }
    assert_eq!(look(text.as_bytes()), Some(XmlError::TooManyNamespaces));
    let flat = format!("<r>{}</r>", text.replace("'>", "'/>"));
    assert_eq!(look(flat.as_bytes()), Some(XmlError::TooManyNamespaces));
}

#[test]
fn attributes_and_depth_and_elements_stop_at_their_bounds() {
    let attributes: Vec<_> = (0..5000).map(|n| format!("a{n}='1'")).collect();
    assert_eq!(look(format!("<r {}/>", attributes.join(" ")).as_bytes()), Some(XmlError::TooManyAttributes));
    assert_eq!(look("<a>".repeat(20_000).as_bytes()), Some(XmlError::TooDeep));
    assert_eq!(look(format!("<r>{}</r>", "<a/>".repeat(15_000)).as_bytes()), Some(XmlError::TooManyElements));
    assert_eq!(look(format!("<r>{}</r>", "<a/>".repeat(17_000)).as_bytes()), Some(XmlError::TooLong));
}

#[test]
fn entities_cannot_be_defined_and_only_the_five_are_known() {
    let laughs = "<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]><MonitorStop>&b;</MonitorStop>";
    assert_eq!(look(laughs.as_bytes()), Some(XmlError::Dtd));
    assert_eq!(look(b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"), Some(XmlError::Dtd));
    assert_eq!(look(b"<MonitorStop>&b;</MonitorStop>"), Some(XmlError::NotWellFormed));
    assert_eq!(look(b"<MonitorStop>&amp;&#x41;</MonitorStop>"), None);
}

#[test]
fn every_beginning_of_every_message_is_an_error_but_the_whole() {
    for message in samples::messages(3) {
        let text = write(Namespace::ED3, &message);
        for end in 0..text.len() {
            assert!(look(&text.as_bytes()[..end]).is_some(), "{end} bytes of {text}");
        }
        assert_eq!(look(text.as_bytes()), None);
    }
}

#[test]
fn no_byte_out_of_place_makes_a_panic() {
    for message in samples::messages(4) {
        let text = write(Namespace::ED3, &message).into_bytes();
        for at in 0..text.len() {
            for byte in [b'<', b'"', b'&', 0xff] {
                let mut broken = text.clone();
                broken[at] = byte;
                look(&broken);
            }
        }
    }
}

#[test]
fn what_is_not_utf_8_is_refused_by_name() {
    assert_eq!(look(b"<MonitorStop>\xe4</MonitorStop>"), Some(XmlError::NotUtf8));
    assert_eq!(look(b""), Some(XmlError::NotWellFormed));
    assert_eq!(look(b"\xef\xbb\xbf"), Some(XmlError::NotWellFormed));
}

#[test]
fn a_relayed_event_cannot_be_made_to_grow_without_bound() {
    let uri = "u".repeat(256);
    let items: String = (0..2000).map(|_| "<b:x><y/></b:x>").collect();
    let text = format!(
        "<QueuedEvent xmlns:b='{uri}'><monitorCrossRefID>1</monitorCrossRefID><extensions>{items}</extensions></QueuedEvent>"
    );
    assert_eq!(look(text.as_bytes()), None);
}
