//! PEM files: from the text to a key whose kind, and so whose algorithm, is known.
//!
//! The structures inside are parsed by aws-lc; what is done here is to take off the armour and to
//! try which kind of key it is.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED,
    ECDSA_P384_SHA384_FIXED_SIGNING, ED25519, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
    KeyPair as _, ParsedPublicKey, RsaKeyPair, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use jsonwebtoken::{DecodingKey, EncodingKey};

use super::error::JwtKeyError;
use super::key::JwtAlgorithm;

/// Bytes before the key of PKCS #1 in one of PKCS #8: its version, `rsaEncryption`, and four lengths
/// of which all have two bytes, since the key has more than 256.
const PKCS8_RSA: usize = 26;
/// Bits of an RSA modulus at least (RFC 7518, 3.3).
const LEAST_BITS: usize = 2048;

type Private = (JwtAlgorithm, EncodingKey, DecodingKey);

/// A private key, and the public one that belongs to it.
pub(super) fn private(pem: &str) -> Result<Private, JwtKeyError> {
    let (label, der) = armoured(pem)?;
    match &*label {
        "PRIVATE KEY" => {}
        "RSA PRIVATE KEY" => return rsa_pair(&der),
        "EC PRIVATE KEY" => return Err(JwtKeyError::Sec1),
        _ => return Err(JwtKeyError::Label { label }),
    }
    if let Ok(pair) = Ed25519KeyPair::from_pkcs8(&der) {
        let checks = DecodingKey::from_ed_der(pair.public_key().as_ref());
        return Ok((JwtAlgorithm::EdDsa, EncodingKey::from_ed_der(&der), checks));
    }
    let curves: [(JwtAlgorithm, &'static EcdsaSigningAlgorithm); 2] = [
        (JwtAlgorithm::Es256, &ECDSA_P256_SHA256_FIXED_SIGNING),
        (JwtAlgorithm::Es384, &ECDSA_P384_SHA384_FIXED_SIGNING),
    ];
    for (algorithm, curve) in curves {
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(curve, &der) {
            let checks = DecodingKey::from_ec_der(pair.public_key().as_ref());
            return Ok((algorithm, EncodingKey::from_ec_der(&der), checks));
        }
    }
    match RsaKeyPair::from_pkcs8(&der) {
        Ok(_) => rsa_pair(der.get(PKCS8_RSA..).unwrap_or_default()),
        Err(_) => Err(JwtKeyError::Unknown),
    }
}

/// A public key.
pub(super) fn public(pem: &str) -> Result<(JwtAlgorithm, DecodingKey), JwtKeyError> {
    let (label, der) = armoured(pem)?;
    if !matches!(&*label, "PUBLIC KEY" | "RSA PUBLIC KEY") {
        return Err(JwtKeyError::Label { label });
    }
    let is = |algorithm: &'static dyn VerificationAlgorithm| {
        ParsedPublicKey::new(algorithm, &der).is_ok()
    };
    if is(&ED25519) {
        return Ok((JwtAlgorithm::EdDsa, DecodingKey::from_ed_der(&der)));
    }
    if is(&ECDSA_P256_SHA256_FIXED) {
        return Ok((JwtAlgorithm::Es256, DecodingKey::from_ec_der(&der)));
    }
    if is(&ECDSA_P384_SHA384_FIXED) {
        return Ok((JwtAlgorithm::Es384, DecodingKey::from_ec_der(&der)));
    }
    let components = DEFAULT_PROVIDER
        .key_utils
        .rsa_pub_components_from_public_key;
    let (modulus, exponent) = components(&der).map_err(|_| JwtKeyError::Unknown)?;
    Ok((JwtAlgorithm::Rs256, rsa_public(&modulus, &exponent)?))
}

/// A private key of PKCS #1.
fn rsa_pair(der: &[u8]) -> Result<Private, JwtKeyError> {
    let components = DEFAULT_PROVIDER
        .key_utils
        .rsa_pub_components_from_private_key;
    let (modulus, exponent) = components(der).map_err(|_| JwtKeyError::Unknown)?;
    let checks = rsa_public(&modulus, &exponent)?;
    Ok((JwtAlgorithm::Rs256, EncodingKey::from_rsa_der(der), checks))
}

fn rsa_public(modulus: &[u8], exponent: &[u8]) -> Result<DecodingKey, JwtKeyError> {
    let zeros = modulus.first().map_or(0, |byte| byte.leading_zeros());
    let bits = (modulus.len() * 8).saturating_sub(zeros as usize);
    if bits < LEAST_BITS {
        return Err(JwtKeyError::FewBits { bits });
    }
    Ok(DecodingKey::from_rsa_raw_components(modulus, exponent))
}

/// Label and bytes of the first block of a PEM text (RFC 7468, 3).
fn armoured(pem: &str) -> Result<(String, Vec<u8>), JwtKeyError> {
    let block = || {
        let (_, rest) = pem.split_once("-----BEGIN ")?;
        let (label, rest) = rest.split_once("-----")?;
        let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
        let body: String = body.split_whitespace().collect();
        Some((label.to_owned(), BASE64.decode(body).ok()?))
    };
    block().ok_or(JwtKeyError::NoPem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    const ED25519: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";

    #[test]
    fn texts_that_are_no_keys_are_refused_with_the_reason() {
        let block = |label: &str| format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----");
        let table = [
            (String::new(), "no PEM"),
            ("-----BEGIN PRIVATE KEY-----\nMC4C".to_owned(), "no PEM"),
            (block("PRIVATE KEY").replace("AAAA", "A*AA"), "no PEM"),
            (block("PRIVATE KEY"), "none that can be used"),
            (block("RSA PRIVATE KEY"), "none that can be used"),
            (block("EC PRIVATE KEY"), "openssl pkcs8 -topk8"),
            (block("CERTIFICATE"), "`CERTIFICATE`"),
            (block("ENCRYPTED PRIVATE KEY"), "`ENCRYPTED PRIVATE KEY`"),
        ];
        for (pem, words) in table {
            let error = private(&pem).map(|it| it.0).unwrap_err().to_string();
            assert!(error.contains(words), "{pem}: {error}");
        }
        let error = public(ED25519).map(|it| it.0).unwrap_err().to_string();
        assert!(error.contains("`PRIVATE KEY`"), "{error}");
    }

    #[test]
    fn no_text_upsets_the_reader() {
        let mut random = Random::new();
        let pieces = [
            "-----",
            "BEGIN ",
            "END ",
            "PRIVATE KEY",
            "PUBLIC KEY",
            "\n",
            "MC4C",
            "=",
        ];
        for _ in 0..20_000 {
            let count = random.below(12);
            let text: String = (0..count).map(|_| pieces[random.below(8)]).collect();
            assert!(private(&text).is_err() && public(&text).is_err(), "{text}");
        }
        // One byte of a real key is another.
        let mut bytes = ED25519.as_bytes().to_vec();
        for _ in 0..2_000 {
            let at = random.below(bytes.len());
            let byte = std::mem::replace(&mut bytes[at], random.below(128) as u8);
            if let Ok(text) = std::str::from_utf8(&bytes) {
                drop((private(text), public(text)));
            }
            bytes[at] = byte;
        }
    }
}
