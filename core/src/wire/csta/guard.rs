//! Cheap limits on a document, checked before the XML parser runs.
//!
//! roxmltree is safe on any bytes, but its time grows faster than linearly with the attributes of one element and with
//! the namespaces in scope. One linear pass over the bytes counts both, and the depth.

use core::fmt;

/// The longest name of a namespace, in bytes: copies of foreign elements repeat it, escaped.
const NAMESPACE_BYTES: usize = 256;

/// The limits on a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XmlLimits {
    /// Total bytes.
    pub bytes: usize,
    /// Depth of nested elements.
    pub depth: usize,
    /// Attributes of one element, `xmlns` declarations included.
    pub attributes: usize,
    /// `xmlns` declarations in the whole document.
    pub namespaces: usize,
    /// Elements, comments, processing instructions and CDATA sections in the whole document.
    pub elements: usize,
}

impl Default for XmlLimits {
    fn default() -> Self {
        Self { bytes: 65_536, depth: 32, attributes: 32, namespaces: 32, elements: 4096 }
    }
}

/// Why a document was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum XmlError {
    /// More bytes than [`XmlLimits::bytes`].
    TooLong,
    /// Deeper than [`XmlLimits::depth`].
    TooDeep,
    /// More attributes on one element than [`XmlLimits::attributes`].
    TooManyAttributes,
    /// More `xmlns` declarations than [`XmlLimits::namespaces`].
    TooManyNamespaces,
    /// A namespace's name has more than 256 bytes as a copy would write it.
    NamespaceTooLong,
    /// More elements than [`XmlLimits::elements`].
    TooManyElements,
    /// A document type declaration: refused, since it can define entities.
    Dtd,
    /// It ends inside a tag, a comment or an element.
    Truncated,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// A reference to a character that there is not, or that a document must not hold.
    NoCharacter,
    /// Not well-formed XML in another way.
    NotWellFormed,
}

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the document is longer than the bound on bytes",
            Self::TooDeep => "elements are nested deeper than the bound on depth",
            Self::TooManyAttributes => "an element has more attributes than the bound on attributes",
            Self::TooManyNamespaces => "there are more xmlns declarations than the bound on namespaces",
            Self::NamespaceTooLong => "the name of a namespace is longer than 256 bytes",
            Self::TooManyElements => "there are more elements than the bound on elements",
            Self::Dtd => "document type declarations are not accepted",
            Self::Truncated => "the document is truncated",
            Self::NotUtf8 => "the document is not UTF-8",
            Self::NoCharacter => "a reference to a character names none",
            Self::NotWellFormed => "the document is not well-formed XML",
        })
    }
}

impl core::error::Error for XmlError {}

/// Checks `text` against `limits` in one linear pass. Text that passes is bounded, but not necessarily well-formed.
///
/// # Errors
/// The first limit that is exceeded, a document type declaration, or markup that does not end.
pub fn check(text: &[u8], limits: &XmlLimits) -> Result<(), XmlError> {
    if text.len() > limits.bytes {
        return Err(XmlError::TooLong);
    }
    let mut tally = Tally { limits: *limits, depth: 0, namespaces: 0, elements: 0 };
    let mut rest = text;
    while let Some(start) = memchr::memchr(b'<', rest) {
        let markup = rest.get(start..).unwrap_or_default();
        let length = tally.markup(markup)?;
        rest = markup.get(length..).unwrap_or_default();
    }
    if tally.depth == 0 { Ok(()) } else { Err(XmlError::Truncated) }
}

/// The counts so far.
struct Tally {
    limits: XmlLimits,
    depth: usize,
    namespaces: usize,
    elements: usize,
}

