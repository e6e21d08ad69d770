//! Compresses bytes, in any of the codings.

use std::fmt;
use std::io::{Result, Write};

use brotli::CompressorWriter;
use brotli::enc::BrotliEncoderParams;
use flate2::write::{GzEncoder, ZlibEncoder};
use zstd::stream::raw::CParameter;

use super::coding::Coding;
use super::config::CompressionLevel;

/// Windows of 512 KiB, so that a stream costs a megabyte or two and not eight.
const WINDOW: u32 = 19;

pub(super) enum Encoder {
    Brotli(Box<CompressorWriter<Vec<u8>>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
    Gzip(GzEncoder<Vec<u8>>),
    Deflate(ZlibEncoder<Vec<u8>>),
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
                writer.set_pledged_src_size(size.map(|size| size as u64))?;
                Self::Zstd(writer)
            }
            Coding::Gzip => Self::Gzip(GzEncoder::new(out, zlib_level(level))),
            Coding::Deflate => Self::Deflate(ZlibEncoder::new(out, zlib_level(level))),
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
            Self::Gzip(writer) => writer.get_ref().len(),
            Self::Deflate(writer) => writer.get_ref().len(),
        }
    }

    /// What is compressed so far.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(match self {
            Self::Brotli(writer) => writer.get_mut(),
            Self::Zstd(writer) => writer.get_mut(),
            Self::Gzip(writer) => writer.get_mut(),
            Self::Deflate(writer) => writer.get_mut(),
        })
    }

    /// The rest.
    pub(super) fn finish(self) -> Result<Vec<u8>> {
        match self {
            Self::Brotli(writer) => Ok(writer.into_inner()),
            Self::Zstd(writer) => writer.finish(),
            Self::Gzip(writer) => writer.finish(),
            Self::Deflate(writer) => writer.finish(),
        }
    }

    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::Brotli(writer) => writer,
            Self::Zstd(writer) => writer,
            Self::Gzip(writer) => writer,
            Self::Deflate(writer) => writer,
        }
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
