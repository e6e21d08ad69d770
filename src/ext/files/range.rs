//! Which bytes a `Range` asks for, with work bounded by the number of bytes in it (RFC 9110, 14).
//!
//! Before it: the file was found, and its length. After it: these bytes are sent.

/// Ranges in one request beyond which the whole file is sent.
const MOST: usize = 32;

/// Bytes that a part of several costs beside its own.
pub(super) const PART: u64 = 128;

/// What to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ranges {
    /// All of it, 200.
    Whole,
    /// These, each from the first byte up to and without the last; 206.
    Parts(Vec<(u64, u64)>),
    /// None of the ranges is inside; 416.
    Outside,
}

impl Ranges {
    /// Reads a `Range` field. What is malformed, of another unit, or asks for more than sending the
    /// whole would cost, counts as not sent (RFC 9110, 14.2).
    pub(super) fn parse(field: &[u8], length: u64) -> Self {
        let set = field.split_at_checked(6).filter(|(unit, _)| {
            unit.eq_ignore_ascii_case(b"bytes=") // RFC 9110, 14.1: units are case-insensitive
        });
        let Some((_, set)) = set else {
            return Self::Whole;
        };
        let mut parts: Vec<(u64, u64)> = Vec::new();
        let mut count = 0;
        for spec in set.split(|&byte| byte == b',') {
            let spec = spec.trim_ascii();
            if spec.is_empty() {
                continue; // RFC 9110, 5.6.1: empty members of a list say nothing
            }
            count += 1;
            let Some((start, end)) = bounds(spec, length).filter(|_| count <= MOST) else {
                return Self::Whole;
            };
            if start < end {
                add(&mut parts, (start, end));
            }
        }
        let size: u64 = parts.iter().map(|(start, end)| end - start).sum();
        match parts.len() {
            0 if count == 0 => Self::Whole,
            // A suffix of nothing is satisfiable, and cannot be said in `Content-Range`.
            0 if length == 0 && has_suffix(set) => Self::Whole,
            0 => Self::Outside,
            1 => Self::Parts(parts),
            number if size + PART * number as u64 >= length => Self::Whole,
            _ => Self::Parts(parts),
        }
    }
}

/// The bytes that one range asks for, none if it is outside; `None` if it is malformed.
fn bounds(spec: &[u8], length: u64) -> Option<(u64, u64)> {
    let dash = spec.iter().position(|&byte| byte == b'-')?;
    let (first, last) = (&spec[..dash], &spec[dash + 1..]);
    match (first, last) {
        ([], last) => Some((length - number(last)?.min(length), length)),
        (first, []) => Some((number(first)?.min(length), length)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            let end = last.saturating_add(1).min(length);
            (first <= last).then_some((first.min(end), end))
        }
    }
}

fn has_suffix(set: &[u8]) -> bool {
    let mut specs = set.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    specs.any(|spec| spec.strip_prefix(b"-").and_then(number) > Some(0))
}

/// Digits, as many as one likes; what is too large for any file is the largest number.
fn number(digits: &[u8]) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| {
        digits.iter().fold(0_u64, |number, digit| {
            number
                .saturating_mul(10)
                .saturating_add(u64::from(digit - b'0'))
        })
    })
}

