//! Keys: what signs and checks tokens, and by which algorithm.
//!
//! A key knows its algorithm, so no token chooses one.

use std::fmt;

use aws_lc_rs::rand;
use jsonwebtoken::{DecodingKey, EncodingKey};

use super::error::JwtKeyError;
use super::pem;

/// Bytes that a secret has at least, and different ones among them.
const LEAST_BYTES: usize = 32;
const LEAST_DIFFERENT: usize = 8;

/// How a token is signed (RFC 7518, 3.1; RFC 8037, 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384; secrets have 48 bytes at least.
    Hs384,
    /// HMAC with SHA-512; secrets have 64 bytes at least.
    Hs512,
    /// RSA PKCS #1 1.5 with SHA-256.
    Rs256,
    /// RSA PKCS #1 1.5 with SHA-384.
    Rs384,
    /// RSA PKCS #1 1.5 with SHA-512.
    Rs512,
    /// RSA PSS with SHA-256.
    Ps256,
    /// RSA PSS with SHA-384.
    Ps384,
    /// RSA PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

impl JwtAlgorithm {
    pub(super) fn known(self) -> jsonwebtoken::Algorithm {
        use jsonwebtoken::Algorithm;
        match self {
            Self::Hs256 => Algorithm::HS256,
            Self::Hs384 => Algorithm::HS384,
            Self::Hs512 => Algorithm::HS512,
            Self::Rs256 => Algorithm::RS256,
            Self::Rs384 => Algorithm::RS384,
            Self::Rs512 => Algorithm::RS512,
            Self::Ps256 => Algorithm::PS256,
            Self::Ps384 => Algorithm::PS384,
            Self::Ps512 => Algorithm::PS512,
            Self::Es256 => Algorithm::ES256,
            Self::Es384 => Algorithm::ES384,
            Self::EdDsa => Algorithm::EdDSA,
        }
    }

    /// Bytes that a secret for it has at least, as many as the hash (RFC 7518, 3.2).
    fn least_bytes(self) -> usize {
        match self {
            Self::Hs384 => 48,
            Self::Hs512 => 64,
            _ => LEAST_BYTES,
        }
    }
}

/// As in the header of tokens: `HS256`.
impl fmt::Display for JwtAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.known(), f)
    }
}

/// A key with its algorithm: a secret that signs and checks, a private key that does both, or a
/// public key that checks only.
///
/// ```
/// use cepa::jwt::{JwtAlgorithm, JwtKey};
///
/// let key = JwtKey::secret("0123456789abcdef0123456789abcdef")?.with_id("2026-05");
/// assert_eq!(key.algorithm(), JwtAlgorithm::Hs256);
/// assert!(JwtKey::secret("too short").is_err());
/// # Ok::<(), cepa::jwt::JwtKeyError>(())
/// ```
#[derive(Clone)]
pub struct JwtKey {
    pub(super) id: Option<String>,
    pub(super) algorithm: JwtAlgorithm,
    /// Bytes of the secret, if it is one.
    secret: Option<usize>,
    pub(super) signs: Option<EncodingKey>,
    pub(super) checks: DecodingKey,
}

impl JwtKey {
    /// A secret of at least 32 random bytes, in any form, for [`JwtAlgorithm::Hs256`]. Who can check
    /// tokens by it can also make them.
    ///
    /// # Errors
    /// [`JwtKeyError`] if it is too short, so regular that nobody has drawn it, or a PEM file: a key
    /// that others may know is no secret.
    pub fn secret(secret: impl AsRef<[u8]>) -> Result<Self, JwtKeyError> {
        let secret = secret.as_ref();
        if secret.trim_ascii_start().starts_with(b"-----BEGIN") {
            return Err(JwtKeyError::PemAsSecret);
        }
        let bytes = secret.len();
        if bytes < LEAST_BYTES {
            let least = LEAST_BYTES;
            return Err(JwtKeyError::Short { bytes, least });
        }
        let mut seen = [false; 256];
        secret.iter().for_each(|&byte| seen[byte as usize] = true);
        if seen.iter().filter(|seen| **seen).count() < LEAST_DIFFERENT {
            return Err(JwtKeyError::Regular);
        }
        Ok(Self::of_secret(secret))
    }

    /// The secret in this environment variable. `openssl rand -hex 32` draws one.
    ///
    /// # Errors
    /// [`JwtKeyError`] if there is no such variable, or as [`secret`](Self::secret).
    pub fn secret_from_env(variable: &str) -> Result<Self, JwtKeyError> {
        let secret = std::env::var(variable).unwrap_or_default();
        match secret.trim() {
            "" => Err(JwtKeyError::Missing {
                variable: variable.to_owned(),
            }),
            secret => Self::secret(secret),
        }
    }

    /// A secret that is drawn now and known to nobody: for tests, and for programs whose tokens need
    /// not outlive a restart.
    ///
    /// # Panics
    /// If the operating system has no random numbers.
    #[must_use]
    pub fn random() -> Self {
        let mut secret = [0; 64];
        rand::fill(&mut secret).expect("the operating system has random numbers");
        Self::of_secret(&secret)
    }

