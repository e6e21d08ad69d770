//! Compressed messages (RFC 7692), each for itself: no memory is kept between two of them.
//!
//! What comes is bounded by what it inflates to, byte by byte, and nothing waits for the end of it.

use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::frame::Violation;

/// Messages below this are sent as they are: they would hardly get shorter.
const WORTH_IT: usize = 256;

/// What a sender leaves out at the end of each message (RFC 7692, 7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// The answer to an offer of a client: `Sec-WebSocket-Extensions` for the first offer that can be
/// met, of all that its headers list.
pub(super) fn agree<'a>(offers: impl Iterator<Item = &'a str>) -> Option<&'static str> {
    offers.map(meet).find(Option::is_some).flatten()
}

fn meet(offer: &str) -> Option<&'static str> {
    let mut parts = offer.split(';').map(str::trim);
    if parts.next() != Some("permessage-deflate") {
        return None;
    }
    let mut seen: [bool; 4] = [false; 4];
    for part in parts {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
            None => (part, None),
        };
        let bits = value.and_then(|value| value.parse().ok().filter(|_| !value.starts_with('0')));
        let at = match (name, value, bits) {
            ("server_no_context_takeover", None, _) => 0,
            ("client_no_context_takeover", None, _) => 1,
            ("client_max_window_bits", None, _) => 2,
            ("client_max_window_bits", _, Some(8..=15_u8)) => 2,
            // The window of the encoder here is of one size.
            ("server_max_window_bits", _, Some(15)) => 3,
            _ => return None,
        };
        if std::mem::replace(&mut seen[at], true) {
            return None;
        }
    }
    Some(match seen[3] {
        false => "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        true => {
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=15"
        }
    })
}

thread_local! {
    /// The tables of an encoder are large, and the same for each message.
    static ENCODER: RefCell<Compress> = RefCell::new(new_encoder());
}

fn new_encoder() -> Compress {
    Compress::new(Compression::fast(), false)
}

/// The message compressed, if that makes it shorter.
pub(super) fn deflate(message: &[u8]) -> Option<Vec<u8>> {
    if message.len() < WORTH_IT {
        return None;
    }
    ENCODER.with_borrow_mut(|encoder| {
        encoder.reset();
        let mut out = Vec::with_capacity(message.len());
        let status = encoder.compress_vec(message, &mut out, FlushCompress::Sync);
        if status.is_err() || out.len() == out.capacity() {
            // It is not shorter. What found no room is in the encoder still, and `reset` would leave
            // some of it there, to end up in the next message.
            *encoder = new_encoder();
            return None;
        }
        out.ends_with(&TAIL).then(|| {
            out.truncate(out.len() - TAIL.len());
            out
        })
    })
}

/// What a compressed message inflates to, piece by piece.
#[derive(Debug)]
pub(super) struct Inflater {
    zlib: Decompress,
    /// Bytes that may still come of it.
    room: u64,
}

impl Inflater {
    /// For a message of so many bytes at most, which is no longer compressed than not but for an
    /// eighth and 1 KiB: blocks with nothing in them would pass any other limit for ever.
    pub(super) fn new(limit: usize) -> Self {
        let limit = limit as u64;
        Self {
            zlib: Decompress::new(false),
            room: limit.saturating_add(limit / 8 + 1024),
        }
    }

    /// The most that may still come.
    pub(super) fn room(&self) -> u64 {
        self.room
    }

