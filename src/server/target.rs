//! The target of a request (RFC 9112, 3.2): which of its four forms fits which method.
//!
//! hyper parsed it before: no controls and spaces, an authority that can be one, `/` for the empty
//! path of an absolute form. A fragment, which no target has, it cut off unseen. After it: the host
//! is checked, and routes are matched by the path.

use http::uri::Scheme;
use http::{Method, StatusCode, Uri};

use crate::error::Error;

/// Lets paths pass (`/a?b`, or `http://host/a?b` with the same meaning), and `*` for `OPTIONS`.
///
/// 400 for a form that its method does not have, 501 for a tunnel by `CONNECT` (RFC 9110, 9.3.6).
/// A `CONNECT` of HTTP/2 that names a path is no tunnel (RFC 8441).
///
/// Which of `http` and `https` an absolute form says is left alone: what stands in front may have
/// taken the encryption off.
pub(crate) fn check_target(method: &Method, uri: &Uri) -> Result<(), Error> {
    let path = uri.path();
    let connects = *method == Method::CONNECT;
    if path.starts_with('/') && !connects {
        return match uri.scheme() {
            None => Ok(()),
            Some(scheme) if *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS => Ok(()),
            Some(_) => Err(Error::bad_request(
                "the scheme of the request is neither `http` nor `https`",
            )),
        };
    }
    refuse_others(method, uri)
}

#[cold]
fn refuse_others(method: &Method, uri: &Uri) -> Result<(), Error> {
    let connects = *method == Method::CONNECT;
    match (uri.path(), uri.authority().is_some()) {
        ("", true) if connects => Err(Error::new(
            StatusCode::NOT_IMPLEMENTED,
            "this server opens no tunnels",
        )),
        (path, true) if connects && uri.scheme().is_some() && path.starts_with('/') => Ok(()),
        _ if connects => Err(Error::bad_request(
            "what `CONNECT` asks for is a host and a port",
        )),
        ("*", _) if *method == Method::OPTIONS => Ok(()),
        ("*", _) => Err(Error::bad_request("only `OPTIONS` can ask for `*`")),
        _ => Err(Error::bad_request(
            "what is asked for is no path that begins with a slash",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// The status of a refusal, or 200.
    fn status(method: &Method, uri: &Uri) -> u16 {
        check_target(method, uri).map_or_else(|error| error.status().as_u16(), |()| 200)
    }

    #[test]
    fn each_form_has_its_methods() {
        let table = [
            ("GET", "/", 200),
            ("GET", "/a/b?c=d", 200),
            ("GET", "//a", 200),
            ("GET", "/?", 200),
            ("OPTIONS", "/a", 200),
            ("GET", "http://a.test", 200),
            ("GET", "HTTP://a.test/b?c", 200),
            ("GET", "https://a.test:1/b", 200),
            ("OPTIONS", "http://a.test", 200),
            ("GET", "ftp://a.test/b", 400),
            ("GET", "ws://a.test/b", 400),
            ("OPTIONS", "*", 200),
            ("GET", "*", 400),
            ("CONNECT", "*", 400),
            ("CONNECT", "a.test:443", 501),
            ("CONNECT", "[::1]:443", 501),
            ("CONNECT", "a.test", 501),
            ("CONNECT", "/", 400),
            ("CONNECT", "https://a.test/chat", 200),
            ("GET", "a.test:443", 400),
            ("GET", "a.test", 400),
            ("OPTIONS", "a", 400),
        ];
        for (method, target, wanted) in table {
            let (method, uri) = (method.parse().unwrap(), target.parse().unwrap());
            assert_eq!(status(&method, &uri), wanted, "{method} {target}");
        }
    }

    /// What `http` makes of a target is judged by the target itself, as the RFC has its grammar.
    #[test]
    fn what_passes_of_random_targets_is_a_path() {
        let words = "/|/|a|b.c|*|:|:80|//|http://|https://|ftp://|?|#|@|[::1]|%2F|%|\\|..|;|\"|{|\u{e9}| |\r\n|\t|\u{7f}|\0|,";
        let words: Vec<_> = words.split('|').collect();
        let methods = [Method::GET, Method::OPTIONS, Method::CONNECT];
        let mut random = Random::new();
        let (mut target, mut passed, mut refused) = (Vec::new(), 0, 0);
        for round in 0..100_000 {
            target.clear();
            for _ in 0..random.below(6) {
                target.extend_from_slice(words[random.below(words.len())].as_bytes());
            }
            let Ok(uri) = Uri::try_from(&target[..]) else {
                continue;
            };
            // What follows a fragment sign is gone, whatever it is.
            let mut kept = target.iter().take_while(|&&byte| byte != b'#');
            assert!(kept.all(|&byte| byte > b' '), "{target:?}");
            let method = &methods[round % 3];
            let text = String::from_utf8_lossy(&target).to_ascii_lowercase();
            let web = text.starts_with("http://") || text.starts_with("https://");
            let wanted = match *method {
                Method::CONNECT if text.contains("://") && !text.starts_with('/') => 200,
                Method::CONNECT if text.starts_with('/') || text == "*" => 400,
                Method::CONNECT => 501,
                _ if text.starts_with('/') || web => 200,
                Method::OPTIONS if text == "*" => 200,
                _ => 400,
            };
            assert_eq!(status(method, &uri), wanted, "{method} {text:?}");
            match wanted {
                200 => passed += 1,
                _ => refused += 1,
            }
            if wanted == 200 && method != Method::OPTIONS {
                assert!(uri.path().starts_with('/'), "{text:?}");
            }
        }
        assert!(passed > 5_000 && refused > 5_000, "{passed} {refused}");
    }
}
