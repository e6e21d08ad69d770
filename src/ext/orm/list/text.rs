//! Values of columns as text, as queries and cursors have them, and back.

use std::fmt::Display;
use std::str::FromStr;

use sea_orm::prelude::{
    ChronoDate, ChronoDateTime, ChronoDateTimeUtc, ChronoDateTimeWithTimeZone, ChronoTime, Decimal,
    TimeDateTime, TimeDateTimeWithTimeZone, Uuid,
};
use sea_orm::sea_query::{ArrayType, OptionEnum};
use sea_orm::{ColumnTrait, ColumnType, Value};

/// What a column holds, as far as its values can be written as text.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// One of these names.
    Name(Vec<String>),
    Plain(ArrayType),
}

impl Kind {
    /// `None` for what has no text: JSON, bytes, lists.
    pub(super) fn of<C: ColumnTrait>(column: C, held: ArrayType) -> Option<Self> {
        let def = column.def();
        match def.get_column_type() {
            ColumnType::Enum { variants, .. } => Some(Self::Name(
                variants.iter().map(|it| it.to_string()).collect(),
            )),
            ColumnType::Array(_) | ColumnType::Vector(_) => None,
            _ => is_plain(&held).then_some(Self::Plain(held)),
        }
    }

    /// Whether SQLite keeps it as text in the form that wrote it, of which there are several.
    pub(super) fn is_time(&self) -> bool {
        use ArrayType as T;
        matches!(
            self,
            Self::Plain(
                T::ChronoDate
                    | T::ChronoTime
                    | T::ChronoDateTime
                    | T::ChronoDateTimeUtc
                    | T::ChronoDateTimeLocal
                    | T::ChronoDateTimeWithTimeZone
                    | T::TimeDate
                    | T::TimeTime
                    | T::TimeDateTime
                    | T::TimeDateTimeWithTimeZone
            )
        )
    }

    /// Whether it is a date with a time.
    pub(super) fn is_moment(&self) -> bool {
        use ArrayType as T;
        self.is_time()
            && !matches!(
                self,
                Self::Plain(T::ChronoDate | T::ChronoTime | T::TimeDate | T::TimeTime)
            )
    }

    /// The value that a client wrote; otherwise what it should have written.
    pub(super) fn parse(&self, text: &str) -> Result<Value, String> {
        match self {
            Self::Name(names) if names.iter().any(|name| name == text) => Ok(text.into()),
            Self::Name(names) => Err(format!("expected one of {}", names.join(", "))),
            Self::Plain(held) => parse(held, text),
        }
    }
}

fn is_plain(held: &ArrayType) -> bool {
    !matches!(parse(held, ""), Err(reason) if reason.is_empty())
}

/// The error is empty where nothing is parsed.
fn parse(held: &ArrayType, text: &str) -> Result<Value, String> {
    use ArrayType as T;
    macro_rules! whole {
        ($kind:ident) => {
            text.parse::<$kind>().map(Value::from).map_err(|_| {
                format!(
                    "expected a whole number from {} to {}",
                    $kind::MIN,
                    $kind::MAX
                )
            })
        };
    }
    match held {
        T::Bool => match text {
            "true" | "1" => Ok(true.into()),
            "false" | "0" => Ok(false.into()),
            _ => Err("expected `true` or `false`".to_owned()),
        },
        T::TinyInt => whole!(i8),
        T::SmallInt => whole!(i16),
        T::Int => whole!(i32),
        T::BigInt => whole!(i64),
        T::TinyUnsigned => whole!(u8),
        T::SmallUnsigned => whole!(u16),
        T::Unsigned => whole!(u32),
        T::BigUnsigned => whole!(u64),
        T::Float => finite::<f32>(text, |number| number.is_finite()),
        T::Double => finite::<f64>(text, |number| number.is_finite()),
        // PostgreSQL has no text with a zero in it.
        T::String | T::Enum(_) if text.contains('\0') => Err("a text has no zero byte".to_owned()),
        T::String | T::Enum(_) => Ok(text.into()),
        T::Char if text == "\0" => Err("a text has no zero byte".to_owned()),
        T::Char => from_str::<char>(text, "a single character"),
        T::Uuid => from_str::<Uuid>(text, "a UUID"),
        T::Decimal => from_str::<Decimal>(text, "a number"),
        _ => parse_time(held, text),
    }
}

