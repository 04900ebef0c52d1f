//! A renderer that lies in its link's words loses that link, by name, and the other one's goes on.

use super::*;
use crate::ring::wait::Block as Blocking;
use crate::transport::{Inbox, Outbox, Rx, Tx};
use std::sync::atomic::Ordering;

const MAX: usize = 1000;

/// A hub with two renderers, and the memory of the first one's link.
#[expect(clippy::type_complexity, reason = "all ends of a hub")]
fn hub() -> (
    (RingOutbox<Blocking>, RingInbox<Blocking>),
    (RingTx<Blocking>, RingRx<Blocking>),
    (RingTx<Blocking>, RingRx<Blocking>),
    Segment,
) {
    let spec = Spec { windows: 2, max_frame: MAX, spin: Duration::ZERO, nt_from: usize::MAX };
    let (bound, addresses) = bind(&spec, Backing::Memfd).unwrap();
    let [hostile, honest] = <[Address; 2]>::try_from(addresses).unwrap();
    let Handle::Memory(Descriptor(file)) = &hostile.link else { panic!("a descriptor") };
    let file = Descriptor(file.try_clone().unwrap());
    let memory = Segment::open(Handle::Memory(file), hostile.shape.link_len()).unwrap();
    let (hostile, honest) = (connect(hostile).unwrap(), connect(honest).unwrap());
    (accept(bound).unwrap(), hostile, honest, memory)
}

/// The honest renderer and main go on as ever.
fn honest_goes_on(
    (outbox, inbox): &mut (RingOutbox<Blocking>, RingInbox<Blocking>),
    (tx, rx): &mut (RingTx<Blocking>, RingRx<Blocking>),
) {
    tx.send(MAX, |bytes| bytes.fill(7)).unwrap();
    inbox.recv(|peer, bytes| assert!(peer == 1 && bytes == [7; MAX])).unwrap();
    outbox.send_to(1, MAX, |bytes| bytes.fill(8)).unwrap();
    rx.recv(|bytes| assert_eq!(bytes, [8; MAX])).unwrap();
}

#[test]
fn a_frame_longer_than_the_link_carries_is_not_shown() {
    let (mut main, mut hostile, mut honest, memory) = hub();
    hostile.0.send(8, |bytes| bytes.fill(1)).unwrap();
    memory.u64_at(FRAMES).store(MAX as u64 + 1, Ordering::Relaxed); // one thread
    memory.u64_at(LINE).store(2048, Ordering::Relaxed); // one thread: the tail
    let outcome = main.1.recv(|_, bytes| bytes.len());
    assert!(matches!(outcome, Err(Error::Broken { peer: 0, what: "length of a frame" })), "{outcome:?}");
    honest_goes_on(&mut main, &mut honest);
    let sent = main.0.send_to(0, 8, |bytes| bytes.fill(0));
    assert!(matches!(sent, Err(Error::Closed { peer: Some(0) })), "{sent:?}");
}

#[test]
fn who_lies_about_what_it_has_read_holds_no_broadcast_up() {
    let (mut main, mut hostile, mut honest, memory) = hub();
    memory.u64_at(5 * LINE).store(u64::MAX, Ordering::Relaxed); // one thread: its head
    let mut sent = 0;
    let broken = loop {
        let outcome = main.0.broadcast(MAX, |bytes| bytes.fill(3));
        honest.1.recv(|bytes| assert_eq!(bytes, [3; MAX])).unwrap();
        sent += 1;
        if outcome.is_err() {
            break outcome;
        }
    };
    assert!(matches!(broken, Err(Error::Broken { peer: 0, what: "head outside the ring" })), "{broken:?}");
    assert!(sent > 10, "the ring was full then");
    // What it has sent, and goes on sending, is not looked at.
    let _ = hostile.0.send(8, |bytes| bytes.fill(1));
    let outcome = main.1.recv(|peer, _| peer);
    assert!(matches!(outcome, Err(Error::Closed { peer: Some(0) })), "{outcome:?}");
    honest_goes_on(&mut main, &mut honest);
}
