//! Text appended to a buffer of bytes: formatted values, and, without `core::fmt`, what is written often: numbers,
//! addresses, hexadecimal digits.

use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;

/// Lets text be formatted into a buffer. Writing never fails.
pub(crate) struct Text<'a>(pub(crate) &'a mut Vec<u8>);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Appends formatted text.
pub(crate) fn push_formatted(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    let written = fmt::Write::write_fmt(&mut Text(out), text);
    debug_assert!(written.is_ok(), "writing to memory cannot fail");
}

/// Appends each of `parts`.
pub(crate) fn push_all(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}

/// Appends a number in decimal digits.
pub(crate) fn push_number(out: &mut Vec<u8>, number: u64) {
    let mut digits = [b'0'; 20];
    let mut rest = number;
    let mut first = digits.len();
    for (index, digit) in digits.iter_mut().enumerate().rev() {
        *digit =
            b"0123456789".get(usize::try_from(rest % 10).unwrap_or_default()).copied().unwrap_or_default();
        first = index;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(first..).unwrap_or_default());
}

/// Appends `host:port`.
pub(crate) fn push_address(out: &mut Vec<u8>, address: SocketAddr) {
    match address {
        SocketAddr::V4(address) => {
            for (octet, end) in address.ip().octets().into_iter().zip([b'.', b'.', b'.', b':']) {
                push_number(out, octet.into());
                out.push(end);
            }
            push_number(out, address.port().into());
        }
        SocketAddr::V6(_) => push_formatted(out, format_args!("{address}")),
    }
}

/// Appends `bytes` as lower-case hexadecimal digits. It avoids `core::fmt`, since recordings have many of them.
pub(crate) fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' + value - 10 };
    for byte in bytes {
        out.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn numbers_and_addresses_are_written_as_they_format_themselves() {
        let mut out = Vec::new();
        for number in [0, 1, 9, 10, 4_294_967_296, u64::MAX] {
            out.clear();
            push_number(&mut out, number);
            assert_eq!(out, format!("{number}").as_bytes());
        }
        for address in ["127.0.0.1:5060", "255.10.0.99:0", "[2001:db8::1]:65535", "[::ffff:10.0.0.1]:1"] {
            out.clear();
            push_address(&mut out, address.parse().unwrap());
            assert_eq!(core::str::from_utf8(&out), Ok(address));
        }
    }
}
