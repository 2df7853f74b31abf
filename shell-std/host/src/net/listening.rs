//! Opens the addresses that a machine listens on, all of them before anything starts.

use core::fmt;
use core::net::SocketAddr;
use std::io::{Error, ErrorKind};
use std::net::{TcpListener, UdpSocket};

use ctigate_core::{Listen, ListenerId, Transport};

use crate::shell::{Listener, Socket};

/// An address that cannot be listened on.
#[derive(Debug)]
pub(crate) struct ListenError {
    listen: Listen,
    error: Error,
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { listen, error } = self;
        write!(f, "{}: cannot listen on {}: ", listen.key, listen.address)?;
        let hint = [
            (ErrorKind::AddrInUse, "address in use (is another ctigate running?)"),
            (ErrorKind::AddrNotAvailable, "this machine has no such address"),
            (ErrorKind::PermissionDenied, "permission denied (ports below 1024 need privileges)"),
        ];
        match hint.iter().find(|(kind, _)| *kind == error.kind()) {
            Some((_, hint)) => f.write_str(hint),
            None => write!(f, "{error}"),
        }
    }
}

/// Opens every address, in order.
///
/// # Errors
/// All addresses that cannot be opened.
pub(crate) fn open(listens: &[Listen]) -> Result<Vec<Listener>, Vec<ListenError>> {
    let mut open = Vec::new();
    let mut errors = Vec::new();
    for (index, listen) in (0..).zip(listens) {
        match open_one(ListenerId::new(index), listen) {
            Ok(listener) => open.push(listener),
            Err(error) => errors.push(ListenError { listen: listen.clone(), error }),
        }
    }
    if errors.is_empty() { Ok(open) } else { Err(errors) }
}

fn open_one(id: ListenerId, listen: &Listen) -> Result<Listener, Error> {
    let (address, socket): (SocketAddr, Socket) = match listen.transport {
        Transport::Tcp => {
            let socket = TcpListener::bind(listen.address)?;
            (socket.local_addr()?, Socket::Tcp(socket))
        }
        Transport::Udp => {
            let socket = UdpSocket::bind(listen.address)?;
            (socket.local_addr()?, Socket::Udp(socket))
        }
    };
    Ok(Listener { id, address, socket })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listen(address: SocketAddr, key: &str) -> Listen {
        Listen { transport: Transport::Tcp, address, key: key.into() }
    }

    #[test]
    fn an_address_in_use_is_named_with_its_key() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let errors = open(&[listen(address, "sip.tcp")]).unwrap_err();
        let wanted =
            format!("sip.tcp: cannot listen on {address}: address in use (is another ctigate running?)");
        assert_eq!(errors.iter().map(ToString::to_string).collect::<Vec<_>>(), [wanted]);
    }

    #[test]
    fn port_zero_gets_a_port_and_the_place_in_the_list() {
        let any = "127.0.0.1:0".parse().unwrap();
        let udp = Listen { transport: Transport::Udp, ..listen(any, "sip.udp") };
        let open = open(&[listen(any, "sip.tcp"), udp]).unwrap();
        assert_eq!(open.iter().map(|one| one.id.index()).collect::<Vec<_>>(), [0, 1]);
        assert!(open.iter().all(|one| one.address.port() != 0));
    }
}
