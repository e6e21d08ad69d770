//! The forms of a file: those that were compressed beforehand, and which of them a client takes.
//!
//! Before it: the file was found. After it: one of the files beside each other is sent.

use crate::AcceptEncoding;

/// A way in which a file was compressed beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Brotli,
    Zstd,
    Gzip,
}

impl Encoding {
    /// The smallest first.
    pub(super) const ALL: [Self; 3] = [Self::Brotli, Self::Zstd, Self::Gzip];

    /// Its name in HTTP.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    /// What such a file's name ends with.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Zstd => ".zst",
            Self::Gzip => ".gz",
        }
    }
}

/// Those that the client prefers to the file as it is, the best first; of equals, the smallest.
pub(super) fn preferred(accepts: &AcceptEncoding) -> impl Iterator<Item = Encoding> {
    let mut left = Encoding::ALL.to_vec();
    std::iter::from_fn(move || {
        let names: Vec<_> = left.iter().map(|encoding| encoding.name()).collect();
        let name = accepts.preferred(&names)?;
        let place = names.iter().position(|it| *it == name)?;
        Some(left.remove(place))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HeaderMap;

    #[test]
    fn forms_are_taken_in_the_order_of_the_client_then_by_size() {
        for (value, wanted) in [
            ("", ""),
            ("gzip", "gzip"),
            ("gzip, deflate, br, zstd", "br zstd gzip"),
            ("gzip;q=1, br;q=0.5", "gzip br"),
            ("br;q=0, *", "zstd gzip"),
            ("identity, gzip;q=0.5", ""),
            ("identity;q=0.5, gzip, br;q=0.1", "gzip"),
            ("identity;q=0, gzip;q=0.1", "gzip"),
            ("deflate", ""),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("accept-encoding", value.parse().unwrap());
            let accepts = AcceptEncoding::of(&headers);
            let found: Vec<_> = preferred(&accepts).map(Encoding::name).collect();
            assert_eq!(found.join(" "), wanted, "{value}");
        }
    }
}
