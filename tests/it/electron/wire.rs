//! S9: no frame makes the reader panic, or take memory for what is only claimed.

use crate::test;
use ipcmark::codec::Value;
use ipcmark::electron::wire::{self, HEADER, Header, Kind};
use libtest_mimic::Trial;

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("electron::wire::s9_round_trip", round_trip),
        test("electron::wire::s9_every_cut_and_every_byte", cuts_and_bytes),
        test("electron::wire::s9_claimed_lengths", claimed_lengths),
    ]
}

fn frame() -> Vec<u8> {
    let header = Header { kind: Kind::Invoke, frame: 3, context: 7, channel: "käse", call: 1 << 40 };
    let mut bytes = Vec::new();
    wire::write(&mut bytes, header, &[], &Value::array(["a", "b"])).expect("cloneable");
    bytes
}

fn round_trip() {
    let bytes = frame();
    let read = wire::read(&bytes).expect("a frame");
    assert_eq!(
        read.header,
        Header { kind: Kind::Invoke, frame: 3, context: 7, channel: "käse", call: 1 << 40 }
    );
    assert!(read.ports.is_empty());
    let args = wire::args(read.body).expect("arguments");
    assert_eq!((args.len(), args.text(1)), (2, Some("b")));
    let long = "x".repeat(1 << 16);
    let header = Header { channel: &long, ..Header::new(Kind::Send, 0, 0) };
    assert!(wire::write(&mut Vec::new(), header, &[], &Value::NULL).is_err());
}

fn cuts_and_bytes() {
    let bytes = frame();
    for len in 0..bytes.len() {
        let read = wire::read(&bytes[..len]).and_then(|frame| wire::args(frame.body));
        assert!(read.is_err(), "cut at {len}");
    }
    for at in 0..bytes.len() {
        for flip in 1..=255 {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            // Whatever it is now, it is read or refused.
            let _ = wire::read(&changed).map(|frame| wire::value(frame.body));
        }
    }
    let mut longer = bytes;
    longer.push(0);
    assert!(
        wire::read(&longer).and_then(|frame| wire::args(frame.body)).is_err(),
        "nothing follows the value"
    );
}

fn claimed_lengths() {
    let mut bytes = vec![0xff; HEADER + 16];
    bytes[0] = Kind::Post as u8;
    // 255 ports, and the first one's list has four billion frames of four billion bytes.
    bytes.extend_from_slice(&[0xff; 8]);
    assert!(wire::read(&bytes).is_err());
}
