//! Decompresses bytes, in any of the codings, never more at once than there is room for.

use std::io::{Error, Result};

use brotli::enc::StandardAlloc;
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};
use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{DParameter, InBuffer, Operation, OutBuffer};

use super::coding::Coding;

/// Of zstd, 8 MiB, as RFC 9659 asks; it would take 128 MiB by itself.
const WINDOW: u32 = 23;

pub(super) enum Decoder {
    Brotli(Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>),
    Zstd(zstd::stream::raw::Decoder<'static>),
    Gzip(Decompress),
    Deflate(Decompress),
}

/// What one step took and gave.
#[derive(Clone, Copy)]
pub(super) struct Step {
    pub(super) read: usize,
    pub(super) written: usize,
    /// What was compressed as one is complete, with its check sum.
    pub(super) ended: bool,
}

impl Decoder {
    pub(super) fn new(coding: Coding) -> Result<Self> {
        Ok(match coding {
            Coding::Brotli => {
                let alloc = StandardAlloc::default;
                Self::Brotli(Box::new(BrotliState::new(alloc(), alloc(), alloc())))
            }
            Coding::Zstd => {
                let mut decoder = zstd::stream::raw::Decoder::new()?;
                decoder.set_parameter(DParameter::WindowLogMax(WINDOW))?;
                Self::Zstd(decoder)
            }
            Coding::Gzip => Self::Gzip(Decompress::new_gzip(15)),
            Coding::Deflate => Self::Deflate(Decompress::new(true)),
        })
    }

    /// Goes on for as far as the input or the room goes.
    pub(super) fn step(&mut self, input: &[u8], room: &mut [u8]) -> Result<Step> {
        match self {
            Self::Brotli(state) => brotli(state, input, room),
            Self::Zstd(decoder) => {
                let (mut from, mut to) = (InBuffer::around(input), OutBuffer::around(room));
                let left = decoder.run(&mut from, &mut to)?;
                let (read, written, ended) = (from.pos(), to.pos(), left == 0);
                Ok(Step {
                    read,
                    written,
                    ended,
                })
            }
            Self::Gzip(zlib) | Self::Deflate(zlib) => {
                let (read, written) = (zlib.total_in(), zlib.total_out());
                let status = zlib.decompress(input, room, FlushDecompress::None);
                Ok(Step {
                    read: (zlib.total_in() - read) as usize,
                    written: (zlib.total_out() - written) as usize,
                    ended: status.map_err(Error::other)? == Status::StreamEnd,
                })
            }
        }
    }

    /// Makes it ready for more behind what ended: gzip and zstd are allowed to be several in a row
    /// (RFC 1952, 2.2; RFC 8878, 3).
    pub(super) fn go_on(&mut self) -> Result<()> {
        match self {
            Self::Zstd(_) => Ok(()),
            Self::Gzip(zlib) => {
                *zlib = Decompress::new_gzip(15);
                Ok(())
            }
            Self::Brotli(_) | Self::Deflate(_) => Err(Error::other("more follows after its end")),
        }
    }
}

fn brotli(
    state: &mut BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    input: &[u8],
    room: &mut [u8],
) -> Result<Step> {
    let (mut read, mut written) = (0, 0);
    let result = BrotliDecompressStream(
        &mut input.len(),
        &mut read,
        input,
        &mut room.len(),
        &mut written,
        room,
        &mut 0,
        state,
    );
    let ended = match result {
        BrotliResult::ResultSuccess => true,
        BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => false,
        BrotliResult::ResultFailure => return Err(Error::other("it is no brotli")),
    };
    Ok(Step {
        read,
        written,
        ended,
    })
}
