//! `Excerpt`: the lines of a text around the one at fault.
//!
//! Before it: an error was made by a text of its own, such as a template. After it: the page for
//! developers, and whoever else shows the error.

/// How many lines are kept before the one at fault, and after it.
const AROUND: usize = 6;
/// How many characters of a line are kept.
const WIDTH: usize = 240;

/// Some lines of a text that an error comes from: a template, a query, a source file. An error carries
/// it by [`Error::with_excerpt`](crate::Error::with_excerpt), for pages that help developers.
///
/// ```
/// use cepa::Excerpt;
/// use cepa::prelude::*;
///
/// const QUERY: &str = "SELECT name\nFORM users";
///
/// async fn list() -> Result<()> {
///     Err(Error::internal("the query is malformed").with_excerpt(Excerpt::of("list.sql", QUERY, 2)))
/// }
///
/// let res = App::new().get("/", list).test().get("/").send();
/// let excerpt = res.error().and_then(Error::excerpt).unwrap();
/// assert_eq!((excerpt.file(), excerpt.line()), ("list.sql", 2));
/// assert_eq!(excerpt.lines().last(), Some((2, "FORM users")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    file: String,
    line: usize,
    /// The number of the first line that is kept.
    first: usize,
    lines: Vec<String>,
}

impl Excerpt {
    /// The lines around this one, counted from 1, of a text that goes under this name: at most six
    /// before and six after it, and 240 characters of each.
    #[must_use]
    pub fn of(file: impl Into<String>, text: &str, line: usize) -> Self {
        let first = line.saturating_sub(AROUND).max(1);
        let lines = text.lines().skip(first - 1);
        let lines = lines.take(line.saturating_add(AROUND + 1) - first);
        Self {
            file: file.into(),
            line,
            first,
            lines: lines.map(|it| it.chars().take(WIDTH).collect()).collect(),
        }
    }

    /// The name of the text, mostly a path.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The number of the line at fault, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The lines that are kept, each with its number; none where the text has no such line.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (self.first..).zip(self.lines.iter().map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_around_the_one_at_fault_and_no_more() {
        let text: String = (1..=100).map(|line| format!("line {line}\n")).collect();
        let kept = |line| {
            let excerpt = Excerpt::of("a", &text, line);
            let numbers: Vec<usize> = excerpt.lines().map(|(number, _)| number).collect();
            let is_text = |(number, text): (usize, &str)| text == format!("line {number}");
            assert!(excerpt.lines().all(is_text), "{excerpt:?}");
            (numbers.first().copied(), numbers.last().copied())
        };
        assert_eq!(kept(1), (Some(1), Some(7)));
        assert_eq!(kept(50), (Some(44), Some(56)));
        assert_eq!(kept(100), (Some(94), Some(100)));
        assert_eq!(kept(1000), (None, None));
        assert_eq!(kept(0), (Some(1), Some(6)));
        assert_eq!(kept(usize::MAX), (None, None));
        let long = "é".repeat(1000);
        let excerpt = Excerpt::of("a", &long, 1);
        assert_eq!(excerpt.lines().next().unwrap().1.chars().count(), WIDTH);
    }
}
