//! Compresses bytes, in any of the codings.

use std::fmt;
use std::io::{Result, Write};

use brotli::CompressorWriter;
use brotli::enc::BrotliEncoderParams;
use flate2::{Compress, FlushCompress, Status};
use zstd::stream::raw::CParameter;

use super::coding::Coding;
use super::config::CompressionLevel;

/// Windows of 256 KiB, and tables of zstd that are not much larger, so that a stream costs one to
/// three megabytes and not eight.
const WINDOW: u32 = 18;
const TABLE: u32 = 17;

pub(super) enum Encoder {
    Brotli(Box<CompressorWriter<Vec<u8>>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
    /// Gzip, or deflate.
    Zlib(Zlib),
}

impl Encoder {
    /// For so many bytes, or a stream of them.
    pub(super) fn new(
        coding: Coding,
        level: CompressionLevel,
        size: Option<usize>,
    ) -> Result<Self> {
        let out = Vec::new();
        Ok(match coding {
            Coding::Brotli => {
                let params = BrotliEncoderParams {
                    quality: by(level, [1, 4, 6]),
                    lgwin: WINDOW as i32,
                    size_hint: size.unwrap_or(0),
                    ..BrotliEncoderParams::default()
                };
                let writer = CompressorWriter::with_params(out, 4096, &params);
                Self::Brotli(Box::new(writer))
            }
            Coding::Zstd => {
                let level = by(level, [3, 6, 9]);
                let mut writer = zstd::stream::write::Encoder::new(out, level)?;
                writer.set_parameter(CParameter::WindowLog(WINDOW))?;
                match size {
                    Some(size) => writer.set_pledged_src_size(Some(size as u64))?,
                    None => {
                        writer.set_parameter(CParameter::HashLog(TABLE))?;
                        writer.set_parameter(CParameter::ChainLog(TABLE))?;
                    }
                }
                Self::Zstd(writer)
            }
            Coding::Gzip => Self::Zlib(Zlib::new(Compress::new_gzip(zlib_level(level), 15))),
            Coding::Deflate => Self::Zlib(Zlib::new(Compress::new(zlib_level(level), true))),
        })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.writer().write_all(bytes)
    }

    /// Compresses all that was written, at the price of some bytes.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.writer().flush()
    }

    /// How many bytes [`take`](Self::take) would give.
    pub(super) fn ready(&self) -> usize {
        match self {
            Self::Brotli(writer) => writer.get_ref().len(),
            Self::Zstd(writer) => writer.get_ref().len(),
            Self::Zlib(writer) => writer.out.len(),
        }
    }

    /// What is compressed so far.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(match self {
            Self::Brotli(writer) => writer.get_mut(),
            Self::Zstd(writer) => writer.get_mut(),
            Self::Zlib(writer) => &mut writer.out,
        })
    }

    /// The rest.
    pub(super) fn finish(self) -> Result<Vec<u8>> {
        match self {
            Self::Brotli(writer) => Ok(writer.into_inner()),
            Self::Zstd(writer) => writer.finish(),
            Self::Zlib(mut writer) => {
                writer.run(&[], FlushCompress::Finish)?;
                Ok(writer.out)
            }
        }
    }

    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::Brotli(writer) => writer,
            Self::Zstd(writer) => writer,
            Self::Zlib(writer) => writer,
        }
    }
}

/// In place of the writers of `flate2`, whose flush leaves some in the encoder where it has more than
/// they have room for.
pub(super) struct Zlib {
    encoder: Compress,
    out: Vec<u8>,
}

/// Room made for the encoder at a time, far more than the few bytes with which it would write the end
/// of a flush over and over.
const ROOM: usize = 8 * 1024;

impl Zlib {
    fn new(encoder: Compress) -> Self {
        let out = Vec::new();
        Self { encoder, out }
    }

    /// Goes on until the encoder leaves some room, which is when it has done all it was asked to.
    fn run(&mut self, mut bytes: &[u8], flush: FlushCompress) -> Result<()> {
        loop {
            self.out.reserve(ROOM);
            let before = self.encoder.total_in();
            let status = self.encoder.compress_vec(bytes, &mut self.out, flush)?;
            bytes = &bytes[(self.encoder.total_in() - before) as usize..];
            if status == Status::StreamEnd || self.out.len() < self.out.capacity() {
                return Ok(());
            }
        }
    }
}

impl Write for Zlib {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.run(bytes, FlushCompress::None)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        self.run(&[], FlushCompress::Sync)
    }
}

/// The number for fast, balanced or small.
fn by(level: CompressionLevel, numbers: [i32; 3]) -> i32 {
    match level {
        CompressionLevel::Fast => numbers[0],
        CompressionLevel::Balanced => numbers[1],
        CompressionLevel::Small => numbers[2],
    }
}

fn zlib_level(level: CompressionLevel) -> flate2::Compression {
    flate2::Compression::new(by(level, [3, 6, 9]).unsigned_abs())
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Encoder")
    }
}
