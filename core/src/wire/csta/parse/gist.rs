//! What a document is about, for people: it is looked for by the elements' names alone, so that a request, an event, a
//! refusal and a document of another edition are described alike.

use alloc::string::String;

use super::super::model::SystemStatus;
use super::super::read::{self, Element};
use super::Document;

/// What a document is about. What it does not say is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gist<'a> {
    /// The first `callID`.
    pub call: &'a str,
    /// The first `deviceID` of a connection.
    pub device: &'a str,
    /// The device that is to be monitored or listed.
    pub object: &'a str,
    /// Who calls.
    pub calling: &'a str,
    /// Who is called.
    pub called: &'a str,
    /// `cause`.
    pub cause: &'a str,
    /// `monitorCrossRefID`.
    pub cross_reference: &'a str,
    /// `systemStatus`.
    pub status: &'a str,
    /// Why the sender refuses: the names of the elements down to the first value, and that value, with slashes between.
    pub error: String,
}

impl Document<'_> {
    /// What this document is about.
    #[must_use]
    pub fn gist(&self) -> Gist<'_> {
        let root = self.root();
        let mut gist = Gist::default();
        for node in root.descendants().skip(1).filter(roxmltree::Node::is_element) {
            let (field, value) = match node.tag_name().name() {
                "callID" => (&mut gist.call, read::text(node)),
                "deviceID" => (&mut gist.device, read::text(node)),
                "deviceObject" | "snapshotObject" => (&mut gist.object, device(node)),
                "callingDevice" => (&mut gist.calling, device(node)),
                "calledDevice" | "calledDirectoryNumber" => (&mut gist.called, device(node)),
                "cause" => (&mut gist.cause, read::text(node)),
                "monitorCrossRefID" => (&mut gist.cross_reference, read::text(node)),
                // A registration says by true and false whether it wants to know.
                "systemStatus" => {
                    let is_status = |word: &&str| SystemStatus::from_word(word).is_some();
                    (&mut gist.status, read::text(node).filter(is_status))
                }
                _ => continue,
            };
            if let Some(value) = value.filter(|_| field.is_empty()) {
                *field = value;
            }
        }
        let name = root.tag_name().name();
        if name == "CSTAErrorCode" || name.ends_with("NegResponse") {
            gist.error = error(root);
        }
        gist
    }
}

/// The device that an element names: its own text, or that of the first element in it; `None` for a connection. Where
/// the number is not known or withheld, the element's name says so.
fn device(node: Element<'_>) -> Option<&str> {
    if read::child(node, "callID").is_some() {
        return None;
    }
    let inside = node.descendants().find(|inner| inner.is_text() && inner.text().is_some_and(is_said));
    match inside {
        Some(text) => text.text().map(str::trim),
        None => node.children().find(roxmltree::Node::is_element).map(|child| child.tag_name().name()),
    }
}

fn is_said(text: &str) -> bool {
    !text.trim().is_empty()
}

/// The path to the first value below `root`.
fn error(root: Element<'_>) -> String {
    let mut path = String::new();
    let mut push = |part: &str| {
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(part);
    };
    let mut next = root.children().find(roxmltree::Node::is_element);
    while let Some(node) = next {
        push(node.tag_name().name());
        if let Some(value) = read::text(node).filter(|text| is_said(text)) {
            push(value);
        }
        next = node.children().find(roxmltree::Node::is_element);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::csta::guard::XmlLimits;
    use alloc::format;

    fn said(document: &str) -> String {
        let document = Document::parse(document.as_bytes(), &XmlLimits::default()).unwrap();
        let Gist { call, device, object, calling, called, cause, cross_reference, status, error } =
            document.gist();
        let fields = [call, device, object, calling, called, cause, cross_reference, status, error.as_str()];
        let names = ["call", "device", "object", "calling", "called", "cause", "monitor", "status", "error"];
        let set = names.iter().zip(fields).filter(|(_, value)| !value.is_empty());
        set.fold(String::new(), |all, (name, value)| all + &format!("{name}={value} "))
    }

    #[test]
    fn the_gist_of_any_document_is_found_by_the_names_in_it() {
        let delivered = "<c:DeliveredEvent xmlns:c='urn:any'><c:monitorCrossRefID>7</c:monitorCrossRefID>\
            <c:connection><c:callID>0_7</c:callID><c:deviceID>1002</c:deviceID></c:connection>\
            <c:callingDevice><c:deviceIdentifier>tel:1001</c:deviceIdentifier></c:callingDevice>\
            <c:calledDevice><c:restricted/></c:calledDevice><c:cause>newCall</c:cause></c:DeliveredEvent>";
        assert_eq!(
            said(delivered),
            "call=0_7 device=1002 calling=tel:1001 called=restricted cause=newCall monitor=7 "
        );
        let response = "<MakeCallResponse><callingDevice><callID>7</callID><deviceID>1</deviceID></callingDevice>\
            </MakeCallResponse>";
        assert_eq!(said(response), "call=7 device=1 ");
        let start =
            "<MonitorStart><monitorObject><deviceObject>1001</deviceObject></monitorObject></MonitorStart>";
        assert_eq!(said(start), "object=1001 ");
        let make = "<MakeCall><callingDevice>1001</callingDevice>\
            <calledDirectoryNumber> 1002 </calledDirectoryNumber></MakeCall>";
        assert_eq!(said(make), "calling=1001 called=1002 ");
    }

    #[test]
    fn an_error_is_told_in_full_whoever_made_it() {
        let own = "<CSTAErrorCode><operation>invalidCallID</operation></CSTAErrorCode>";
        assert_eq!(said(own), "error=operation/invalidCallID ");
        let code = "<CSTAErrorCode><privateErrorCode>A 77</privateErrorCode></CSTAErrorCode>";
        assert_eq!(said(code), "error=privateErrorCode/A 77 ");
        let refusal = "<StartApplicationSessionNegResponse><errorCode><definedError>invalidApplicationInfo\
            </definedError></errorCode></StartApplicationSessionNegResponse>";
        assert_eq!(said(refusal), "error=errorCode/definedError/invalidApplicationInfo ");
        assert_eq!(said("<MakeCall/>"), "");
        let register =
            "<SystemRegister><requestTypes><systemStatus>true</systemStatus></requestTypes></SystemRegister>";
        assert_eq!(said(register), "");
        assert_eq!(
            said("<SystemStatus><systemStatus>normal</systemStatus></SystemStatus>"),
            "status=normal "
        );
    }
}
