//! `Csp`: a content security policy, checked where it is written. `SecureHeaders` sends it.

use super::csp_nonce::CspNonce;
use crate::HeaderValue;

/// A content security policy (CSP Level 3): from where a page may load scripts, styles, images and
/// so on. [`SecureHeaders`](crate::SecureHeaders) sends it.
///
/// It begins as
/// `default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'`;
/// [`with`](Self::with) sets a directive, [`without`](Self::without) takes one out.
///
/// `'nonce'` among the sources of scripts or styles stands for a random value of each request, which
/// handlers take as [`CspNonce`] for the `nonce` attributes of the page.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::{Csp, CspNonce, SecureHeaders};
///
/// async fn page(nonce: CspNonce) -> Html<String> {
///     Html(format!("<script nonce=\"{nonce}\">run()</script>"))
/// }
///
/// let csp = Csp::new().with("script-src", "'self' 'nonce'").with("img-src", "'self' data:");
/// let client = App::new().with(SecureHeaders::new().with_csp(csp)).get("/", page).test();
/// let res = client.get("/").send();
/// let policy = res.header("content-security-policy").unwrap_or_default();
/// assert!(policy.contains("; script-src 'self' 'nonce-") && policy.ends_with("; img-src 'self' data:"));
/// ```
///
/// # Errors
/// Problems that [`App::build`](crate::App::build) reports: a directive that is none, a source with
/// `;`, `,` or another sign that does not belong there, a keyword that is unknown or lacks its
/// quotes, `'none'` beside other sources, a nonce that is written out.
#[derive(Clone, Debug)]
pub struct Csp {
    directives: Vec<(Box<str>, Box<str>)>,
    problems: Vec<String>,
}

const DEFAULT: &str = "default-src 'self'; base-uri 'self'; form-action 'self'; \
    frame-ancestors 'none'; object-src 'none'";
/// Directives with a list of sources.
const OF_SOURCES: &str = "child-src connect-src default-src fenced-frame-src font-src form-action \
    frame-ancestors frame-src base-uri img-src manifest-src media-src object-src script-src \
    script-src-attr script-src-elem style-src style-src-attr style-src-elem worker-src";
/// Those with words of their own, or none.
const OF_WORDS: &str = "report-to report-uri require-trusted-types-for sandbox trusted-types \
    upgrade-insecure-requests webrtc";
const KEYWORDS: &str = "'self' 'none' 'nonce' 'strict-dynamic' 'unsafe-inline' 'unsafe-eval' \
    'unsafe-hashes' 'wasm-unsafe-eval' 'report-sample' 'inline-speculation-rules' \
    'trusted-types-eval'";

impl Csp {
    /// The policy to begin with.
    #[must_use]
    pub fn new() -> Self {
        let bare = Self {
            directives: Vec::new(),
            problems: Vec::new(),
        };
        let directives = DEFAULT.split("; ").filter_map(|it| it.split_once(' '));
        directives.fold(bare, |csp, (name, sources)| csp.with(name, sources))
    }

    /// Sets a directive to these sources, separated by spaces: `'self'`, `https:`,
    /// `https://cdn.example.com`, `'nonce'`. Some have words in their place, or nothing:
    /// `("upgrade-insecure-requests", "")`.
    #[must_use]
    pub fn with(mut self, directive: &str, sources: &str) -> Self {
        let is_in = |list: &str| list.split_ascii_whitespace().any(|it| it == directive);
        let problem = if is_in(OF_SOURCES) {
            check_sources(directive, sources)
        } else if is_in(OF_WORDS) {
            check_words(directive, sources)
        } else {
            Err(format!(
                "`{directive}` is no directive of a content security policy"
            ))
        };
        self.problems.extend(problem.err());
        let words: Vec<&str> = sources.split_ascii_whitespace().collect();
        let entry = (directive.into(), words.join(" ").into());
        match self
            .directives
            .iter_mut()
            .find(|(name, _)| **name == *directive)
        {
            Some(old) => *old = entry,
            None => self.directives.push(entry),
        }
        self
    }

    /// Takes a directive out.
    #[must_use]
    pub fn without(mut self, directive: &str) -> Self {
        self.directives.retain(|(name, _)| **name != *directive);
        self
    }

    /// The policy as it is sent, or what is wrong with it.
    pub(super) fn policy(self) -> Result<Policy, Vec<String>> {
        let directives = self.directives.iter();
        let directives: Vec<String> = directives
            .map(|(name, sources)| format!("{name} {sources}").trim_end().to_owned())
            .collect();
        let text = directives.join("; ");
        let mut problems = self.problems;
        if text.is_empty() {
            problems.push("the content security policy has no directive".to_owned());
        }
        let value = match text == DEFAULT {
            // Copied without a counter that all threads would share.
            true => Ok(HeaderValue::from_static(DEFAULT)),
            false => HeaderValue::try_from(&text),
        };
        match value {
            Ok(value) if problems.is_empty() => {
                Ok(Nonced::of(&text).map_or(Policy::Fixed(value), Policy::Nonced))
            }
            _ => Err(problems),
        }
    }
}

