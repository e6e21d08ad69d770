//! The PROXY protocol, versions 1 and 2, as HAProxy's `proxy-protocol.txt` specifies it (feature
//! `proxy-protocol`).
//!
//! Before it: a connection of a trusted load balancer was accepted. After it: TLS or the first
//! request, with the address of the client behind it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// What version 2 begins with.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// The longest line of version 1, its line end included.
const LINE: usize = 107;

/// Reads the header, which is the first thing on the connection. `None` where the load balancer
/// speaks for itself (health checks) or the address is no TCP address.
pub(super) async fn read(socket: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<SocketAddr>> {
    let mut start = [0; 12];
    socket.read_exact(&mut start).await?;
    if start == *SIGNATURE {
        return read_binary(socket).await;
    }
    // Byte by byte, so that nothing of what follows is taken.
    let mut line = start.to_vec();
    while !line.ends_with(b"\r\n") {
        if line.len() == LINE {
            return Err(malformed());
        }
        line.push(socket.read_u8().await?);
    }
    parse_line(&line).ok_or_else(malformed)
}

async fn read_binary(socket: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<SocketAddr>> {
    let mut head = [0; 4];
    socket.read_exact(&mut head).await?;
    let length = u16::from_be_bytes([head[2], head[3]]);
    let mut addresses = vec![0; usize::from(length)];
    socket.read_exact(&mut addresses).await?;
    parse_binary(head[0], head[1], &addresses).ok_or_else(malformed)
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not a PROXY protocol header")
}

/// Version 1, section 2.1: `PROXY TCP4 source destination port port`. The outer `None` is a
/// malformed line, the inner one an unknown address.
pub(super) fn parse_line(line: &[u8]) -> Option<Option<SocketAddr>> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix("\r\n")?;
    let rest = line.strip_prefix("PROXY ")?;
    if rest == "UNKNOWN" || rest.starts_with("UNKNOWN ") {
        return Some(None);
    }
    let mut words = rest.split(' ');
    let family = words.next()?;
    let mut address = || match family {
        "TCP4" => words.next()?.parse::<Ipv4Addr>().ok().map(IpAddr::from),
        "TCP6" => words.next()?.parse::<Ipv6Addr>().ok().map(IpAddr::from),
        _ => None,
    };
    let (source, _destination) = (address()?, address()?);
    let mut port = || {
        words
            .next()
            .filter(|port| !port.starts_with('+'))?
            .parse::<u16>()
            .ok()
    };
    let (source_port, _) = (port()?, port()?);
    words
        .next()
        .is_none()
        .then_some(Some(SocketAddr::new(source, source_port)))
}

/// Version 2, section 2.2: version and command, family and protocol, then the addresses.
pub(super) fn parse_binary(
    command: u8,
    family: u8,
    addresses: &[u8],
) -> Option<Option<SocketAddr>> {
    match command {
        0x20 => return Some(None),
        0x21 => {}
        _ => return None,
    }
    let port = |at: usize| {
        Some(u16::from_be_bytes([
            *addresses.get(at)?,
            *addresses.get(at + 1)?,
        ]))
    };
    match family {
        0x11 => {
            let source = <[u8; 4]>::try_from(addresses.get(..4)?).ok()?;
            Some(Some(SocketAddr::new(
                source.into(),
                port(8).filter(|_| addresses.len() >= 12)?,
            )))
        }
        0x21 => {
            let source = <[u8; 16]>::try_from(addresses.get(..16)?).ok()?;
            Some(Some(SocketAddr::new(
                source.into(),
                port(32).filter(|_| addresses.len() >= 36)?,
            )))
        }
        _ => Some(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_version_1_are_understood_or_refused() {
        let known = |text: &str| Some(Some(text.parse().unwrap()));
        let rows: &[(&str, Option<Option<SocketAddr>>)] = &[
            (
                "PROXY TCP4 192.0.2.1 198.51.100.1 5000 80\r\n",
                known("192.0.2.1:5000"),
            ),
            (
                "PROXY TCP6 2001:db8::1 2001:db8::2 5000 443\r\n",
                known("[2001:db8::1]:5000"),
            ),
            ("PROXY UNKNOWN\r\n", Some(None)),
            ("PROXY UNKNOWN a b c d\r\n", Some(None)),
            ("PROXY TCP4 192.0.2.1 198.51.100.1 5000 80\n", None),
            ("PROXY TCP4 2001:db8::1 2001:db8::2 5000 443\r\n", None),
            ("PROXY TCP4 192.0.2.1 198.51.100.1 5000\r\n", None),
            ("PROXY TCP4 192.0.2.1 198.51.100.1 70000 80\r\n", None),
            ("PROXY TCP4 192.0.2.1 198.51.100.1 +5000 80\r\n", None),
            ("PROXY TCP4 192.0.2.1 198.51.100.1 5000 80 x\r\n", None),
            ("proxy UNKNOWN\r\n", None),
            ("GET / HTTP/1.1\r\n", None),
        ];
        for (line, wanted) in rows {
            assert_eq!(parse_line(line.as_bytes()), *wanted, "{line:?}");
        }
    }

    #[test]
    fn headers_of_version_2_are_understood_or_refused() {
        let four = [192, 0, 2, 1, 198, 51, 100, 1, 0x13, 0x88, 0, 80];
        assert_eq!(
            parse_binary(0x21, 0x11, &four),
            Some(Some("192.0.2.1:5000".parse().unwrap()))
        );
        assert_eq!(parse_binary(0x20, 0x11, &four), Some(None));
        assert_eq!(parse_binary(0x21, 0x11, &four[..11]), None);
        assert_eq!(parse_binary(0x21, 0x31, &[0; 216]), Some(None));
        assert_eq!(parse_binary(0x31, 0x11, &four), None);
        let mut six = [0; 36];
        six[15] = 1;
        six[33] = 80;
        assert_eq!(
            parse_binary(0x21, 0x21, &six),
            Some(Some("[::1]:80".parse().unwrap()))
        );
    }

    #[test]
    fn no_bytes_make_the_parsers_panic() {
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        const ALPHABET: &[u8] = b"PROXY TCP46UNKNOW0123456789.:abf\r\n \xff+";
        for _ in 0..100_000 {
            let length = (random() % 60) as usize;
            let bytes: Vec<u8> = (0..length)
                .map(|_| ALPHABET[(random() % ALPHABET.len() as u64) as usize])
                .collect();
            let line = [b"PROXY TCP4 ", &bytes[..], b"\r\n"].concat();
            if let Some(Some(addr)) = parse_line(&line) {
                assert!(addr.is_ipv4());
            }
            parse_binary(random() as u8, random() as u8, &bytes);
        }
    }

    /// What follows the header is the first request, or the handshake.
    #[tokio::test]
    async fn a_header_is_taken_and_nothing_of_what_follows() {
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        for round in 0..100_000 {
            let [a, b, c, d, low, high, ..] = random().to_be_bytes();
            let addr = SocketAddr::from(([a, b, c, d], u16::from_be_bytes([low, high])));
            let more = vec![7; (random() % 40) as usize];
            let (header, wanted) = match round % 4 {
                0 => (
                    format!(
                        "PROXY TCP4 {} 198.51.100.1 {} 80\r\n",
                        addr.ip(),
                        addr.port()
                    )
                    .into(),
                    Some(Some(addr)),
                ),
                1 => (b"PROXY UNKNOWN\r\n".to_vec(), Some(None)),
                2 => {
                    let length = u16::try_from(12 + more.len()).unwrap().to_be_bytes();
                    let fixed = [0x21, 0x11, length[0], length[1], a, b, c, d, 0, 0, 0, 0];
                    let ports = [low, high, 0, 80];
                    (
                        [&SIGNATURE[..], &fixed, &ports, &more].concat(),
                        Some(Some(addr)),
                    )
                }
                _ => {
                    let noise = (0..random() % 200).map(|_| random() as u8);
                    (noise.collect(), None)
                }
            };
            let rest: Vec<u8> = (0..random() % 30).map(|_| random() as u8).collect();
            let sent = [&header[..], &rest].concat();
            let mut left = &sent[..];
            let read = read(&mut left).await.ok();
            assert_eq!(read, wanted, "{header:?}");
            if wanted.is_some() {
                assert_eq!(left, &rest[..], "{header:?}");
            }
        }
    }
}
