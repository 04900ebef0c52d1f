//! The channels between threads as ipcmark uses them, beside the same channels in loops written by hand.
//!
//! For every cell (transport, workload, payload, pin) the two run alternately on the same CPUs, in pairs whose order and
//! whose CPUs change from pair to pair. What counts is the ratio of the times for a message within a pair: both saw the
//! host at nearly the same moment. A cell is fine if the median of its ratios is within 10 % of 1, or below.
//!
//! `cargo bench --features in-process --bench channels [-- PART…]` prints a Markdown table of the cells whose names contain
//! every part, as in `-- flume same`.

mod cell;
mod hand;
mod transport;

use cell::{Cell, Run};
use hand::Plain;
use ipcmark::sys::clock::Clock;
use ipcmark::sys::cpu::allowed;
use ipcmark::transport::channel::Channel;
use std::io::{self, Write};

/// Runs of each of the two.
const PAIRS: usize = 24;
/// How long one takes about, in nanoseconds.
const LONG_ENOUGH: f64 = 5e7;
/// How much longer a message may take.
const TOLERANCE: f64 = 0.10;

fn main() -> io::Result<()> {
    // What begins with a dash is cargo's.
    let parts: Vec<String> = std::env::args().skip(1).filter(|part| !part.starts_with('-')).collect();
    let &[first, second, ..] = allowed()?.as_slice() else {
        return writeln!(io::stderr(), "channels: skipped: it needs two CPUs");
    };
    let table = Table { parts, cpus: [first, second], clock: Clock::system() };
    let out = &mut io::stdout();
    writeln!(
        out,
        "| transport | workload | payload | pin | ipcmark | by hand | ratio | min – max | verdict |"
    )?;
    writeln!(out, "|---|---|--:|---|--:|--:|--:|--:|---|")?;
    table.rows::<ipcmark::transport::std_mpsc::StdMpsc>(out)?;
    table.rows::<ipcmark::transport::crossbeam::Crossbeam>(out)?;
    #[cfg(feature = "flume")]
    table.rows::<ipcmark::transport::flume::Flume>(out)?;
    #[cfg(feature = "kanal")]
    table.rows::<ipcmark::transport::kanal::Kanal>(out)?;
    #[cfg(feature = "crossfire")]
    table.rows::<ipcmark::transport::crossfire::Crossfire>(out)?;
    #[cfg(feature = "tokio")]
    table.rows::<ipcmark::transport::tokio::Tokio>(out)?;
    writeln!(out, "\nMedians of {PAIRS} pairs of runs of {} s.", LONG_ENOUGH / 1e9)
}

/// What is measured where.
struct Table {
    parts: Vec<String>,
    cpus: [usize; 2],
    clock: Clock,
}

impl Table {
    /// Measures a channel's cells, and prints a row for each.
    fn rows<C: Channel + Plain>(&self, out: &mut impl Write) -> io::Result<()> {
        for cell in Cell::all() {
            let name = format!("{}/{cell}", C::NAME);
            if !self.parts.iter().all(|part| name.contains(part)) {
                continue;
            }
            let pairs = self.pairs::<C>(cell);
            let median = |of: fn(&(f64, f64)) -> f64| {
                let mut values: Vec<f64> = pairs.iter().map(of).collect();
                values.sort_by(f64::total_cmp);
                (values[(PAIRS - 1) / 2] + values[PAIRS / 2]) / 2.0
            };
            let ratios = || pairs.iter().map(|(ours, by_hand)| ours / by_hand);
            let ratio = median(|(ours, by_hand)| ours / by_hand);
            writeln!(
                out,
                "| {} | {} | {} B | {} | {:.0} ns | {:.0} ns | {ratio:.3} | {:.2} – {:.2} | {} |",
                C::NAME,
                cell.workload.name(),
                cell.payload,
                if cell.same { "same" } else { "cross" },
                median(|pair| pair.0),
                median(|pair| pair.1),
                ratios().fold(f64::INFINITY, f64::min),
                ratios().fold(0.0, f64::max),
                if ratio <= 1.0 + TOLERANCE { "within 10 %, or less" } else { "**more**" },
            )?;
        }
        Ok(())
    }

    /// The times for a message, ours and by hand.
    fn pairs<C: Channel + Plain>(&self, cell: Cell) -> Vec<(f64, f64)> {
        let run = |pair: usize, messages| {
            let [main, renderer] = self.cpus;
            let (main, renderer) =
                if (pair / 2).is_multiple_of(2) { (main, renderer) } else { (renderer, main) };
            Run { cell, main, renderer: if cell.same { main } else { renderer }, messages, clock: self.clock }
        };
        let mut messages = 1000;
        let messages = loop {
            let long = hand::time::<C>(&run(0, messages));
            if long * messages as f64 >= LONG_ENOUGH / 8.0 {
                break (LONG_ENOUGH / long) as u64;
            }
            messages *= 2;
        };
        let pair = |pair| {
            let run = run(pair, messages);
            if pair.is_multiple_of(2) {
                let ours = transport::time::<C>(&run);
                (ours, hand::time::<C>(&run))
            } else {
                let by_hand = hand::time::<C>(&run);
                (transport::time::<C>(&run), by_hand)
            }
        };
        (0..PAIRS).map(pair).collect()
    }
}
