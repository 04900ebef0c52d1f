//! One figure of one trial.

use crate::plan::Metric;
use crate::record::{Latency, Record};

/// A trial's figure, in the unit that [`Metric`] says; `None` where it has none, as a quantile of few samples.
pub fn figure(record: &Record, metric: Metric) -> Option<f64> {
    let latency = |ns: fn(&Latency) -> Option<u64>| ns(record.latency_ns.as_ref()?).map(|ns| ns as f64);
    match metric {
        Metric::P50 => latency(|latency| latency.p50),
        Metric::P99 => latency(|latency| latency.p99),
        Metric::P999 => latency(|latency| latency.p999),
        Metric::Max => latency(|latency| Some(latency.max)),
        Metric::Messages => Some(record.throughput?.messages_per_s),
        Metric::Bytes => Some(record.throughput?.bytes_per_s),
        Metric::Cpu => Some(record.cpu?.ns_per_message),
        Metric::Switches => record.switches_per_message(),
    }
}
