//! Numbers and dates as JavaScript writes them.

/// What `String(number)` gives (ECMA-262, "Number::toString").
pub(in crate::codec) fn number_text(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    if !number.is_finite() {
        return if number.is_nan() {
            "NaN".to_owned()
        } else {
            format!("{}Infinity", if number < 0.0 { "-" } else { "" })
        };
    }
    let sign = if number < 0.0 { "-" } else { "" };
    // The shortest digits that read back as the number, and the exponent of the first.
    let shortest = format!("{:e}", number.abs());
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let digits = mantissa.replace('.', "");
    let point = exponent.parse::<i32>().unwrap_or(0) + 1;
    let count = digits.len() as i32;
    let text = match point {
        _ if (count..=21).contains(&point) => digits + &"0".repeat((point - count) as usize),
        1..=21 => format!("{}.{}", &digits[..point as usize], &digits[point as usize..]),
        -5..=0 => format!("0.{}{digits}", "0".repeat(-point as usize)),
        _ => {
            let (first, rest) = digits.split_at(1);
            let point_and_rest = if rest.is_empty() { String::new() } else { format!(".{rest}") };
            format!("{first}{point_and_rest}e{:+}", point - 1)
        }
    };
    format!("{sign}{text}")
}

/// The time of a Date: whole milliseconds, none beyond ±8.64 × 10¹⁵ (ECMA-262, "TimeClip").
pub(in crate::codec) fn time_clip(time: f64) -> f64 {
    if time.abs() <= 8.64e15 { time.trunc() + 0.0 } else { f64::NAN }
}

/// A valid time as `Date.prototype.toISOString` writes it.
pub(in crate::codec) fn iso_date(time: f64) -> Option<String> {
    if time.is_nan() {
        return None;
    }
    let time = time as i64;
    let (day, in_day) = (time.div_euclid(86_400_000), time.rem_euclid(86_400_000));
    let (year, month, day) = civil(day);
    let (hour, minute) = (in_day / 3_600_000, in_day / 60_000 % 60);
    let (second, milli) = (in_day / 1000 % 60, in_day % 1000);
    let year = if (0..=9999).contains(&year) { format!("{year:04}") } else { format!("{year:+07}") };
    Some(format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"))
}

/// Year, month and day of the day that is `days` after 1970-01-01 in the Gregorian calendar: years are counted from March, so that the
/// leap day is the last, in eras of 400 years that all have 146,097 days.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468; // from 0000-03-01
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_in_javascript() {
        let known = [
            (0.0, "0"),
            (-0.0, "0"),
            (1.5, "1.5"),
            (-123.0, "-123"),
            (1e21, "1e+21"),
            (1e20, "100000000000000000000"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (1.25e-9, "1.25e-9"),
            (f64::MAX, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
            (0.1 + 0.2, "0.30000000000000004"),
            (f64::NEG_INFINITY, "-Infinity"),
            (f64::NAN, "NaN"),
            (123456789012345680000.0, "123456789012345680000"),
            (4294967295.0, "4294967295"),
        ];
        for (number, text) in known {
            assert_eq!(number_text(number), text);
        }
    }

    #[test]
    fn dates_read_as_in_javascript() {
        let known = [
            (0.0, "1970-01-01T00:00:00.000Z"),
            (-1.0, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000.0, "2000-02-29T00:00:00.000Z"),
            (8.64e15, "+275760-09-13T00:00:00.000Z"),
            (-8.64e15, "-271821-04-20T00:00:00.000Z"),
            (-62_167_219_200_000.0, "0000-01-01T00:00:00.000Z"),
        ];
        for (time, text) in known {
            assert_eq!(iso_date(time).as_deref(), Some(text));
        }
        assert!(time_clip(8.64e15 + 1.0).is_nan() && time_clip(f64::NAN).is_nan());
        assert_eq!(time_clip(-0.5).to_bits(), 0);
    }
}
