//! Tokens that nobody with the key has made: none of them passes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use cepa::jwt::{Jwt, JwtError, JwtKey};
use cepa::prelude::*;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};

use super::keys::{ED25519, P256, P256_PUBLIC, RSA, RSA_PUBLIC};
use super::{Member, SECRET, ada, ask, client, key, now};

fn part(json: &Value) -> String {
    BASE64.encode(json.to_string())
}

fn good() -> Value {
    json!({ "sub": "Ada", "exp": now() + 600, "iss": "us", "aud": "shop" })
}

/// A token with any header, signed by HMAC with any secret.
fn signed(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let message = format!("{}.{}", part(header), part(claims));
    let algorithm = match header["alg"].as_str() {
        Some("HS384") => Algorithm::HS384,
        Some("HS512") => Algorithm::HS512,
        _ => Algorithm::HS256,
    };
    let key = EncodingKey::from_secret(secret);
    let signature = crypto::sign(message.as_bytes(), &key, algorithm).unwrap();
    format!("{message}.{signature}")
}

fn ours(header: &Value) -> String {
    signed(header, &good(), SECRET.as_bytes())
}

fn with(name: &str, value: Value) -> String {
    let mut claims = good();
    claims[name] = value;
    signed(&json!({ "alg": "HS256" }), &claims, SECRET.as_bytes())
}

fn without(name: &str) -> String {
    let mut claims = good();
    claims.as_object_mut().unwrap().remove(name);
    signed(&json!({ "alg": "HS256" }), &claims, SECRET.as_bytes())
}

fn jwt() -> Jwt {
    Jwt::new(key()).with_issuer("us").with_audience("shop")
}

/// No token of these is taken, nor by an app that could do without one.
fn assert_refused(jwt: &Jwt, forged: Vec<(&str, String, JwtError)>) -> usize {
    let client = client(jwt.clone());
    let count = forged.len();
    for (name, token, why) in forged {
        assert_eq!(jwt.check::<Member>(&token), Err(why), "{name}");
        let authorization = format!("Bearer {token}");
        for path in ["/", "/maybe"] {
            let res = ask(&client, path, &authorization);
            assert_eq!(res.status(), 401, "{name} at {path}");
        }
    }
    count
}

#[test]
fn thirty_and_more_forged_tokens_are_refused() {
    let control = ours(&json!({ "alg": "HS256" }));
    assert_eq!(jwt().check::<Member>(&control), Ok(ada()));
    let count = assert_refused(&jwt(), unsigned())
        + assert_refused(&jwt(), headers())
        + assert_refused(&jwt(), changed())
        + assert_refused(&jwt(), claims())
        + assert_refused(&named(), names())
        + of_public_keys();
    assert!(count >= 30, "{count}");
}

fn unsigned() -> Vec<(&'static str, String, JwtError)> {
    let plain = |header: Value| format!("{}.{}.", part(&header), part(&good()));
    let malformed = |name, token| (name, token, JwtError::Malformed);
    vec![
        malformed("none", plain(json!({ "alg": "none" }))),
        malformed("None", plain(json!({ "alg": "None" }))),
        malformed("NONE", plain(json!({ "alg": "NONE", "typ": "JWT" }))),
        malformed("nOnE", plain(json!({ "alg": "nOnE" }))),
        malformed("empty", plain(json!({ "alg": "" }))),
        malformed("null", plain(json!({ "alg": null }))),
        malformed("no alg", plain(json!({ "typ": "JWT" }))),
        malformed("none, signed", ours(&json!({ "alg": "none" }))),
        (
            "stripped",
            plain(json!({ "alg": "HS256" })),
            JwtError::Signature,
        ),
        malformed(
            "two parts",
            plain(json!({ "alg": "HS256" }))
                .trim_end_matches('.')
                .to_owned(),
        ),
        malformed(
            "encrypted",
            format!("{}....", part(&json!({ "alg": "dir", "enc": "A128GCM" }))),
        ),
        malformed(
            "JSON",
            json!({ "payload": part(&good()), "protected": part(&json!({ "alg": "HS256" })) })
                .to_string(),
        ),
    ]
}