fn parse_time(held: &ArrayType, text: &str) -> Result<Value, String> {
    use ArrayType as T;
    const DATE: &str = "a date, such as 2026-01-31";
    const TIME: &str = "a time, such as 12:30:00";
    const LOCAL: &str = "a date and time, such as 2026-01-31T12:30:00";
    const MOMENT: &str = "a date and time with its offset, such as 2026-01-31T12:30:00Z";
    match held {
        T::ChronoDate => from_str::<ChronoDate>(text, DATE),
        T::ChronoTime => from_str::<ChronoTime>(text, TIME),
        T::ChronoDateTime => from_str::<ChronoDateTime>(text, LOCAL),
        T::ChronoDateTimeUtc | T::ChronoDateTimeLocal => {
            moment(text, MOMENT).map(|at| at.to_utc().into())
        }
        T::ChronoDateTimeWithTimeZone => moment(text, MOMENT).map(Value::from),
        T::TimeDate => {
            let at = read::<ChronoDate>(text, DATE)?.and_time(ChronoTime::MIN);
            offset(at.and_utc(), DATE).map(|at| at.date().into())
        }
        T::TimeTime => {
            let at = epoch().date_naive().and_time(read(text, TIME)?);
            offset(at.and_utc(), TIME).map(|at| at.time().into())
        }
        T::TimeDateTime => {
            let at = read::<ChronoDateTime>(text, LOCAL)?;
            let at = offset(at.and_utc(), LOCAL)?;
            Ok(TimeDateTime::new(at.date(), at.time()).into())
        }
        T::TimeDateTimeWithTimeZone => {
            let at = moment(text, MOMENT)?;
            offset(at.to_utc(), MOMENT).map(Value::from)
        }
        _ => Err(String::new()),
    }
}

fn read<T: FromStr>(text: &str, expected: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("expected {expected}"))
}

fn from_str<T: FromStr + Into<Value>>(text: &str, expected: &str) -> Result<Value, String> {
    read::<T>(text, expected).map(Into::into)
}

fn finite<T: FromStr + Into<Value>>(
    text: &str,
    is_finite: fn(&T) -> bool,
) -> Result<Value, String> {
    let number = read::<T>(text, "a number")?;
    match is_finite(&number) {
        true => Ok(number.into()),
        false => Err("expected a number".to_owned()),
    }
}

/// RFC 3339. The plus of an offset is a space where somebody forgot to encode it.
fn moment(text: &str, expected: &str) -> Result<ChronoDateTimeWithTimeZone, String> {
    let text = match text.rsplit_once(' ') {
        Some((at, offset)) if at.contains('T') => &format!("{at}+{offset}"),
        _ => text,
    };
    ChronoDateTimeWithTimeZone::parse_from_rfc3339(text).map_err(|_| format!("expected {expected}"))
}

fn epoch() -> ChronoDateTimeUtc {
    ChronoDateTimeUtc::default()
}

fn offset(at: ChronoDateTimeUtc, expected: &str) -> Result<TimeDateTimeWithTimeZone, String> {
    let nanos = i128::from(at.timestamp()) * NANOS + i128::from(at.timestamp_subsec_nanos());
    TimeDateTimeWithTimeZone::from_unix_timestamp_nanos(nanos)
        .map_err(|_| format!("expected {expected}"))
}

const NANOS: i128 = 1_000_000_000;

/// The text that [`Kind::parse`] makes the value of again: `Some(None)` of one that is absent, `None`
/// of one that has no text.
pub(super) fn write(value: &Value) -> Option<Option<String>> {
    use Value as V;
    fn plain<T: Display>(value: &Option<T>) -> Option<Option<String>> {
        Some(value.as_ref().map(T::to_string))
    }
    match value {
        V::Bool(it) => plain(it),
        V::TinyInt(it) => plain(it),
        V::SmallInt(it) => plain(it),
        V::Int(it) => plain(it),
        V::BigInt(it) => plain(it),
        V::TinyUnsigned(it) => plain(it),
        V::SmallUnsigned(it) => plain(it),
        V::Unsigned(it) => plain(it),
        V::BigUnsigned(it) => plain(it),
        V::Float(it) => plain(it),
        V::Double(it) => plain(it),
        V::String(it) => plain(it),
        V::Char(it) => plain(it),
        V::Uuid(it) => plain(it),
        V::Decimal(it) => plain(it),
        V::Enum(OptionEnum::Some(it)) => Some(Some(it.value.to_string())),
        V::Enum(OptionEnum::None(_)) => Some(None),
        _ => write_time(value),
    }
}

