//! A SIP user agent moved by hand: for what no well-behaved client does. It knows as little SIP as it can, so that it
//! shares no mistake with the gateway.

use core::net::SocketAddr;

use ctigate_core::{Duration, LinkId};

use crate::world::{Fault, HostId, World};

/// A SIP message as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SipText {
    /// The first line.
    pub start: String,
    /// The header fields, in order, as name and value.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl SipText {
    /// The messages in `bytes`, one after the other; an incomplete last one is left out.
    #[must_use]
    pub fn all(bytes: &[u8]) -> Vec<Self> {
        let text = String::from_utf8_lossy(bytes);
        let mut rest: &str = &text;
        let mut found = Vec::new();
        while let Some((message, after)) = Self::first(rest.trim_start_matches("\r\n")) {
            found.push(message);
            rest = after;
        }
        found
    }

    fn first(text: &str) -> Option<(Self, &str)> {
        let (head, after) = text.split_once("\r\n\r\n")?;
        let (start, fields) = head.split_once("\r\n")?;
        let headers: Vec<(String, String)> = fields
            .split("\r\n")
            .filter_map(|field| field.split_once(':'))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect();
        let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Content-Length"));
        let length = length.map_or(Some(after.len()), |(_, value)| value.parse().ok())?;
        let (body, rest) = after.split_at_checked(length)?;
        Some((Self { start: start.to_owned(), headers, body: body.to_owned() }, rest))
    }

    /// The value of the first header field of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let field = self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        field.map(|(_, value)| value.as_str())
    }

    /// The values of all header fields of this name.
    pub fn all_of(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers
            .iter()
            .filter(move |(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The status of a response; 0 for a request.
    #[must_use]
    pub fn status(&self) -> u16 {
        let status = self.start.strip_prefix("SIP/2.0 ").and_then(|rest| rest.split(' ').next());
        status.and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    /// The method of a request; nothing for a response.
    #[must_use]
    pub fn method(&self) -> &str {
        if self.start.starts_with("SIP/2.0 ") { "" } else { self.start.split(' ').next().unwrap_or_default() }
    }

    /// The text between `<name>` and `</name>` in the body, where it stands first; prefixes of names do not matter.
    #[must_use]
    pub fn element(&self, name: &str) -> Option<&str> {
        element(&self.body, name)
    }

    /// The name of the body's root element.
    #[must_use]
    pub fn root(&self) -> &str {
        let body = self.body.split_once("?>").map_or(self.body.as_str(), |(_, body)| body);
        let tag = body.trim_start().trim_start_matches('<').split([' ', '>', '/']).next().unwrap_or_default();
        tag.rsplit(':').next().unwrap_or_default()
    }

    /// The parameter `name` of a header field's value.
    #[must_use]
    pub fn parameter(&self, header: &str, name: &str) -> Option<&str> {
        let value = self.header(header)?;
        let value = value.rsplit_once('>').map_or(value, |(_, parameters)| parameters);
        value.split(';').find_map(|parameter| parameter.strip_prefix(name)?.strip_prefix('='))
    }
}

/// The text between the first `<name ...>` and the `</name>` behind it.
#[must_use]
pub fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = text;
    loop {
        let (_, after) = rest.split_once('<')?;
        rest = after;
        let tag = after.split([' ', '>', '/']).next().unwrap_or_default();
        if tag.rsplit(':').next() == Some(name) {
            let (_, inside) = after.split_once('>')?;
            return inside.split("</").next();
        }
    }
}

/// How a peer reaches the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Over a connection of its own.
    Tcp(LinkId),
    /// By datagrams, from its first listener to this address.
    Udp(SocketAddr),
}

/// One SIP user agent: a bare host and how it reaches the gateway.
#[derive(Clone, Copy, Debug)]
pub struct SipPeer {
    /// The bare host.
    pub host: HostId,
    /// How it reaches the gateway.
    pub way: Way,
}

impl SipPeer {
    /// Opens a connection from a bare host.
    ///
    /// # Errors
    /// The world's fault, such as a connection that does not open.
    pub fn tcp(world: &mut World, host: HostId, address: &str) -> Result<Self, Fault> {
        let link = world.connect(host, address);
        let patience = Duration::from_secs(30);
        world.run_until("the connection opens", patience, |world| world.is_open(host, link))?;
        Ok(Self { host, way: Way::Tcp(link) })
    }

    /// Speaks by datagrams from a bare host's first listener.
    #[must_use]
    pub const fn udp(host: HostId, gateway: SocketAddr) -> Self {
        Self { host, way: Way::Udp(gateway) }
    }

    /// Whether its connection is open; datagrams have none that could close.
    #[must_use]
    pub fn is_open(&self, world: &World) -> bool {
        match self.way {
            Way::Tcp(link) => world.is_open(self.host, link),
            Way::Udp(_) => true,
        }
    }

    /// Sends bytes.
    pub fn send(&self, world: &mut World, bytes: &[u8]) {
        match self.way {
            Way::Tcp(link) => world.write(self.host, link, bytes),
            Way::Udp(gateway) => world.send_datagram(self.host, 0, gateway, bytes),
        }
    }

    /// All messages received so far.
    #[must_use]
    pub fn received(&self, world: &World) -> Vec<SipText> {
        match self.way {
            Way::Tcp(link) => SipText::all(world.received(self.host, link)),
            Way::Udp(_) => {
                world.datagrams(self.host).iter().flat_map(|(_, bytes)| SipText::all(bytes)).collect()
            }
        }
    }

    /// The first final answer received to the request of this CSeq (`2 INFO`), beyond the first `skipped` messages.
    #[must_use]
    pub fn answer(&self, world: &World, skipped: usize, cseq: &str) -> Option<SipText> {
        let messages = self.received(world).into_iter().skip(skipped);
        messages
            .filter(|message| message.status() >= 200)
            .find(|message| message.header("CSeq") == Some(cseq))
    }

    /// Sends a request and waits for its final answer.
    ///
    /// # Errors
    /// The world's fault, such as an answer that does not come.
    pub fn ask(&self, world: &mut World, request: &[u8]) -> Result<SipText, Fault> {
        let cseq =
            SipText::all(request).first().and_then(|message| message.header("CSeq").map(str::to_owned));
        let cseq = cseq.unwrap_or_default();
        let skipped = self.received(world).len();
        self.send(world, request);
        let what = format!("the answer to {cseq}");
        world.run_until(&what, Duration::from_secs(40), |world| {
            self.answer(world, skipped, &cseq).is_some()
        })?;
        Ok(self.answer(world, skipped, &cseq).unwrap_or_else(|| SipText {
            start: String::new(),
            headers: Vec::new(),
            body: String::new(),
        }))
    }

    /// The gateway's requests received so far, of one method.
    #[must_use]
    pub fn requests(&self, world: &World, method: &str) -> Vec<SipText> {
        self.received(world).into_iter().filter(|message| message.method() == method).collect()
    }

    /// The bodies' root elements of all event INFOs received so far, in order.
    #[must_use]
    pub fn events(&self, world: &World) -> Vec<String> {
        self.requests(world, "INFO").iter().map(|event| event.root().to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[u8] = b"INFO sip:a@b SIP/2.0\r\nTo: <sip:c;tag=x@d>;tag=y\r\nContent-Length: 27\r\n\r\n\
        <?xml?><x:A u=\"v\"><b>c</b></x:A>";

    #[test]
    fn messages_are_cut_by_their_length() {
        let body = "<x:A u=\"v\"><x:b>c</x:b></x:A>";
        let one =
            format!("INFO sip:a SIP/2.0\r\nCSeq: 1 INFO\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let found = SipText::all(format!("{one}\r\n\r\n{one}{}", "SIP/2.0 200 OK\r\nVia").as_bytes());
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].root(), "A");
        assert_eq!(found[1].element("b"), Some("c"));
        assert_eq!(found[1].method(), "INFO");
        assert_eq!(SipText::all(TWO)[0].parameter("To", "tag"), Some("y"));
    }
}