    /// Hands on what these bytes inflate to, in pieces.
    pub(super) fn inflate(
        &mut self,
        mut bytes: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), Violation>,
    ) -> Result<(), Violation> {
        self.room = self.room.saturating_sub(bytes.len() as u64);
        let zlib = &mut self.zlib;
        let mut room = [0; 4096];
        loop {
            let (read, made) = (zlib.total_in(), zlib.total_out());
            let status = zlib.decompress(bytes, &mut room, FlushDecompress::None);
            let status = status.map_err(|_| Violation::Compressed)?;
            let read = (zlib.total_in() - read) as usize;
            let made = (zlib.total_out() - made) as usize;
            bytes = &bytes[read..];
            take(&room[..made])?;
            match status {
                // A last block may be followed by others (RFC 7692, 7.2.3.4).
                Status::StreamEnd => zlib.reset(false),
                _ if bytes.is_empty() && made < room.len() => return Ok(()),
                _ if read == 0 && made == 0 => return Err(Violation::Compressed),
                _ => {}
            }
            if bytes.is_empty() && status == Status::StreamEnd {
                return Ok(());
            }
        }
    }

    /// The end of the message: the bytes that senders leave out.
    pub(super) fn finish(
        mut self,
        take: impl FnMut(&[u8]) -> Result<(), Violation>,
    ) -> Result<(), Violation> {
        self.inflate(&TAIL, take)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inflate(bytes: &[u8], step: usize, limit: usize) -> Result<Vec<u8>, Violation> {
        let mut out = Vec::new();
        let mut take = |piece: &[u8]| match out.len() + piece.len() > limit {
            true => Err(Violation::TooLarge),
            false => {
                out.extend_from_slice(piece);
                Ok(())
            }
        };
        let mut inflater = Inflater::new(limit);
        for piece in bytes.chunks(step) {
            inflater.inflate(piece, &mut take)?;
        }
        inflater.finish(&mut take)?;
        Ok(out)
    }

    #[test]
    fn what_is_compressed_inflates_to_itself_in_any_pieces() {
        let text = "the same words, ".repeat(500);
        for message in [text.as_bytes(), &[0; 300], &text.as_bytes()[..256]] {
            let short = deflate(message).unwrap();
            assert!(short.len() < message.len() / 2);
            for step in [1, 3, short.len()] {
                assert!(inflate(&short, step, 1 << 20).unwrap() == message, "{step}");
            }
        }
    }

    /// Bytes without an order, the same ones in each run.
    struct Noise(u64);

    impl Noise {
        fn below(&mut self, end: usize) -> usize {
            self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            (self.0 >> 33) as usize % end
        }

        /// Words of so many letters: few of them get shorter, many hardly.
        fn message(&mut self, length: usize, letters: usize) -> Vec<u8> {
            (0..length).map(|_| self.below(letters) as u8).collect()
        }
    }

    #[test]
    fn what_would_not_get_shorter_is_left_alone() {
        let noise = Noise(1).message(5000, 256);
        assert_eq!(deflate(&noise), None);
        assert_eq!(deflate(b"short"), None);
    }

    /// One encoder is used again and again. What did not fit into the room for one message was sent
    /// with the next one, or made the encoder panic.
    #[test]
    fn no_message_has_anything_of_the_one_before() {
        let mut noise = Noise(1);
        let mut shorter = 0;
        for _ in 0..2000 {
            let length = match noise.below(3) {
                0 => WORTH_IT + noise.below(100),
                1 => WORTH_IT + noise.below(3000),
                _ => noise.below(12_000),
            };
            let letters = [1, 3, 60, 120, 130, 140, 150, 256][noise.below(8)];
            let message = noise.message(length, letters);
            if let Some(short) = deflate(&message) {
                shorter += 1;
                assert!(short.len() + TAIL.len() < message.len());
                let read = inflate(&short, short.len(), message.len());
                assert!(read.as_ref() == Ok(&message), "{length} of {letters}");
            }
        }
        assert!((300..1500).contains(&shorter), "{shorter}");
    }

    #[test]
    fn a_bomb_goes_off_at_the_limit() {
        let bomb = deflate(&vec![0; 50 << 20]).unwrap();
        assert!(bomb.len() < 1 << 20);
        assert_eq!(
            inflate(&bomb, bomb.len(), 1 << 20),
            Err(Violation::TooLarge)
        );
    }

    #[test]
    fn the_examples_of_the_rfc_are_read() {
        // RFC 7692, 7.2.3: one block, two blocks, no compression, a last block.
        let table: [&[u8]; 4] = [
            &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00],
            &[
                0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00,
            ],
            &[
                0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00,
            ],
            &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],
        ];
        for bytes in table {
            for step in [1, bytes.len()] {
                assert_eq!(inflate(bytes, step, 100).unwrap(), b"Hello", "{bytes:x?}");
            }
        }
        assert_eq!(inflate(&[0xff; 20], 20, 100), Err(Violation::Compressed));
    }

    #[test]
    fn random_bytes_are_refused_or_small() {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        for _ in 0..20_000 {
            let mut bytes = Vec::new();
            for _ in 0..1 + state % 30 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                bytes.push((state >> 8) as u8);
            }
            state = state.wrapping_add(0x1234_5678_9abc_def1);
            let whole = inflate(&bytes, bytes.len(), 1000);
            assert_eq!(
                whole.is_ok(),
                inflate(&bytes, 1, 1000).is_ok(),
                "{bytes:x?}"
            );
        }
    }

    #[test]
    fn an_offer_is_met_or_passed_over() {
        let plain = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
        let table = [
            ("permessage-deflate", true),
            ("permessage-deflate; client_max_window_bits", true),
            ("permessage-deflate; client_max_window_bits=10", true),
            ("permessage-deflate;server_no_context_takeover", true),
            ("permessage-deflate; server_max_window_bits=10", false),
            ("permessage-deflate; client_max_window_bits=16", false),
            ("permessage-deflate; client_max_window_bits=010", false),
            ("permessage-deflate; client_no_context_takeover=1", false),
            ("permessage-deflate; unknown", false),
            (
                "permessage-deflate; client_max_window_bits; client_max_window_bits",
                false,
            ),
            ("x-webkit-deflate-frame", false),
            ("", false),
        ];
        for (offer, met) in table {
            assert_eq!(agree([offer].into_iter()), met.then_some(plain), "{offer}");
        }
        let several = [
            "permessage-deflate; server_max_window_bits=10",
            "permessage-deflate",
        ];
        assert_eq!(agree(several.into_iter()), Some(plain));
        let bits = agree(["permessage-deflate; server_max_window_bits=15"].into_iter());
        assert!(bits.unwrap().ends_with("server_max_window_bits=15"));
    }
}
