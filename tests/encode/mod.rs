//! Bodies as clients compress them.

use std::io::Write;

/// The codings that there are.
pub(crate) const ALL: [&str; 4] = ["br", "zstd", "gzip", "deflate"];

pub(crate) fn encode(coding: &str, pieces: impl Iterator<Item = impl AsRef<[u8]>>) -> Vec<u8> {
    fn write<W: Write>(mut to: W, pieces: impl Iterator<Item = impl AsRef<[u8]>>) -> W {
        for piece in pieces {
            to.write_all(piece.as_ref()).unwrap();
        }
        to
    }
    let (out, level) = (Vec::new(), flate2::Compression::fast());
    match coding {
        "br" => write(brotli::CompressorWriter::new(out, 4096, 1, 22), pieces).into_inner(),
        "zstd" => write(zstd::Encoder::new(out, 3).unwrap(), pieces)
            .finish()
            .unwrap(),
        "gzip" => write(flate2::write::GzEncoder::new(out, level), pieces)
            .finish()
            .unwrap(),
        "deflate" => write(flate2::write::ZlibEncoder::new(out, level), pieces)
            .finish()
            .unwrap(),
        other => panic!("{other} is no coding"),
    }
}
