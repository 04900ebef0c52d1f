//! Names of runs, and the wall clock that dates them.

use rustix::system::uname;

/// Now, as RFC 3339 in UTC, to the second. It dates runs and times nothing.
pub fn now_utc() -> String {
    let now = jiff::Timestamp::now();
    now.round(jiff::Unit::Second).unwrap_or(now).to_string()
}

/// `<date>-<host>-<four hex digits>`: sorts by date, and is hardly ever taken by another run of the day, whatever its seed.
pub fn run_id() -> String {
    let host = uname().nodename().to_string_lossy().into_owned();
    let host: String = host
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .take(24)
        .collect();
    let date = now_utc();
    format!("{}-{host}-{:04x}", date.get(..10).unwrap_or("undated"), fastrand::u16(..))
}

/// A seed nobody chose, below 2⁴⁸ so that every JSON reader keeps it exactly.
pub fn fresh_seed() -> u64 {
    fastrand::u64(..1 << 48)
}
