//! BigInts outside a heap: sign and digits, with the decimal form that people write.

use std::fmt;
use std::str::FromStr;

/// An integer of any size.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct BigInt {
    negative: bool,
    /// The least significant first, the last not zero.
    digits: Vec<u64>,
}

/// Decimal digits that one step of a conversion handles: as many as fit into 64 bits.
const CHUNK: usize = 19;
const CHUNK_BASE: u64 = 10u64.pow(CHUNK as u32);

impl BigInt {
    /// The number of that sign and magnitude (64-bit digits, the least significant first). There is no negative zero.
    pub fn new(negative: bool, mut digits: Vec<u64>) -> BigInt {
        let len = digits.iter().rposition(|&digit| digit != 0).map_or(0, |last| last + 1);
        digits.truncate(len);
        BigInt { negative: negative && len > 0, digits }
    }

    /// Under zero?
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// The magnitude: 64-bit digits, the least significant first, without leading zeros.
    pub fn digits(&self) -> &[u64] {
        &self.digits
    }

    /// The number, if 128 bits hold it.
    pub fn to_i128(&self) -> Option<i128> {
        let low = *self.digits.first().unwrap_or(&0);
        let high = *self.digits.get(1).unwrap_or(&0);
        let magnitude = u128::from(high) << 64 | u128::from(low);
        match self.digits.len() {
            0..=2 if self.negative => 0i128.checked_sub_unsigned(magnitude),
            0..=2 => i128::try_from(magnitude).ok(),
            _ => None,
        }
    }
}

impl From<i128> for BigInt {
    fn from(number: i128) -> BigInt {
        let magnitude = number.unsigned_abs();
        BigInt::new(number < 0, vec![magnitude as u64, (magnitude >> 64) as u64])
    }
}

impl fmt::Display for BigInt {
    /// Decimal. The time is quadratic in the number of digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = self.digits.clone();
        let mut chunks = Vec::new();
        while !digits.is_empty() {
            let mut rest = 0u64;
            for digit in digits.iter_mut().rev() {
                let dividend = u128::from(rest) << 64 | u128::from(*digit);
                *digit = (dividend / u128::from(CHUNK_BASE)) as u64;
                rest = (dividend % u128::from(CHUNK_BASE)) as u64;
            }
            if digits.last() == Some(&0) {
                digits.pop();
            }
            chunks.push(rest);
        }
        let mut text = chunks.pop().unwrap_or(0).to_string();
        for chunk in chunks.iter().rev() {
            text.push_str(&format!("{chunk:0CHUNK$}"));
        }
        f.pad_integral(!self.negative, "", &text)
    }
}

impl FromStr for BigInt {
    type Err = NotAnInteger;

    /// Decimal digits, with `-` before them if the number is under zero.
    fn from_str(text: &str) -> Result<BigInt, NotAnInteger> {
        let (negative, decimal) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if decimal.is_empty() || !decimal.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotAnInteger);
        }
        let mut digits = Vec::new();
        let (first, rest) = decimal.split_at(decimal.len() % CHUNK);
        let chunks = rest.as_bytes().chunks(CHUNK);
        for chunk in std::iter::once(first.as_bytes()).filter(|first| !first.is_empty()).chain(chunks) {
            let mut carry = chunk.iter().fold(0u64, |value, byte| value * 10 + u64::from(byte - b'0'));
            let base = 10u64.pow(chunk.len() as u32);
            for digit in &mut digits {
                let sum = u128::from(*digit) * u128::from(base) + u128::from(carry);
                *digit = sum as u64;
                carry = (sum >> 64) as u64;
            }
            if carry > 0 {
                digits.push(carry);
            }
        }
        Ok(BigInt::new(negative, digits))
    }
}

/// A text that is no decimal integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a BigInt is decimal digits, with a `-` before them or not")]
pub struct NotAnInteger;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_read_and_write() {
        for text in [
            "0",
            "-1",
            "18446744073709551615",
            "18446744073709551616",
            "-340282366920938463463374607431768211457",
        ] {
            assert_eq!(text.parse::<BigInt>().expect(text).to_string(), text);
        }
        assert_eq!("-0".parse(), Ok(BigInt::default()));
        assert_eq!("007".parse(), Ok(BigInt::from(7)));
        for text in ["", "-", "1n", "+1", "--1"] {
            assert_eq!(text.parse::<BigInt>(), Err(NotAnInteger), "{text}");
        }
    }

    #[test]
    fn a_hundred_and_twenty_eight_bits_are_known() {
        for number in [0, 1, -1, i128::MAX, i128::MIN, 1 << 64] {
            assert_eq!(BigInt::from(number).to_i128(), Some(number));
        }
        assert_eq!(BigInt::new(false, vec![0, 0, 1]).to_i128(), None);
        assert_eq!(BigInt::new(false, vec![0, 1 << 63]).to_i128(), None);
    }
}
