//! S11: a renderer goes on writing to the memory of its link while main reads from it. What main checks is what it uses, because whoever
//! looks at a frame in a layer of Electron's gets it as a `Vec` (`electron::link::drain`). Here: that a copy taken meanwhile, which may be
//! half of one frame and half of another, is decoded or refused.

use crate::test;
use ipcmark::codec::Value;
use ipcmark::electron::wire::{self, Header, Kind};
use ipcmark::sys::fd::{Descriptor, pack, unpack};
use ipcmark::sys::segment::{Handle, Segment};
use ipcmark::transport::shm_memfd::ShmMemfd;
use ipcmark::transport::{Block, Error, Inbox, Spec, Transport, Tx};
use libtest_mimic::Trial;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub(crate) fn tests() -> Vec<Trial> {
    vec![test("electron_layers::s11_what_changes_while_it_is_copied_is_decoded_or_refused", changes)]
}

const FRAMES: usize = 2000;
/// Of the frames, so that what is written behind their middles is payload.
const STRIDE: usize = 1024;
/// Where the renderer's ring has its frames: behind the words of both ends, which are another attack (`ring::spsc`).
const RING: usize = 4096;

fn frame() -> Vec<u8> {
    let header = Header { channel: "note", ..Header::new(Kind::Send, 0, 0) };
    let mut bytes = Vec::new();
    let text = |len| Value::array(["x".repeat(len)]);
    wire::write(&mut bytes, header, &[], &text(900)).expect("cloneable");
    let more = STRIDE - 8 - bytes.len();
    wire::write(&mut bytes, header, &[], &text(900 + more)).expect("cloneable");
    bytes
}

/// What main makes of a frame.
fn read(bytes: &[u8]) -> String {
    format!("{:?}", wire::read(bytes).and_then(|frame| wire::args(frame.body)))
}

fn changes() {
    let spec = Spec { windows: 1, max_frame: 4096, spin: Duration::ZERO, nt_from: usize::MAX };
    let (bound, addresses) = ShmMemfd::bind(&spec).expect("a hub");
    let (bytes, fds) = pack(&addresses[0]).expect("an address");
    drop(addresses);
    // The link's memory a second time, as any renderer may map it; the hub's two are the first descriptors.
    let link = fds[2].try_clone().expect("a descriptor");
    let len = rustix::fs::fstat(&link).expect("a file").st_size as usize;
    let again = Segment::open(Handle::Memory(Descriptor(link)), len).expect("the memory");
    let address = unpack(&bytes, fds).expect("an address");
    let done = AtomicBool::new(false);
    let (mut whole, mut changed) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (mut tx, _rx) = ShmMemfd::connect::<Block>(address).expect("a link");
            let frame = frame();
            for _ in 0..FRAMES {
                if tx.send(frame.len(), |to| to.copy_from_slice(&frame)).is_err() {
                    break; // main has had enough
                }
            }
        });
        scope.spawn(|| {
            let mut word = 0x0101_0101_0101_0101_u64;
            // Relaxed: a flag between the test's own threads, and words whose order is of no concern.
            while !done.load(Ordering::Relaxed) {
                for start in (RING..RING + (64 << 10)).step_by(STRIDE) {
                    word = word.rotate_left(7) ^ 0x5a;
                    again.u64_at(start + STRIDE / 2 + (word as usize % 8) * 8).store(word, Ordering::Relaxed);
                }
            }
        });
        let (_outbox, mut inbox) = ShmMemfd::accept::<Block>(bound).expect("a renderer");
        let untouched = read(&frame());
        for _ in 0..FRAMES {
            match inbox.recv(|_, bytes| bytes.to_vec()) {
                Ok(copy) => {
                    *(if read(&copy) == untouched { &mut whole } else { &mut changed }) += 1;
                }
                Err(Error::Broken { .. } | Error::Closed { .. }) => break,
                Err(error) => panic!("{error}"),
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(whole + changed > 0, "something came");
}