impl Tally {
    /// Counts the markup that `text` begins with. Returns its length, which is never zero.
    fn markup(&mut self, text: &[u8]) -> Result<usize, XmlError> {
        let kind = text.get(1).copied();
        if kind == Some(b'/') {
            self.depth = self.depth.checked_sub(1).ok_or(XmlError::NotWellFormed)?;
            return through_byte(text, b'>');
        }
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err(XmlError::TooManyElements);
        }
        match kind {
            Some(b'!') => {
                if let Some(rest) = text.strip_prefix(b"<!--") {
                    Ok(4 + through(rest, b"-->")?)
                } else if let Some(rest) = text.strip_prefix(b"<![CDATA[") {
                    Ok(9 + through(rest, b"]]>")?)
                } else {
                    Err(XmlError::Dtd)
                }
            }
            Some(b'?') => Ok(2 + through(text.get(2..).unwrap_or_default(), b"?>")?),
            _ => self.start_tag(text),
        }
    }

    /// Counts a start tag or an empty element's tag. Attributes are counted by `=` and declarations by `xmlns`, both
    /// outside quotes, which gives at least as many as a parser finds.
    fn start_tag(&mut self, text: &[u8]) -> Result<usize, XmlError> {
        let mut attributes = 0;
        let mut declares = false;
        let mut last = b'<';
        let mut at = 1;
        while let Some(&byte) = text.get(at) {
            match byte {
                b'>' => {
                    if last != b'/' {
                        self.depth += 1;
                        if self.depth > self.limits.depth {
                            return Err(XmlError::TooDeep);
                        }
                    }
                    return Ok(at + 1);
                }
                b'"' | b'\'' => {
                    let behind = text.get(at + 1..).unwrap_or_default();
                    let through = through_byte(behind, byte)?;
                    let value = behind.get(..through - 1).unwrap_or_default();
                    if declares && written(value) > NAMESPACE_BYTES {
                        return Err(XmlError::NamespaceTooLong);
                    }
                    declares = false;
                    at += through;
                }
                b'=' => {
                    attributes += 1;
                    if attributes > self.limits.attributes {
                        return Err(XmlError::TooManyAttributes);
                    }
                }
                b'x' if text.get(at..at + 5) == Some(b"xmlns".as_slice()) => {
                    declares = true;
                    self.namespaces += 1;
                    if self.namespaces > self.limits.namespaces {
                        return Err(XmlError::TooManyNamespaces);
                    }
                }
                b'<' => return Err(XmlError::NotWellFormed),
                _ => {}
            }
            last = byte;
            at += 1;
        }
        Err(XmlError::Truncated)
    }
}

/// The most bytes that an attribute's value can have when it is written escaped.
fn written(value: &[u8]) -> usize {
    let grown = |(at, byte): (usize, &u8)| match byte {
        b'"' => "&quot;".len() - 1,
        b'>' => "&gt;".len() - 1,
        b'&' => usize::from(value.get(at..).is_some_and(|rest| rest.starts_with(b"&#34;"))),
        _ => 0,
    };
    if memchr::memchr3(b'"', b'>', b'&', value).is_none() {
        return value.len();
    }
    value.len() + value.iter().enumerate().map(grown).sum::<usize>()
}

/// The length of `text` up to and including the first `end`.
fn through_byte(text: &[u8], end: u8) -> Result<usize, XmlError> {
    memchr::memchr(end, text).map(|at| at + 1).ok_or(XmlError::Truncated)
}

