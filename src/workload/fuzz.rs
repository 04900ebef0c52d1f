//! What must hold for the text of a histogram, which stands in records and in control messages: the body of a fuzz target.

use super::tally::{BOUNDS, COOKIE, Encoded};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

/// Bytes as HDR's encoding, or behind an odd first byte as its counters alone, with the header that belongs to them: within the bounds of our
/// histograms, and the same after it was written again. Whether it was one.
///
/// # Panics
/// If that does not hold.
pub fn histogram(bytes: &[u8]) -> bool {
    let Some((kind, bytes)) = bytes.split_first() else { return false };
    let text = if kind % 2 == 0 {
        BASE64.encode(bytes)
    } else {
        let mut whole = COOKIE.to_be_bytes().to_vec();
        whole.extend((bytes.len() as u32).to_be_bytes());
        whole.extend(BOUNDS);
        whole.extend(bytes);
        BASE64.encode(whole)
    };
    let Ok(histogram) = Encoded::decode(&text) else { return false };
    let again = Encoded::decode(&Encoded::encode(&histogram)).expect("what was written can be read");
    assert_eq!(again, histogram);
    let quantiles = [0.0, 0.5, 0.99, 1.0].map(|quantile| histogram.value_at_quantile(quantile));
    assert!(quantiles.is_sorted());
    true
}
