//! What one end of one link brings home from a phase, and how two ends make one result.

use super::ledger::Checks;
use super::{LatencyKind, Load, MAX_SAMPLES, Phase, Workload};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2Serializer};
use serde::{Deserialize, Serialize, de};

/// Longest latency that is told apart from a longer one: one minute.
const LONGEST_NS: u64 = 60_000_000_000;

/// A histogram of nanoseconds that keeps three digits from 1 ns to one minute, its memory already touched.
pub fn new_histogram() -> Histogram<u64> {
    let mut histogram = Histogram::new_with_bounds(1, LONGEST_NS, 3).unwrap_or_else(|error| {
        unreachable!("constant bounds: {error}");
    });
    histogram.clear(); // writes every counter: no page fault in the loop
    histogram
}

/// One end's result.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Messages sent by this end, and the state of those it received.
    pub checks: Checks,
    /// When the first timed message began; for the end that begins.
    pub first_ns: Option<u64>,
    /// When the last timed message was complete; for the end that completes.
    pub last_ns: Option<u64>,
    /// Round trips, where this end sees both of their ends.
    pub latency: Option<Encoded>,
    /// How much later than its moment each sampled message was sent, in an open loop.
    pub lag: Option<Encoded>,
    /// Times at which the sampled one-way messages were sent or read, in order.
    pub stamps: Stamps,
}

/// The result of all links in a phase.
#[derive(Debug)]
pub struct Outcome {
    /// Timed messages.
    pub messages: u64,
    /// From the first message's begin to the last one's end.
    pub elapsed_ns: u64,
    /// Latencies of the sampled messages.
    pub latency: Histogram<u64>,
    /// How late they were sent, in an open loop.
    pub lag: Option<Histogram<u64>>,
    /// All links together.
    pub checks: Checks,
}

/// Joins the tallies of main and of the renderers, link by link.
pub fn join(load: &Load, phase: &Phase, main: &[Tally], renderers: &[Tally]) -> Outcome {
    let all = || main.iter().chain(renderers);
    let first = all().filter_map(|tally| tally.first_ns).min().unwrap_or(0);
    let last = all().filter_map(|tally| tally.last_ns).max().unwrap_or(0);
    let mut latency = new_histogram();
    match load.workload.latency() {
        LatencyKind::RoundTrip => {
            for encoded in all().filter_map(|tally| tally.latency.as_ref()) {
                // The same bounds on both sides: adding cannot fail.
                let _ = latency.add(&encoded.0);
            }
        }
        LatencyKind::OneWay => {
            let main_sends = load.workload == Workload::Push;
            for (main, renderer) in main.iter().zip(renderers) {
                let (sent, read) = if main_sends { (main, renderer) } else { (renderer, main) };
                one_way(&sent.stamps.0, &read.stamps.0).for_each(|ns| latency.saturating_record(ns));
            }
        }
        LatencyKind::LastDelivery => {
            let sent = main.first().map(|tally| tally.stamps.0.as_slice()).unwrap_or_default();
            for (n, &sent) in sent.iter().enumerate() {
                // One that some window never read has no last delivery.
                let read: Option<Vec<u64>> =
                    renderers.iter().map(|tally| tally.stamps.0.get(n).copied()).collect();
                let last = read.and_then(|read| read.into_iter().max());
                if let Some(read) = last.filter(|&read| read != LOST) {
                    latency.saturating_record(read.saturating_sub(sent).max(1));
                }
            }
        }
    }
    let lag = all().filter_map(|tally| tally.lag.as_ref()).fold(None, |sum: Option<Histogram<u64>>, lag| {
        let mut sum = sum.unwrap_or_else(new_histogram);
        let _ = sum.add(&lag.0); // the same bounds on both sides: adding cannot fail
        Some(sum)
    });
    let checks = all().fold(Checks::default(), |sum, tally| sum.plus(tally.checks));
    Outcome { messages: phase.messages, elapsed_ns: last.saturating_sub(first), latency, lag, checks }
}

/// From sending to reading, of the messages that arrived. What seems to be read before it was sent (by the few cycles in which a
/// CPU reads its counter ahead of a load) took no time that could be told.
fn one_way<'a>(sent: &'a [u64], read: &'a [u64]) -> impl Iterator<Item = u64> + 'a {
    let arrived = sent.iter().zip(read).filter(|&(&sent, &read)| sent != LOST && read != LOST);
    arrived.map(|(&sent, &read)| read.saturating_sub(sent).max(1))
}

/// Stands in the place of a sample that never came.
const LOST: u64 = u64::MAX;

