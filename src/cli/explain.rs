//! `ipcmark explain`: where the time of a message goes, layer by layer.

use super::exit::{Exit, Stop};
use super::output::{self, Format};
use super::run::seconds;
use super::running::{Effort, Keeping, Running};
use crate::plan::{
    Axes, Case, ConfigError, Group, Layer, Model, Plan, Planned, bare, layers, transport, workload,
};
use crate::record::Status;
use crate::report::{published, waterfall};
use crate::stats::{Step, step};
use crate::sys::signal::Interrupt;
use crate::trial::cpus;
use clap::Args as ClapArgs;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The link at the bottom
    #[arg(long, value_name = "NAME", default_value = "uds-stream")]
    transport: String,
    /// What is timed
    #[arg(long, value_name = "NAME", default_value = "invoke")]
    workload: String,
    /// The layers (see `ipcmark list presets`)
    #[arg(long, value_name = "NAME", default_value = "electron-default")]
    preset: String,
    /// A value for a variable of the model, in place of the preset's
    #[arg(long, value_name = "VAR=VALUE")]
    set: Vec<String>,
    /// Trials of each layer
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    trials: u64,
    /// Measured part of a trial
    #[arg(long, value_name = "SECONDS", default_value = "0.1", value_parser = seconds)]
    time: Duration,
    /// What to print on standard output
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    keeping: Keeping,
}

pub(super) fn execute(args: &Args) -> Result<Exit, Stop> {
    let whole = args.model()?;
    let case = |model: &Model| -> Result<Case, ConfigError> {
        let workload = workload(&args.workload).map_err(|error| error.in_flag("--workload"))?;
        Ok(Case { transport: args.transport.clone(), workload, model: model.clone() })
    };
    transport(&args.transport).map_err(|error| error.in_flag("--transport"))?;
    let (bottom, layers) = (case(&bare(&whole))?, layers(&whole));
    let mut cases = vec![bottom.clone()];
    for Layer { whole, alone, .. } in &layers {
        cases.extend([case(whole)?, case(alone)?]);
    }
    let plan = plan(cases);
    let seed = args.keeping.seed();
    let interrupt = Interrupt::listen()?;
    let mut running = Running::begin(&plan, seed, &args.keeping)?;
    let total = args.trials * plan.runnable().count() as u64;
    let progress = args.keeping.progress(total);
    let complete = running.blocks(&plan, &Effort::of(args.trials, args.time), &interrupt, &progress)?;
    drop(progress);
    let Running { store, records, .. } = running;
    let file = store.finish(!complete)?;
    let between = |from: &Case, to: &Case| step(&records, &from.id(), &to.id());
    let mut rows = Vec::new();
    let mut before = bottom.clone();
    let least = layers.first().map(|layer| case(&layer.whole)).transpose()?;
    for layer in &layers {
        let (next, alone) = (case(&layer.whole)?, case(&layer.alone)?);
        // The first layer stands on the link itself.
        let under = least.as_ref().filter(|_| !rows.is_empty()).unwrap_or(&bottom);
        rows.push((layer.name.clone(), between(&before, &next), between(under, &alone)));
        before = next;
    }
    let link = between(&bottom, &bottom);
    let look = args.format.look(args.keeping.color);
    output::write(&match args.format {
        Format::Json => document(&bottom, link, &before, &rows) + "\n",
        Format::Table | Format::Markdown => {
            let waterfall = waterfall(link, &rows, look);
            let mut text = format!("{}\nto {}\n\n{waterfall}", bottom.id(), before.id());
            let beside = published(&records, look);
            if !beside.is_empty() {
                text.push_str(&format!("\n{beside}"));
            }
            text
        }
    })?;
    output::warn(&format!("{} records in {}", records.len(), file.display()));
    if let Some(code) = interrupt.exit_code().filter(|_| !complete) {
        output::warn("interrupted: what was measured is saved, marked partial");
        return Ok(Exit::Interrupted(code));
    }
    let failed = records.iter().any(|record| record.status == Status::Failed);
    Ok(if failed { Exit::Failed } else { Exit::Ok })
}

impl Args {
    /// The model with all layers.
    fn model(&self) -> Result<Model, ConfigError> {
        let mut axes = Axes::default();
        axes.add_preset(&self.preset).map_err(|error| error.in_flag("--preset"))?;
        for text in &self.set {
            let (name, value) = text.split_once('=').ok_or_else(|| {
                ConfigError::new(format!("--set {text}: write VARIABLE=VALUE, as in --set payload=4KiB"))
            })?;
            axes.add(name, vec![value.to_owned()]).map_err(|error| error.in_flag("--set"))?;
        }
        let group = Group {
            transports: vec![self.transport.clone()],
            workloads: vec![workload(&self.workload).map_err(|error| error.in_flag("--workload"))?],
            axes,
        };
        // One value for each variable: one case.
        Ok(group.cases().remove(0).model)
    }
}

/// Each case once, with what this host cannot run.
fn plan(cases: Vec<Case>) -> Plan {
    let mut seen = BTreeSet::new();
    let fresh = cases.into_iter().filter(|case| seen.insert(case.id()));
    Plan { cases: fresh.map(|case| Planned { skip: Plan::skip_reason(&case, cpus()), case }).collect() }
}

fn document(
    bottom: &Case,
    link: Option<Step>,
    top: &Case,
    rows: &[(String, Option<Step>, Option<Step>)],
) -> String {
    let spread = |s: crate::stats::Spread| json!({ "median": s.median, "min": s.min, "max": s.max });
    let of = |step: &Option<Step>| {
        step.map(|step| json!({ "p50_ns": spread(step.total), "added_ns": spread(step.added), "added_95_ns": step.interval, "trials": step.trials }))
    };
    let row = |(name, step, alone): &(String, Option<Step>, Option<Step>)| json!({ "layer": name, "step": of(step), "alone": of(alone) });
    let layers: Vec<_> = rows.iter().map(row).collect();
    json!({ "link": bottom.id(), "link_p50_ns": link.map(|link| spread(link.total)), "whole": top.id(), "layers": layers }).to_string()
}