fn write_time(value: &Value) -> Option<Option<String>> {
    use Value as V;
    let chrono = |at: TimeDateTimeWithTimeZone| {
        let nanos = at.unix_timestamp_nanos();
        let seconds = i64::try_from(nanos.div_euclid(NANOS)).ok()?;
        let nanos = u32::try_from(nanos.rem_euclid(NANOS)).ok()?;
        ChronoDateTimeUtc::from_timestamp(seconds, nanos)
    };
    // `Debug` of chrono's types is the form of ISO 8601 that they parse.
    let text = match value {
        V::ChronoDate(it) => it.map(|it| format!("{it:?}")),
        V::ChronoTime(it) => it.map(|it| format!("{it:?}")),
        V::ChronoDateTime(it) => it.map(|it| format!("{it:?}")),
        V::ChronoDateTimeUtc(it) => it.map(|it| it.to_rfc3339()),
        V::ChronoDateTimeLocal(it) => it.map(|it| it.to_rfc3339()),
        V::ChronoDateTimeWithTimeZone(it) => it.map(|it| it.to_rfc3339()),
        V::TimeDate(Some(it)) => {
            let at = chrono(it.midnight().assume_utc())?;
            Some(format!("{:?}", at.date_naive()))
        }
        V::TimeTime(Some(it)) => {
            let day = TimeDateTimeWithTimeZone::UNIX_EPOCH.date();
            let at = chrono(TimeDateTime::new(day, *it).assume_utc())?;
            Some(format!("{:?}", at.time()))
        }
        V::TimeDateTime(Some(it)) => {
            let at = chrono(it.assume_utc())?;
            Some(format!("{:?}", at.naive_utc()))
        }
        V::TimeDateTimeWithTimeZone(Some(it)) => Some(chrono(*it)?.to_rfc3339()),
        V::TimeDate(None)
        | V::TimeTime(None)
        | V::TimeDateTime(None)
        | V::TimeDateTimeWithTimeZone(None) => None,
        _ => return None,
    };
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        use ArrayType as T;
        let table = [
            (T::Bool, "true"),
            (T::TinyInt, "-128"),
            (T::SmallInt, "-7"),
            (T::Int, "2147483647"),
            (T::BigInt, "-9223372036854775808"),
            (T::TinyUnsigned, "255"),
            (T::SmallUnsigned, "7"),
            (T::Unsigned, "7"),
            (T::BigUnsigned, "18446744073709551615"),
            (T::Float, "0.1"),
            (T::Double, "0.30000000000000004"),
            (T::String, "a 'quoted' \"text\" with ü"),
            (T::Char, "ü"),
            (T::Uuid, "67e55044-10b1-426f-9247-bb680e5fe0c8"),
            (T::Decimal, "12.340"),
            (T::ChronoDate, "2026-01-31"),
            (T::ChronoTime, "23:59:59.000001"),
            (T::ChronoDateTime, "2026-01-31T23:59:59.123456"),
            (T::ChronoDateTimeUtc, "2026-01-31T23:59:59.123456+00:00"),
            (T::ChronoDateTimeWithTimeZone, "2026-01-31T23:59:59+02:00"),
            (T::TimeDate, "2026-01-31"),
            (T::TimeDate, "1066-10-14"),
            (T::TimeTime, "23:59:59.000000001"),
            (T::TimeDateTime, "1969-12-31T23:59:59.999999999"),
            (T::TimeDateTimeWithTimeZone, "2026-01-31T23:59:59.500+00:00"),
        ];
        for (held, text) in table {
            let value = parse(&held, text).unwrap_or_else(|reason| panic!("{held:?}: {reason}"));
            assert_eq!(write(&value), Some(Some(text.to_owned())), "{held:?}");
            assert_eq!(write(&value.as_null()), Some(None), "{held:?}");
        }
    }

    #[test]
    fn what_is_no_value_is_told_with_what_is_one() {
        use ArrayType as T;
        let table = [
            (T::Bool, "yes", "expected `true` or `false`"),
            (
                T::TinyInt,
                "128",
                "expected a whole number from -128 to 127",
            ),
            (
                T::Unsigned,
                "-1",
                "expected a whole number from 0 to 4294967295",
            ),
            (
                T::Int,
                "1.5",
                "expected a whole number from -2147483648 to 2147483647",
            ),
            (T::Double, "NaN", "expected a number"),
            (T::Float, "1e99", "expected a number"),
            (T::Char, "ab", "expected a single character"),
            (T::String, "a\0b", "a text has no zero byte"),
            (T::Uuid, "7", "expected a UUID"),
            (
                T::ChronoDate,
                "2026-02-30",
                "expected a date, such as 2026-01-31",
            ),
            (
                T::TimeDate,
                "+99999-01-01",
                "expected a date, such as 2026-01-31",
            ),
            (
                T::TimeDateTimeWithTimeZone,
                "2026-01-31",
                "expected a date and time with its offset, such as 2026-01-31T12:30:00Z",
            ),
        ];
        for (held, text, reason) in table {
            assert_eq!(parse(&held, text), Err(reason.to_owned()), "{held:?}");
        }
        assert!(!is_plain(&T::Json) && !is_plain(&T::Bytes));
    }

    #[test]
    fn the_plus_of_an_offset_may_have_become_a_space() {
        let kind = ArrayType::ChronoDateTimeWithTimeZone;
        let forgotten = parse(&kind, "2026-01-31T12:30:00 02:00");
        assert_eq!(forgotten, parse(&kind, "2026-01-31T12:30:00+02:00"));
        assert!(forgotten.is_ok());
    }
}
