//! Frames as they are on the wire (RFC 6455, 5.2): heads, masks, and what may not be sent.
//!
//! Before it: bytes of the connection. After it: `decode` puts messages together.

use super::message::CloseCode;

/// Which end of the socket this is: clients mask what they send (RFC 6455, 5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Server,
    Client,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }

    fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
        }
    }

    fn read(bits: u8) -> Option<Self> {
        Some(match bits {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }
}

/// What the other side did wrong, and the code of the close that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Violation {
    Protocol(&'static str),
    Utf8,
    /// Of a compressed message.
    Compressed,
    TooLarge,
}

impl Violation {
    pub(super) fn code(self) -> CloseCode {
        match self {
            Self::Protocol(_) => CloseCode::PROTOCOL,
            Self::Utf8 | Self::Compressed => CloseCode::INVALID,
            Self::TooLarge => CloseCode::TOO_LARGE,
        }
    }

    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Protocol(what) => what,
            Self::Utf8 => "text is UTF-8",
            Self::Compressed => "the message was not compressed right",
            Self::TooLarge => "the message is too large",
        }
    }
}

/// The bit of a compressed message (RFC 7692, 6).
pub(super) const COMPRESSED: u8 = 0x40;

/// The most bytes of a control frame (RFC 6455, 5.5).
pub(super) const CONTROL: usize = 125;

/// The head of a frame that is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) is_last: bool,
    /// The first reserved bit, where an extension gave it a meaning.
    pub(super) is_compressed: bool,
    pub(super) opcode: Opcode,
    pub(super) length: u64,
    pub(super) mask: [u8; 4],
}

impl Head {
    /// The head at the start of these bytes and its size, if all of it is there.
    pub(super) fn read(
        bytes: &[u8],
        role: Role,
        deflates: bool,
    ) -> Result<Option<(Self, usize)>, Violation> {
        let &[first, second, ref rest @ ..] = bytes else {
            return Ok(None);
        };
        let is_compressed = deflates && first & 0x70 == 0x40;
        if first & 0x70 != 0 && !is_compressed {
            return Err(Violation::Protocol("a reserved bit is set"));
        }
        let is_last = first & 0x80 != 0;
        let opcode = Opcode::read(first & 0x0f);
        let opcode = opcode.ok_or(Violation::Protocol("the opcode is a reserved one"))?;
        if is_compressed && !matches!(opcode, Opcode::Text | Opcode::Binary) {
            return Err(Violation::Protocol("only a message can be compressed"));
        }
        let is_masked = second & 0x80 != 0;
        if is_masked != (role == Role::Server) {
            return Err(Violation::Protocol("clients mask, and servers do not"));
        }
        let short = second & 0x7f;
        if opcode.is_control() && (!is_last || usize::from(short) > CONTROL) {
            let what = "a control frame is in one piece and not longer than 125 bytes";
            return Err(Violation::Protocol(what));
        }
        let (length, rest) = match (short, rest) {
            (126, &[a, b, ref rest @ ..]) => (u64::from(u16::from_be_bytes([a, b])), rest),
            (127, &[a, b, c, d, e, f, g, h, ref rest @ ..]) => {
                (u64::from_be_bytes([a, b, c, d, e, f, g, h]), rest)
            }
            (126 | 127, _) => return Ok(None),
            (short, rest) => (u64::from(short), rest),
        };
        if short == 126 && length < 126 || short == 127 && length < 1 << 16 {
            return Err(Violation::Protocol("a length is written longer than it is"));
        }
        let (mask, rest) = match (is_masked, rest) {
            (false, rest) => ([0; 4], rest),
            (true, &[a, b, c, d, ref rest @ ..]) => ([a, b, c, d], rest),
            (true, _) => return Ok(None),
        };
        let head = Self {
            is_last,
            is_compressed,
            opcode,
            length,
            mask,
        };
        Ok(Some((head, bytes.len() - rest.len())))
    }
}

/// Appends a frame in one piece; a mask is for clients.
pub(super) fn write(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8], mask: Option<[u8; 4]>) {
    let masked = if mask.is_some() { 0x80 } else { 0 };
    out.reserve(payload.len() + 14);
    out.push(0x80 | opcode.bits());
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short @ 0..=125), _) => out.push(masked | short),
        (_, Ok(length)) => {
            out.push(masked | 126);
            out.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            out.push(masked | 127);
            out.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    let Some(mut mask) = mask else {
        return out.extend_from_slice(payload);
    };
    out.extend_from_slice(&mask);
    let start = out.len();
    out.extend_from_slice(payload);
    unmask(&mut out[start..], &mut mask);
}

/// Masks, or unmasks, a piece of a frame, and turns the mask for the piece that follows.
pub(super) fn unmask(piece: &mut [u8], mask: &mut [u8; 4]) {
    let four = u32::from_ne_bytes(*mask);
    let eight = (u64::from(four) << 32 | u64::from(four)).to_ne_bytes();
    let mut words = piece.chunks_exact_mut(8);
    for word in &mut words {
        for (byte, mask) in word.iter_mut().zip(eight) {
            *byte ^= mask;
        }
    }
    let rest = words.into_remainder();
    for (byte, mask) in rest.iter_mut().zip(eight) {
        *byte ^= mask;
    }
    mask.rotate_left(rest.len() % 4);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_at_every_length() {
        for length in [0, 1, 125, 126, 127, 128, 65_535, 65_536, 70_000] {
            for (mask, role) in [(None, Role::Client), (Some([1, 2, 3, 4]), Role::Server)] {
                let payload: Vec<u8> = (0..length).map(|at| at as u8).collect();
                let mut out = Vec::new();
                write(&mut out, Opcode::Binary, &payload, mask);
                let (head, size) = Head::read(&out, role, false).unwrap().unwrap();
                assert_eq!((head.length, head.is_last), (length as u64, true));
                let mut mask = head.mask;
                // In pieces of odd sizes, as a network brings them.
                for piece in out[size..].chunks_mut(13) {
                    unmask(piece, &mut mask);
                }
                assert!(out[size..] == payload, "{length}");
                for short in 0..size {
                    assert_eq!(Head::read(&out[..short], role, false), Ok(None), "{short}");
                }
            }
        }
    }

    #[test]
    fn what_breaks_the_rules_of_a_head_is_refused() {
        let table: [(&[u8], &str); 9] = [
            (&[0xc1, 0x80], "a reserved bit is set"),
            (&[0x91, 0x80], "a reserved bit is set"),
            (&[0x83, 0x80], "the opcode is a reserved one"),
            (&[0x8b, 0x80], "the opcode is a reserved one"),
            (&[0x81, 0x00], "clients mask, and servers do not"),
            (&[0x09, 0x80], "a control frame is in one piece"),
            (&[0x89, 0xfe], "a control frame is in one piece"),
            (&[0x82, 0xfe, 0, 125], "a length is written longer"),
            (
                &[0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
                "a length is written longer",
            ),
        ];
        for (bytes, words) in table {
            match Head::read(bytes, Role::Server, false) {
                Err(Violation::Protocol(what)) => assert!(what.starts_with(words), "{what}"),
                read => panic!("{bytes:x?} {read:?}"),
            }
        }
    }
}
