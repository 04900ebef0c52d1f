//! Main's part of a trial: start the renderers, connect them, run phases and probes as the supervisor says.

use super::child::{self, Role};
use super::control::{FromMain, FromRenderer, PairLink, RendererSetup, Report, Setup, ToMain, ToRenderer};
use super::siege::{Havoc, Siege, Witness, besiege};
use super::{calibrate, probe, renderer};
use crate::electron::model::{Topology, main_end};
use crate::plan::Placement;
use crate::sys::advice::{explained, explained_any};
use crate::sys::control::Control;
use crate::sys::cpu::{Scope, Usage, restrict};
use crate::sys::fd::Descriptor;
use crate::sys::process::{Ending, Process, own_pid, wait_for_any};
use crate::transport::{Inbox, Spec, Transport, Use, Wait, dispatch};
use crate::workload::tally::{Encoded, Tally, join};
use crate::workload::{self, BesideFaulty, FaultyOutbox, Phase, Workload, port};
use serde::Serialize;
use std::error::Error;
use std::thread::JoinHandle;
use std::time::Duration;

/// Runs the part and answers the exit code.
pub(super) fn run(control: Control) -> i32 {
    let setup = match control.recv() {
        Ok(ToMain::Setup(setup)) => *setup,
        _ => return 1,
    };
    setup.load.clock.install();
    if let Err(error) = setup.load.storm() {
        let _ = control.send(&FromMain::Failed(explained(&error)));
        return 1;
    }
    let (transport, wait) = (setup.transport.clone(), setup.wait);
    let outcome = dispatch(&transport, wait, Part { control: &control, setup })
        .unwrap_or_else(|| Err("unknown transport".into()));
    match outcome {
        Ok(()) => 0,
        Err(error) => {
            let _ = control.send(&FromMain::Failed(explained_any(&*error)));
            1
        }
    }
}

struct Part<'a> {
    control: &'a Control,
    setup: Setup,
}

impl Use for Part<'_> {
    type Output = Result<(), Box<dyn Error>>;

    fn with<T: Transport, W: Wait>(self) -> Self::Output {
        let Part { control, setup } = self;
        let load = setup.load;
        restrict(&setup.pins.main)?;
        let calibration = if T::CAPS.ring { calibrate::calibrate(&setup) } else { None };
        let spec = Spec {
            windows: load.windows + usize::from(setup.hostile.is_some()),
            max_frame: load.max_frame(),
            spin: setup.spin,
            nt_from: calibrate::nt_from(setup.copy, calibration),
        };
        let (bound, addresses) = T::bind(&spec)?;
        let by_pairs = load.workload == Workload::Port && load.settings.topology != Topology::Brokered;
        let pair = by_pairs.then_some(PairLink { spin: spec.spin, nt_from: spec.nt_from });
        let mut renderers = Renderers::default();
        for (peer, address) in addresses.iter().enumerate() {
            renderers.start(&setup, peer, pair)?;
            renderers.say(peer, address)?;
        }
        drop(addresses); // our copies of the renderers' descriptors: while they are open, no end is seen to close
        control.send(&FromMain::Spawned(renderers.pids()))?;
        let (outbox, inbox) = T::accept::<W>(bound).map_err(|error| renderers.explain(&error.to_string()))?;
        let pids = renderers.ready()?;
        if pair.is_some() {
            renderers.introduce::<T>()?;
        }
        control.send(&FromMain::Ready { pids, calibration })?;
        let settings = &load.settings;
        if setup.hostile.is_some() {
            let (process, witness) = (renderers.hold_last()?, Witness::default());
            let hostile = load.windows;
            let (outbox, inbox) = besiege(outbox, inbox, hostile, process, spec.max_frame, witness.clone())?;
            return phases(control, &setup, renderers, outbox, inbox, Some(&witness));
        }
        if settings.is_bare() || T::CAPS.echo {
            return phases(control, &setup, renderers, outbox, inbox, None);
        }
        let (outbox, inbox) = main_end::ends(main_end::hub(outbox, inbox, settings)?, settings);
        match load.fault.filter(|_| load.workload.is_from_main()) {
            Some(fault) => {
                let (outbox, inbox) = (FaultyOutbox::new(outbox, fault), BesideFaulty(inbox));
                phases(control, &setup, renderers, outbox, inbox, None)
            }
            None => phases(control, &setup, renderers, outbox, inbox, None),
        }
    }
}

