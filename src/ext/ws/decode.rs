//! Messages put together from frames as their bytes arrive.
//!
//! Before it: the head of a frame. After it: a message, or what the other side did wrong, at the
//! first byte that shows it.

use super::deflate::Inflater;
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
    /// Messages may be compressed.
    deflates: bool,
    frame: Option<Head>,
    message: Option<Partial>,
    /// Of a compressed message.
    inflater: Option<Box<Inflater>>,
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
    pub(super) fn new(role: Role, limit: usize, deflates: bool) -> Self {
        Self {
            role,
            limit,
            deflates,
            frame: None,
            message: None,
            inflater: None,
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
        let Some((head, size)) = Head::read(bytes, self.role, self.deflates)? else {
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
            if head.is_compressed {
                self.inflater = Some(Box::new(Inflater::new(self.limit)));
            }
            let before = self.message.as_ref().map_or(0, Partial::size);
            let room = match &self.inflater {
                None => (self.limit - before) as u64,
                // How large it is without compression shows as it inflates.
                Some(inflater) => inflater.room(),
            };
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
        if opcode.is_control() {
            self.control.extend_from_slice(piece);
            return Ok(());
        }
        let (limit, message) = (self.limit, &mut self.message);
        match (&mut self.inflater, message) {
            (_, None) => Ok(()),
            (None, Some(message)) => message.push(piece, limit),
            (Some(inflater), Some(message)) => {
                inflater.inflate(piece, |piece| message.push(piece, limit))
            }
        }
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
        if let (Some(inflater), Some(message)) = (self.inflater.take(), &mut self.message) {
            inflater.finish(|piece| message.push(piece, self.limit))?;
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
    fn push(&mut self, piece: &[u8], limit: usize) -> Result<(), Violation> {
        if self.size() + piece.len() > limit {
            return Err(Violation::TooLarge);
        }
        match self {
            Self::Text(text, cut) => push(text, cut, piece),
            Self::Binary(bytes) => {
                bytes.extend_from_slice(piece);
                Ok(())
            }
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ext::ws::frame;

    const LIMIT: usize = 1 << 20;

    /// What these bytes of a client are: messages, and how it ended.
    fn read(bytes: &[u8], step: usize) -> (Vec<Message>, Option<Violation>) {
        let mut decoder = Decoder::new(Role::Server, LIMIT, false);
        let (mut messages, mut waiting) = (Vec::new(), Vec::new());
        for piece in bytes.chunks(step) {
            waiting.extend_from_slice(piece);
            loop {
                let (used, read) = decoder.read(&mut waiting);
                waiting.drain(..used);
                match read {
                    Ok(Some(message)) => messages.push(message),
                    Ok(None) => break,
                    Err(violation) => return (messages, Some(violation)),
                }
            }
        }
        (messages, None)
    }

    /// The first byte of each frame, and its payload.
    type Frames<'a> = &'a [(u8, &'a [u8])];

    /// Frames of a client.
    fn frames(list: Frames<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        for (first, payload) in list {
            let start = out.len();
            frame::write(&mut out, Opcode::Text, payload, Some([7, 77, 177, 250]));
            out[start] = *first;
        }
        out
    }

    fn text(text: &str) -> Message {
        text.into()
    }

    #[test]
    fn messages_are_the_same_however_their_bytes_arrive() {
        let kosme = "κόσμε \u{10ffff}".as_bytes();
        let table: &[(Frames<'_>, &[Message])] = &[
            (&[(0x81, b"")], &[text("")]),
            (
                &[(0x81, b"hi"), (0x82, b"\xff")],
                &[text("hi"), vec![255].into()],
            ),
            (&[(0x01, b"a"), (0x00, b""), (0x80, b"b")], &[text("ab")]),
            (&[(0x02, b""), (0x80, b"")], &[vec![].into()]),
            (
                &[(0x01, b"a"), (0x89, b"p"), (0x8a, b"q"), (0x80, b"b")],
                &[
                    Message::Ping(b"p"[..].into()),
                    Message::Pong(b"q"[..].into()),
                    text("ab"),
                ],
            ),
            (&[(0x81, kosme)], &[text("κόσμε \u{10ffff}")]),
            (
                &[(0x01, &kosme[..3]), (0x80, &kosme[3..])],
                &[text("κόσμε \u{10ffff}")],
            ),
            (&[(0x88, b"")], &[Message::Close(None, String::new())]),
            (
                &[(0x88, b"\x03\xe8bye")],
                &[Message::Close(Some(CloseCode::NORMAL), "bye".into())],
            ),
        ];
        for (list, wanted) in table {
            let bytes = frames(list);
            for step in [1, 2, 3, 7, bytes.len()] {
                let (messages, violation) = read(&bytes, step);
                assert_eq!((&messages[..], violation), (*wanted, None), "{list:?}");
            }
        }
    }

    #[test]
    fn what_breaks_the_protocol_is_noticed_and_said() {
        let long = vec![0; LIMIT];
        let table: &[(Frames<'_>, u16)] = &[
            (&[(0x80, b"a")], 1002),
            (&[(0x00, b"a")], 1002),
            (&[(0x01, b"a"), (0x81, b"b")], 1002),
            (&[(0x01, b"a"), (0x82, b"b")], 1002),
            (&[(0xf1, b"a")], 1002),
            (&[(0x87, b"a")], 1002),
            (&[(0x8f, b"a")], 1002),
            (&[(0x08, b"")], 1002),
            (&[(0x89, &long[..126])], 1002),
            (&[(0x88, b"\x03")], 1002),
            (&[(0x88, b"\x00\x00")], 1002),
            (&[(0x88, b"\x03\xe7")], 1002),
            (&[(0x88, b"\x03\xec")], 1002),
            (&[(0x88, b"\x03\xed")], 1002),
            (&[(0x88, b"\x03\xee")], 1002),
            (&[(0x88, b"\x03\xf7")], 1002),
            (&[(0x88, b"\x07\xd0")], 1002),
            (&[(0x88, b"\x13\x88")], 1002),
            (&[(0x88, b"\x03\xe8\xff")], 1007),
            (&[(0x81, b"\xff")], 1007),
            (&[(0x81, b"\xc3")], 1007),
            (&[(0x81, b"\xed\xa0\x80")], 1007),
            (&[(0x81, b"\xf4\x90\x80\x80")], 1007),
            (&[(0x81, b"\xc0\xaf")], 1007),
            (&[(0x01, b"\xc3"), (0x80, b"a")], 1007),
            (&[(0x01, b"\xc3"), (0x80, b"")], 1007),
            (&[(0x02, &long), (0x80, b"a")], 1009),
            (&[(0x02, b"a"), (0x80, &long)], 1009),
        ];
        for (list, code) in table {
            let bytes = frames(list);
            for step in [1, 5, bytes.len()] {
                if step == 1 && bytes.len() > LIMIT {
                    continue;
                }
                let (_, violation) = read(&bytes, step);
                let told = violation.map(|violation| violation.code().as_u16());
                assert_eq!(told, Some(*code), "{list:x?}");
            }
        }
        let (messages, violation) = read(&frames(&[(0x82, &long)]), 4096);
        assert_eq!((messages.len(), violation), (1, None));
    }

    #[test]
    fn text_fails_at_its_first_wrong_byte_and_size_at_the_head() {
        let mut bytes = frames(&[(0x81, b"\xce\xba\xf4\x90\x80\x80later")]);
        bytes.truncate(6 + 4);
        assert_eq!(read(&bytes, 1).1, Some(Violation::Utf8));
        let head = [0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 1, 0, 0, 0, 0];
        assert_eq!(read(&head, 1).1, Some(Violation::TooLarge));
        let huge = [
            0x82, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0,
        ];
        assert_eq!(read(&huge, 14).1, Some(Violation::TooLarge));
    }

    #[test]
    fn what_inflates_to_nothing_does_not_come_without_end() {
        let nothing = [0x00, 0x00, 0x00, 0xff, 0xff].repeat(100);
        let mut decoder = Decoder::new(Role::Server, 1000, true);
        let mut taken = 0;
        for at in 0.. {
            let first = if at == 0 { 0x42 } else { 0x00 };
            let mut bytes = frames(&[(first, &nothing)]);
            match decoder.read(&mut bytes).1 {
                Ok(None) => taken += nothing.len(),
                ended => {
                    assert_eq!(ended, Err(Violation::TooLarge));
                    break;
                }
            }
        }
        assert!((1000..=1000 + 125 + 1024).contains(&taken), "{taken}");
    }

    #[test]
    fn random_bytes_do_no_harm_and_mean_the_same_in_any_pieces() {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut whole = 0;
        for _ in 0..20_000 {
            let mut bytes = Vec::new();
            for _ in 0..state % 40 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let likely = [0x81, 0x01, 0x80, 0x89, 0x82, 0x83, 0x84, 0x00];
                bytes.push(match state % 3 {
                    0 => (state >> 8) as u8,
                    _ => likely[(state >> 8) as usize % 8],
                });
            }
            state = state.wrapping_add(0x1234_5678_9abc_def1);
            if bytes.is_empty() {
                continue;
            }
            let read_whole = read(&bytes, bytes.len());
            assert_eq!(read_whole, read(&bytes, 1), "{bytes:x?}");
            whole += read_whole.0.len();
        }
        assert!(whole > 100, "{whole}");
    }

    #[test]
    fn a_reason_that_is_too_long_is_cut_at_a_character() {
        let bytes = close_bytes(Some(CloseCode::NORMAL), &"é".repeat(100));
        assert_eq!(bytes.len(), 2 + 122);
        assert!(std::str::from_utf8(&bytes[2..]).is_ok());
    }
}
