//! Which cases make no sense, or cannot run on the host at hand, and why.

use super::case::{Case, CopyWay, Model, Pin, Placement};
use super::variable::word;
use super::{human_size, transport};
use crate::codec::Codec;
use crate::electron::model::{Broadcast, Shape, Topology};
use crate::transport::{Caps, WHOLE, WaitKind};
use crate::workload::stamp::NUMBER;
use crate::workload::{Access, Arrivals, Workload};

/// Why a host with so many CPUs cannot run a case; `None` if it can.
pub(super) fn reason(case: &Case, cpus: usize) -> Option<String> {
    let caps = match transport(&case.transport) {
        Ok(listed) => listed.caps,
        Err(error) => return Some(error.to_string()),
    };
    by_transport(case, &caps)
        .or_else(|| by_workload(case))
        .or_else(|| by_model(case, &caps))
        .or_else(|| by_host(case, &caps, cpus))
}

/// What the transport cannot do.
fn by_transport(case: &Case, caps: &Caps) -> Option<String> {
    let name = &case.transport;
    let Model { placement, wait, payload, background, copy, topology, hops, load, .. } = case.model;
    let largest = payload.max(background);
    // Whoever has several requests under way sends without having read all replies.
    let asks_ahead = matches!(case.workload, Workload::Invoke | Workload::Port) && case.under_way() > 1;
    if placement == Placement::Process && !caps.processes {
        Some(format!("{name} works between threads only (placement=thread)"))
    } else if caps.echo && case.workload != Workload::Invoke {
        Some(format!("{name} has no peer: only invoke is defined"))
    } else if caps.echo && case.under_way() > 1 {
        Some(format!("{name} has no peer: a call is answered before the next can begin"))
    } else if caps.echo && !case.model.settings().is_bare() {
        Some(format!("{name} has no peer: the model has no other end"))
    } else if caps.lossy && !case.model.settings().is_bare() {
        Some(format!("{name} may lose messages, which Electron's links do not"))
    } else if caps.lossy && payload < NUMBER {
        Some(format!("{name} may lose messages, and payloads under {NUMBER} bytes do not say which"))
    } else if caps.lossy && (topology == Topology::Brokered || background > 0 || load.is_open()) {
        Some(format!("{name} may lose messages, and who waits for one, or for the last, would not know"))
    } else if !caps.ring && copy != CopyWay::Auto {
        Some(format!("{name} has no ring of ours: copy has no meaning"))
    } else if !caps.ring && case.model.access == Access::View {
        Some(format!("{name} has no ring of ours, what it receives is its own: access has no meaning"))
    } else if !caps.waits.contains(&wait) {
        Some(format!("{name} cannot wait by {}", word(wait)))
    } else if caps.in_parts && asks_ahead && payload > WHOLE && hops < 6 {
        let (payload, whole) = (human_size(payload), human_size(WHOLE));
        Some(format!(
            "{name} may hold no frame of {payload} while nobody reads: two ends that both send such would wait for each \
             other (up to {whole} they do not, nor with hops=6, where a thread of their own writes)"
        ))
    } else if largest > caps.max_frame {
        let (largest, most) = (human_size(largest), human_size(caps.max_frame));
        Some(format!("payload of {largest} exceeds {name}'s {most}"))
    } else {
        None
    }
}

/// What has no meaning for the workload.
fn by_workload(case: &Case) -> Option<String> {
    let Model { windows, active, in_flight, copy, broadcast, topology, background, .. } = case.model;
    let (workload, name) = (case.workload, case.workload.name());
    let one_call = matches!(workload, Workload::Invoke) && case.under_way() == 1;
    if broadcast != Broadcast::PerWindow && workload != Workload::Broadcast {
        Some(format!("{name} goes to one window: broadcast has no meaning"))
    } else if topology != Topology::Direct && workload != Workload::Port {
        Some(format!("{name} does not go from renderer to renderer: topology has no meaning"))
    } else if workload == Workload::Port && windows % 2 == 1 {
        Some(format!("port goes between renderers in pairs: windows={windows} leaves one alone"))
    } else if topology == Topology::Brokered && case.under_way() > 1 {
        Some("topology=brokered hands on one message at a time: more could block each other".to_owned())
    } else if one_call && copy != CopyWay::Auto {
        Some("a single call does not go through the ring: copy has no meaning".to_owned())
    } else if case.model.load != Arrivals::Closed && in_flight > 1 {
        Some(format!("load={} says what is under way: in_flight has no meaning", case.model.load))
    } else if active > windows {
        Some(format!("active={active} with windows={windows}: there are no more"))
    } else if active > 0 && matches!(workload, Workload::Broadcast | Workload::Port) {
        Some(format!("a {name} takes every window: active has no meaning"))
    } else if background > 0 && workload != Workload::Invoke {
        Some(format!("background goes beside invoke only, not {name}"))
    } else if background > 0 && case.model.active_windows() == windows {
        Some("background needs renderers that take no part, as with windows=2 and active=1".to_owned())
    } else {
        None
    }
}