/// Times of samples, preallocated: recording is a store.
#[derive(Debug, Default)]
pub struct Stamps(Vec<u64>);

impl Stamps {
    /// Room for a phase's samples on one link, touched.
    pub fn with_room_for(messages: u64) -> Stamps {
        let room = messages.min(MAX_SAMPLES) as usize;
        let mut stamps = vec![u64::MAX; room];
        stamps.clear();
        Stamps(stamps)
    }

    /// Adds a time; beyond the room it is left out at both ends alike.
    #[inline]
    pub fn push(&mut self, ns: u64) {
        if self.0.len() < self.0.capacity() {
            self.0.push(ns);
        }
    }

    /// Adds the time of sample number `place`; those between the last one and it are lost, and one that comes after a later
    /// one is left out.
    #[inline]
    pub fn put(&mut self, place: u64, ns: u64) {
        while (self.0.len() as u64) < place.min(self.0.capacity() as u64) {
            self.0.push(LOST);
        }
        if self.0.len() as u64 == place {
            self.push(ns);
        }
    }
}

impl Serialize for Stamps {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|ns| ns.to_le_bytes()).collect();
        serializer.serialize_str(&BASE64.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Stamps {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = BASE64.decode(String::deserialize(deserializer)?).map_err(de::Error::custom)?;
        let words = bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap_or_default()));
        Ok(Stamps(words.collect()))
    }
}

/// A histogram as text: HDR's V2 encoding in base64, as every HDR tool reads it.
#[derive(Clone, Debug)]
pub struct Encoded(pub Histogram<u64>);

/// Most latencies in one histogram: a number that every reader of JSON can hold.
const MOST_LATENCIES: u64 = 1 << 53;

/// Bytes of HDR's V2 encoding before the counters: its cookie, how many bytes follow, [`BOUNDS`].
const HEADER: usize = 40;
pub(super) const COOKIE: u32 = 0x1C84_9313;

/// No offset, three digits, from 1 to [`LONGEST_NS`], a ratio of 1.
pub(super) const BOUNDS: [u8; HEADER - 8] = {
    let mut bytes = [0; HEADER - 8];
    (bytes[7], bytes[15]) = (3, 1);
    let (longest, ratio) = (LONGEST_NS.to_be_bytes(), 1f64.to_be_bytes());
    let mut at = 0;
    while at < 8 {
        (bytes[16 + at], bytes[24 + at]) = (longest[at], ratio[at]);
        at += 1;
    }
    bytes
};

impl Encoded {
    /// The text.
    pub fn encode(histogram: &Histogram<u64>) -> String {
        let mut bytes = Vec::new();
        // Writing to memory fails for no histogram of these bounds.
        let _ = V2Serializer::new().serialize(histogram, &mut bytes);
        BASE64.encode(bytes)
    }

    /// The histogram, unless the text is not one, or one of other bounds than [`new_histogram`]'s.
    pub fn decode(text: &str) -> Result<Histogram<u64>, String> {
        let bytes = BASE64.decode(text).map_err(|error| error.to_string())?;
        // The crate makes room for whatever counters, and whatever number of bytes, a header claims.
        let header = bytes.get(..HEADER).unwrap_or_default();
        if header.is_empty() || header[..4] != COOKIE.to_be_bytes() || header[8..] != BOUNDS[..] {
            return Err("not an HDR histogram from 1 ns to one minute with three digits".to_owned());
        }
        let counters = (bytes.len() - HEADER) as u32;
        if bytes[4..8] != counters.to_be_bytes() {
            return Err(format!(
                "not an HDR histogram: {counters} bytes of counters, and it says another number"
            ));
        }
        // The crate negates it without a look: the smallest number that there is.
        if bytes[HEADER..].windows(9).any(|nine| nine == [0xFF; 9]) {
            return Err("not an HDR histogram: a counter that is no number".to_owned());
        }
        let histogram: Histogram<u64> = Deserializer::new()
            .deserialize(&mut bytes.as_slice())
            .map_err(|error| format!("not an HDR histogram: {error}"))?;
        // Its sums, and those of several, overflow long after nobody has measured so much.
        match histogram.len() {
            0..=MOST_LATENCIES => Ok(histogram),
            count => Err(format!("not an HDR histogram: {count} latencies or more")),
        }
    }
}

impl Serialize for Encoded {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Encoded::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Encoded {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Encoded::decode(&String::deserialize(deserializer)?).map(Encoded).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::clock::Clock;
    use crate::workload::Workload;

    fn load(workload: Workload) -> Load {
        Load { windows: 2, active: 2, ..Load::one(workload, 8, Clock::monotonic()) }
    }

