//! What must hold for any bytes as a file of records or as the environment beside it: the bodies of fuzz targets.

use super::environment::Environment;
use super::lines;
use super::row::Record;
use std::path::Path;

/// Bytes as a file of records: each line is a record or a fault, a record that is written is read again, and a file that ends in the middle
/// of a line has lost that line and no other. Whether there was a record.
///
/// # Panics
/// If that does not hold.
pub fn records(bytes: &[u8]) -> bool {
    let (records, faults) = lines(bytes, Path::new("fuzz.jsonl"));
    let count = bytes.split_inclusive(|&byte| byte == b'\n').count();
    assert_eq!(records.len() + faults.len(), count);
    let whole = bytes.is_empty() || bytes.ends_with(b"\n");
    for (index, fault) in faults.iter().enumerate() {
        assert!(fault.to_string().starts_with("fuzz.jsonl:"), "{fault}");
        assert!(!fault.is_cut_short() || (!whole && index + 1 == faults.len()), "{fault}");
    }
    for record in &records {
        let line = serde_json::to_vec(record).expect("what was read can be written");
        let again: Record = serde_json::from_slice(&line).expect("what was written can be read");
        assert_eq!(&again, record);
    }
    if let Some(last) = bytes.iter().rposition(|&byte| byte == b'\n') {
        let (before, none) = lines(&bytes[..=last], Path::new("fuzz.jsonl"));
        assert!(records.starts_with(&before) && none.len() <= faults.len());
    }
    !records.is_empty()
}

/// Bytes as an environment: one that is written is read again as it was, and differs from itself in nothing. Whether it was one.
///
/// # Panics
/// If that does not hold.
pub fn environment(bytes: &[u8]) -> bool {
    let Ok(environment) = serde_json::from_slice::<Environment>(bytes) else { return false };
    let text = serde_json::to_string(&environment).expect("what was read can be written");
    let again: Environment = serde_json::from_str(&text).expect("what was written can be read");
    assert_eq!(serde_json::to_string(&again).expect("the same"), text);
    assert!(environment.differences(&again).is_empty());
    true
}