impl Default for Csp {
    fn default() -> Self {
        Self::new()
    }
}

const NONCE: &str = "'nonce'";

/// A policy as it is sent: the same each time, or with nonces.
pub(super) enum Policy {
    Fixed(HeaderValue),
    Nonced(Nonced),
}

/// A policy around its nonces: the text before each of them, and what follows the last one.
#[derive(Clone, Debug)]
pub(super) struct Nonced {
    before: Box<[Box<str>]>,
    end: Box<str>,
}

impl Nonced {
    fn of(text: &str) -> Option<Self> {
        let (start, end) = text.rsplit_once(NONCE)?;
        Some(Self {
            before: start.split(NONCE).map(Box::from).collect(),
            end: end.into(),
        })
    }

    /// The policy with this nonce; `None` never, since its text was a header when it was written.
    pub(super) fn header(&self, nonce: &CspNonce) -> Option<HeaderValue> {
        let nonced = self.before.iter().map(|part| part.len() + 30);
        let mut text = String::with_capacity(nonced.sum::<usize>() + self.end.len());
        for part in &self.before {
            text.extend([part, "'nonce-", nonce.as_str(), "'"]);
        }
        text.push_str(&self.end);
        HeaderValue::try_from(text).ok()
    }
}

fn check_sources(directive: &str, sources: &str) -> Result<(), String> {
    check_signs(directive, sources)?;
    let words = || sources.split_ascii_whitespace();
    let first = words().next();
    if first.is_none() {
        return Err(format!(
            "`{directive}` has no source: to allow nothing, write `'none'`"
        ));
    }
    if words().any(|word| word == "'none'") && words().count() > 1 {
        return Err(format!(
            "`'none'` stands alone: take it out of `{directive}`, or the others"
        ));
    }
    let takes_nonce = ["script-src", "style-src", "default-src"];
    let takes_nonce = takes_nonce.iter().any(|name| directive.starts_with(name));
    for word in words() {
        if word == NONCE && !takes_nonce {
            return Err(format!(
                "`{directive}` takes no nonce; scripts and styles do"
            ));
        }
        check_source(word)?;
    }
    Ok(())
}

fn check_source(source: &str) -> Result<(), String> {
    let is_keyword = |word: &str| KEYWORDS.split_ascii_whitespace().any(|it| it == word);
    let Some(quoted) = source.strip_prefix('\'') else {
        return match is_keyword(&format!("'{source}'")) {
            true => Err(format!(
                "`{source}` would be a host: write `'{source}'`, with its quotes"
            )),
            false if source.contains('\'') => Err(format!("`{source}` has a quote inside")),
            false => Ok(()),
        };
    };
    let is_hash = || {
        let hash = ["sha256-", "sha384-", "sha512-"];
        let hash = hash
            .iter()
            .find_map(|kind| quoted.strip_prefix(kind)?.strip_suffix('\''));
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte);
        hash.is_some_and(|hash| !hash.is_empty() && hash.bytes().all(is_base64))
    };
    if quoted.starts_with("nonce-") {
        return Err(format!(
            "`{source}` is the same in every response, so it protects nothing: write `'nonce'` for a new one each time"
        ));
    }
    match is_keyword(source) || is_hash() {
        true => Ok(()),
        false => Err(format!(
            "`{source}` is no keyword or hash of a content security policy"
        )),
    }
}

fn check_words(directive: &str, words: &str) -> Result<(), String> {
    check_signs(directive, words)?;
    let mut words = words.split_ascii_whitespace();
    if directive == "upgrade-insecure-requests" && words.next().is_some() {
        return Err(format!(
            "`{directive}` stands alone: write `with(\"{directive}\", \"\")`"
        ));
    }
    match words.find(|word| word.contains(NONCE)) {
        Some(_) => Err(format!(
            "`{directive}` takes no nonce; scripts and styles do"
        )),
        None => Ok(()),
    }
}

/// What would end the directive or the header (CSP 3, 2.2.1) or is in no source.
fn check_signs(directive: &str, words: &str) -> Result<(), String> {
    let is_sign = |c: char| c == ' ' || c.is_ascii_graphic() && !";,\"<>\\^`{|}".contains(c);
    match words.chars().find(|&c| !is_sign(c)) {
        Some(sign) => Err(format!(
            "`{directive}` has the sign {sign:?}, which no source has: write it percent-encoded, or each directive by its own `with`"
        )),
        None => Ok(()),
    }
}
