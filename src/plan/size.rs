//! Sizes as users write and read them: `64`, `4KiB`, `1MiB`.

const UNITS: [(&str, usize); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

/// Bytes of `64`, `64B`, `4KiB`, `1MiB`, `1GiB`.
///
/// # Errors
/// Says which forms there are.
pub fn parse_size(text: &str) -> Result<usize, String> {
    let wrong = || "a size as 64, 4KiB or 1MiB".to_owned();
    let (digits, unit) = UNITS
        .iter()
        .find_map(|&(suffix, unit)| text.strip_suffix(suffix).map(|digits| (digits, unit)))
        .unwrap_or((text.strip_suffix('B').unwrap_or(text), 1));
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    digits.parse::<usize>().ok().and_then(|count| count.checked_mul(unit)).ok_or_else(wrong)
}

/// The shortest exact form.
pub fn human_size(bytes: usize) -> String {
    let whole = UNITS.iter().find(|&&(_, unit)| bytes >= unit && bytes.is_multiple_of(unit));
    match whole {
        Some((suffix, unit)) => format!("{}{suffix}", bytes / unit),
        None => format!("{bytes}B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for (text, bytes) in
            [("0", 0), ("64", 64), ("64B", 64), ("4KiB", 4096), ("1MiB", 1 << 20), ("1GiB", 1 << 30)]
        {
            assert_eq!(parse_size(text), Ok(bytes));
            assert_eq!(parse_size(&human_size(bytes)), Ok(bytes));
        }
        assert_eq!(human_size(65537), "65537B");
    }

    #[test]
    fn what_is_not_a_size_is_refused() {
        for text in
            ["", "KiB", "-1", "4kb", "1.5KiB", "99999999999999999999", "18446744073709551615KiB", "+4"]
        {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