fn headers() -> Vec<(&'static str, String, JwtError)> {
    let evil = b"the attacker's own secret, long enough";
    let jwk = json!({ "kty": "oct", "k": BASE64.encode(evil) });
    let header = |name, value: Value, secret: &[u8]| {
        let mut header = json!({ "alg": "HS256" });
        header[name] = value;
        (
            name,
            signed(&header, &good(), secret),
            JwtError::Header { name },
        )
    };
    let (own, url) = (SECRET.as_bytes(), json!("https://evil.example/keys.json"));
    let mut forged = vec![
        header("jwk", jwk.clone(), evil),
        header("jku", url.clone(), evil),
        header("x5u", url.clone(), evil),
        header("x5c", json!(["MIIB"]), evil),
        // Whoever has the key may not send these either.
        header("jwk", jwk, own),
        header("jku", url, own),
        header("crit", json!(["exp"]), own),
        header("zip", json!("DEF"), own),
        header("enc", json!("A128GCM"), own),
    ];
    for alg in ["HS384", "HS512"] {
        forged.push((
            "another HMAC",
            ours(&json!({ "alg": alg })),
            JwtError::Algorithm,
        ));
    }
    for alg in ["RS256", "ES256", "EdDSA"] {
        forged.push((
            "another kind",
            ours(&json!({ "alg": alg })),
            JwtError::Algorithm,
        ));
    }
    forged
}

fn changed() -> Vec<(&'static str, String, JwtError)> {
    let token = ours(&json!({ "alg": "HS256" }));
    let [header, claims, signature] = *token.split('.').collect::<Vec<_>>() else {
        panic!("{token}");
    };
    let mut admin = good();
    admin["sub"] = json!("root");
    let typed = part(&json!({ "alg": "HS256", "typ": "JWT" }));
    let short = &signature[..signature.len() - 3];
    let by = |secret: &[u8]| signed(&json!({ "alg": "HS256" }), &good(), secret);
    vec![
        (
            "other claims",
            format!("{header}.{}.{signature}", part(&admin)),
            JwtError::Signature,
        ),
        (
            "other header",
            format!("{typed}.{claims}.{signature}"),
            JwtError::Signature,
        ),
        (
            "short signature",
            format!("{header}.{claims}.{short}"),
            JwtError::Signature,
        ),
        (
            "long signature",
            format!("{token}AAAA"),
            JwtError::Signature,
        ),
        ("padded", format!("{token}="), JwtError::Malformed),
        (
            "one part more",
            format!("{token}.{signature}"),
            JwtError::Malformed,
        ),
        ("no secret", by(b""), JwtError::Signature),
        ("a guessed secret", by(b"secret"), JwtError::Signature),
        (
            "another secret",
            by(b"fedcba9876543210fedcba9876543210"),
            JwtError::Signature,
        ),
    ]
}

fn claims() -> Vec<(&'static str, String, JwtError)> {
    let claim = |name: &str| JwtError::Claim {
        name: name.to_owned(),
    };
    vec![
        ("expired", with("exp", json!(now() - 61)), JwtError::Expired),
        ("expired in 1970", with("exp", json!(0)), JwtError::Expired),
        ("no end", without("exp"), claim("exp")),
        (
            "end as text",
            with("exp", json!("9999999999")),
            claim("exp"),
        ),
        ("end before 1970", with("exp", json!(-1)), claim("exp")),
        ("end as null", with("exp", Value::Null), claim("exp")),
        ("end as boolean", with("exp", json!(true)), claim("exp")),
        ("not yet", with("nbf", json!(now() + 61)), JwtError::NotYet),
        ("begin as text", with("nbf", json!("0")), claim("nbf")),
        ("no issuer", without("iss"), claim("iss")),
        (
            "another issuer",
            with("iss", json!("them")),
            JwtError::Issuer,
        ),
        ("no audience", without("aud"), claim("aud")),
        (
            "another audience",
            with("aud", json!("bank")),
            JwtError::Audience,
        ),
        (
            "other audiences",
            with("aud", json!(["bank", "shop.evil"])),
            JwtError::Audience,
        ),
        ("no audiences", with("aud", json!([])), JwtError::Audience),
        ("issuers", with("iss", json!(["us", "them"])), claim("iss")),
        (
            "an audience of another type",
            with("aud", json!(["shop", 1])),
            claim("aud"),
        ),
    ]
}

