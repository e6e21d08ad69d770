//! API keys: a text that a program sends with each request, of which the app keeps a hash.
//!
//! Before it: the client sent one, or not. After it: whose it is, as a local value.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::{AUTHORIZATION, CACHE_CONTROL, WWW_AUTHENTICATE};
use sha2::Sha256;

use super::passwords::random;
use crate::{
    Error, HeaderName, HeaderValue, IntoResponse, Middleware, Next, Provided, Request, Response,
    Result,
};

/// Random bytes of an id, and of a secret.
const ID: usize = 8;
const SECRET: usize = 24;
const HEADER: &str = "x-api-key";

/// A new key: `shop_ad1f0c6b5e0a9d27_` and 48 more digits. Its text is shown to its owner once; what
/// the app keeps is its id, which finds it, and its hash.
///
/// The prefix says to people, and to programs that look for secrets where none should be, what it is.
///
/// ```
/// use cepa::auth::ApiKey;
///
/// let key = ApiKey::random("shop");
/// assert!(key.text().starts_with("shop_") && key.text().contains(key.id()));
/// assert_eq!(key.hash().len(), 64);
/// ```
pub struct ApiKey {
    text: String,
    id: String,
    hash: String,
}

impl ApiKey {
    /// One that nobody guesses: 192 random bits.
    ///
    /// # Panics
    /// If the operating system has no random numbers.
    #[must_use]
    pub fn random(prefix: &str) -> Self {
        let bytes = random::<{ ID + SECRET }>().expect("the operating system has random numbers");
        let (id, secret) = bytes.split_at(ID);
        let (id, secret) = (hex(id), hex(secret));
        Self::of(format!("{prefix}_{id}_{secret}"), id)
    }

    /// The key of a text, whatever its prefix, to keep its id and hash; `None` where the text has not
    /// the form of one.
    ///
    /// ```
    /// use cepa::auth::ApiKey;
    ///
    /// let key = ApiKey::random("shop");
    /// let read = ApiKey::parse(key.text()).expect("it is a key");
    /// assert_eq!((read.id(), read.hash()), (key.id(), key.hash()));
    /// assert!(ApiKey::parse("hunter2").is_none());
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (prefix, _) = text.rsplit_once('_')?.0.rsplit_once('_')?;
        let id = id_of(text, prefix).filter(|_| is_prefix(prefix))?;
        Some(Self::of(text.to_owned(), id.to_owned()))
    }

    fn of(text: String, id: String) -> Self {
        let hash = hex(&mac(&text).finalize().into_bytes());
        Self { text, id, hash }
    }

    /// The key itself, which nobody can read again.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What finds it: 16 hexadecimal digits, which are no secret.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What is kept of it: 64 hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

/// The id, and nothing of the secret.
impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Middleware that asks for an [`ApiKey`], in `Authorization: Bearer` or `X-Api-Key`. Whose it is,
/// handlers take as `Local<S::Owner>`. Without one, or with another, it is 401.
///
/// Responses have `Vary` with both headers, and those to a key `Cache-Control: private` if the handler
/// says nothing else, so that no shared cache gives one's to another.
///
/// ```
/// use cepa::auth::{ApiKey, ApiKeys};
/// use cepa::prelude::*;
///
/// #[derive(Clone)]
/// struct Shop(&'static str);
///
/// let key = ApiKey::random("shop");
/// let (id, hash) = (key.id().to_owned(), key.hash().to_owned()); // kept, in a database perhaps
/// let find = move |wanted: String| {
///     let found = (wanted == id).then(|| (hash.clone(), Shop("Onions")));
///     async { Ok(found) }
/// };
/// let client = App::new()
///     .with(ApiKeys::new("shop", find))
///     .get("/", async |Local(shop): Local<Shop>| shop.0)
///     .test();
/// client.get("/").header("authorization", format!("Bearer {}", key.text())).send().assert_text("Onions");
/// client.get("/").header("x-api-key", key.text()).send().assert_text("Onions");
/// client.get("/").send().assert_status(401).assert_header("www-authenticate", "Bearer");
/// ```
pub struct ApiKeys<S> {
    prefix: Cow<'static, str>,
    store: S,
    is_optional: bool,
    /// The text that was to be the only key is none.
    is_malformed: bool,
}

impl<S: ApiKeyStore> ApiKeys<S> {
    /// Keys with this prefix, which the store, or a function from an id to a hash and an owner, knows.
    #[must_use]
    pub fn new(prefix: impl Into<Cow<'static, str>>, store: S) -> Self {
        Self {
            prefix: prefix.into(),
            store,
            is_optional: false,
            is_malformed: false,
        }
    }

