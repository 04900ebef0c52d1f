//! S9: no frame makes the reader panic; what is only claimed takes no memory (`electron_layers::claims`). S15: every byte is the
//! message's own.

use crate::test;
use ipcmark::codec::Value;
use ipcmark::electron::wire::{self, HEADER, Header, Kind};
use libtest_mimic::Trial;

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("electron::wire::s9_round_trip", round_trip),
        test("electron::wire::s9_every_cut_and_every_byte", cuts_and_bytes),
        test("electron::wire::s9_claimed_lengths", claimed_lengths),
        test("electron::wire::s15_a_frame_shows_nothing_of_the_one_before", nothing_of_before),
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

/// Senders keep their buffer from frame to frame.
fn nothing_of_before() {
    let mut kept = Vec::new();
    let secret = Header { channel: "secret", call: u64::MAX, ..Header::new(Kind::Invoke, 9, 9) };
    wire::write(&mut kept, secret, &[], &Value::array(["s".repeat(5000)])).expect("cloneable");
    let header = Header { channel: "a", ..Header::new(Kind::Send, 0, 0) };
    let unclonable = Value::array([Value::from("secret"), Value::function(|_| Ok(().into()))]);
    assert!(wire::write(&mut kept, secret, &[], &unclonable).is_err());
    let mut fresh = Vec::new();
    for buffer in [&mut kept, &mut fresh] {
        wire::write(buffer, header, &[], &Value::array([1])).expect("cloneable");
    }
    assert_eq!(kept, fresh);
    // Kind, ports, frame, context, channel's length, call, channel; then the message, which V8's format gives no padding here.
    assert_eq!(kept[..HEADER + 1], [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, b'a']);
}
