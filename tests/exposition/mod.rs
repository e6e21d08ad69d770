//! A strict reader of the text format of Prometheus: what its own parser and linter refuse panics.

use std::collections::{HashMap, HashSet};

pub(crate) struct Exposition {
    pub(crate) text: String,
    samples: Vec<Sample>,
}

pub(crate) struct Sample {
    name: String,
    labels: Vec<(String, String)>,
    pub(crate) value: f64,
}

impl Sample {
    pub(crate) fn label(&self, name: &str) -> &str {
        let label = self.labels.iter().find(|(own, _)| own == name);
        label.map_or("", |(_, value)| value)
    }
}

impl Exposition {
    pub(crate) fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line has no end");
        let (mut samples, mut kinds) = (Vec::new(), HashMap::new());
        let (mut closed, mut open, mut helped) = (HashSet::new(), String::new(), HashSet::new());
        for line in text.lines() {
            let family = match line.strip_prefix("# ") {
                Some(comment) => {
                    let (word, rest) = comment.split_once(' ').expect("HELP or TYPE");
                    let (name, rest) = rest.split_once(' ').expect("a name and more");
                    match word {
                        "HELP" => assert!(helped.insert(name.to_owned()), "HELP twice: {line}"),
                        "TYPE" => {
                            let known = ["counter", "gauge", "histogram", "summary", "untyped"];
                            assert!(known.contains(&rest), "{line}");
                            let twice = kinds.insert(name.to_owned(), rest.to_owned());
                            assert!(twice.is_none(), "TYPE twice: {line}");
                        }
                        _ => panic!("neither HELP nor TYPE: {line}"),
                    }
                    name.to_owned()
                }
                None => {
                    let sample = sample(line);
                    let family = family(&sample.name, &kinds);
                    assert!(kinds.contains_key(&family), "TYPE comes first: {line}");
                    samples.push(sample);
                    family
                }
            };
            if family != open {
                assert!(closed.insert(family.clone()), "`{family}` is torn apart");
                open = family;
            }
        }
        let read = Self {
            text: text.to_owned(),
            samples,
        };
        read.check_series();
        read.check_histograms(&kinds);
        read
    }

    pub(crate) fn samples(&self, name: &str) -> impl Iterator<Item = &Sample> {
        self.samples
            .iter()
            .filter(move |sample| sample.name == name)
    }

    /// The value of the one sample with exactly these labels, in any order.
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let mut samples = self.samples(name);
        let is = |sample: &&Sample| {
            sample.labels.len() == labels.len()
                && labels
                    .iter()
                    .all(|(name, value)| sample.label(name) == *value)
        };
        samples.find(is).map(|sample| sample.value)
    }

    fn check_series(&self) {
        let mut seen = HashSet::new();
        for Sample { name, labels, .. } in &self.samples {
            let mut labels = labels.clone();
            labels.sort();
            let names: HashSet<_> = labels.iter().map(|(name, _)| name).collect();
            assert_eq!(
                names.len(),
                labels.len(),
                "a label twice: {name} {labels:?}"
            );
            assert!(
                seen.insert((name.clone(), labels.clone())),
                "twice: {name} {labels:?}"
            );
        }
    }

    fn check_histograms(&self, kinds: &HashMap<String, String>) {
        for (family, _) in kinds.iter().filter(|(_, kind)| *kind == "histogram") {
            let mut by_series: HashMap<Vec<_>, Vec<(f64, f64)>> = HashMap::new();
            for bucket in self.samples(&format!("{family}_bucket")) {
                let mut others = bucket.labels.clone();
                others.retain(|(name, _)| name != "le");
                let bound = bucket.label("le").parse().expect("a bound");
                by_series
                    .entry(others)
                    .or_default()
                    .push((bound, bucket.value));
            }
            for (labels, buckets) in by_series {
                let rises = |pair: &[(f64, f64)]| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1;
                assert!(
                    buckets.windows(2).all(rises),
                    "{family} {labels:?}: {buckets:?}"
                );
                let labels: Vec<_> = labels.iter().map(|(a, b)| (&**a, &**b)).collect();
                let count = self.value(&format!("{family}_count"), &labels);
                assert_eq!(buckets.last().copied(), count.map(|it| (f64::INFINITY, it)));
                assert!(self.value(&format!("{family}_sum"), &labels).is_some());
            }
        }
    }
}

/// The metric that a sample belongs to: `_bucket`, `_sum` and `_count` are parts of one.
fn family(name: &str, kinds: &HashMap<String, String>) -> String {
    for (suffix, of) in [("_bucket", "histogram"), ("_sum", ""), ("_count", "")] {
        let base = name.strip_suffix(suffix);
        let kind = base.and_then(|base| kinds.get(base)).map(String::as_str);
        let fits = matches!(kind, Some("histogram")) || (kind == Some("summary") && of.is_empty());
        if let (Some(base), true) = (base, fits) {
            return base.to_owned();
        }
    }
    name.to_owned()
}

fn sample(line: &str) -> Sample {
    let end = line
        .find(['{', ' '])
        .unwrap_or_else(|| panic!("no value: {line}"));
    let (name, mut rest) = line.split_at(end);
    assert!(is_word(&name.replace(':', "_")), "no name: {line}");
    let mut labels = Vec::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (label, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
            assert!(is_word(label), "no label: {line}");
            let (value, after) = quoted(after, line);
            labels.push((label.to_owned(), value));
            match after.strip_prefix(',') {
                Some(more) => rest = more,
                None => {
                    rest = after.strip_prefix('}').unwrap_or_else(|| panic!("{line}"));
                    break;
                }
            }
        }
    }
    let value = rest
        .strip_prefix(' ')
        .unwrap_or_else(|| panic!("no space: {line}"));
    let value = match value {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        value => value
            .parse()
            .unwrap_or_else(|_| panic!("no number: {line}")),
    };
    Sample {
        name: name.to_owned(),
        labels,
        value,
    }
}

/// A value up to its closing quote, unescaped, and what follows.
fn quoted<'a>(text: &'a str, line: &str) -> (String, &'a str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.push(match chars.next() {
                Some((_, 'n')) => '\n',
                Some((_, c @ ('\\' | '"'))) => c,
                _ => panic!("an escape that is none: {line}"),
            }),
            _ => value.push(c),
        }
    }
    panic!("no closing quote: {line}")
}

fn is_word(text: &str) -> bool {
    let first = text.bytes().next().unwrap_or(b'0');
    !first.is_ascii_digit() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