/// What does not go together in the model.
fn by_model(case: &Case, caps: &Caps) -> Option<String> {
    let Model { shape, codec, hops, wait, main_busy, access, .. } = case.model;
    if codec == Codec::Raw && shape != Shape::Bytes {
        Some(format!("codec=raw carries bytes, not shape={}", word(shape)))
    } else if codec == Codec::Json && shape == Shape::Bytes {
        Some("codec=json makes an object of numbers of shape=bytes".to_owned())
    } else if hops > 2 && wait == WaitKind::Spin {
        Some(format!("wait=spin with hops={hops}: IO threads sleep beside the threads that they serve"))
    } else if main_busy > 0 && wait == WaitKind::Spin {
        Some(format!("wait=spin with main_busy={main_busy}: main's loop sleeps between its tasks"))
    } else if main_busy > 0 && case.workload == Workload::Port && case.model.topology != Topology::Brokered {
        Some("port goes past main: main_busy has no meaning".to_owned())
    } else if caps.ring && access == Access::View && !case.model.settings().is_bare() {
        Some("copies says who copies what the model receives: access has no meaning".to_owned())
    } else {
        None
    }
}

/// What this host has not got.
fn by_host(case: &Case, caps: &Caps, cpus: usize) -> Option<String> {
    let Model { pin, wait, .. } = case.model;
    let ends = case.working_ends();
    if pin == Pin::Cross && cpus < 2 {
        Some("pin=cross needs two CPUs, one is allowed".to_owned())
    } else if caps.echo {
        None // one thread works, whatever the model says
    } else if case.model.load.is_open() && (pin == Pin::Same || ends > cpus) {
        Some(format!("load={}: who waits for the next moment needs a CPU of its own", case.model.load))
    } else if wait == WaitKind::Spin && pin == Pin::Same {
        Some("wait=spin on one CPU: each end would burn the time slice that the other needs".to_owned())
    } else if wait == WaitKind::Spin && ends > cpus {
        Some(format!("wait=spin with {ends} threads on {cpus} CPUs: they would take turns, not spin"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;

    fn case(transport: &str, edit: impl FnOnce(&mut Model)) -> Case {
        let mut model = Model::default();
        edit(&mut model);
        Case { transport: transport.to_owned(), workload: Workload::Send, model }
    }

    #[test]
    fn what_cannot_run_says_why() {
        let reason = |case: &Case, cpus| Plan::skip_reason(case, cpus).unwrap_or_default();
        assert_eq!(reason(&case("pipe", |_| ()), 2), "");
        assert!(reason(&case("pipe", |_| ()), 1).contains("two CPUs"));
        assert!(reason(&case("crossbeam", |_| ()), 2).contains("threads only"));
        assert!(reason(&case("null", |_| ()), 2).contains("only invoke"));
        let ahead = |transport, payload, hops| {
            let case = case(transport, |m| (m.payload, m.in_flight, m.hops) = (payload, 8, hops));
            reason(&Case { workload: Workload::Invoke, ..case }, 2)
        };
        assert!(ahead("tcp", 1 << 20, 0).contains("wait for each other"));
        assert_eq!([ahead("tcp", 1 << 20, 6), ahead("tcp", WHOLE, 0), ahead("shm", 1 << 20, 0)], [""; 3]);
        assert!(reason(&case("udp", |m| m.payload = 7), 2).contains("do not say which"));
        let spin = |windows| case("shm", |m| (m.wait, m.windows) = (WaitKind::Spin, windows));
        assert_eq!(reason(&spin(1), 2), "");
        assert!(reason(&spin(2), 2).contains("3 threads on 2 CPUs"));
        assert!(
            reason(&case("shm", |m| (m.wait, m.pin) = (WaitKind::Spin, Pin::Same)), 2).contains("time slice")
        );
        assert!(reason(&case("shm", |m| m.payload = 1 << 30), 2).contains("64MiB"));
    }

    #[test]
    fn what_has_no_meaning_is_said() {
        let reason = |workload, edit: fn(&mut Model)| {
            let case = Case { workload, ..case("shm", edit) };
            Plan::skip_reason(&case, 2).unwrap_or_default()
        };
        use Workload::{Invoke, Port, Send};
        assert!(reason(Port, |_| ()).contains("leaves one alone"));
        assert_eq!(reason(Port, |m| m.windows = 2), "");
        assert_eq!(reason(Port, |m| (m.windows, m.wait) = (2, WaitKind::Spin)), "");
        let brokered = |m: &mut Model| (m.windows, m.topology) = (2, Topology::Brokered);
        assert_eq!(reason(Port, brokered), "");
        assert!(reason(Send, brokered).contains("topology has no meaning"));
        assert!(reason(Invoke, |m| m.background = 64).contains("take no part"));
        assert_eq!(reason(Invoke, |m| (m.background, m.windows, m.active) = (64, 2, 1)), "");
        assert!(
            reason(Send, |m| (m.load, m.in_flight) = ("burst:9".parse().unwrap(), 2)).contains("in_flight")
        );
        assert_eq!(reason(Invoke, |m| m.access = Access::View), "");
        assert!(reason(Invoke, |m| (m.access, m.hops) = (Access::View, 4)).contains("copies says"));
        assert!(reason(Invoke, |m| (m.main_busy, m.wait) = (50, WaitKind::Spin)).contains("main's loop"));
    }
}
