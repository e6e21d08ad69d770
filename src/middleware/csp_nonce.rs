//! `CspNonce`: the random value of one request that its page's own scripts and styles carry.

use std::cell::RefCell;
use std::fmt;
use std::io;

use serde::{Serialize, Serializer};

use crate::{Error, FromRequest, Need, Request, Result};

/// The nonce of the response's content security policy: 128 random bits, as 22 characters of base64
/// for URLs (RFC 4648, 5).
///
/// It is there inside of [`SecureHeaders`](crate::SecureHeaders) with a policy that has `'nonce'`,
/// see [`Csp`](crate::Csp). Handlers and middleware take it as an argument; templates and JSON get
/// it as a string.
///
/// The bits are those of the system's generator: of `/dev/urandom` on Unix. Elsewhere they are made
/// by the keyed hash of the standard library (SipHash), whose keys are of the system's generator.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::{Csp, CspNonce, SecureHeaders};
///
/// let csp = Csp::new().with("script-src", "'nonce'");
/// let client = App::new()
///     .with(SecureHeaders::new().with_csp(csp))
///     .get("/", async |nonce: CspNonce| nonce.to_string())
///     .test();
/// let res = client.get("/").send();
/// let policy = res.header("content-security-policy").unwrap_or_default();
/// assert!(policy.contains(&format!("script-src 'nonce-{}'", res.text())));
/// ```
///
/// # Errors
/// 500 where nothing around makes one; a problem that [`App::build`](crate::App::build) reports,
/// if something elsewhere in the app does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CspNonce([u8; 22]);

impl CspNonce {
    /// A new one; an error if the system gives no random bits.
    pub(super) fn random() -> io::Result<Self> {
        random_bits().map(Self::of)
    }

    fn of(bits: u128) -> Self {
        const SIGNS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        // Six bits a sign, the first ones first; the last sign has two bits and four zeros.
        let sign = |i: usize| match i {
            21 => bits << 4,
            _ => bits >> (122 - 6 * i),
        };
        Self(std::array::from_fn(|i| SIGNS[sign(i) as usize & 63]))
    }

    /// The text, to put between quotes without escaping.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromRequest for CspNonce {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let fix = "there is no nonce: add `.with(SecureHeaders::new().with_csp(..))` with a policy that has `'nonce'`";
        req.local().copied().ok_or_else(|| Error::internal(fix))
    }

    fn requires() -> Vec<Need> {
        vec![Need::local::<Self>()]
    }
}

impl fmt::Display for CspNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Without the value: who reads it in a log could use it while the page is open.
impl fmt::Debug for CspNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CspNonce(..)")
    }
}

impl Serialize for CspNonce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Random bytes of this thread that nobody got yet: one call of the system for 32 nonces.
struct Pool {
    bytes: [u8; 512],
    left: usize,
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; 512], left: 0 }) };
}

fn random_bits() -> io::Result<u128> {
    POOL.with_borrow_mut(|pool| {
        if pool.left == 0 {
            fill(&mut pool.bytes)?;
            pool.left = pool.bytes.len();
        }
        pool.left -= 16;
        let mut bits = [0; 16];
        bits.copy_from_slice(&pool.bytes[pool.left..pool.left + 16]);
        Ok(u128::from_ne_bytes(bits))
    })
}

/// The file is opened once and stays open, for programs that give up their rights later.
#[cfg(unix)]
fn fill(bytes: &mut [u8]) -> io::Result<()> {
    use std::fs::File;
    use std::io::Read;
    use std::sync::LazyLock;

    static SOURCE: LazyLock<io::Result<File>> = LazyLock::new(|| File::open("/dev/urandom"));
    match &*SOURCE {
        Ok(source) => (&*source).read_exact(bytes),
        Err(error) => Err(io::Error::new(
            error.kind(),
            format!("/dev/urandom: {error}"),
        )),
    }
}

#[cfg(not(unix))]
fn fill(bytes: &mut [u8]) -> io::Result<()> {
    fill_by_hashing(bytes);
    Ok(())
}

/// Each `RandomState` has keys of its own.
#[cfg(any(test, not(unix)))]
fn fill_by_hashing(bytes: &mut [u8]) {
    use std::hash::{BuildHasher, RandomState};

    let keyed = RandomState::new();
    for (i, chunk) in bytes.chunks_mut(8).enumerate() {
        chunk.copy_from_slice(&keyed.hash_one(i).to_ne_bytes()[..chunk.len()]);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_nonce_is_base64_for_urls() {
        let table = [
            (0, "AAAAAAAAAAAAAAAAAAAAAA"),
            (u128::MAX, "_____________________w"),
            (1, "AAAAAAAAAAAAAAAAAAAAAQ"),
            (1 << 127, "gAAAAAAAAAAAAAAAAAAAAA"),
            (
                0x0011_2233_4455_6677_8899_aabb_ccdd_eeff,
                "ABEiM0RVZneImaq7zN3u_w",
            ),
        ];
        for (bits, wanted) in table {
            assert_eq!(CspNonce::of(bits).as_str(), wanted);
        }
    }

    #[test]
    fn nonces_do_not_repeat_and_use_every_bit() {
        let (mut seen, mut ones, mut zeros) = (HashSet::new(), 0, 0);
        for _ in 0..10_000 {
            let bits = random_bits().unwrap();
            assert!(seen.insert(bits));
            (ones, zeros) = (ones | bits, zeros | !bits);
        }
        assert_eq!((ones, zeros), (u128::MAX, u128::MAX));
    }

    #[test]
    fn bytes_by_hashing_do_not_repeat() {
        let (mut one, mut other) = ([0; 512], [0; 512]);
        fill_by_hashing(&mut one);
        fill_by_hashing(&mut other);
        let chunks: HashSet<&[u8]> = one.chunks(8).chain(other.chunks(8)).collect();
        assert_eq!(chunks.len(), 128);
    }
}
