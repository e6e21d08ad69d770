//! Parses and checks route, prefix and host patterns; every mistake is a sentence with the fix.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// Characters that a path has to carry percent-encoded (RFC 3986, 3.3 and the WHATWG URL
/// standard's path set), so that a pattern may be written as people read it.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// A checked pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// As matched: literals percent-encoded.
    text: String,
    parts: Vec<Part>,
}

/// A piece of a pattern, to build a URL from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Literal(String),
    Param(String),
    Rest(String),
}

impl Pattern {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// A host pattern with slashes for dots, for the trie.
    pub(crate) fn trie_text(&self) -> String {
        format!("/{}", self.text.replace('.', "/"))
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Parameter names from left to right.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Param(name) | Part::Rest(name) => Some(name.as_str()),
        })
    }

    /// The path of `inner` below this prefix: `/` answers at the prefix itself.
    pub(crate) fn join(&self, inner: &Self) -> Self {
        if self.text.is_empty() {
            return inner.clone();
        }
        if inner.text == "/" {
            return self.clone();
        }
        let mut parts = self.parts.clone();
        parts.extend(inner.parts.iter().cloned());
        Self {
            text: format!("{}{}", self.text, inner.text),
            parts,
        }
    }

    /// A path that matches, with `x` for each parameter.
    pub(crate) fn sample(&self) -> String {
        let piece = |part: &Part| match part {
            Part::Literal(text) => text.clone(),
            Part::Param(_) | Part::Rest(_) => "x".to_owned(),
        };
        self.parts.iter().map(piece).collect()
    }

    /// Why no client would ever ask for such a path, if that is so.
    pub(crate) fn unreachable(&self) -> Option<&'static str> {
        // `%2e` is a dot there (WHATWG URL standard, 4.1).
        let dots = self.text.split('/').any(|segment| {
            let plain = segment.to_ascii_lowercase().replace("%2e", ".");
            plain == "." || plain == ".."
        });
        dots.then_some("clients resolve `.` and `..` before they send a path")
    }
}

/// Parses the path of a route.
pub(crate) fn route_pattern(text: &str) -> Result<Pattern, String> {
    if text.is_empty() {
        return Err("an empty path matches nothing: write `/`".to_owned());
    }
    if !text.starts_with('/') {
        return Err(format!("a path starts with a slash: write `/{text}`"));
    }
    let mut pattern = Pattern::default();
    let segments: Vec<&str> = text[1..].split('/').collect();
    for (i, segment) in segments.iter().enumerate() {
        let last = i + 1 == segments.len();
        if segment.is_empty() && !last {
            let fixed = text.replacen("//", "/", 1);
            return Err(format!("`{text}` has an empty segment: write `{fixed}`"));
        }
        pattern.push_literal("/");
        old_syntax(text, segment)?;
        pattern.push_segment(segment, last)?;
    }
    if let Some((path, _)) = text.split_once('?') {
        return Err(format!(
            "a path has no query: write `{path}` and take the query with `Query<T>`"
        ));
    }
    pattern.with_unique_names()
}

/// Parses the prefix of a mount; `/` and the empty prefix are the same.
pub(crate) fn prefix_pattern(text: &str) -> Result<Pattern, String> {
    if text.is_empty() || text == "/" {
        return Ok(Pattern::default());
    }
    if let Some(plain) = text.strip_suffix('/') {
        return Err(format!(
            "a mount prefix has no trailing slash: write `{plain}`"
        ));
    }
    let pattern = route_pattern(text)?;
    match pattern.parts.last() {
        Some(Part::Rest(_)) => Err(format!(
            "a mount takes everything below its prefix, so `{text}` needs no `{{*..}}` at its end"
        )),
        _ => Ok(pattern),
    }
}