    /// Lets requests without a key pass too; handlers take `Option<Local<S::Owner>>` then. A wrong key
    /// is 401 still.
    ///
    /// Beside an `Option<Claims<C>>` of the feature `jwt`, which refuses each `Bearer` that is no JWT,
    /// keys are sent in `X-Api-Key`.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.is_optional = true;
        self
    }

    async fn owner(&self, req: &Request) -> Result<Option<S::Owner>> {
        let Some(text) = self.sent(req)? else {
            return match self.is_optional {
                true => Ok(None),
                false => {
                    Err(Error::unauthorized("send an API key")
                        .with_header(WWW_AUTHENTICATE, "Bearer"))
                }
            };
        };
        let wrong = || {
            let challenge = "Bearer error=\"invalid_token\"";
            Error::unauthorized("the API key is not valid").with_header(WWW_AUTHENTICATE, challenge)
        };
        let id = id_of(&text, &self.prefix).ok_or_else(wrong)?;
        let found = self.store.find(id).await?;
        let (hash, owner) = found.ok_or_else(wrong)?;
        // `verify_slice` takes the same time wherever they differ.
        let is_right = mac(&text).verify_slice(&unhex(&hash).unwrap_or_default());
        is_right.map_err(|_| wrong())?;
        Ok(Some(owner))
    }

    /// The key that was sent. A bearer of something else, such as a JWT, is none.
    fn sent(&self, req: &Request) -> Result<Option<String>> {
        let plain = req.headers().get_all(HEADER).iter();
        let plain = plain.map(|field| String::from_utf8_lossy(field.as_bytes()).into_owned());
        let bearer = req
            .headers()
            .get_all(AUTHORIZATION)
            .iter()
            .filter_map(|field| {
                let (scheme, rest) = field.as_bytes().split_at_checked(7)?;
                let rest = std::str::from_utf8(rest).ok()?.trim();
                let is_ours = rest.strip_prefix(&*self.prefix)?.starts_with('_');
                (scheme.eq_ignore_ascii_case(b"bearer ") && is_ours).then(|| rest.to_owned())
            });
        let mut all = plain.chain(bearer);
        match (all.next(), all.next()) {
            (_, Some(_)) => Err(Error::bad_request("there is more than one API key")),
            (key, None) => Ok(key),
        }
    }
}

impl ApiKeys<OnlyKey> {
    /// For the one key of this prefix with this text, from the environment perhaps. A text that is no
    /// such key, an empty one too, is a problem that [`App::build`](crate::App::build) reports.
    ///
    /// ```
    /// use cepa::auth::ApiKeys;
    /// use cepa::prelude::*;
    ///
    /// // echo shop_$(openssl rand -hex 8)_$(openssl rand -hex 24)
    /// # let key = cepa::auth::ApiKey::random("shop");
    /// # let key = key.text();
    /// let keys = ApiKeys::only("shop", key); // in a program `&std::env::var("SHOP_KEY")?`
    /// let client = App::new().with(keys).get("/orders", async || "orders").test();
    /// client.get("/orders").header("x-api-key", key).send().assert_text("orders");
    /// client.get("/orders").send().assert_status(401);
    /// ```
    #[must_use]
    pub fn only(prefix: impl Into<Cow<'static, str>>, text: &str) -> Self {
        let prefix = prefix.into();
        let key = id_of(text.trim(), &prefix).and_then(|_| ApiKey::parse(text.trim()));
        let only = OnlyKey {
            id: key.as_ref().map_or("", ApiKey::id).into(),
            hash: key.as_ref().map_or("", ApiKey::hash).into(),
        };
        let mut keys = Self::new(prefix, only);
        keys.is_malformed = key.is_none();
        keys
    }
}

impl<S: ApiKeyStore> Middleware for ApiKeys<S> {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        let mut res = match self.owner(&req).await {
            Ok(None) => next.run(req).await,
            Ok(Some(owner)) => {
                req.insert(owner);
                let mut res = next.run(req).await;
                let private = HeaderValue::from_static("private");
                res.headers_mut().entry(CACHE_CONTROL).or_insert(private);
                res
            }
            Err(error) => {
                if error.status().is_client_error() {
                    tracing::info!(target: "cepa", "a request without a good API key");
                }
                error.into_response()
            }
        };
        res.vary_by(AUTHORIZATION);
        res.vary_by(HeaderName::from_static(HEADER));
        res
    }

    fn name(&self) -> Cow<'static, str> {
        "ApiKeys".into()
    }

    fn provides(&self) -> Vec<Provided> {
        vec![Provided::local::<S::Owner>()]
    }

    fn problems(&self) -> Vec<String> {
        match is_prefix(&self.prefix) {
            false => vec![format!(
                "`{}` is no prefix of API keys: use letters, digits and `_`",
                self.prefix.escape_debug()
            )],
            // Without the text, which may be a secret.
            true if self.is_malformed => vec![format!(
                "the text is no API key: write `{0}_`, 16 digits, `_` and 48 digits, as `echo {0}_$(openssl rand -hex 8)_$(openssl rand -hex 24)` does",
                self.prefix
            )],
            true => Vec::new(),
        }
    }
}

fn is_prefix(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !text.is_empty() && text.chars().all(is_plain)
}

