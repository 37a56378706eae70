//! The day a wallet was made.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::{Date, Month, Time, UtcDateTime};

/// The day of Bitcoin's first block; no wallet is older.
const FIRST: (i32, Month, u8) = (2009, Month::January, 3);

/// The day (UTC) before which a wallet received nothing, written `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Birthday(Date);

impl Birthday {
    /// Returns the day of a Unix time in seconds; none before Bitcoin's first day or after the
    /// year 9999.
    pub fn from_unix(seconds: u64) -> Option<Birthday> {
        let time = UtcDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()?;
        Birthday::new(time.date())
    }

    /// Returns the Unix time in seconds at which the day begins.
    pub fn unix_start(self) -> u64 {
        let start = UtcDateTime::new(self.0, Time::MIDNIGHT).unix_timestamp();
        u64::try_from(start).unwrap_or(0)
    }

    fn new(date: Date) -> Option<Birthday> {
        let (year, month, day) = FIRST;
        let first = Date::from_calendar_date(year, month, day).ok()?;
        (date >= first && date.year() <= 9999).then_some(Birthday(date))
    }
}

/// The text is not a birthday.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a birthday; write a day as YYYY-MM-DD, not before 2009-01-03")]
pub struct InvalidBirthday;

impl FromStr for Birthday {
    type Err = InvalidBirthday;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shaped = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let number = |range| {
            text.get(range)
                .and_then(|digits: &str| digits.parse::<u16>().ok())
        };
        let parse = || {
            let month = Month::try_from(u8::try_from(number(5..7)?).ok()?).ok()?;
            let day = u8::try_from(number(8..10)?).ok()?;
            Birthday::new(Date::from_calendar_date(number(0..4)?.into(), month, day).ok()?)
        };
        shaped.then(parse).flatten().ok_or(InvalidBirthday)
    }
}

impl TryFrom<String> for Birthday {
    type Error = InvalidBirthday;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Birthday> for String {
    fn from(birthday: Birthday) -> String {
        birthday.to_string()
    }
}

impl fmt::Display for Birthday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.0;
        write!(
            f,
            "{:04}-{:02}-{:02}",
            date.year(),
            u8::from(date.month()),
            date.day()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_unix_times_agree() {
        let day: Birthday = "2026-11-21".parse().unwrap();
        assert_eq!(day.to_string(), "2026-11-21");
        assert_eq!(day.unix_start(), 1_795_219_200);
        assert_eq!(Birthday::from_unix(1_795_219_200), Some(day));
        assert_eq!(Birthday::from_unix(1_795_219_200 + 86_399), Some(day));
        assert_ne!(Birthday::from_unix(1_795_219_200 + 86_400), Some(day));
    }

    #[test]
    fn refuses_what_is_not_a_day() {
        for text in [
            "",
            "2026-1-1",
            "2026-13-01",
            "2026-02-29",
            "2026-00-10",
            "2026-01-00",
            "2009-01-02",
            "1970-01-01",
            "2026/01/01",
            "+026-01-01",
            "2026-01-01 ",
            "2026-01-01T00:00:00Z",
            "\u{662}026-01-1",
        ] {
            assert_eq!(text.parse::<Birthday>(), Err(InvalidBirthday), "{text:?}");
        }
        assert_eq!(Birthday::from_unix(0), None);
        assert_eq!(Birthday::from_unix(u64::MAX), None);
    }
}
