//! The text format of Prometheus, version 0.0.4: escaping, numbers, and what a name may be.

use std::fmt::Write as _;

/// The media type of the format.
pub(super) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The two lines before the samples of a metric.
pub(super) fn head(out: &mut String, name: &str, help: &str, kind: &str) {
    let help = help.replace('\\', "\\\\").replace('\n', "\\n");
    let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

/// One line; `labels` are as [`label`] wrote them, or empty.
pub(super) fn sample(out: &mut String, name: &str, labels: &str, value: f64) {
    out.push_str(name);
    if !labels.is_empty() {
        out.push('{');
        out.push_str(labels);
        out.push('}');
    }
    out.push(' ');
    number(out, value);
    out.push('\n');
}

/// A label and its value, escaped, behind those that are there.
pub(super) fn label(out: &mut String, name: &str, value: &str) {
    if !out.is_empty() {
        out.push(',');
    }
    out.push_str(name);
    out.push_str("=\"");
    for c in value.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            _ => out.push(c),
        }
    }
    out.push('"');
}

/// The lines of a histogram: buckets that hold all up to their bound, the sum, and the count.
pub(super) fn histogram(
    out: &mut String,
    name: &str,
    labels: &str,
    bounds: &[f64],
    counts: &[u64],
    sum: f64,
) {
    let mut total = 0;
    let infinity = [f64::INFINITY];
    for (bound, count) in bounds.iter().chain(&infinity).zip(counts) {
        total += count;
        let (mut all, mut text) = (labels.to_owned(), String::new());
        number(&mut text, *bound);
        label(&mut all, "le", &text);
        sample(out, &format!("{name}_bucket"), &all, total as f64);
    }
    sample(out, &format!("{name}_sum"), labels, sum);
    sample(out, &format!("{name}_count"), labels, total as f64);
}

fn number(out: &mut String, value: f64) {
    match value {
        f64::INFINITY => out.push_str("+Inf"),
        f64::NEG_INFINITY => out.push_str("-Inf"),
        _ => {
            let _ = write!(out, "{value}");
        }
    }
}

/// Whether Prometheus takes this as the name of a metric.
pub(super) fn is_name(name: &str) -> bool {
    is_word(&name.replace(':', "_"))
}

/// Whether Prometheus takes this as the name of a label, and does not use it itself.
pub(super) fn is_label(name: &str) -> bool {
    is_word(name) && !name.starts_with("__") && name != "le"
}

fn is_word(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// What is wrong with the bounds of buckets, if something is.
pub(super) fn problem_of_bounds(bounds: &[f64]) -> Option<&'static str> {
    if bounds.iter().any(|bound| !bound.is_finite()) {
        return Some("has a bucket without a finite bound; the last, endless one is always there");
    }
    let rises = bounds.windows(2).all(|pair| pair[0] < pair[1]);
    (!rises).then_some("has buckets that do not rise: write the bounds from small to large")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_labels_are_escaped() {
        let mut out = String::new();
        label(&mut out, "a", "x\\y\"z\n");
        label(&mut out, "b", "é");
        assert_eq!(out, r#"a="x\\y\"z\n",b="é""#);
    }

    #[test]
    fn names_are_words() {
        for good in ["a", "_a1", "http:requests_total"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "1a", "a-b", "a b", "é", "a{"] {
            assert!(!is_name(bad) && !is_label(bad), "{bad}");
        }
        for bad in ["le", "__name__", "a:b"] {
            assert!(!is_label(bad), "{bad}");
        }
    }

    #[test]
    fn numbers_are_those_of_the_format() {
        let rows = [
            (1.0, "1"),
            (0.005, "0.005"),
            (-2.5, "-2.5"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ];
        for (value, wanted) in rows {
            let mut out = String::new();
            number(&mut out, value);
            assert_eq!(out, wanted);
        }
    }
}
