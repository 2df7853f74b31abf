//! Content types.

use super::list;

/// The content type of CSTA documents (ECMA TR/87).
pub const CSTA_XML: &str = "application/csta+xml";

/// `type/subtype;params`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaType<'a> {
    /// The type as it was written.
    pub kind: &'a str,
    /// The subtype as it was written.
    pub subtype: &'a str,
    /// The parameters from the first semicolon on, or empty.
    pub params: &'a str,
}

impl<'a> MediaType<'a> {
    /// Reads a content type; `None` if it is malformed.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (media, params) = list::cut(text, b';')?;
        let (kind, subtype) = list::split_once(media, b'/')?;
        let (kind, subtype) = (list::trim(kind), list::trim(subtype));
        (list::is_token(kind) && list::is_token(subtype)).then_some(Self { kind, subtype, params })
    }

    /// Whether it is `name` (such as `application/csta+xml`), compared case-insensitively and without parameters.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        let is = |part: &str, name: &str| part == name || part.eq_ignore_ascii_case(name);
        list::split_once(name, b'/')
            .is_some_and(|(kind, subtype)| is(self.kind, kind) && is(self.subtype, subtype))
    }

    /// The value of the parameter `name`, compared case-insensitively; empty if it has no value.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&'a str> {
        list::find(self.params, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_compare_without_case_and_carry_parameters() {
        let media = MediaType::parse("Application / CSTA+xml ;charset=utf-8; Boundary=\"a b\"").unwrap();
        assert!(media.is(CSTA_XML));
        assert!(!media.is("application/sdp"));
        assert_eq!(media.param("boundary"), Some("a b"));
        assert_eq!(MediaType::parse("text"), None);
        assert_eq!(MediaType::parse("/csta+xml"), None);
    }
}