/// Parses a host; labels are lower case or one parameter.
pub(crate) fn host_pattern(text: &str) -> Result<Pattern, String> {
    if text.contains('/') || text.contains(':') {
        return Err(format!(
            "`{text}` is no host: write it without scheme, port and path, like `{{tenant}}.example.com`"
        ));
    }
    let mut pattern = Pattern::default();
    for (i, label) in text.split('.').enumerate() {
        if i > 0 {
            pattern.push_literal(".");
        }
        if label.is_empty() || label.starts_with('*') || label.starts_with("{*") {
            return Err(format!(
                "each part of the host `{text}` is a name or a `{{parameter}}`"
            ));
        }
        let (literal, rest) = label.split_at(label.find('{').unwrap_or(label.len()));
        let (param, end) = rest.split_at(rest.rfind('}').map_or(0, |end| end + 1));
        let lower = str::to_ascii_lowercase;
        pattern.push_segment(&[&lower(literal), param, &lower(end)].concat(), false)?;
    }
    let is_of_host = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    let literals = pattern.parts.iter().filter_map(|part| match part {
        Part::Literal(literal) => Some(literal),
        Part::Param(_) | Part::Rest(_) => None,
    });
    if literals
        .flat_map(|literal| literal.chars())
        .any(|c| !is_of_host(c))
    {
        return Err(format!(
            "no client asks for the host `{text}`: it has other signs than letters, digits, `-`, \
             `_` and `~`; write an international name in its ASCII form, which begins with `xn--`"
        ));
    }
    pattern.with_unique_names()
}

/// Spots the spelling of other frameworks and older versions of the router.
fn old_syntax(text: &str, segment: &str) -> Result<(), String> {
    let fix = |from: &str, to: String| {
        let fixed = text.replacen(from, &to, 1);
        Err(format!(
            "`{from}` is not how parameters are written: write `{fixed}`"
        ))
    };
    if let Some(name) = segment.strip_prefix(':') {
        return fix(segment, format!("{{{}}}", name.trim_end_matches('?')));
    }
    if let Some(name) = segment.strip_suffix("?}").and_then(|s| s.strip_prefix('{')) {
        let (with, without) = (format!("{{{name}}}"), format!("/{segment}"));
        return Err(format!(
            "`{segment}` is no optional parameter, there are none: write two routes, `{}` and `{}`",
            text.replacen(segment, &with, 1),
            text.replacen(&without, "", 1)
        ));
    }
    if let Some(name) = segment
        .strip_prefix('*')
        .map(|name| name.trim_start_matches('*'))
    {
        let name = if name.is_empty() { "path" } else { name };
        return fix(segment, format!("{{*{name}}}"));
    }
    if let Some(inner) = segment.strip_prefix('<').and_then(|s| s.strip_suffix('>')) {
        let name = inner.rsplit(':').next().unwrap_or(inner);
        let rest = inner.ends_with("..") || inner.starts_with("path:");
        let star = if rest { "*" } else { "" };
        return fix(segment, format!("{{{star}{}}}", name.trim_end_matches('.')));
    }
    Ok(())
}

impl Pattern {
    fn with_unique_names(self) -> Result<Self, String> {
        match repeated(self.names()) {
            Some(name) => Err(format!(
                "`{}` has the parameter `{name}` twice: rename one",
                self.text
            )),
            None => Ok(self),
        }
    }

    fn push_literal(&mut self, text: &str) {
        self.text.push_str(text);
        match self.parts.last_mut() {
            Some(Part::Literal(literal)) => literal.push_str(text),
            _ => self.parts.push(Part::Literal(text.to_owned())),
        }
    }

    /// A literal as clients send it, braces included.
    fn push_char(&mut self, c: char) {
        let encoded = utf8_percent_encode(c.encode_utf8(&mut [0; 4]), PATH).to_string();
        self.push_literal(&encoded);
    }

    fn push_segment(&mut self, segment: &str, last: bool) -> Result<(), String> {
        let mut rest = segment;
        let mut has_param = false;
        while let Some(c) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("{{").or_else(|| rest.strip_prefix("}}")) {
                self.push_char(c);
                rest = after;
                continue;
            }
            if c == '}' {
                return Err(format!(
                    "`}}` in `{segment}` closes nothing: a literal brace is `}}}}`"
                ));
            }
            if c != '{' {
                self.push_char(c);
                rest = &rest[c.len_utf8()..];
                continue;
            }
            let Some(end) = rest.find('}') else {
                return Err(format!(
                    "`{{` in `{segment}` is not closed: a literal brace is `{{{{`"
                ));
            };
            if has_param {
                return Err(format!(
                    "`{segment}` has two parameters: a segment has one at most"
                ));
            }
            has_param = true;
            let whole = end + 1 == segment.len();
            self.push_param(&rest[1..end], segment, last && whole, whole)?;
            rest = &rest[end + 1..];
        }
        Ok(())
    }

    fn push_param(
        &mut self,
        inner: &str,
        segment: &str,
        last: bool,
        whole: bool,
    ) -> Result<(), String> {
        let (name, is_rest) = match inner.strip_prefix('*') {
            Some(name) => (name, true),
            None => (inner, false),
        };
        if let Some((name, _)) = name.split_once(':') {
            return Err(format!(
                "`{segment}` has a type or regular expression: write `{{{name}}}` and let the type in `Path<T>` check it"
            ));
        }
        if let Some(name) = name.strip_suffix("...").or_else(|| name.strip_suffix("..")) {
            return Err(format!(
                "a parameter for the rest of the path is written `{{*{name}}}`"
            ));
        }
        let valid = !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || c == '_' || c == '-');
        if !valid {
            return Err(format!(
                "`{{{inner}}}` has no valid name: use letters, digits, `_` and `-`"
            ));
        }
        if is_rest && !(last && whole) {
            return Err(format!(
                "`{{*{name}}}` takes the whole rest of the path, so it stands alone at the end"
            ));
        }
        self.text.push('{');
        self.text.push_str(inner);
        self.text.push('}');
        self.parts.push(if is_rest {
            Part::Rest(name.to_owned())
        } else {
            Part::Param(name.to_owned())
        });
        Ok(())
    }
}

