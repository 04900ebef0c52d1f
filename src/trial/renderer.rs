//! A renderer's part of a trial: connect, then run phases as main says. The same code in a process and in a thread.

use super::control::{FromRenderer, PairLink, RendererSetup, ToRenderer};
use super::siege::{Attacker, Tactic, kept_since};
use crate::electron::model::renderer;
use crate::plan::{Placement, Sandbox};
use crate::sys::advice::explained_any;
use crate::sys::control::Control;
use crate::sys::cpu::{Scope, Usage, restrict};
use crate::sys::process::{live_on, own_pid};
use crate::sys::sabotage::descriptors;
use crate::sys::sandbox;
use crate::transport::hub_as_link::{HubRx, HubTx};
use crate::transport::{Spec, Transport, Tx, Use, Wait, dispatch};
use crate::workload::{self, FaultyTx, port};
use std::collections::BTreeSet;
use std::error::Error;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;

/// In a process of its own. Answers the exit code.
pub(super) fn run_process(control: Control) -> i32 {
    if run(&control) { 0 } else { 1 }
}

/// Runs the part; `false` if it failed, which has been reported.
pub(super) fn run(control: &Control) -> bool {
    let Ok(setup) = control.recv::<RendererSetup>() else { return false };
    let Ok(reports) = setup.reports.0.try_clone() else { return false };
    let peer = setup.peer;
    let outcome = attempt(control, setup);
    if let Err(error) = &outcome {
        // Whoever supervises may be gone; there is nobody else to tell.
        let _ = UnixDatagram::from(reports)
            .send(format!("renderer {peer}: {}", explained_any(&**error)).as_bytes());
    }
    outcome.is_ok()
}

fn attempt(control: &Control, setup: RendererSetup) -> Result<(), Box<dyn Error>> {
    setup.load.clock.install();
    if setup.outlive {
        live_on()?;
    }
    if setup.placement == Placement::Process {
        setup.load.storm()?; // a thread has main's
    }
    restrict(&setup.cpus)?;
    let (transport, wait) = (setup.transport.clone(), setup.wait);
    dispatch(&transport, wait, Part { control, setup }).ok_or("unknown transport")?
}

struct Part<'a> {
    control: &'a Control,
    setup: RendererSetup,
}

impl Use for Part<'_> {
    type Output = Result<(), Box<dyn Error>>;

    fn with<T: Transport, W: Wait>(self) -> Self::Output {
        let Part { control, setup } = self;
        let known = if setup.hostile.is_some() { descriptors()? } else { BTreeSet::new() };
        let address = control.recv()?;
        // Before they are mapped and closed, and once more when there are sockets.
        let mut kept = if setup.hostile.is_some() { kept_since(&known)? } else { Vec::new() };
        let (tx, rx) = T::connect::<W>(address)?;
        if setup.hostile.is_some() {
            kept.extend(kept_since(&known)?);
        }
        control.send(&FromRenderer::Ready { pid: own_pid().as_raw_nonzero().get().cast_unsigned() })?;
        let scope = match setup.placement {
            Placement::Process => Scope::Process,
            Placement::Thread => Scope::Thread,
        };
        if let Some(tactic) = setup.hostile {
            return besiege(control, &setup, tactic, kept, (tx, rx));
        }
        if let Some(pair) = setup.pair {
            // The link to main is there, and idle.
            return if port::asks(setup.peer) {
                let (tx, rx) = T::connect::<W>(control.recv()?)?;
                run_phases(control, &setup, scope, tx, rx)
            } else {
                let (tx, rx) = answering_end::<T, W>(control, &setup, pair)?;
                run_phases(control, &setup, scope, tx, rx)
            };
        }
        run_phases(control, &setup, scope, tx, rx)
    }
}

/// The halves of a hub with one link.
type Answering<T, W> = (HubTx<<T as Transport>::Inbox<W>>, HubRx<<T as Transport>::Inbox<W>>);

/// The end of a link between two renderers that the other one connects to.
fn answering_end<T: Transport, W: Wait>(
    control: &Control,
    setup: &RendererSetup,
    pair: PairLink,
) -> Result<Answering<T, W>, Box<dyn Error>> {
    let PairLink { spin, nt_from } = pair;
    let spec = Spec { windows: 1, max_frame: setup.load.max_frame(), spin, nt_from };
    let (bound, addresses) = T::bind(&spec)?;
    for address in addresses {
        control.send(&address)?; // and dropped: while our copy of its descriptors is open, its end is not seen to close
    }
    let (outbox, inbox) = T::accept::<W>(bound)?;
    Ok((HubTx(outbox), HubRx(inbox)))
}

/// Runs phases between these ends, with the model around them if there is one.
fn run_phases<X: Tx + 'static>(
    control: &Control,
    setup: &RendererSetup,
    scope: Scope,
    tx: X,
    rx: X::Rx,
) -> Result<(), Box<dyn Error>>
where
    X::Rx: 'static,
{
    let settings = &setup.load.settings;
    if settings.is_bare() || setup.load.echo {
        confine(setup)?;
        return phases(control, setup, scope, tx, rx);
    }
    let (tx, rx) = renderer::ends(renderer::link(tx, rx, settings)?, settings);
    confine(setup)?; // its IO threads as well
    match setup.load.fault.filter(|_| !setup.load.workload.is_from_main()) {
        Some(fault) => phases(control, setup, scope, FaultyTx::new(tx, fault), rx),
        None => phases(control, setup, scope, tx, rx),
    }
}

/// From here on a sandboxed renderer has the system calls that its links need, and no others.
fn confine(setup: &RendererSetup) -> std::io::Result<()> {
    match (setup.sandbox, setup.placement) {
        (Sandbox::Off, _) => Ok(()),
        (Sandbox::Seccomp, Placement::Process) => sandbox::confine(),
        (Sandbox::Seccomp, Placement::Thread) => sandbox::confine_thread(),
    }
}

/// Attacks from the first phase on, until it is told to quit.
fn besiege<X: Tx + 'static>(
    control: &Control,
    setup: &RendererSetup,
    tactic: Tactic,
    kept: Vec<(String, OwnedFd)>,
    ends: (X, X::Rx),
) -> Result<(), Box<dyn Error>>
where
    X::Rx: 'static,
{
    let ToRenderer::Run(phase) = control.recv()? else { return Ok(()) };
    control.send(&FromRenderer::Started)?;
    let attacker = Attacker::begin((tactic, &setup.transport), setup.load, phase, kept, ends)?;
    loop {
        match control.recv()? {
            ToRenderer::Tell => control.send(&FromRenderer::Did(attacker.havoc()))?,
            ToRenderer::Run(_) => control.send(&FromRenderer::Started)?, // it goes on
            ToRenderer::Quit => return Ok(()),
        }
    }
}

/// Runs phases between these ends until it is told to quit.
fn phases<X: Tx>(
    control: &Control,
    setup: &RendererSetup,
    scope: Scope,
    mut tx: X,
    mut rx: X::Rx,
) -> Result<(), Box<dyn Error>> {
    loop {
        match control.recv()? {
            ToRenderer::Quit | ToRenderer::Tell => return Ok(()),
            ToRenderer::Run(phase) => {
                control.send(&FromRenderer::Started)?;
                let before = Usage::now(scope);
                let tally = workload::renderer(&setup.load, &phase, setup.peer, &mut tx, &mut rx)?;
                let usage = Usage::now(scope).since(before);
                control.send(&FromRenderer::Done { tally: Box::new(tally), usage })?;
            }
        }
    }
}
