//! Histogram logs: the text format of HdrHistogram's tools (`HistogramLogProcessor`, the online plotter), one line a trial.

use crate::record::{Record, counted};
use crate::workload::tally::Encoded;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};
use std::collections::BTreeMap;
use std::fmt::Write;

/// A file name and its text for each case, at whatever distance: nanoseconds, a line a trial in the order of the run.
pub fn hdr_logs(records: &[Record]) -> Vec<(String, String)> {
    let mut cases: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    for record in counted(records) {
        cases.entry(&record.case.id).or_default().push(record);
    }
    cases.into_iter().map(|(case, trials)| (file_name(case), log(case, &trials))).collect()
}

/// A case's name as that of a file.
fn file_name(case: &str) -> String {
    let safe = |sign: char| if sign.is_ascii_alphanumeric() || "-_=.".contains(sign) { sign } else { '+' };
    case.chars().map(safe).collect::<String>() + ".hlog"
}

/// A record's histogram as those tools want it: deflated.
fn compressed(histogram: &str) -> Option<String> {
    let histogram = Encoded::decode(histogram).ok()?;
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(&histogram, &mut bytes).ok()?;
    Some(STANDARD.encode(bytes))
}

/// Tags are none of the format's first version; lengths and moments are seconds, the longest value too by its convention.
fn log(case: &str, trials: &[&Record]) -> String {
    let mut text = format!(
        "#[{case}, latencies in nanoseconds, one line a trial]\n#[Histogram log format version 1.3]\n#[StartTime: 0.0]\n"
    );
    text.push_str(
        "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
    );
    let mut begin = 0.0;
    for trial in trials {
        let Some(latency) = &trial.latency_ns else { continue };
        let Some(histogram) = compressed(&latency.histogram) else { continue };
        let length = trial.elapsed_ns as f64 / 1e9;
        let _ = writeln!(text, "{begin:.3},{length:.3},{:.6},{}", latency.max as f64 / 1e9, histogram);
        begin += length;
    }
    text
}