/// Runs phases and probes between these ends until it is told to quit.
fn phases<I: Inbox>(
    control: &Control,
    setup: &Setup,
    renderers: Renderers,
    mut outbox: I::Outbox,
    mut inbox: I,
    witness: Option<&Witness>,
) -> Result<(), Box<dyn Error>> {
    let load = &setup.load;
    loop {
        match control.recv()? {
            ToMain::Setup(_) => return Err("set up twice".into()),
            ToMain::Probe => control.send(&FromMain::Probed(probe::take(setup)))?,
            ToMain::Run(phase) => {
                let scope = match setup.placement {
                    Placement::Process => Scope::Process,
                    Placement::Thread => Scope::Thread,
                };
                renderers.begin(&phase)?;
                let before = Usage::now(scope);
                let tallies = if load.echo {
                    Vec::new() // nobody speaks to main
                } else {
                    match workload::main(load, &phase, &mut outbox, &mut inbox) {
                        Ok(tallies) => tallies,
                        Err(error) => return Err(renderers.explain(&error.to_string()).into()),
                    }
                };
                let usage = Usage::now(scope).since(before);
                let (renderer_tallies, renderer_usage) = renderers.finish(witness.is_none())?;
                let siege = witness.map(|witness| Siege { havoc: renderers.havoc(), ended: witness.ended() });
                let outcome = join(load, &phase, &tallies, &renderer_tallies);
                control.send(&FromMain::Done(Box::new(Report {
                    elapsed_ns: outcome.elapsed_ns,
                    latency: Encoded(outcome.latency),
                    lag: outcome.lag.map(Encoded),
                    checks: outcome.checks,
                    main: usage,
                    renderers: renderer_usage,
                    siege,
                })))?;
            }
            ToMain::Quit => {
                renderers.quit()?;
                return Ok(());
            }
        }
    }
}

/// The renderers of a trial, in order.
#[derive(Default)]
struct Renderers {
    controls: Vec<Control>,
    processes: Vec<Process>,
    threads: Vec<JoinHandle<bool>>,
}

impl Renderers {
    /// Starts the next one, as a process or as a thread, and tells it who it is.
    fn start(&mut self, setup: &Setup, peer: usize, pair: Option<PairLink>) -> Result<(), Box<dyn Error>> {
        let (ours, theirs) = Control::pair()?;
        match setup.placement {
            Placement::Process => {
                let process = child::spawn(Role::Renderer, theirs, setup.padding, None)?;
                self.processes.push(process);
            }
            Placement::Thread => {
                let name = format!("renderer-{peer}");
                let thread = std::thread::Builder::new().name(name).spawn(move || renderer::run(&theirs))?;
                self.threads.push(thread);
            }
        }
        self.controls.push(ours);
        let setup = RendererSetup {
            transport: setup.transport.clone(),
            wait: setup.wait,
            placement: setup.placement,
            load: setup.load,
            peer,
            sandbox: setup.sandbox,
            pair,
            outlive: setup.outlive,
            hostile: setup.hostile.filter(|_| peer == setup.load.windows),
            cpus: setup.pins.renderers.get(peer).cloned().unwrap_or_default(),
            reports: Descriptor(setup.reports.0.try_clone()?),
        };
        self.say(peer, &setup)
    }

    fn say<T: Serialize>(&self, peer: usize, message: &T) -> Result<(), Box<dyn Error>> {
        self.controls[peer].send(message).map_err(|error| self.lost(peer, &error))
    }

    fn hear(&self, peer: usize) -> Result<FromRenderer, Box<dyn Error>> {
        self.controls[peer].recv().map_err(|error| self.lost(peer, &error))
    }

    fn lost(&self, peer: usize, error: &std::io::Error) -> Box<dyn Error> {
        self.explain(&format!("renderer {peer}: {}", explained(error))).into()
    }

    fn pids(&self) -> Vec<u32> {
        self.processes.iter().map(|process| process.pid().as_raw_nonzero().get().cast_unsigned()).collect()
    }

