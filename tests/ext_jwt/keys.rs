//! Keys of every kind, made for these tests by openssl.

use cepa::jwt::{Jwt, JwtAlgorithm, JwtError, JwtKey, JwtKeyError};

use super::{Member, ada};

pub(super) const ED25519: &str = include_str!("keys/ed25519.pem");
pub(super) const ED25519_PUBLIC: &str = include_str!("keys/ed25519.pub.pem");
pub(super) const P256: &str = include_str!("keys/p256.pem");
pub(super) const P256_PUBLIC: &str = include_str!("keys/p256.pub.pem");
const P384: &str = include_str!("keys/p384.pem");
const P384_PUBLIC: &str = include_str!("keys/p384.pub.pem");
const P521: &str = include_str!("keys/p521.pem");
pub(super) const RSA: &str = include_str!("keys/rsa.pem");
pub(super) const RSA_PUBLIC: &str = include_str!("keys/rsa.pub.pem");
const RSA_PKCS1: &str = include_str!("keys/rsa.pkcs1.pem");
const RSA_1024: &str = include_str!("keys/rsa1024.pem");
const RSA_1024_PUBLIC: &str = include_str!("keys/rsa1024.pub.pem");

#[test]
fn the_public_key_takes_what_the_private_one_signs() {
    let table = [
        (ED25519, ED25519_PUBLIC, JwtAlgorithm::EdDsa),
        (P256, P256_PUBLIC, JwtAlgorithm::Es256),
        (P384, P384_PUBLIC, JwtAlgorithm::Es384),
        (RSA, RSA_PUBLIC, JwtAlgorithm::Rs256),
        (RSA_PKCS1, RSA_PUBLIC, JwtAlgorithm::Rs256),
    ];
    for (private, public, algorithm) in table {
        let private = JwtKey::private_pem(private).unwrap();
        let public = JwtKey::public_pem(public).unwrap();
        assert_eq!(
            (private.algorithm(), public.algorithm()),
            (algorithm, algorithm)
        );
        let issuer = Jwt::new(private);
        let token = issuer.issue(&ada()).unwrap();
        assert_eq!(issuer.check::<Member>(&token), Ok(ada()), "{algorithm}");
        assert_eq!(
            Jwt::new(public).check::<Member>(&token),
            Ok(ada()),
            "{algorithm}"
        );
    }
}

#[test]
fn an_rsa_key_has_one_algorithm_at_a_time() {
    use JwtAlgorithm::{Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
    for algorithm in [Rs256, Rs384, Rs512, Ps256, Ps384, Ps512] {
        let private = JwtKey::private_pem(RSA).unwrap();
        let issuer = Jwt::new(private.with_algorithm(algorithm).unwrap());
        let token = issuer.issue(&ada()).unwrap();
        for other in [Rs256, Rs384, Rs512, Ps256, Ps384, Ps512] {
            let public = JwtKey::public_pem(RSA_PUBLIC).unwrap();
            let checked = Jwt::new(public.with_algorithm(other).unwrap()).check::<Member>(&token);
            match other == algorithm {
                true => assert_eq!(checked, Ok(ada())),
                false => assert_eq!(checked, Err(JwtError::Algorithm)),
            }
        }
    }
}

#[test]
fn weak_and_unknown_keys_are_refused() {
    let few = JwtKeyError::FewBits { bits: 1024 };
    assert_eq!(JwtKey::public_pem(RSA_1024_PUBLIC).unwrap_err(), few);
    for pem in [RSA_1024, P521] {
        assert_eq!(JwtKey::private_pem(pem).unwrap_err(), JwtKeyError::Unknown);
    }
    assert_eq!(
        JwtKey::secret(RSA_PUBLIC).unwrap_err(),
        JwtKeyError::PemAsSecret
    );
    let curve = JwtKey::private_pem(P256).unwrap();
    let error = curve.with_algorithm(JwtAlgorithm::Es384).unwrap_err();
    assert!(
        error.to_string().contains("ES256 cannot do ES384"),
        "{error}"
    );
}

#[test]
fn a_key_of_one_kind_takes_nothing_of_another() {
    let pairs = [
        (ED25519, ED25519_PUBLIC),
        (P256, P256_PUBLIC),
        (P384, P384_PUBLIC),
        (RSA, RSA_PUBLIC),
    ];
    for (i, (private, _)) in pairs.iter().enumerate() {
        let token = Jwt::new(JwtKey::private_pem(private).unwrap()).issue(&ada());
        for (_, public) in pairs
            .iter()
            .enumerate()
            .filter(|(j, _)| *j != i)
            .map(|(_, it)| it)
        {
            let jwt = Jwt::new(JwtKey::public_pem(public).unwrap());
            let checked = jwt.check::<Member>(token.as_ref().unwrap());
            assert_eq!(checked, Err(JwtError::Algorithm));
        }
    }
}

/// RFC 7515, A.1: signed correctly, and long expired.
#[test]
fn the_token_of_the_rfc_is_known_by_its_signature() {
    use base64::Engine as _;
    let secret =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let secret = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(secret);
    let jwt = Jwt::new(JwtKey::secret(secret.unwrap()).unwrap()).with_issuer("joe");
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let checked = jwt.check::<cepa::Value>(token);
    assert_eq!(checked, Err(JwtError::Expired));
    let changed = token.replace("dBjft", "dBjfu");
    assert_eq!(jwt.check::<cepa::Value>(&changed), Err(JwtError::Signature));
}