    fn stamped(first: Option<u64>, last: Option<u64>, stamps: &[u64]) -> Tally {
        Tally { first_ns: first, last_ns: last, stamps: Stamps(stamps.to_vec()), ..Tally::default() }
    }

    const PHASE: Phase = Phase { number: 0, messages: 4, lead: 0, every: 1 };

    #[test]
    fn one_way_is_read_minus_sent_on_each_link() {
        let main = [stamped(None, Some(500), &[110, 220]), stamped(None, Some(700), &[330])];
        let renderers = [stamped(Some(100), None, &[100, 200]), stamped(Some(90), None, &[300])];
        let outcome = join(&load(Workload::Send), &PHASE, &main, &renderers);
        assert_eq!(outcome.elapsed_ns, 610);
        let values: Vec<u64> = outcome.latency.iter_recorded().map(|v| v.value_iterated_to()).collect();
        assert_eq!(values, [10, 20, 30]);
    }

    #[test]
    fn last_delivery_is_the_slowest_window() {
        let main = [stamped(Some(0), None, &[0, 1000])];
        let renderers = [stamped(None, Some(1400), &[300, 1100]), stamped(None, Some(1500), &[200, 1400])];
        let outcome = join(&load(Workload::Broadcast), &PHASE, &main, &renderers);
        assert_eq!(outcome.elapsed_ns, 1500);
        let values: Vec<u64> = outcome.latency.iter_recorded().map(|v| v.value_iterated_to()).collect();
        assert_eq!(values, [300, 400]);
    }

    #[test]
    fn a_histogram_that_claims_more_than_there_is_takes_no_memory() {
        let text = Encoded::encode(&new_histogram());
        let altered = |at: usize, bytes: &[u8]| {
            let mut header = BASE64.decode(&text).unwrap();
            header[at..at + bytes.len()].copy_from_slice(bytes);
            Encoded::decode(&BASE64.encode(header))
        };
        assert_eq!(altered(0, &[]).unwrap(), new_histogram());
        assert!(altered(4, &[255; 4]).is_err(), "4 GiB of counters");
        assert!(altered(15, &[5]).is_err(), "five digits");
        assert!(altered(24, &[255; 8]).is_err(), "up to the end of time");
        assert!(altered(0, &[0x1C, 0x84, 0x93, 0x14]).is_err(), "deflated");
        // Two counters of 2⁶³ − 1, then one of −2⁶³, in HDR's own variable length.
        let large = [0xFE, 255, 255, 255, 255, 255, 255, 255, 255];
        for (counters, told) in [([large, large], "latencies"), ([large, [255; 9]], "no number")] {
            let mut bytes = BASE64.decode(&text).unwrap();
            bytes.truncate(HEADER);
            bytes[4..8].copy_from_slice(&18u32.to_be_bytes());
            bytes.extend(counters.concat());
            assert!(Encoded::decode(&BASE64.encode(bytes)).unwrap_err().contains(told));
        }
    }

    #[test]
    fn what_was_lost_has_no_latency() {
        let mut read = Stamps::with_room_for(4);
        read.put(0, 110);
        read.put(2, 330);
        read.put(1, 340); // overtaken
        assert_eq!(read.0, [110, LOST, 330]);
        let renderers = [stamped(Some(100), None, &[100, 200, 300, 400])];
        let main = [Tally { last_ns: Some(330), stamps: read, ..Tally::default() }];
        let outcome = join(&load(Workload::Send), &PHASE, &main, &renderers);
        assert_eq!((outcome.latency.len(), outcome.latency.max()), (2, 30));
        let main = [stamped(Some(0), None, &[0, 1000, 2000])];
        let renderers = [stamped(None, None, &[300, LOST, 2100]), stamped(None, Some(2100), &[200, 1400])];
        let outcome = join(&load(Workload::Broadcast), &PHASE, &main, &renderers);
        assert_eq!((outcome.latency.len(), outcome.latency.max()), (1, 300));
    }

    #[test]
    fn tallies_survive_the_control_channel() {
        let mut histogram = new_histogram();
        histogram.record(12_345).unwrap();
        let tally = Tally { latency: Some(Encoded(histogram)), ..stamped(Some(1), None, &[u64::MAX, 0, 7]) };
        let back: Tally = serde_json::from_str(&serde_json::to_string(&tally).unwrap()).unwrap();
        assert_eq!(back.stamps.0, [u64::MAX, 0, 7]);
        assert_eq!(back.latency.unwrap().0.len(), 1);
    }
}
