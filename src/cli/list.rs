//! `ipcmark list`: what there is.

use super::choice::Choice;
use super::exit::{Exit, Stop};
use super::output;
use crate::codec::Codec;
use crate::plan::variable::{VARIABLES, word};
use crate::plan::{NotBuiltIn, PRESETS, Plan, Preset, human_size, not_built_in, transports};
use crate::report::{Look, new_table};
use crate::trial::cpus;
use crate::workload::Workload;
use clap::{Args as ClapArgs, ValueEnum};
use comfy_table::Table;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// What to show; everything but cases if left out
    #[arg(value_enum)]
    what: Option<What>,
    /// A suite file, for `cases`
    #[arg(long, value_name = "SUITE.toml")]
    suite: Option<PathBuf>,
    #[command(flatten)]
    choice: Choice,
    /// How to show it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// Mechanisms, and what each can do
    Transports,
    /// What is timed
    Workloads,
    /// How a value becomes bytes
    Codecs,
    /// Settings of the process model
    Variables,
    /// Bundles of settings
    Presets,
    /// Names of the cases that `run` would run with the same flags
    Cases,
}

/// What is shown if nothing is named.
const EVERYTHING: [What; 5] =
    [What::Transports, What::Workloads, What::Codecs, What::Variables, What::Presets];

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
}

pub(super) fn execute(args: &Args) -> Result<Exit, Stop> {
    let topics = args.what.map_or(EVERYTHING.to_vec(), |what| vec![what]);
    let mut text = String::new();
    let mut document = serde_json::Map::new();
    for topic in topics {
        match (topic, args.format) {
            (What::Cases, Format::Table) => text.push_str(&cases_text(args)?),
            (What::Cases, Format::Json) => drop(document.insert("cases".into(), cases_json(args)?)),
            (topic, Format::Table) => text.push_str(&format!("{}\n\n", table(topic).trim_fmt())),
            (topic, Format::Json) => {
                let (name, value) = values(topic);
                document.insert(name.to_owned(), value);
            }
        }
        if topic == What::Transports {
            match (not_built_in(), args.format) {
                (absent, Format::Table) if absent.is_empty() => {}
                (absent, Format::Table) => text.push_str(&format!("{}\n\n", absent_table(absent).trim_fmt())),
                (absent, Format::Json) => drop(document.insert("not_built_in".into(), absent_json(absent))),
            }
        }
    }
    if args.format == Format::Json {
        text = Value::Object(document).to_string() + "\n";
    }
    output::write(&text)?;
    Ok(Exit::Ok)
}

fn plan(args: &Args) -> Result<Plan, Stop> {
    let suite = args.choice.suite(args.suite.as_deref())?;
    Ok(Plan::new(&suite.groups, args.choice.filter.as_deref(), cpus())?)
}

fn cases_text(args: &Args) -> Result<String, Stop> {
    let lines = plan(args)?.cases.into_iter().map(|planned| match planned.skip {
        Some(reason) => format!("{}   skipped: {reason}\n", planned.case.id()),
        None => planned.case.id() + "\n",
    });
    Ok(lines.collect())
}

fn cases_json(args: &Args) -> Result<Value, Stop> {
    let cases = plan(args)?.cases.into_iter().map(|planned| {
        let case = planned.case;
        let (id, workload) = (case.id(), case.workload.name());
        json!({ "id": id, "transport": case.transport, "workload": workload, "model": case.model, "skip": planned.skip })
    });
    Ok(cases.collect())
}

fn table(topic: What) -> Table {
    let header: &[&str] = match topic {
        What::Transports => &[
            "transport",
            "processes",
            "waits",
            "largest frame",
            "one-write broadcast",
            "may lose",
            "what it is",
        ],
        What::Workloads => &["workload", "latency", "what it is"],
        What::Codecs => &["codec", "what it carries"],
        What::Presets => &["preset", "values", "what it is"],
        What::Variables | What::Cases => &["variable", "values, the default first", "what it is"],
    };
    let mut table = new_table(Look::Plain { bold: false }, header.iter().copied(), ..0);
    let yes_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    match topic {
        What::Transports => {
            for listed in transports() {
                let caps = listed.caps;
                let waits: Vec<String> = caps.waits.iter().map(word).collect();
                table.add_row([
                    listed.name.to_owned(),
                    yes_no(caps.processes),
                    waits.join(" "),
                    human_size(caps.max_frame),
                    yes_no(caps.one_write_broadcast),
                    yes_no(caps.lossy),
                    caps.about.to_owned(),
                ]);
            }
        }
        What::Workloads => {
            for workload in Workload::ALL {
                table.add_row([
                    workload.name().to_owned(),
                    word(workload.latency()),
                    workload.about().to_owned(),
                ]);
            }
        }
        What::Codecs => {
            for codec in Codec::ALL {
                table.add_row([codec.name(), codec.about()]);
            }
        }
        What::Presets => {
            for preset in PRESETS {
                let values: Vec<String> =
                    preset.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
                table.add_row([preset.name, &values.join(" "), preset.about]);
            }
        }
        What::Variables | What::Cases => {
            let default = crate::plan::Model::default();
            for variable in VARIABLES {
                let values = match variable.values() {
                    range if range.contains('…') => format!("{} ({range})", (variable.get)(&default)),
                    words => words,
                };
                table.add_row([variable.name, values.as_str(), variable.about]);
            }
        }
    }
    table
}

fn absent_table(absent: Vec<NotBuiltIn>) -> Table {
    let mut table =
        new_table(Look::Plain { bold: false }, ["not built in", "how to build it in", "what it is"], ..0);
    for NotBuiltIn { name, about, enable } in absent {
        table.add_row([name, &enable, about]);
    }
    table
}

fn absent_json(absent: Vec<NotBuiltIn>) -> Value {
    let of = |NotBuiltIn { name, about, enable }| json!({ "name": name, "about": about, "enable": enable });
    absent.into_iter().map(of).collect()
}

fn values(topic: What) -> (&'static str, Value) {
    match topic {
        What::Transports => {
            let all = transports();
            (
                "transports",
                all.iter().map(|listed| json!({ "name": listed.name, "caps": listed.caps })).collect(),
            )
        }
        What::Workloads => {
            let of = |w: &Workload| json!({ "name": w.name(), "latency": w.latency(), "about": w.about() });
            ("workloads", Workload::ALL.iter().map(of).collect())
        }
        What::Codecs => {
            let of = |codec: &Codec| json!({ "name": codec.name(), "about": codec.about() });
            ("codecs", Codec::ALL.iter().map(of).collect())
        }
        What::Presets => {
            let values = |preset: &Preset| -> serde_json::Map<String, Value> {
                preset.values.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect()
            };
            let of = |p: &Preset| json!({ "name": p.name, "values": values(p), "about": p.about });
            ("presets", PRESETS.iter().map(of).collect())
        }
        What::Variables | What::Cases => {
            let default = crate::plan::Model::default();
            let of = |v: &crate::plan::variable::Variable| json!({ "name": v.name, "default": (v.get)(&default), "values": v.values(), "about": v.about });
            ("variables", VARIABLES.iter().map(of).collect())
        }
    }
}