/// The same for an end of several bytes, the last of which is `>`.
fn through(text: &[u8], end: &[u8]) -> Result<usize, XmlError> {
    let ends = memchr::memchr_iter(b'>', text).map(|at| at + 1);
    ends.into_iter()
        .find(|length| text.get(..*length).is_some_and(|text| text.ends_with(end)))
        .ok_or(XmlError::Truncated)
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    fn checked(text: &str) -> Result<(), XmlError> {
        check(text.as_bytes(), &XmlLimits::default())
    }

    #[test]
    fn each_bound_is_met_exactly() {
        let depth = |n: usize| format!("{}{}", "<a>".repeat(n), "</a>".repeat(n));
        assert_eq!(checked(&depth(32)), Ok(()));
        assert_eq!(checked(&depth(33)), Err(XmlError::TooDeep));

        let attributes = |n: usize| format!("<a{}/>", " b=''".repeat(n));
        assert_eq!(checked(&attributes(32)), Ok(()));
        assert_eq!(checked(&attributes(33)), Err(XmlError::TooManyAttributes));

        let namespaces = |n: usize| format!("<r>{}</r>", "<a xmlns='u'/>".repeat(n));
        assert_eq!(checked(&namespaces(32)), Ok(()));
        assert_eq!(checked(&namespaces(33)), Err(XmlError::TooManyNamespaces));

        let elements = |n: usize| format!("<r>{}</r>", "<a/>".repeat(n - 1));
        assert_eq!(checked(&elements(4096)), Ok(()));
        assert_eq!(checked(&elements(4097)), Err(XmlError::TooManyElements));

        let bytes = |n: usize| format!("<r>{}</r>", " ".repeat(n - 7));
        assert_eq!(checked(&bytes(65_536)), Ok(()));
        assert_eq!(checked(&bytes(65_537)), Err(XmlError::TooLong));

        let namespace = |n: usize| format!("<r xmlns = \"{}\"/>", "u".repeat(n));
        assert_eq!(checked(&namespace(256)), Ok(()));
        assert_eq!(checked(&namespace(257)), Err(XmlError::NamespaceTooLong));
    }

    #[test]
    fn a_namespace_is_measured_as_a_copy_would_repeat_it() {
        let namespace = |name: &str, n: usize| checked(&format!("<r xmlns='{}'/>", name.repeat(n)));
        for (name, most) in [(">", 64), ("\"", 42), ("&#34;", 42)] {
            assert_eq!(namespace(name, most), Ok(()), "{name}");
            assert_eq!(namespace(name, most + 1), Err(XmlError::NamespaceTooLong), "{name}");
        }
    }

    #[test]
    fn comments_and_sections_count_as_elements() {
        for piece in ["<!---->", "<?p?>", "<![CDATA[]]>"] {
            let text = format!("<r>{}</r>", piece.repeat(4096));
            assert_eq!(checked(&text), Err(XmlError::TooManyElements), "{piece}");
        }
    }

    #[test]
    fn quotes_comments_sections_and_instructions_hide_markup_from_the_count() {
        let tags = "<a>".repeat(40);
        assert_eq!(checked(&format!("<r><!--{tags}--></r>")), Ok(()));
        assert_eq!(checked(&format!("<r><![CDATA[{tags}]]></r>")), Ok(()));
        assert_eq!(checked(&format!("<r><?p {tags}?></r>")), Ok(()));
        assert_eq!(checked(&format!("<r b='/>{}'/>", "=".repeat(40))), Ok(()));
        assert_eq!(checked("<r b='\">' c=\"'/>\"></r>"), Ok(()));
    }

    #[test]
    fn nothing_hides_markup_that_a_parser_sees() {
        let deep = "<a>".repeat(33);
        for before in [
            "<!-- ' -->",
            "<!-- \" -->",
            "<?p '?>",
            "<![CDATA[']]>",
            "'",
            "\"",
            "<b c='\"'/>",
            "<b c=\"'\"/>",
        ] {
            assert_eq!(checked(&format!("<r>{before}{deep}")), Err(XmlError::TooDeep), "{before}");
        }
        let glued = "xmlns:b='u'".repeat(33);
        assert_eq!(checked(&format!("<a {glued}/>")), Err(XmlError::TooManyNamespaces));
        let spaced = " c = 'v'".repeat(33);
        assert_eq!(checked(&format!("<a{spaced}/>")), Err(XmlError::TooManyAttributes));
    }

    #[test]
    fn a_document_type_is_refused_in_any_spelling() {
        assert_eq!(checked("<!DOCTYPE r [<!ENTITY a 'b'>]><r>&a;</r>"), Err(XmlError::Dtd));
        assert_eq!(checked("<r><!ENTITY a 'b'></r>"), Err(XmlError::Dtd));
    }

    #[test]
    fn what_does_not_end_is_told() {
        for text in ["<a", "<a b='", "<!--", "<![CDATA[]]", "<?p", "</a", "<a>", "<a><b></a"] {
            let told = checked(text);
            assert!(matches!(told, Err(XmlError::Truncated | XmlError::NotWellFormed)), "{text}: {told:?}");
        }
    }
}
