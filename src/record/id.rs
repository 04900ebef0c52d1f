//! Names of runs, and the wall clock that dates them.

use rustix::system::uname;

/// Now, as RFC 3339 in UTC, to the second. It dates runs and times nothing.
pub fn now_utc() -> String {
    dated(jiff::Timestamp::now())
}

fn dated(moment: jiff::Timestamp) -> String {
    moment.round(jiff::Unit::Second).unwrap_or(moment).to_string()
}

/// `<date>-<host>-<four hex digits>`: sorts by date, and is hardly ever taken by another run of the day, whatever its seed.
pub fn run_id() -> String {
    let host = uname().nodename().to_string_lossy().into_owned();
    let host: String = host
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .take(24)
        .collect();
    format!("{}-{host}-{:04x}", day(&now_utc()), fastrand::u16(..))
}

/// The day of a date.
fn day(date: &str) -> &str {
    date.split_once('T').map_or("undated", |(day, _)| day)
}

/// A seed nobody chose, below 2⁴⁸ so that every JSON reader keeps it exactly.
pub fn fresh_seed() -> u64 {
    fastrand::u64(..1 << 48)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_wrong_gives_a_date_that_is_wrong_and_nothing_else() {
        let of = |seconds| dated(jiff::Timestamp::from_second(seconds).unwrap());
        assert_eq!(of(-1), "1969-12-31T23:59:59Z");
        assert_eq!(of(7_258_118_400), "2200-01-01T00:00:00Z");
        assert_eq!(day(&of(7_258_118_400)), "2200-01-01");
        assert_eq!(dated(jiff::Timestamp::MAX), jiff::Timestamp::MAX.to_string(), "nothing is later");
        assert_eq!(day(&dated(jiff::Timestamp::MIN)), "-009999-01-02");
    }
}