impl<S> fmt::Debug for ApiKeys<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeys")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// Where the hashes of API keys are kept. A function is one too:
/// `|id: String| async move { Ok(Some((hash, owner))) }`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no store of API keys",
    label = "not a store of API keys",
    note = "implement `cepa::auth::ApiKeyStore` for it, or take a function: `|id: String| async move {{ \
            Ok::<Option<(String, Owner)>, cepa::Error>(..) }}`"
)]
pub trait ApiKeyStore: Send + Sync + 'static {
    /// What handlers get of whoever sends a key.
    type Owner: Clone + Send + Sync + 'static;

    /// The [hash](ApiKey::hash) of the key with this id, and whose it is; `None` if there is none, or
    /// it was withdrawn.
    ///
    /// # Errors
    /// The store cannot be asked.
    fn find(&self, id: &str) -> impl Future<Output = Result<Option<(String, Self::Owner)>>> + Send;
}

impl<F, Fut, P> ApiKeyStore for F
where
    F: Fn(String) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Option<(String, P)>>> + Send,
    P: Clone + Send + Sync + 'static,
{
    type Owner = P;

    fn find(&self, id: &str) -> impl Future<Output = Result<Option<(String, P)>>> + Send {
        self(id.to_owned())
    }
}

/// The one key of [`ApiKeys::only`]. Handlers take it, as `Local<OnlyKey>`, where it was sent.
#[derive(Clone)]
pub struct OnlyKey {
    id: Arc<str>,
    hash: Arc<str>,
}

impl ApiKeyStore for OnlyKey {
    type Owner = Self;

    async fn find(&self, id: &str) -> Result<Option<(String, Self)>> {
        let is_it = *id == *self.id;
        Ok(is_it.then(|| (self.hash.to_string(), self.clone())))
    }
}

/// The id, and nothing of the hash.
impl fmt::Debug for OnlyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnlyKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The id in a key of this prefix, if it has the form of one.
fn id_of<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (id, secret) = text
        .strip_prefix(prefix)?
        .strip_prefix('_')?
        .split_once('_')?;
    let is_hex = |text: &str, bytes: usize| text.len() == bytes * 2 && unhex(text).is_some();
    (is_hex(id, ID) && is_hex(secret, SECRET)).then_some(id)
}

/// Over the whole key, so that a hash is of one prefix and one id.
fn mac(text: &str) -> Hmac<Sha256> {
    let mac: Hmac<Sha256> =
        Hmac::new_from_slice(b"cepa API key, version 1").expect("HMAC takes keys of any length");
    mac.chain_update(text)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of digits in lower case.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    bytes.collect::<Option<_>>().filter(|_| rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn a_key_has_the_id_that_finds_it() {
        let key = ApiKey::random("shop_live");
        assert_eq!(id_of(key.text(), "shop_live"), Some(key.id()));
        assert_eq!(id_of(key.text(), "shop"), None);
        assert_eq!(id_of(key.text(), "shop_live_"), None);
        assert_eq!(id_of(&key.text().to_uppercase(), "SHOP_LIVE"), None);
        assert!(!format!("{key:?}").contains(&key.text()[27..]));
        assert_eq!(unhex(key.hash()).map(|it| it.len()), Some(32));
        assert_ne!(ApiKey::random("shop").text(), ApiKey::random("shop").text());
    }

    /// By its places: the prefix, 16 digits, and 48.
    fn is_formed(text: &str) -> bool {
        let is_digit = |c: char| "0123456789abcdef".contains(c);
        let mut chars = text.chars();
        chars.next() == Some('a')
            && chars.next() == Some('_')
            && chars.by_ref().take(16).filter(|c| is_digit(*c)).count() == 16
            && chars.next() == Some('_')
            && chars.clone().count() == 48
            && chars.all(is_digit)
    }

    #[test]
    fn texts_are_keys_only_as_they_are_written() {
        let mut random = Random::new();
        let mut found = [0; 2];
        for _ in 0..50_000 {
            let mut text: Vec<char> = ApiKey::random("a").text().chars().collect();
            for _ in 0..random.below(3) {
                let (at, c) = (random.below(text.len()), random.below(9));
                let c = ['a', '0', '9', 'f', '_', 'F', 'g', ' ', '\u{e9}'][c];
                match random.below(12) {
                    0 => drop(text.remove(at)),
                    1 => text.insert(at, c),
                    2 => text[[0, 1, 18][at % 3]] = c,
                    _ => text[at] = c,
                }
            }
            let text: String = text.into_iter().collect();
            let id = id_of(&text, "a");
            found[usize::from(id.is_some())] += 1;
            assert_eq!(id.is_some(), is_formed(&text), "{text}");
            // Of another prefix it is a key too.
            let parsed = ApiKey::parse(&text);
            assert!(id.is_none() || parsed.as_ref().is_some_and(|it| Some(it.id()) == id));
            assert!(parsed.is_none_or(|it| it.text() == text && it.hash().len() == 64));
            assert!(id.is_none_or(|id| id == &text[2..18]));
        }
        assert!(found.iter().all(|count| *count > 10_000), "{found:?}");
    }
}