    /// A private key that signs and checks, in PEM (PKCS #8, for RSA also PKCS #1): Ed25519 for
    /// [`JwtAlgorithm::EdDsa`], P-256 for `Es256`, P-384 for `Es384`, RSA of 2048 bits at least for
    /// `Rs256`. `openssl genpkey -algorithm ed25519` makes one.
    ///
    /// # Errors
    /// [`JwtKeyError`] if it is not such a key.
    pub fn private_pem(pem: &str) -> Result<Self, JwtKeyError> {
        let (algorithm, signs, checks) = pem::private(pem)?;
        Ok(Self::of_pair(algorithm, Some(signs), checks))
    }

    /// A public key that checks tokens of others, in PEM (`BEGIN PUBLIC KEY`); kinds and algorithms
    /// as those of [`private_pem`](Self::private_pem).
    ///
    /// # Errors
    /// [`JwtKeyError`] if it is not such a key.
    pub fn public_pem(pem: &str) -> Result<Self, JwtKeyError> {
        let (algorithm, checks) = pem::public(pem)?;
        Ok(Self::of_pair(algorithm, None, checks))
    }

    /// The name of the key, in the header of tokens as `kid` (RFC 7515, 4.1.4), by which the key of
    /// a token is found among several. Default: none.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Another algorithm for the same key, such as [`JwtAlgorithm::Ps256`] for RSA.
    ///
    /// # Errors
    /// [`JwtKeyError`] if the key is of another kind, or the secret too short for it.
    pub fn with_algorithm(mut self, algorithm: JwtAlgorithm) -> Result<Self, JwtKeyError> {
        let is_curve = |it| matches!(it, JwtAlgorithm::Es256 | JwtAlgorithm::Es384);
        let is_other_curve = is_curve(algorithm) && algorithm != self.algorithm;
        if algorithm.known().family() != self.algorithm.known().family() || is_other_curve {
            let (key, wanted) = (self.algorithm, algorithm);
            return Err(JwtKeyError::Algorithm { key, wanted });
        }
        let least = algorithm.least_bytes();
        if let Some(bytes) = self.secret.filter(|bytes| *bytes < least) {
            return Err(JwtKeyError::Short { bytes, least });
        }
        self.algorithm = algorithm;
        Ok(self)
    }

    /// How tokens of this key are signed.
    #[must_use]
    pub fn algorithm(&self) -> JwtAlgorithm {
        self.algorithm
    }

    /// The name of the key, if it has one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    fn of_secret(secret: &[u8]) -> Self {
        let signs = Some(EncodingKey::from_secret(secret));
        let checks = DecodingKey::from_secret(secret);
        let key = Self::of_pair(JwtAlgorithm::Hs256, signs, checks);
        let secret = Some(secret.len());
        Self { secret, ..key }
    }

    fn of_pair(algorithm: JwtAlgorithm, signs: Option<EncodingKey>, checks: DecodingKey) -> Self {
        // Of two backends that a tree of crates may enable, the library takes none by itself.
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        Self {
            id: None,
            algorithm,
            secret: None,
            signs,
            checks,
        }
    }
}

/// Name and algorithm, and nothing of the key.
impl fmt::Debug for JwtKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtKey")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn weak_secrets_are_refused() {
        let table = [
            ("", "has 0 bytes"),
            ("0123456789abcdef0123456789abcde", "has 31 bytes"),
            (
                "abcabcabcabcabcabcabcabcabcabcabcabc",
                "fewer than eight different",
            ),
            (
                "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----",
                "`JwtKey::public_pem`",
            ),
        ];
        for (secret, words) in table {
            let error = JwtKey::secret(secret).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        assert!(JwtKey::secret(SECRET).is_ok());
    }

    #[test]
    fn a_key_takes_algorithms_of_its_own_kind_only() {
        let key = || JwtKey::secret(SECRET).unwrap();
        let error = key().with_algorithm(JwtAlgorithm::Rs256).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("a key for HS256 cannot do RS256"),
            "{error}"
        );
        let error = key().with_algorithm(JwtAlgorithm::Hs384).unwrap_err();
        assert!(error.to_string().contains("48 are the least"), "{error}");
        let error = key().with_algorithm(JwtAlgorithm::Hs512).unwrap_err();
        assert!(error.to_string().contains("64 are the least"), "{error}");
        let long = JwtKey::random().with_algorithm(JwtAlgorithm::Hs512);
        assert_eq!(long.unwrap().algorithm().to_string(), "HS512");
    }

    #[test]
    fn nothing_of_a_key_is_shown() {
        let shown = format!("{:?}", JwtKey::secret(SECRET).unwrap().with_id("a"));
        assert_eq!(shown, "JwtKey { id: Some(\"a\"), algorithm: Hs256, .. }");
    }
}
