//! Figures as people read them: three digits and a unit. Rounding happens here and nowhere else.

use crate::stats::Spread;

/// `318 ns`, `4.62 µs`, `1.20 ms`, `2.00 s`.
pub fn nanoseconds(ns: f64) -> String {
    let (divisor, unit) = unit_of(ns);
    format!("{} {unit}", three_digits(ns / divisor))
}

/// `4.62 µs (4.60–4.71)`: a figure and its range in the same unit.
pub(super) fn nanoseconds_with_range(ns: f64, min: f64, max: f64) -> String {
    let (divisor, _) = unit_of(ns);
    format!("{} ({}–{})", nanoseconds(ns), three_digits(min / divisor), three_digits(max / divisor))
}

fn unit_of(ns: f64) -> (f64, &'static str) {
    match ns {
        ns if ns < 1e3 => (1.0, "ns"),
        ns if ns < 1e6 => (1e3, "µs"),
        ns if ns < 1e9 => (1e6, "ms"),
        _ => (1e9, "s"),
    }
}

/// `812`, `24.6 k`, `1.08 M`, `3.20 G`.
pub fn count(value: f64) -> String {
    let (value, unit) = match value {
        value if value < 1e3 => (value, ""),
        value if value < 1e6 => (value / 1e3, " k"),
        value if value < 1e9 => (value / 1e6, " M"),
        value => (value / 1e9, " G"),
    };
    format!("{}{unit}", three_digits(value))
}

/// `7.01`, `95.2`, `14043`: millions of bytes.
pub fn megabytes(bytes: f64) -> String {
    three_digits(bytes / 1e6)
}

/// `95.2 MB/s`, `14.0 GB/s`.
pub(super) fn rate(bytes: f64) -> String {
    match bytes {
        bytes if bytes < 1e6 => format!("{} kB/s", three_digits(bytes / 1e3)),
        bytes if bytes < 1e9 => format!("{} MB/s", three_digits(bytes / 1e6)),
        bytes => format!("{} GB/s", three_digits(bytes / 1e9)),
    }
}

/// `64 B`, `3.7 KiB`: a size that is not meant to the byte.
pub(super) fn about(bytes: f64) -> String {
    match bytes {
        bytes if bytes < 1024.0 => format!("{bytes:.0} B"),
        bytes if bytes < 1_048_576.0 => format!("{:.1} KiB", bytes / 1024.0),
        bytes => format!("{:.1} MiB", bytes / 1_048_576.0),
    }
}

/// `1.30×`, `12.4×`.
pub fn ratio(value: f64) -> String {
    format!("{}×", three_digits(value))
}

/// `1.252× (1.198–1.310)`: finer than [`ratio`], so that what is held against a limit is seen on its side of it.
pub(super) fn ratio_with_range(spread: &Spread) -> String {
    format!("{:.3}× ({:.3}–{:.3})", spread.median, spread.min, spread.max)
}

fn three_digits(value: f64) -> String {
    match value {
        value if value < 9.995 => format!("{value:.2}"),
        value if value < 99.95 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_and_a_unit() {
        for (ns, text) in [
            (9.5, "9.50 ns"),
            (99.96, "100 ns"),
            (318.0, "318 ns"),
            (4_620.0, "4.62 µs"),
            (25_110.0, "25.1 µs"),
            (1_200_000.0, "1.20 ms"),
            (2e9, "2.00 s"),
        ] {
            assert_eq!(nanoseconds(ns), text);
        }
        assert_eq!(nanoseconds_with_range(4_620.0, 980.0, 12_000.0), "4.62 µs (0.98–12.0)");
        assert_eq!(count(246_201.0), "246 k");
        assert_eq!(count(0.0), "0.00");
        assert_eq!(ratio(1.3), "1.30×");
    }
}
