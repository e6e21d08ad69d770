//! The bytes of a file on their way out: piece by piece, each read when the one before was taken.
//!
//! Before it: the file is open, its length and what to send of it known. After it: the connection.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::{Bytes, Result, blocking};

/// Bytes that are read at once, and wait for a client that takes none.
pub(super) const CHUNK: u64 = 32 * 1024;

/// What a body is made of.
#[derive(Debug)]
pub(super) enum Piece {
    /// These bytes.
    Text(Bytes),
    /// The bytes of the content from the first up to and without the last.
    Part(u64, u64),
}

/// Where the bytes are.
#[derive(Debug)]
pub(super) enum Content {
    File(File),
    Memory(Bytes),
}

impl Content {
    /// Reads a part at once, for content that is small.
    pub(super) fn read(&mut self, start: u64, end: u64) -> io::Result<Bytes> {
        match self {
            Self::File(file) => read(file, start, end - start),
            // Its length is that of the bytes, so both fit.
            Self::Memory(bytes) => Ok(bytes.slice(start as usize..end as usize)),
        }
    }
}

/// A body of pieces. One that cannot be read to its end fails, so that the client notices.
pub(super) struct Pieces {
    reader: Reader,
    pieces: VecDeque<Piece>,
    left: u64,
}

enum Reader {
    Idle(Content),
    Busy(Reading),
    Over,
}

type Reading = Pin<Box<dyn Future<Output = Result<(File, io::Result<Bytes>)>> + Send>>;

impl Pieces {
    pub(super) fn new(content: Content, pieces: impl Into<VecDeque<Piece>>) -> Self {
        let pieces = pieces.into();
        let size = |piece: &Piece| match piece {
            Piece::Text(bytes) => bytes.len() as u64,
            Piece::Part(start, end) => end - start,
        };
        Self {
            reader: Reader::Idle(content),
            left: pieces.iter().map(size).sum(),
            pieces,
        }
    }

    fn sent(&mut self, bytes: Bytes) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.left -= bytes.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    /// Takes the bytes that come next off the list.
    fn next_part(&mut self) -> Option<Piece> {
        match self.pieces.pop_front()? {
            Piece::Part(start, end) if end - start > CHUNK => {
                self.pieces.push_front(Piece::Part(start + CHUNK, end));
                Some(Piece::Part(start, start + CHUNK))
            }
            piece => Some(piece),
        }
    }
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            match std::mem::replace(&mut self.reader, Reader::Over) {
                Reader::Over => return Poll::Ready(None),
                Reader::Busy(mut reading) => {
                    let Poll::Ready(read) = reading.as_mut().poll(cx) else {
                        self.reader = Reader::Busy(reading);
                        return Poll::Pending;
                    };
                    let (file, bytes) = read.map_err(|e| io::Error::other(e.to_string()))?;
                    let bytes = bytes?;
                    self.reader = Reader::Idle(Content::File(file));
                    return self.sent(bytes);
                }
                Reader::Idle(content) => match (self.next_part(), content) {
                    (None, _) => return Poll::Ready(None),
                    (Some(Piece::Text(bytes)), content) => {
                        self.reader = Reader::Idle(content);
                        return self.sent(bytes);
                    }
                    (Some(Piece::Part(start, end)), Content::Memory(bytes)) => {
                        let part = bytes.slice(start as usize..end as usize);
                        self.reader = Reader::Idle(Content::Memory(bytes));
                        return self.sent(part);
                    }
                    (Some(Piece::Part(start, end)), Content::File(mut file)) => {
                        self.reader = Reader::Busy(Box::pin(blocking(move || {
                            let bytes = read(&mut file, start, end - start);
                            (file, bytes)
                        })));
                    }
                },
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// All of these bytes, or an error: the length was promised.
fn read(file: &mut File, start: u64, length: u64) -> io::Result<Bytes> {
    let mut bytes = Vec::with_capacity(length as usize);
    file.seek(SeekFrom::Start(start))?;
    file.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != length {
        let message = "the file became shorter while it was sent";
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
    }
    Ok(bytes.into())
}