/// The first name that is there for the second time.
pub(crate) fn repeated<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = Vec::new();
    for name in names {
        if seen.contains(&name) {
            return Some(name);
        }
        seen.push(name);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_patterns_keep_their_text_and_names() {
        let rows: &[(&str, &str, &[&str])] = &[
            ("/", "/", &[]),
            ("/users/{id}", "/users/{id}", &["id"]),
            ("/img-{id}.png", "/img-{id}.png", &["id"]),
            ("/files/{*path}", "/files/{*path}", &["path"]),
            ("/a/{b}/c/{d}/", "/a/{b}/c/{d}/", &["b", "d"]),
            ("/{{literal}}", "/%7Bliteral%7D", &[]),
            ("/caf\u{e9} au lait", "/caf%C3%A9%20au%20lait", &[]),
        ];
        for (text, matched, names) in rows {
            let pattern = route_pattern(text).unwrap();
            assert_eq!(pattern.text(), *matched, "{text}");
            assert_eq!(pattern.names().collect::<Vec<_>>(), *names, "{text}");
        }
    }

    #[test]
    fn mistakes_are_answered_with_the_right_spelling() {
        let rows = [
            ("", "write `/`"),
            ("users", "write `/users`"),
            ("/users/:id", "write `/users/{id}`"),
            ("/files/*", "write `/files/{*path}`"),
            ("/files/*rest", "write `/files/{*rest}`"),
            ("/users/<id>", "write `/users/{id}`"),
            ("/users/<int:id>", "write `/users/{id}`"),
            ("/files/<path..>", "write `/files/{*path}`"),
            ("/users/{id:int}", "write `{id}`"),
            ("/files/{path...}", "written `{*path}`"),
            ("/{*rest}/x", "at the end"),
            ("/x{*rest}", "at the end"),
            ("/{a}-{b}", "one at most"),
            ("/{}", "no valid name"),
            ("/{a", "not closed"),
            ("/a}", "closes nothing"),
            ("/{a}/{a}", "twice"),
            ("/search?q={q}", "has no query"),
        ];
        for (text, fix) in rows {
            let problem = route_pattern(text).unwrap_err();
            assert!(problem.contains(fix), "{text}: {problem}");
        }
    }

    #[test]
    fn a_mounted_root_answers_at_the_prefix() {
        let prefix = prefix_pattern("/admin").unwrap();
        assert_eq!(prefix.join(&route_pattern("/").unwrap()).text(), "/admin");
        assert_eq!(
            prefix.join(&route_pattern("/x/{y}").unwrap()).text(),
            "/admin/x/{y}"
        );
        assert!(prefix_pattern("/admin/").unwrap_err().contains("`/admin`"));
    }

    #[test]
    fn hosts_are_lower_case_and_without_port() {
        assert_eq!(
            host_pattern("{tenant}.Example.com").unwrap().text(),
            "{tenant}.example.com"
        );
        let named = host_pattern("WWW-{Tenant}-X.A_b.test").unwrap();
        assert_eq!(named.text(), "www-{Tenant}-x.a_b.test");
        assert_eq!(named.names().collect::<Vec<_>>(), ["Tenant"]);
        for bad in ["example.com:80", "http://x", "*.example.com", "a..b", ""] {
            assert!(host_pattern(bad).is_err(), "{bad}");
        }
    }
}
