//! What others have published of Electron itself, beside the model of it.
//!
//! None of these was measured on the host at hand, and most name no hardware: they tell how far a model of Electron's processes,
//! without V8's engine and a page around it, is from the real thing, and are compared with nothing.

use super::figure::nanoseconds_with_range;
use super::look::{Look, new_table, words};
use super::table::heading;
use crate::electron::model::Copies;
use crate::plan::variable::word;
use crate::plan::{Model, Preset, human_size};
use crate::record::Record;
use crate::stats::{Summary, summarise};
use crate::workload::Workload;
use std::ops::RangeInclusive;

/// A published figure, for an echo of bytes by `ipcRenderer.invoke`.
struct Published {
    /// Payloads that it stands beside.
    payloads: RangeInclusive<usize>,
    /// What was in the message, and how long the round trip took.
    said: &'static str,
    /// The same before one buffer took the place of three (Electron 41 and older), if it was told apart.
    before: Option<&'static str>,
    source: &'static str,
}

const KIB: usize = 1 << 10;
const SMALL: &str = "xplat-challenges, one by one; uWebSockets.js#454 (2021), WSL2; no hardware named";
const PULL: &str = "electron#52920 (2026-08), Linux, release build, sandboxed, no bridge; no hardware named";

const PUBLISHED: [Published; 5] = [
    Published { payloads: 0..=4 * KIB, said: "small: 0.13–0.24 ms, 0.227 ms", before: None, source: SMALL },
    Published {
        payloads: 32 * KIB..=128 * KIB,
        said: "64 KB: 0.40 ms",
        before: Some("64 KB: 0.45 ms"),
        source: PULL,
    },
    Published {
        payloads: 129 * KIB..=512 * KIB,
        said: "256 KB: 0.76 ms",
        before: Some("256 KB: 0.85 ms"),
        source: PULL,
    },
    Published {
        payloads: 513 * KIB..=2048 * KIB,
        said: "1 MB: 3.3 ms",
        before: Some("1 MB: 4.7 ms"),
        source: PULL,
    },
    Published {
        payloads: 2049 * KIB..=8192 * KIB,
        said: "4 MB: 9.2 ms",
        before: Some("4 MB: 14.2 ms"),
        source: PULL,
    },
];

/// A table of the invokes under `electron-default` and `electron-41` for whose payload something was published; empty if there
/// are none.
pub fn published(records: &[Record], look: Look) -> String {
    let Ok(electron) = Preset::named("electron-default").map(Preset::model) else { return String::new() };
    let mut table = new_table(
        look,
        ["here: transport", "payload", "copies", "pin", "p50", "published for Electron", "by whom, on what"],
        1..5,
    );
    let mut summaries = summarise(records);
    summaries.sort_by_key(|summary| summary.example.case.model.payload);
    for Summary { example, p50, .. } in &summaries {
        let (case, Some(p50)) = (&example.case, p50) else { continue };
        if case.workload != Workload::Invoke || !has_layers_of(&case.model, &electron) {
            continue;
        }
        for entry in PUBLISHED.iter().filter(|entry| entry.payloads.contains(&case.model.payload)) {
            let before = entry.before.filter(|_| case.model.copies == Copies::Three);
            table.add_row([
                words(&case.transport, look),
                human_size(case.model.payload),
                word(case.model.copies),
                word(case.model.pin),
                nanoseconds_with_range(p50.median, p50.min, p50.max),
                before.unwrap_or(entry.said).to_owned(),
                entry.source.to_owned(),
            ]);
        }
    }
    if table.row_count() == 0 {
        return String::new();
    }
    let title = heading("the model beside what was published of Electron itself, on other machines", look);
    format!(
        "{title}
{}
",
        table.trim_fmt()
    )
}

/// Whether a message meets the same layers, by however many buffers.
fn has_layers_of(model: &Model, electron: &Model) -> bool {
    let copies = electron.copies;
    let same_copies = Model { copies, ..model.clone() };
    model.copies != Copies::InPlace
        && model.sandbox == electron.sandbox
        && model.in_flight == 1
        && same_copies.settings() == electron.settings()
}
