//! Messages put together from frames as their bytes arrive.
//!
//! Before it: the head of a frame. After it: a message, or what the other side did wrong, at the
//! first byte that shows it.

use super::frame::{Head, Opcode, Role, Violation, unmask};
use super::message::{CloseCode, Message};
use crate::Bytes;

/// Room made for a message before its bytes are there.
const AHEAD: usize = 16 * 1024;

/// What was read so far.
#[derive(Debug)]
pub(super) struct Decoder {
    role: Role,
    limit: usize,
    frame: Option<Head>,
    message: Option<Partial>,
    control: Vec<u8>,
}

/// A message whose last frame is not here.
#[derive(Debug)]
enum Partial {
    /// Valid text, and the bytes of a character that is not whole.
    Text(String, Vec<u8>),
    Binary(Vec<u8>),
}

impl Decoder {
    /// Messages of at most `limit` bytes.
    pub(super) fn new(role: Role, limit: usize) -> Self {
        Self {
            role,
            limit,
            frame: None,
            message: None,
            control: Vec::new(),
        }
    }

    /// Bytes that are still to come of the frame that began.
    pub(super) fn missing(&self) -> u64 {
        self.frame.map_or(0, |frame| frame.length)
    }

    /// The next message, and how many of the bytes are used up; the rest is handed in again.
    pub(super) fn read(&mut self, bytes: &mut [u8]) -> (usize, Result<Option<Message>, Violation>) {
        let mut used = 0;
        loop {
            let left = &mut bytes[used..];
            let Some(frame) = &mut self.frame else {
                match self.begin(left) {
                    Ok(Some(size)) => used += size,
                    Ok(None) => return (used, Ok(None)),
                    Err(violation) => return (used, Err(violation)),
                }
                continue;
            };
            let most = usize::try_from(frame.length).unwrap_or(usize::MAX);
            let size = left.len().min(most);
            let piece = &mut left[..size];
            unmask(piece, &mut frame.mask);
            frame.length -= size as u64;
            let frame = *frame;
            used += size;
            if let Err(violation) = self.take(frame.opcode, piece) {
                return (used, Err(violation));
            }
            if frame.length > 0 {
                return (used, Ok(None));
            }
            self.frame = None;
            match self.end(frame) {
                Ok(None) => {}
                ended => return (used, ended),
            }
        }
    }

    /// Reads a head; its size, if it is there.
    fn begin(&mut self, bytes: &[u8]) -> Result<Option<usize>, Violation> {
        let Some((head, size)) = Head::read(bytes, self.role)? else {
            return Ok(None);
        };
        match (head.opcode, &self.message) {
            (Opcode::Continuation, None) => {
                return Err(Violation::Protocol("nothing is there to be continued"));
            }
            (Opcode::Text | Opcode::Binary, Some(_)) => {
                return Err(Violation::Protocol("the message before is not complete"));
            }
            _ => {}
        }
        if !head.opcode.is_control() {
            let before = self.message.as_ref().map_or(0, Partial::size);
            let room = (self.limit - before) as u64;
            if head.length > room {
                return Err(Violation::TooLarge);
            }
            let ahead = AHEAD.min(usize::try_from(head.length).unwrap_or(AHEAD));
            match head.opcode {
                Opcode::Text => {
                    let text = String::with_capacity(ahead);
                    self.message = Some(Partial::Text(text, Vec::new()));
                }
                Opcode::Binary => self.message = Some(Partial::Binary(Vec::with_capacity(ahead))),
                _ => {}
            }
        }
        self.frame = Some(head);
        Ok(Some(size))
    }

    fn take(&mut self, opcode: Opcode, piece: &[u8]) -> Result<(), Violation> {
        match &mut self.message {
            _ if opcode.is_control() => self.control.extend_from_slice(piece),
            Some(Partial::Text(text, cut)) => push(text, cut, piece)?,
            Some(Partial::Binary(bytes)) => bytes.extend_from_slice(piece),
            None => {}
        }
        Ok(())
    }

    /// A frame is complete; the message, if that is.
    fn end(&mut self, frame: Head) -> Result<Option<Message>, Violation> {
        if frame.opcode.is_control() {
            let bytes = std::mem::take(&mut self.control);
            return control(frame.opcode, bytes).map(Some);
        }
        if !frame.is_last {
            return Ok(None);
        }
        Ok(match self.message.take() {
            Some(Partial::Text(_, cut)) if !cut.is_empty() => return Err(Violation::Utf8),
            Some(Partial::Text(text, _)) => Some(Message::Text(text)),
            Some(Partial::Binary(bytes)) => Some(Message::Binary(bytes.into())),
            None => None,
        })
    }
}

impl Partial {
    fn size(&self) -> usize {
        match self {
            Self::Text(text, cut) => text.len() + cut.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

fn control(opcode: Opcode, bytes: Vec<u8>) -> Result<Message, Violation> {
    match (opcode, &bytes[..]) {
        (Opcode::Ping, _) => Ok(Message::Ping(bytes.into())),
        (Opcode::Pong, _) => Ok(Message::Pong(bytes.into())),
        (_, []) => Ok(Message::Close(None, String::new())),
        (_, &[a, b, ref reason @ ..]) => {
            let code = CloseCode::new(u16::from_be_bytes([a, b]));
            let code = code.ok_or(Violation::Protocol("no close may have this code"))?;
            let reason = std::str::from_utf8(reason).map_err(|_| Violation::Utf8)?;
            Ok(Message::Close(Some(code), reason.to_owned()))
        }
        _ => Err(Violation::Protocol("a close has two bytes of code")),
    }
}

/// Appends bytes of a text; those of a character that is not whole are kept apart.
fn push(text: &mut String, cut: &mut Vec<u8>, mut piece: &[u8]) -> Result<(), Violation> {
    while !cut.is_empty()
        && let Some((&byte, rest)) = piece.split_first()
    {
        cut.push(byte);
        piece = rest;
        match std::str::from_utf8(cut) {
            Ok(whole) => {
                text.push_str(whole);
                cut.clear();
            }
            Err(error) if error.error_len().is_some() => return Err(Violation::Utf8),
            Err(_) => {}
        }
    }
    match std::str::from_utf8(piece) {
        Ok(valid) => text.push_str(valid),
        Err(error) if error.error_len().is_some() => return Err(Violation::Utf8),
        Err(error) => {
            let (valid, rest) = piece.split_at(error.valid_up_to());
            text.push_str(std::str::from_utf8(valid).map_err(|_| Violation::Utf8)?);
            cut.extend_from_slice(rest);
        }
    }
    Ok(())
}

/// A close as bytes; a reason that is too long is cut at a character.
pub(super) fn close_bytes(code: Option<CloseCode>, reason: &str) -> Bytes {
    let Some(code) = code else {
        return Bytes::new();
    };
    let mut end = reason.len().min(super::frame::CONTROL - 2);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    let mut bytes = code.as_u16().to_be_bytes().to_vec();
    bytes.extend_from_slice(&reason.as_bytes()[..end]);
    bytes.into()
}