/// By an app that asks for no issuer and no audience.
#[test]
fn claims_of_the_wrong_type_are_not_absent_ones() {
    let jwt = Jwt::new(key());
    let token = |name: &str, value: Value| {
        let mut claims = json!({ "sub": "Ada", "exp": now() + 600 });
        claims[name] = value;
        signed(&json!({ "alg": "HS256" }), &claims, SECRET.as_bytes())
    };
    let types = [
        json!(1),
        json!(true),
        Value::Null,
        json!({ "shop": true }),
        json!([["shop"]]),
    ];
    for (name, value) in ["iss", "aud"]
        .iter()
        .flat_map(|name| types.clone().map(|it| (*name, it)))
    {
        let told = jwt.check::<Member>(&token(name, value.clone()));
        let why = JwtError::Claim {
            name: name.to_owned(),
        };
        assert_eq!(told, Err(why), "{name} {value}");
    }
    let for_shop = jwt.clone().with_audience("shop");
    assert_eq!(jwt.check::<Member>(&token("iss", json!("us"))), Ok(ada()));
    assert_eq!(
        jwt.check::<Member>(&token("aud", json!("shop"))),
        Err(JwtError::Audience)
    );
    assert_eq!(
        for_shop.check::<Member>(&token("aud", json!(["bank", "shop"]))),
        Ok(ada())
    );
}

/// Keys that go by name.
fn named() -> Jwt {
    let new = JwtKey::random().with_id("new");
    jwt_of(new).with_old(key().with_id("old"))
}

fn jwt_of(key: JwtKey) -> Jwt {
    Jwt::new(key).with_issuer("us").with_audience("shop")
}

fn names() -> Vec<(&'static str, String, JwtError)> {
    let named = |kid: Value, secret: &[u8]| {
        let header = json!({ "alg": "HS256", "kid": kid });
        signed(&header, &good(), secret)
    };
    let own = SECRET.as_bytes();
    vec![
        (
            "no name",
            ours(&json!({ "alg": "HS256" })),
            JwtError::UnknownKey,
        ),
        (
            "unknown name",
            named(json!("newer"), own),
            JwtError::UnknownKey,
        ),
        (
            "name of another key",
            named(json!("new"), own),
            JwtError::Signature,
        ),
        (
            "path as name",
            named(json!("../../dev/null"), b""),
            JwtError::UnknownKey,
        ),
        (
            "query as name",
            named(json!("x' UNION SELECT 'a"), b"a"),
            JwtError::UnknownKey,
        ),
        ("empty name", named(json!(""), own), JwtError::UnknownKey),
        ("number as name", named(json!(1), own), JwtError::Malformed),
    ]
}

/// What a public key checks, forged by those who know it, as everybody does.
fn of_public_keys() -> usize {
    let der = |pem: &str| {
        let lines = pem.lines().filter(|line| !line.starts_with('-'));
        let text: String = lines.collect();
        base64::engine::general_purpose::STANDARD
            .decode(text)
            .unwrap()
    };
    let confused = |secret: &[u8]| signed(&json!({ "alg": "HS256" }), &good(), secret);
    let mut count = 0;
    for pem in [RSA_PUBLIC, P256_PUBLIC] {
        let jwt = jwt_of(JwtKey::public_pem(pem).unwrap());
        count += assert_refused(
            &jwt,
            vec![
                (
                    "PEM as secret",
                    confused(pem.as_bytes()),
                    JwtError::Algorithm,
                ),
                (
                    "PEM without its end",
                    confused(pem.trim_end().as_bytes()),
                    JwtError::Algorithm,
                ),
                ("DER as secret", confused(&der(pem)), JwtError::Algorithm),
            ],
        );
    }
    // A signature of zeros, which some libraries took for any (CVE-2022-21449).
    let jwt = jwt_of(JwtKey::public_pem(P256_PUBLIC).unwrap());
    let message = format!("{}.{}", part(&json!({ "alg": "ES256" })), part(&good()));
    let zeros = format!("{message}.{}", BASE64.encode([0; 64]));
    count += assert_refused(&jwt, vec![("zeros", zeros, JwtError::Signature)]);
    // Another key of the same kind.
    let other = JwtKey::private_pem(ED25519).unwrap();
    let token = Jwt::new(other).issue(&good()).unwrap();
    count += assert_refused(&jwt, vec![("another kind", token, JwtError::Algorithm)]);
    let rsa = jwt_of(JwtKey::public_pem(RSA_PUBLIC).unwrap());
    let token = Jwt::new(JwtKey::private_pem(P256).unwrap()).issue(&good());
    count += assert_refused(&rsa, vec![("a curve", token.unwrap(), JwtError::Algorithm)]);
    let control = Jwt::new(JwtKey::private_pem(RSA).unwrap()).issue(&good());
    assert_eq!(rsa.check::<Member>(&control.unwrap()), Ok(ada()));
    count
}