/// Adds a range, joined with those it touches; the others keep their order (RFC 9110, 15.3.7.2).
fn add(parts: &mut Vec<(u64, u64)>, mut new: (u64, u64)) {
    let mut place = None;
    let mut at = 0;
    while at < parts.len() {
        let (start, end) = parts[at];
        if new.0 <= end && start <= new.1 {
            new = (new.0.min(start), new.1.max(end));
            parts.remove(at);
            // What it became may touch an earlier one.
            place = Some(place.unwrap_or(at).min(at));
            at = 0;
        } else {
            at += 1;
        }
    }
    parts.insert(place.unwrap_or(parts.len()), new);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(field: &str, length: u64) -> Ranges {
        Ranges::parse(field.as_bytes(), length)
    }

    #[test]
    fn one_range_is_cut_to_the_file() {
        let table = [
            ("bytes=0-0", Some((0, 1))),
            ("bytes=0-9", Some((0, 10))),
            ("bytes=0-99", Some((0, 10))),
            ("bytes=9-", Some((9, 10))),
            ("bytes=-1", Some((9, 10))),
            ("bytes=-10", Some((0, 10))),
            ("bytes=-11", Some((0, 10))),
            ("bytes=-99999999999999999999999999", Some((0, 10))),
            ("bytes=3-99999999999999999999999999", Some((3, 10))),
            ("bytes=0-18446744073709551615", Some((0, 10))),
            ("BYTES=2-3", Some((2, 4))),
            ("bytes= 2-3 ", Some((2, 4))),
            ("bytes=,2-3,,", Some((2, 4))),
            ("bytes=2-3,20-30", Some((2, 4))),
            ("bytes=10-", None),
            ("bytes=10-20", None),
            ("bytes=-0", None),
            ("bytes=99999999999999999999999999-", None),
            ("bytes=18446744073709551615-18446744073709551615", None),
        ];
        for (field, wanted) in table {
            let wanted = wanted.map_or(Ranges::Outside, |part| Ranges::Parts(vec![part]));
            assert_eq!(parse(field, 10), wanted, "{field}");
        }
    }

    #[test]
    fn what_is_no_range_counts_as_not_sent() {
        for field in [
            "",
            "bytes",
            "bytes=",
            "bytes= ",
            "bytes=,",
            "lines=0-1",
            "bytes 0-1",
            "bytes=a-b",
            "bytes=1",
            "bytes=-",
            "bytes=--1",
            "bytes=2-1",
            "bytes=0-1-2",
            "bytes=0-1;2-3",
            "bytes=0x0-1",
            "bytes=+0-1",
            "bytes=0 -1",
            "bytes=0-1,x",
            "bytes=0-1,9-8",
            "\u{e9}=0-1",
        ] {
            assert_eq!(parse(field, 10), Ranges::Whole, "{field}");
        }
        assert_eq!(parse("bytes=-5", 0), Ranges::Whole);
        assert_eq!(parse("bytes=0-", 0), Ranges::Outside);
        assert_eq!(parse("bytes=-0", 0), Ranges::Outside);
    }

    #[test]
    fn several_ranges_are_joined_where_they_touch() {
        let table: [(&str, &[(u64, u64)]); 6] = [
            ("0-9,20-29", &[(0, 10), (20, 30)]),
            ("20-29,0-9", &[(20, 30), (0, 10)]),
            ("0-9,10-19", &[(0, 20)]),
            ("0-9,20-29,5-24", &[(0, 30)]),
            (
                "50-59,0-9,20-29,5-24,-1",
                &[(50, 60), (0, 30), (99_999, 100_000)],
            ),
            ("0-,5-6,-3", &[(0, 100_000)]),
        ];
        for (set, wanted) in table {
            let found = parse(&format!("bytes={set}"), 100_000);
            assert_eq!(found, Ranges::Parts(wanted.to_vec()), "{set}");
        }
    }

    #[test]
    fn what_would_cost_more_than_the_file_is_the_file() {
        assert_eq!(parse("bytes=0-0,50-50", 100), Ranges::Whole);
        let many = |count: u64, step: u64| {
            let specs: Vec<_> = (0..count)
                .map(|at| format!("{}-{}", at * step, at * step + 1))
                .collect();
            parse(&format!("bytes={}", specs.join(",")), 1_000_000)
        };
        assert_eq!(many(33, 1000), Ranges::Whole);
        assert!(matches!(many(32, 1000), Ranges::Parts(parts) if parts.len() == 32));
        let overlapping = "0-,".repeat(1_300);
        assert_eq!(parse(&format!("bytes={overlapping}"), 10), Ranges::Whole);
    }

    /// Against each byte asked one by one.
    #[test]
    fn any_field_names_the_bytes_it_says_and_never_more_than_the_file() {
        let pieces = [
            "0-1,",
            "5-6,",
            "-3,",
            "7-8,",
            "4-4,",
            "99-700,",
            "2-,",
            "99993-99995,",
            "9",
            "-",
            ",",
            " ",
            "3-5,",
            "-1,",
            "x",
        ];
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut several = 0;
        for _ in 0..200_000 {
            let mut set = String::new();
            for _ in 0..state % 12 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                set += pieces[state as usize % pieces.len()];
            }
            state = state.wrapping_add(0x1234_5678_9abc_def1);
            let length = if state.is_multiple_of(2) { 10 } else { 100_000 };
            let Ranges::Parts(parts) = parse(&format!("bytes={set}"), length) else {
                continue;
            };
            several += usize::from(parts.len() > 1);
            let size: u64 = parts.iter().map(|(start, end)| end - start).sum();
            assert!(size <= length && parts.len() <= MOST, "{set}");
            let specs = set.split(',').map(str::trim).filter(|it| !it.is_empty());
            let specs: Vec<_> = specs
                .map(|it| bounds(it.as_bytes(), length).unwrap())
                .collect();
            for at in (0..10).chain(99_990..100_000).filter(|&at| at < length) {
                let is_in = |&(start, end): &(u64, u64)| start <= at && at < end;
                let count = parts.iter().filter(|it| is_in(it)).count();
                assert_eq!(count, usize::from(specs.iter().any(is_in)), "{set} {at}");
            }
        }
        assert!(several > 500, "{several}");
    }
}