    /// Waits for the hand-shake of all; answers their processes and our own.
    fn ready(&self) -> Result<Vec<u32>, Box<dyn Error>> {
        let mut pids = vec![own_pid().as_raw_nonzero().get().cast_unsigned()];
        for peer in 0..self.controls.len() {
            match self.hear(peer)? {
                FromRenderer::Ready { pid } => pids.push(pid),
                _ => return Err(format!("renderer {peer} did not say that it is ready").into()),
            }
        }
        Ok(pids)
    }

    /// Hands the address that each pair's answering end gives to the asking one.
    fn introduce<T: Transport>(&self) -> Result<(), Box<dyn Error>> {
        for asker in (0..self.controls.len()).filter(|&peer| port::asks(peer)) {
            let answerer = port::partner(asker);
            let address: T::Address =
                self.controls[answerer].recv().map_err(|error| self.lost(answerer, &error))?;
            self.say(asker, &address)?;
        }
        Ok(())
    }

    /// Sends all of them into their loops.
    fn begin(&self, phase: &Phase) -> Result<(), Box<dyn Error>> {
        for peer in 0..self.controls.len() {
            self.say(peer, &ToRenderer::Run(*phase))?;
        }
        for peer in 0..self.controls.len() {
            match self.hear(peer)? {
                FromRenderer::Started => {}
                _ => return Err(format!("renderer {peer} did not start its phase").into()),
            }
        }
        Ok(())
    }

    /// Collects what they bring home; the last one only if it takes part.
    fn finish(&self, last: bool) -> Result<(Vec<Tally>, Usage), Box<dyn Error>> {
        let (mut tallies, mut total) = (Vec::new(), Usage::default());
        for peer in 0..self.controls.len() - usize::from(!last) {
            match self.hear(peer)? {
                FromRenderer::Done { tally, usage } => {
                    tallies.push(*tally);
                    total = total.plus(usage);
                }
                _ => return Err(format!("renderer {peer} did not finish its phase").into()),
            }
        }
        Ok((tallies, total))
    }

    /// What the last renderer, a hostile one, has done; `None` if it was ended.
    fn havoc(&self) -> Option<Havoc> {
        let last = self.controls.len() - 1;
        self.say(last, &ToRenderer::Tell).ok()?;
        match self.hear(last).ok()? {
            FromRenderer::Did(havoc) => Some(havoc),
            _ => None,
        }
    }

    /// A hold on the last renderer's process.
    fn hold_last(&self) -> Result<Process, Box<dyn Error>> {
        let process = self.processes.last().ok_or("a hostile renderer is a process")?;
        Ok(Process::hold(process.pid())?)
    }

    /// Adds to a link's error how the processes behind it ended, if they did.
    fn explain(&self, error: &str) -> String {
        let (mut text, mut left) = (error.to_owned(), self.processes.iter().enumerate().collect::<Vec<_>>());
        // A killed process closes its links a moment before it can be reaped, whichever it is. Another one of its pair may notice, and have
        // ended by itself meanwhile: then the cause is still to come.
        for _ in 0..2 {
            wait_for_any(left.iter().map(|(_, process)| *process), Duration::from_millis(100));
            let mut endings = Vec::new();
            left.retain(|(peer, process)| {
                let Some(ending) = process.reap(Duration::ZERO) else { return true };
                text.push_str(&format!(
                    "; renderer {peer} (pid {}) {ending}",
                    process.pid().as_raw_nonzero()
                ));
                endings.push(ending);
                false
            });
            let by_themselves = endings.iter().all(|ending| matches!(ending, Ending::Code(_)));
            if endings.is_empty() || !by_themselves || left.is_empty() {
                break;
            }
        }
        text
    }

    /// Lets all of them end and reaps them.
    fn quit(self) -> Result<(), Box<dyn Error>> {
        for control in &self.controls {
            control.send(&ToRenderer::Quit)?;
        }
        for process in &self.processes {
            if process.reap(Duration::from_secs(5)).is_none() {
                return Err(format!("renderer {} does not end", process.pid().as_raw_nonzero()).into());
            }
        }
        for thread in self.threads {
            thread.join().map_err(|_| "a renderer's thread panicked")?;
        }
        Ok(())
    }
}
