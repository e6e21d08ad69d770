//! What is wrong with a token, and what is wrong with a key.

use std::fmt;

use super::key::JwtAlgorithm;

/// Why a token is not accepted. By `?` in a handler, a 401 with `WWW-Authenticate`; the sentence of
/// [`Expired`](Self::Expired) is told to the client, the others are one to it.
///
/// ```
/// use cepa::jwt::{Jwt, JwtError, JwtKey};
///
/// let error = Jwt::new(JwtKey::random()).check::<cepa::Value>("a.b.c").unwrap_err();
/// assert_eq!(error, JwtError::Malformed);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwtError {
    /// It is not three parts of base64url with JSON in them, or its algorithm is none that is known.
    Malformed,
    /// Its header has a key, an address of one, or something that has to be understood: `jwk`, `jku`,
    /// `x5c`, `x5u`, `crit`, `enc`, `zip`.
    Header {
        /// The first of these.
        name: &'static str,
    },
    /// It is of another type (`typ`) than this app takes.
    Type,
    /// No key has its `kid`, or it has none and the keys do.
    UnknownKey,
    /// It is signed by another algorithm than that of the key.
    Algorithm,
    /// The signature is wrong.
    Signature,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYet,
    /// It lacks a claim that has to be there, or has one of the wrong type.
    Claim {
        /// The claim: `exp`, `nbf`, `iss`, `aud`.
        name: String,
    },
    /// It was issued by somebody else.
    Issuer,
    /// It was issued for somebody else.
    Audience,
    /// It is valid, and its claims do not fit the type they were to be read as.
    Unfit {
        /// What does not fit.
        reason: String,
    },
}

impl JwtError {
    /// What is logged, which has nothing of the token.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Header { .. } => "header",
            Self::Type => "type",
            Self::UnknownKey => "unknown key",
            Self::Algorithm => "algorithm",
            Self::Signature => "signature",
            Self::Expired => "expired",
            Self::NotYet => "not yet",
            Self::Claim { .. } => "claim",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Unfit { .. } => "unfit",
        }
    }

    /// What the client is told.
    pub(super) fn description(&self) -> &'static str {
        match self {
            Self::Expired => "the token expired",
            _ => "the token is not valid",
        }
    }
}

impl fmt::Display for JwtError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("the token is malformed"),
            Self::Header { name } => write!(f, "the header of the token has `{name}`"),
            Self::Type => f.write_str("the token is of another type"),
            Self::UnknownKey => f.write_str("no key has the `kid` of the token"),
            Self::Algorithm => f.write_str("the token is signed by another algorithm"),
            Self::Signature => f.write_str("the signature of the token is wrong"),
            Self::Expired => f.write_str("the token expired"),
            Self::NotYet => f.write_str("the token is not valid yet"),
            Self::Claim { name } => write!(f, "the token has no usable `{name}`"),
            Self::Issuer => f.write_str("the token is of another issuer"),
            Self::Audience => f.write_str("the token is for another audience"),
            Self::Unfit { reason } => write!(f, "the claims of the token do not fit: {reason}"),
        }
    }
}

impl std::error::Error for JwtError {}

/// Why a [`JwtKey`](super::JwtKey) cannot be made; found at start-up.
///
/// ```
/// use cepa::jwt::JwtKey;
///
/// let error = JwtKey::secret("onion").unwrap_err();
/// assert!(error.to_string().starts_with("the secret of the tokens has 5 bytes; 32 are the least"));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwtKeyError {
    /// The environment has no such variable, or it is empty or not UTF-8.
    Missing {
        /// The variable's name.
        variable: String,
    },
    /// The secret has too few bytes for the algorithm.
    Short {
        /// How many it has.
        bytes: usize,
        /// How many it has to have.
        least: usize,
    },
    /// The secret has fewer than eight different bytes, so nobody has drawn it at random.
    Regular,
    /// A PEM file was to be a secret, which would let whoever has it sign.
    PemAsSecret,
    /// The text is no PEM.
    NoPem,
    /// The PEM holds something else.
    Label {
        /// What it says that it holds.
        label: String,
    },
    /// The PEM holds a key on a curve in the form of SEC 1, without PKCS #8 around it.
    Sec1,
    /// The key is broken, too weak, or of a kind that tokens are not signed by.
    Unknown,
    /// A public RSA key has fewer than 2048 bits.
    FewBits {
        /// How many it has.
        bits: usize,
    },
    /// The key cannot do the algorithm.
    Algorithm {
        /// What the key is for.
        key: JwtAlgorithm,
        /// What it was to do.
        wanted: JwtAlgorithm,
    },
}

impl fmt::Display for JwtKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DRAW: &str = "draw one by `openssl rand -hex 32`";
        match self {
            Self::Missing { variable } => write!(
                f,
                "the environment variable `{variable}` holds no secret for tokens; {DRAW}"
            ),
            Self::Short { bytes, least } => write!(
                f,
                "the secret of the tokens has {bytes} bytes; {least} are the least: draw one by `openssl rand -hex {least}`"
            ),
            Self::Regular => write!(
                f,
                "the secret of the tokens has fewer than eight different bytes; {DRAW}"
            ),
            Self::PemAsSecret => f.write_str(
                "a PEM file is no secret: read it by `JwtKey::public_pem` or `JwtKey::private_pem`",
            ),
            Self::NoPem => f.write_str(
                "the key of the tokens is no PEM: it begins with `-----BEGIN ..-----`, and line breaks belong to it",
            ),
            Self::Label { label } => write!(
                f,
                "the PEM holds a `{}`, which is not the key that is needed here: `JwtKey::private_pem` takes a `PRIVATE KEY`, `JwtKey::public_pem` a `PUBLIC KEY`",
                label.escape_debug()
            ),
            Self::Sec1 => f.write_str(
                "the PEM holds an `EC PRIVATE KEY`; convert it by `openssl pkcs8 -topk8 -nocrypt`",
            ),
            Self::Unknown => f.write_str(
                "the key of the tokens is none that can be used: take Ed25519, P-256, P-384 or RSA of 2048 bits at least, such as by `openssl genpkey -algorithm ed25519`",
            ),
            Self::FewBits { bits } => write!(
                f,
                "the RSA key of the tokens has {bits} bits; 2048 are the least: make one by `openssl genrsa 3072`"
            ),
            Self::Algorithm { key, wanted } => write!(
                f,
                "a key for {key} cannot do {wanted}: leave `with_algorithm` out, or take another key"
            ),
        }
    }
}

/// The sentence, since `main` prints an error this way.
impl fmt::Debug for JwtKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for JwtKeyError {}
